"""Beds and pillows."""

from __future__ import annotations

import math
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import Point, Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, rounded, smooth
from dissect_widgets.world.scenery.drawing.solids import (
    Block,
    draw_between,
    draw_block,
    draw_round,
    draw_slab,
    faces,
)
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    fabric,
    leather,
    metal,
    painted,
    vary,
    wood,
)
from dissect_widgets.world.scenery.furniture.parts import on, posts

WHITE = ((0.95, 0.94, 0.92), (0.9, 0.88, 0.82), (0.85, 0.87, 0.9))


def linen(rng: Rng) -> Surface:
    """Bed linen: mostly white."""
    if rng.chance(0.35):
        return fabric(rng, 0.2)
    return Surface(vary(rng, rng.pick(WHITE)), "fabric", rough=0.1, grain=(0.25, 0.2))


class BedStyle(NamedTuple):
    """What the beds of a room have in common."""

    width: float
    head: str
    """"board", "arch", "cushion", "bars" or "none"."""
    high: float
    frame: Surface
    sheet: Surface
    blanket: Surface
    pillow: Surface
    accent: Surface
    cover: float
    """Share of the mattress under the blanket."""
    foot: bool
    canopy: bool


def bed_style(rng: Rng, *, width: float | None = None) -> BedStyle:
    """A kind of bed, single or double."""
    head = rng.pick(("board", "board", "arch", "cushion", "cushion", "bars", "none"))
    frame = rng.pick((wood(rng), wood(rng), painted(rng), metal(rng)))
    if head == "cushion":
        frame = rng.pick((fabric(rng, 0.3), leather(rng)))
    return BedStyle(
        width or rng.pick((1.0, 1.4, 1.6, 1.8)) * rng.between(0.95, 1.05),
        head,
        rng.between(0.95, 1.35),
        frame,
        linen(rng),
        fabric(rng, rng.between(0.3, 0.5)),
        linen(rng),
        fabric(rng, 0.25),
        rng.between(0.5, 0.78),
        rng.chance(0.25),
        rng.chance(0.1),
    )


def bed(
    canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float = 0.0, style: BedStyle | None = None
) -> None:
    """Draw a bed; its foot looks towards the camera at a turn of 0, and its head to the wall."""
    style = style or bed_style(rng)
    length, wide = 2.05, style.width
    canvas.shadow(x, z, wide * 0.6, length * 0.58, turn=turn)
    whole = Block(x, z, wide, length, 0.5, 0.0, turn)
    head = whole.piece(0, 0, length / 2 + 0.04, wide + 0.1, 0.08, style.high)
    foot = whole.piece(0, 0, -length / 2 - 0.03, wide + 0.06, 0.06, 0.62)
    ahead = "front" in faces(head, canvas.camera, canvas.light.side)
    corners = canvas.camera.far_to_near(whole.corners())
    if style.canopy:
        _posts_of_canopy(canvas, corners[:2], style)
    if ahead:
        _head(canvas, head, style)
    elif style.foot:
        draw_block(canvas, foot, style.frame, "bed", "panel")
    _mattress(canvas, rng, whole, style)
    _pillows(canvas, rng, whole, style)
    if not ahead:
        _head(canvas, head, style)
    elif style.foot:
        draw_block(canvas, foot, style.frame, "bed", "panel")
    if style.canopy:
        _posts_of_canopy(canvas, corners[2:], style)
        top = whole._replace(width=wide + 0.08, depth=length + 0.1, y=1.9, height=0.2)
        draw_block(canvas, top, style.accent, "bed", "canopy")


def _posts_of_canopy(canvas: Canvas, corners: list[Vector], style: BedStyle) -> None:
    for x, _, z in corners:
        draw_round(canvas, x, z, [(0.045, 0), (0.035, 1.95)], style.frame, "bed", "pole")


def _head(canvas: Canvas, head: Block, style: BedStyle) -> None:
    """The board at the head, of one of several forms."""
    half, high = head.width / 2, head.height
    if style.head == "none":
        return
    if style.head == "bars":
        seen = faces(head, canvas.camera, canvas.light.side)
        face = seen.get("front") or seen.get("back")
        for i in range(7):
            u = (i - 3) * (half - 0.04) / 3
            on(canvas, face, box(u - 0.025, 0, u + 0.025, high - 0.03), style.frame, "bed", "headboard")
        for low in (0.62 * high, high - 0.07):
            on(canvas, face, box(-half, low, half, low + 0.07), style.frame, "bed", "headboard")
        return
    outline = {
        "board": box(-half, 0, half, high),
        "arch": smooth(
            [(-half, 0), (-half, 0.8 * high), (0, 1.12 * high), (half, 0.8 * high), (half, 0)],
            5,
            closed=False,
        ),
        "cushion": rounded(-half, 0, half, high, 0.14),
    }[style.head]
    draw_slab(canvas, head, outline, style.frame, "bed", "headboard", shade=Shade(1.0, v=0.08))


