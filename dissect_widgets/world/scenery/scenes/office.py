"""The office."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.furniture.bookcases import bookcase
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair_style
from dissect_widgets.world.scenery.furniture.desks import desk_style
from dissect_widgets.world.scenery.furniture.groups import hang_row, laid_cabinet, wall_in_view, workplace
from dissect_widgets.world.scenery.furniture.lamps import hanging_lamp
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.sofas_and_armchairs import sofa


def office(rng: Rng) -> Canvas:
    """An office: one to three desks with computers and chairs, shelves and cabinets along the walls."""
    canvas, room = enter(rng, width=(3.4, 4.8), depth=(3.2, 4.4), eye=(1.2, 2.0))
    walls = rng.shuffled(("back", "left", "right"))
    kinds = (("window",), ("window", "painting"), ("painting",), ("clock", "window"))
    hang_row(canvas, rng, room, "back", ("blackboard",) if rng.chance(0.12) else rng.pick(kinds))
    for wall in ("left", "right"):
        hang_row(canvas, rng, room, wall, rng.pick((("window",), ("door",), ("painting",), ("clock",), ())))
    look, seat = desk_style(rng), chair_style(rng, swivel=rng.chance(0.8))
    stage = Stage(canvas, rng)
    desks = 0
    for wall in walls[: rng.count(1, 2)]:
        place = _beside(canvas, rng, room, wall, 0.42)
        if place is not None:
            workplace(stage, rng, place, look, seat)
            desks += 1
    if rng.chance(0.4) or not desks:
        workplace(stage, rng, _amid(canvas, rng, room), look, seat)
    for wall in walls[2:]:
        _shelves(canvas, rng, room, stage, wall)
    if rng.chance(0.45):
        stage.put(plant, rng.side() * (room.width / 2 - 0.35), room.depth - 0.4)
    stage.show()
    if rng.chance(0.4):
        hanging_lamp(canvas, rng, rng.between(-0.8, 0.8), room.depth * 0.6, top=room.height)
    return canvas


def _amid(canvas: Canvas, rng: Rng, room: Room) -> tuple[float, float, float]:
    """(x, z, turn) of a desk in the middle of a room, in the image if a few tries find such a place."""
    turn, z = rng.pick((180.0, 150.0, -150.0, 0.0, 30.0, -30.0)), rng.between(1.9, 0.62 * room.depth)
    places = [rng.between(-0.25, 0.25) * room.width for _ in range(8)]
    seen = [x for x in places if in_view(canvas.camera, x, z, margin=0.3, nearest=0.8)]
    return (seen or places)[0], z, turn


def _beside(canvas: Canvas, rng: Rng, room: Room, wall: str, gap: float) -> tuple[float, float, float] | None:
    """(x, z, turn) somewhere along a wall, in the image; None if the wall is hardly seen."""
    start, end = wall_in_view(canvas, room, wall)
    most = room.walls[wall].width / 2 - 0.85
    corner = {"left": (0.0, 0.7), "right": (0.7, 0.0), "back": (0.0, 0.0)}[
        wall
    ]  # free for what is at the back
    low, high = max(start + 0.4, corner[0] - most), min(end - 0.4, most - corner[1])
    return room.along(wall, rng.between(low, high), gap) if high > low else None


def _shelves(canvas: Canvas, rng: Rng, room: Room, stage: Stage, wall: str) -> None:
    """Place one or two bookcases or cabinets, or a sofa, along a wall."""
    place = _beside(canvas, rng, room, wall, 0.28)
    if place is None:
        return
    x, z, turn = place
    middle = Block(x, z, 1, 1, 1, 0.0, turn)
    if rng.chance(0.2):
        x, _, z = middle.at(0, 0, -0.22)
        stage.put(sofa, x, z, turn=turn, width=1.7)
        return
    for shift in (-0.6, 0.6) if rng.chance(0.5) else (0.0,):
        x, _, z = middle.at(shift, 0, 0)
        if rng.chance(0.55):
            stage.put(bookcase, x, z, turn=turn, width=rng.between(0.9, 1.15))
        else:
            kind = rng.pick(("file", "file", "doors", "drawers"))
            laid = ("books", "plant", "none")
            stage.put(laid_cabinet, x, z, turn=turn, laid=laid, kind=kind)
