"""The attack of Carlini and Wagner in the L2 norm: the smallest change that reaches the target.

Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks" (2017), sec. VI-A.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dissect_widgets.core.attacks.base import AttackState, input_gradient
from dissect_widgets.errors import SettingError, shown

_INSIDE = 0.999999  # images are scaled by it, because tanh never reaches black and white
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8  # of Adam
_CHECKS, _BETTER = 10, 0.9999  # checks of progress per constant, and the loss ratio that counts as progress


@dataclass(frozen=True)
class CarliniWagner:
    """Minimize |x' - x|^2 + c max(margin(x') + confidence, 0) over w, where x' = (tanh(w) + 1) / 2.

    A binary search finds the smallest constant c for which the attack succeeds. Each image has its own
    search, and one that has ended makes room for the next image, so that batches stay full.

    Parameters
    ----------
    confidence
        Margin between the scores that an adversarial image must reach, 0 or more.
    steps
        Most steps of Adam with one constant.
    searches
        Constants that are tried.
    learning_rate
        Learning rate of Adam.
    initial_constant
        The first constant; as long as none succeeds, the next is ten times as large.
    abort_early
        Whether to end a constant early, once a tenth of its steps has gained nothing.

    Raises
    ------
    SettingError
        If one of these is out of its range.
    """

    confidence: float = 0.0
    steps: int = 1000
    searches: int = 5
    learning_rate: float = 5e-3
    initial_constant: float = 1e-2
    abort_early: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        for name, least in (("steps", 1), ("searches", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise SettingError(f"{name} is {shown(value)}; allowed are integers from {least}.")
        for name in ("learning_rate", "initial_constant"):
            if not 0 < getattr(self, name) < math.inf:
                raise SettingError(
                    f"{name} is {shown(getattr(self, name))}; allowed are numbers greater than 0."
                )
        if not 0 <= self.confidence < math.inf:
            raise SettingError(f"confidence is {shown(self.confidence)}; allowed is 0 and above.")

    def attack(self, state: AttackState) -> None:
        """See `AttackMethod`."""
        search = _Search(self, state)
        while len(search.images) and not state.stopped:
            search.step()
        search.stop()


class _Search:
    """Images under way, one row each; rows do not depend on one another."""

    def __init__(self, settings: CarliniWagner, state: AttackState) -> None:
        self.settings, self.state = settings, state
        self.check = math.ceil(settings.steps / _CHECKS)
        self.waiting = list(range(len(state.images)))[::-1]
        self.images: list[int] = []
        self.rows: dict[str, Tensor] = {}
        self._admit(state.at_once)

    def step(self) -> None:
        """Take one step with all rows."""
        rows, settings = self.rows, self.settings
        target = self.state.target.of(rows["image"])
        squashed = torch.tanh(rows["start"] + rows["shift"])
        perturbed = ((squashed + 1) / 2).requires_grad_()
        scores = self.state.scores(perturbed)
        margin = target.margin(scores)
        penalty = rows["constant"] * (margin + settings.confidence).clamp(min=0)
        gradient = input_gradient(penalty.sum(), perturbed)
        with torch.no_grad():
            away = perturbed - rows["clean"]
            distance = away.square().flatten(1).sum(1)
            # by the chain rule: of the whole loss in the picture, times that of the picture in the shift
            gradient = (gradient + 2 * away) * (1 - squashed.square()) / 2
            finite = scores.isfinite().all(1) & gradient.flatten(1).isfinite().all(1)
            self._remember(perturbed, margin, distance, finite)
            self._descend(gradient)
            self._turn(distance + penalty, finite)
        self._report()

    def stop(self) -> None:
        """End all rows, and keep the best so far."""
        for row, image in enumerate(self.images):
            self._leave(row, image, finished=False)

    def _remember(self, perturbed: Tensor, margin: Tensor, distance: Tensor, finite: Tensor) -> None:
        rows = self.rows
        succeeded = finite & (margin < 0) & (margin <= -self.settings.confidence)
        rows["succeeded"] |= succeeded
        better = succeeded & (distance < rows["least"])
        rows["least"] = torch.where(better, distance, rows["least"])
        rows["best"][better] = perturbed[better]

    def _descend(self, gradient: Tensor) -> None:
        """A step of Adam; every row counts its own steps."""
        rows = self.rows
        rows["step"] += 1
        taken = rows["step"].view(-1, 1, 1, 1)
        rows["first"].lerp_(gradient, 1 - _BETA1)
        rows["second"].mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        scale = self.settings.learning_rate / (1 - _BETA1**taken)
        spread = (rows["second"] / (1 - _BETA2**taken)).sqrt_().add_(_EPSILON)
        rows["shift"].sub_(scale * rows["first"] / spread)

    def _turn(self, loss: Tensor, finite: Tensor) -> None:
        """Move on to the next constant, or the next image, where one has ended."""
        rows, settings = self.rows, self.settings
        ended = (rows["step"] >= settings.steps) | ~finite
        if settings.abort_early:
            checked = (rows["step"] - 1) % self.check == 0
            ended |= checked & (loss > _BETTER * rows["loss"])
            rows["loss"] = torch.where(checked, loss, rows["loss"])
        if not ended.any():
            return
        high = torch.where(rows["succeeded"], rows["constant"], rows["high"])
        low = torch.where(rows["succeeded"], rows["low"], rows["constant"])
        between = torch.where(high.isinf(), rows["constant"] * 10, (low + high) / 2)
        for name, value in (("high", high), ("low", low), ("constant", between)):
            rows[name] = torch.where(ended, value, rows[name])
        rows["search"] += ended
        rows["succeeded"] &= ~ended
        rows["step"] *= ~ended
        rows["loss"] = torch.where(ended, torch.inf, rows["loss"])
        for name in ("shift", "first", "second"):
            rows[name][ended] = 0
        self._release((rows["search"] >= settings.searches) | ~finite, finite)

    def _release(self, done: Tensor, finite: Tensor) -> None:
        if not done.any():
            return
        gone = done.tolist()
        for row, image in enumerate(self.images):
            if gone[row]:
                intact = bool(finite[row])
                self.state.broken[image] = not intact
                self._leave(row, image, finished=intact)
        self.images = [image for row, image in enumerate(self.images) if not gone[row]]
        self.rows = {name: value[~done] for name, value in self.rows.items()}
        self._admit(sum(gone))

    def _leave(self, row: int, image: int, *, finished: bool) -> None:
        success = bool(self.rows["least"][row] < torch.inf)
        self.state.keep(image, self.rows["best"][row] if success else None, finished=finished)

    def _admit(self, count: int) -> None:
        """Start the search of the next images in the queue."""
        new = [self.waiting.pop() for _ in range(min(count, len(self.waiting)))]
        if not new:
            return
        device, n = self.state.device, len(new)
        images = self.state.images[new].to(device, torch.float32)
        rows = {
            "image": torch.tensor(new, device=device),
            "clean": images,
            "start": torch.atanh((images * 2 - 1) * _INSIDE),
            "best": images.clone(),
            "step": torch.zeros(n, dtype=torch.int64, device=device),
            "search": torch.zeros(n, dtype=torch.int64, device=device),
            "succeeded": torch.zeros(n, dtype=torch.bool, device=device),
            "constant": torch.full((n,), self.settings.initial_constant, device=device),
            "low": torch.zeros(n, device=device),
        }
        rows |= {name: torch.full((n,), torch.inf, device=device) for name in ("high", "least", "loss")}
        rows |= {name: torch.zeros_like(images) for name in ("shift", "first", "second")}
        self.rows = {k: torch.cat([self.rows[k], v]) if self.rows else v for k, v in rows.items()}
        self.images += new

    def _report(self) -> None:
        steps = self.settings.steps * self.settings.searches
        taken = self.rows["search"] * self.settings.steps + self.rows["step"]
        self.state.report(float(taken.sum()) / steps if len(self.images) else 0.0)
