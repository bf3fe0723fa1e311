"""Which layers of a network can be dissected, and how to read their outputs as maps of units.

>>> for layer in list_layers(model, torch.zeros(1, 3, 224, 224)):
...     print(layer.name, layer.shape, layer.units)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from torch import Tensor, nn

from dissect_widgets.core.network.grid import Grid, Rule
from dissect_widgets.core.network.hooks import evaluation, first_tensor, trace
from dissect_widgets.core.network.receptive_field import Field, FieldMode
from dissect_widgets.errors import LayerError

Kind = Literal["map", "channels-last map", "vector", "tokens"]
TokenGrid = tuple[int, int]


class LayerInfo(NamedTuple):
    """A layer that can be dissected."""

    name: str
    """Dotted module name."""
    module: str
    """Class of the module."""
    kind: Kind
    """`map`: (B, units, h, w); `channels-last map`: (B, h, w, units), known by its aspect;
    `vector`: (B, units); `tokens`: (B, tokens, units)."""
    shape: tuple[int, ...]
    """Shape of the output, the batch first."""
    units: int
    """Number of units (channels)."""
    height: int
    """Rows of the map; 1 for a vector."""
    width: int
    """Columns of the map; 1 for a vector."""
    calls: int
    """How often the module runs in a forward pass; its last output is the one that is read."""


class LayerPlan(NamedTuple):
    """How a layer is read in every forward pass of a dissection."""

    info: LayerInfo
    grid: Grid
    """Where the positions of its map lie in the picture."""
    overwritten: bool
    """Whether a later module changes the output in place, so that it must be copied."""


def list_layers(
    model: nn.Module, pictures: Tensor, *, token_grids: Mapping[str, TokenGrid] | None = None
) -> list[LayerInfo]:
    """List the layers of a model that can be dissected, in the order in which they run.

    Parameters
    ----------
    model
        Any network; it is run once, in evaluation mode, and left as it was.
    pictures
        An input of the network, (B, 3, H, W); zeros will do.
    token_grids
        Layer name -> (rows, columns) of its tokens, where they are not a square.

    Returns
    -------
    list of LayerInfo
        Layers that put out nothing that can be dissected are left out.
    """
    seen: dict[str, tuple[tuple[int, ...], int, Field | None]] = {}

    def record(name: str):  # type: ignore[no-untyped-def]
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            try:
                tensor = first_tensor(output, name)
            except LayerError:
                return
            calls = seen.pop(name)[1] + 1 if name in seen else 1
            seen[name] = tuple(tensor.shape), calls, fields.of(tensor)

        return hook

    handles = [m.register_forward_hook(record(name)) for name, m in model.named_modules() if name]
    try:
        with evaluation(model), FieldMode(pictures) as fields:
            model(pictures)
    finally:
        for handle in handles:
            handle.remove()
    found = []
    for name, (shape, calls, field) in seen.items():
        module = type(model.get_submodule(name)).__name__
        picture = tuple(pictures.shape[-2:])
        try:
            found.append(_info(name, module, shape, calls, (token_grids or {}).get(name), picture, field))
        except LayerError:
            continue
    return found


def plan_layers(
    model: nn.Module,
    layers: Sequence[str],
    batch: Tensor,
    *,
    rule: Rule,
    token_grids: Mapping[str, TokenGrid],
    picture: tuple[int, int],
) -> dict[str, LayerPlan]:
    """Run the model once on a batch, and find out how each of `layers` is to be read.

    Parameters
    ----------
    model
        Network in evaluation mode.
    layers
        Dotted names.
    batch
        What the model takes, (B, 3, H, W).
    rule
        Where map positions lie. With "receptive-field", layers whose geometry cannot be derived
        (tokens, vectors, maps behind a global operation) fall back to "half-pixel", and say so.
    token_grids
        Layer name -> (rows, columns) of its tokens.
    picture
        (H, W).

    Raises
    ------
    LayerError
        Unknown layer, a layer that does not run, or whose output is no map, vector or tokens.
    """
    calls = dict.fromkeys(layers, 0)
    versions: dict[str, tuple[Tensor, int | None]] = {}

    def count(name: str):  # type: ignore[no-untyped-def]
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            calls[name] += 1
            tensor = first_tensor(output, name)
            versions[name] = (tensor, _version(tensor))

        return hook

    with trace(model, layers) as seen:
        handles = [model.get_submodule(name).register_forward_hook(count(name)) for name in calls]
        try:
            with FieldMode(batch) as fields:
                model(batch)
        finally:
            for handle in handles:
                handle.remove()
    plans = {}
    for name in layers:
        if not calls[name]:
            raise LayerError(f"Layer {name!r} did not run in the forward pass, so it puts out no map.")
        module = type(model.get_submodule(name)).__name__
        shape = tuple(seen[name].shape)
        tensor, version = versions[name]
        field = fields.of(tensor)
        info = _info(name, module, shape, calls[name], token_grids.get(name), picture, field)
        if info.shape[0] != len(batch):
            raise LayerError(
                f"Layer {name!r} puts out {info.shape} for a batch of {len(batch)}: its first dimension "
                "is not the batch."
            )
        grid = Grid.half_pixel(info.height, info.width, picture)
        plane = {"map": (-2, -1), "channels-last map": (-3, -2)}.get(info.kind)
        if rule == "receptive-field" and field is not None and field.dims == plane:
            y, x, _ = field
            grid = Grid(info.height, info.width, y.center, x.center, y.step, x.step, "receptive-field")
        # a tensor of inference mode does not tell whether it was changed, and so is copied
        plans[name] = LayerPlan(info, grid, version is None or _version(tensor) != version)
    return plans


def as_maps(output: Tensor, info: LayerInfo) -> Tensor:
    """Read a layer's output (B, ...) as float32 maps (B, units, height, width)."""
    if output.dim() != len(info.shape) or output.shape[1:] != info.shape[1:]:
        raise LayerError(
            f"Layer {info.name!r} put out {tuple(output.shape)} after {info.shape}: the pictures of a "
            "dissection must have one size."
        )
    if info.kind == "channels-last map":
        output = output.permute(0, 3, 1, 2)
    elif info.kind == "vector":
        output = output[:, :, None, None]
    elif info.kind == "tokens":
        extra = info.shape[1] - info.height * info.width  # class and register tokens come first
        output = output[:, extra:].transpose(1, 2)
        output = output.reshape(len(output), info.units, info.height, info.width)
    return output.float()


