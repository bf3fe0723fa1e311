"""Histograms of activations whose counts do not depend on the order in which samples come.

Each unit has 128 bins of one width, a power of two, that meet at zero. When a sample lies outside,
the width doubles and bins are joined in pairs, so every count stays what one pass over all samples
with the last width would give.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.storage import State
from dissect_widgets.core.statistics.quantile import Int64s

BINS = 128
_SMALLEST = -100  # exponent of the first width; far below any activation that matters


class Histogram:
    """Counts of samples between `(i - 64) * width` and `(i - 63) * width`, for i in 0 ... 127."""

    def __init__(self, units: int) -> None:
        self.counts: Int64s = np.zeros((units, BINS), np.int64)
        self.exponent: Int64s = np.full(units, _SMALLEST, np.int64)

    def add(self, values: Tensor) -> None:
        """Count samples, finite float32 (units, samples)."""
        largest = values.abs().amax(1).cpu().numpy()
        self._widen(np.where(largest > 0, np.frexp(largest)[1] - 6, _SMALLEST))
        scale = np.ldexp(np.float32(1), -self.exponent.astype(np.int32))
        bins = torch.floor(values * torch.from_numpy(scale).to(values.device)[:, None]).long()
        bins = torch.where(values < 0, bins.clamp(max=-1), bins)  # also what is too small to be scaled
        row = torch.arange(len(values), device=values.device)[:, None] * BINS + BINS // 2
        counts = torch.bincount((bins + row).reshape(-1), minlength=self.counts.size)
        self.counts += counts.cpu().numpy().reshape(self.counts.shape)

    def merge(self, other: Histogram) -> None:
        """Take up the counts of another shard."""
        other = other._copy()
        self._widen(other.exponent)
        other._widen(self.exponent)
        self.counts += other.counts

    def state(self) -> State:
        """Plain arrays from which `load_state` makes it again."""
        return {"counts": self.counts, "exponent": self.exponent}

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from."""
        self.counts = np.array(state["counts"][:])
        self.exponent = np.array(state["exponent"][:])

    def _copy(self) -> Histogram:
        same = Histogram(len(self.counts))
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
