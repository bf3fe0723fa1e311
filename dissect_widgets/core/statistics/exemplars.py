"""Exemplars of each unit: its top images, with its map on each, small enough to be kept."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray, Float16s, Float32s, Int64s
from dissect_widgets.core.data.storage import State
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.statistics.base import LayerSpec, MapBatch, Spill, Statistic
from dissect_widgets.core.statistics.iou import LabelTally
from dissect_widgets.core.statistics.top_images import TopImages
from dissect_widgets.core.statistics.upsample import Upsamplers

MAP_SIDE = 56
"""Maps that are larger than this are kept as an upsampled (56, 56) map."""


class Exemplars(Statistic):
    """The images with the highest activation of each unit.

    Parameters
    ----------
    spec
        Sizes of the layer; how many exemplars to keep.
    """

    prefix: ClassVar[str] = "exemplars."

    def __init__(self, spec: LayerSpec) -> None:
        self.grid, self.kept = spec.grid, exemplar_grid(spec)
        self.top = TopImages(spec.units, spec.exemplars, (self.kept.height, self.kept.width))
        self._upsamplers = Upsamplers(spec.grid, spec.image_size)

    @classmethod
    def from_spec(cls, spec: LayerSpec, spill: Spill) -> Self:
        """See `Statistic`."""
        return cls(spec)

    def add(self, batch: MapBatch) -> None:
        """See `Statistic`."""
        for number, image in enumerate(batch.images.tolist()):
            units = self.top.entering(image, batch.highest[number])
            if len(units):
                maps = batch.maps[number, torch.from_numpy(units).to(batch.maps.device)]
                self.top.enter(image, units, batch.highest[number, units], self._small(maps))

    def merge(self, other: Self) -> None:
        """See `Statistic`."""
        self.top.merge(other.top)

    def exemplar_images(self) -> Int64s:
        """See `Statistic`."""
        return self.top.images()

    def result(self, labels: LabelTally) -> dict[str, AnyArray]:
        """See `Statistic`."""
        highest, image, maps = self.top.ranked()
        return {"exemplar_peak": highest, "exemplar_image": image, "exemplar_map": _half(maps)}

    def state(self) -> State:
        """See `Statistic`."""
        return self.top.state()

    def load_state(self, state: State) -> None:
        """See `Statistic`."""
        self.top.load_state(state)

    def _small(self, maps: Tensor) -> Float32s:
        size = self.kept.height, self.kept.width
        if size != (self.grid.height, self.grid.width):
            maps = self._upsamplers.to_size(size, maps.device)(maps)
        small: Float32s = maps.cpu().numpy()
        return small


def exemplar_grid(spec: LayerSpec) -> Grid:
    """Grid of the maps that are kept of exemplars."""
    if max(spec.grid.height, spec.grid.width) <= MAP_SIDE:
        return spec.grid
    even = Grid.half_pixel(MAP_SIDE, MAP_SIDE, spec.image_size)
    return even._replace(rule=spec.grid.rule)


def _half(maps: Float32s) -> Float16s:
    """Maps for display; what a half cannot hold becomes its largest number."""
    largest = float(np.finfo(np.float16).max)
    return np.clip(maps, -largest, largest).astype(np.float16)
