"""Which layers of a network can be dissected, and how to read their outputs as maps of units.

>>> for layer in list_layers(model, torch.zeros(1, 3, 224, 224)):
...     print(layer.name, layer.shape, layer.units)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from dissect_widgets.core.network.grid import Grid, Rule
from dissect_widgets.core.network.hooks import evaluation, first_tensor, trace
from dissect_widgets.core.network.layer_kinds import (
    LayerKind,
    LayerOutput,
    TokenGrid,
    kind_called,
    recognize_kind,
)
from dissect_widgets.core.network.original import original
from dissect_widgets.core.network.receptive_field import Field, FieldMode
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import LayerError


class LayerInfo(NamedTuple):
    """A layer that can be dissected."""

    name: str
    """Dotted module name."""
    module: str
    """Class of the module."""
    kind: str
    """Name of its `LayerKind`: "map", "channels-last map", "vector", "tokens"."""
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

    @property
    def layer_kind(self) -> LayerKind:
        """What the dimensions of its output are, and how it is read as maps."""
        return kind_called(self.kind)


class LayerPlan(NamedTuple):
    """How a layer is read in every forward pass of a dissection."""

    info: LayerInfo
    grid: Grid
    """Where the positions of its map lie in the image."""
    overwritten: bool
    """Whether a later module changes the output in place, so that it must be copied."""


def list_layers(
    model: nn.Module, images: Tensor, *, token_grids: Mapping[str, TokenGrid] | None = None
) -> list[LayerInfo]:
    """List the layers of a model that can be dissected, in the order in which they run.

    Parameters
    ----------
    model
        Any network; it is run once, in evaluation mode, and left as it was.
    images
        An input of the network, (B, 3, H, W); zeros will do.
    token_grids
        Layer name -> (rows, columns) of its tokens, where they do not form a square.

    Returns
    -------
    list of LayerInfo
        Layers whose output cannot be dissected are left out.
    """
    model = original(model)
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
        with evaluation(model), FieldMode(images) as fields:
            run(model, images)
    finally:
        for handle in handles:
            handle.remove()
    listed = []
    for name, (shape, calls, field) in seen.items():
        module = type(model.get_submodule(name)).__name__
        plane = None if field is None else field.dims
        output = LayerOutput(name, shape, tuple(images.shape[-2:]), plane, (token_grids or {}).get(name))
        try:
            listed.append(_info(output, module, calls))
        except LayerError:
            continue
    return listed


def plan_layers(
    model: nn.Module,
    layers: Sequence[str],
    batch: Tensor,
    *,
    rule: Rule,
    token_grids: Mapping[str, TokenGrid],
    image_size: tuple[int, int],
) -> dict[str, LayerPlan]:
    """Run the model once on a batch, and determine how each of `layers` is read.

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
        (tokens, vectors, maps behind a global operation) fall back to "half-pixel", and their grid says so.
    token_grids
        Layer name -> (rows, columns) of its tokens.
    image_size
        (H, W) of the image.

    Raises
    ------
    LayerError
        Unknown layer, a layer that does not run, or whose output is of no kind that can be dissected.
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
                run(model, batch)
        finally:
            for handle in handles:
                handle.remove()
    plans = {}
    for name in layers:
        if not calls[name]:
            raise LayerError(f"Layer {name!r} did not run in the forward pass, so it outputs no map.")
        module = type(model.get_submodule(name)).__name__
        shape = tuple(seen[name].shape)
        tensor, version = versions[name]
        field = fields.of(tensor)
        plane = None if field is None else field.dims
        output = LayerOutput(name, shape, image_size, plane, token_grids.get(name))
        info = _info(output, module, calls[name])
        if info.shape[0] != len(batch):
            raise LayerError(
                f"Layer {name!r} outputs {info.shape} for a batch of {len(batch)}: its first dimension "
                "is not the batch."
            )
        grid = Grid.half_pixel(info.height, info.width, image_size)
        if rule == "receptive-field" and field is not None and plane == info.layer_kind.plane_dims:
            y, x, _ = field
            grid = Grid(info.height, info.width, y.center, x.center, y.step, x.step, "receptive-field")
        # a tensor of inference mode does not record whether it was changed, and so is copied
        plans[name] = LayerPlan(info, grid, version is None or _version(tensor) != version)
    return plans


def as_maps(output: Tensor, info: LayerInfo) -> Tensor:
    """Read a layer's output (B, ...) as float32 maps (B, units, height, width).

    Raises
    ------
    LayerError
        If it has another shape than the first.
    """
    if output.dim() != len(info.shape) or output.shape[1:] != info.shape[1:]:
        raise LayerError(
            f"Layer {info.name!r} output {tuple(output.shape)} after {info.shape}: the images of a "
            "dissection must have one size."
        )
    return info.layer_kind.to_maps(output, info.height, info.width).float()


def _info(output: LayerOutput, module: str, calls: int) -> LayerInfo:
    """Interpret an output shape."""
    kind = recognize_kind(output)
    height, width = kind.map_size(output)
    units = output.shape[kind.unit_dim]
    return LayerInfo(output.layer, module, kind.name, output.shape, units, height, width, calls)


def _version(tensor: Tensor) -> int | None:
    """How often a tensor was changed in place; None if that is not recorded."""
    return None if tensor.is_inference() else tensor._version
