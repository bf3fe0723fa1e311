"""Screens and boards: televisions, computers, blackboards."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, box, ellipse, skyline, tube
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block, lit
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    metal,
    mix,
    pick_color,
    plastic,
    vary,
    wood,
)
from dissect_widgets.world.scenery.furniture.parts import blocks_in_order, on

_CASES = ((0.12, 0.12, 0.13), (0.24, 0.24, 0.26), (0.7, 0.7, 0.7), (0.88, 0.86, 0.82), (0.5, 0.47, 0.42))


def television(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    y: float = 0.0,
    *,
    turn: float = 0.0,
    width: float | None = None,
) -> None:
    """Draw a television at a height y; at a turn of 0 its screen looks towards the camera."""
    width = width or rng.between(0.8, 1.25)
    case, old = plastic(rng, pick_color(rng, _CASES)), rng.chance(0.25)
    high = width * (0.78 if old else 0.6)
    if not old:
        foot = Block(x, z, width * 0.45, 0.22, 0.03, y, turn)
        draw_block(canvas, foot, case, "television", "leg")
        draw_block(canvas, foot.piece(0, 0.03, 0, 0.1, 0.05, 0.08), case.times(0.8), "television", "leg")
    body = Block(x, z, width, 0.45 if old else 0.07, high, y if old else y + 0.08, turn)
    seen = draw_block(canvas, body, case, "television")
    if "front" in seen:
        edge = 0.1 * width if old else 0.035 * width
        _screen(canvas, rng, seen["front"], "television", edge, foot=1.6 * edge if old else edge)


def _screen(canvas: Canvas, rng: Rng, face: Face, name: str, edge: float, *, foot: float) -> None:
    """Screen on the front of a case: dark, or with an image on it."""
    wide, left = face.width - 2 * edge, -face.width / 2 + edge
    right, high = -left, face.height - edge
    dark = Surface(pick_color(rng, ((0.05, 0.06, 0.08), (0.12, 0.14, 0.17), (0.2, 0.24, 0.26))), "glass")
    if rng.chance(0.45):
        on(canvas, face, box(left, foot, right, high), dark, name, "screen")
        glare = [
            (left + 0.1 * wide, foot),
            (left + 0.35 * wide, foot),
            (left + 0.6 * wide, high),
            (left + 0.35 * wide, high),
        ]
        on(canvas, face, glare, Surface(mix(dark.color, (1, 1, 1), 0.14), "glass"), name, "screen")
        return
    shown = Surface(any_color(rng), "glass", second=any_color(rng), blend=1.0, glow=0.7)
    on(canvas, face, box(left, foot, right, high), shown, name, "screen")
    content = Surface(any_color(rng), "glass", glow=0.7)
    tall = high - foot
    if name == "computer":
        on(
            canvas,
            face,
            box(left + 0.08 * wide, foot + 0.1 * tall, left + 0.6 * wide, high - 0.2 * tall),
            content,
            name,
            "screen",
        )
        on(canvas, face, box(left, high - 0.1 * tall, right, high), content.times(0.6), name, "screen")
        return
    hills = [
        (left + 0.5 * wide + u, foot + v)
        for u, v in skyline(rng, -0.5 * wide, 0.5 * wide, 0, 0.15 * tall, 0.5 * tall)[::2]
    ]
    on(canvas, face, [(left, foot), *hills, (right, foot)], content, name, "screen")
    on(
        canvas,
        face,
        ellipse(rng.between(left, right) * 0.6, high - 0.3 * tall, 0.13 * tall),
        content.times(1.3),
        name,
        "screen",
    )


def computer(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    y: float,
    *,
    turn: float = 0.0,
    kind: str | None = None,
) -> None:
    """Draw a computer on a desk of height y, its screen towards the camera at a turn of 0.

    Parameters
    ----------
    kind
        "monitor" (with a keyboard before it) or "laptop".
    """
    case = plastic(rng, pick_color(rng, _CASES))
    kind = kind or rng.pick(("monitor", "monitor", "laptop"))
    if kind == "laptop":
        _laptop(canvas, rng, Block(x, z, 0.42, 0.3, 0.03, y, turn), case)
        return
    wide = rng.between(0.5, 0.62)
    foot = Block(x, z, 0.26, 0.2, 0.02, y, turn)
    keys = foot.piece(0, 0, -0.3, 0.46, 0.17, 0.025)
    screen = foot.piece(0, 0.11, 0, wide, 0.06, wide * 0.64)
    for block in blocks_in_order(canvas, (keys, screen)):
        if block is keys:
            _keyboard(canvas, block, case)
            continue
        draw_block(canvas, foot, case.times(0.9), "computer")
        draw_block(canvas, foot.piece(0, 0.02, 0.02, 0.07, 0.04, 0.14), case.times(0.8), "computer")
        seen = draw_block(canvas, screen, case, "computer")
        if "front" in seen:
            _screen(canvas, rng, seen["front"], "computer", 0.03, foot=0.045)


def _keyboard(canvas: Canvas, block: Block, case: Surface) -> None:
    """Slab with rows of keys."""
    seen = draw_block(canvas, block, case.times(0.9), "computer", "keyboard")
    keys = case.times(1.6 if sum(case.color) < 1 else 0.55)
    for row in range(3):
        low = block.depth * (0.12 + 0.29 * row)
        wide = block.width / 2 - 0.02
        on(
            canvas,
            seen.get("top"),
            box(-wide, low, wide, low + 0.18 * block.depth),
            keys,
            "computer",
            "keyboard",
        )


def _laptop(canvas: Canvas, rng: Rng, base: Block, case: Surface) -> None:
    """Keyboard with a screen that leans back."""
    tilt = math.radians(18)
    a, b = base.across, base.inward
    up = (b[0] * math.sin(tilt), math.cos(tilt), b[2] * math.sin(tilt))
    normal = (-b[0] * math.cos(tilt), math.sin(tilt), -b[2] * math.cos(tilt))
    hinge = base.at(0, base.height, base.depth / 2)
    ahead = canvas.camera.sees(hinge, normal)
    lid = Face(canvas.camera.plane(hinge, a, up), base.width, 0.29, lit(normal, canvas.light.side))
    outline = box(-lid.width / 2, 0, lid.width / 2, lid.height)
    if ahead:
        on(canvas, lid, outline, case, "computer")
        _screen(canvas, rng, lid, "computer", 0.02, foot=0.03)
    _keyboard(canvas, base, case)
    if not ahead:
        on(canvas, lid, outline, case.times(0.9), "computer")
        on(canvas, lid, ellipse(0, lid.height / 2, 0.04), case.times(1.5), "computer")


def blackboard(
    canvas: Canvas,
    rng: Rng,
    face: Face,
    u: float,
    *,
    width: float | None = None,
    height: float | None = None,
    bottom: float | None = None,
) -> None:
    """Draw a blackboard with chalk writing on a wall, its middle at u."""
    width = width or rng.between(2.2, 3.6)
    height = height or rng.between(1.0, 1.3)
    low = rng.between(0.75, 0.95) if bottom is None else bottom
    left, right, high = u - width / 2, u + width / 2, low + height
    frame = rng.pick((wood(rng), metal(rng)))
    dark = ((0.13, 0.25, 0.19), (0.1, 0.11, 0.12), (0.2, 0.27, 0.25), (0.16, 0.2, 0.3), (0.25, 0.27, 0.26))
    slate = Surface(
        pick_color(rng, dark), "stone" if rng.chance(0.4) else "painted", rough=0.3, grain=(1.4, 0.5)
    )
    on(canvas, face, box(left - 0.07, low - 0.07, right + 0.07, high + 0.07), frame, "blackboard", "frame")
    for panel in range(2 if rng.chance(0.4) else 1):
        start = left if panel == 0 else u + 0.03
        on(canvas, face, box(start, low, right, high), slate, "blackboard")
        if panel:
            on(canvas, face, box(u - 0.03, low, u + 0.03, high), frame.times(0.9), "blackboard", "frame")
    for column in range(rng.count(1, 3)):
        middle = left + width * (0.2 + 0.3 * column)
        _chalk(canvas, rng, face, slate, (middle, low + height / 2), (0.12 * width, 0.36 * height))
    on(canvas, face, box(left, low - 0.13, right, low - 0.05), frame.times(1.15), "blackboard", "shelf")


def _chalk(
    canvas: Canvas,
    rng: Rng,
    face: Face,
    slate: Surface,
    middle: tuple[float, float],
    reach: tuple[float, float],
) -> None:
    """Lines of writing, or a drawing, in chalk."""
    (u, v), (wide, high) = middle, reach
    chalk = slate._replace(
        color=vary(rng, rng.pick(((0.88, 0.88, 0.84), (0.9, 0.82, 0.5), (0.85, 0.65, 0.65))))
    )
    if rng.chance(0.3):
        rim = blob(rng, u, v, wide * 0.8, high * 0.8, rough=0.3)
        on(canvas, face, tube([*rim, rim[0]], 0.04), chalk, "blackboard")
        return
    for line in range(rng.count(2, 4)):
        y, end = v + high * (0.8 - 0.5 * line), wide * rng.between(0.3, 1.0)
        steps = [(u - wide + (end + wide) * i / 8, y + 0.04 * (1 if i % 2 else -1)) for i in range(9)]
        on(canvas, face, tube(steps, 0.035), chalk, "blackboard")
