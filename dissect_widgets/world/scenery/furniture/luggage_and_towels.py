"""What travelers and bathers bring: suitcases and towels."""

from __future__ import annotations

from itertools import pairwise

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, rounded
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block, draw_slab, faces
from dissect_widgets.world.scenery.drawing.surfaces import Surface, fabric, leather, metal, painted, plastic
from dissect_widgets.world.scenery.furniture.parts import on


def suitcase(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    y: float = 0.0,
    lying: bool | None = None,
) -> None:
    """Draw a suitcase that stands on its wheels with its handle out, or one that lies."""
    wide, high, deep = rng.between(0.46, 0.58), rng.between(0.62, 0.8), rng.between(0.24, 0.3)
    shell = rng.pick((plastic(rng), leather(rng), fabric(rng, 0.15), painted(rng)))
    dark = Surface((0.14, 0.14, 0.15), "plastic")
    if rng.chance(0.25) if lying is None else lying:
        _trunk(canvas, rng, Block(x, z, high, wide, deep, y, turn), shell)
        return
    canvas.shadow(x, z, wide * 0.7, deep, y=y)
    whole = Block(x, z, wide, deep, high + 0.06, y, turn)
    for right in (-0.38 * wide, 0.38 * wide):
        px, py, pz = whole.at(right, 0, -0.3 * deep)
        canvas.draw(canvas.camera.facing(px, pz, y=py), ellipse(0, 0.035, 0.04), dark, "suitcase", "wheel")
    bars = faces(whole.piece(0, 0.06 + high, 0.3 * deep, wide, 0.02, 0.3), canvas.camera, 0.0)
    bar = metal(rng)
    half, rise = 0.2 * wide, rng.pick((0.06, 0.3, 0.4))
    face = bars.get("front") or bars.get("back")
    for outline in (box(-half, -0.1, 0.025 - half, rise), box(half - 0.025, -0.1, half, rise)):
        on(canvas, face, outline, bar, "suitcase", "handle")
    on(canvas, face, box(-half - 0.02, rise - 0.02, half + 0.02, rise + 0.03), dark, "suitcase", "handle")
    body, half = whole.piece(0, 0.06, 0, wide, deep, high), wide / 2
    draw_slab(canvas, body, rounded(-half, 0, half, high, 0.08), shell, "suitcase", shade=Shade(1.02, v=0.06))
    seen = faces(body, canvas.camera, canvas.light.side)
    front = seen.get("front") or seen.get("back")
    if rng.chance(0.6):  # ribs
        for i in range(4):
            u = wide * (i - 1.5) * 0.2
            rib = box(u - 0.014, 0.08, u + 0.014, high - 0.08)
            on(canvas, front, rib, shell.times(0.72), "suitcase", "panel")
    else:  # a pocket
        pocket = rounded(-0.38 * wide, 0.1 * high, 0.38 * wide, 0.55 * high, 0.05)
        on(canvas, front, pocket, shell.times(0.82), "suitcase", "panel")
        on(canvas, front, box(-0.34 * wide, 0.7 * high, 0.34 * wide, 0.73 * high), dark, "suitcase", "panel")


def _trunk(canvas: Canvas, rng: Rng, whole: Block, shell: Surface) -> None:
    """A suitcase that lies on its side, with straps."""
    if whole.y == 0:
        canvas.shadow(whole.x, whole.z, whole.width * 0.6, whole.depth * 0.6)
    seen = draw_block(canvas, whole, shell, "suitcase")
    strap = leather(rng)
    front, top = seen.get("front"), seen.get("top")
    for u in (-0.28 * whole.width, 0.28 * whole.width):
        for face in (front, top):
            if face is not None:
                on(canvas, face, box(u - 0.03, 0, u + 0.03, face.height), strap, "suitcase", "panel")
    middle = 0.5 * whole.height
    on(canvas, front, box(-0.11, middle, 0.11, middle + 0.06), strap.times(0.6), "suitcase", "handle")


def hanging_towel(
    canvas: Canvas, rng: Rng, face: Face, u: float, *, top: float = 1.35, width: float = 0.5
) -> None:
    """Draw a towel that hangs on a rail at a wall, with its folds."""
    cloth, hem = fabric(rng, rng.between(0.12, 0.22)), fabric(rng, 0.2, texture=None)
    half, low, bar = width / 2, top - rng.between(0.5, 0.8), metal(rng)
    on(canvas, face, box(u - half - 0.12, top - 0.015, u + half + 0.12, top + 0.025), bar, "towel", "rod")
    edges = (u - half, u - 0.1 * half, u + half)
    for i, (left, right) in enumerate(pairwise(edges)):
        foot = low + 0.04 * i
        fold = Shade(1.04, uu=-0.16, sided=0.08)
        on(canvas, face, box(left, foot, right, top + 0.03), cloth, "towel", light=1.08, shade=fold)
        on(canvas, face, box(left, foot + 0.06, right, foot + 0.13), hem, "towel", light=1.08, shade=fold)


def folded_towels(canvas: Canvas, rng: Rng, x: float, z: float, y: float, *, turn: float = 0.0) -> None:
    """Draw a pile of folded towels on something of height y."""
    for i in range(rng.count(2, 3)):
        cloth = fabric(rng, 0.15, texture=rng.pick((None, "striped")))
        draw_block(canvas, Block(x, z, 0.42, 0.3, 0.09, y + 0.09 * i, turn), cloth, "towel")
