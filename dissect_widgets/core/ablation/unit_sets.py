"""Sets of units: what is left of a class without its most important ones, and with nothing but them.

PNAS 2020, Fig. 2b to 2d: units are ranked for each class over training images, and sets of them removed
over others. Random sets of the same size are the control.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from dissect_widgets.core.ablation.accuracy import Accuracy
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.predictions import AblationPredictions
from dissect_widgets.core.data.arrays import Bools, Float64s, Int64s
from dissect_widgets.errors import ConceptError, SettingError, nearest, shown

if TYPE_CHECKING:
    import pandas

Kind = Literal["remove most", "remove least", "keep most", "remove random", "keep random"]
KINDS: Final = ("remove most", "remove least", "keep most", "remove random", "keep random")


class SetPlan(NamedTuple):
    """Which sets of units are to be removed."""

    classes: tuple[str, ...]
    """Classes whose rankings are used."""
    sizes: tuple[int, ...]
    """Numbers of units that are removed, or kept."""
    repeats: int
    """Random sets of each size."""
    kept: Bools
    """bool (ablations, units): units that each ablation keeps; classes by sizes for each of the three ranked
    kinds, then repeats by sizes for both random ones."""


def plan_sets(
    importance: UnitImportance,
    sizes: Sequence[int],
    *,
    classes: Sequence[str] | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> SetPlan:
    """Choose sets of units.

    Parameters
    ----------
    importance
        Units by importance, best measured over other images than the sets will be.
    sizes
        Numbers of units, each 0 to all.
    classes
        By default all that have images.
    repeats
        Random sets of each size.
    seed
        Of the random sets. A larger one contains the smaller ones, as for ranked sets.

    Raises
    ------
    SettingError, ConceptError
        For a size that does not exist, or a class without images.
    """
    names = tuple(classes) if classes is not None else importance.present_classes
    if not names:
        raise SettingError("There are no classes; give one or more, or a ranking over images of two or more.")
    units = importance.units
    sizes = tuple(int(size) for size in sizes)
    bad = [size for size in sizes if not 0 <= size <= units]
    if bad or not sizes or len(set(sizes)) != len(sizes):
        raise SettingError(f"sizes is {shown(list(sizes))}; allowed are different numbers from 0 to {units}.")
    if repeats < 1:
        raise SettingError(f"repeats is {repeats}; there must be at least one random set of each size.")
    random = np.random.default_rng(seed)
    places = np.stack([_places(importance.top_units(name)) for name in names])
    shuffled = np.stack([random.permutation(units) for _ in range(repeats)])
    wanted = np.array(sizes)[None, :, None]
    ranked, chance = places[:, None], shuffled[:, None]
    kinds = [ranked >= wanted, ranked < units - wanted, ranked < wanted, chance >= wanted, chance < wanted]
    return SetPlan(names, sizes, repeats, np.concatenate([kind.reshape(-1, units) for kind in kinds]))


class SetEffects:
    """Accuracy of classes when sets of units are removed.

    Parameters
    ----------
    plan, predictions
        The sets, and the predictions without them.
    ranked_on
        The ranking that the sets are of.

    Attributes
    ----------
    classes, sizes, repeats
        See `SetPlan`.
    class_accuracy
        Kind -> float64 (classes, sizes): balanced accuracy of each class, ablated by its own sets; of random
        sets (repeats, classes, sizes).
    overall
        Kind -> float64 (classes, sizes): fraction of all images correctly classified; of random sets
        (repeats, sizes).
    before, overall_before
        The same of the intact network: float64 (classes,) and float.
    """

    def __init__(self, plan: SetPlan, predictions: AblationPredictions, ranked_on: UnitImportance) -> None:
        self.classes, self.sizes, self.repeats = plan.classes, plan.sizes, plan.repeats
        self.model, self.layer, self.strategy = predictions.model, predictions.layer, predictions.strategy
        self.units, self.images, self.ranked_on = plan.kept.shape[1], len(predictions.targets), ranked_on
        accuracy = predictions.accuracy
        numbers = [predictions.classes.index(name) for name in plan.classes]
        _check_present(accuracy, plan.classes, numbers)
        self.before, self.overall_before = accuracy.before[numbers], accuracy.overall_before
        self.chance = 1 / len(predictions.classes)
        self.class_accuracy: dict[str, Float64s] = {}
        self.overall: dict[str, Float64s] = {}
        start, k, s, r = 0, len(numbers), len(self.sizes), self.repeats
        after, overall_after = accuracy.after[:, numbers], accuracy.overall_after
        for kind in KINDS:
            by_class = not kind.endswith("random")
            rows = slice(start, start + (k if by_class else r) * s)
            if by_class:
                every = after[rows].reshape(k, s, k)
                self.class_accuracy[kind] = every[np.arange(k), :, np.arange(k)]
                self.overall[kind] = overall_after[rows].reshape(k, s)
            else:
                self.class_accuracy[kind] = after[rows].reshape(r, s, k).transpose(0, 2, 1)
                self.overall[kind] = overall_after[rows].reshape(r, s)
            start = rows.stop

    def __repr__(self) -> str:
        return (
            f"<SetEffects of {self.model} {self.layer}: {len(self.classes)} classes, sizes "
            f"{self.sizes[0]} to {self.sizes[-1]} of {self.units}, over {self.images} images>"
        )

    def size_index(self, size: int) -> int:
        """Index of a size in `sizes`."""
        if size not in self.sizes:
            raise SettingError(f"No sets of {size} units were tried.{nearest(size, self.sizes)}")
        return self.sizes.index(size)

    def class_index(self, name: str) -> int:
        """Index of a class in `classes`."""
        if name not in self.classes:
            raise ConceptError(f"No sets were tried for class {shown(name)}.{nearest(name, self.classes)}")
        return self.classes.index(name)

    def table(self, name: str, sizes: Sequence[int] = (4,)) -> pandas.DataFrame:
        """Balanced accuracy of a class, and all-class accuracy, as in Fig. 2b; random sets in the mean.

        Parameters
        ----------
        name
            A class.
        sizes
            Which of the sizes.
        """
        import pandas

        c = self.class_index(name)
        rows: list[tuple[str, float, float]] = [("unchanged", self.before[c], self.overall_before)]
        for kind in KINDS:
            for size in sizes:
                at = self.size_index(size)
                by_class, overall = self.class_accuracy[kind][..., c, at], self.overall[kind]
                overall = overall[c, at] if not kind.endswith("random") else overall[:, at].mean()
                rows.append((f"{kind} {size}", float(by_class.mean()), float(overall)))
        rows.append(("chance", 0.5, self.chance))
        columns = ["units", "balanced accuracy", "all-class accuracy"]
        table: pandas.DataFrame = pandas.DataFrame(rows, columns=columns).set_index("units")
        return table.rename_axis(columns=name)

    def summary(self) -> pandas.DataFrame:
        """Mean over classes at each size, in and over all classes; random sets with their spread.

        The spread is the standard deviation, over random sets, of the mean over classes.
        """
        import pandas

        rows = []
        for kind in KINDS:
            for at, size in enumerate(self.sizes):
                by_class, overall = self.class_accuracy[kind][..., at], self.overall[kind][..., at]
                spread = by_class.mean(-1).std() if by_class.ndim == 2 else np.nan
                rows.append((kind, size, by_class.mean(), spread, overall.mean()))
        columns = ["kind", "units", "balanced accuracy", "spread", "all-class accuracy"]
        return pandas.DataFrame(rows, columns=columns)


def _places(importance: Int64s) -> Int64s:
    """Rank of each unit."""
    places = np.empty_like(importance)
    places[importance] = np.arange(len(importance))
    return places


def _check_present(accuracy: Accuracy, names: Sequence[str], numbers: Sequence[int]) -> None:
    missing = [
        n for n, c in zip(names, numbers, strict=True) if not (accuracy.support[c] and accuracy.others[c])
    ]
    if missing:
        raise ConceptError(
            f"Class {shown(missing[0])} has no image, or no other class has, so its balanced accuracy is not "
            "defined; leave it out of `classes`, or measure over images of it and of others."
        )
