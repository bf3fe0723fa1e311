"""The hall of a church with its front and apse, and how its pieces are put in order."""

from __future__ import annotations

from collections.abc import Callable

from dissect_widgets.world.scenery.buildings.church_parts import Style, portal, rose, side_windows
from dissect_widgets.world.scenery.buildings.houses import WALL
from dissect_widgets.world.scenery.buildings.openings import draw_window
from dissect_widgets.world.scenery.buildings.roofs import frustum, ridge_roof, sideways
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block, faces


def nave(
    canvas: Canvas,
    rng: Rng,
    style: Style,
    base: Block,
    *,
    rise: float | None = None,
    front: bool = True,
    buttresses: bool | None = None,
) -> float:
    """The hall with its roof; `front` for a portal and window in its front. Returns the roof's rise."""
    rise = base.width * rng.between(0.45, 0.8) if rise is None else rise
    seen = draw_block(canvas, base, style.wall, "church", "facade", shade=WALL)
    buttresses = rng.chance(0.35) if buttresses is None else buttresses
    for side in ("left", "right"):
        if side in seen:
            side_windows(canvas, style, seen[side], buttresses=buttresses)
    ridge_roof(canvas, sideways(base), rise, style.roof, style.wall, "church", trim=style.trim)
    if "back" in seen:
        _apse(canvas, rng, style, base)
    if front and "front" in seen:
        front_wall(canvas, rng, style, seen["front"], base.height, rise)
    return rise


def _apse(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """The round or many-sided end of a choir, behind a hall."""
    radius, height = 0.34 * base.width, 0.85 * base.height
    x, _, z = base.at(0, 0, base.depth / 2)
    seen = frustum(
        canvas, (x, 0, z), (radius, radius), height, style.wall, "church", "facade", sides=8, turn=base.turn
    )
    for face in seen:
        draw_window(canvas, style.windows, face, 0, 0.3 * height, 0.42 * face.width, 0.5 * height)
    rise = radius * rng.between(0.5, 0.9)
    frustum(
        canvas,
        (x, height, z),
        (1.08 * radius, 0.02),
        rise,
        style.roof,
        "church",
        "roof",
        sides=8,
        turn=base.turn,
    )


def front_wall(canvas: Canvas, rng: Rng, style: Style, face: Face, height: float, rise: float) -> None:
    """A portal, windows beside it and a rose or window above."""
    width = 0.24 * face.width
    portal(canvas, rng, style, face, 0, width)
    if rng.chance(0.6):
        for u in (-0.33 * face.width, 0.33 * face.width):
            draw_window(canvas, style.windows, face, u, 0.28 * height, 0.12 * face.width, 0.42 * height)
    if rng.chance(0.6):
        rose(canvas, style, face, height + 0.16 * rise, 0.14 * face.width)
    else:
        draw_window(
            canvas, style.windows, face, 0, 0.9 * height, 0.14 * face.width, 0.2 * height + 0.3 * rise
        )


def front_to_back(canvas: Canvas, base: Block, pieces: list[Callable[[], object]]) -> None:
    """Draw pieces given from the front of a church to its back, the farther ones first."""
    towards = "front" in faces(base, canvas.camera, canvas.light.side)
    for piece in reversed(pieces) if towards else pieces:
        piece()
