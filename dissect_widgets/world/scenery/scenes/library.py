"""The library."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage
from dissect_widgets.world.scenery.drawing.surfaces import Surface, painted, wood
from dissect_widgets.world.scenery.furniture.bookcases import bookcase
from dissect_widgets.world.scenery.furniture.carpets import carpet
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair_style
from dissect_widgets.world.scenery.furniture.counters import Unit, outer_first
from dissect_widgets.world.scenery.furniture.fireplaces import fireplace
from dissect_widgets.world.scenery.furniture.groups import hang_row, table_group
from dissect_widgets.world.scenery.furniture.lamps import floor_lamp, hanging_lamp
from dissect_widgets.world.scenery.furniture.paintings import painting
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.sofas_and_armchairs import sofa
from dissect_widgets.world.scenery.furniture.windows_and_doors import window


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
