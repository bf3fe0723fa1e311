"""The living room."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import draw_round
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.drawing.surfaces import ceramic
from dissect_widgets.world.scenery.furniture.bookcases import bookcase, books
from dissect_widgets.world.scenery.furniture.carpets import carpet
from dissect_widgets.world.scenery.furniture.chairs_and_tables import table
from dissect_widgets.world.scenery.furniture.fireplaces import fireplace
from dissect_widgets.world.scenery.furniture.furnishing import (
    corner_plant,
    hang,
    in_sight,
    light_up,
    opposite_side,
    sideboard,
)
from dissect_widgets.world.scenery.furniture.lamps import floor_lamp
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant, vase
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.sofas_and_armchairs import SeatStyle, armchair, seat_style, sofa
from dissect_widgets.world.scenery.nature.plants import cactus


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
                opposite_side(side),
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
    _armchairs(rng, room, stage, style, opposite_side(side))
    if rng.chance(0.55):
        corner_plant(stage, room, rng.pick(("left", "right")))
    if rng.chance(0.5):
        place = room.beside(opposite_side(side), rng.between(2.2, room.depth - 1.0), 0.4)
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
