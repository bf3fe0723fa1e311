"""Landing stages."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.surfaces import Surface, wood


def dock(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    length: float = 9.0,
    width: float = 2.2,
    height: float = 0.6,
    turn: float = 0.0,
) -> None:
    """Draw a landing stage on posts, from its near end at (x, z) away from the camera, or to a side."""
    planks = wood(rng)
    deck = canvas.camera.ground(x, z, y=height, turn=turn)
    front = canvas.camera.upright(x, z, turn=turn)
    side = -width / 2 if x - length * math.sin(math.radians(turn)) / 2 > 0 else width / 2
    _dock_side(canvas, planks, side, length, height, (x, z), turn)
    across = planks.textured("striped", 0.6, (99.0, 0.9))
    canvas.draw(deck, box(-width / 2, 0, width / 2, length), across, "dock")
    canvas.draw(front, box(-width / 2, height - 0.3, width / 2, height), planks.times(0.7), "dock")
    for u in (-0.42 * width, 0.42 * width):
        canvas.draw(front, box(u - 0.13, -0.3, u + 0.13, height + 0.35), planks.times(0.55), "dock", "post")


def _dock_side(
    canvas: Canvas,
    planks: Surface,
    side: float,
    length: float,
    height: float,
    foot: Point,
    turn: float,
) -> None:
    """Posts and edge at the side that is seen."""
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    x, z = foot[0] + side * cosine, foot[1] + side * sine
    plane = canvas.camera.plane((x, 0, z), (-sine, 0, cosine), (0, 1, 0))
    canvas.draw(plane, box(0, height - 0.3, length, height), planks.times(0.5), "dock")
    for number in range(1, 4):
        u = length * number / 3
        canvas.draw(plane, box(u - 0.12, -0.3, u + 0.12, height + 0.3), planks.times(0.45), "dock", "post")