def _info(
    name: str,
    module: str,
    shape: tuple[int, ...],
    calls: int,
    token_grid: TokenGrid | None,
    picture: tuple[int, ...],
    field: Field | None,
) -> LayerInfo:
    """Interpret an output shape; where its plane lies is known from the field, or guessed."""
    last = field.dims == (-3, -2) if field is not None else _is_channels_last(shape, picture)
    if len(shape) == 4 and last:
        return LayerInfo(name, module, "channels-last map", shape, shape[3], shape[1], shape[2], calls)
    if len(shape) == 4:
        return LayerInfo(name, module, "map", shape, shape[1], shape[2], shape[3], calls)
    if len(shape) == 2:
        return LayerInfo(name, module, "vector", shape, shape[1], 1, 1, calls)
    if len(shape) == 3:
        height, width = token_grid or _square_grid(name, shape)
        if height * width > shape[1] or height < 1 or width < 1:
            raise LayerError(
                f"Layer {name!r} puts out {shape[1]} tokens, fewer than a grid of {height} x {width}."
            )
        return LayerInfo(name, module, "tokens", shape, shape[2], height, width, calls)
    raise LayerError(
        f"Layer {name!r} puts out shape {shape}. Allowed are maps (B, units, h, w), vectors (B, units) "
        "and tokens (B, tokens, units)."
    )


def _version(tensor: Tensor) -> int | None:
    """How often a tensor was changed in place; None if it does not tell."""
    return None if tensor.is_inference() else tensor._version


def _is_channels_last(shape: tuple[int, ...], picture: tuple[int, ...]) -> bool:
    """Whether (B, h, w, units) has the picture's aspect, and (B, units, h, w) clearly has not."""
    if len(shape) != 4 or len(picture) != 2 or 0 in shape:
        return False
    aspect = math.log(picture[0] / picture[1])
    as_last = abs(math.log(shape[1] / shape[2]) - aspect)
    as_first = abs(math.log(shape[2] / shape[3]) - aspect)
    return as_first > math.log(1.25) and as_last < as_first / 4


def _square_grid(name: str, shape: tuple[int, ...]) -> TokenGrid:
    for extra in (0, 1):  # without or with a class token
        side = math.isqrt(shape[1] - extra)
        if side > 0 and side * side == shape[1] - extra:
            return side, side
    raise LayerError(
        f"Layer {name!r} puts out {shape[1]} tokens, which is no square grid, with or without a class "
        f"token. Say their grid: token_grids={{{name!r}: (rows, columns)}}; extra tokens come first."
    )
