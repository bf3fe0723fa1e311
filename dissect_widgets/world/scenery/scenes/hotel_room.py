"""The hotel room: beds as in bedrooms, and what only travelers and hotels bring."""

from __future__ import annotations

from functools import partial

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.furniture.beds import bed_style
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair
from dissect_widgets.world.scenery.furniture.desks import desk
from dissect_widgets.world.scenery.furniture.furnishing import (
    hang,
    in_sight,
    light_up,
    opposite_side,
    sideboard,
)
from dissect_widgets.world.scenery.furniture.lamps import floor_lamp
from dissect_widgets.world.scenery.furniture.luggage_and_towels import suitcase
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.sofas_and_armchairs import armchair
from dissect_widgets.world.scenery.scenes.bedroom import beds_at_back, beds_at_side, rug, window_wall


def hotel_room(rng: Rng) -> Canvas:
    """A hotel room: one or two beds alike, a suitcase, a television, a desk or an armchair, long curtains."""
    canvas, room = enter(rng, width=(4.0, 5.0), depth=(3.7, 4.8), eye=(1.1, 2.1))
    side = in_sight(canvas.camera, rng)
    twin = rng.chance(0.5)
    style = bed_style(rng, width=rng.between(1.0, 1.25) if twin else rng.between(1.5, 1.85))
    style = style._replace(head=rng.pick(("board", "cushion")))
    stage = Stage(canvas, rng)
    gap = style.width + 0.6
    z = room.depth - style.width / 2 - 0.4
    if rng.chance(0.5) or not in_view(canvas.camera, *room.beside(side, z, 1.2)[:2]):
        middle = room.width * rng.between(-0.06, 0.06)
        middles = [middle - gap / 2, middle + gap / 2] if twin else [middle]
        beds = beds_at_back(rng, room, stage, style, middles)
        if rng.chance(0.7):
            hang(canvas, rng, room, "back", "painting", middle, above=style.high)
        window_wall(canvas, rng, room, opposite_side(side), rng.between(2.0, 2.8))
        _opposite(rng, room, stage, side)
    else:
        middles = [z - gap, z] if twin and z - gap > 1.4 else [z]
        beds = beds_at_side(rng, room, stage, style, side, middles)
        _far_end(canvas, rng, room, stage, side)
        _opposite(rng, room, stage, opposite_side(side))
    rug(canvas, rng, room, 0.25)
    _luggage(canvas, rng, room, stage, beds)
    stage.show()
    light_up(canvas, rng, room, 0.15)
    return canvas


def _luggage(canvas: Canvas, rng: Rng, room: Room, stage: Stage, beds: list[Block]) -> None:
    """A suitcase where it is seen: on the floor, or on a bed."""
    if not rng.chance(0.9):
        return
    for _ in range(12):
        x, z = room.width * rng.between(-0.38, 0.38), rng.between(1.9, 3.2)
        taken = any(abs(x - b.x) < b.width / 2 + 0.2 and abs(z - b.z) < b.depth / 2 + 0.3 for b in beds)
        seen = in_view(canvas.camera, x, z) and canvas.camera.locate(x, 0.1, z - 0.1)[1] < 1
        if seen and not taken and rng.chance(0.8):
            turn = rng.between(-50, 50)
            stage.put(suitcase, x, z, turn=turn, lying=False)
            return
    place = rng.pick(beds)
    x, z = place.x * 0.85, place.z - 0.15
    lift = partial(suitcase, canvas, rng, x, z, y=place.height, turn=rng.between(-20, 20), lying=True)
    stage.add(canvas.camera.depth(place.x, place.z - 0.01), lift)


def _far_end(canvas: Canvas, rng: Rng, room: Room, stage: Stage, side: str) -> None:
    """What is at the back wall where the beds stand at a side: a window, a television or a desk."""
    inward = 1 if side == "left" else -1
    if rng.chance(0.55):
        hang(canvas, rng, room, "back", "tall window", room.width * rng.between(0.0, 0.15) * inward)
        return
    x, z = room.width * rng.between(0.12, 0.22) * inward, room.depth - 0.32
    if rng.chance(0.65):
        stage.put(sideboard, x, z, turn=0.0, holds="television")
    else:
        stage.put(_desk, x, z, turn=0.0)
        hang(canvas, rng, room, "back", rng.pick(("mirror", "painting")), x, above=0.9)


def _opposite(rng: Rng, room: Room, stage: Stage, wall: str) -> None:
    """What hotels have at a wall: a television on a cabinet, a desk, an armchair with a lamp."""
    near, far = rng.between(1.9, 2.3), room.depth - rng.between(0.7, 1.0)
    kinds = rng.shuffled(("television", "desk", "armchair"))
    for kind, place in zip(kinds[:2], (near, far), strict=True):
        x, z, turn = room.beside(wall, place, 0.5 if kind == "armchair" else 0.36)
        if kind == "television":
            stage.put(sideboard, x, z, turn=turn, holds="television")
        elif kind == "desk":
            stage.put(_desk, x, z, turn=turn)
        else:
            stage.put(armchair, x, z, turn=turn + rng.between(-25, 25))
    if rng.chance(0.3):
        x, z, _ = room.beside(wall, (near + far) / 2, 0.3)
        stage.put(floor_lamp, x, z)


def _desk(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float) -> None:
    """A desk with its chair."""
    desk(canvas, rng, x, z, turn=turn, width=1.1)
    right, ahead = (0.0, -0.55) if turn == 0 else (0.55 if turn > 0 else -0.55, 0.0)
    chair(canvas, rng, x + right, z + ahead, turn=turn + 180)
