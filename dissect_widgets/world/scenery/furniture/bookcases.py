"""Bookcases and books."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, any_color, leather, painted, paper, wood
from dissect_widgets.world.scenery.furniture.parts import cells, on, pixels


def bookcase(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    width: float | None = None,
    height: float | None = None,
    surface: Surface | None = None,
) -> None:
    """Draw a bookcase full of books, whose front looks towards the camera at a turn of 0."""
    width = width or rng.between(0.9, 1.4)
    height = height or rng.between(1.6, 2.2)
    surface = surface or rng.pick((wood(rng), wood(rng), painted(rng)))
    canvas.shadow(x, z, width * 0.58, 0.32, turn=turn)
    seen = draw_block(canvas, Block(x, z, width, 0.32, height, 0.0, turn), surface, "bookcase")
    face = seen.get("front")
    if face is None:
        return
    shelves = max(3, round(height / 0.42))
    opening = cells(-width / 2 + 0.04, 0.08, width / 2 - 0.04, height - 0.04, 1, shelves, 0.0)
    on(
        canvas,
        face,
        box(opening[0][0][0], 0.08, opening[0][1][0], height - 0.04),
        surface.times(0.35),
        "bookcase",
        "back",
    )
    for outline in opening:
        (left, bottom), (right, top) = outline[0], outline[2]
        row_of_books(
            canvas,
            rng,
            face,
            (left + 0.01, bottom + 0.02, right - 0.01, top),
            thick=3.6 / pixels(face),
        )
        on(
            canvas,
            face,
            box(left, bottom - 0.02, right, bottom + 0.025),
            surface.times(1.1),
            "bookcase",
            "shelf",
        )


def row_of_books(
    canvas: Canvas, rng: Rng, face: Face, place: tuple[float, float, float, float], *, thick: float
) -> None:
    """Draw books on a shelf (left, bottom, right, top): sets of equal ones, single ones, gaps.

    Parameters
    ----------
    thick
        The least thickness of a book in meters.
    """
    left, bottom, right, top = place
    thick = max(thick, 0.045)
    while left < right - thick:
        width = min(thick * rng.pick((1.0, 1.4, 3.0, 4.0, 5.0)), right - left)
        high = bottom + (top - bottom) * rng.between(0.62, 0.92)
        if not rng.chance(0.14):
            spine = book_cover(rng)
            if width > 2.5 * thick:
                spine = spine.textured("striped", 0.55, (thick * 1.5, 1.0))
            on(canvas, face, box(left, bottom, left + width * 0.96, high), spine, "book")
        left += width


def book_cover(rng: Rng) -> Surface:
    """Cover of a book."""
    if rng.chance(0.3):
        return leather(rng)
    return Surface(any_color(rng), "paper")


def books(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    y: float,
    *,
    turn: float | None = None,
    kind: str | None = None,
) -> None:
    """Draw books that lie on something: a "pile", or one that is "open"."""
    turn = rng.between(-40, 40) if turn is None else turn
    kind = kind or rng.pick(("pile", "pile", "open"))
    if kind == "open":
        _open_book(canvas, rng, x, z, y, turn)
        return
    for _ in range(rng.count(2, 4)):
        thick, wide = rng.between(0.04, 0.07), rng.between(0.24, 0.32)
        block = Block(x, z, wide, wide * 0.72, thick, y, turn + rng.between(-18, 18))
        cover = book_cover(rng)
        seen = draw_block(canvas, block, cover, "book")
        leaves = paper(rng)
        for name in ("front", "right"):
            if name in seen:
                half = seen[name].width / 2
                on(canvas, seen[name], box(-half + 0.01, 0.012, half, thick - 0.012), leaves, "book")
        y += thick


def _open_book(canvas: Canvas, rng: Rng, x: float, z: float, y: float, turn: float) -> None:
    """Book that lies open."""
    plane, leaves = canvas.camera.ground(x, z, y=y + 0.03, turn=turn), paper(rng)
    half, deep = 0.24, 0.17
    canvas.draw(
        canvas.camera.ground(x, z, y=y, turn=turn),
        box(-half - 0.02, -deep - 0.02, half + 0.02, deep + 0.02),
        book_cover(rng),
        "book",
    )
    for side in (-1, 1):
        page: list[Point] = [(0, -deep), (side * half, -deep), (side * half, deep), (0, deep)]
        canvas.draw(plane, page, leaves, "book", light=1.0 if side < 0 else 0.88)
        for line in range(3):
            v = deep * (0.6 - 0.5 * line)
            ink = box(min(side * 0.04, side * 0.2), v - 0.012, max(side * 0.04, side * 0.2), v + 0.012)
            canvas.draw(plane, ink, leaves.times(0.6), "book")
