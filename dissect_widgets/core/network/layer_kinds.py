"""The kinds of output that can be dissected, and how each is read as maps of units.

A kind is one `LayerKind`, listed in `LAYER_KINDS`; nothing else in the package compares kinds. To dissect
outputs of another form, add one there: see docs/contributing/add_a_layer_kind.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from dissect_widgets.errors import LayerError, shown

TokenGrid = tuple[int, int]
Plane = tuple[int, int]
_MOST_EXTRA_TOKENS = 16
_MOST_UNEVEN = 2.5  # rows to columns of a token; windows of 2 x 2 in a row would pass for tokens of 4 to 1


class MapSize(NamedTuple):
    """Rows and columns of the maps of an output."""

    height: int
    width: int
    first: int = 0
    """Number of positions before the map: class and register tokens."""

    @property
    def positions(self) -> int:
        """How many positions the map has."""
        return self.height * self.width


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
    to the output."""
    recognize: Callable[[LayerOutput], bool]
    """Whether an output may be of this kind, by its shape. Where several kinds, or several sizes of one kind,
    are possible, the one that changes where the image is changed is taken; see `influence`."""
    map_sizes: Callable[[LayerOutput], list[MapSize]]
    """Sizes that the maps of an output may have."""
    to_positions: Callable[[Tensor], Tensor]
    """Output (B, ...) to (B, units, positions), rows of the map one after another."""

    def to_maps(self, output: Tensor, size: MapSize) -> Tensor:
        """Output (B, ...) as maps (B, units, rows, columns)."""
        positions = self.to_positions(output)
        if positions.shape[2] != size.positions:
            positions = positions[:, :, size.first : size.first + size.positions]
        return positions.reshape(*positions.shape[:2], size.height, size.width)


class Reading(NamedTuple):
    """One way to read an output: its kind, and the size of its maps."""

    kind: LayerKind
    size: MapSize

    def __str__(self) -> str:
        return f"{self.kind.name}, {self.size.height} x {self.size.width}"


def _token_sizes(output: LayerOutput, count: int) -> list[MapSize]:
    """Grids that so many tokens may form, of the image's aspect, with a few extra tokens before or after.

    One that the caller gave is the first of them; `read_layers` compares it with what is found.

    At most half are extra ones: more would leave so few that they lie right by chance.
    """
    given: list[MapSize] = []
    if output.token_grid is not None:
        height, width = output.token_grid
        extra = count - height * width
        if extra < 0 or height < 1 or width < 1:
            return []
        given = [MapSize(height, width, first) for first in _firsts(extra)]
    if count == 1:
        return given or [MapSize(1, 1)]
    aspect = output.image[0] / output.image[1] if len(output.image) == 2 else 1.0
    found = [
        MapSize(rows, positions // rows, first)
        for positions in range(count, max(count - _MOST_EXTRA_TOKENS, -(-count // 2), 2) - 1, -1)
        for rows in _divisors(positions)
        if 1 / _MOST_UNEVEN <= rows / (positions // rows) / aspect <= _MOST_UNEVEN
        for first in _firsts(count - positions)
    ]
    return list(dict.fromkeys([*given, *found]))


def _firsts(extra: int) -> Iterable[int]:
    """How many of the extra tokens may come before those of the map: all, none, or of many a class token."""
    return dict.fromkeys((extra, 0, 1) if extra > 4 else (extra, 0))


def _divisors(number: int) -> Iterator[int]:
    return (divisor for divisor in range(1, number + 1) if number % divisor == 0)


CHANNELS_LAST_MAP = LayerKind(
    name="channels-last map",
    layout="channels-last maps (B, h, w, units)",
    unit_dim=3,
    plane_dims=(-3, -2),
    recognize=lambda output: len(output.shape) == 4,
    map_sizes=lambda output: [MapSize(output.shape[1], output.shape[2])],
    to_positions=lambda output: output.permute(0, 3, 1, 2).flatten(2),
)
MAP = LayerKind(
    name="map",
    layout="maps (B, units, h, w)",
    unit_dim=1,
    plane_dims=(-2, -1),
    recognize=lambda output: len(output.shape) == 4,
    map_sizes=lambda output: [MapSize(output.shape[2], output.shape[3])],
    to_positions=lambda output: output.flatten(2),
)
VECTOR = LayerKind(
    name="vector",
    layout="vectors (B, units)",
    unit_dim=1,
    plane_dims=None,
    recognize=lambda output: len(output.shape) == 2,
    map_sizes=lambda _output: [MapSize(1, 1)],
    to_positions=lambda output: output[:, :, None],
)
TOKENS = LayerKind(
    name="tokens",
    layout="tokens (B, tokens, units)",
    unit_dim=2,
    plane_dims=None,
    recognize=lambda output: len(output.shape) == 3,
    map_sizes=lambda output: _token_sizes(output, output.shape[1]),
    to_positions=lambda output: output.transpose(1, 2),
)
CHANNELS_FIRST_TOKENS = LayerKind(
    name="channels-first tokens",
    layout="channels-first tokens (B, units, tokens)",
    unit_dim=1,
    plane_dims=None,
    recognize=lambda output: len(output.shape) == 3,
    map_sizes=lambda output: _token_sizes(output, output.shape[2]),
    to_positions=lambda output: output,
)

LAYER_KINDS: tuple[LayerKind, ...] = (MAP, CHANNELS_LAST_MAP, VECTOR, TOKENS, CHANNELS_FIRST_TOKENS)
"""All kinds."""


def kind_called(name: str) -> LayerKind:
    """Kind of a name."""
    return next(kind for kind in LAYER_KINDS if kind.name == name)


def possible_readings(output: LayerOutput) -> list[Reading]:
    """All ways in which a layer's output may be read; one alone is sure.

    Raises
    ------
    LayerError
        If it is of no kind that can be dissected.
    """
    kinds = [kind for kind in LAYER_KINDS if kind.recognize(output)]
    if not kinds:
        *layouts, last = (kind.layout for kind in LAYER_KINDS)
        allowed = f"Allowed are {', '.join(layouts)} and {last}."
        raise LayerError(f"Layer {shown(output.layer)} outputs shape {output.shape}. {allowed}")
    followed = [kind for kind in kinds if output.plane is not None and kind.plane_dims == output.plane]
    readings = [Reading(kind, size) for kind in followed or kinds for size in kind.map_sizes(output)]
    if output.token_grid is not None and not readings:
        grid = " x ".join(map(str, output.token_grid))
        raise LayerError(
            f"Layer {shown(output.layer)} outputs {output.shape[1]} tokens, fewer than a grid of {grid}."
        )
    if sum(length > 1 for length in output.shape[1:]) <= 1:  # a single dimension with numbers is the units
        readings = [reading for reading in readings if reading.size.positions == 1][:1]
    return readings
