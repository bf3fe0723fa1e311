"""Whether a layer's output is read rightly: each unit a channel, each position where the picture has it.

An oracle for the tests of all rooms. It follows the places of all numbers through the operations of the
network (`traced_places`), and compares them with where the product says that the numbers lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.hooks import trace
from dissect_widgets.core.network.layers import LayerInfo, as_maps
from tests.core.proofs.traced_places import Places, TracedPlaces

TOLERANCE = 1.0
"""Steps of the map by which a position may be off: centers are blurred at the borders of padded maps."""


class Placement(NamedTuple):
    verdict: Literal["right", "wrong", "undecidable"]
    reason: str
    off: float
    """Steps of the map by which the worst position is off."""


class Output(NamedTuple):
    """What a layer outputs, and where it lies; None where it could not be followed."""

    values: Tensor
    places: Places | None


def traced_outputs(
    model: nn.Module, layers: Sequence[str], images: Tensor, parts: Mapping[str, str] | None = None
) -> tuple[dict[str, Output], set[str]]:
    """Outputs of layers with their places, and the operations that could not be followed.

    `parts` names the tensors of layers that output several.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one fused operation that hides the layers in it
    try:
        with evaluation(model), torch.inference_mode(), TracedPlaces(images) as places:
            seen = _outputs(model, layers, images, parts or {})
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return {name: Output(output, places.of(output)) for name, output in seen.items()}, places.unknown


def _outputs(
    model: nn.Module, layers: Sequence[str], images: Tensor, parts: Mapping[str, str]
) -> dict[str, Tensor]:
    with trace(model, layers, parts=parts) as seen:
        model(images.clone())  # a network may write into its input
    return seen


def described(places: Places) -> str:
    """Along which dimensions the rows, columns and channels run: "(image, y+x, channel)" for tokens."""
    named = (("image", places.image), ("y", places.y), ("x", places.x), ("channel", places.channel))
    dims = []
    for dim in range(places.y.dim()):
        names = [name for name, trace in named if trace.shape[dim] > 1 and _varies(trace.diff(dim=dim))]
        dims.append("+".join(names) or str(places.y.shape[dim]))
    nowhere = float(torch.isnan(places.y).float().mean())
    extra = f", {nowhere:.1%} without a place" if nowhere else ""
    blur = float(torch.nan_to_num(places.blur).sqrt().median())
    return f"({', '.join(dims)}){extra}, blurred over {blur:.0f} px"


def _varies(change: Tensor) -> bool:
    change = torch.nan_to_num(change.abs())
    return float(change.max()) > 0.4 and float((change > 0.05).float().mean()) > 0.005


def _straight(positions: Tensor, centers: Tensor, dim: int) -> bool:
    """Whether positions (..., rows, columns) run along a dimension, all in all, as the centers of a grid."""
    count = positions.shape[dim]
    if count == 1:
        return True
    flat = positions.double().movedim(dim, 0).reshape(count, -1)
    line = (centers - centers.mean()).double()[:, None]
    around = flat - flat.mean(0)
    slope = (line * around).sum(0) / (line**2).sum()
    fit = (line * around).sum(0) / ((line**2).sum() * (around**2).sum(0)).sqrt()
    return bool(((slope > 0.6) & (slope < 1.6) & (fit > 0.97)).all())


def judge(output: Output, info: LayerInfo, grid: Grid) -> Placement:
    """Compare where the numbers of an output lie with how the product reads it."""
    if output.places is None:
        return Placement("undecidable", "its places could not be followed", 0.0)
    values = as_maps(output.values, info)
    image, y, x, blur, channel = (as_maps(t.contiguous(), info) for t in output.places)
    batch, units, rows, columns = y.shape
    if (units, rows, columns, rows, columns) != (info.units, info.height, info.width, *grid[:2]):
        return Placement("wrong", f"its maps are {tuple(y.shape)}", 0.0)
    number = torch.arange(batch, dtype=torch.float32).view(-1, 1, 1, 1)
    if bool((torch.nan_to_num((image - number).abs()) > 1e-3).any()):
        return Placement("wrong", "its maps mix images", 0.0)
    first = channel.flatten(2)[:, :, :1]
    mixed = float(((channel.flatten(2) - first).abs() > 1e-3).float().mean())
    if mixed > 0:
        return Placement("wrong", f"its units are not channels ({mixed:.0%} of numbers)", 0.0)
    if rows * columns == 1:
        return Placement("right", "a vector", 0.0)
    if float((values - values[..., :1, :1]).abs().max()) <= 1e-5 * float(values.abs().max()):
        return Placement("right", "one value everywhere", 0.0)
    if bool(torch.isnan(y).any()):
        return Placement("wrong", f"{float(torch.isnan(y).float().mean()):.1%} of numbers have no place", 0.0)
    centers_y = grid.top + grid.step_y * torch.arange(rows)
    centers_x = grid.left + grid.step_x * torch.arange(columns)
    off = torch.maximum((y - centers_y[:, None]).abs() / grid.step_y, (x - centers_x).abs() / grid.step_x)
    worst = float(off.max())
    if worst <= TOLERANCE:
        return Placement("right", "", worst)
    # branches of several resolutions that join, and maps that are finer than their source, are no sharper
    straight = _straight(y, centers_y, 2) and _straight(x, centers_x, 3)
    pixels = torch.maximum((y - centers_y[:, None]).abs(), (x - centers_x).abs())
    sharpness = max(float(blur.sqrt().mean()), 2 * max(grid.step_y, grid.step_x))
    if straight and float(pixels.max()) <= sharpness:
        return Placement("right", f"within its blur of {sharpness:.0f} px", worst)
    share = float((off > TOLERANCE).float().mean())
    return Placement("wrong", f"{share:.0%} of positions lie elsewhere, by up to {worst:.1f} steps", worst)
