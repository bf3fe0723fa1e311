"""Fences and low walls."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.surfaces import Surface, metal, painted, stone, wood


def fence(
    canvas: Canvas,
    rng: Rng,
    start: Point,
    end: Point,
    *,
    kind: str | None = None,
    height: float | None = None,
    surface: Surface | None = None,
) -> None:
    """Draw a fence from (x, z) to (x, z): "pickets", "rails", "iron" or a "wall"."""
    kind = kind or rng.pick(("pickets", "rails", "rails", "iron", "wall"))
    high = rng.between(0.9, 1.3) if height is None else height
    (x, z), length = start, math.hypot(end[0] - start[0], end[1] - start[1])
    direction = ((end[0] - x) / length, 0.0, (end[1] - z) / length)
    plane = canvas.camera.plane((x, 0.0, z), direction, (0.0, 1.0, 0.0))
    light = 0.9 + 0.15 * abs(direction[0])
    surface = surface or fence_surface(rng, kind)
    if kind == "wall":
        canvas.draw(plane, box(0, 0, length, high), surface, "fence", light=light)
        canvas.draw(plane, box(0, high - 0.12, length, high), surface.times(1.15), "fence", light=light)
        return
    width, step = {"pickets": (0.14, 0.32), "iron": (0.05, 0.3), "rails": (0.16, 2.0)}[kind]
    width, step = max(width, length / 300), max(step, length / 45)
    _comb(canvas, plane, surface, length, high, width, step, light)
    for share in (0.3, 0.62) if kind == "rails" else (0.25,):
        rail = box(0, share * high, length, share * high + 0.13)
        canvas.draw(plane, rail, surface.times(0.93), "fence", light=light)


def fence_surface(rng: Rng, kind: str) -> Surface:
    """What fences of a kind are made of."""
    if kind == "wall":
        return rng.pick((stone(rng, blocks=0.4), stone(rng)))
    if kind == "iron":
        return metal(rng)
    return rng.pick((wood(rng), painted(rng, (0.92, 0.91, 0.88)), painted(rng)))


def _comb(
    canvas: Canvas,
    plane: Plane,
    surface: Surface,
    length: float,
    high: float,
    width: float,
    step: float,
    light: float,
) -> None:
    """Posts or pickets with their upper rail, as one outline."""
    count = max(1, round(length / step))
    rail = 0.8 * high
    above: list[Point] = []
    below: list[Point] = []
    for number in range(count + 1):
        u = number * length / count
        left, right = u - width / 2, u + width / 2
        above += [(left, rail), (left, high - width / 2), (u, high), (right, high - width / 2), (right, rail)]
        below += [(left, rail - 0.13), (left, 0), (right, 0), (right, rail - 0.13)]
    canvas.draw(plane, [*above, *reversed(below)], surface, "fence", light=light)
