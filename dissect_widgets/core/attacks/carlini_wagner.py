"""The attack of Carlini and Wagner in the L2 norm: the smallest change that the network takes for the goal.

Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks" (2017), sec. VI-A.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dissect_widgets.core.attacks.base import AttackState, input_gradient
from dissect_widgets.errors import SettingError

_INSIDE = 0.999999  # pictures are drawn in a little, for tanh never reaches black and white
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8  # of Adam
_CHECKS, _BETTER = 10, 0.9999  # how often a search looks whether it still gets better, and what counts


@dataclass(frozen=True)
class CarliniWagner:
    """Minimize |x' - x|^2 + c max(margin(x') + confidence, 0) over w, where x' = (tanh(w) + 1) / 2.

    A binary search finds the least constant c with which the goal is reached. Each image has a search of its
    own, and one that has ended makes room for the next, so the network always reads full batches.

    Parameters
    ----------
    confidence
        Margin between the scores that must be reached, 0 or more.
    steps
        Steps of Adam with one constant, at most.
    searches
        Constants that are tried.
    rate
        Learning rate of Adam.
    constant
        The first constant; while none is found that does, the next is ten times as large.
    early
        Whether to end steps with a constant as soon as a tenth of them no longer gains anything.

    Raises
    ------
    SettingError
        If one of these is out of its range.
    """

    confidence: float = 0.0
    steps: int = 1000
    searches: int = 5
    rate: float = 5e-3
    constant: float = 1e-2
    early: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        for name, least in (("steps", 1), ("searches", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise SettingError(f"{name} is {value!r}; allowed are integers from {least}.")
        for name in ("rate", "constant"):
            if not 0 < getattr(self, name) < math.inf:
                raise SettingError(f"{name} is {getattr(self, name)!r}; allowed is what is greater than 0.")
        if not 0 <= self.confidence < math.inf:
            raise SettingError(f"confidence is {self.confidence!r}; allowed is 0 and above.")

    def attack(self, attempt: AttackState) -> None:
        """See `Method`."""
        search = _Search(self, attempt)
        while len(search.images) and not attempt.stopped:
            search.step()
        search.stop()


class _Search:
    """Images under way, a row for each; all that a row holds is its own."""

    def __init__(self, settings: CarliniWagner, attempt: AttackState) -> None:
        self.settings, self.attempt = settings, attempt
        self.check = math.ceil(settings.steps / _CHECKS)
        self.waiting = list(range(len(attempt.pictures)))[::-1]
        self.images: list[int] = []
        self.rows: dict[str, Tensor] = {}
        self._admit(attempt.at_once)

    def step(self) -> None:
        """Take one step with all rows."""
        rows, settings = self.rows, self.settings
        goal = self.attempt.goal.of(rows["image"])
        squashed = torch.tanh(rows["start"] + rows["shift"])
        moved = ((squashed + 1) / 2).requires_grad_()
        scores = self.attempt.scores(moved)
        margin = goal.margin(scores)
        missing = rows["constant"] * (margin + settings.confidence).clamp(min=0)
        slope = input_gradient(missing.sum(), moved)
        with torch.no_grad():
            away = moved - rows["picture"]
            distance = away.square().flatten(1).sum(1)
            # by the chain rule: of the whole loss in the picture, times that of the picture in the shift
            slope = (slope + 2 * away) * (1 - squashed.square()) / 2
            finite = scores.isfinite().all(1) & slope.flatten(1).isfinite().all(1)
            self._remember(moved, margin, distance, finite)
            self._descend(slope)
            self._turn(distance + missing, finite)
        self._tell()

    def stop(self) -> None:
        """Leave what is under way, with the best so far."""
        for row, image in enumerate(self.images):
            self._leave(row, image, finished=False)

    def _remember(self, moved: Tensor, margin: Tensor, distance: Tensor, finite: Tensor) -> None:
        rows = self.rows
        reached = finite & (margin < 0) & (margin <= -self.settings.confidence)
        rows["reached"] |= reached
        better = reached & (distance < rows["least"])
        rows["least"] = torch.where(better, distance, rows["least"])
        rows["best"][better] = moved[better]

    def _descend(self, slope: Tensor) -> None:
        """A step of Adam, of which every row has its own count."""
        rows = self.rows
        rows["step"] += 1
        taken = rows["step"].view(-1, 1, 1, 1)
        rows["first"].lerp_(slope, 1 - _BETA1)
        rows["second"].mul_(_BETA2).addcmul_(slope, slope, value=1 - _BETA2)
        scale = self.settings.rate / (1 - _BETA1**taken)
        spread = (rows["second"] / (1 - _BETA2**taken)).sqrt_().add_(_EPSILON)
        rows["shift"].sub_(scale * rows["first"] / spread)

    def _turn(self, loss: Tensor, finite: Tensor) -> None:
        """Go on to the next constant, or the next image, where a search has ended."""
        rows, settings = self.rows, self.settings
        ended = (rows["step"] >= settings.steps) | ~finite
        if settings.early:
            look = (rows["step"] - 1) % self.check == 0
            ended |= look & (loss > _BETTER * rows["loss"])
            rows["loss"] = torch.where(look, loss, rows["loss"])
        if not ended.any():
            return
        high = torch.where(rows["reached"], rows["constant"], rows["high"])
        low = torch.where(rows["reached"], rows["low"], rows["constant"])
        between = torch.where(high.isinf(), rows["constant"] * 10, (low + high) / 2)
        for name, value in (("high", high), ("low", low), ("constant", between)):
            rows[name] = torch.where(ended, value, rows[name])
        rows["search"] += ended
        rows["reached"] &= ~ended
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
                whole = bool(finite[row])
                self.attempt.broken[image] = not whole
                self._leave(row, image, finished=whole)
        self.images = [image for row, image in enumerate(self.images) if not gone[row]]
        self.rows = {name: value[~done] for name, value in self.rows.items()}
        self._admit(sum(gone))

    def _leave(self, row: int, image: int, *, finished: bool) -> None:
        there = bool(self.rows["least"][row] < torch.inf)
        self.attempt.keep(image, self.rows["best"][row] if there else None, finished=finished)

    def _admit(self, count: int) -> None:
        """Begin with as many of the images that wait."""
        new = [self.waiting.pop() for _ in range(min(count, len(self.waiting)))]
        if not new:
            return
        device, n = self.attempt.device, len(new)
        picture = self.attempt.pictures[new].to(device, torch.float32)
        rows = {
            "image": torch.tensor(new, device=device),
            "picture": picture,
            "start": torch.atanh((picture * 2 - 1) * _INSIDE),
            "best": picture.clone(),
            "step": torch.zeros(n, dtype=torch.int64, device=device),
            "search": torch.zeros(n, dtype=torch.int64, device=device),
            "reached": torch.zeros(n, dtype=torch.bool, device=device),
            "constant": torch.full((n,), self.settings.constant, device=device),
            "low": torch.zeros(n, device=device),
        }
        rows |= {name: torch.full((n,), torch.inf, device=device) for name in ("high", "least", "loss")}
        rows |= {name: torch.zeros_like(picture) for name in ("shift", "first", "second")}
        self.rows = {k: torch.cat([self.rows[k], v]) if self.rows else v for k, v in rows.items()}
        self.images += new

    def _tell(self) -> None:
        steps = self.settings.steps * self.settings.searches
        taken = self.rows["search"] * self.settings.steps + self.rows["step"]
        self.attempt.tell(float(taken.sum()) / steps if len(self.images) else 0.0)
