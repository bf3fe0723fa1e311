"""Where the positions of an activation map lie in the image.

A `Grid` places the rows and columns of a map in image coordinates (pixel centers at 0, 1, 2 ...).
Both rules of the papers are such grids: receptive-field centers (TPAMI 2018, sec. 2.2, "anchoring
interpolants at the center of each unit's receptive field") and half-pixel.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rule = Literal["receptive-field", "half-pixel"]


class Grid(NamedTuple):
    """Centers of a map's positions: row i lies at `top + i * step_y`, column j at `left + j * step_x`."""

    height: int
    width: int
    top: float
    left: float
    step_y: float
    step_x: float
    rule: Rule

    @classmethod
    def half_pixel(cls, height: int, width: int, image_size: tuple[int, int]) -> Grid:
        """Grid that divides an image of size (H, W) evenly, as `align_corners=False` does."""
        step_y, step_x = image_size[0] / height, image_size[1] / width
        return cls(height, width, (step_y - 1) / 2, (step_x - 1) / 2, step_y, step_x, "half-pixel")

    def coordinates(
        self, size: tuple[int, int], image_size: tuple[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Map coordinates of the pixels of a label map that covers the image, clamped to the map.

        Parameters
        ----------
        size
            (rows, columns) of the label map.
        image_size
            (H, W) of the image.

        Returns
        -------
        tuple
            Rows float64 (rows,) in [0, height - 1], columns float64 (columns,) in [0, width - 1].
        """

        def axis(count: int, full: int, first: float, step: float, length: int) -> NDArray[np.float64]:
            pixel = (np.arange(count) + 0.5) * (full / count) - 0.5
            position = (pixel - first) / step
            whole = np.rint(position)
            position = np.where(np.abs(position - whole) < 1e-9, whole, position)  # rounding moves nothing
            return np.asarray(np.clip(position, 0, length - 1), np.float64)

        return (
            axis(size[0], image_size[0], self.top, self.step_y, self.height),
            axis(size[1], image_size[1], self.left, self.step_x, self.width),
        )
