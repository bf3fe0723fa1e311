"""Projected gradient descent in the L-infinity norm: no value of a pixel changes by more than a radius.

Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks" (2018), sec. 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dissect_widgets.core.attacks.base import AttackState, input_gradient
from dissect_widgets.core.attacks.targets import AttackTarget
from dissect_widgets.errors import SettingError, shown


@dataclass(frozen=True)
class ProjectedGradient:
    """Follow the sign of the cross entropy's gradient within a box around the image.

    Of all images on the way, the one with the largest margin beyond the decision boundary is kept.

    Parameters
    ----------
    radius
        Largest change of a value of a pixel, in (0, 1].
    steps
        Number of steps.
    step_size
        Step size; by default 2.5 radius / steps, so that the border can be reached from everywhere.
    random_start
        Whether to start at a random point of the box; else at the image.

    Raises
    ------
    SettingError
        If one of these is out of its range.
    """

    radius: float = 8 / 255
    steps: int = 40
    step_size: float | None = None
    random_start: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 0 < self.radius <= 1:
            raise SettingError(f"radius is {shown(self.radius)}; allowed is greater than 0, up to 1.")
        if not isinstance(self.steps, int) or self.steps < 1:
            raise SettingError(f"steps is {shown(self.steps)}; allowed are integers from 1.")
        if self.step_size is not None and not 0 < self.step_size <= 1:
            raise SettingError(f"step_size is {shown(self.step_size)}; allowed is greater than 0, up to 1.")

    def attack(self, state: AttackState) -> None:
        """See `AttackMethod`."""
        for start in range(0, len(state.images), state.at_once):
            if state.stopped:
                return
            self._attack(state, slice(start, min(start + state.at_once, len(state.images))))

    def _attack(self, state: AttackState, part: slice) -> None:
        images, target = state.images[part].to(state.device, torch.float32), state.target.of(part)
        step_size = 2.5 * self.radius / self.steps if self.step_size is None else self.step_size
        perturbed = (images + self._start(state, part)).clamp(0, 1)
        best, smallest = images.clone(), torch.full((len(images),), torch.inf, device=state.device)
        broken = torch.zeros(len(images), dtype=torch.bool, device=state.device)
        for taken in range(self.steps + 1):
            scores = state.scores(perturbed.requires_grad_())
            loss = _loss(scores, target)
            gradient = input_gradient(loss.sum(), perturbed)
            with torch.no_grad():
                margin = target.margin(scores)
                broken |= ~(scores.isfinite().all(1) & gradient.flatten(1).isfinite().all(1))
                better = (margin < smallest) & ~broken
                best[better], smallest = perturbed[better], torch.where(better, margin, smallest)
                step = perturbed - step_size * gradient.nan_to_num(0).sign()
                perturbed = torch.clamp(step - images, -self.radius, self.radius).add_(images).clamp_(0, 1)
            state.report(len(images) * taken / (self.steps + 1))
            if state.stopped:
                break
        for row, image in enumerate(range(part.start, part.stop)):
            state.broken[image] = broken[row]
            finished = taken == self.steps and not broken[row]
            state.keep(image, best[row] if smallest[row] < 0 else None, finished=bool(finished))

    def _start(self, state: AttackState, part: slice) -> Tensor:
        """Start of each image, relative to it; what is drawn for one depends on its number alone."""
        shape = state.images.shape[1:]
        if not self.random_start:
            return torch.zeros((), device=state.device)
        drawn = [
            np.random.default_rng((state.seed, number)).uniform(-self.radius, self.radius, shape)
            for number in state.numbers[part]
        ]
        return torch.from_numpy(np.stack(drawn)).to(state.device, torch.float32)


def _loss(scores: Tensor, target: AttackTarget) -> Tensor:
    """Loss to minimize: cross entropy of the target class, or minus that of the class to leave."""
    entropy = cross_entropy(scores, target.classes, reduction="none")
    return entropy if target.targeted else -entropy
