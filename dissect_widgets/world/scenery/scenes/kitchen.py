"""The kitchen."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.surfaces import tiles
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
from dissect_widgets.world.scenery.furniture.groups import hang_row, share_in_view, table_group, wall_in_view
from dissect_widgets.world.scenery.furniture.lamps import hanging_lamp
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.windows_and_doors import curtains, window

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
    stretches: list[tuple[float, float]] = []
    for unit in row:
        if unit.kind in ("refrigerator", "stove"):
            continue
        if stretches and unit.start - stretches[-1][1] < 0.01:
            stretches[-1] = (stretches[-1][0], unit.end)
        else:
            stretches.append((unit.start, unit.end))
    return [(start, end) for start, end in stretches if end - start > 0.85]


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
