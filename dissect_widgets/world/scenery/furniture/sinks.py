"""What water runs through: sinks."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import CYLINDER, Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, half_ellipse, rounded
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, ceramic, metal, painted, quiet_color, wood
from dissect_widgets.world.scenery.furniture.cabinets import doors
from dissect_widgets.world.scenery.furniture.parts import on, post


def sink(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    kind: str | None = None,
    width: float | None = None,
    cupboard: Surface | None = None,
) -> None:
    """Draw a sink.

    Parameters
    ----------
    kind
        "apron" (a deep basin whose front is seen, on a cupboard), "bowl" (a basin on a cupboard) or
        "pedestal" (on a foot, as in bathrooms).
    cupboard
        What the cupboard under it is made of.
    """
    kind = kind or rng.pick(("apron", "bowl", "pedestal"))
    width = width or rng.between(0.62, 0.85)
    basin = rng.pick((ceramic(rng), ceramic(rng), metal(rng), _stone_like(rng)))
    if kind == "pedestal":
        canvas.shadow(x, z, 0.3, 0.25)
        _pedestal(canvas, x, z, basin, width)
    else:
        body = Block(x, z, width, 0.6, 0.62, 0.0, turn)
        cupboard = cupboard or rng.pick((wood(rng), painted(rng)))
        seen = draw_block(canvas, body, cupboard, "cabinet")
        if "front" in seen:
            doors(canvas, seen["front"], cupboard, 2, body.height - 0.02)
        _basin(canvas, body.piece(0, body.height, -0.03, width, 0.6, 0.28), basin, bowl=kind == "bowl")
    y = 0.9 if kind != "pedestal" else 0.86
    _faucet(canvas, rng, Block(x, z, width, 0.6, y, 0.0, turn), metal(rng))


def _stone_like(rng: Rng) -> Surface:
    """Composite stone, of a muted color."""
    return Surface(quiet_color(rng), "stone", rough=0.1, grain=(0.1, 0.1))


def _basin(canvas: Canvas, block: Block, basin: Surface, *, bowl: bool) -> None:
    """Basin sunk into a block, its far wall lit."""
    seen = draw_block(canvas, block, basin, "sink", "basin")
    if bowl:
        front = seen.get("front")
        on(
            canvas,
            front,
            rounded(-block.width / 2 + 0.04, 0.05, block.width / 2 - 0.04, block.height - 0.06, 0.1),
            basin.times(0.9),
            "sink",
            "basin",
        )
    top = seen.get("top")
    if top is not None:
        half, deep = top.width / 2, top.height
        on(
            canvas,
            top,
            rounded(-half + 0.05, 0.05, half - 0.05, deep - 0.14, 0.08),
            basin.times(0.5),
            "sink",
            "basin",
        )
        on(
            canvas,
            top,
            rounded(-half + 0.07, 0.16, half - 0.07, deep - 0.14, 0.06),
            basin.times(0.72),
            "sink",
            "basin",
        )


def _pedestal(canvas: Canvas, x: float, z: float, basin: Surface, width: float) -> None:
    """Round basin on a foot."""
    plane = canvas.camera.facing(x, z)
    foot = [(-0.13, 0), (0.13, 0), (0.08, 0.35), (0.1, 0.72), (-0.1, 0.72), (-0.08, 0.35)]
    canvas.draw(plane, foot, basin, "sink", "leg", shade=CYLINDER, light=0.9)
    bowl = [(u, 0.86 + v) for u, v in half_ellipse(0, 0, width / 2, -0.24)]
    canvas.draw(plane, bowl, basin, "sink", "basin", shade=CYLINDER)
    rim = canvas.camera.ground(x, z, y=0.86)
    canvas.draw(rim, ellipse(0, 0, width / 2, 0.24), basin, "sink", "basin", light=1.05)
    canvas.draw(rim, ellipse(0, -0.02, width / 2 - 0.06, 0.17), basin.times(0.65), "sink", "basin")


def _faucet(canvas: Canvas, rng: Rng, block: Block, surface: Surface) -> None:
    """Bent pipe behind a basin, with two handles."""
    x, y, z = block.at(0, block.height, block.depth / 2 - 0.1)
    rise, reach = rng.between(0.2, 0.32), rng.side() * 0.06
    post(canvas, x, z, surface, "sink", "faucet", y=y, height=rise, thick=0.045)
    plane = canvas.camera.facing(x, z, y=y)
    spout = [
        (-0.022, rise - 0.02),
        (-0.022, rise + 0.03),
        (reach * 2.4, rise + 0.03),
        (reach * 2.4, rise - 0.09),
    ]
    spout += [(reach * 1.7, rise - 0.09), (reach * 1.7, rise - 0.02)]
    canvas.draw(plane, spout, surface.times(1.05), "sink", "faucet")
    for side in (-0.12, 0.12):
        canvas.draw(plane, box(side - 0.03, 0, side + 0.03, 0.07), surface.times(0.9), "sink", "handle")
