"""Hangars."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.houses import WALL
from dissect_widgets.world.scenery.buildings.roofs import ridge_roof, sideways
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, half_ellipse
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    glass,
    metal,
    painted,
    quiet_color,
    roofing,
)


def hangar(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    size: float = 1.0,
) -> None:
    """Draw a hangar: a hall with a vaulted or low roof and a wide door, open or closed."""
    width, depth = size * rng.between(16, 22), size * rng.between(14, 20)
    block = Block(x, z, width, depth, size * rng.between(4, 5.5), turn=turn)
    wall, roof = rng.pick((painted(rng, quiet_color(rng)), metal(rng))), roofing(rng, 1.2)
    wall = wall.textured("grooved", 0.7, (0.9, 0.9))
    canvas.shadow(x, z, 0.6 * width, 0.55 * depth, turn=turn)
    seen = draw_block(canvas, block, wall, "building", "facade", shade=WALL)
    shape, rise = rng.pick((("vault", 0.32 * width), ("vault", 0.24 * width), ("gable", 0.16 * width)))
    ridge_roof(canvas, sideways(block), rise, roof, wall, "building", shape=shape)
    if "front" in seen:
        face, half, tall = seen["front"], 0.4 * width, 1.05 * block.height
        dark = Surface((0.13, 0.13, 0.14), "metal")
        leaves = Surface(any_color(rng), "metal", "striped", wall.color, (half / 2, 9))
        door = dark if rng.chance(0.4) else leaves
        canvas.draw(face.plane, box(-half, 0, half, tall), door, "door", light=face.light)
        crown = half_ellipse(0, tall + 0.3 * rise, 0.18 * width, 0.35 * rise)
        canvas.draw(face.plane, crown, glass(rng), "window", "pane", light=face.light)