def _mattress(canvas: Canvas, rng: Rng, whole: Block, style: BedStyle) -> None:
    """Frame, mattress with its sheet, and the blanket that hangs over the sides."""
    base = whole._replace(height=0.3)
    if rng.chance(0.5):
        legs = whole._replace(height=0.12)
        posts(canvas, legs, style.frame.times(0.7), "bed", thick=0.08)
        base = whole.piece(0, 0.12, 0, whole.width, whole.depth, 0.18)
    draw_block(canvas, base, style.frame.times(0.9), "bed")
    mattress = whole.piece(0, 0.28, 0, whole.width - 0.03, whole.depth - 0.03, 0.24)
    draw_block(canvas, mattress, style.sheet, "bed", "mattress")
    deep = style.cover * whole.depth
    hang = rng.between(0.2, 0.42)
    blanket = whole.piece(0, 0.56 - hang, -(whole.depth - deep) / 2 - 0.03, whole.width + 0.06, deep, hang)
    seen = draw_block(canvas, blanket, style.blanket, "bed", "blanket")
    for name in ("left", "right", "front"):
        if name in seen:  # the blanket's side turns dark where it ends
            hem = box(-seen[name].width / 2, 0, seen[name].width / 2, 0.05)
            on(canvas, seen[name], hem, style.blanket.times(0.8), "bed", "blanket")
    fold = blanket.piece(0, hang, deep / 2 - 0.12, whole.width + 0.07, 0.3, 0.03)
    draw_block(canvas, fold, style.sheet.times(0.97) if rng.chance(0.5) else style.accent, "bed", "blanket")
    if rng.chance(0.3):
        throw = blanket.piece(0, 0.06, 0.1 - deep / 4, whole.width + 0.09, 0.5, hang - 0.04)
        draw_block(canvas, throw, style.accent, "bed", "blanket")


def _pillows(canvas: Canvas, rng: Rng, whole: Block, style: BedStyle) -> None:
    """One or two pillows for each who sleeps there, and sometimes a cushion."""
    number = 1 if style.width < 1.3 else 2
    wide, high = min(0.75, (style.width - 0.1) / number), rng.between(0.38, 0.5)
    lean = rng.between(30, 65)
    for row in range(rng.count(1, 2)):
        for i in range(number):
            right = (i - (number - 1) / 2) * wide
            at = whole.at(right, 0.52, whole.depth / 2 - 0.32 - 0.16 * row)
            cloth = style.pillow if row == 0 else style.accent
            size = (wide - 0.03, high * (1 - 0.15 * row))
            pillow(canvas, rng, at[0], at[2], at[1], turn=whole.turn, lean=lean, size=size, cloth=cloth)
    if rng.chance(0.35):
        at = whole.at(rng.between(-0.15, 0.15), 0.54, whole.depth / 2 - 0.62)
        pillow(canvas, rng, at[0], at[2], at[1], turn=whole.turn, lean=lean, size=(0.42, 0.36))


def pillow(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    y: float,
    *,
    turn: float = 0.0,
    lean: float = 60.0,
    size: tuple[float, float] = (0.5, 0.42),
    cloth: Surface | None = None,
) -> None:
    """Draw a pillow whose lower edge lies at (x, y, z); `lean` is 90 for one that stands upright."""
    cloth = cloth or fabric(rng, 0.2)
    wide, high = size
    block = Block(x, z, wide, 0.1, high, y, turn)
    a, b = block.across, block.inward
    sine, cosine = math.sin(math.radians(lean)), math.cos(math.radians(lean))
    up = (b[0] * cosine, sine, b[2] * cosine)
    plump = 0.13
    behind = (x + b[0] * sine * plump, y - cosine * plump * 0.5, z + b[2] * sine * plump)
    camera = canvas.camera
    near, far = camera.plane((x, y, z), a, up), camera.plane(behind, a, up)
    outline = _puffy(wide, high)
    draw_between(canvas, near.project(outline), far.project(outline), cloth, "pillow", light=0.78)
    canvas.draw(near, outline, cloth, "pillow", shade=Shade(1.0, v=0.1, uu=-0.14, vv=-0.12, sided=0.05))


def _puffy(wide: float, high: float) -> list[Point]:
    """Rectangle with full sides and small corners, standing on v = 0."""
    a, b, m = wide / 2, high / 2, high / 2
    corner = 0.94
    knots: list[Point] = [
        (-corner * a, m - corner * b),
        (0, m - b),
        (corner * a, m - corner * b),
        (a, m),
        (corner * a, m + corner * b),
        (0, m + b),
        (-corner * a, m + corner * b),
        (-a, m),
    ]
    return smooth(knots, 3)
