"""All that is counted about one layer while images stream by; shards of any split merge exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.storage import State, Workspace
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.statistics.histogram import Histogram
from dissect_widgets.core.statistics.iou import Counts, LabelTally, count_active
from dissect_widgets.core.statistics.quantile import Float32s, Int64s, TopSamples, exact_floor
from dissect_widgets.core.statistics.top_images import TopImages
from dissect_widgets.core.statistics.upsample import Upsampler
from dissect_widgets.errors import ActivationError

EXEMPLAR_SIDE = 56
"""Maps of exemplars that are larger than this are kept as an upsampled (56, 56) map."""

_HISTOGRAM_SIDE = 16
_CHUNK = {"cpu": 2**19, "cuda": 2**24}  # samples upsampled at a time: a CPU's cache, or a full GPU


class LayerShape(NamedTuple):
    """Sizes on which everything about a layer depends."""

    units: int
    grid: Grid
    picture: tuple[int, int]
    labels: tuple[int, int]
    images: int
    levels: tuple[float, ...]
    settings: Settings

    @property
    def upsampled(self) -> int:
        """Samples of a unit over the probe set, on the label grid."""
        return self.images * self.labels[0] * self.labels[1]

    @property
    def raw(self) -> int:
        """Samples of a unit over the probe set, on its own map."""
        return self.images * self.grid.height * self.grid.width

    @property
    def exemplar_grid(self) -> Grid:
        """Grid of the maps that are kept of exemplars."""
        if max(self.grid.height, self.grid.width) <= EXEMPLAR_SIDE:
            return self.grid
        even = Grid.half_pixel(EXEMPLAR_SIDE, EXEMPLAR_SIDE, self.picture)
        return even._replace(rule=self.grid.rule)


class Extremes(NamedTuple):
    """Least and greatest sample of each map."""

    low: Float32s
    """float32 (B, units)"""
    peak: Float32s
    """float32 (B, units)"""


def find_extremes(layer: str, images: Int64s, maps: Tensor, name_of: Callable[[int], str]) -> Extremes:
    """Least and greatest samples of maps, once all are sure to be finite.

    Parameters
    ----------
    layer
        Its name, for errors.
    images
        int64 (B,), which images of the probe set.
    maps
        float32 (B, units, height, width).
    name_of
        What errors call an image.

    Raises
    ------
    ActivationError
        If a sample is NaN or infinite.
    """
    flat = maps.flatten(2)
    low, peak = flat.amin(2), flat.amax(2)
    bad = ~(torch.isfinite(low) & torch.isfinite(peak))  # the extremes of a map with NaN are NaN
    if bad.any():
        image, unit = (int(i) for i in bad.nonzero()[0])
        value = peak[image, unit] if not torch.isfinite(peak[image, unit]) else low[image, unit]
        raise ActivationError(
            f"Layer {layer!r}, unit {unit}, outputs {float(value)} for image "
            f"{name_of(int(images[image]))!r}. Activations must be finite numbers; look at the "
            "network's weights, its preprocessing and its number format."
        )
    return Extremes(low.cpu().numpy(), peak.cpu().numpy())


class LayerTally:
    """Streamed statistics of one layer.

    Parameters
    ----------
    shape
        Sizes of the layer.
    workspace, memory
        See `TopSamples`.
    """

    def __init__(
        self,
        shape: LayerShape,
        *,
        workspace: Workspace | None = None,
        memory: int = 2**28,
    ) -> None:
        self.shape = shape
        level = max(shape.levels)
        position = np.min_scalar_type(max(shape.upsampled - 1, 2**16))
        raw = shape.settings.population == "raw"
        self.active = TopSamples(
            shape.units,
            None if raw else exact_floor(level, shape.upsampled),
            position_dtype=position,
            workspace=workspace,
            memory=memory,
        )
        self.raw = (
            TopSamples(shape.units, exact_floor(level, shape.raw), workspace=workspace, memory=memory)
            if raw
            else None
        )
        grid = shape.exemplar_grid
        self.exemplars = TopImages(shape.units, shape.settings.exemplars, (grid.height, grid.width))
        self.histogram = Histogram(shape.units)
        self.lowest: Float32s = np.full(shape.units, np.inf, np.float32)
        self.highest: Float32s = np.full(shape.units, -np.inf, np.float32)
        self._upsamplers: dict[tuple[torch.device, tuple[int, int]], Upsampler] = {}

    def add(self, images: Int64s, maps: Tensor, extremes: Extremes) -> None:
        """Take up the maps of some images, float32 (B, units, height, width), and their extremes."""
        maps = maps.contiguous()
        peaks = extremes.peak
        self.lowest = np.minimum(self.lowest, extremes.low.min(0))
        self.highest = np.maximum(self.highest, peaks.max(0))
        self._add_histogram(maps)
        if self.raw is not None:
            self._add_raw(maps.flatten(2))
        self._add_active(images, maps)
        self._add_exemplars(images, maps, peaks)

    def merge(self, other: LayerTally) -> None:
        """Take up another shard of the same probe set; it must not be used afterwards."""
        self.active.merge(other.active)
        if self.raw is not None and other.raw is not None:
            self.raw.merge(other.raw)
        self.exemplars.merge(other.exemplars)
        self.histogram.merge(other.histogram)
        self.lowest = np.minimum(self.lowest, other.lowest)
        self.highest = np.maximum(self.highest, other.highest)

    def thresholds(self, images: int) -> Float32s:
        """Thresholds float32 (levels, units), given how many images came in the end."""
        shape = self.shape._replace(images=images)
        samples, total = (self.raw, shape.raw) if self.raw is not None else (self.active, shape.upsampled)
        return np.stack([samples.threshold(exact_floor(level, total)) for level in self.shape.levels])

    def count(self, thresholds: Float32s, labels: LabelTally) -> Counts:
        """Intersections and areas of the active pixels."""
        return count_active(self.active, thresholds, labels)

    def flush(self) -> None:
        """Write what is in memory and large into the workspace."""
        self.active.flush()
        if self.raw is not None:
            self.raw.flush()

    def state(self) -> State:
        """Plain arrays from which `load_state` makes it again."""
        state: State = {"lowest": self.lowest, "highest": self.highest}
        for prefix, part in self._parts().items():
            state |= {f"{prefix}.{key}": array for key, array in part.state().items()}
        return state

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from; made with the same arguments as that one."""
        self.lowest, self.highest = np.array(state["lowest"][:]), np.array(state["highest"][:])
        for prefix, part in self._parts().items():
            start = f"{prefix}."
            part.load_state({k.removeprefix(start): v for k, v in state.items() if k.startswith(start)})

    def _parts(self) -> dict[str, TopSamples | TopImages | Histogram]:
        parts: dict[str, TopSamples | TopImages | Histogram] = {
            "active": self.active,
            "exemplars": self.exemplars,
            "histogram": self.histogram,
        }
        return parts if self.raw is None else parts | {"raw": self.raw}

    def _add_histogram(self, maps: Tensor) -> None:
        down = math.ceil(self.shape.grid.height / _HISTOGRAM_SIDE)
        across = math.ceil(self.shape.grid.width / _HISTOGRAM_SIDE)
        sampled = maps[:, :, down // 2 :: down, across // 2 :: across]
        self.histogram.add(sampled.transpose(0, 1).flatten(1))

    def _add_raw(self, flat: Tensor) -> None:
        assert self.raw is not None
        by_unit = flat.transpose(0, 1).flatten(1)
        above = by_unit > torch.from_numpy(self.raw.bound).to(flat.device)[:, None]
        counts = above.sum(1).cpu().numpy()
        self.raw.add(counts, by_unit[above].cpu().numpy())
        self.active.raise_bound(self.raw.bound)

    def _add_active(self, images: Int64s, maps: Tensor) -> None:
        # without a bound every sample is taken up, so the first images go one at a time to find one
        step = len(images) if np.isfinite(self.active.bound).all() else 1
        for first in range(0, len(images), step):
            self._add_above_bound(images[first : first + step], maps[first : first + step])

    def _add_above_bound(self, images: Int64s, maps: Tensor) -> None:
        """Upsample the rows of maps that can rise above the bound, and take up what does."""
        units, height, device = self.shape.units, self.shape.grid.height, maps.device
        (rows, columns), lines = self.shape.labels, maps.flatten(0, 2)
        bound = torch.from_numpy(self.active.bound).to(device)
        upsampler = self._upsampler(self.shape.labels, device)
        reach = upsampler.rows_that_reach(maps.amax(3).transpose(0, 1), bound[:, None, None])
        unit, image, row = torch.nonzero(reach, as_tuple=True)
        place = (torch.from_numpy(images).to(device)[image] * rows + row) * columns
        first_line = (image * units + unit) * height
        values, positions = [lines[:0, 0]], [place[:0]]
        counts = torch.zeros(units, dtype=torch.int64, device=device)
        chunk = max(_CHUNK.get(device.type, 2**19) // max(columns, self.shape.grid.width), 1)
        for start in range(0, len(unit), chunk):
            part = slice(start, start + chunk)
            own = unit[part]
            value = upsampler.columns(upsampler.rows(lines, first_line[part], row[part])).T.contiguous()
            above = value > bound[own, None]
            at = torch.nonzero(above.view(-1)).view(-1)
            count = above.sum(1)
            line_start = place[part] - torch.arange(len(own), device=device) * columns
            values.append(value.view(-1).index_select(0, at))
            positions.append(at + line_start.repeat_interleave(count, output_size=len(at)))
            counts.index_add_(0, own, count)
        self.active.add(
            counts.cpu().numpy(), torch.cat(values).cpu().numpy(), torch.cat(positions).cpu().numpy()
        )

    def _add_exemplars(self, images: Int64s, maps: Tensor, peaks: Float32s) -> None:
        for number, image in enumerate(images.tolist()):
            units = self.exemplars.entering(image, peaks[number])
            if len(units):
                chosen = maps[number, torch.from_numpy(units).to(maps.device)]
                self.exemplars.enter(image, units, peaks[number, units], self._exemplar_maps(chosen))

    def _exemplar_maps(self, maps: Tensor) -> Float32s:
        kept = self.shape.exemplar_grid
        if (kept.height, kept.width) != (self.shape.grid.height, self.shape.grid.width):
            maps = self._upsampler((kept.height, kept.width), maps.device)(maps)
        small: Float32s = maps.cpu().numpy()
        return small

    def _upsampler(self, size: tuple[int, int], device: torch.device) -> Upsampler:
        key = (device, size)
        if key not in self._upsamplers:
            self._upsamplers[key] = Upsampler(self.shape.grid, size, self.shape.picture, device)
        return self._upsamplers[key]
