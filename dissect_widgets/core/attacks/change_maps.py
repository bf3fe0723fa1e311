"""Activation maps of units on clean and adversarial images (PNAS 2020, Fig. 5b)."""

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
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.proofs.frame import Frame
from dissect_widgets.errors import ActivationError, DataError, SettingError, shown


class ChangeMaps(NamedTuple):
    """How the maps of some units change under an attack."""

    layer: str
    units: tuple[int, ...]
    clean: Float32s
    """float32 (n, units, h, w)"""
    adversarial: Float32s
    """float32 (n, units, h, w)"""
    grid: Grid
    """Where the positions of the maps lie on the image, or on the part of it in `frame`."""
    frame: Frame | None = None
    """What the network gets of an image; None: all of it."""

    @property
    def change(self) -> Float32s:
        """float32 (n, units, h, w): adversarial minus clean."""
        return self.adversarial - self.clean

    @property
    def max_activation_change(self) -> Float32s:
        """float32 (n, units): change of the max activation."""
        return np.asarray(self.adversarial.max((2, 3)) - self.clean.max((2, 3)))


def change_maps(
    classifier: ClassifierData, layer: str, attacked: AttackResult, units: Sequence[int]
) -> ChangeMaps:
    """Find where an attack changes the activation of units (PNAS 2020, Fig. 5b).

    Parameters
    ----------
    classifier, layer, attacked
        As for `unit_changes`.
    units
        Unit numbers.

    Returns
    -------
    ChangeMaps
        Maps of clean and adversarial images; `plots.changed_images` shows them.

    Raises
    ------
    SettingError
        If there is no such unit; also what `unit_changes` raises.
    """
    source, shape = open_attacked(classifier, layer, attacked, located=True)
    (layer,) = source.layers
    plan = shape.plans[layer]
    chosen = tuple(index(unit) for unit in units)
    bad = [unit for unit in chosen if not 0 <= unit < plan.info.units]
    if bad or not chosen:
        what = f"There is no unit {bad[0]}" if bad else "There are no units"
        raise SettingError(f"{what}; {layer} has units 0 to {plan.info.units - 1}.")
    maps = [part[:, list(chosen)].cpu() for part in maps_of_both(classifier, layer, attacked, source, shape)]
    both, n = torch.cat(maps).numpy(), len(attacked)
    grid = plan.grid if shape.frame is None else shape.frame.grid(plan.grid)
    return ChangeMaps(layer, chosen, both[:n], both[n:], grid, shape.frame)


def open_attacked(
    classifier: ClassifierData, layer: str, attacked: AttackResult, *, located: bool = False
) -> tuple[Source, ProbeSpec]:
    """A layer that is to be read on the images of an attack; DataError if there are none."""
    if not len(attacked):
        raise DataError("There are no attacked images.")
    return open_layer(
        classifier.model, layer, attacked.clean, preprocess=classifier.preprocess, located=located
    )


def maps_of_both(
    classifier: ClassifierData, layer: str, attacked: AttackResult, source: Source, shape: ProbeSpec
) -> Iterator[Tensor]:
    """Maps (B, units, h, w) of batches of the clean images, then of the adversarial ones."""
    (layer,), size = source.layers, max(classifier.batch_size, 2)
    for images in (attacked.clean, attacked.adversarial):
        for start in range(0, len(images), size):
            with evaluation(source.model):
                maps = source.maps(images[start : start + size], size, shape)[layer]
            if not maps.isfinite().all():
                row, unit = torch.nonzero(~maps.isfinite())[0].tolist()[:2]
                name = attacked.names[start + row]
                raise ActivationError(
                    f"Layer {shown(layer)}, unit {unit}: not finite on image {shown(name)}."
                )
            yield maps
