"""Which layers of a network can be dissected, and how to read their outputs as maps of units.

>>> for layer in list_layers(model, torch.zeros(1, 3, 224, 224)):
...     print(layer.name, layer.shape, layer.units)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final, Literal, NamedTuple

from torch import Tensor, nn

from dissect_widgets.core.network.grid import Grid, Rule
from dissect_widgets.core.network.hooks import evaluation, find_layers
from dissect_widgets.core.network.influence import (
    Agreement,
    Strips,
    change_strips,
    check_whole,
    choose_reading,
    influence,
)
from dissect_widgets.core.network.influence_on_images import locate_by_images
from dissect_widgets.core.network.layer_kinds import (
    LAYER_KINDS,
    LayerKind,
    LayerOutput,
    MapSize,
    Reading,
    TokenGrid,
    kind_called,
    possible_readings,
)
from dissect_widgets.core.network.original import is_script, original, split_name
from dissect_widgets.core.network.outputs import SEPARATOR, choose_tensor, distinct_tensors, tensor_in
from dissect_widgets.core.network.receptive_field import Field, FieldMode
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import LayerError

IMAGES_FOR_PLACES: Final = 13
"""Images that go through a network where the places of a layer must be measured."""


class LayerInfo(NamedTuple):
    """A layer that can be dissected."""

    name: str
    """Dotted module name."""
    module: str
    """Class of the module."""
    kind: str
    """Name of its `LayerKind`: "map", "channels-last map", "vector", "tokens", "channels-first tokens"."""
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
    first: int = 0
    """Tokens before those of the map: class and register tokens."""
    part: str = ""
    """Name of the tensor that is read, where the module outputs a list, dict or the like; see `outputs`."""

    @property
    def layer_kind(self) -> LayerKind:
        """What the dimensions of its output are, and how it is read as maps."""
        return kind_called(self.kind)

    @property
    def size(self) -> MapSize:
        """Size of its maps."""
        return MapSize(self.height, self.width, self.first)


class LayerPlan(NamedTuple):
    """How a layer is read in every forward pass of a dissection."""

    info: LayerInfo
    grid: Grid
    """Where the positions of its map lie in the image."""
    overwritten: bool
    """Whether a later module changes the output in place, so that it must be copied."""


class Seen(NamedTuple):
    """What a pass shows of a layer."""

    module: str
    output: Tensor
    """The last one, as it was when the layer ended; later modules may change it in place."""
    version: int | None
    """How often it had been changed in place then; None if that is not recorded."""
    field: Field | None
    """Receptive fields of its plane, where they can be followed."""
    calls: int
    part: str = ""
    """Name of the tensor in the output of the module, where that is no tensor."""
    copied: Tensor | None = None
    """A copy of the output, where single layers are looked at."""


class _Influences(NamedTuple):
    """Influence of strips on the output of a layer."""

    shape: tuple[int, ...]
    of_kind: dict[LayerKind, Tensor]
    """For each kind that the output may be, float64 (strips, positions)."""


class Look(NamedTuple):
    """What a pass shows."""

    layers: dict[str, Seen]
    """Layers in the order in which they ended."""
    output: Any
    """Of the network."""


Located = tuple[Reading, Agreement]
Locate = Callable[[Mapping[str, Sequence[Reading]]], Mapping[str, Located | LayerError]]
"""Finds the right one of several readings of each layer."""


def list_layers(
    model: nn.Module, images: Tensor, *, token_grids: Mapping[str, TokenGrid] | None = None
) -> list[LayerInfo]:
    """List the layers of a model that can be dissected, in the order in which they run.

    Parameters
    ----------
    model
        Any network; it is run in evaluation mode, and left as it was: once, and once more with
        `IMAGES_FOR_PLACES` images, if there are layers whose form does not tell how to read them.
    images
        An input of the network, (B, 3, H, W), zeros will do; or latents of a generator.
    token_grids
        Layer name -> (rows, columns) of its tokens, where these are known; by default they are found.

    Returns
    -------
    list of LayerInfo
        Layers whose output cannot be dissected are left out. A module that outputs several tensors (in a
        list, dict or the like) is several layers: "encoder:0", "encoder:last_hidden_state" ...

    Warns
    -----
    UserWarning
        If parts of the network are scripted or traced: what is in them is left out.
    """
    model = original(model)
    modules = {name: module for name, module in model.named_modules() if name}
    names = [name for name, module in modules.items() if not is_script(module)]
    if scripts := [name for name in modules if name not in names]:
        warnings.warn(
            f"{len(scripts)} modules are scripted or traced and left out, as they cannot be watched: "
            f"{', '.join(scripts[:4])}{' ...' if len(scripts) > 4 else ''}.",
            stacklevel=2,
        )
    with evaluation(model):
        seen, output = look(model, names, images, all_of_them=False)
        size, locate = tuple(images.shape[-2:]), locate_in(model, images)
        if images.dim() == 2 or size == (1, 1):  # latents of a generator
            made = isinstance(output, Tensor) and output.dim() == 4
            size = tuple(output.shape[-2:]) if made else size
            locate = locate_by_images(model, images, lambda output: output) if made else locate
        found = read_layers(seen, size, token_grids or {}, locate)
    return [
        _info(name, seen[name], part[0])
        for name, part in found.items()
        if not isinstance(part, LayerError) and len(seen[name].output) == len(images)
    ]


def plan_layers(
    model: nn.Module,
    layers: Sequence[str],
    batch: Tensor,
    *,
    rule: Rule,
    token_grids: Mapping[str, TokenGrid],
    image_size: tuple[int, int],
    locate: Locate | None = None,
    seen: Mapping[str, Seen] | None = None,
) -> dict[str, LayerPlan]:
    """Run the model on a batch, and determine how each of `layers` is read.

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
    locate
        How to find the right one of several readings; by default, by changes of the first of `batch`.
    seen
        What a pass over the batch showed, if there was one; see `look`.

    Raises
    ------
    LayerError
        Unknown layer, a layer that does not run, whose output is of no kind that can be dissected, or whose
        positions do not follow the image.
    """
    if seen is None:
        seen = look(model, layers, batch).layers
    for name in layers:
        shape = tuple(seen[name].output.shape)
        if shape[:1] != (len(batch),):
            raise LayerError(
                f"Layer {name!r} outputs {shape} for a batch of {len(batch)}: its first dimension "
                "is not the batch."
            )
    found = read_layers(seen, image_size, token_grids, locate or locate_in(model, batch))
    plans = {}
    for name in layers:
        part, (_, output, version, field, *_) = found[name], seen[name]
        if isinstance(part, LayerError):
            raise part
        reading, _ = part
        info = _info(name, seen[name], reading)
        grid = Grid.half_pixel(info.height, info.width, image_size)
        followed = field is not None and field.dims == reading.kind.plane_dims
        if rule == "receptive-field" and field is not None and followed:
            y, x, _ = field
            grid = Grid(info.height, info.width, y.center, x.center, y.step, x.step, "receptive-field")
        # a tensor of inference mode does not record whether it was changed, and so is copied
        overwritten = version is None or _version(output) != version
        plans[name] = LayerPlan(info, grid, overwritten)
    return plans


def look(model: nn.Module, names: Sequence[str], batch: Tensor, *, all_of_them: bool = True) -> Look:
    """Run the model once, and see what layers output, in the order in which they run.

    A layer that outputs several tensors is seen under the name of each; with `all_of_them`, under its own.

    Raises
    ------
    LayerError
        If a name is unknown; with `all_of_them`, if one outputs no tensor or several, or does not run.
    """
    seen: dict[str, Seen] = {}
    modules = find_layers(model, names)

    def recorder(name: str):  # type: ignore[no-untyped-def]
        def record(module: nn.Module, _inputs: object, output: object) -> None:
            if all_of_them:
                parts = [_part(model, name, output, len(batch))]
            else:
                parts = [p for p, t in distinct_tensors(output).items() if not p or _fits(t, len(batch))]
            for part in parts:
                tensor = tensor_in(output, part, name)
                layer = name if len(parts) == 1 else f"{name}{SEPARATOR}{part}"
                calls = seen.pop(layer).calls + 1 if layer in seen else 1
                kind, version = type(module).__name__, _version(tensor)
                copied = tensor.detach().clone() if all_of_them else None
                seen[layer] = Seen(kind, tensor, version, fields.of(tensor), calls, part, copied)

        return record

    with ExitStack() as stack:
        for name, module in modules.items():
            stack.callback(module.register_forward_hook(recorder(name)).remove)
        with FieldMode(batch) as fields:
            result = run(model, batch)
    missing = [name for name in names if name not in seen]
    if missing and all_of_them:
        raise LayerError(f"Layer {missing[0]!r} did not run in the forward pass, so it outputs no map.")
    return Look(seen, result)


def read_layers(
    seen: Mapping[str, Seen],
    image_size: tuple[int, ...],
    token_grids: Mapping[str, TokenGrid],
    locate: Locate,
) -> dict[str, tuple[Reading, Agreement | None] | LayerError]:
    """How outputs of layers are to be read, and how places agree with that, where they had to be measured."""
    found: dict[str, tuple[Reading, Agreement | None] | LayerError] = {}
    unsure: dict[str, Sequence[Reading]] = {}
    asked: dict[str, str] = {}
    for name, (_, tensor, _, field, _, part, _) in seen.items():
        plane = None if field is None else field.dims
        output = LayerOutput(name, tuple(tensor.shape), image_size, plane, token_grids.get(name))
        try:
            readings = possible_readings(output)
        except LayerError as error:
            found[name] = error
            continue
        if len(readings) == 1:
            found[name] = readings[0], None
        else:
            found[name] = LayerError(name)  # holds the place, for the order
            asked[name] = (
                name if name.endswith(f"{SEPARATOR}{part}") or not part else f"{name}{SEPARATOR}{part}"
            )
            unsure[asked[name]] = readings
    located = locate(unsure) if unsure else {}
    return found | {name: located[named] for name, named in asked.items()}


def locate_in(model: nn.Module, batch: Tensor, *, whole: bool = True) -> Locate:
    """How to find readings by changing strips of the first image of a batch (B, C, H, W).

    A layer that does not look at the `whole` image is refused, unless places do not matter.
    """

    def locate(unsure: Mapping[str, Sequence[Reading]]) -> dict[str, Located | LayerError]:
        if batch.dim() != 4:
            reason = "the network takes no images, so that nothing tells where its positions lie."
            return {name: LayerError(f"Layer {name!r}: {reason}") for name in unsure}
        strips = change_strips(batch[:1])
        measured = _influences(model, unsure, strips)
        return {name: _located(name, unsure[name], measured.get(name), strips, whole) for name in unsure}

    return locate


def _influences(
    model: nn.Module, unsure: Mapping[str, Sequence[Reading]], strips: Strips
) -> dict[str, _Influences]:
    """Influence of strips on the outputs of layers, for each kind that these may be."""
    measured: dict[str, _Influences] = {}
    last: tuple[Tensor | None, int | None, _Influences] = None, None, _Influences((), {})

    def measurer(name: str):  # type: ignore[no-untyped-def]
        def measure(_module: nn.Module, _inputs: object, output: object) -> None:
            nonlocal last
            tensor = tensor_in(output, _part(model, name, output, len(strips.images)), name)
            kinds = {reading.kind for reading in unsure[name]}
            before, version, found = last
            unchanged = tensor is before and version is not None and version == _version(tensor)
            if not unchanged or kinds != found.of_kind.keys():  # layers may hand on what they get
                shape = LayerOutput(name, tuple(tensor.shape), ())
                # a module that runs several times may output other forms before the last
                whole = len(tensor) == len(strips.images) and all(kind.recognize(shape) for kind in kinds)
                values = {kind: influence(tensor, kind) for kind in kinds} if whole else {}
                found = _Influences(tuple(tensor.shape), values)
                last = tensor, _version(tensor), found
            measured[name] = found

        return measure

    with ExitStack() as stack:
        for name, module in find_layers(model, unsure).items():
            stack.callback(module.register_forward_hook(measurer(name)).remove)
        run(model, strips.images)
    return measured


def _located(
    name: str,
    readings: Sequence[Reading],
    measured: _Influences | None,
    strips: Strips,
    whole: bool,
) -> Located | LayerError:
    if measured is None or not measured.of_kind:
        return LayerError(f"Layer {name!r}: the first dimension of its output is not the batch.")
    try:
        reading, found = choose_reading(name, (1, *measured.shape[1:]), readings, measured.of_kind, strips)
        if whole:
            check_whole(name, measured.of_kind[reading.kind], len(strips.down), reading.size)
        return reading, found
    except LayerError as error:
        return error


def describe_reading(
    seen: Seen, reading: Reading, agreed: Agreement | None
) -> tuple[Literal["proved", "chosen"], str]:
    """How an output is read, whether that was chosen among several ways, and how it is known, for people."""
    units = seen.output.shape[reading.kind.unit_dim]
    (height, width, first), kind = reading.size, reading.kind.name
    extra = f", without the first {first}" if first else ""
    text = f"{units} units on {height} x {width}, read as {kind}{extra}"
    if agreed is not None:
        return "chosen", f"{text}: strips of the image were changed, and its positions follow by {agreed}"
    if seen.field is not None and seen.field.dims == reading.kind.plane_dims:
        return "proved", f"{text}: receptive fields were followed to its rows and columns"
    if reading.size.positions == 1:
        return "proved", f"{text}: a single position"
    return "proved", f"{text}: its form allows nothing else"


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
    return info.layer_kind.to_maps(output, info.size).float()


def _info(name: str, seen: Seen, reading: Reading) -> LayerInfo:
    shape, (height, width, first) = tuple(seen.output.shape), reading.size
    units = shape[reading.kind.unit_dim]
    kind, calls, part = reading.kind.name, seen.calls, seen.part
    return LayerInfo(name, seen.module, kind, shape, units, height, width, calls, first, part)


def _part(model: nn.Module, layer: str, output: object, count: int) -> str:
    """Name of the tensor of a layer's output that is read; "" where it outputs nothing else."""
    return choose_tensor(output, split_name(model, layer)[1], layer, lambda tensor: _fits(tensor, count))


def _fits(tensor: Tensor, count: int) -> bool:
    """Whether one of several tensors of an output may have activations of `count` images."""
    output = LayerOutput("", tuple(tensor.shape), ())
    return (
        tensor.is_floating_point()
        and output.shape[:1] == (count,)
        and any(kind.recognize(output) for kind in LAYER_KINDS)
    )


def _version(tensor: Tensor) -> int | None:
    """How often a tensor was changed in place; None if that is not recorded."""
    return None if tensor.is_inference() else tensor._version
