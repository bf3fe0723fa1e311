"""How large a share of the units a class depends on, by how finely a network divides the same images.

PNAS 2020, Fig. 2b and 2d: without 20 of 512 units a class of 365 is lost. Is it the number of classes that
makes them so few? Two networks that differ in nothing else tell.

>>> effects = measure_few_units(world_division())
>>> share_lost(effects["finer"]).mean, share_lost(effects["coarser"]).mean
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dissect_widgets.api.ablation import ablate_unit_sets, rank_units
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.data.arrays import Float64s
from dissect_widgets.core.data.confidence import mean_interval
from dissect_widgets.errors import SettingError
from dissect_widgets.replication.studies.division import DivisionStudy

if TYPE_CHECKING:
    import pandas

LEAST: Final = 0.6
"""Balanced accuracy that a class must have in the intact network: of one near 50 % nothing can be lost."""


class Lost(NamedTuple):
    """Share of what classes have above 50 % that is lost without sets of units, by the sets' size."""

    classes: int
    """How many there are of at least `LEAST`."""
    left_out: int
    """How many others."""
    mean: Float64s
    """float64 (sizes,), without the most important units, mean over classes."""
    interval: Float64s
    """float64 (sizes,), half of its 99 % interval over classes."""
    random: Float64s
    """float64 (sizes,), without random units, mean over classes and sets."""
    random_interval: Float64s
    """float64 (sizes,), half of its 99 % interval over sets."""


def measure_few_units(study: DivisionStudy, *, progress: bool = True) -> dict[str, SetEffects]:
    """Balanced accuracy without shares of the units, for each network of a study, by its name."""
    effects = {}
    for name, divided in study.networks.items():
        importance = rank_units(divided.on(divided.train), study.layer, progress=progress)
        sizes = sorted({max(1, round(share * importance.units)) for share in study.shares})
        effects[name] = ablate_unit_sets(
            divided.on(divided.held_out),
            importance.ranked_by(study.measure),
            sizes,
            repeats=study.repeats,
            progress=progress,
        )
    return effects


def share_lost(effects: SetEffects) -> Lost:
    """What classes lose without sets of units, as a share of what they have above 50 %.

    Raises
    ------
    SettingError
        If fewer than two classes have a balanced accuracy of at least `LEAST`.
    """
    kept = effects.before >= LEAST
    if kept.sum() < 2:
        raise SettingError(
            f"{int(kept.sum())} of {len(kept)} classes have a balanced accuracy of {LEAST:.0%} or more; two "
            "must."
        )
    before = effects.before[kept, None]
    lost = (before - effects.class_accuracy["remove most"][kept]) / (before - 0.5)
    by_set = ((before - effects.class_accuracy["remove random"][:, kept]) / (before - 0.5)).mean(1)
    return Lost(
        classes=int(kept.sum()),
        left_out=int((~kept).sum()),
        mean=lost.mean(0),
        interval=mean_interval(lost.T),
        random=by_set.mean(0),
        random_interval=mean_interval(by_set.T),
    )


def difference(finer: Lost, coarser: Lost) -> tuple[Float64s, Float64s]:
    """How much more the finer network's classes lose: means, and halves of their 99 % intervals."""
    halves: Float64s = np.hypot(finer.interval, coarser.interval)  # their classes are independent
    return finer.mean - coarser.mean, halves


def few_units_table(effects: Mapping[str, SetEffects]) -> pandas.DataFrame:
    """Balanced accuracy and share lost, a row for each network and size; intervals of 99 %."""
    import pandas

    rows = []
    for name, of_network in effects.items():
        lost = share_lost(of_network)
        for at, size in enumerate(of_network.sizes):
            random = of_network.class_accuracy["remove random"][:, :, at].mean(1)
            rows.append(
                {
                    "network": name,
                    "classes": len(of_network.classes),
                    "units removed": f"{size} of {of_network.units} ({size / of_network.units:.0%})",
                    "intact": of_network.before.mean(),
                    "without the most important": of_network.class_accuracy["remove most"][:, at].mean(),
                    "without random ones": random.mean(),
                    "± over sets": float(mean_interval(random)),
                    "share lost": lost.mean[at],
                    "±": lost.interval[at],
                    "share lost, random": lost.random[at],
                }
            )
    return pandas.DataFrame(rows)
