"""Desks, and drawers."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, leather, metal, painted, plastic, wood
from dissect_widgets.world.scenery.furniture.parts import blocks_in_order, cells, on, posts


class DeskStyle(NamedTuple):
    """What the desks of a room have in common."""

    kind: str
    """"posts" for a light one, "left", "right" or "both" for where the drawers are."""
    frame: Surface
    top: Surface
    depth: float


def desk_style(rng: Rng, *, school: bool = False) -> DeskStyle:
    """A kind of desk: heavy with drawers, or light as in schools."""
    if school:
        frame, top = metal(rng), rng.pick((wood(rng), wood(rng), plastic(rng)))
        return DeskStyle("posts", frame, top, rng.between(0.5, 0.6))
    frame = rng.pick((wood(rng), wood(rng), painted(rng), metal(rng)))
    top = rng.pick((frame, frame, wood(rng), leather(rng)))
    return DeskStyle(rng.pick(("left", "right", "both", "both")), frame, top, rng.between(0.65, 0.8))


def desk(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    width: float | None = None,
    height: float = 0.75,
    style: DeskStyle | None = None,
) -> None:
    """Draw a desk; at a turn of 0 the side at which one sits looks towards the camera."""
    style = style or desk_style(rng)
    width = width or rng.between(1.2, 1.6)
    canvas.shadow(x, z, width * 0.56, style.depth * 0.66, turn=turn)
    under = Block(x, z, width, style.depth, height - 0.04, 0.0, turn)
    far = under.piece(0, height * 0.35, style.depth / 2 - 0.05, width - 0.1, 0.03, height * 0.62)
    if style.kind == "posts":
        posts(canvas, under, style.frame, "desk", thick=0.05, inset=0.04)
        draw_block(
            canvas,
            far._replace(height=height * 0.3, y=height * 0.6),
            style.frame.times(0.85),
            "desk",
            "panel",
        )
    else:
        _pedestals(canvas, under, far, style)
    draw_block(
        canvas, under.piece(0, height - 0.05, 0, width, style.depth, 0.05), style.top, "desk", "table top"
    )


def _pedestals(canvas: Canvas, under: Block, far: Block, style: DeskStyle) -> None:
    """Drawers at one or both ends of a desk, and the board behind one's legs."""
    wide = under.width * 0.3
    place = under.width / 2 - wide / 2 - 0.03
    ends = [
        under.piece(side * place, 0, 0, wide if own else 0.04, under.depth - 0.06, under.height)
        for side, own in ((-1, style.kind in ("left", "both")), (1, style.kind in ("right", "both")))
    ]
    for block in blocks_in_order(canvas, [far, *ends]):
        seen = draw_block(canvas, block, style.frame, "desk", "panel" if block is far else None)
        if block is not far and block.width > 0.1 and "front" in seen:
            drawer_front(canvas, seen["front"], style.frame, "desk", rows=3)


def drawer_front(
    canvas: Canvas, face: Face, surface: Surface, name: str, *, rows: int, columns: int = 1, low: float = 0.06
) -> None:
    """Draw drawers with handles on a front."""
    dark = surface.times(0.55)
    for outline in cells(
        -face.width / 2 + 0.01, low, face.width / 2 - 0.01, face.height - 0.02, columns, rows, 0.03
    ):
        on(canvas, face, outline, surface.times(1.08), name, "drawer")
        (left, bottom), (right, top) = outline[0], outline[2]
        middle, up, half = (left + right) / 2, (bottom + top) / 2, min(0.09, (right - left) / 4)
        on(canvas, face, box(middle - half, up - 0.015, middle + half, up + 0.02), dark, name, "handle")
