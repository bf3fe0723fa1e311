"""What an attack changes inside a network: max activations of units, by their importance to both classes.

PNAS 2020, "Analyzing Adversarial Attack of a Classifier", Fig. 5b, 5c.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.core.attacks.change_maps import maps_of_both, open_attacked
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.data.arrays import Float32s, Float64s
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.confidence import mean_interval, ratio_interval
from dissect_widgets.errors import DataError, SettingError


class Estimate(NamedTuple):
    """A mean over images, with its uncertainty."""

    mean: float
    interval: float
    """Half of its 99 % interval; NaN for a single image."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ChangeByImportance:
    """Mean change of max activations by rank of importance to the clean and adversarial class (Fig. 5c)."""

    layer: str
    images: int
    """How many were counted: successful attacks between classes that are ranked."""
    top: int
    """How many units of a class count as its most important."""
    source: Float64s
    """float64 (units,): mean |change| of the most important unit of the clean class, the second ..."""
    source_interval: Float64s
    """float64 (units,): half of its 99 % interval."""
    target: Float64s
    """float64 (units,): the same for the adversarial class."""
    target_interval: Float64s
    """float64 (units,)"""
    source_top: Estimate
    """Over the `top` units of the clean class together."""
    target_top: Estimate
    """Over the `top` units of the adversarial class together."""
    others: Estimate
    """Over all other units."""
    source_times: Estimate
    """Ratio of the change of the clean class's units to that of the others."""
    target_times: Estimate
    """Ratio of the change of the adversarial class's units to that of the others."""

    def __repr__(self) -> str:
        (source, a), (target, b) = self.source_times, self.target_times
        return (
            f"<ChangeByImportance of {self.layer} over {self.images} images: the {self.top} most important "
            f"units change {source:.2f} ± {a:.2f} (clean class) and {target:.2f} ± {b:.2f} times "
            "(adversarial class) as much as the others>"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitChanges:
    """Max activations of the units of a layer on clean and adversarial images."""

    layer: str
    attacked: AttackResult
    clean: Float32s
    """float32 (n, units), max activation of each unit on each clean image."""
    adversarial: Float32s
    """float32 (n, units), on each adversarial image."""

    @property
    def change(self) -> Float32s:
        """float32 (n, units), change of the max activation."""
        return self.adversarial - self.clean

    @property
    def units(self) -> int:
        """How many units the layer has."""
        return len(self.clean[0])

    def __repr__(self) -> str:
        return f"<UnitChanges of {self.units} units of {self.layer} on {len(self.clean)} images>"

    def by_importance(
        self, importance: UnitImportance, *, top: int = TOP, standardized: bool = False
    ) -> ChangeByImportance:
        """Mean absolute change of max activations by the units' rank of importance to both classes.

        Parameters
        ----------
        importance
            Units by importance to each class.
        top
            How many units of a class count as its most important.
        standardized
            Whether to measure changes in standard deviations of the unit's max activation over the clean
            images. Without, as in the paper, units with large activations count for more.

        Raises
        ------
        SettingError
            If the ranking is of another layer or other classes, or there are too few units for `top`.
        DataError
            If no attack between classes that are ranked succeeded.
        """
        self._check(importance, top)
        size = np.abs(self.change.astype(np.float64))
        if standardized:
            spread = self.clean.astype(np.float64).std(0)
            size = np.divide(size, spread, out=np.zeros_like(size), where=spread > 0)
        attacked = self.attacked
        source, target = attacked.predicted_clean, attacked.predicted_adversarial
        ranked = attacked.success & importance.present[source] & importance.present[target]
        if not ranked.any():
            raise DataError("No attack between two classes that are ranked succeeded.")
        size, rows = size[ranked], np.arange(int(ranked.sum()))[:, None]
        orders = [importance.top_units_by_class[kind[ranked]] for kind in (source, target)]
        by_rank = [size[rows, order] for order in orders]  # (images, ranks)
        is_other = np.ones_like(size, dtype=bool)
        for order in orders:
            is_other[rows, order[:, :top]] = False
        rest = np.where(is_other, size, 0).sum(1) / is_other.sum(1)
        tops = [ranks[:, :top].mean(1) for ranks in by_rank]
        intervals = [mean_interval(ranks.T) for ranks in by_rank]
        return ChangeByImportance(
            layer=self.layer,
            images=len(size),
            top=top,
            source=by_rank[0].mean(0),
            source_interval=intervals[0],
            target=by_rank[1].mean(0),
            target_interval=intervals[1],
            source_top=_mean(tops[0]),
            target_top=_mean(tops[1]),
            others=_mean(rest),
            source_times=_ratio(tops[0], rest),
            target_times=_ratio(tops[1], rest),
        )

    def _check(self, importance: UnitImportance, top: int) -> None:
        if importance.layer != self.layer or importance.units != self.units:
            raise SettingError(
                f"The ranking is of {importance.units} units of {importance.layer}; the changes are of "
                f"{self.units} units of {self.layer}."
            )
        if importance.classes != self.attacked.classes:
            raise SettingError("The ranking is of other classes than the attack.")
        if not top >= 1 or 2 * top >= self.units:
            most = (self.units - 1) // 2
            raise SettingError(
                f"top is {top}; allowed is 1 to {most}, so that others of {self.units} are left."
            )


def read_changes(
    classifier: ClassifierData,
    layer: str,
    attacked: AttackResult,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> UnitChanges:
    """Read max activations of all units on clean and adversarial images; see `unit_changes`."""
    max_activations: list[Float32s] = []
    n = len(attacked)
    source, shape = open_attacked(classifier, layer, attacked)
    for maps in maps_of_both(classifier, layer, attacked, source, shape):
        max_activations.append(maps.flatten(2).amax(2).cpu().numpy())
        progress(sum(map(len, max_activations)), 2 * n)
    both = np.concatenate(max_activations)
    return UnitChanges(layer=source.layers[0], attacked=attacked, clean=both[:n], adversarial=both[n:])


def _mean(values: Float64s) -> Estimate:
    return Estimate(float(values.mean()), float(mean_interval(values)))


def _ratio(values: Float64s, others: Float64s) -> Estimate:
    """Ratio of two means over the same images."""
    if not others.any():
        return Estimate(float("nan"), float("nan"))
    return Estimate(float(values.mean() / others.mean()), float(ratio_interval(values, others)))
