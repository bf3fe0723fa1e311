"""Sofas and armchairs."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import SOFT, Canvas, Shade
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import arched, ellipse, rounded
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block, draw_slab, faces
from dissect_widgets.world.scenery.drawing.surfaces import Surface, fabric, leather, metal, wood
from dissect_widgets.world.scenery.furniture.beds import pillow
from dissect_widgets.world.scenery.furniture.parts import posts


class SeatStyle(NamedTuple):
    """What the sofa and the armchairs of a room have in common."""

    cloth: Surface
    foot: Surface
    form: str
    """"square", "round" or "rolled"."""
    arm: float
    """Width of an armrest."""
    high: float
    """Height of the back."""
    legs: float
    """Height of the feet."""


def seat_style(rng: Rng) -> SeatStyle:
    """A kind of sofa: of cloth or leather, square, round or with rolled armrests."""
    cloth = leather(rng) if rng.chance(0.3) else fabric(rng, rng.between(0.22, 0.4))
    return SeatStyle(
        cloth,
        rng.pick((wood(rng), metal(rng))),
        rng.pick(("square", "round", "rolled")),
        rng.between(0.12, 0.26),
        rng.between(0.74, 0.98),
        rng.pick((0.05, 0.1, 0.15)),
    )


def sofa(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    width: float | None = None,
    style: SeatStyle | None = None,
) -> None:
    """Draw a sofa for two or three that looks towards the camera at a turn of 0."""
    width = width or rng.between(1.6, 2.3)
    whole = Block(x, z, width, rng.between(0.85, 0.95), 0.44, 0.0, turn)
    _seat(canvas, rng, whole, style or seat_style(rng), "sofa", 2 if width < 1.9 else rng.pick((2, 3)))


def armchair(
    canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float = 0.0, style: SeatStyle | None = None
) -> None:
    """Draw an armchair that looks towards the camera at a turn of 0."""
    style = style or seat_style(rng)
    style = style._replace(high=style.high + rng.pick((0.0, 0.0, 0.15)))
    whole = Block(x, z, rng.between(0.82, 0.98), rng.between(0.8, 0.9), 0.44, 0.0, turn)
    _seat(canvas, rng, whole, style, "armchair", 1)


def _seat(canvas: Canvas, rng: Rng, whole: Block, style: SeatStyle, name: str, places: int) -> None:
    """Feet, armrests, back and seat in the order in which they hide each other."""
    w, d, arm = whole.width, whole.depth, style.arm
    canvas.shadow(whole.x, whole.z, 0.56 * w, 0.62 * d, turn=whole.turn)
    posts(canvas, whole._replace(height=style.legs), style.foot, name, thick=0.07, inset=0.08)
    back = whole.piece(0, style.legs, d / 2 - 0.12, w - 2 * arm + 0.02, 0.24, style.high - style.legs)
    top = 0.6 if style.form == "square" else 0.64
    arms = [
        (side, whole.piece(side * (w - arm) / 2, style.legs, -0.01, arm, d - 0.02, top - style.legs))
        for side in (-1, 1)
    ]
    seen = faces(whole._replace(width=w - 2 * arm), canvas.camera, canvas.light.side)
    inner = [block for side, block in arms if {-1: "left", 1: "right"}[side] not in seen]
    for block in inner:
        _armrest(canvas, block, style, name)
    if "front" in seen:
        _back(canvas, back, style, name)
    _cushions(canvas, rng, whole, style, name, places)
    if "front" not in seen:
        _back(canvas, back, style, name)
    for _, block in arms:
        if block not in inner:
            _armrest(canvas, block, style, name)


def _armrest(canvas: Canvas, arm: Block, style: SeatStyle, name: str) -> None:
    """One armrest, of the form of the seat."""
    half, high = arm.width / 2, arm.height
    if style.form == "square":
        draw_block(canvas, arm, style.cloth, name, "armrest")
        return
    if style.form == "round":
        draw_slab(canvas, arm, arched(-half, 0, half, high), style.cloth, name, "armrest", shade=SOFT)
        return
    draw_block(canvas, arm._replace(width=0.8 * arm.width, height=0.85 * high), style.cloth, name, "armrest")
    roll = ellipse(0, high - 0.6 * half, 1.25 * half, 0.95 * half)
    draw_slab(canvas, arm, roll, style.cloth, name, "armrest", shade=SOFT)


def _back(canvas: Canvas, back: Block, style: SeatStyle, name: str) -> None:
    """What carries the cushions at the back."""
    if style.form == "square":
        draw_block(canvas, back, style.cloth, name, "back")
        return
    half = back.width / 2
    draw_slab(
        canvas,
        back,
        rounded(-half, 0, half, back.height, 0.12),
        style.cloth,
        name,
        "back",
        shade=Shade(v=0.06),
    )


def _cushions(canvas: Canvas, rng: Rng, whole: Block, style: SeatStyle, name: str, places: int) -> None:
    """The seat with its cushions, and those that lean at the back."""
    wide, d = whole.width - 2 * style.arm, whole.depth
    base = whole.piece(0, style.legs, -0.06, wide, d - 0.16, 0.3 - style.legs)
    draw_block(canvas, base, style.cloth.times(0.88), name)
    step, high = wide / places, style.high - 0.46
    for i in range(places):
        right = (i - (places - 1) / 2) * step
        seat = whole.piece(right, 0.3, -0.09, step - 0.015, d - 0.24, 0.15)
        draw_block(canvas, seat, style.cloth.times(1.0 - 0.03 * (i % 2)), name, "cushion")
    for i in range(places):
        right = (i - (places - 1) / 2) * step
        rest = whole.piece(right, 0.45, d / 2 - 0.3, step - 0.02, 0.14, high)
        half = step / 2 - 0.01
        draw_slab(
            canvas,
            rest,
            rounded(-half, 0, half, high, 0.09),
            style.cloth.times(1.04),
            name,
            "cushion",
            shade=SOFT,
        )
    for side in (-1, 1):
        if rng.chance(0.45):
            x, y, z = whole.at(side * (wide / 2 - 0.24) * (places > 1), 0.46, d / 2 - 0.46)
            lean = rng.between(60, 75)
            pillow(
                canvas, rng, x, z, y, turn=whole.turn, lean=lean, size=(0.42, 0.4), cloth=fabric(rng, 0.18)
            )
