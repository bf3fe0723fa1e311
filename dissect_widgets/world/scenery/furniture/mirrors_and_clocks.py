"""Mirrors and clocks on the walls of a room."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import arched, box, ellipse, tube
from dissect_widgets.world.scenery.drawing.solids import Face
from dissect_widgets.world.scenery.drawing.surfaces import Surface, metal, painted, plastic, vary, wood


def mirror(
    canvas: Canvas,
    rng: Rng,
    face: Face,
    u: float,
    *,
    v: float = 1.5,
    width: float | None = None,
    height: float | None = None,
) -> None:
    """Draw a mirror: round, arched or square, with a pale room in it and gleams across; v is its middle."""
    wide = width or rng.between(0.5, 0.9)
    high = min(height or wide * rng.between(1.0, 1.6), 2 * (face.height - v - 0.1))
    frame = rng.pick((wood(rng), metal(rng), painted(rng)))
    pane = Surface(vary(rng, (0.5, 0.55, 0.58)), "glass", second=vary(rng, (0.86, 0.9, 0.92)), blend=1.0)
    a, b, rim = wide / 2, high / 2, rng.between(0.03, 0.07)
    if rng.chance(0.35):
        shapes = ellipse(u, v, a, b), ellipse(u, v, a - rim, b - rim)
    else:
        form = arched if rng.chance(0.3) else box
        shapes = (
            form(u - a, v - b, u + a, v + b),
            form(u - a + rim, v - b + rim, u + a - rim, v + b - rim),
        )
    canvas.draw(face.plane, shapes[0], frame, "mirror", "frame", light=face.light)
    canvas.draw(face.plane, shapes[1], pane, "mirror", "pane")
    gleam = Surface(vary(rng, (0.92, 0.95, 0.96), 0.03), "glass")
    slant, reach = 0.32 * wide, 0.5 * high
    for offset, thick in ((-0.16 * wide, 0.1 * wide), (0.04 * wide, 0.05 * wide)):
        start = u + offset - slant / 2
        streak = [
            (start, v - reach / 2),
            (start + thick, v - reach / 2),
            (start + slant + thick, v + reach / 2),
            (start + slant, v + reach / 2),
        ]
        canvas.draw(face.plane, streak, gleam, "mirror", "pane")


def clock(
    canvas: Canvas, rng: Rng, face: Face, u: float, *, v: float = 2.0, radius: float | None = None
) -> None:
    """Draw a clock on a wall, at any time of day."""
    size = radius or rng.between(0.17, 0.28)
    rim = rng.pick((wood(rng), metal(rng), plastic(rng)))
    dial = Surface(vary(rng, rng.pick(((0.95, 0.94, 0.9), (0.95, 0.94, 0.9), (0.15, 0.15, 0.18)))), "plastic")
    ink = Surface((0.08, 0.08, 0.1) if dial.color[0] > 0.5 else (0.93, 0.93, 0.9), "metal")
    square = rng.chance(0.2)
    for reach, surface, part in ((size, rim, "frame"), (0.82 * size, dial, "face")):
        outline = box(u - reach, v - reach, u + reach, v + reach) if square else ellipse(u, v, reach)
        canvas.draw(face.plane, outline, surface, "clock", part, light=face.light)
    for hour in range(0, 12, 3):
        x, y = _hand(hour / 12)
        mark = ellipse(u + 0.66 * size * x, v + 0.66 * size * y, 0.07 * size)
        canvas.draw(face.plane, mark, ink, "clock", "face")
    time = rng.between(0, 1)
    for turns, length, thick in ((time, 0.42, 0.14), (12 * time, 0.66, 0.1)):
        x, y = _hand(turns)
        hand = tube([(u, v), (u + length * size * x, v + length * size * y)], thick * size)
        canvas.draw(face.plane, hand, ink, "clock", "hand")


def _hand(turns: float) -> Point:
    """Direction of a hand after some turns from twelve o'clock."""
    return math.sin(math.tau * turns), math.cos(math.tau * turns)
