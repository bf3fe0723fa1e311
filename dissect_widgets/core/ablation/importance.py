"""How important each unit of a layer is to each class: the accuracy that is lost without it.

PNAS 2020, "Role of Units in a Scene Classifier": a unit is removed by forcing it to zero, nothing is
retrained, and the balanced accuracy of each class is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from dissect_widgets.core.ablation.accuracy import Accuracy
from dissect_widgets.core.ablation.predictions import AblationPredictions
from dissect_widgets.core.data.arrays import Bools, Float64s, Int64s
from dissect_widgets.errors import ConceptError, SettingError, nearest, shown

if TYPE_CHECKING:
    import pandas


Measure = Literal["accuracy", "log-odds"]
MEASURES: Final = ("accuracy", "log-odds")
TOP = 4
"""Units of a class that count as its most important (PNAS 2020, Fig. 2a, 2e)."""


class UnitImportance:
    """Importance of the units of a layer to the classes of a network, over some images.

    Parameters
    ----------
    predictions
        Predictions when each unit alone is ablated.
    measure
        What units are ranked by: "accuracy" that a class loses without them, as in the paper, or
        "log-odds", which separates units even where a network is so sure that it hardly ever errs.

    Attributes
    ----------
    model, layer, classes, strategy, seconds
        What was measured, how the network was run, and how long it took.
    images, units
        How many.
    """

    def __init__(self, predictions: AblationPredictions, measure: Measure = "accuracy") -> None:
        if measure not in MEASURES:
            raise SettingError(f"measure is {shown(measure)}.{nearest(measure, MEASURES)}")
        self.predictions, self.measure = predictions, measure
        self.model, self.layer, self.classes = predictions.model, predictions.layer, predictions.classes
        self.strategy, self.seconds = predictions.strategy, predictions.seconds
        self.units, self.images = predictions.ablated.shape

    def __repr__(self) -> str:
        return (
            f"<UnitImportance of {self.model} {self.layer}: {self.units} units x {len(self.classes)} classes "
            f"over {self.images} images>"
        )

    def ranked_by(self, measure: Measure) -> UnitImportance:
        """The same units, ranked by another measure."""
        return UnitImportance(self.predictions, measure)

    @cached_property
    def accuracy(self) -> Accuracy:
        """Accuracy before, and without each unit; its ablations are the units."""
        return self.predictions.accuracy

    @cached_property
    def loss(self) -> Float64s:
        """float64 (units, classes): balanced accuracy of a class that is lost without a unit, in [-1, 1]."""
        return self.accuracy.loss

    @cached_property
    def odds_loss(self) -> Float64s:
        """float64 (units, classes): mean log-odds of a class, over its images, lost without a unit.

        It separates units where accuracy does not, because images are few or the network is sure.
        """
        with np.errstate(invalid="ignore"):
            return self.predictions.odds_loss / self.accuracy.support

    @property
    def score_drop(self) -> Float64s:
        """float64 (units, classes): what units are ranked by, `loss` or `odds_loss`."""
        return self.loss if self.measure == "accuracy" else self.odds_loss

    @cached_property
    def correlation(self) -> Float64s:
        """float64 (units, classes): Pearson correlation of max activations and class probabilities.

        NaN for a unit or class that is the same over all images. (PNAS 2020, SI.)
        """
        m, n = self.predictions.moments, self.images
        covariance = m["product"] - np.outer(m["activation"], m["score"]) / n
        activation, score = (m[x + "2"] - m[x] ** 2 / n for x in ("activation", "score"))
        for spread, squares in ((activation, m["activation2"]), (score, m["score2"])):
            spread[spread <= 1e-12 * squares] = 0  # what rounding leaves of a constant
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = covariance / np.sqrt(np.outer(activation, score))
        return np.where(np.isfinite(correlation), np.clip(correlation, -1, 1), np.nan)

    @cached_property
    def present(self) -> Bools:
        """Per class, bool (classes,): whether there are images of the class, and of others."""
        return (self.accuracy.support > 0) & (self.accuracy.others > 0)

    @property
    def present_classes(self) -> tuple[str, ...]:
        """Names of the classes that have images."""
        return tuple(name for name, is_present in zip(self.classes, self.present, strict=True) if is_present)

    def class_number(self, name: str) -> int:
        """Number of a class that has images.

        Raises
        ------
        ConceptError
            If there is no such class, or it has no image here, so that its accuracy is not defined.
        """
        if name not in self.classes:
            raise ConceptError(f"There is no class {shown(name)}.{nearest(name, self.classes)}")
        number = self.classes.index(name)
        if not self.present[number]:
            raise ConceptError(
                f"Class {shown(name)} has {self.accuracy.support[number]} of the {self.images} images, so "
                "its "
                "balanced accuracy is not defined; measure it over images of it and of others."
            )
        return number

    def top_units(self, name: str) -> Int64s:
        """Units by importance to a class, int64 (units,), the most important first.

        Ties in the loss of balanced accuracy, which are frequent where images are few, are broken by
        `odds_loss`.
        """
        number = self.class_number(name)
        keys = [-self.odds_loss[:, number], -self.loss[:, number]]
        order: Int64s = np.lexsort(keys if self.measure == "accuracy" else keys[::-1])
        return order

    @cached_property
    def top_units_by_class(self) -> Int64s:
        """Units by importance to each class, int64 (classes, units); -1 for classes without images."""
        orders = [
            self.top_units(name) if is_present else np.full(self.units, -1)
            for name, is_present in zip(self.classes, self.present, strict=True)
        ]
        return np.stack(orders).astype(np.int64)

    def important_to(self, top: int = TOP) -> Int64s:
        """int64 (units,): number of classes for which a unit is among the `top` most important (Fig. 2e).

        Only units count whose removal costs the class anything of what they are ranked by.
        """
        counts: Int64s = self._among(top).sum(0)
        return counts

    def combinations(self, top: int = TOP) -> dict[str, list[int]]:
        """The most important units of each class, at most `top`, that cost it anything (PNAS 2020, SI)."""
        among = self._among(top)
        return {
            name: [int(u) for u in self.top_units_by_class[c, :top] if among[c, u]]
            for c, name in enumerate(self.classes)
            if self.present[c]
        }

    def _among(self, top: int) -> Bools:
        if not 1 <= top <= self.units:
            raise SettingError(f"top is {top}; allowed is 1 to {self.units}, the units of {self.layer}.")
        among = np.zeros((len(self.classes), self.units), np.bool_)
        for number in np.flatnonzero(self.present):
            best = self.top_units_by_class[number, :top]
            among[number, best] = self.score_drop[best, number] > 0
        return among

    def to_frame(self, names: Sequence[str] | None = None) -> pandas.DataFrame:
        """Table of all pairs of a unit and a class, the most important first.

        Parameters
        ----------
        names
            Classes; by default all that have images.
        """
        import pandas

        numbers = [self.class_number(n) for n in names] if names else np.flatnonzero(self.present).tolist()
        a = self.accuracy
        frames: list[pandas.DataFrame] = [
            pandas.DataFrame(
                {
                    "class": self.classes[c],
                    "unit": np.arange(self.units),
                    "loss": self.loss[:, c],
                    "error": a.loss_error[:, c],
                    "accuracy": a.after[:, c],
                    "all-class accuracy": a.overall_after,
                    "log-odds lost": self.odds_loss[:, c],
                    "correlation": self.correlation[:, c],
                }
            ).iloc[self.top_units_by_class[c]]
            for c in numbers
        ]
        table: pandas.DataFrame = pandas.concat(frames, ignore_index=True)
        return table
