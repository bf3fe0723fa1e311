"""Tractors; see `parts` for the meaning of `turn`."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.bodies import Body, ring
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.surfaces import glass, metal, painted
from dissect_widgets.world.scenery.vehicles.parts import PAINT, end_panel, lights, rubber


def tractor(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None) -> None:
    """Draw a tractor: hood, cabin, small wheels in front and large ones behind."""
    turn = rng.between(-180, 180) if turn is None else turn
    body = Body(canvas, "tractor", x, z, turn=turn)
    canvas.shadow(x, z, 2.0, 1.2, turn=turn)
    paint, rim, window, sign = painted(rng), painted(rng), glass(rng), body.near_side()
    axles = ((-0.9, 0.85, 0.42), (1.25, 0.5, 0.28))

    def wheels(side: int) -> None:
        for along, radius, width in axles:
            body.wheel(along, side * 0.95, radius, rubber(), rim, width=width)

    def hood() -> None:
        body.shell(
            [(-0.3, 0.6), (1.75, 0.55), (1.8, 1.3), (1.6, 1.45), (-0.3, 1.5)], 0.4, paint, "body", shade=PAINT
        )
        end_panel(body, 1.81, 1, (0.7, 1.25), (-0.3, 0.3), rubber(), "body")
        for span in ((-0.38, -0.2), (0.2, 0.38)):
            end_panel(body, 1.82, 1, (1.0, 1.2), span, lights(rng)[0], "headlight")
        body.solid([*ring(0.9, 1.45, 0.07, tall=0.0), *ring(0.9, 2.3, 0.07, tall=0.0)], metal(rng), "engine")

    def cabin() -> None:
        body.shell([(-1.3, 0.8), (0.0, 0.8), (-0.05, 2.4), (-1.25, 2.4)], 0.62, window, "windshield")
        body.shell([(-1.35, 0.7), (0.02, 0.7), (0.02, 1.3), (-1.35, 1.3)], 0.63, paint, "cabin")
        for along in (-1.28, -0.62, -0.06) if body.sees_side(0.63) else ():
            plane, light = body.side(0.63)
            post = box(along - 0.05, 1.2, along + 0.05, 2.4)
            canvas.draw(plane, post, paint, "tractor", "cabin", light=light)
        body.shell([(-1.45, 2.4), (0.12, 2.4), (0.05, 2.58), (-1.35, 2.58)], 0.72, paint, "roof")

    wheels(-sign)
    towards = body.distance([(1.0, 1.0, 0.0)]) < body.distance([(-1.0, 1.0, 0.0)])
    for part in (cabin, hood) if towards else (hood, cabin):
        part()
    wheels(sign)
