"""The cells of a map that a round brush covers as it moves in straight lines from point to point.

The map is divided finely; a fine cell is covered if its middle is no farther from the path than the radius
of the brush. The part of a row that the brush covers between two points is one interval, whose ends are
computed, so that a long path costs little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_FINE: Final = 8
"""Fine cells along each side of a cell of the map."""
_TIE: Final = 1e-9
"""Fine cells by which a middle may be too far: it is covered where it is exactly as far as the radius."""
_AT_ONCE: Final = 2**18
"""Rows times lines that are computed at once, which bounds the memory."""

Floats = NDArray[np.float64]
Point = tuple[float, float]


class Coverage:
    """How much of each cell of a map a brush covers as it moves.

    Parameters
    ----------
    grid
        Rows and columns of the map, which spans the image.
    image_size
        Height and width of the image, whose proportions count.
    brush
        Diameter, as a share of the image's width.
    """

    def __init__(self, grid: tuple[int, int], image_size: tuple[int, int], brush: float) -> None:
        rows, self._columns = (side * _FINE for side in grid)
        self._grid, self._aspect = grid, image_size[0] / image_size[1]
        self._y = (np.arange(rows) + 0.5) / rows * self._aspect
        # the smallest brush still covers a point, wherever it is
        self._radius = max(brush / 2, math.hypot(1 / self._columns, self._aspect / rows) / 2)
        self._covered = np.zeros((rows, self._columns), bool)
        self._last: Point | None = None

    def add(self, points: Sequence[Point]) -> Coverage:
        """Move the brush to more points (x, y), shares of the width and height, in straight lines."""
        if not points:
            return self
        ends = np.asarray(points, np.float64) * (1, self._aspect)
        first = ends[0] if self._last is None else np.asarray(self._last)
        starts = np.concatenate([first[None], ends[:-1]])
        step = max(1, _AT_ONCE // len(self._y))
        for k in range(0, len(ends), step):
            self._cover(*_intervals(self._y, starts[k : k + step], ends[k : k + step], self._radius))
        self._last = (float(ends[-1, 0]), float(ends[-1, 1]))
        return self

    def _cover(self, left: Floats, right: Floats) -> None:
        """Cover the fine cells whose middles lie in intervals (lines, rows) of x."""
        rows, columns = self._covered.shape
        first = np.clip(np.ceil(left * columns - 0.5 - _TIE), 0, columns).astype(np.int64)
        after = np.clip(np.floor(right * columns + 0.5 + _TIE), 0, columns).astype(np.int64)
        row = np.broadcast_to(np.arange(rows), first.shape)
        change = np.zeros((rows, columns + 1), np.int64)
        np.add.at(change, (row, first), 1)
        np.add.at(change, (row, np.maximum(first, after)), -1)
        self._covered |= change.cumsum(1)[:, :columns] > 0

    def mask(self) -> NDArray[np.float32]:
        """Share of each cell that is covered, float32 (rows, columns) in [0, 1]."""
        rows, columns = self._grid
        fine = self._covered.reshape(rows, _FINE, columns, _FINE)
        return np.asarray(fine.mean((1, 3)), np.float32)


def _intervals(y: Floats, starts: Floats, ends: Floats, radius: float) -> tuple[Floats, Floats]:
    """Where lines with round ends, a radius wide to each side, cross rows: left and right ends (lines, rows).

    A line is a disc at each end and a rectangle between them; the whole is convex. Where it does not cross a
    row, the left end is inf and the right one -inf.
    """
    left, right = np.full((2, len(starts), len(y)), np.inf) * np.array([1.0, -1.0])[:, None, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        for middle in (starts, ends):
            half = np.sqrt(radius**2 - (y - middle[:, 1:]) ** 2)  # NaN where the disc does not reach
            left = np.fmin(left, middle[:, :1] - half)
            right = np.fmax(right, middle[:, :1] + half)
        along = ends - starts
        length = np.hypot(along[:, :1], along[:, 1:])
        across, down = along[:, :1] / length, along[:, 1:] / length
        dy = y - starts[:, 1:]
        low, high = _between(across, down * dy, 0, length)
        other_low, other_high = _between(-down, across * dy, -radius, radius)
        low, high = np.fmax(low, other_low) + starts[:, :1], np.fmin(high, other_high) + starts[:, :1]
        is_crossed = (low <= high) & (length > 0)
    return np.where(is_crossed, np.fmin(left, low), left), np.where(is_crossed, np.fmax(right, high), right)


def _between(slope: Floats, offset: Floats, least: Any, most: Any) -> tuple[Floats, Floats]:
    """For which x is `least <= slope * x + offset <= most`: an interval, empty as (inf, -inf)."""
    one, two = (least - offset) / slope, (most - offset) / slope
    is_inside = (offset >= least) & (offset <= most)
    flat_low, flat_high = np.where(is_inside, -np.inf, np.inf), np.where(is_inside, np.inf, -np.inf)
    is_flat = slope == 0
    return np.where(is_flat, flat_low, np.minimum(one, two)), np.where(
        is_flat, flat_high, np.maximum(one, two)
    )
