"""The result of an attack: clean and adversarial images, and what the network predicts for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.arrays import Bools, Float32s, Float64s, Int64s
from dissect_widgets.errors import SettingError, shown

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, kw_only=True, eq=False)
class AttackResult:
    """Clean and adversarial images.

    Where the attack failed, the adversarial image is the clean one, and its norms are NaN.
    """

    model: str
    method: str
    """The method with its settings."""
    classes: tuple[str, ...]
    names: tuple[str, ...]
    """Of the images."""
    images: Int64s
    """int64 (n,), numbers of the images in their data."""
    clean: Tensor
    """float32 (n, 3, H, W) in [0, 1]"""
    adversarial: Tensor
    """float32 (n, 3, H, W) in [0, 1]"""
    targets: Int64s
    """int64 (n,), target class of each; -1 for any class other than the predicted one."""
    scores_clean: Float32s
    """float32 (n, classes)"""
    scores_adversarial: Float32s
    """float32 (n, classes)"""
    success: Bools
    """bool (n,), whether the adversarial image is classified as the target; misclassified, if untargeted."""
    finished: Bools
    """bool (n,): False where the attack was stopped early; the adversarial image is then the best so far."""
    broken: Bools
    """bool (n,): True where the attack reached images for which scores are not finite."""
    passes: int
    """Number of images that went through the network, forward and backward."""
    seconds: float

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return (
            f"<AttackResult: {int(self.success.sum())} of {len(self)} images of {self.model}, median L2 "
            f"{self.median_l2:.3g}, by {self.method}>"
        )

    @property
    def perturbation(self) -> Tensor:
        """float32 (n, 3, H, W): adversarial minus clean images."""
        return self.adversarial - self.clean

    @property
    def predicted_clean(self) -> Int64s:
        """int64 (n,), predicted class of each clean image."""
        return np.asarray(self.scores_clean.argmax(1))

    @property
    def predicted_adversarial(self) -> Int64s:
        """int64 (n,), predicted class of each adversarial image."""
        return np.asarray(self.scores_adversarial.argmax(1))

    @cached_property
    def l2(self) -> Float64s:
        """float64 (n,), Euclidean norm of the perturbation of pixels in [0, 1]; NaN where it failed."""
        return self._norm(lambda change: change.square().sum(1).sqrt())

    @cached_property
    def linf(self) -> Float64s:
        """float64 (n,), largest change of a value of a pixel; NaN where it failed."""
        return self._norm(lambda change: change.abs().amax(1))

    @property
    def success_rate(self) -> float:
        """Fraction of the images for which the attack succeeded, in [0, 1]."""
        return float(self.success.mean()) if len(self) else float("nan")

    @property
    def median_l2(self) -> float:
        """Median of `l2` over the successful attacks; NaN if there are none."""
        return float(np.median(self.l2[self.success])) if self.success.any() else float("nan")

    def probabilities(self, which: Literal["clean", "adversarial"] = "adversarial") -> Float64s:
        """float64 (n, classes): predicted probabilities of the "clean" or "adversarial" images."""
        if which not in ("clean", "adversarial"):
            raise SettingError(f"which is {shown(which)}; it may be 'clean' or 'adversarial'.")
        scores = self.scores_clean if which == "clean" else self.scores_adversarial
        return np.asarray(torch.from_numpy(scores).double().softmax(1))

    def select(self, chosen: Sequence[int] | Bools | Int64s) -> AttackResult:
        """Some of the images: places in this result, or bool (n,)."""
        places = np.arange(len(self))[np.asarray(chosen)] if len(chosen) else np.zeros(0, np.int64)
        return replace(
            self,
            names=tuple(self.names[place] for place in places),
            clean=self.clean[places],
            adversarial=self.adversarial[places],
            **self._rows(lambda name: getattr(self, name)[places]),
        )

    def join(self, other: AttackResult) -> AttackResult:
        """Make one of two parts of the same attack."""
        return replace(
            self,
            names=self.names + other.names,
            clean=torch.cat([self.clean, other.clean]),
            adversarial=torch.cat([self.adversarial, other.adversarial]),
            passes=self.passes + other.passes,
            seconds=self.seconds + other.seconds,
            **self._rows(lambda name: np.concatenate([getattr(self, name), getattr(other, name)])),
        )

    def to_frame(self) -> pandas.DataFrame:
        """Table of the images: predicted class before and after, target class, norms and probabilities."""
        import pandas

        names, clean, adversarial = (
            self.classes,
            self.probabilities("clean"),
            self.probabilities("adversarial"),
        )
        rows = np.arange(len(self))
        before, after = self.predicted_clean, self.predicted_adversarial
        return pandas.DataFrame(
            {
                "image": self.images,
                "name": self.names,
                "clean": [names[k] for k in before],
                "target": [names[k] if k >= 0 else "" for k in self.targets],
                "adversarial": [names[k] for k in after],
                "success": self.success,
                "finished": self.finished,
                "L2": self.l2,
                "L-infinity": self.linf,
                "clean probability": clean[rows, before],
                "adversarial probability": adversarial[rows, after],
            }
        )

    def _rows(self, make: Callable[[str], Any]) -> dict[str, Any]:
        """New arrays for all those with a row for each image."""
        return {name: make(name) for name in _ROWS}

    def _norm(self, norm: Callable[[Tensor], Tensor]) -> Float64s:
        norms: Float64s = norm(self.perturbation.double().flatten(1)).numpy().copy()
        norms[~self.success] = np.nan
        return norms


_ROWS = ("images", "targets", "scores_clean", "scores_adversarial", "success", "finished", "broken")
"""Arrays with a row for each image."""
