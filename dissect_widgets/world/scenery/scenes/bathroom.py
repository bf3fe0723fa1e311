"""The bathroom."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.furniture.bathroom_fixtures import bathtub, toilet
from dissect_widgets.world.scenery.furniture.cabinets import cabinet
from dissect_widgets.world.scenery.furniture.carpets import carpet
from dissect_widgets.world.scenery.furniture.furnishing import hang, in_sight, light_up, opposite_side
from dissect_widgets.world.scenery.furniture.luggage_and_towels import folded_towels, hanging_towel
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.sinks import sink


def bathroom(rng: Rng) -> Canvas:
    """A bathroom: two or three of bathtub, toilet and sink with a mirror; towels, tiles, a small window."""
    canvas, room = enter(rng, width=(2.6, 3.3), depth=(2.8, 3.6), eye=(1.2, 2.0), tiled=0.8)
    side, stage = in_sight(canvas.camera, rng), Stage(canvas, rng)
    if rng.chance(0.55):
        x, z = room.width * rng.between(-0.12, 0.12), room.depth * rng.between(0.55, 0.65)
        carpet(canvas, rng, x, z, width=rng.between(0.8, 1.1), depth=rng.between(0.55, 0.7))
    across = rng.chance(0.45) or not in_view(canvas.camera, *room.beside(side, room.depth - 1.0, 0.7)[:2])
    if across:  # the tub stands along the back wall
        end = rng.side()
        x, z = end * (room.width / 2 - 0.95), room.depth - 0.46
        stage.put(bathtub, x, z)
        hang(canvas, rng, room, "back", rng.pick(("window", "painting", "window")), x, above=0.9)
        rest = [("back", end * (0.45 - room.width / 2)), (side, room.depth - 1.35)]
        towels = (side, room.depth - 0.6)
    else:
        end = 1 if side == "left" else -1
        x, z, turn = room.beside(side, room.depth - 1.0, 0.46)
        stage.put(bathtub, x, z, turn=turn)
        if rng.chance(0.6):
            hang(canvas, rng, room, side, "window", z, above=0.9)
        rest = [("back", end * -0.02 * room.width), ("back", end * 0.31 * room.width)]
        towels = ("back", end * 0.42 * room.width) if rng.chance(0.5) else (side, room.depth - 1.9)
    for i, (kind, (wall, place)) in enumerate(zip(rng.shuffled(("toilet", "sink")), rest, strict=True)):
        if i == 0 or rng.chance(0.8):
            _fitting(canvas, rng, room, stage, kind, wall, place)
    _towels(canvas, rng, room, stage, towels, opposite_side(side))
    stage.show()
    light_up(canvas, rng, room, 0.3)
    return canvas


def _fitting(canvas: Canvas, rng: Rng, room: Room, stage: Stage, kind: str, wall: str, place: float) -> None:
    """A toilet, or a sink with a mirror above it."""
    gap = 0.4 if kind == "toilet" else 0.32
    x, z, turn = room.beside(wall, place, gap)
    if kind == "sink":
        hang(canvas, rng, room, wall, "mirror", place)
        stage.put(sink, x, z, turn=turn)
    else:
        stage.put(toilet, x, z, turn=turn)


def _towels(canvas: Canvas, rng: Rng, room: Room, stage: Stage, place: tuple[str, float], wall: str) -> None:
    """Towels on a rail, or folded on a small cabinet at another wall; sometimes a plant."""
    if rng.chance(0.7):
        at, along = place
        hanging_towel(canvas, rng, room.walls[at], room.u_at(at, along), width=rng.between(0.5, 0.7))
    if rng.chance(0.35):
        x, z, turn = room.beside(wall, rng.between(1.7, 2.0), 0.3)
        stage.put(_stand, x, z, turn=turn)


def _stand(canvas: Canvas, rng: Rng, x: float, z: float, turn: float) -> None:
    """A small cabinet with folded towels or a plant on it."""
    top = cabinet(canvas, rng, x, z, turn=turn, width=0.5, height=0.7, depth=0.4, kind="doors")
    if rng.chance(0.6):
        folded_towels(canvas, rng, x, z, top, turn=turn)
    else:
        plant(canvas, rng, x, z, top)
