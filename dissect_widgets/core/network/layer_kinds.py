"""The kinds of output that can be dissected, and how each is read as maps of units.

A kind is one `LayerKind`, listed in `LAYER_KINDS`; nothing else in the package compares kinds. To dissect
outputs of another form, add one there: see docs/contributing/add_a_layer_kind.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from dissect_widgets.errors import LayerError

TokenGrid = tuple[int, int]
Plane = tuple[int, int]


class LayerOutput(NamedTuple):
    """What is known of a layer's output, from which its kind is recognized."""

    layer: str
    """Dotted module name, for errors."""
    shape: tuple[int, ...]
    """Shape of the output, the batch first."""
    image: tuple[int, ...]
    """(H, W) of the image."""
    plane: Plane | None = None
    """Dimensions in which the rows and columns lie, counted from the end, where the convolutions on the way
    to the layer show it; see `FieldMode`."""
    token_grid: TokenGrid | None = None
    """(rows, columns) of its tokens, where the caller gave them."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerKind:
    """A kind of layer output.

    Its functions get outputs of any layer, and know nothing of the network.
    """

    name: str
    """As lists and saved dissections call it."""
    layout: str
    """The dimensions, for people: "maps (B, units, h, w)"."""
    unit_dim: int
    """Dimension of the units, counted from the batch, which is 0."""
    plane_dims: Plane | None
    """Dimensions of rows and columns, counted from the end; None where no receptive field can be followed
    to the output, so that positions are taken to lie evenly in the image."""
    recognize: Callable[[LayerOutput], bool]
    """Whether an output is of this kind; the first of `LAYER_KINDS` that says so is taken."""
    map_size: Callable[[LayerOutput], tuple[int, int]]
    """(rows, columns) of the maps of an output; LayerError if it has none."""
    to_maps: Callable[[Tensor, int, int], Tensor]
    """Output (B, ...), rows and columns to maps (B, units, rows, columns)."""


def _has_map_shape(output: LayerOutput) -> bool:
    return len(output.shape) == 4


def _has_channels_last(output: LayerOutput) -> bool:
    """Whether (B, h, w, units) has the image's aspect, and (B, units, h, w) clearly has not."""
    shape, image = output.shape, output.image
    if len(shape) != 4:
        return False
    if output.plane is not None:
        return output.plane == (-3, -2)
    if len(image) != 2 or 0 in shape:
        return False
    aspect = math.log(image[0] / image[1])
    as_last = abs(math.log(shape[1] / shape[2]) - aspect)
    as_first = abs(math.log(shape[2] / shape[3]) - aspect)
    return as_first > math.log(1.25) and as_last < as_first / 4


def _token_map_size(output: LayerOutput) -> tuple[int, int]:
    """Grid of the tokens: the one given, or a square, with or without a class token."""
    layer, count = output.layer, output.shape[1]
    if output.token_grid is not None:
        height, width = output.token_grid
        if height * width > count or height < 1 or width < 1:
            raise LayerError(
                f"Layer {layer!r} outputs {count} tokens, fewer than a grid of {height} x {width}."
            )
        return height, width
    for extra in (0, 1):
        side = math.isqrt(count - extra)
        if side > 0 and side * side == count - extra:
            return side, side
    raise LayerError(
        f"Layer {layer!r} outputs {count} tokens, which do not form a square, with or without a class token. "
        f"Give their grid: token_grids={{{layer!r}: (rows, columns)}}; extra tokens come first."
    )


def _tokens_to_maps(output: Tensor, height: int, width: int) -> Tensor:
    patches = output[:, output.shape[1] - height * width :]  # class and register tokens come first
    return patches.transpose(1, 2).reshape(len(output), output.shape[2], height, width)


CHANNELS_LAST_MAP = LayerKind(
    name="channels-last map",
    layout="channels-last maps (B, h, w, units)",
    unit_dim=3,
    plane_dims=(-3, -2),
    recognize=_has_channels_last,
    map_size=lambda output: (output.shape[1], output.shape[2]),
    to_maps=lambda output, _height, _width: output.permute(0, 3, 1, 2),
)
MAP = LayerKind(
    name="map",
    layout="maps (B, units, h, w)",
    unit_dim=1,
    plane_dims=(-2, -1),
    recognize=_has_map_shape,
    map_size=lambda output: (output.shape[2], output.shape[3]),
    to_maps=lambda output, _height, _width: output,
)
VECTOR = LayerKind(
    name="vector",
    layout="vectors (B, units)",
    unit_dim=1,
    plane_dims=None,
    recognize=lambda output: len(output.shape) == 2,
    map_size=lambda _output: (1, 1),
    to_maps=lambda output, _height, _width: output[:, :, None, None],
)
TOKENS = LayerKind(
    name="tokens",
    layout="tokens (B, tokens, units)",
    unit_dim=2,
    plane_dims=None,
    recognize=lambda output: len(output.shape) == 3,
    map_size=_token_map_size,
    to_maps=_tokens_to_maps,
)

LAYER_KINDS: tuple[LayerKind, ...] = (CHANNELS_LAST_MAP, MAP, VECTOR, TOKENS)
"""All kinds, in the order in which an output is tested for them."""


def kind_called(name: str) -> LayerKind:
    """Kind of a name."""
    return next(kind for kind in LAYER_KINDS if kind.name == name)


def recognize_kind(output: LayerOutput) -> LayerKind:
    """Kind of a layer's output.

    Raises
    ------
    LayerError
        If it is of no kind that can be dissected.
    """
    for kind in LAYER_KINDS:
        if kind.recognize(output):
            return kind
    *layouts, last = (kind.layout for kind in LAYER_KINDS)
    raise LayerError(
        f"Layer {output.layer!r} outputs shape {output.shape}. Allowed are {', '.join(layouts)} and {last}."
    )
