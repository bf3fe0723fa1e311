"""Rooms where one cooks and eats: kitchen, dining room."""

from __future__ import annotations

from collections.abc import Callable

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
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


def kitchen(rng: Rng) -> Canvas:
    """A kitchen: stove, refrigerator and sink among cabinets along one or two walls, sometimes a table."""
    canvas, room = enter(rng, width=(2.9, 4.2), depth=(2.9, 3.9), eye=(1.2, 1.9), tiled=0.3)
    style, hood, upper = fitted(rng), rng.chance(0.45), rng.chance(0.75)
    rows = _arrange(canvas, rng, room)
    if rng.chance(0.6):
        _splash(canvas, rng, room, list(rows))
    free = _window(canvas, rng, room, _stretches(rows["back"]))
    for wall in ("left", "right"):
        if wall not in rows:
            hang_row(
                canvas, rng, room, wall, rng.pick((("door",), ("window",), ("painting",), ("clock",), ()))
            )
    for wall, row in rows.items():
        above = overhead(row, free if wall == "back" else []) if upper else []
        draw_row(canvas, rng, room, wall, [*above, *row], style, hood=hood)
    if rng.chance(0.35):
        side = -1 if "right" in rows else 1 if "left" in rows else rng.side()
        x, z = side * rng.between(0.05, 0.24) * room.width, rng.between(1.4, 1.7)
        table_group(canvas, rng, x, z, width=rng.between(0.9, 1.2), chairs=rng.count(1, 3))
    if rng.chance(0.35):
        hanging_lamp(canvas, rng, rng.between(-0.8, 0.8), room.depth * 0.55, top=room.height)
    return canvas


def _arrange(canvas: Canvas, rng: Rng, room: Room) -> dict[str, list[Unit]]:
    """Rows along the back wall and often one other, the large things where they are seen."""
    kinds = ["refrigerator", *rng.shuffled(("stove", "sink"))]  # a refrigerator at the side hides the rest
    wanted = [(kind, rng.between(*_WIDTHS[kind])) for kind in kinds]
    if rng.chance(0.2):
        wanted.pop(rng.count(0, 2))
    half = room.width / 2
    left, right = (min(max(u, -half), half) for u in wall_in_view(canvas, room, "back"))
    aside = [wanted.pop() for _ in range(len(wanted)) if sum(w for _, w in wanted) > right - left + 0.2]
    if not aside and len(wanted) > 2 and rng.chance(0.3):
        aside.append(wanted.pop())
    span = max(right - left, sum(width for _, width in wanted))
    left = min(left, half - span)
    rows = {
        "back": [
            *cabinets(rng, -half, left),
            *fill(rng, left, left + span, rng.shuffled(wanted)),
            *cabinets(rng, left + span, half),
        ]
    }
    wall = max(("left", "right"), key=lambda wall: share_in_view(canvas, room, wall))
    if aside or rng.chance(0.4):
        start, end = wall_in_view(canvas, room, wall)
        far = room.depth / 2 - DEPTH
        ends = (min(start - 0.2, far - 0.9), far) if wall == "left" else (-far, max(end + 0.2, 0.9 - far))
        rows[wall] = fill(rng, *ends, aside)
    return rows


def _splash(canvas: Canvas, rng: Rng, room: Room, walls: list[str]) -> None:
    """Tiles on the wall above the worktop."""
    surface = tiles(rng, rng.between(0.15, 0.25))
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
    canvas: Canvas, rng: Rng, room: Room, places: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Draw a window above something low, mostly; returns the stretch of the wall that it takes, if so."""
    if not places or rng.chance(0.25):
        return []
    start, end = rng.pick(places)
    width, back = min(rng.between(0.8, 1.4), end - start - 0.2), room.walls["back"]
    middle = rng.between(start + width / 2 + 0.1, end - width / 2 - 0.1)
    left, _, right, _ = window(
        canvas, rng, back, middle, width=width, height=rng.between(0.8, 1.0), sill=1.15
    )
    if rng.chance(0.3):
        curtains(canvas, rng, back, middle, width=width, bottom=1.1, top=HIGH + 0.1, closed=0.2)
    return [(left - 0.1, right + 0.1)]


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
    """Note a cabinet against a wall, with something on it if it is low."""
    shift = rng.between(-0.25, 0.25) * room.walls[wall].width
    if wall != "back":
        shift = abs(shift) * (1 if wall == "left" else -1)
    x, z, turn = room.along(wall, shift, 0.28)
    low, kind = wall == "back" or rng.chance(0.5), rng.pick(("drawers", "doors", "both", "glass"))
    height = rng.between(0.75, 1.0) if low else rng.between(1.4, 2.0)
    laid = ("vase", "lamp", "plant", "books")
    stage.put(laid_cabinet, x, z, turn=turn, laid=laid, kind=kind, height=height)


def laid_cabinet(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float,
    laid: tuple[str, ...],
    kind: str | None = None,
    height: float | None = None,
) -> None:
    """Draw a cabinet, with something on it if it is low."""
    top = cabinet(canvas, rng, x, z, turn=turn, kind=kind, height=height)
    if top < 1.2:
        put(canvas, rng, x, z, top, rng.pick(laid))
