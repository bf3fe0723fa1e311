"""Where units are active: thresholds, and the concepts at the samples above them.

Each unit keeps its largest samples on the label grid. Where thresholds are taken of the map itself
(population "raw"), its largest samples are kept as well, and bound those on the label grid.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray, Float32s, Int64s
from dissect_widgets.core.data.storage import State
from dissect_widgets.core.statistics.base import LayerSpec, MapBatch, Spill, Statistic
from dissect_widgets.core.statistics.iou import LabelTally, count_active
from dissect_widgets.core.statistics.quantile import TopSamples, exact_floor
from dissect_widgets.core.statistics.upsample import Upsamplers

_CHUNK = {"cpu": 2**19, "cuda": 2**24}  # samples upsampled at a time: a CPU's cache, or a full GPU


class ActiveSamples(Statistic):
    """Thresholds of the units of a layer, and counts of the pixels above them.

    Parameters
    ----------
    spec
        Sizes of the layer; levels and population.
    spill
        Where samples go that do not fit into memory.
    """

    prefix: ClassVar[str] = ""  # its two parts have one each

    def __init__(self, spec: LayerSpec, spill: Spill) -> None:
        self.spec = spec
        level, units, raw = max(spec.levels), spec.units, spec.population == "raw"
        self.active = TopSamples(
            units,
            None if raw else exact_floor(level, upsampled_samples(spec, spec.images)),
            position_dtype=np.min_scalar_type(max(upsampled_samples(spec, spec.images) - 1, 2**16)),
            workspace=spill.workspace,
            memory=spill.memory,
        )
        self.raw: TopSamples | None = None
        if raw:
            capacity = exact_floor(level, raw_samples(spec, spec.images))
            self.raw = TopSamples(units, capacity, workspace=spill.workspace, memory=spill.memory)
        self._upsamplers = Upsamplers(spec.grid, spec.image_size)

    @classmethod
    def from_spec(cls, spec: LayerSpec, spill: Spill) -> Self:
        """See `Statistic`."""
        return cls(spec, spill)

    @classmethod
    def bytes_needed(cls, spec: LayerSpec) -> int:
        """See `Statistic`."""
        level = max(spec.levels)
        samples = exact_floor(level, upsampled_samples(spec, spec.images))
        if spec.population == "raw":
            samples += exact_floor(level, raw_samples(spec, spec.images))
        return spec.units * samples * 8 * 3 // 2

    def add(self, batch: MapBatch) -> None:
        """See `Statistic`."""
        if self.raw is not None:
            self._add_raw(self.raw, batch.maps.flatten(2))
        # without a bound every sample is kept, so the first images go one at a time to find one
        step = len(batch.images) if np.isfinite(self.active.bound).all() else 1
        for first in range(0, len(batch.images), step):
            self._add_above_bound(batch.images[first : first + step], batch.maps[first : first + step])

    def merge(self, other: Self) -> None:
        """See `Statistic`."""
        self.active.merge(other.active)
        if self.raw is not None and other.raw is not None:
            self.raw.merge(other.raw)

    def thresholds(self, images: int) -> Float32s:
        """Thresholds float32 (levels, units), given the final number of images."""
        if self.raw is not None:
            samples, total = self.raw, raw_samples(self.spec, images)
        else:
            samples, total = self.active, upsampled_samples(self.spec, images)
        return np.stack([samples.threshold(exact_floor(level, total)) for level in self.spec.levels])

    def result(self, labels: LabelTally) -> dict[str, AnyArray]:
        """See `Statistic`."""
        threshold = self.thresholds(labels.images)
        return {"threshold": threshold, **count_active(self.active, threshold, labels)._asdict()}

    def flush(self) -> None:
        """See `Statistic`."""
        for samples in self._parts().values():
            samples.flush()

    def state(self) -> State:
        """See `Statistic`."""
        return {
            f"{part}.{key}": array
            for part, samples in self._parts().items()
            for key, array in samples.state().items()
        }

    def load_state(self, state: State) -> None:
        """See `Statistic`."""
        for part, samples in self._parts().items():
            start = f"{part}."
            samples.load_state({k.removeprefix(start): a for k, a in state.items() if k.startswith(start)})

    def _parts(self) -> dict[str, TopSamples]:
        return {"active": self.active} if self.raw is None else {"active": self.active, "raw": self.raw}

    def _add_raw(self, raw: TopSamples, samples: Tensor) -> None:
        by_unit = samples.transpose(0, 1).flatten(1)
        above = by_unit > torch.from_numpy(raw.bound).to(samples.device)[:, None]
        counts = above.sum(1).cpu().numpy()
        raw.add(counts, by_unit[above].cpu().numpy())
        self.active.raise_bound(raw.bound)

    def _add_above_bound(self, images: Int64s, maps: Tensor) -> None:
        """Upsample the rows of maps that can rise above the bound, and add the samples that do."""
        units, height, device = self.spec.units, self.spec.grid.height, maps.device
        (rows, columns), lines = self.spec.label_size, maps.flatten(0, 2)
        bound = torch.from_numpy(self.active.bound).to(device)
        upsampler = self._upsamplers.to_size(self.spec.label_size, device)
        reach = upsampler.rows_that_reach(maps.amax(3).transpose(0, 1), bound[:, None, None])
        unit, image, row = torch.nonzero(reach, as_tuple=True)
        first_pixel = (torch.from_numpy(images).to(device)[image] * rows + row) * columns
        first_line = (image * units + unit) * height
        values, positions = [lines[:0, 0]], [first_pixel[:0]]
        counts = torch.zeros(units, dtype=torch.int64, device=device)
        chunk = max(_CHUNK.get(device.type, 2**19) // max(columns, self.spec.grid.width), 1)
        for start in range(0, len(unit), chunk):
            part = slice(start, start + chunk)
            unit_of_row = unit[part]
            value = upsampler.columns(upsampler.rows(lines, first_line[part], row[part])).T.contiguous()
            above = value > bound[unit_of_row, None]
            at = torch.nonzero(above.view(-1)).view(-1)
            count = above.sum(1)
            line_start = first_pixel[part] - torch.arange(len(unit_of_row), device=device) * columns
            values.append(value.view(-1).index_select(0, at))
            positions.append(at + line_start.repeat_interleave(count, output_size=len(at)))
            counts.index_add_(0, unit_of_row, count)
        self.active.add(
            counts.cpu().numpy(), torch.cat(values).cpu().numpy(), torch.cat(positions).cpu().numpy()
        )


def upsampled_samples(spec: LayerSpec, images: int) -> int:
    """Samples of a unit over a number of images, on the label grid."""
    return images * spec.label_size[0] * spec.label_size[1]


def raw_samples(spec: LayerSpec, images: int) -> int:
    """Samples of a unit over a number of images, on its own map."""
    return images * spec.grid.height * spec.grid.width
