"""Rooms with tables and shelves: office, classroom, library; and kitchens and dining rooms."""

from __future__ import annotations

from collections.abc import Callable

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.drawing.surfaces import Surface, painted, wood
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair, chair_style
from dissect_widgets.world.scenery.furniture.counters import Unit, outer_first
from dissect_widgets.world.scenery.furniture.decor import carpet, plant
from dissect_widgets.world.scenery.furniture.desks import desk, desk_style
from dissect_widgets.world.scenery.furniture.devices import blackboard
from dissect_widgets.world.scenery.furniture.fireplaces import fireplace
from dissect_widgets.world.scenery.furniture.groups import (
    hang_row,
    share_in_view,
    table_group,
    wall_in_view,
    workplace,
)
from dissect_widgets.world.scenery.furniture.hangings import clock, door, window
from dissect_widgets.world.scenery.furniture.lamps import floor_lamp, hanging_lamp
from dissect_widgets.world.scenery.furniture.paintings import painting
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.seats import sofa
from dissect_widgets.world.scenery.furniture.storage import bookcase
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.kitchens import dining_room, kitchen, laid_cabinet


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
    """(x, z, turn) of a desk in the middle of a room, in the picture if a few tries find such a place."""
    turn, z = rng.pick((180.0, 150.0, -150.0, 0.0, 30.0, -30.0)), rng.between(1.9, 0.62 * room.depth)
    places = [rng.between(-0.25, 0.25) * room.width for _ in range(8)]
    seen = [x for x in places if in_view(canvas.camera, x, z, margin=0.3, nearest=0.8)]
    return (seen or places)[0], z, turn


def _beside(canvas: Canvas, rng: Rng, room: Room, wall: str, gap: float) -> tuple[float, float, float] | None:
    """(x, z, turn) somewhere along a wall, in the picture; None if the wall is hardly seen."""
    start, end = wall_in_view(canvas, room, wall)
    most = room.walls[wall].width / 2 - 0.85
    corner = {"left": (0.0, 0.7), "right": (0.7, 0.0), "back": (0.0, 0.0)}[
        wall
    ]  # free for what is at the back
    low, high = max(start + 0.4, corner[0] - most), min(end - 0.4, most - corner[1])
    return room.along(wall, rng.between(low, high), gap) if high > low else None


def _shelves(canvas: Canvas, rng: Rng, room: Room, stage: Stage, wall: str) -> None:
    """Note one or two bookcases or cabinets, or a sofa, along a wall."""
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


def classroom(rng: Rng) -> Canvas:
    """A classroom: rows of desks and chairs before a blackboard."""
    canvas, room = enter(rng, width=(4.6, 6.4), depth=(4.6, 6.2), height=(2.7, 3.2), eye=(1.4, 2.2))
    sides = [wall for wall in ("left", "right") if share_in_view(canvas, room, wall) > 0.38]
    front = rng.pick(sides) if sides and rng.chance(0.45) else "back"
    _board(canvas, rng, room, front)
    kinds = (("window", "window"), ("window", "window"), ("door", "window"), ("door",), ("painting",))
    for wall in ("back", "left", "right"):
        if wall != front:
            hang_row(canvas, rng, room, wall, rng.pick(kinds))
    stage = Stage(canvas, rng)
    _rows(rng, room, stage, {"back": 0.0, "left": 90.0, "right": -90.0}[front])
    if rng.chance(0.5):
        _teacher(canvas, rng, room, stage, front)
    if front != "back" or rng.chance(0.4):
        side = rng.pick(("left", "right")) if front == "back" else "back"
        x, z, turn = room.along(side, rng.between(-0.2, 0.2) * room.width, 0.25)
        stage.put(bookcase, x, z, turn=turn, height=rng.between(1.1, 2.0))
    stage.show()
    return canvas


def _board(canvas: Canvas, rng: Rng, room: Room, wall: str) -> None:
    """Blackboard in that part of a wall that is in the picture, and often a clock."""
    face = room.walls[wall]
    start, end = wall_in_view(canvas, room, wall)
    wide = min(rng.between(2.2, 3.4), 0.66 * face.width, 0.95 * (end - start))
    most = face.width / 2 - wide / 2 - 0.15
    u = min(max((start + end) / 2 + rng.between(-0.45, 0.45), -most), most)
    if rng.chance(0.6):
        clock(
            canvas,
            rng,
            face,
            u + rng.pick((0.0, -0.3, 0.3)) * wide,
            v=room.height - 0.42,
            radius=rng.between(0.24, 0.32),
        )
    blackboard(canvas, rng, face, u, width=wide)
    side = -1 if u > 0 else 1
    free = face.width / 2 - side * u - wide / 2
    if free > 1.1 and rng.chance(0.7):
        aside = u + side * (wide + free) / 2
        if rng.chance(0.5):
            painting(canvas, rng, face, aside, width=min(free - 0.4, 1.0))
        else:
            door(canvas, rng, face, aside)


