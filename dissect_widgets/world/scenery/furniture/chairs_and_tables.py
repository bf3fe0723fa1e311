"""Chairs and tables."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import CYLINDER, SOFT, Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, rounded
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block, faces
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    fabric,
    leather,
    marble,
    metal,
    painted,
    plastic,
    wood,
)
from dissect_widgets.world.scenery.furniture.parts import on, pillar, post, posts


class ChairStyle(NamedTuple):
    """What the chairs of a room have in common."""

    back: str
    """"panel", "rails", "slats" or "swivel"."""
    frame: Surface
    seat: Surface
    width: float
    height: float


def chair_style(rng: Rng, *, swivel: bool = False) -> ChairStyle:
    """A kind of chair: of wood, metal or plastic, bare or covered; or one of an office."""
    frame = rng.pick((wood(rng), wood(rng), metal(rng), painted(rng)))
    if swivel:
        seat = rng.pick((leather(rng), fabric(rng), plastic(rng)))
        return ChairStyle("swivel", metal(rng), seat, rng.between(0.46, 0.56), rng.between(0.95, 1.15))
    back = rng.pick(("panel", "rails", "slats"))
    seat = frame if rng.chance(0.3) else rng.pick((fabric(rng), leather(rng), plastic(rng), wood(rng)))
    return ChairStyle(back, frame, seat, rng.between(0.4, 0.48), rng.between(0.82, 1.08))


def chair(
    canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float = 0.0, style: ChairStyle | None = None
) -> None:
    """Draw a chair that looks towards the camera at a turn of 0, away from it at 180."""
    style = style or chair_style(rng, swivel=rng.chance(0.2))
    deep = style.width * 0.95
    canvas.shadow(x, z, style.width * 0.62, style.width * 0.56)
    if style.back == "swivel":
        _swivel_foot(canvas, x, z, style)
    else:
        under = Block(x, z, style.width, deep, 0.43, 0.0, turn)
        posts(canvas, under, style.frame, "chair", thick=0.04, inset=0.02, taper=0.75)
    thick = 0.09 if style.back == "swivel" else 0.05
    seat = Block(x, z, style.width, deep, thick, 0.42, turn)
    draw_block(canvas, seat, style.seat, "chair", "seat")
    if style.back in ("panel", "swivel"):
        _panel_back(canvas, seat, style)
    else:
        _open_back(canvas, seat, style)


def _swivel_foot(canvas: Canvas, x: float, z: float, style: ChairStyle) -> None:
    """Star of an office chair, with the pole that carries the seat."""
    reach = style.width * 0.52
    star = [(reach, 0.0), (0.05, 0.04), (0.3 * reach, reach), (-0.05, 0.04), (-reach, 0.0), (0.0, -reach)]
    canvas.draw(canvas.camera.ground(x, z, y=0.05), star, style.frame.times(0.6), "chair", "leg")
    for right, back in ((-reach, 0.0), (reach, 0.0), (0.0, -reach)):
        castor = canvas.camera.facing(x + right, z + back)
        canvas.draw(castor, ellipse(0, 0.035, 0.04), style.frame.times(0.4), "chair", "wheel")
    post(canvas, x, z, style.frame, "chair", "pole", y=0.05, height=0.4, thick=0.06)


def _panel_back(canvas: Canvas, seat: Block, style: ChairStyle) -> None:
    """Closed back, on two posts."""
    gap = 0.14 if style.back == "swivel" else 0.08
    rise = style.height - 0.47
    far = seat.depth / 2 - 0.03
    if gap:
        for right in (-0.32, 0.32):
            x, y, z = seat.at(right * style.width, seat.height, far)
            post(canvas, x, z, style.frame, "chair", "back", y=y, height=gap + 0.03, thick=0.035)
    board = seat.piece(0, seat.height + gap, far, style.width * 0.96, 0.05, rise - gap)
    seen = faces(board, canvas.camera, canvas.light.side)
    for name, face in seen.items():
        wide = face.width / 2
        outline = box(-wide, 0, wide, face.height)
        if name in ("front", "back"):
            outline = rounded(-wide, 0, wide, face.height, 0.06)
        on(canvas, face, outline, style.seat, "chair", "back", shade=SOFT)


def _open_back(canvas: Canvas, seat: Block, style: ChairStyle) -> None:
    """Back of two posts with rails across or slats upright between them."""
    rise, far = style.height - 0.47, seat.depth / 2 - 0.025
    board = seat.piece(0, seat.height, far, style.width, 0.04, rise)
    seen = faces(board, canvas.camera, canvas.light.side)
    ends = [board.at(side * (style.width / 2 - 0.02), 0, 0) for side in (-1, 1)]
    for x, y, z in canvas.camera.far_to_near(ends):
        post(canvas, x, z, style.frame, "chair", "back", y=y, height=rise, thick=0.045)
    half = style.width / 2 - 0.02
    bars = [box(-half, rise - 0.1, half, rise)]
    if style.back == "rails":
        bars += [box(-half, share * rise, half, share * rise + 0.07) for share in (0.25, 0.55)]
    else:
        bars += [
            box(share * half - 0.022, 0, share * half + 0.022, rise - 0.08) for share in (-0.5, 0.0, 0.5)
        ]
    for bar in bars:
        on(canvas, seen.get("front") or seen.get("back"), bar, style.frame, "chair", "back")


def table(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    width: float | None = None,
    depth: float | None = None,
    height: float = 0.75,
    shape: str | None = None,
    cloth: bool | None = None,
) -> None:
    """Draw a table: "square" ones on four legs, "round" ones on one, with or without a cloth."""
    width = width or rng.between(1.0, 1.8)
    depth = depth or rng.near(0.62 * width, 0.15)
    shape = shape or rng.pick(("square", "square", "round"))
    cloth = rng.chance(0.25) and height > 0.6 if cloth is None else cloth
    frame = rng.pick((wood(rng), wood(rng), wood(rng), metal(rng), painted(rng)))
    top = fabric(rng, 0.28) if cloth else rng.pick((frame, frame, _table_top(rng)))
    canvas.shadow(x, z, width * 0.56, depth * 0.6, turn=turn)
    if shape == "round":
        _round_table(canvas, rng, x, z, (width / 2, depth / 2, height), frame, top, cloth)
        return
    under = Block(x, z, width, depth, height - 0.04, 0.0, turn)
    thick = rng.between(0.06, 0.1)
    posts(canvas, under, frame, "table", thick=thick, inset=0.06, taper=rng.between(0.6, 1.0))
    drop = rng.between(0.2, 0.3) if cloth else 0.05
    board = Block(x, z, width, depth, drop, height - drop, turn)
    if not cloth:
        apron = under.piece(0, height - 0.15, 0, width - 0.12, depth - 0.12, 0.1)
        draw_block(canvas, apron, frame.times(0.75), "table")
    draw_block(canvas, board, top, "table", "table top")


def _table_top(rng: Rng) -> Surface:
    """What a table top may be made of, other than its legs."""
    return rng.pick((marble(rng), wood(rng), plastic(rng)))


def _round_table(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    size: tuple[float, float, float],
    frame: Surface,
    top: Surface,
    cloth: bool,
) -> None:
    """Table with an oval top on a pole, or a cloth that hangs over it."""
    across, away, height = size
    drop = rng.between(0.25, 0.5) * height if cloth else 0.05
    canvas.draw(
        canvas.camera.ground(x, z),
        ellipse(0, 0, across * 0.45, away * 0.45),
        frame.times(0.7),
        "table",
        "leg",
    )
    post(canvas, x, z, frame, "table", "leg", height=height, thick=0.16, taper=1.3)
    side = pillar(canvas, x, z, height - drop, (across, away, drop))
    light = 0.85 if cloth else 0.7
    canvas.draw(canvas.camera.facing(x, z), side, top, "table", "table top", light=light, shade=CYLINDER)
    board = canvas.camera.ground(x, z, y=height)
    canvas.draw(board, ellipse(0, 0, across, away), top, "table", "table top", light=0.97)
