"""Fireplaces."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import arched, box, smooth
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, brick, marble, metal, painted, stone, wood


def fireplace(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float = 0.0, top: float = 2.6) -> None:
    """Draw a fireplace with a mantel, mostly lit; some have a chimney up to the ceiling, at height `top`."""
    wide, high, deep = rng.between(1.3, 1.7), rng.between(1.05, 1.25), 0.4
    body = rng.pick((brick(rng, 0.55), stone(rng, blocks=0.2), marble(rng), painted(rng), wood(rng)))
    shelf = rng.pick((wood(rng), marble(rng), body.times(1.1)))
    if rng.chance(0.4):
        shaft = Block(x, z, 0.8 * wide, 0.7 * deep, top - high, y=high, turn=turn)
        draw_block(canvas, shaft, rng.pick((body, painted(rng))), "fireplace", "chimney")
    front = draw_block(canvas, Block(x, z, wide, deep, high, turn=turn), body, "fireplace").get("front")
    if front is not None:
        _hearth(canvas, rng, front.plane, wide, high, front.light)
    draw_block(
        canvas, Block(x, z, wide + 0.2, deep + 0.16, 0.08, y=high, turn=turn), shelf, "fireplace", "mantel"
    )


def _hearth(canvas: Canvas, rng: Rng, plane: Plane, wide: float, high: float, light: float) -> None:
    """The dark opening with its rim, and the fire in it."""
    half, top = 0.31 * wide, 0.68 * high
    form = arched if rng.chance(0.4) else box
    rim = rng.pick((stone(rng), metal(rng), brick(rng, 0.4)))
    canvas.draw(plane, form(-half - 0.09, 0, half + 0.09, top + 0.09), rim, "fireplace", "frame", light=light)
    soot = Surface((0.1, 0.08, 0.07), "brick", rough=0.3, grain=(0.2, 0.2))
    canvas.draw(plane, form(-half, 0, half, top), soot, "fireplace")
    log = wood(rng)
    for v, lean in ((0.06, 4.0), (0.13, -7.0)):
        place = plane.moved(0, v).leaning(lean)
        canvas.draw(place, box(-0.62 * half, -0.05, 0.62 * half, 0.05), log.times(0.6), "fireplace")
    if rng.chance(0.75):
        for share, color in ((1.0, (1.0, 0.42, 0.08)), (0.72, (1.0, 0.68, 0.16)), (0.42, (1.0, 0.94, 0.6))):
            flame = Surface(color, None, glow=1.0)
            canvas.draw(
                plane, _flame(rng, 0.62 * half * share, 0.72 * top * share), flame, "fireplace", "fire"
            )


def _flame(rng: Rng, half: float, high: float) -> list[Point]:
    """Tongues of fire."""
    tips = [high * rng.between(0.6, 1.0) for _ in range(3)]
    tips[1] = high
    outline: list[Point] = [(-half, 0.1)]
    for i, tip in enumerate(tips):
        u = half * (i - 1) * 0.7
        outline += [(u, 0.1 + tip), (u + 0.3 * half, 0.1 + 0.45 * tip)]
    return smooth([*outline, (half, 0.1)], 3)
