"""Exact thresholds of units: the largest samples are kept, and those that cannot be among them are dropped.

A unit's threshold is the smallest sample t with (number of samples > t) <= floor(level * M), that is,
the (floor(level * M) + 1)-th largest of its M samples. To know it, and to know which samples lie above
it, only those need to be kept that can still be so large.

>>> top = TopSamples(units=5, capacity=exact_floor(0.01, total))
>>> top.add(counts, values, positions)      # any number of times, in any order
>>> top.threshold(exact_floor(0.005, total))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from dissect_widgets.core.data.arrays import AnyArray, Float32s, Int64s
from dissect_widgets.core.data.storage import Array, FileWriter, MemoryWriter, State, Workspace

_LEAST = 2**20  # samples below which dropping any is not worthwhile


def exact_floor(level: float, total: int) -> int:
    """floor(level * total), with the level taken as the decimal number it is written as."""
    return math.floor(Fraction(repr(float(level))) * total)


class Part(NamedTuple):
    """Samples sorted by unit: those of unit u are at `offsets[u]` to `offsets[u + 1]`."""

    offsets: Int64s
    value: Array
    position: Array | None


class TopSamples:
    """The largest samples of each unit, with their positions.

    Holds at least every sample that is among the `capacity + 1` largest of its unit. The `bound` of a
    unit rises as samples come: it is the (capacity + 1)-th largest so far, so no sample at or below it
    can end above the threshold.

    Parameters
    ----------
    units
        Number of units.
    capacity
        How many samples of a unit may lie above its threshold: floor(level * M) for the highest level
        and all M samples that will come. None if the bound is raised from outside, by `raise_bound`.
    position_dtype
        Integer type of the positions; None to keep values alone.
    workspace
        Where parts that exceed `memory` are stored; None keeps all in memory.
    memory
        Bytes that may stay in memory.
    """

    def __init__(
        self,
        units: int,
        capacity: int | None,
        *,
        position_dtype: np.dtype[Any] | None = None,
        workspace: Workspace | None = None,
        memory: int = 2**28,
    ) -> None:
        self.units, self.capacity, self.position_dtype = units, capacity, position_dtype
        self.bound: Float32s = np.full(units, -np.inf, np.float32)
        self._workspace, self._memory = workspace, memory
        self._parts: list[Part] = []
        self._fresh = 0  # samples in parts that are in memory
        self._size = 0
        self._limit = 0
        self._set_limit()

    def __len__(self) -> int:
        return self._size

    def add(self, counts: Int64s, value: Float32s, position: AnyArray | None = None) -> None:
        """Add samples; those at or below the bound may be left out.

        Parameters
        ----------
        counts
            int64 (units,), how many samples of each unit.
        value
            float32 (counts.sum(),), those of the first unit first.
        position
            (counts.sum(),), which identifies each sample.
        """
        if self.position_dtype is not None:
            position = np.asarray(position, self.position_dtype)
        self._append(Part(_offsets(counts), value, position))
        if self._workspace is not None and self._fresh * self._sample_bytes > self._memory:
            self.flush()
        if self._size > self._limit:
            self.consolidate()

    def merge(self, other: TopSamples) -> None:
        """Add the samples of another shard, which must not be used afterwards."""
        if (self.units, self.capacity) != (other.units, other.capacity):
            raise ValueError("Only samples of the same units and capacity merge.")
        for part in other._parts:
            self._append(part)
        self.raise_bound(other.bound)
        self.consolidate()

    def raise_bound(self, bound: Float32s) -> None:
        """Note that no threshold will be below `bound` float32 (units,)."""
        self.bound = np.maximum(self.bound, bound)

    def consolidate(self) -> None:
        """Raise the bound as far as the samples allow, drop what is not above it, make one part."""
        before = self._parts
        big = self._workspace is not None and self._size * self._sample_bytes > self._memory
        self._parts = [self._rewrite(before, self._select, to_disk=big)]
        self._discard(before)
        self._recount()
        self._set_limit()

    def flush(self) -> None:
        """Write the parts that are in memory into the workspace, as one part."""
        if self._workspace is None:
            return
        fresh = [part for part in self._parts if isinstance(part.value, np.ndarray)]
        if fresh:
            old = [part for part in self._parts if not isinstance(part.value, np.ndarray)]
            self._parts = [*old, self._rewrite(fresh, lambda _unit, *samples: samples, to_disk=True)]
            self._recount()

    def threshold(self, capacity: int) -> Float32s:
        """Threshold of each unit, float32 (units,): its (capacity + 1)-th largest sample.

        Parameters
        ----------
        capacity
            How many samples may lie above it; not more than the capacity this was made with.
        """
        if self.capacity is None or capacity > self.capacity:
            raise ValueError(f"Asked for {capacity} samples, but only {self.capacity} are kept.")
        thresholds = self.bound.copy()
        for unit, value, _ in self.samples():
            if len(value) > capacity:
                thresholds[unit] = max(thresholds[unit], _largest(value, capacity))
        return thresholds

    def samples(self) -> Iterator[tuple[int, Float32s, AnyArray]]:
        """Iterate over units: number, values and positions of the samples that are kept."""
        for unit in range(self.units):
            yield unit, *self._gather(self._parts, unit)

    def state(self) -> State:
        """Plain arrays from which `load_state` restores it."""
        state: State = {"bound": self.bound}
        for number, part in enumerate(self._parts):
            state[f"{number}.offsets"], state[f"{number}.value"] = part.offsets, part.value
            if part.position is not None:
                state[f"{number}.position"] = part.position
        return state

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from; made with the same arguments as that one."""
        self.bound = np.array(state["bound"][:])
        self._parts = []
        while f"{len(self._parts)}.offsets" in state:
            number = len(self._parts)
            offsets = np.asarray(state[f"{number}.offsets"][:])
            self._parts.append(Part(offsets, state[f"{number}.value"], state.get(f"{number}.position")))
        self._recount()
        self._set_limit()

    @property
    def _sample_bytes(self) -> int:
        return 4 + (self.position_dtype.itemsize if self.position_dtype is not None else 0)

    def _append(self, part: Part) -> None:
        self._parts.append(part)
        self._size += len(part.value)
        self._fresh += len(part.value) if isinstance(part.value, np.ndarray) else 0

    def _recount(self) -> None:
        self._size = sum(len(part.value) for part in self._parts)
        self._fresh = sum(len(p.value) for p in self._parts if isinstance(p.value, np.ndarray))

    def _set_limit(self) -> None:
        """Consolidate at 1.5 times of what must be kept, which balances work and memory."""
        needed = (self.capacity or 0) * self.units
        self._limit = max(needed, self._size, _LEAST) * 3 // 2

    def _select(self, unit: int, value: Float32s, position: AnyArray) -> tuple[Float32s, AnyArray]:
        if self.capacity is not None and len(value) > self.capacity:
            self.bound[unit] = max(self.bound[unit], _largest(value, self.capacity))
        keep = value > self.bound[unit]
        return value[keep], position[keep] if self.position_dtype is not None else position

    def _gather(self, parts: list[Part], unit: int) -> tuple[Float32s, AnyArray]:
        spans = [slice(part.offsets[unit], part.offsets[unit + 1]) for part in parts]
        values = [part.value[span] for part, span in zip(parts, spans, strict=True)]
        value = np.concatenate(values) if values else np.empty(0, np.float32)
        if self.position_dtype is None:
            return value, np.empty(0, np.int64)
        positions = [
            part.position[span] for part, span in zip(parts, spans, strict=True) if part.position is not None
        ]
        return value, np.concatenate(positions) if positions else np.empty(0, self.position_dtype)

    def _rewrite(
        self,
        parts: list[Part],
        choose: Callable[[int, Float32s, AnyArray], tuple[Float32s, AnyArray]],
        *,
        to_disk: bool,
    ) -> Part:
        """One part out of several, unit by unit."""
        workspace = self._workspace if to_disk else None
        counts = np.zeros(self.units, np.int64)
        values = _writer(workspace, np.dtype(np.float32))
        positions = _writer(workspace, self.position_dtype) if self.position_dtype is not None else None
        for unit in range(self.units):
            value, position = choose(unit, *self._gather(parts, unit))
            counts[unit] = len(value)
            values.append(value)
            if positions is not None:
                positions.append(position)
        return Part(_offsets(counts), values.finish(), positions.finish() if positions else None)

    def _discard(self, parts: list[Part]) -> None:
        if self._workspace is not None:
            for part in parts:
                self._workspace.discard(part.value)
                self._workspace.discard(part.position)


def _writer(workspace: Workspace | None, dtype: np.dtype[Any]) -> MemoryWriter | FileWriter:
    return MemoryWriter(dtype) if workspace is None else workspace.writer(dtype)


def _offsets(counts: Int64s) -> Int64s:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def _largest(value: Float32s, rank: int) -> np.float32:
    """Sample of a rank, from 0, in descending order."""
    at = len(value) - 1 - rank
    smallest_first: Float32s = np.partition(value, at)
    return np.float32(smallest_first[at] + np.float32(0))  # 0.0 and -0.0 are equal; always return 0.0
