"""Rooms where one cooks and eats: kitchen, dining room."""

from __future__ import annotations

from collections.abc import Callable

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Dice
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.staging import Stage
from dissect_widgets.world.scenery.drawing.surfaces import tiles
from dissect_widgets.world.scenery.furniture.appliances import refrigerator, stove
from dissect_widgets.world.scenery.furniture.counters import (
    DEPTH,
    HIGH,
    LOW,
    Unit,
    cabinets,
    draw_row,
    fill,
    fitted,
    overhead,
)
from dissect_widgets.world.scenery.furniture.decor import carpet, plant
from dissect_widgets.world.scenery.furniture.fireplaces import fireplace
from dissect_widgets.world.scenery.furniture.groups import (
    hang_row,
    put,
    share_in_view,
    table_group,
    wall_in_view,
)
from dissect_widgets.world.scenery.furniture.hangings import curtains, window
from dissect_widgets.world.scenery.furniture.lamps import hanging_lamp
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.storage import cabinet

_CORNER: tuple[Callable[..., None], ...] = (plant, plant, plant, plant, refrigerator, refrigerator, stove)
"""What may stand in a corner of a dining room."""
_WIDTHS = {"stove": (0.7, 0.9), "refrigerator": (0.7, 0.95), "sink": (0.65, 0.9)}


def kitchen(dice: Dice) -> Canvas:
    """A kitchen: stove, refrigerator and sink among cabinets along one or two walls, sometimes a table."""
    canvas, room = enter(dice, width=(2.9, 4.2), depth=(2.9, 3.9), eye=(1.2, 1.9), tiled=0.3)
    style, hood, upper = fitted(dice), dice.chance(0.45), dice.chance(0.75)
    rows = _arrange(canvas, dice, room)
    if dice.chance(0.6):
        _splash(canvas, dice, room, list(rows))
    free = _window(canvas, dice, room, _stretches(rows["back"]))
    for wall in ("left", "right"):
        if wall not in rows:
            hang_row(
                canvas, dice, room, wall, dice.pick((("door",), ("window",), ("painting",), ("clock",), ()))
            )
    for wall, row in rows.items():
        above = overhead(row, free if wall == "back" else []) if upper else []
        draw_row(canvas, dice, room, wall, [*above, *row], style, hood=hood)
    if dice.chance(0.35):
        side = -1 if "right" in rows else 1 if "left" in rows else dice.side()
        x, z = side * dice.between(0.05, 0.24) * room.width, dice.between(1.4, 1.7)
        table_group(canvas, dice, x, z, width=dice.between(0.9, 1.2), chairs=dice.count(1, 3))
    if dice.chance(0.35):
        hanging_lamp(canvas, dice, dice.between(-0.8, 0.8), room.depth * 0.55, top=room.height)
    return canvas


def _arrange(canvas: Canvas, dice: Dice, room: Room) -> dict[str, list[Unit]]:
    """Rows along the back wall and often one other, the large things where they are seen."""
    kinds = ["refrigerator", *dice.shuffled(("stove", "sink"))]  # a refrigerator at the side hides the rest
    wanted = [(kind, dice.between(*_WIDTHS[kind])) for kind in kinds]
    if dice.chance(0.2):
        wanted.pop(dice.count(0, 2))
    half = room.width / 2
    left, right = (min(max(u, -half), half) for u in wall_in_view(canvas, room, "back"))
    aside = [wanted.pop() for _ in range(len(wanted)) if sum(w for _, w in wanted) > right - left + 0.2]
    if not aside and len(wanted) > 2 and dice.chance(0.3):
        aside.append(wanted.pop())
    span = max(right - left, sum(width for _, width in wanted))
    left = min(left, half - span)
    rows = {
        "back": [
            *cabinets(dice, -half, left),
            *fill(dice, left, left + span, dice.shuffled(wanted)),
            *cabinets(dice, left + span, half),
        ]
    }
    wall = max(("left", "right"), key=lambda wall: share_in_view(canvas, room, wall))
    if aside or dice.chance(0.4):
        start, end = wall_in_view(canvas, room, wall)
        far = room.depth / 2 - DEPTH
        ends = (min(start - 0.2, far - 0.9), far) if wall == "left" else (-far, max(end + 0.2, 0.9 - far))
        rows[wall] = fill(dice, *ends, aside)
    return rows


def _splash(canvas: Canvas, dice: Dice, room: Room, walls: list[str]) -> None:
    """Tiles on the wall above the worktop."""
    surface = tiles(dice, dice.between(0.15, 0.25))
    for wall in walls:
        face = room.walls[wall]
        outline = box(-face.width / 2, 0.9, face.width / 2, LOW)
        canvas.draw(face.plane, outline, surface, "wall", light=face.light)


