"""Where the positions of a layer's output lie in the image, measured: strips of the image are changed.

An output is an array. Its shape does not say which dimensions are rows and columns, in which order tokens
stand, which of them are class or register tokens. So horizontal and vertical strips of an image are changed,
one at a time. Each position of the output changes most with the strips that it looks at, whatever is mixed on
the way: the mean of the strips' centers, weighted by how much it changes with each, is where it lies. The
reading under which these places rise evenly with row and column is the right one; if there is none, the
output is refused.

What all positions have in common is taken off first, so that layers of attention, which mix the whole image,
show where they look as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dissect_widgets.core.network.layer_kinds import LayerKind, MapSize, Reading
from dissect_widgets.errors import LayerError

LEAST_AGREEMENT: Final = 0.7
_SMALL: Final = 9  # positions; fewer agree by chance
_LEAST_OF_SMALL: Final = 0.8
_REACH_OF_SMALL: Final = 0.5  # strength that a few units do not reach
_STRIPS: Final = 6
_THIN: Final = 1 / 32  # of a side: networks that crop less are taken to look at the whole image
_MOST_UNITS: Final = 32
_MOST_RANKED: Final = 500  # positions, spread over all
_CHANCE: Final = 0.25  # strength that a few units reach, read as positions
_FEW: Final = 5  # positions of fewer may be in any order by chance
_NO_INFLUENCE: Final = 1e-9  # of the energy of the most influential strip; rounding stays below


class Agreement(NamedTuple):
    """How well the measured places of positions agree with rows and columns, each from -1 to 1."""

    down: float
    across: float

    @property
    def least(self) -> float:
        """The lesser of both."""
        return min(self)

    def __str__(self) -> str:
        return f"{self.down:.2f} down and {self.across:.2f} across"


class Strips(NamedTuple):
    """An image, and copies of it with one strip changed in each."""

    images: Tensor
    """(1 + rows + columns, C, H, W): the image, then with each horizontal and each vertical strip changed."""
    down: Tensor
    """float64 (rows,), centers of the horizontal strips, from -0.5 (top) to 0.5."""
    across: Tensor
    """float64 (columns,), centers of the vertical strips, from -0.5 (left) to 0.5."""
    edges: Tensor
    """(2, C, H, W): the image with its first few rows, and with its first few columns changed."""


def change_strips(image: Tensor, count: int = _STRIPS) -> Strips:
    """Change strips of an input of a network.

    Parameters
    ----------
    image
        float (1, C, H, W), as the network takes it. A constant one is replaced by noise.
    count
        Strips in each direction, at most.
    """
    generator = torch.Generator().manual_seed(0)
    *_, height, width = image.shape
    plain = image.detach().float().cpu()
    spread = float(plain.std()) if plain.numel() > 1 else 0.0
    if not 0 < spread < float("inf"):
        plain, spread = _noise(plain, generator), 1.0
    other = plain.mean() + spread * _noise(plain, generator)

    def with_strip(dim: int, start: int, end: int) -> Tensor:
        copy = plain.clone()
        copy.narrow(dim, start, end - start).copy_(other.narrow(dim, start, end - start))
        return copy

    changed, centers, thin = [plain], [], []
    for dim, length in ((-2, height), (-1, width)):
        edges = torch.linspace(0, length, min(count, length) + 1).round().long().tolist()
        changed += [with_strip(dim, start, end) for start, end in pairwise(edges)]
        middles = [(start + end) / 2 / length - 0.5 for start, end in pairwise(edges)]
        centers.append(torch.tensor(middles, dtype=torch.float64))
        thin.append(with_strip(dim, 0, max(1, round(length * _THIN))))
    images, first = (torch.cat(part).to(image.device, image.dtype) for part in (changed, thin))
    return Strips(images, centers[0], centers[1], first)


def _noise(image: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of a fine and a coarse grain, of the shape of an image."""
    *lead, height, width = image.shape
    coarse = torch.randn(*lead, max(2, height // 8), max(2, width // 8), generator=generator)
    fine = torch.randn(image.shape, generator=generator)
    return functional.interpolate(coarse, (height, width), mode="nearest") + 0.7 * fine


def influence(output: Tensor, kind: LayerKind) -> Tensor:
    """How much each changed strip changes each position.

    Parameters
    ----------
    output
        (1 + strips, ...), of a layer for `Strips.images`.
    kind
        How it is read. At most 32 of its units are looked at.

    Returns
    -------
    Tensor
        float64 (strips, positions), on the CPU, at least 0.
    """
    every = -(-output.shape[kind.unit_dim] // _MOST_UNITS)
    some = output[(slice(None),) * kind.unit_dim + (slice(None, None, every),)]
    values = kind.to_positions(some).float().nan_to_num(0, 0, 0)  # what is not finite is an error of the run
    change = values[1:] - values[:1]
    if change.shape[2] > 1:
        change -= _common(change)
    change = change.square_()
    spread = change.mean((0, 2))
    moving = spread > 0
    if not moving.any():
        return torch.zeros(change.shape[0], change.shape[2], dtype=torch.float64)
    weights = torch.where(moving, 1 / spread, 0) / int(moving.sum())
    return torch.einsum("sup,u->sp", change, weights).double().cpu()


def _common(change: Tensor) -> Tensor:
    """What at least two thirds of all positions have in common, (strips, units, 1).

    A mean would mix into it what a few positions do, and take all differences from maps of two rows.
    """
    count = change.shape[2]
    if count > _MOST_RANKED:
        change = change[..., torch.linspace(0, count - 1, _MOST_RANKED, device=change.device).long()]
        count = _MOST_RANKED
    third = -(-count // 3)
    lower = change.kthvalue(third, 2, keepdim=True).values
    upper = change.kthvalue(count + 1 - third, 2, keepdim=True).values
    return lower.clamp_min(0) + upper.clamp_max(0)  # the lesser change; none if they differ in sign


class Places(NamedTuple):
    """Where the positions of an output lie in the image, both from -0.5 to 0.5."""

    down: Tensor
    """float64 (positions,)"""
    across: Tensor
    """float64 (positions,)"""


def places(influences: Tensor, strips: Strips) -> Places:
    """Places of positions, from the influence of each strip on each, (strips, positions)."""

    def weighted(part: Tensor, centers: Tensor) -> Tensor:
        each = part / part.sum(1, keepdim=True).clamp_min(1e-30)  # strips of different content count alike
        return (each * centers[:, None]).sum(0) / each.sum(0).clamp_min(1e-30)

    rows = len(strips.down)
    return Places(weighted(influences[:rows], strips.down), weighted(influences[rows:], strips.across))


def agreement(measured: Places, size: MapSize) -> Agreement:
    """How well the places of all positions agree with a map of a size: cosines, from the middle of the image.

    Positions beside the map count as errors, by how far from the middle they lie: class and register tokens
    look at the whole image, and so lie there.
    """
    chosen = slice(size.first, size.first + size.positions)
    norms = [float(values.norm()) for values in measured]

    def cosine(dim: int, length: int) -> float:
        if length == 1:  # all must lie in the middle
            whole = sum(norm**2 for norm in norms) ** 0.5
            return norms[1 - dim] / whole if whole > 0 else 1.0
        steps = (torch.arange(length, dtype=torch.float64) + 0.5) / length - 0.5
        rows = measured[dim][chosen].view(size.height, size.width).sum(1 - dim)
        expected = float(steps.norm()) * (size.positions / length) ** 0.5
        return float(rows @ steps) / (norms[dim] * expected) if norms[dim] > 0 else 0.0

    return Agreement(cosine(0, size.height), cosine(1, size.width))


def choose_reading(
    layer: str,
    shape: Sequence[int],
    readings: Iterable[Reading],
    influences: dict[LayerKind, Tensor],
    strips: Strips,
) -> tuple[Reading, Agreement]:
    """The reading of an output that follows changes of the image.

    Parameters
    ----------
    layer, shape
        Name and shape of the output, for errors.
    readings
        In which ways it may be read.
    influences
        For each kind of these, the influence of strips on its positions; see `influence`.
    strips
        What was changed.

    Raises
    ------
    LayerError
        If none does.
    """
    output = f"Layer {layer!r} outputs {tuple(shape)}"
    measured = {kind: places(values, strips) for kind, values in influences.items()}
    rated = [(reading, agreement(measured[reading.kind], reading.size)) for reading in readings]
    if not rated:
        raise LayerError(f"{output}, which form no map of the image's aspect.")
    if all(float(values.sum()) == 0 for values in influences.values()):
        raise LayerError(f"{output}, the same whatever is changed in the image: where they lie is not known.")
    best, found = max(rated, key=lambda each: _strength(measured[each[0].kind], each[0].size, each[1]))
    strength = _strength(measured[best.kind], best.size, found)
    otherwise = max((_other_order(measured[kind], size) for (kind, size), _ in rated), default=(0.0, ""))
    needed = LEAST_AGREEMENT if best.size.positions >= _SMALL else _LEAST_OF_SMALL
    by_chance = best.size.positions < _SMALL and strength < _REACH_OF_SMALL
    if found.least < needed or by_chance or otherwise[0] > strength:
        why = otherwise[1] if otherwise[0] > strength else _ANOTHER_ORDER
        short = f" ({needed} is needed)" if found.least < needed else ""
        reach = " but reaches over a part of the image only" if by_chance and not short else ""
        raise LayerError(
            f"{output}, and no reading of it follows the image: strips of the image were changed, and what "
            f"changes agrees with {best} by {found}{short}{reach}.{why}"
        )
    return best, found


_ANOTHER_ORDER: Final = (
    " Its positions may stand in another order (windows, blocks), or each look at the whole image: take "
    "the output of the stage that contains it, or wrap it in a module that returns maps (B, units, h, w)."
)


def _strength(measured: Places, size: MapSize, agreed: Agreement) -> float:
    """Agreement, weighted by how far the places reach: a few units read as positions agree by chance.

    Units look at the whole image, and so lie near its middle; positions lie all over it.
    """
    chosen = slice(size.first, size.first + size.positions)
    reach = 1.0
    for dim, length in enumerate((size.height, size.width)):
        if length > 1:
            steps = (torch.arange(length, dtype=torch.float64) + 0.5) / length - 0.5
            rows = measured[dim][chosen].view(size.height, size.width).mean(1 - dim)
            reach = min(reach, abs(float(rows @ steps)) / float(steps @ steps))
    return agreed.least * reach


def _other_order(measured: Places, size: MapSize) -> tuple[float, str]:
    """How strongly an output follows the image mirrored, or rows and columns exchanged, in words too."""
    found = [(0.0, "")]
    if size.positions < _FEW:
        return found[0]
    straight, across = agreement(measured, size), Places(measured.across, measured.down)
    turned = agreement(across, size)
    for places_of, agreed, words in (
        (measured, straight, " It is mirrored."),
        (across, turned, " Its rows and columns are exchanged."),
    ):
        either = Agreement(abs(agreed.down), abs(agreed.across))
        strength = _strength(places_of, size, either)
        if either.least >= LEAST_AGREEMENT and strength >= _CHANCE and (agreed is turned or agreed.least < 0):
            found.append((strength, words))
    return max(found)


def check_whole(layer: str, influences: Tensor, rows: int, size: MapSize) -> None:
    """LayerError if a strip at a border changes nothing, where others do.

    Less than one position of the map may be left over at a border, as strides do.

    Parameters
    ----------
    layer
        Name, for the error.
    influences
        float64 (strips, positions); see `influence`.
    rows
        How many of the strips are horizontal.
    size
        Of the map.
    """
    totals = influences.sum(1)
    sides = (totals[:rows], size.height, ("top", "bottom")), (totals[rows:], size.width, ("left", "right"))
    for part, length, names in sides:
        for place, name in zip((0, len(part) - 1), names, strict=True):
            if 2 < len(part) <= length and part[place] <= _NO_INFLUENCE * part.max():
                raise LayerError(_not_whole(layer, name))


def check_edges(layer: str, influences: Tensor) -> None:
    """LayerError if what `Strips.edges` change changes nothing; these are the last two of the influences.

    Strides leave nothing over at the top and the left.
    """
    totals = influences.sum(1)
    for value, name in zip(totals[-2:], ("top", "left"), strict=True):
        if value <= _NO_INFLUENCE * totals.max():
            raise LayerError(_not_whole(layer, name))


def _not_whole(layer: str, name: str) -> str:
    return (
        f"Layer {layer!r} does not look at the {name} of the image: what changes there changes nothing. The "
        "network crops its input, so that maps would be laid over the wrong places. Crop images and labels "
        "before, and let the network take them whole."
    )
