"""Placing things in a landscape: from far to near, and beside winding paths and rivers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dissect_widgets.scenery.canvas import Canvas
from dissect_widgets.scenery.dice import Dice
from dissect_widgets.scenery.land import across, in_depth, on_floor
from dissect_widgets.scenery.planes import Point
from dissect_widgets.scenery.surfaces import Surface

Thing = Callable[..., None]
"""What draws itself on a canvas, with dice, at (x, z)."""


class Stage:
    """Things that stand on the ground of a picture; they are drawn together, from far to near."""

    def __init__(self, canvas: Canvas, dice: Dice) -> None:
        self.canvas, self.dice = canvas, dice
        self._things: list[tuple[float, Callable[[], None]]] = []

    def put(self, thing: Thing, x: float, z: float, **options: Any) -> None:
        """Place a thing, that is `thing(canvas, dice, x, z, **options)`, on the ground."""
        self.add(z, partial(thing, self.canvas, self.dice, x, z, **options))

    def put_at(self, thing: Thing, share: float, z: float, **options: Any) -> None:
        """Place a thing at a share of the picture's width, at a distance."""
        self.put(thing, across(self.canvas, share, z), z, **options)

    def put_on(
        self, floor: tuple[Surface, str] | None, thing: Thing, x: float, z: float, **options: Any
    ) -> None:
        """Place a thing whose shadow falls on another floor, such as a path or water, or on none."""
        draw = partial(thing, self.canvas, self.dice, x, z, **options)
        self.add(z, partial(on_floor, self.canvas, floor, draw))

    def add(self, z: float, draw: Callable[[], None]) -> None:
        """Place anything that can be drawn, at a distance."""
        self._things.append((z, draw))

    def show(self) -> None:
        """Draw all of them."""
        in_depth(self._things)


def far(dice: Dice, near: float, distant: float) -> float:
    """A distance between two, as often near as far in the eyes of a camera."""
    return math.exp(dice.between(math.log(near), math.log(distant)))


def middle(line: Sequence[Point], z: float) -> float:
    """The x of the middle of a path or river at a distance."""
    return min(line, key=lambda point: abs(point[1] - z))[0]


def beside(line: Sequence[Point], z: float, away: float) -> float:
    """The x of a place on one side of a winding line, farther than `away` from all of it where possible."""
    x, least = middle(line, z) + away, min(abs(away), 4.5)
    near = [point for point in line if abs(point[1] - z) < least]
    for _ in range(20):
        if all(math.hypot(x - u, z - v) >= least - 0.05 for u, v in near):
            break
        x += math.copysign(0.5, away)
    return x
