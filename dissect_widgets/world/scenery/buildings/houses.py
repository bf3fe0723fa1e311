"""Houses, and barns with their silos."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.openings import (
    Windows,
    awning,
    draw_door,
    draw_steps,
    draw_window,
    spread,
    window_row,
    windows,
)
from dissect_widgets.world.scenery.buildings.roofs import dome, hip_roof, ridge_roof, round_wall, sideways
from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, tube
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block, faces
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    brick,
    glass,
    metal,
    painted,
    quiet_color,
    roofing,
    stone,
    times,
    wood,
)

WALL = Shade(1.0, v=0.05)
"""A little darker near the ground."""


def walls(rng: Rng) -> Surface:
    """Any material of which houses are built."""
    plaster = Surface(quiet_color(rng), "painted", rough=0.1, grain=(1.5, 1.0))
    return rng.pick(
        (plaster, plaster, brick(rng), brick(rng, 1.3), stone(rng, blocks=0.6), wood(rng, plank=0.5))
    )


def boards(rng: Rng) -> Surface:
    """Planks of wood, bare or painted."""
    bare = wood(rng, plank=rng.between(0.45, 0.7))
    if rng.chance(0.4):
        return bare
    color = any_color(rng)
    return bare._replace(color=color, second=times(color, 0.6), material="painted")


def house(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float = 0.0, size: float = 1.0) -> None:
    """Draw a house of one or two stories with a gable or hip roof."""
    stories = rng.pick((1, 1, 2))
    width, depth = size * rng.between(7.0, 9.5), size * rng.between(5.5, 7.0)
    block = Block(x, z, width, depth, size * (2.9 * stories + 0.1), turn=turn)
    wall, roof, style = walls(rng), roofing(rng, 0.6), windows(rng, dusk=canvas.light.name == "dusk")
    canvas.shadow(x, z, 0.7 * width, 0.6 * depth, turn=turn)
    seen = draw_block(canvas, block, wall, "house", "facade", shade=WALL)
    for side in ("back", "left", "right"):
        if side in seen:
            _stories(canvas, style, seen[side], stories, size)
    if "front" in seen:
        _house_front(canvas, rng, style, seen["front"], stories, size)
    rise = depth * rng.between(0.38, 0.6)
    _house_roof(canvas, rng, block, rise, roof, wall, style)


def _stories(canvas: Canvas, style: Windows, face: Face, stories: int, size: float) -> None:
    """Rows of windows."""
    places = spread(face.width, 2 if face.width < 7.5 * size else 3)
    for story in range(stories):
        window_row(canvas, style, face, size * (0.95 + 2.9 * story), (1.15 * size, 1.4 * size), places)


def _house_front(canvas: Canvas, rng: Rng, style: Windows, face: Face, stories: int, size: float) -> None:
    """A door between or beside windows, perhaps under a canopy."""
    places = spread(face.width, 3)
    door = rng.count(0, 2)
    draw_door(canvas, rng, face, places[door], width=1.15 * size, height=2.15 * size)
    if rng.chance(0.5):
        draw_steps(canvas, face, "house", places[door], 1.3 * size, stone(rng))
    others = [u for number, u in enumerate(places) if number != door]
    window_row(canvas, style, face, 0.95 * size, (1.25 * size, 1.35 * size), others)
    if stories == 2:
        window_row(canvas, style, face, 3.85 * size, (1.2 * size, 1.35 * size), places)
    if rng.chance(0.3):
        plain = painted(rng)
        striped = plain._replace(texture="striped", second=(0.92, 0.9, 0.86), period=(0.6, 9))
        cloth = rng.pick((plain, striped))
        awning(canvas, face, "house", places[door], 2.35 * size, 2.0 * size, 0.45 * size, cloth)


def _house_roof(
    canvas: Canvas, rng: Rng, block: Block, rise: float, roof: Surface, wall: Surface, style: Windows
) -> None:
    """The roof, with its ridge along or across the front or hipped, and a chimney."""
    kind = rng.pick(("along", "along", "across", "hip"))
    chimney = rng.chance(0.7)
    spot = rng.side() * rng.between(0.15, 0.35) * block.width
    if kind == "hip":
        hip_roof(canvas, block, 0.8 * rise, roof, "house")
        spot *= 0.3
    else:
        ridge = block if kind == "along" else sideways(block)
        ridge_roof(canvas, ridge, rise, roof, wall, "house")
        seen = faces(ridge, canvas.camera, canvas.light.side)
        for face in (seen[side] for side in ("left", "right") if side in seen):
            draw_window(canvas, style, face, 0, block.height + 0.12 * rise, 0.9, min(1.1, 0.4 * rise))
    if chimney:
        right, back = (0.0, spot) if kind == "across" else (spot, 0.0)
        stack = block.piece(right, block.height + 0.6 * rise, back, 0.8, 0.8, 0.4 * rise + 0.9)
        draw_block(canvas, stack, brick(rng, 0.6), "house", "chimney")


def barn(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float = 0.0, size: float = 1.0) -> None:
    """Draw a barn of planks with a broken roof, a large door in its gable, and sometimes a silo."""
    width, depth = size * rng.between(8, 10), size * rng.between(11, 15)
    block = Block(x, z, width, depth, size * rng.between(3.6, 4.6), turn=turn)
    wall, roof = boards(rng), roofing(rng, 0.8)
    trim = painted(rng, rng.pick(((0.92, 0.91, 0.88), times(wall.color, 0.6), any_color(rng))))
    silo = rng.side() * (0.5 * width + 2.2 * size) if rng.chance(0.45) else None
    if silo is not None:
        _silo(canvas, rng, block.at(silo, 0, 0.2 * depth), size)
    canvas.shadow(x, z, 0.7 * width, 0.6 * depth, turn=turn)
    seen = draw_block(canvas, block, wall, "barn", "facade", shade=WALL)
    style = Windows(glass(rng), trim, panes=(2, 2))
    for side in ("left", "right"):
        if side in seen:
            window_row(canvas, style, seen[side], 1.4 * size, (1.0 * size, 1.0 * size), spread(depth, 3))
    rise = width * rng.between(0.45, 0.6)
    shape = rng.pick(("gambrel", "gambrel", "gable"))
    ridge_roof(canvas, sideways(block), rise, roof, wall, "barn", shape=shape, trim=trim)
    if "front" in seen:
        _barn_door(canvas, seen["front"], wall, trim, size, block.height)
        loft = Windows(Surface((0.12, 0.1, 0.09)), trim, panes=(1, 1))
        draw_window(canvas, loft, seen["front"], 0, block.height + 0.1 * rise, 1.4 * size, 1.4 * size)


def _barn_door(canvas: Canvas, face: Face, wall: Surface, trim: Surface, size: float, height: float) -> None:
    """A double door with crosses of boards."""
    tall, half = min(3.3 * size, height - 0.3), 1.6 * size
    frame = box(-half - 0.2, 0, half + 0.2, tall + 0.2)
    canvas.draw(face.plane, frame, trim, "door", "frame", light=face.light)
    for left in (-half, 0.08):
        right, thick = left + half - 0.08, 0.24 * size
        canvas.draw(face.plane, box(left, 0.05, right, tall), wall.times(0.85), "door", light=face.light)
        for first, last in ((0.1, tall - 0.1), (tall - 0.1, 0.1)):
            board = tube([(left + 0.1, first), (right - 0.1, last)], thick)
            canvas.draw(face.plane, board, trim, "door", "panel", light=face.light)


def _silo(canvas: Canvas, rng: Rng, foot: Vector, size: float) -> None:
    """A round store for grain, with a dome."""
    surface = rng.pick((metal(rng), stone(rng, blocks=0.9), painted(rng, quiet_color(rng))))
    radius, height = 1.8 * size, rng.between(8, 11) * size
    canvas.shadow(foot[0], foot[2], 1.3 * radius, radius)
    round_wall(canvas, foot, (radius, radius), height, surface, "barn")
    top = (foot[0], foot[1] + height, foot[2])
    dome(canvas, top, 1.03 * radius, radius, surface.times(0.8), "barn")
