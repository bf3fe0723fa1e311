"""The attack by projected gradient descent in the L-infinity norm: a change that no pixel exceeds.

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
from dissect_widgets.errors import SettingError


@dataclass(frozen=True)
class ProjectedGradient:
    """Follow the sign of the cross entropy's gradient within a box around the picture.

    Of all pictures on the way the one is kept that goes farthest beyond the goal.

    Parameters
    ----------
    radius
        Greatest change of a value of a pixel, in (0, 1].
    steps
        How many are taken.
    size
        Of a step; by default 2.5 radius / steps, so that the border is reached from everywhere.
    chance
        Whether to begin at a place in the box drawn by chance, else at the picture.

    Raises
    ------
    SettingError
        If one of these is out of its range.
    """

    radius: float = 8 / 255
    steps: int = 40
    size: float | None = None
    chance: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 0 < self.radius <= 1:
            raise SettingError(f"radius is {self.radius!r}; allowed is greater than 0, up to 1.")
        if not isinstance(self.steps, int) or self.steps < 1:
            raise SettingError(f"steps is {self.steps!r}; allowed are integers from 1.")
        if self.size is not None and not 0 < self.size <= 1:
            raise SettingError(f"size is {self.size!r}; allowed is greater than 0, up to 1.")

    def attack(self, attempt: AttackState) -> None:
        """See `Method`."""
        for start in range(0, len(attempt.pictures), attempt.at_once):
            if attempt.stopped:
                return
            self._attack(attempt, slice(start, min(start + attempt.at_once, len(attempt.pictures))))

    def _attack(self, attempt: AttackState, part: slice) -> None:
        pictures, goal = attempt.pictures[part].to(attempt.device, torch.float32), attempt.goal.of(part)
        size = 2.5 * self.radius / self.steps if self.size is None else self.size
        moved = (pictures + self._begin(attempt, part)).clamp(0, 1)
        best, least = pictures.clone(), torch.full((len(pictures),), torch.inf, device=attempt.device)
        broken = torch.zeros(len(pictures), dtype=torch.bool, device=attempt.device)
        for taken in range(self.steps + 1):
            scores = attempt.scores(moved.requires_grad_())
            loss = _wrong(scores, goal)
            slope = input_gradient(loss.sum(), moved)
            with torch.no_grad():
                margin = goal.margin(scores)
                broken |= ~(scores.isfinite().all(1) & slope.flatten(1).isfinite().all(1))
                better = (margin < least) & ~broken
                best[better], least = moved[better], torch.where(better, margin, least)
                step = moved - size * slope.nan_to_num(0).sign()
                moved = torch.clamp(step - pictures, -self.radius, self.radius).add_(pictures).clamp_(0, 1)
            attempt.tell(len(pictures) * taken / (self.steps + 1))
            if attempt.stopped:
                break
        for row, image in enumerate(range(part.start, part.stop)):
            attempt.broken[image] = broken[row]
            finished = taken == self.steps and not broken[row]
            attempt.keep(image, best[row] if least[row] < 0 else None, finished=bool(finished))

    def _begin(self, attempt: AttackState, part: slice) -> Tensor:
        """Where images begin in the box; what is drawn for one depends on its number alone."""
        shape = attempt.pictures.shape[1:]
        if not self.chance:
            return torch.zeros((), device=attempt.device)
        drawn = [
            np.random.default_rng((attempt.seed, number)).uniform(-self.radius, self.radius, shape)
            for number in attempt.numbers[part]
        ]
        return torch.from_numpy(np.stack(drawn)).to(attempt.device, torch.float32)


def _wrong(scores: Tensor, goal: AttackTarget) -> Tensor:
    """What is to fall: cross entropy of the target, or how sure the network is of the class to leave."""
    entropy = cross_entropy(scores, goal.classes, reduction="none")
    return entropy if goal.targeted else -entropy
