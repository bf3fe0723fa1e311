"""What is counted about a layer while images stream by: the contract that every statistic keeps.

A statistic is one class in one file, listed in `layer_statistics.STATISTICS`. That list drives adding,
merging, checkpoints and saving; see docs/contributing/add_a_statistic.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray, Float32s, Int64s
from dissect_widgets.core.data.storage import Mergeable, Workspace
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.statistics.iou import LabelTally
from dissect_widgets.errors import ActivationError, shown

Population = Literal["upsampled", "raw"]


class LayerSpec(NamedTuple):
    """What the statistics of a layer are made from: its sizes, and what is asked for."""

    units: int
    grid: Grid
    """Where the positions of its maps lie in the image."""
    image_size: tuple[int, int]
    """(H, W) of what the network gets."""
    label_size: tuple[int, int]
    """(rows, columns) of a label map."""
    images: int
    """Images of the whole probe set, also where this is a shard of it."""
    levels: tuple[float, ...]
    """Top fractions of samples at which a unit counts as active."""
    population: Population
    """Samples that thresholds are taken of."""
    exemplars: int
    """Top images to keep for each unit."""


class Spill(NamedTuple):
    """Where arrays go that do not fit into memory."""

    workspace: Workspace | None = None
    """None keeps everything in memory."""
    memory: int = 2**28
    """Bytes that an array may take in memory."""


class MapBatch(NamedTuple):
    """Maps of one layer on some images."""

    images: Int64s
    """int64 (B,), numbers of the images within the probe set."""
    maps: Tensor
    """float32 (B, units, height, width), finite."""
    lowest: Float32s
    """float32 (B, units), the least sample of each map."""
    highest: Float32s
    """float32 (B, units), the greatest sample of each map."""


class Statistic(Mergeable, Protocol):
    """One thing that is computed about the units of a layer.

    Whatever the order in which images come, and however they are split into shards that are merged, the
    result must have the same bits: sum integers, or keep extremes; a sum of floats depends on its order.
    """

    prefix: ClassVar[str]
    """Begins the names of its arrays in checkpoints; no two statistics may share one."""

    @classmethod
    def from_spec(cls, spec: LayerSpec, spill: Spill) -> Self:
        """Make it, empty, for a layer."""
        ...

    @classmethod
    def bytes_needed(cls, spec: LayerSpec) -> int:
        """Estimate what grows with the number of images, in bytes; nothing by default."""
        return 0

    def add(self, batch: MapBatch) -> None:
        """Add the maps of some images, each of which comes once."""
        ...

    def result(self, labels: LabelTally) -> dict[str, AnyArray]:
        """Arrays by name, once all images have come, for `LayerDissection`.

        Names of fields fill those; all others are found in `LayerDissection.extra`.

        Parameters
        ----------
        labels
            Label maps of the same images.
        """
        ...

    def exemplar_images(self) -> Int64s:
        """Numbers of the images that are to be kept for display, (n,), repeated or not; none by default."""
        return np.empty(0, np.int64)


def checked_batch(layer: str, images: Int64s, maps: Tensor, name_of: Callable[[int], str]) -> MapBatch:
    """Maps with their extremes; all samples must be finite.

    Parameters
    ----------
    layer
        Its name, for errors.
    images
        int64 (B,), numbers of the images within the probe set.
    maps
        float32 (B, units, height, width).
    name_of
        Number of an image to its name, for errors.

    Raises
    ------
    ActivationError
        If a sample is NaN or infinite.
    """
    samples = maps.flatten(2)
    lowest, highest = samples.amin(2), samples.amax(2)
    bad = ~(torch.isfinite(lowest) & torch.isfinite(highest))  # the extremes of a map with NaN are NaN
    if bad.any():
        image, unit = (int(i) for i in bad.nonzero()[0])
        extremes = highest[image, unit], lowest[image, unit]
        value = next(float(extreme) for extreme in extremes if not torch.isfinite(extreme))
        raise ActivationError(
            f"Layer {shown(layer)}, unit {unit}, outputs {value} for image "
            f"{shown(name_of(int(images[image])))}. "
            "Activations must be finite numbers; check the network's weights, its preprocessing and its "
            "number format."
        )
    return MapBatch(images, maps, lowest.cpu().numpy(), highest.cpu().numpy())
