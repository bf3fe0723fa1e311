"""CIE Lab colors of images in torch, and a grid of color bins, for tasks that predict colors."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to XYZ (IEC 61966-2-1)."""
_WHITE: Final = (0.95047, 1.0, 1.08883)
"""XYZ of D65."""
_KNEE: Final = (6 / 29) ** 3

_REACH: Final = 8  # cells in each direction from gray

BIN: Final = 16.0
"""Width of a color bin in a and in b; Zhang et al. 2016 have 10."""


def lab_of(images: Tensor) -> Tensor:
    """L in [0, 100], a and b (B, 3, h, w) of sRGB images float (B, 3, h, w) in [0, 1]."""
    images = images.float()
    low = images / 12.92
    high = ((images.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(images <= 0.04045, low, high)
    matrix = torch.tensor(_TO_XYZ, device=images.device) / torch.tensor(_WHITE, device=images.device)[:, None]
    red, green, blue = linear.unbind(1)
    x, y, z = (_bend(row[0] * red + row[1] * green + row[2] * blue) for row in matrix)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def _bend(t: Tensor) -> Tensor:
    """The cube root, with a straight line near 0."""
    straight = t / (3 * (6 / 29) ** 2) + 4 / 29
    return torch.where(t > _KNEE, t.clamp(min=_KNEE) ** (1 / 3), straight)


@lru_cache(maxsize=1)
def _lattice() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Centers of the bins, (bins, 2), and the number of the bin nearest to each cell (of a, of b)."""
    levels = torch.linspace(0, 1, 65)
    cube = torch.cartesian_prod(levels, levels, levels).T.reshape(1, 3, -1, 1)
    cells = np.unique((lab_of(cube)[0, 1:, :, 0].T / BIN).round().numpy(), axis=0)
    steps = np.arange(-_REACH, _REACH + 1, dtype=np.float32)
    grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1)
    distances = ((grid[:, :, None] - cells) ** 2).sum(-1)
    return cells * np.float32(BIN), distances.argmin(-1)


def color_bins(device: torch.device | str = "cpu") -> Tensor:
    """Centers of the bins of (a, b) that some sRGB color falls into, float (bins, 2)."""
    return torch.from_numpy(_lattice()[0]).to(device)


def bins_of(colors: Tensor) -> Tensor:
    """Number of the bin, int64 (B, h, w), of a and b float (B, 2, h, w)."""
    cells = (colors / BIN).round().long().clamp(-_REACH, _REACH) + _REACH
    table = torch.from_numpy(_lattice()[1]).to(colors.device)
    return table[cells[:, 0], cells[:, 1]]
