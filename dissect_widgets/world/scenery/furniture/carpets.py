"""Carpets."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Mat
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse
from dissect_widgets.world.scenery.drawing.surfaces import Surface, fabric


def carpet(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    width: float | None = None,
    depth: float | None = None,
    turn: float = 0.0,
) -> None:
    """Draw a carpet: square, round or oval, with a border and sometimes tassels."""
    a, b = (width or rng.between(1.8, 2.8)) / 2, (depth or rng.between(1.3, 2.0)) / 2
    plane = canvas.camera.ground(x, z, turn=turn)
    cloth = fabric(rng, rng.between(0.3, 0.6))
    canvas.mats.append(Mat(cloth, "carpet", x, z, a, b, turn))
    border = fabric(rng, 0.3, texture=None)
    if rng.chance(0.3):
        for share, surface in ((1.0, border), (0.86, cloth)):
            canvas.draw(plane, ellipse(0, 0, a * share, b * share), surface, "carpet")
        return
    if rng.chance(0.4):
        for i in range(2):
            end = (a - 0.02, a + 0.1) if i else (-a - 0.1, 0.02 - a)
            fringe = Surface((0.85, 0.8, 0.7), "fabric", "striped", border.color, (0.16, 0.16))
            canvas.draw(plane.leaning(90), box(-b, -end[1], b, -end[0]), fringe, "carpet", "tassel")
    canvas.draw(plane, box(-a, -b, a, b), border, "carpet")
    rim = rng.between(0.08, 0.2)
    canvas.draw(plane, box(rim - a, rim - b, a - rim, b - rim), cloth, "carpet")