def _teacher(canvas: Canvas, rng: Rng, room: Room, stage: Stage, wall: str) -> None:
    """Note the teacher's desk, before the blackboard, and sometimes the teacher."""
    start, end = wall_in_view(canvas, room, wall)
    x, z, turn = room.along(
        wall, (start + end) / 2 + rng.side() * rng.between(0.2, 0.34) * (end - start), 0.95
    )
    stage.put(desk, x, z, turn=turn + 180, width=rng.between(1.2, 1.5))
    if rng.chance(0.5):
        x, z, _ = room.along(wall, (start + end) / 2 + rng.between(-0.3, 0.3), 0.5)
        stage.put(person, x, z, pose="standing")


def _rows(rng: Rng, room: Room, stage: Stage, turn: float) -> None:
    """Note desks with chairs, in rows that look to a wall."""
    look, seat = desk_style(rng, school=True), chair_style(rng)
    across, away = rng.pick(((2, 3), (3, 2), (2, 2), (3, 2)))
    middle = Block(0.0, room.depth * 0.5, 1, 1, 1, 0.0, turn)
    wide, deep = (room.width, room.depth) if turn == 0 else (room.depth, room.width)
    width = min(1.25, (wide - 1.4) / across - 0.45)
    for i in range(across):
        for j in range(away):
            right = ((i + 0.5) / across - 0.5) * (wide - 0.8)
            back = ((j + 0.5) / away - 0.5) * (deep - 2.4) - 0.2
            x, _, z = middle.at(right, 0, back)
            if z > 1.0:
                stage.put(desk, x, z, turn=turn, width=width, style=look)
                x, _, z = middle.at(right + rng.between(-0.1, 0.1), 0, back - 0.45)
                stage.put(chair, x, z, turn=turn + 180 + rng.between(-15, 15), style=seat)


def library(rng: Rng) -> Canvas:
    """A library: walls of books, and tables with chairs, lamps and computers."""
    canvas, room = enter(rng, width=(3.8, 5.4), depth=(3.8, 5.0), height=(2.6, 3.4), eye=(1.3, 2.1))
    bare = rng.pick(("none", "none", "left", "right"))
    stage = Stage(canvas, rng)
    if bare != "none" and rng.chance(0.3):
        x, z, turn = room.along(bare, (1 if bare == "left" else -1) * 0.15 * room.depth, 0.28)
        stage.put(fireplace, x, z, turn=turn, top=room.height)
    elif bare != "none":
        kinds = (("window", "window"), ("window",), ("door", "window"), ("window",), ("door", "window"))
        hang_row(canvas, rng, room, bare, rng.pick((*kinds, ("blackboard",))))
    if rng.chance(0.4):
        carpet(canvas, rng, 0, room.depth * 0.55, width=0.7 * room.width)
    surface, high = rng.pick((wood(rng), wood(rng), painted(rng))), rng.between(1.8, room.height - 0.3)
    for wall in ("back", "left", "right"):
        if wall != bare:
            _wall_of_books(canvas, rng, room, wall, surface=surface, height=high)
    style, laid = chair_style(rng), ("lamp", "lamp", "books", "books", "books", "vase", "computer")
    shares = rng.pick(((0.48,), (0.48,), (0.38,), (0.38, 0.68), (0.38, 0.68), (0.38, 0.68)))
    if shares == (0.38,):
        x = rng.between(-0.2, 0.2) * room.width
        stage.put(sofa, x, room.depth - 0.95, turn=rng.between(-15, 15))
    for share in shares:
        z = room.depth * share
        x, wide = rng.between(-0.2, 0.2) * room.width, rng.between(1.2, 1.8)
        options = {"width": wide, "chairs": rng.count(1, 3), "style": style, "laid": laid}
        stage.put(table_group, x, z, turn=rng.pick((0.0, 0.0, 90.0)), **options)
    if rng.chance(0.3):
        lamp = rng.pick((floor_lamp, plant))
        stage.put(lamp, rng.side() * (room.width / 2 - 0.7), room.depth - 0.7)
    stage.show()
    if rng.chance(0.4):
        hanging_lamp(canvas, rng, rng.between(-0.8, 0.8), room.depth * 0.6, top=room.height)
    return canvas


def _wall_of_books(canvas: Canvas, rng: Rng, room: Room, wall: str, surface: Surface, height: float) -> None:
    """Bookcases side by side along a wall, or only along some of it."""
    half = room.walls[wall].width / 2
    start, end = -half + (0.35 if wall != "back" else 0.0), half - (0.35 if wall != "back" else 0.0)
    count = max(2, round((end - start) / rng.between(0.95, 1.35)))
    wide = (end - start) / count
    row = [Unit("bookcase", start + i * wide, start + (i + 1) * wide) for i in range(count)]
    if rng.chance(0.45):
        gap = row.pop(rng.count(0, count - 1))
        middle = (gap.start + gap.end) / 2
        if rng.chance(0.7):
            window(canvas, rng, room.walls[wall], middle, width=wide - 0.25)
        else:
            painting(canvas, rng, room.walls[wall], middle, width=min(0.8, wide - 0.2))
    for unit in outer_first(canvas, room, wall, row):
        x, z, turn = room.along(wall, (unit.start + unit.end) / 2, 0.17)
        bookcase(canvas, rng, x, z, turn=turn, width=wide, surface=surface, height=height)


MAKERS: dict[str, Callable[[Rng], Canvas]] = {
    "kitchen": kitchen,
    "dining room": dining_room,
    "office": office,
    "classroom": classroom,
    "library": library,
}
