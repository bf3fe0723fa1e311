"""Placing things in an image: from far to near, on other floors, and beside winding paths and rivers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Floor
from dissect_widgets.world.scenery.drawing.planes import Camera, Point
from dissect_widgets.world.scenery.drawing.rng import Rng

Thing = Callable[..., object]
"""Function that draws a thing at (x, z): `thing(canvas, rng, x, z, **options)`."""


class Stage:
    """Things that stand on the ground of an image; they are drawn together, from far to near."""

    def __init__(self, canvas: Canvas, rng: Rng) -> None:
        self.canvas, self.rng = canvas, rng
        self._things: list[tuple[float, Callable[[], object]]] = []

    def put(self, thing: Thing, x: float, z: float, /, **options: Any) -> None:
        """Place a thing, that is `thing(canvas, rng, x, z, **options)`, on the ground."""
        draw = partial(thing, self.canvas, self.rng, x, z, **options)
        self.add(self.canvas.camera.depth(x, z), draw)

    def put_at(self, thing: Thing, share: float, z: float, /, **options: Any) -> None:
        """Place a thing at a share of the image's width, at a distance."""
        self.put(thing, across(self.canvas, share, z), z, **options)

    def put_on(self, floor: Floor | None, thing: Thing, x: float, z: float, /, **options: Any) -> None:
        """Place a thing whose shadow falls on another floor, such as a path or water, or on none."""
        draw = partial(thing, self.canvas, self.rng, x, z, **options)
        self.add(self.canvas.camera.depth(x, z), partial(on_floor, self.canvas, floor, draw))

    def add(self, depth: float, draw: Callable[[], object]) -> None:
        """Place anything that can be drawn, at a distance along the line of sight."""
        self._things.append((depth, draw))

    def show(self) -> None:
        """Draw all of them."""
        for _, draw in sorted(self._things, key=lambda thing: -thing[0]):
            draw()


def on_floor(canvas: Canvas, floor: Floor | None, draw: Callable[[], object]) -> None:
    """Draw something whose shadow falls on another floor than that of the image, or on none."""
    canvas.floor, before = floor, canvas.floor
    draw()
    canvas.floor = before


def across(canvas: Canvas, share: float, z: float) -> float:
    """X of what is seen at a share of the image's width, at a distance, by a camera that is not turned."""
    left, right = canvas.camera.left_edge(z), canvas.camera.right_edge(z)
    return left + share * (right - left)


def in_view(camera: Camera, x: float, z: float, *, margin: float = 0.12, nearest: float = 1.0) -> bool:
    """Whether a place is seen, at least a share `margin` of the image's width from its borders.

    Parameters
    ----------
    nearest
        The least distance along the line of sight, in meters.
    """
    return camera.depth(x, z) > nearest and margin < camera.locate(x, 0, z)[0] < 1 - margin


def far(rng: Rng, near: float, distant: float) -> float:
    """A distance between two, as often near as far in the eyes of a camera."""
    return math.exp(rng.between(math.log(near), math.log(distant)))


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


Rare = tuple[tuple[Thing, float], ...]
"""Things that may be in an image, and their probabilities."""
