"""Where the positions of an activation map lie in the picture, and what lies between them.

A `Grid` places the rows and columns of a map in picture coordinates (pixel centres at 0, 1, 2 ...).
An `Upsampler` reads maps bilinearly at the pixels of a label map, clamped outside the outermost
centres. Both rules of the papers are such grids: receptive-field centres (TPAMI 2018, sec. 2.2,
"anchoring interpolants at the center of each unit's receptive field") and half-pixel.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Rule = Literal["receptive-field", "half-pixel"]


class Grid(NamedTuple):
    """Centres of a map's positions: row i lies at `top + i * step_y`, column j at `left + j * step_x`."""

    height: int
    width: int
    top: float
    left: float
    step_y: float
    step_x: float
    rule: Rule

    @classmethod
    def half_pixel(cls, height: int, width: int, picture: tuple[int, int]) -> Grid:
        """Grid that divides a picture of size (H, W) evenly, as `align_corners=False` does."""
        step_y, step_x = picture[0] / height, picture[1] / width
        return cls(height, width, (step_y - 1) / 2, (step_x - 1) / 2, step_y, step_x, "half-pixel")

    def coordinates(
        self, size: tuple[int, int], picture: tuple[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Map coordinates of the pixels of a label map that covers the picture, clamped to the map.

        Parameters
        ----------
        size
            (rows, columns) of the label map.
        picture
            (H, W) of the picture.

        Returns
        -------
        tuple
            Rows float64 (rows,) in [0, height - 1], columns float64 (columns,) in [0, width - 1].
        """

        def axis(count: int, full: int, first: float, step: float, length: int) -> NDArray[np.float64]:
            pixel = (np.arange(count) + 0.5) * (full / count) - 0.5
            return np.asarray(np.clip((pixel - first) / step, 0, length - 1), np.float64)

        return (
            axis(size[0], picture[0], self.top, self.step_y, self.height),
            axis(size[1], picture[1], self.left, self.step_x, self.width),
        )


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
    picture
        (H, W) of the picture that both cover.
    device
        Where the maps are.
    """

    def __init__(
        self, grid: Grid, size: tuple[int, int], picture: tuple[int, int], device: torch.device
    ) -> None:
        self.grid, self.size, self.device = grid, size, device
        rows, columns = grid.coordinates(size, picture)
        self._row, self._row_after, self._row_fraction = self._neighbours(rows, grid.height)
        self._column, self._column_after, self._column_fraction = self._neighbours(columns, grid.width)

    def _neighbours(self, coordinates: NDArray[np.float64], length: int) -> tuple[Tensor, Tensor, Tensor]:
        before = np.floor(coordinates).astype(np.int64)
        after = np.minimum(before + 1, length - 1)
        fraction = (coordinates - before).astype(np.float32)[:, None]
        return (
            torch.from_numpy(before).to(self.device),
            torch.from_numpy(after).to(self.device),
            torch.from_numpy(fraction).to(self.device),
        )

    def transposed(self, maps: Tensor, chosen: Tensor) -> Tensor:
        """Upsample the `chosen` maps; rows and columns of the result are swapped.

        Swapped, because then both steps copy whole rows, which is several times faster.

        Parameters
        ----------
        maps
            float32 (maps, height, width), contiguous.
        chosen
            int64 (n,), which of them.

        Returns
        -------
        Tensor
            float32 (n, columns, rows).
        """
        height, width = self.grid.height, self.grid.width
        lines = maps.reshape(-1, width)
        first_line = (chosen * height)[:, None]

        def read(row: Tensor) -> Tensor:
            return lines.index_select(0, (first_line + row).reshape(-1)).view(len(chosen), len(row), width)

        value = _between(read(self._row), read(self._row_after), self._row_fraction)
        value = value.transpose(1, 2).contiguous()
        return _between(
            value.index_select(1, self._column),
            value.index_select(1, self._column_after),
            self._column_fraction,
        )

    def __call__(self, maps: Tensor) -> Tensor:
        """Upsample float32 maps (..., height, width) to (..., rows, columns)."""
        flat = maps.reshape(-1, self.grid.height, self.grid.width).contiguous()
        every = torch.arange(len(flat), device=maps.device)
        upsampled = self.transposed(flat, every).transpose(1, 2)
        return upsampled.reshape(*maps.shape[:-2], *self.size)


def _between(before: Tensor, after: Tensor, fraction: Tensor) -> Tensor:
    return after.sub_(before).mul_(fraction).add_(before)
