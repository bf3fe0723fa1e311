"""Histograms of activations whose counts do not depend on the order of the samples.

Each unit has 128 bins of one width, a power of two, that meet at zero. When a sample lies outside,
the width doubles and bins are joined in pairs, so every count stays what one pass over all samples
with the last width would give.
"""

from __future__ import annotations

import math
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray, Int64s
from dissect_widgets.core.data.storage import State
from dissect_widgets.core.statistics.base import LayerSpec, MapBatch, Spill, Statistic
from dissect_widgets.core.statistics.iou import LabelTally

BINS = 128
_SIDE = 16  # rows and columns of a map that are counted at most
_SMALLEST = -100  # exponent of the first width; far below any activation that matters


class Histogram(Statistic):
    """Counts of samples between `(i - 64) * width` and `(i - 63) * width`, for i in 0 ... 127."""

    prefix: ClassVar[str] = "histogram."

    def __init__(self, units: int) -> None:
        self.counts: Int64s = np.zeros((units, BINS), np.int64)
        self.exponent: Int64s = np.full(units, _SMALLEST, np.int64)

    @classmethod
    def from_spec(cls, spec: LayerSpec, spill: Spill) -> Self:
        """See `Statistic`."""
        return cls(spec.units)

    def add(self, batch: MapBatch) -> None:
        """Count at most 16 x 16 evenly spaced positions of each map."""
        height, width = batch.maps.shape[2:]
        down, across = math.ceil(height / _SIDE), math.ceil(width / _SIDE)
        sampled = batch.maps[:, :, down // 2 :: down, across // 2 :: across]
        self.count(sampled.transpose(0, 1).flatten(1))

    def count(self, values: Tensor) -> None:
        """Count samples, finite float32 (units, samples)."""
        largest = values.abs().amax(1).cpu().numpy()
        self._widen(np.where(largest > 0, np.frexp(largest)[1] - 6, _SMALLEST))
        scale = np.ldexp(np.float32(1), -self.exponent.astype(np.int32))
        bins = torch.floor(values * torch.from_numpy(scale).to(values.device)[:, None]).long()
        bins = torch.where(values < 0, bins.clamp(max=-1), bins)  # also those too small to be scaled
        row = torch.arange(len(values), device=values.device)[:, None] * BINS + BINS // 2
        counts = torch.bincount((bins + row).reshape(-1), minlength=self.counts.size)
        self.counts += counts.cpu().numpy().reshape(self.counts.shape)

    def merge(self, other: Self) -> None:
        """See `Statistic`."""
        other = other._copy()
        self._widen(other.exponent)
        other._widen(self.exponent)
        self.counts += other.counts

    def result(self, labels: LabelTally) -> dict[str, AnyArray]:
        """See `Statistic`."""
        width = np.ldexp(np.float32(1), self.exponent.astype(np.int32))
        return {"histogram": self.counts, "bin_width": width}

    def state(self) -> State:
        """See `Statistic`."""
        return {"counts": self.counts, "exponent": self.exponent}

    def load_state(self, state: State) -> None:
        """See `Statistic`."""
        self.counts = np.array(state["counts"][:])
        self.exponent = np.array(state["exponent"][:])

    def _copy(self) -> Self:
        same = type(self)(len(self.counts))
        same.load_state(self.state())
        return same

    def _widen(self, exponent: Int64s) -> None:
        """Join bins where the width must be at least 2 ** exponent."""
        for unit in np.flatnonzero(exponent > self.exponent):
            shift = min(int(exponent[unit] - self.exponent[unit]), 62)
            joined = (np.arange(BINS) - BINS // 2 >> shift) + BINS // 2
            counts = np.zeros(BINS, np.int64)
            np.add.at(counts, joined, self.counts[unit])
            self.counts[unit] = counts
            self.exponent[unit] = exponent[unit]
