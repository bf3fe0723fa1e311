"""Which layers of a network can be dissected, and how to read their outputs as maps of units.

>>> for layer in list_layers(model, torch.zeros(1, 3, 224, 224)):
...     print(layer.name, layer.shape, layer.units)
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Grid, Rule
from dissect_widgets.core.network.influence import Agreement
from dissect_widgets.core.network.influence_on_images import locate_by_images
from dissect_widgets.core.network.layer_kinds import (
    LayerKind,
    LayerOutput,
    MapSize,
    Reading,
    TokenGrid,
    kind_called,
    possible_readings,
)
from dissect_widgets.core.network.locate import Locate, Located, locate_in
from dissect_widgets.core.network.look import Seen, look, version_of
from dissect_widgets.core.network.original import is_script, original
from dissect_widgets.core.network.outputs import SEPARATOR
from dissect_widgets.errors import LayerError, shown


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
                f"Layer {shown(name)} outputs {shape} for a batch of {len(batch)}: its first dimension "
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
        overwritten = version is None or version_of(output) != version
        plans[name] = LayerPlan(info, grid, overwritten)
    return plans


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
    return found | {
        name: _as_given(name, located[named], token_grids.get(name)) for name, named in asked.items()
    }


def _as_given(name: str, located: Located | LayerError, given: TokenGrid | None) -> Located | LayerError:
    """What was found for a layer, or an error if the caller gave another grid of its tokens."""
    if given is None or isinstance(located, LayerError):
        return located
    (_, size), agreed = located
    if (size.height, size.width) == tuple(given):
        return located
    rows, columns = given
    return LayerError(
        f"Layer {shown(name)}: its tokens were said to form a grid of {rows} x {columns}, but strips of the "
        "image "
        f"were changed, and they follow as one of {size.height} x {size.width} (by {agreed})."
    )


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
            f"Layer {shown(info.name)} output {tuple(output.shape)} after {info.shape}: the images of a "
            "dissection must have one size."
        )
    return info.layer_kind.to_maps(output, info.size).float()


def _info(name: str, seen: Seen, reading: Reading) -> LayerInfo:
    shape, (height, width, first) = tuple(seen.output.shape), reading.size
    units = shape[reading.kind.unit_dim]
    kind, calls, part = reading.kind.name, seen.calls, seen.part
    return LayerInfo(name, seen.module, kind, shape, units, height, width, calls, first, part)
