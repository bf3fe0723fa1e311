"""What came of an attack: pictures before and after, and what the network says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.errors import SettingError

if TYPE_CHECKING:
    import pandas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class AttackResult:
    """Images before and after an attack.

    An attack that failed is one: its picture is left as it was, and it has no norms.
    """

    model: str
    method: str
    """The method with its settings."""
    classes: tuple[str, ...]
    names: tuple[str, ...]
    """Of the images."""
    images: Ints
    """int64 (n,), numbers of the images in their data."""
    before: Tensor
    """float32 (n, 3, H, W) in [0, 1]"""
    after: Tensor
    """float32 (n, 3, H, W) in [0, 1]"""
    targets: Ints
    """int64 (n,), class that each was to be told as; -1 where any other than before would do."""
    scores_before: NDArray[np.float32]
    """float32 (n, classes)"""
    scores_after: NDArray[np.float32]
    """float32 (n, classes)"""
    success: NDArray[np.bool_]
    """bool (n,), whether the network takes the attacked picture for what it was to."""
    finished: NDArray[np.bool_]
    """bool (n,): False where the attack was stopped early, and what there is was the best so far."""
    broken: NDArray[np.bool_]
    """bool (n,): True where the attack came to pictures for which the network gives no finite scores."""
    passes: int
    """How often an image went through the network, forward and backward."""
    seconds: float

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return (
            f"<Attacked: {int(self.success.sum())} of {len(self)} images of {self.model}, median L2 "
            f"{self.median_l2:.3g}, by {self.method}>"
        )

    @property
    def perturbation(self) -> Tensor:
        """float32 (n, 3, H, W): what was added to each picture."""
        return self.after - self.before

    @property
    def predicted_before(self) -> Ints:
        """int64 (n,), class that the network told the picture as."""
        return np.asarray(self.scores_before.argmax(1))

    @property
    def predicted_after(self) -> Ints:
        """int64 (n,), class that the network tells the attacked picture as."""
        return np.asarray(self.scores_after.argmax(1))

    @cached_property
    def l2(self) -> Floats:
        """float64 (n,), Euclidean norm of the perturbation of pixels in [0, 1]; NaN where it failed."""
        return self._norm(lambda own: own.square().sum(1).sqrt())

    @cached_property
    def linf(self) -> Floats:
        """float64 (n,), greatest change of a value of a pixel; NaN where it failed."""
        return self._norm(lambda own: own.abs().amax(1))

    @property
    def success_rate(self) -> float:
        """Share of the images for which the attack reached its goal, in [0, 1]."""
        return float(self.success.mean()) if len(self) else float("nan")

    @property
    def median_l2(self) -> float:
        """Median of `l2` over the attacks that reached their goal; NaN if none did."""
        return float(np.median(self.l2[self.success])) if self.success.any() else float("nan")

    def probabilities(self, which: str = "after") -> Floats:
        """float64 (n, classes): what the network makes of the pictures "before" or "after"."""
        if which not in ("before", "after"):
            raise SettingError(f"which is {which!r}; it may be 'before' or 'after'.")
        scores = self.scores_before if which == "before" else self.scores_after
        return np.asarray(torch.from_numpy(scores).double().softmax(1))

    def select(self, chosen: Sequence[int] | NDArray[np.bool_] | NDArray[np.int64]) -> AttackResult:
        """Some of the images: places in this result, or bool (n,)."""
        places = np.arange(len(self))[np.asarray(chosen)] if len(chosen) else np.zeros(0, np.int64)
        return replace(
            self,
            names=tuple(self.names[place] for place in places),
            before=self.before[places],
            after=self.after[places],
            **self._rows(lambda name: getattr(self, name)[places]),
        )

    def join(self, other: AttackResult) -> AttackResult:
        """Make one of two parts of the same attack."""
        return replace(
            self,
            names=self.names + other.names,
            before=torch.cat([self.before, other.before]),
            after=torch.cat([self.after, other.after]),
            passes=self.passes + other.passes,
            seconds=self.seconds + other.seconds,
            **self._rows(lambda name: np.concatenate([getattr(self, name), getattr(other, name)])),
        )

    def to_frame(self) -> pandas.DataFrame:
        """Table of the images: what they were told as, were to be, and are, with norms."""
        import pandas

        names, before, after = self.classes, self.probabilities("before"), self.probabilities("after")
        rows = np.arange(len(self))
        told, tells = self.predicted_before, self.predicted_after
        return pandas.DataFrame(
            {
                "image": self.images,
                "name": self.names,
                "before": [names[k] for k in told],
                "target": [names[k] if k >= 0 else "" for k in self.targets],
                "after": [names[k] for k in tells],
                "success": self.success,
                "finished": self.finished,
                "L2": self.l2,
                "L-infinity": self.linf,
                "probability before": before[rows, told],
                "probability after": after[rows, tells],
            }
        )

    def _rows(self, make: Callable[[str], Any]) -> dict[str, Any]:
        """New arrays for all those with a row for each image."""
        return {name: make(name) for name in _ROWS}

    def _norm(self, norm: Callable[[Tensor], Tensor]) -> Floats:
        found: Floats = norm(self.perturbation.double().flatten(1)).numpy().copy()
        found[~self.success] = np.nan
        return found


_ROWS = ("images", "targets", "scores_before", "scores_after", "success", "finished", "broken")
"""Arrays with a row for each image."""
