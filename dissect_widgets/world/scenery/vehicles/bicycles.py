"""Bicycles; see `parts` for the meaning of `turn`."""

from __future__ import annotations

import math
from itertools import pairwise

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import rounded, tube
from dissect_widgets.world.scenery.drawing.surfaces import Surface, metal, painted
from dissect_widgets.world.scenery.vehicles.parts import rubber


def bicycle(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None) -> None:
    """Draw a bicycle from the side: two wheels, frame, seat, handlebar."""
    turn = rng.pick((0, 180)) + rng.between(-40, 40) if turn is None else turn
    canvas.shadow(x, z, 0.95, 0.2, turn=turn)
    plane = canvas.camera.upright(x, z, turn=turn)
    paint, tire, seat = painted(rng), rubber(), Surface((0.2, 0.14, 0.1), "leather")
    rear, front, crank, saddle, fork = (-0.52, 0.34), (0.52, 0.34), (-0.08, 0.32), (-0.22, 0.78), (0.38, 0.82)
    for u, v in (rear, front):
        canvas.draw(plane, _hoop(u, v, 0.34, 0.06), tire, "bicycle", "wheel")
        for degrees in (20.0, 80.0, 140.0):
            canvas.draw(plane, _spoke(u, v, degrees), metal(rng), "bicycle", "wheel")
    for points in ((rear, crank, fork, saddle, rear), (crank, saddle), (front, fork, (0.36, 0.98))):
        for start, finish in pairwise(points):
            canvas.draw(plane, tube([start, finish], 0.06), paint, "bicycle", "frame")
    canvas.draw(plane, tube([saddle, (-0.25, 0.92)], 0.05), metal(rng), "bicycle", "frame")
    canvas.draw(plane, rounded(-0.4, 0.9, -0.1, 0.99, 0.05), seat, "bicycle", "seat")
    canvas.draw(
        plane, tube([(0.28, 1.02), (0.36, 1.0), (0.5, 1.04)], 0.06), metal(rng), "bicycle", "handlebar"
    )
    _basket(canvas, rng, plane)


def _basket(canvas: Canvas, rng: Rng, plane: Plane) -> None:
    """Sometimes, a basket in front."""
    if rng.chance(0.3):
        weave = Surface((0.6, 0.45, 0.28), "wood", "woven", (0.35, 0.24, 0.14), (0.14, 0.14))
        canvas.draw(plane, [(0.5, 0.72), (0.78, 0.72), (0.84, 0.98), (0.46, 0.98)], weave, "bicycle", "body")


def _hoop(u: float, v: float, radius: float, width: float) -> list[Point]:
    """A ring, as one outline that goes round outside and back inside."""
    turns = [math.tau * i / 20 for i in range(21)]
    outer = [(u + radius * math.cos(t), v + radius * math.sin(t)) for t in turns]
    inner = [(u + (radius - width) * math.cos(t), v + (radius - width) * math.sin(t)) for t in turns]
    return [*outer, *inner[::-1]]


def _spoke(u: float, v: float, degrees: float) -> list[Point]:
    """A thin line across a wheel."""
    a, b = 0.3 * math.cos(math.radians(degrees)), 0.3 * math.sin(math.radians(degrees))
    return tube([(u - a, v - b), (u + a, v + b)], 0.015)
