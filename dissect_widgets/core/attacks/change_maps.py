"""Where an attack changes units: their maps before and after (PNAS 2020, Fig. 5b)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import index
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.data.arrays import Float32s
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.dissection.max_activation import open_layer
from dissect_widgets.core.dissection.source import Source
from dissect_widgets.core.dissection.state import ProbeSpec
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.hooks import evaluation
from dissect_widgets.errors import ActivationError, DataError, SettingError


class ChangeMaps(NamedTuple):
    """How the maps of some units change under an attack."""

    layer: str
    units: tuple[int, ...]
    before: Float32s
    """float32 (n, units, h, w)"""
    after: Float32s
    """float32 (n, units, h, w)"""
    grid: Grid
    """Where the positions of the maps lie on the picture."""

    @property
    def change(self) -> Float32s:
        """float32 (n, units, h, w): how much is gained."""
        return self.after - self.before

    @property
    def peak_change(self) -> Float32s:
        """float32 (n, units): how much higher the greatest activation is after the attack."""
        return np.asarray(self.after.max((2, 3)) - self.before.max((2, 3)))


def change_maps(
    classifier: ClassifierData, layer: str, attacked: AttackResult, units: Sequence[int]
) -> ChangeMaps:
    """Where units rise and fall under an attack (PNAS 2020, Fig. 5b).

    Parameters
    ----------
    classifier, layer, attacked
        As for `unit_changes`.
    units
        Unit numbers.

    Returns
    -------
    ChangeMaps
        Maps after the attack, less those before; `plots.changed_maps` shows them.

    Raises
    ------
    SettingError
        If there is no such unit; also what `unit_changes` raises.
    """
    source, shape = open_attacked(classifier, layer, attacked)
    plan = shape.plans[layer]
    chosen = tuple(index(unit) for unit in units)
    bad = [unit for unit in chosen if not 0 <= unit < plan.info.units]
    if bad or not chosen:
        what = f"There is no unit {bad[0]}" if bad else "There is no unit named"
        raise SettingError(f"{what}; {layer} has units 0 to {plan.info.units - 1}.")
    maps = [own[:, list(chosen)].cpu() for own in maps_of_both(classifier, layer, attacked, source, shape)]
    both, n = torch.cat(maps).numpy(), len(attacked)
    return ChangeMaps(layer, chosen, both[:n], both[n:], plan.grid)


def open_attacked(classifier: ClassifierData, layer: str, attacked: AttackResult) -> tuple[Source, ProbeSpec]:
    """A layer that is to be read before and after an attack; DataError if that is of no images."""
    if not len(attacked):
        raise DataError("There are no attacked images.")
    return open_layer(classifier.model, layer, attacked.before, preprocess=classifier.preprocess)


def maps_of_both(
    classifier: ClassifierData, layer: str, attacked: AttackResult, source: Source, shape: ProbeSpec
) -> Iterator[Tensor]:
    """Maps (B, units, h, w) of batches of the pictures before, then of those after."""
    size = max(classifier.batch_size, 2)
    for pictures in (attacked.before, attacked.after):
        for start in range(0, len(pictures), size):
            with evaluation(source.model):
                maps = source.maps(pictures[start : start + size], size, shape)[layer]
            if not maps.isfinite().all():
                row, unit = torch.nonzero(~maps.isfinite())[0].tolist()[:2]
                name = attacked.names[start + row]
                raise ActivationError(f"Layer {layer!r}, unit {unit}: no finite number on image {name!r}.")
            yield maps
