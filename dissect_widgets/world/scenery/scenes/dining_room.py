"""The dining room."""

from __future__ import annotations

from collections.abc import Callable

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage
from dissect_widgets.world.scenery.furniture.appliances import refrigerator, stove
from dissect_widgets.world.scenery.furniture.carpets import carpet
from dissect_widgets.world.scenery.furniture.fireplaces import fireplace
from dissect_widgets.world.scenery.furniture.groups import hang_row, laid_cabinet, table_group
from dissect_widgets.world.scenery.furniture.lamps import hanging_lamp
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant
from dissect_widgets.world.scenery.furniture.room import Room, enter

_CORNER: tuple[Callable[..., None], ...] = (plant, plant, plant, plant, refrigerator, refrigerator, stove)
"""What may stand in a corner of a dining room."""


def dining_room(rng: Rng) -> Canvas:
    """A dining room: chairs around a table under a lamp, with a cabinet, paintings, windows and a carpet."""
    canvas, room = enter(rng, width=(3.4, 5.0), depth=(3.9, 5.0), eye=(1.3, 2.0))
    x, z = rng.between(-0.12, 0.12) * room.width, room.depth * rng.between(0.5, 0.6)
    kinds = rng.shuffled(("window", "painting", "mirror", "painting", "window"))
    walls = ["left", "right"]
    hearth = rng.chance(0.2)
    if not hearth:
        walls += ["back", "back"]
        hang_row(canvas, rng, room, "back", kinds[: rng.count(1, 2)])
    for wall in ("left", "right"):
        hang_row(canvas, rng, room, wall, rng.pick((("door",), ("window",), ("painting",), ("clock",), ())))
    wide = rng.between(1.2, 1.9)
    if rng.chance(0.5):
        carpet(canvas, rng, x, z, width=wide + 1.3, depth=wide + 0.6)
    stage = Stage(canvas, rng)
    if rng.chance(0.8):
        _sideboard(rng, room, stage, rng.pick(walls))
    if hearth:
        x_hearth = rng.between(-0.15, 0.15) * room.width
        stage.put(fireplace, x_hearth, room.depth - 0.28, top=room.height)
    if rng.chance(0.55):
        corner = rng.side() * (room.width / 2 - 0.45)
        stage.put(rng.pick(_CORNER), corner, room.depth - 0.38)
    turn = rng.pick((0.0, 0.0, 90.0, rng.between(-30, 30)))
    stage.put(table_group, x, z, width=wide, chairs=rng.count(4, 6), turn=turn)
    stage.show()
    if rng.chance(0.85):
        hanging_lamp(canvas, rng, x, z, top=room.height, drop=room.height - rng.between(1.6, 1.9))
    return canvas


def _sideboard(rng: Rng, room: Room, stage: Stage, wall: str) -> None:
    """Place a cabinet against a wall, with something on it if it is low."""
    shift = rng.between(-0.25, 0.25) * room.walls[wall].width
    if wall != "back":
        shift = abs(shift) * (1 if wall == "left" else -1)
    x, z, turn = room.along(wall, shift, 0.28)
    low, kind = wall == "back" or rng.chance(0.5), rng.pick(("drawers", "doors", "both", "glass"))
    height = rng.between(0.75, 1.0) if low else rng.between(1.4, 2.0)
    laid = ("vase", "lamp", "plant", "books")
    stage.put(laid_cabinet, x, z, turn=turn, laid=laid, kind=kind, height=height)
