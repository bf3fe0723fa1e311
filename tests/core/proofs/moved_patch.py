"""Where the maps of a layer change when a patch of the image does: a second opinion beside the oracle.

It looks at nothing but numbers: patches of two fills are put all over the image, and where the maps change
for one more than for the others is compared with where the patch is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.hooks import trace
from dissect_widgets.core.network.layers import LayerInfo, as_maps

FILLS = (0.0, 1.0)


def patched(image: Tensor, rows: int = 3, columns: int = 4, fill: float = 0.0) -> tuple[Tensor, Tensor]:
    """An image (C, H, W) with a patch in one cell of a grid after the other, and their centers (n, 2)."""
    height, width = image.shape[-2:]
    images, centers = [], []
    for row in range(rows):
        for column in range(columns):
            top, bottom = height * row // rows, height * (row + 1) // rows
            left, right = width * column // columns, width * (column + 1) // columns
            changed = image.clone()
            changed[:, top:bottom, left:right] = fill
            images.append(changed)
            centers.append(((top + bottom - 1) / 2, (left + right - 1) / 2))
    return torch.stack(images), torch.tensor(centers)


def follow_patch(
    model: nn.Module, layers: Mapping[str, tuple[LayerInfo, Grid]], image: Tensor
) -> dict[str, float]:
    """How far the changes of a layer's maps move for each pixel that a patch moves: layer -> slope.

    About 1 (0.6 where receptive fields are wide) for maps whose positions lie where their grids say, about 0
    for others; of the rows and the columns, whichever is less. NaN for maps of one position, and for those
    that no patch changes.

    Parameters
    ----------
    model
        Any network that takes `image`, (C, H, W), as a batch.
    layers
        Layer -> how it is read, and where its positions are said to lie.
    """
    changes: dict[str, Tensor] = {}
    parts = {name: info.part for name, (info, _) in layers.items()}
    with evaluation(model), trace(model, list(layers), parts=parts) as seen:
        model(image[None].clone())  # a network may write into its input
        clean = {name: as_maps(seen[name], info).clone() for name, (info, _) in layers.items()}
        for fill in FILLS:
            images, centers = patched(image, fill=fill)
            model(images)
            for name, (info, _) in layers.items():
                change = (as_maps(seen[name], info) - clean[name]).abs()
                change = (change / change.mean((0, 2, 3), keepdim=True).clamp(min=1e-12)).mean(1)
                changes[name] = changes.get(name, torch.zeros(())) + change
    return {name: _slope(changes[name], grid, centers) for name, (_, grid) in layers.items()}


def _slope(change: Tensor, grid: Grid, centers: Tensor) -> float:
    """Slope of the centers of the change (patches, h, w) that is particular to a patch, over its center."""
    particular = (change / change.mean(0).clamp(min=1e-12) - 1).clamp(min=0)
    weight = particular.double() ** 2
    total = weight.sum((1, 2))
    if not bool((total > 0).all()):
        return math.nan
    y = grid.top + grid.step_y * torch.arange(grid.height)
    x = grid.left + grid.step_x * torch.arange(grid.width)
    slopes = []
    for found, true, count in (
        ((weight.sum(2) * y).sum(1) / total, centers[:, 0], grid.height),
        ((weight.sum(1) * x).sum(1) / total, centers[:, 1], grid.width),
    ):
        if count > 1:
            moved = true - true.mean()
            slopes.append(float((found * moved).sum() / (moved**2).sum()))
    return min(slopes, default=math.nan)
