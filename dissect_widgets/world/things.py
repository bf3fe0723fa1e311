"""The single things in a drawn scene: which regions of a canvas are one car, one person, one bird.

>>> for thing in things(canvas):
...     print(thing.name, thing.start, thing.stop, thing.movable)

A thing is drawn in one go: its shadow, then regions of one object. People and birds are flat, so of those
drawn one after another each lies on a plane of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.world.scenery.drawing.canvas import MATRIX, Canvas, Region
from dissect_widgets.world.scenery.drawing.shading import COLUMNS
from dissect_widgets.world.scenery.names import number_of
from dissect_widgets.world.scenery.vocabulary import VOCABULARY
from dissect_widgets.world.views import Doubles, Space

VEHICLES: Final = ("car", "truck", "bus", "tractor", "bicycle", "boat", "airplane")
ANIMALS: Final = ("cow", "bird")
MOVABLE: Final = (*VEHICLES, *ANIMALS, "person")
"""What can move by itself."""

_FLAT: Final = frozenset(number_of(name, "object") for name in ("person", "bird"))
_SHADE: Final = slice(COLUMNS.index("level"), COLUMNS.index("shade_vv") + 1)
_SHADOW: Final = (0.56, 0.0, 0.0, 0.43, 0.43)


class Thing(NamedTuple):
    """Regions of a canvas that are one thing, or several that were drawn in one go."""

    name: str
    """Of the object."""
    start: int
    """Its first region."""
    stop: int
    """One after its last."""
    shadows: int
    """How many regions before the first are its shadows."""

    @property
    def movable(self) -> bool:
        """Whether it moves by itself; who sits has no shadow and stays."""
        return self.name in MOVABLE and (self.shadows > 0 or self.name in (*VEHICLES, "bird"))


def things(canvas: Canvas) -> list[Thing]:
    """All things that are drawn, from the first to the last; what was drawn in one go counts as one."""
    result, shadows = [], 0
    for start, stop in _runs(canvas.regions):
        region = canvas.regions[start]
        if stop - start == 1 and region.numbers[_SHADE] == _SHADOW:
            shadows += 1
            continue
        result.append(Thing(VOCABULARY[region.labels[0]].name, start, stop, shadows))
        shadows = 0
    return result


def _runs(regions: list[Region]) -> Iterator[tuple[int, int]]:
    """Start and stop of regions of one object in a row; a shadow stands for itself."""
    start = 0
    for number in range(1, len(regions) + 1):
        if number == len(regions) or _parted(regions[number - 1], regions[number]):
            yield start, number
            start = number


def _parted(first: Region, second: Region) -> bool:
    """Whether two regions that follow one another belong to different things."""
    if first.labels[0] != second.labels[0] or _SHADOW in (first.numbers[_SHADE], second.numbers[_SHADE]):
        return True
    flat = first.labels[0] in _FLAT
    return flat and first.numbers[MATRIX : MATRIX + 9] != second.numbers[MATRIX : MATRIX + 9]


def distance(space: Space, thing: Thing) -> float:
    """How far away a thing is, in meters: the depth of the middle of its last region."""
    middle = np.mean(space.canvas.regions[thing.stop - 1].outline, 0)
    near = float(space.nearness[thing.stop - 1] @ np.append(middle, 1.0))
    return 1 / max(near, 1e-3)


def heading(space: Space, thing: Thing, rng: np.random.Generator) -> Doubles:
    """Direction in which a thing moves: a unit vector (right, up, away).

    Animals and bicycles go where they look; vehicles go along their side where it is seen, and else come or
    go; people, whose looks say little, go to the left or to the right.
    """
    planes = np.linalg.inv(space.lens) @ _matrices(space, thing)
    across = planes[:, :, 0] / np.maximum(np.linalg.norm(planes[:, :, 0], axis=1, keepdims=True), 1e-9)
    if thing.name == "person":
        angle = math.radians(rng.uniform(-35, 35)) + (math.pi if rng.random() < 0.5 else 0.0)
        return np.array([math.cos(angle), 0.0, math.sin(angle)])
    if thing.name in (*ANIMALS, "bicycle"):
        return np.asarray(across[0])
    turned = np.where(np.abs(across[:, 1]) < 0.05, np.abs(across[:, 2]), 0.0)
    if turned.max() > 0.02:
        return np.asarray(across[turned.argmax()])
    return np.array([0.0, 0.0, 1.0 if rng.random() < 0.5 else -1.0])


def _matrices(space: Space, thing: Thing) -> Doubles:
    inverses = space.inverses[thing.start : thing.stop]
    usable = np.abs(np.linalg.det(inverses)) < 1e7
    return np.asarray(np.linalg.inv(inverses[usable])) if usable.any() else np.eye(3)[None]


def moves_of(space: Space, moving: list[tuple[Thing, Doubles]]) -> tuple[Doubles, NDArray[np.bool_]]:
    """What `Space.seen` needs to move things by (right, up, away) in meters, with their shadows.

    Returns
    -------
    tuple
        float64 (regions, 3), the move of each region; bool (regions,), which are shadows.
    """
    count = len(space.canvas.regions)
    moves, shadows = np.zeros((count, 3)), np.zeros(count, bool)
    for thing, move in moving:
        moves[thing.start - thing.shadows : thing.stop] = move
        shadows[thing.start - thing.shadows : thing.start] = True
    return moves, shadows
