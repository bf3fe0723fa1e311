"""Furniture that belongs together, and what hangs on the walls around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.furniture.bookcases import books
from dissect_widgets.world.scenery.furniture.cabinets import cabinet
from dissect_widgets.world.scenery.furniture.chairs_and_tables import ChairStyle, chair, chair_style, table
from dissect_widgets.world.scenery.furniture.desks import DeskStyle, desk
from dissect_widgets.world.scenery.furniture.lamps import table_lamp
from dissect_widgets.world.scenery.furniture.mirrors_and_clocks import clock, mirror
from dissect_widgets.world.scenery.furniture.paintings import painting
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant, vase
from dissect_widgets.world.scenery.furniture.room import Room
from dissect_widgets.world.scenery.furniture.screens_and_boards import blackboard, computer
from dissect_widgets.world.scenery.furniture.windows_and_doors import curtains, door, window

_SMALL: dict[str, Callable[..., None]] = {
    "vase": vase,
    "plant": plant,
    "books": books,
    "lamp": table_lamp,
    "computer": computer,
}

_HUNG: dict[str, Callable[..., object]] = {
    "door": door,
    "painting": painting,
    "mirror": mirror,
    "blackboard": partial(blackboard, width=1.8),
}


def wall_in_view(canvas: Canvas, room: Room, wall: str) -> tuple[float, float]:
    """From where to where, in u, a wall is in the image."""
    width, seen = room.walls[wall].width, []
    for step in range(49):
        u = width * (step / 48 - 0.5)
        x, z, _ = room.along(wall, u, 0.2)
        if in_view(canvas.camera, x, z, margin=0.0, nearest=0.8):
            seen.append(u)
    return (seen[0], seen[-1]) if seen else (0.0, 0.0)


def share_in_view(canvas: Canvas, room: Room, wall: str) -> float:
    """Share of the width of the image that a wall takes."""
    ends = [room.along(wall, u, 0.2) for u in wall_in_view(canvas, room, wall)]
    left, right = (canvas.camera.locate(x, 1.0, z)[0] if z > 0 else 0.0 for x, z, _ in ends)
    return abs(right - left)


def put(canvas: Canvas, rng: Rng, x: float, z: float, y: float, kind: str, **options: float) -> None:
    """Draw a small thing on something of height y: "vase", "plant", "books", "lamp", "computer" or "none"."""
    if kind == "vase":
        options["size"] = rng.between(0.28, 0.42)
    if kind != "none":
        _SMALL[kind](canvas, rng, x, z, y, **options)


def hang_row(canvas: Canvas, rng: Rng, room: Room, wall: str, kinds: Sequence[str]) -> None:
    """Draw windows, doors, paintings, mirrors, clocks, blackboards on a wall, spread evenly."""
    face = room.walls[wall]
    for i, kind in enumerate(kinds):
        u = face.width * ((i + 0.5) / len(kinds) - 0.5 + rng.between(-0.08, 0.08)) * 0.9
        if wall != "back":  # what is near the camera is not seen
            u = (0.32 * u + 0.2 * face.width) * (1 if wall == "left" else -1)
        if kind == "window":
            left, _, right, top = window(canvas, rng, face, u)
            if rng.chance(0.4):
                curtains(canvas, rng, face, u, width=right - left, top=top + 0.15)
        elif kind == "clock":
            clock(canvas, rng, face, u, radius=rng.between(0.22, 0.34))
        else:
            _HUNG[kind](canvas, rng, face, u)


def table_group(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    width: float,
    chairs: int,
    style: ChairStyle | None = None,
    laid: Sequence[str] = ("vase", "vase", "plant", "books", "none"),
    turn: float = 0.0,
) -> None:
    """Draw a table with chairs around it, the far ones first, and something on it.

    Parameters
    ----------
    laid
        What may be on the table.
    turn
        Of all of it.
    """
    shape = rng.pick(("square", "square", "round"))
    depth = width * (rng.between(0.75, 1.0) if shape == "round" else rng.between(0.55, 0.75))
    style, group = style or chair_style(rng), Block(x, z, width, depth, 0.75, 0.0, turn)
    seats = rng.shuffled(_seats(shape, width, depth, rng.between(0.1, 0.22)))[:chairs]
    places = [(group.at(u, 0, v), lean) for u, v, lean in seats]
    places.sort(key=lambda place: -canvas.camera.depth(place[0][0], place[0][2]))
    drawn, limit = False, canvas.camera.depth(x, z) - 0.2 * depth
    for (chair_x, _, chair_z), lean in places:
        if not drawn and canvas.camera.depth(chair_x, chair_z) < limit:
            _laid_table(canvas, rng, group, shape, laid)
            drawn = True
        chair(canvas, rng, chair_x, chair_z, turn=turn + lean + rng.between(-12, 12), style=style)
    if not drawn:
        _laid_table(canvas, rng, group, shape, laid)


def _seats(shape: str, width: float, depth: float, away: float) -> list[tuple[float, float, float]]:
    """Places of chairs around a table, with their turns."""
    across = (0.0,) if width < 1.3 or shape == "round" else (-0.25 * width, 0.25 * width)
    seats = [(u, depth / 2 + away, 0.0) for u in across] + [(u, -depth / 2 - away, 180.0) for u in across]
    return [*seats, (-width / 2 - away, 0.0, 90.0), (width / 2 + away, 0.0, -90.0)]


def _laid_table(canvas: Canvas, rng: Rng, group: Block, shape: str, laid: Sequence[str]) -> None:
    """Table with one or two things on it."""
    table(canvas, rng, group.x, group.z, turn=group.turn, width=group.width, depth=group.depth, shape=shape)
    for right in (0.0,) if group.width < 1.3 else (-0.22, 0.22):
        on = group.at(right * group.width, 0, 0.1)
        put(canvas, rng, on[0], on[2], group.height, rng.pick(laid))


def workplace(
    stage: Stage,
    rng: Rng,
    place: tuple[float, float, float],
    look: DeskStyle,
    seat: ChairStyle,
) -> None:
    """Place a desk with a computer at (x, z, turn), and a chair at it."""
    x, z, turn = place
    width = rng.between(1.2, 1.6)
    block = Block(x, z, width, look.depth, 0.75, 0.0, turn)
    side = rng.side()
    stage.put(_laid_desk, x, z, block=block, look=look, side=side)
    if rng.chance(0.85):
        right, back = -side * rng.between(0.1, 0.3) * width, look.depth / 2 + rng.between(0.1, 0.35)
        chair_x, _, chair_z = block.at(right, 0, -back)
        lean = turn + 180 + rng.between(-50, 50)
        stage.put(chair, chair_x, chair_z, turn=lean, style=seat)


def _laid_desk(
    canvas: Canvas, rng: Rng, x: float, z: float, *, block: Block, look: DeskStyle, side: int
) -> None:
    """Desk with a computer on it, and something beside that."""
    desk(canvas, rng, x, z, turn=block.turn, width=block.width, style=look)
    middle = block.at(side * 0.08 * block.width, 0, 0.12)
    aside = block.at(-side * 0.36 * block.width, 0, 0.08)
    kind = rng.pick(("lamp", "books", "books", "plant", "none"))
    stage = Stage(canvas, rng)
    turn = block.turn + side * rng.between(0, 15)
    stage.put(put, middle[0], middle[2], y=block.height, kind="computer", turn=turn)
    stage.put(put, aside[0], aside[2], y=block.height, kind=kind)
    stage.show()


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
