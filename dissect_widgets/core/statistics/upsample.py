"""Bilinear upsampling of maps to the pixels of a label map, with the same bits on any device.

>>> upsampler = Upsampler(grid, (112, 112), (224, 224), maps.device)
>>> upsampler(maps).shape                    # (..., 13, 13) -> (..., 112, 112)
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.arrays import Float64s
from dissect_widgets.core.network.grid import Grid

_ROUNDING = 2.0**-20


class Upsamplers:
    """Upsamplers of the maps of one grid, each made once.

    Parameters
    ----------
    grid
        Grid of the maps.
    image_size
        (H, W) of the image that they cover.
    """

    def __init__(self, grid: Grid, image_size: tuple[int, int]) -> None:
        self.grid, self.image_size = grid, image_size
        self._made: dict[tuple[torch.device, tuple[int, int]], Upsampler] = {}

    def to_size(self, size: tuple[int, int], device: torch.device) -> Upsampler:
        """Upsampler to maps of a size (rows, columns), on a device."""
        if (device, size) not in self._made:
            self._made[device, size] = Upsampler(self.grid, size, self.image_size, device)
        return self._made[device, size]


class Upsampler:
    """Reads maps of one grid at the pixels of a label map.

    Along each axis the value between a and b at fraction f is `a + f * (b - a)`, in float32 and in
    separate operations: every device, batch and thread gives the same bits, and a plateau stays flat.

    Parameters
    ----------
    grid
        Grid of the maps.
    size
        (rows, columns) of the label map.
    image_size
        (H, W) of the image that both cover.
    device
        Where the maps are.
    """

    def __init__(
        self, grid: Grid, size: tuple[int, int], image_size: tuple[int, int], device: torch.device
    ) -> None:
        self.grid, self.size, self.device = grid, size, device
        rows, columns = grid.coordinates(size, image_size)
        self._row, self._row_after, self._row_fraction = self._neighbors(rows, grid.height)
        self._column, self._column_after, self._column_fraction = self._neighbors(columns, grid.width)

    def _neighbors(self, coordinates: Float64s, length: int) -> tuple[Tensor, Tensor, Tensor]:
        before = np.floor(coordinates).astype(np.int64)
        fraction = (coordinates - before).astype(np.float32)
        before, fraction = before + (fraction == 1), np.where(fraction == 1, np.float32(0), fraction)
        after = np.minimum(before + 1, length - 1)
        return (
            torch.from_numpy(before).to(self.device),
            torch.from_numpy(after).to(self.device),
            torch.from_numpy(fraction[:, None]).to(self.device),
        )

    def rows_that_reach(self, row_highest: Tensor, bound: Tensor) -> Tensor:
        """Rows of the label map on which a map can exceed a bound.

        A value between two samples is no greater than both, up to rounding, so a row between two rows
        that do not reach the bound can be skipped.

        Parameters
        ----------
        row_highest
            float32 (..., height), the greatest sample of each row of the maps.
        bound
            float32, of a shape that broadcasts with (..., rows).

        Returns
        -------
        Tensor
            bool (..., rows).
        """
        highest = torch.maximum(row_highest[..., self._row], row_highest[..., self._row_after])
        return can_exceed(highest, bound)

    def rows(self, lines: Tensor, first_line: Tensor, row: Tensor) -> Tensor:
        """Rows of upsampled maps, not yet upsampled along the columns.

        Parameters
        ----------
        lines
            float32 (maps * height, width), the rows of all maps, map by map.
        first_line
            int64 (n,), where in `lines` the map of each wanted row begins.
        row
            int64 (n,), which row of the label map is wanted.

        Returns
        -------
        Tensor
            float32 (n, width).
        """
        before = lines.index_select(0, first_line + self._row[row])
        after = lines.index_select(0, first_line + self._row_after[row])
        return _between(before, after, self._row_fraction[row])

    def columns(self, rows: Tensor) -> Tensor:
        """Upsample rows float32 (n, width) along their columns, to (columns, n).

        Transposed, because copying whole lines is several times faster.
        """
        across = rows.T.contiguous()
        before, after = across.index_select(0, self._column), across.index_select(0, self._column_after)
        return _between(before, after, self._column_fraction)

    def __call__(self, maps: Tensor) -> Tensor:
        """Upsample float32 maps (..., height, width) to (..., rows, columns)."""
        height, width = self.grid.height, self.grid.width
        lines = maps.reshape(-1, width)
        count = len(lines) // height
        row = torch.arange(self.size[0], device=maps.device).repeat(count)
        first_line = torch.arange(count, device=maps.device).repeat_interleave(self.size[0]) * height
        upsampled = self.columns(self.rows(lines, first_line, row)).T
        return upsampled.reshape(*maps.shape[:-2], *self.size)


def can_exceed(highest: Tensor, bound: Tensor) -> Tensor:
    """Whether values between samples of at most `highest` can exceed a bound; bool.

    Upsampling rounds, and can exceed the greatest sample by a few units in the last place.
    """
    return highest + highest.abs() * _ROUNDING > bound


def _between(before: Tensor, after: Tensor, fraction: Tensor) -> Tensor:
    return after.sub_(before).mul_(fraction).add_(before)