def _stretches(row: list[Unit]) -> list[tuple[float, float]]:
    """From where to where nothing stands high, so that a window has room."""
    found: list[tuple[float, float]] = []
    for unit in row:
        if unit.kind in ("refrigerator", "stove"):
            continue
        if found and unit.start - found[-1][1] < 0.01:
            found[-1] = (found[-1][0], unit.end)
        else:
            found.append((unit.start, unit.end))
    return [(start, end) for start, end in found if end - start > 0.85]


def _window(
    canvas: Canvas, dice: Dice, room: Room, places: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Draw a window above something low, mostly; returns the stretch of the wall that it takes, if so."""
    if not places or dice.chance(0.25):
        return []
    start, end = dice.pick(places)
    width, back = min(dice.between(0.8, 1.4), end - start - 0.2), room.walls["back"]
    middle = dice.between(start + width / 2 + 0.1, end - width / 2 - 0.1)
    left, _, right, _ = window(
        canvas, dice, back, middle, width=width, height=dice.between(0.8, 1.0), sill=1.15
    )
    if dice.chance(0.3):
        curtains(canvas, dice, back, middle, width=width, bottom=1.1, top=HIGH + 0.1, closed=0.2)
    return [(left - 0.1, right + 0.1)]


def dining_room(dice: Dice) -> Canvas:
    """A dining room: chairs around a table under a lamp, with a cabinet, paintings, windows and a carpet."""
    canvas, room = enter(dice, width=(3.4, 5.0), depth=(3.9, 5.0), eye=(1.3, 2.0))
    x, z = dice.between(-0.12, 0.12) * room.width, room.depth * dice.between(0.5, 0.6)
    kinds = dice.shuffled(("window", "painting", "mirror", "painting", "window"))
    walls = ["left", "right"]
    hearth = dice.chance(0.2)
    if not hearth:
        walls += ["back", "back"]
        hang_row(canvas, dice, room, "back", kinds[: dice.count(1, 2)])
    for wall in ("left", "right"):
        hang_row(canvas, dice, room, wall, dice.pick((("door",), ("window",), ("painting",), ("clock",), ())))
    wide = dice.between(1.2, 1.9)
    if dice.chance(0.5):
        carpet(canvas, dice, x, z, width=wide + 1.3, depth=wide + 0.6)
    stage = Stage(canvas, dice)
    if dice.chance(0.8):
        _sideboard(dice, room, stage, dice.pick(walls))
    if hearth:
        x_hearth = dice.between(-0.15, 0.15) * room.width
        stage.put(fireplace, x_hearth, room.depth - 0.28, top=room.height)
    if dice.chance(0.55):
        corner = dice.side() * (room.width / 2 - 0.45)
        stage.put(dice.pick(_CORNER), corner, room.depth - 0.38)
    turn = dice.pick((0.0, 0.0, 90.0, dice.between(-30, 30)))
    stage.put(table_group, x, z, width=wide, chairs=dice.count(4, 6), turn=turn)
    stage.show()
    if dice.chance(0.85):
        hanging_lamp(canvas, dice, x, z, top=room.height, drop=room.height - dice.between(1.6, 1.9))
    return canvas


def _sideboard(dice: Dice, room: Room, stage: Stage, wall: str) -> None:
    """Note a cabinet against a wall, with something on it if it is low."""
    shift = dice.between(-0.25, 0.25) * room.walls[wall].width
    if wall != "back":
        shift = abs(shift) * (1 if wall == "left" else -1)
    x, z, turn = room.along(wall, shift, 0.28)
    low, kind = wall == "back" or dice.chance(0.5), dice.pick(("drawers", "doors", "both", "glass"))
    height = dice.between(0.75, 1.0) if low else dice.between(1.4, 2.0)
    laid = ("vase", "lamp", "plant", "books")
    stage.put(laid_cabinet, x, z, turn=turn, laid=laid, kind=kind, height=height)


def laid_cabinet(
    canvas: Canvas,
    dice: Dice,
    x: float,
    z: float,
    *,
    turn: float,
    laid: tuple[str, ...],
    kind: str | None = None,
    height: float | None = None,
) -> None:
    """Draw a cabinet, with something on it if it is low."""
    top = cabinet(canvas, dice, x, z, turn=turn, kind=kind, height=height)
    if top < 1.2:
        put(canvas, dice, x, z, top, dice.pick(laid))
