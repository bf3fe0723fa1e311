"""Rooms for living and washing; and with bedrooms, all makers of such scenes."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import draw_round
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.drawing.surfaces import ceramic
from dissect_widgets.world.scenery.furniture.bathroom_fixtures import bathtub, toilet
from dissect_widgets.world.scenery.furniture.chairs_and_tables import table
from dissect_widgets.world.scenery.furniture.decor import carpet, plant, vase
from dissect_widgets.world.scenery.furniture.fireplaces import fireplace
from dissect_widgets.world.scenery.furniture.furnishing import (
    corner_plant,
    hang,
    in_sight,
    light_up,
    other,
    sideboard,
)
from dissect_widgets.world.scenery.furniture.lamps import floor_lamp
from dissect_widgets.world.scenery.furniture.luggage_and_towels import folded_towels, hanging_towel
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.seats import SeatStyle, armchair, seat_style, sofa
from dissect_widgets.world.scenery.furniture.sinks import sink
from dissect_widgets.world.scenery.furniture.storage import bookcase, books, cabinet
from dissect_widgets.world.scenery.nature.plants import cactus
from dissect_widgets.world.scenery.scenes.bedrooms import bedroom
from dissect_widgets.world.scenery.scenes.hotels import hotel_room


def living_room(rng: Rng) -> Canvas:
    """A living room: a sofa, armchairs, a low table; television, fireplace or books at the walls."""
    canvas, room = enter(rng, width=(4.0, 5.4), depth=(4.0, 5.2), eye=(1.1, 2.0))
    side = in_sight(canvas.camera, rng)
    style, stage = seat_style(rng), Stage(canvas, rng)
    at_side = room.beside(side, room.depth * rng.between(0.6, 0.7), 0.55)
    focus = rng.pick(("sofa at back", "sofa at side", "sofa at side", "sofa ahead"))
    if focus == "sofa at side" and not in_view(canvas.camera, *at_side[:2]):
        focus = rng.pick(("sofa at back", "sofa ahead"))
    x, z = room.width * rng.between(-0.1, 0.1), room.depth * rng.between(0.52, 0.6)
    if rng.chance(0.75):
        carpet(canvas, rng, x, z, width=rng.between(2.2, 3.0), depth=rng.between(1.5, 2.2))
    if focus == "sofa at back":
        stage.put(sofa, x, room.depth - 0.55, style=style)
        hang(canvas, rng, room, "back", rng.pick(("painting", "window", "painting")), x, above=1.0)
        _feature(canvas, rng, room, stage, side, room.depth - 1.5)
        if rng.chance(0.6):
            hang(
                canvas,
                rng,
                room,
                other(side),
                rng.pick(("window", "tall window", "door")),
                rng.between(2.0, 3.0),
            )
    elif focus == "sofa at side":
        stage.put(sofa, *at_side[:2], turn=at_side[2], style=style)
        hang(canvas, rng, room, side, rng.pick(("painting", "window", "mirror")), at_side[1], above=1.0)
        _feature(canvas, rng, room, stage, "back", x)
    else:  # it stands free and looks aside
        turn = rng.side() * rng.between(100, 150) if rng.chance(0.4) else rng.side() * rng.between(20, 50)
        stage.put(sofa, x, z + 0.4, turn=turn, style=style)
        _feature(canvas, rng, room, stage, "back", rng.side() * room.width * 0.2)
        hang(canvas, rng, room, side, rng.pick(("window", "tall window", "painting")), room.depth - 1.3)
    if focus != "sofa ahead" and rng.chance(0.75):
        stage.put(_low_table, x, z)
    _armchairs(rng, room, stage, style, other(side))
    if rng.chance(0.55):
        corner_plant(stage, room, rng.pick(("left", "right")))
    if rng.chance(0.5):
        place = room.beside(other(side), rng.between(2.2, room.depth - 1.0), 0.4)
        stage.put(floor_lamp, *place[:2])
    stage.show()
    light_up(canvas, rng, room, 0.3)
    return canvas


def _low_table(canvas: Canvas, rng: Rng, x: float, z: float) -> None:
    """A low table with a vase, a plant or books on it."""
    high = rng.between(0.38, 0.46)
    table(canvas, rng, x, z, width=rng.between(0.9, 1.2), depth=rng.between(0.5, 0.65), height=high)
    thing = rng.pick((vase, vase, vase, books, books, plant, plant, _potted_cactus, _potted_cactus, None))
    if thing is not None:
        thing(canvas, rng, x + rng.between(-0.2, 0.2), z, high)


def _potted_cactus(canvas: Canvas, rng: Rng, x: float, z: float, y: float) -> None:
    """A small cactus in a pot."""
    draw_round(canvas, x, z, [(0.07, 0.0), (0.1, 0.12)], ceramic(rng), "cactus", "pot", y=y)
    cactus(canvas, rng, x, z, y=y + 0.11, height=rng.between(0.35, 0.5))


def _armchairs(rng: Rng, room: Room, stage: Stage, style: SeatStyle, wall: str) -> None:
    """Up to two armchairs, alike or not, that look towards the middle."""
    if rng.chance(0.4):
        style = seat_style(rng)
    inward = 1 if wall == "left" else -1
    for place in rng.pick(((0.48,), (0.48,), (0.42, 0.66), ())):
        x, z, turn = room.beside(wall, room.depth * place, rng.between(0.7, 1.1))
        turn += rng.between(-20, 40) * inward
        stage.put(armchair, x, z, turn=turn, style=style)


def _feature(canvas: Canvas, rng: Rng, room: Room, stage: Stage, wall: str, place: float) -> None:
    """What one looks at from a sofa: fireplace, television, books; on the back wall with a window beside."""
    kind = rng.pick(("fireplace", "television", "bookcase", "bookcase", "television", "sideboard"))
    gap = {"fireplace": 0.28, "bookcase": 0.2}.get(kind, 0.28)
    x, z, turn = room.beside(wall, place, gap)
    if wall == "back" and rng.chance(0.65):
        spare = place + (1.75 if place < 0 else -1.75)
        hang(canvas, rng, room, "back", rng.pick(("window", "tall window", "door", "painting")), spare)
    if kind == "fireplace":
        if rng.chance(0.6):
            hang(canvas, rng, room, wall, rng.pick(("painting", "mirror", "clock")), place, above=1.4)
        stage.put(fireplace, x, z, turn=turn, top=room.height)
    elif kind == "bookcase":
        stage.put(bookcase, x, z, turn=turn)
    else:
        holds = "television" if kind == "television" else rng.pick(("plant", "vase", "lamp"))
        stage.put(sideboard, x, z, turn=turn, holds=holds)


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
    _towels(canvas, rng, room, stage, towels, other(side))
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


MAKERS = {
    "bedroom": bedroom,
    "hotel room": hotel_room,
    "living room": living_room,
    "bathroom": bathroom,
}
