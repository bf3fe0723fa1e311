"""The classroom."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.staging import Stage
from dissect_widgets.world.scenery.furniture.bookcases import bookcase
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair, chair_style
from dissect_widgets.world.scenery.furniture.desks import desk, desk_style
from dissect_widgets.world.scenery.furniture.groups import hang_row, share_in_view, wall_in_view
from dissect_widgets.world.scenery.furniture.mirrors_and_clocks import clock
from dissect_widgets.world.scenery.furniture.paintings import painting
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.screens_and_boards import blackboard
from dissect_widgets.world.scenery.furniture.windows_and_doors import door
from dissect_widgets.world.scenery.people.people import person


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
    """Blackboard in that part of a wall that is in the image, and often a clock."""
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
    """Place the teacher's desk, before the blackboard, and sometimes the teacher."""
    start, end = wall_in_view(canvas, room, wall)
    x, z, turn = room.along(
        wall, (start + end) / 2 + rng.side() * rng.between(0.2, 0.34) * (end - start), 0.95
    )
    stage.put(desk, x, z, turn=turn + 180, width=rng.between(1.2, 1.5))
    if rng.chance(0.5):
        x, z, _ = room.along(wall, (start + end) / 2 + rng.between(-0.3, 0.3), 0.5)
        stage.put(person, x, z, pose="standing")


def _rows(rng: Rng, room: Room, stage: Stage, turn: float) -> None:
    """Place desks with chairs, in rows that look to a wall."""
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
