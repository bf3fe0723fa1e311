"""Stoves and refrigerators."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import CYLINDER, Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, half_ellipse, rounded
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, any_color, ceramic, metal, painted, paper
from dissect_widgets.world.scenery.furniture.parts import on


def appliance(rng: Rng) -> Surface:
    """What stoves and refrigerators are clad in: white, steel, black or a color."""
    return rng.pick((metal(rng), ceramic(rng), painted(rng)))._replace(texture=None)


def stove(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    width: float | None = None,
    depth: float = 0.62,
    ceiling: float = 0.0,
) -> None:
    """Draw a stove: burners above an oven, and a hood up to the ceiling, if a height of that is given."""
    width = width or rng.between(0.7, 0.9)
    case = appliance(rng)
    body = Block(x, z, width, depth, 0.9, 0.0, turn)
    seen = draw_block(canvas, body, case, "stove")
    black = Surface((0.1, 0.1, 0.11), "metal")
    if rng.chance(0.6):
        splash = body.piece(0, 0.9, depth / 2 - 0.03, width, 0.05, rng.between(0.14, 0.22))
        back = draw_block(canvas, splash, case, "stove")
        on(canvas, back.get("front"), box(-0.12, 0.05, 0.12, splash.height - 0.04), black, "stove")
    _burners(canvas, rng, seen.get("top"), black)
    if "front" in seen:
        _oven(canvas, rng, seen["front"], case, black)
    if rng.chance(0.5):
        _pot(canvas, rng, body)
    if ceiling:
        _hood(canvas, body, case, ceiling)


def _burners(canvas: Canvas, rng: Rng, top: Face | None, black: Surface) -> None:
    """Four burners on a plate, two of them larger."""
    if top is None:
        return
    w, d = top.width, top.height
    plate = Surface((0.16, 0.16, 0.17), "glass") if rng.chance(0.4) else metal(rng)
    ring = Surface((0.62, 0.2, 0.12), "metal") if rng.chance(0.25) else black
    on(canvas, top, box(-w / 2 + 0.03, 0.03, w / 2 - 0.03, d - 0.05), plate, "stove")
    for u, v, size in ((-0.24, 0.7, 0.15), (0.24, 0.7, 0.12), (-0.24, 0.27, 0.12), (0.24, 0.27, 0.15)):
        on(canvas, top, ellipse(u * w, v * d, size * w, 0.17 * d), ring, "stove", "burner")
        on(canvas, top, ellipse(u * w, v * d, 0.45 * size * w, 0.08 * d), plate.times(0.8), "stove", "burner")


def _oven(canvas: Canvas, rng: Rng, face: Face, case: Surface, black: Surface) -> None:
    """Front of a stove: a row of knobs, the door of the oven with its window and handle, a drawer below."""
    half = face.width / 2
    on(canvas, face, box(-half, 0.76, half, 0.88), case.times(0.7), "stove")
    knob = black if sum(case.color) > 1 else case.times(2.2)
    for i in range(4):
        on(canvas, face, ellipse(half * (-0.72 + 0.48 * i), 0.82, 0.04), knob, "stove", "handle")
    on(canvas, face, box(-half + 0.03, 0.22, half - 0.03, 0.74), case.times(1.06), "stove", "oven")
    pane = Surface(
        (0.14, 0.13, 0.13), "glass", second=(0.35, 0.24, 0.14), blend=0.0 if rng.chance(0.6) else 1.0
    )
    on(canvas, face, rounded(-half + 0.12, 0.3, half - 0.12, 0.6, 0.04), pane, "stove", "oven")
    on(canvas, face, box(-half + 0.09, 0.66, half - 0.09, 0.7), knob, "stove", "handle")
    on(canvas, face, box(-half + 0.03, 0.04, half - 0.03, 0.19), case.times(0.94), "stove", "drawer")


def _pot(canvas: Canvas, rng: Rng, body: Block) -> None:
    """Pot on one of the far burners; it counts as part of the stove."""
    x, y, z = body.at(rng.side() * 0.24 * body.width, body.height, 0.12)
    pot, wide = rng.pick((metal(rng), painted(rng))), rng.between(0.1, 0.14)
    high = rng.between(0.14, 0.22)
    plane = canvas.camera.facing(x, z, y=y)
    canvas.draw(plane, rounded(-wide, 0, wide, high, 0.03), pot, "stove", shade=CYLINDER)
    canvas.draw(
        plane, box(-wide - 0.05, high * 0.7, wide + 0.05, high * 0.8), pot.times(0.5), "stove", "handle"
    )
    canvas.draw(plane, half_ellipse(0, high, wide, 0.05), pot.times(1.15), "stove")


def _hood(canvas: Canvas, body: Block, case: Surface, ceiling: float) -> None:
    """Hood above a stove, with its duct to the ceiling."""
    low = body.piece(0, 1.6, 0.08, body.width, body.depth - 0.16, 0.1)
    duct = body.piece(0, 1.7, 0.18, body.width * 0.36, 0.26, ceiling - 1.7)
    draw_block(canvas, duct, case, "stove", shade=CYLINDER)
    draw_block(canvas, low, case, "stove")


def refrigerator(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    width: float | None = None,
    height: float | None = None,
    depth: float = 0.66,
) -> None:
    """Draw a refrigerator: two doors, above each other or side by side, sometimes with notes on them."""
    width, height = width or rng.between(0.68, 0.95), height or rng.between(1.5, 1.95)
    case = appliance(rng)
    body = Block(x, z, width, depth, height, 0.0, turn)
    seen = draw_block(canvas, body, case, "refrigerator")
    face = seen.get("front")
    if face is None:
        return
    half, gap = width / 2, 0.02
    on(canvas, face, box(-half, 0, half, 0.08), case.times(0.4), "refrigerator")
    if width > 0.82 and rng.chance(0.7):
        leaves = [(-half, 0.1, -0.01, height, -0.07), (0.01, 0.1, half, height, 0.07)]
    else:
        split, edge = height * rng.pick((0.36, 0.68)), rng.side() * (half - 0.08)
        leaves = [(-half, 0.1, half, split - gap, edge), (-half, split + gap, half, height, edge)]
    on(canvas, face, box(-half, 0.08, half, height), case.times(0.55), "refrigerator")
    bar = case.times(0.45) if sum(case.color) > 1.2 else case.times(2.0)
    for left, low, right, high, handle in leaves:
        on(
            canvas,
            face,
            rounded(left + 0.01, low, right - 0.01, high - 0.01, 0.04),
            case,
            "refrigerator",
            "panel",
            light=1.04,
        )
        reach = min(0.3, (high - low) * 0.3)
        middle = low + reach + 0.08 if low > 0.3 else high - reach - 0.08
        on(
            canvas,
            face,
            box(handle - 0.025, middle - reach, handle + 0.025, middle + reach),
            bar,
            "refrigerator",
            "handle",
        )
    _notes(canvas, rng, face, leaves[-1])


def _notes(canvas: Canvas, rng: Rng, face: Face, door: tuple[float, float, float, float, float]) -> None:
    """Papers held by magnets on a door."""
    left, low, right, high, handle = door
    for _ in range(rng.count(0, 3)):
        u = rng.between(left + 0.15, right - 0.15)
        v = rng.between(low + 0.12, high - 0.3)
        if abs(u - handle) > 0.14:
            note = paper(rng)._replace(color=any_color(rng))
            on(canvas, face, box(u - 0.07, v, u + 0.07, v + 0.17), note, "refrigerator")
