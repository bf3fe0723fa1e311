"""What the units of one layer detect: counts, from which IoU, concepts and detectors follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from dissect_widgets.core.data.arrays import AnyArray, Bools, Float16s, Float32s, Float64s, Int64s
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.dissection.io import frozen
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.errors import SettingError, nearest, shown

MIN_IOU = 0.04
"""A unit whose best IoU is greater than this is a detector (PNAS 2020; TPAMI 2018, sec. 2.2)."""

STATISTIC_ARRAYS = (
    "threshold",
    "intersection",
    "area",
    "area_in_category",
    "lowest",
    "highest",
    "histogram",
    "bin_width",
    "exemplar_image",
    "exemplar_peak",
    "exemplar_map",
)
"""Fields of a `LayerDissection` that its statistics compute."""

Denominator = Literal["all", "category"]
Convention = Literal["top", "category"]


class Best(NamedTuple):
    """A concept for each unit, and the IoU of both."""

    concept: Int64s
    """Index into the vocabulary, int64; 0 where no concept intersects the unit."""
    iou: Float64s
    """float64, in [0, 1]."""


class DetectorCount(NamedTuple):
    """How many units are detectors, and of how many distinct concepts."""

    detectors: int
    unique: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerDissection:
    """What the units of one layer detect.

    The first axis of counts and thresholds is the level; methods use the first level unless given
    another. Column 0 of every concept axis is the reserved "no concept", and zero.
    """

    name: str
    """Dotted module name."""
    kind: str
    """Name of the kind of its output; see `LayerKind`."""
    grid: Grid
    """Where the positions of its maps lie; `grid.rule` says which upsampling was used."""
    levels: tuple[float, ...]
    threshold: Float32s
    """float32 (levels, units): active is a > t."""
    intersection: Int64s
    """int64 (levels, units, concepts): active pixels that carry the concept."""
    area: Int64s
    """int64 (levels, units): active pixels."""
    area_in_category: Int64s
    """int64 (levels, units, categories): active pixels in images with any label of the category."""
    concept_area: Int64s
    """int64 (concepts,): pixels that carry the concept."""
    vocabulary: Vocabulary
    lowest: Float32s
    """float32 (units,): least activation of the map over all images."""
    highest: Float32s
    """float32 (units,): greatest activation of the map over all images."""
    histogram: Int64s
    """int64 (units, 128): activations of the map, on at most 16 x 16 evenly spaced positions, between
    (i - 64) and (i - 63) bin widths."""
    bin_width: Float32s
    """float32 (units,): a power of two."""
    exemplar_image: Int64s
    """int64 (units, exemplars): image numbers, the highest activation first; -1 for none."""
    exemplar_peak: Float32s
    """float32 (units, exemplars): greatest activation of the map on that image."""
    exemplar_map: Float16s
    """float16 (units, exemplars, height, width): activation maps, for display."""
    exemplar_grid: Grid
    """Where the positions of `exemplar_map` lie."""
    extra: Mapping[str, AnyArray] = field(default_factory=dict)
    """Arrays of statistics that were added beyond these, by name."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray], **about: Any) -> LayerDissection:
        """Make it from the arrays of all statistics, which become read-only, and the other fields."""
        about["concept_area"] = frozen(about["concept_area"])
        known = {name: frozen(arrays[name]) for name in STATISTIC_ARRAYS}
        extra = {name: frozen(array) for name, array in arrays.items() if name not in known}
        return cls(**about, **cast(Any, known), extra=extra)

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.threshold.shape[1])

    @property
    def constant(self) -> Bools:
        """Units that never change, bool (units,); they cannot detect anything."""
        return np.asarray(self.lowest == self.highest)

    @property
    def median(self) -> Float64s:
        """Median activation of each unit, float64 (units,), to half of `bin_width`, out of the histogram.

        A unit is near its median on most positions; with leaky ReLUs that is below zero.
        """
        counts = self.histogram.cumsum(1)
        bins = (counts < counts[:, -1:] / 2).sum(1)
        return np.asarray((bins - self.histogram.shape[1] // 2 + 0.5) * self.bin_width.astype(np.float64))

    def checked_units(self, units: Iterable[int]) -> list[int]:
        """Unit numbers as a list; SettingError if there is no such unit."""
        numbers = [int(unit) for unit in units]
        bad = [unit for unit in numbers if not 0 <= unit < self.units]
        if bad:
            raise SettingError(f"There is no unit {bad[0]}; {self.name} has units 0 to {self.units - 1}.")
        return numbers

    def iou(self, *, level: float | None = None, denominator: Denominator = "all") -> Float64s:
        """Intersection over union of every unit and concept.

        Parameters
        ----------
        level
            One of `levels`; the first by default.
        denominator
            "all": unions over all images (PNAS 2020). "category": over the images that carry any label
            of the concept's category (TPAMI 2018).

        Returns
        -------
        ndarray
            float64 (units, concepts) in [0, 1]; 0 where both are empty.
        """
        at = self.level_index(level)
        if denominator == "all":
            area = self.area[at][:, None]
        elif denominator == "category":
            none = np.zeros((self.units, 1), np.int64)  # category -1, of the reserved concept
            area = np.concatenate([self.area_in_category[at], none], 1)[:, self.vocabulary.category_of]
        else:
            raise SettingError(
                f"denominator is {shown(denominator)}.{nearest(denominator, ['all', 'category'])}"
            )
        union = area + self.concept_area - self.intersection[at]
        return np.asarray(self.intersection[at] / np.maximum(union, 1))

    def best(self, *, level: float | None = None, denominator: Denominator = "all") -> Best:
        """Concept with the highest IoU of each unit; ties: lowest index in the vocabulary."""
        iou = self.iou(level=level, denominator=denominator)
        concept = iou.argmax(1)
        return Best(concept, iou[np.arange(self.units), concept])

    def best_in_category(
        self, category: str, *, level: float | None = None, denominator: Denominator = "all"
    ) -> Best:
        """Concept of one category with the highest IoU of each unit."""
        members = self._members(category)
        iou = self.iou(level=level, denominator=denominator)[:, members]
        place = iou.argmax(1)
        highest = iou[np.arange(self.units), place]
        return Best(np.where(highest > 0, members[place], 0), highest)

    def detectors(
        self,
        concept: str | None = None,
        *,
        category: str | None = None,
        min_iou: float = MIN_IOU,
        level: float | None = None,
        denominator: Denominator = "all",
    ) -> Int64s:
        """Units whose best concept has an IoU above `min_iou`.

        Parameters
        ----------
        concept, category
            Only those whose best concept is this one, or of this category.
        min_iou
            In [0, 1].
        level, denominator
            See `iou`.

        Returns
        -------
        ndarray
            int64 (n,), unit numbers, the highest IoU first.
        """
        best = self.best(level=level, denominator=denominator)
        wanted = best.iou > min_iou
        if concept is not None:
            wanted &= best.concept == self.vocabulary.index(concept, category)
        elif category is not None:
            wanted &= np.isin(best.concept, self._members(category))
        order = np.argsort(-best.iou, kind="stable")
        return np.asarray(order[wanted[order]])

    def ranked(
        self,
        concept: str,
        category: str | None = None,
        *,
        level: float | None = None,
        denominator: Denominator = "all",
    ) -> Int64s:
        """All units, int64 (units,), by their IoU with a concept, the best first; ties: lowest index.

        PNAS 2020 ranks units like this, to ablate or insert them ("Role of Units in a GAN").
        """
        column = self.vocabulary.index(concept, category)
        iou = self.iou(level=level, denominator=denominator)[:, column]
        return np.argsort(-iou, kind="stable")

    def unique_detectors(
        self,
        *,
        min_iou: float = MIN_IOU,
        level: float | None = None,
        denominator: Denominator = "all",
    ) -> dict[Concept, int]:
        """Distinct best concepts of the detectors, with the number of their units, the most first."""
        best = self.best(level=level, denominator=denominator)
        concepts, counts = np.unique(best.concept[best.iou > min_iou], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {self.vocabulary[int(concepts[i])]: int(counts[i]) for i in order}

    def count_detectors(
        self,
        *,
        convention: Convention = "top",
        min_iou: float = MIN_IOU,
        level: float | None = None,
        denominator: Denominator = "all",
    ) -> dict[str, DetectorCount]:
        """Detectors and unique detectors of each category.

        Parameters
        ----------
        convention
            "top": each unit counts once, in the category of its best concept (PNAS 2020, and the
            reports of NetDissect). "category": each category counts by its best concept for each
            unit, so a unit may count in several (the plots of TPAMI 2018).
        min_iou, level, denominator
            See `detectors`.

        Returns
        -------
        dict
            Category -> DetectorCount, in the vocabulary's order, and the totals under "all": units
            that are detectors, and the sum of the categories' unique detectors.
        """
        if convention not in ("top", "category"):
            raise SettingError(
                f"convention is {shown(convention)}.{nearest(convention, ['top', 'category'])}"
            )
        top = self.best(level=level, denominator=denominator)
        counts = {}
        for category in self.vocabulary.categories:
            best = top
            if convention == "category":
                best = self.best_in_category(category, level=level, denominator=denominator)
            concepts = best.concept[(best.iou > min_iou) & np.isin(best.concept, self._members(category))]
            counts[category] = DetectorCount(len(concepts), len(np.unique(concepts)))
        unique = sum(count.unique for count in counts.values())
        counts["all"] = DetectorCount(int((top.iou > min_iou).sum()), unique)
        return counts

    def _members(self, category: str) -> Int64s:
        if category not in self.vocabulary.categories:
            raise SettingError(
                f"There is no category {shown(category)}.{nearest(category, self.vocabulary.categories)}"
            )
        return np.flatnonzero(self.vocabulary.category_of == self.vocabulary.categories.index(category))

    def level_index(self, level: float | None) -> int:
        """Index of a level in `levels`; the first for None."""
        if level is None:
            return 0
        if level not in self.levels:
            raise SettingError(f"The level {shown(level)} was not computed.{nearest(level, self.levels)}")
        return self.levels.index(level)
