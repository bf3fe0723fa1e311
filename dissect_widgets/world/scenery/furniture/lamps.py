"""Lamps that hang, and that stand on floors and tables."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, smooth, tube
from dissect_widgets.world.scenery.drawing.solids import draw_round
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    ceramic,
    fabric,
    metal,
    mix,
    painted,
    plastic,
    wood,
)

SHINE = Surface((1.0, 0.93, 0.74), "glass", glow=1.0)
"""A bulb that is on."""


def hanging_lamp(
    canvas: Canvas, rng: Rng, x: float, z: float, *, top: float = 2.6, drop: float | None = None
) -> None:
    """Draw a lamp that hangs from the ceiling, which is at height `top`, by a cable of length `drop`."""
    size, y = rng.between(0.22, 0.36), top - (drop or rng.between(0.5, 0.9))
    plane = canvas.camera.facing(x, z)
    cable = rng.pick((metal(rng), plastic(rng)))
    canvas.draw(plane, box(-0.012, y, 0.012, top), cable, "lamp", "cable")
    kind = rng.pick(("dome", "cone", "globe", "drum", "chandelier"))
    if kind == "chandelier":
        _chandelier(canvas, rng, plane, y)
        return
    shade, inside = _lampshade(rng, size), SHINE._replace(color=(1.0, 0.9, 0.66))
    profiles: dict[str, list[Point]] = {
        "dome": [(size, 0), (0.9 * size, 0.3 * size), (0.6 * size, 0.6 * size), (0.12 * size, 0.8 * size)],
        "cone": [(size, 0), (0.2 * size, 0.8 * size), (0.12 * size, 1.0 * size)],
        "globe": [
            (0.2 * size, 0),
            (0.62 * size, 0.18 * size),
            (0.8 * size, 0.65 * size),
            (0.62 * size, 1.1 * size),
            (0.15 * size, 1.3 * size),
        ],
        "drum": [(size, 0), (0.9 * size, 0.75 * size)],
    }
    if kind in ("dome", "cone"):
        bulb = ellipse(0, y, 0.28 * size)
        canvas.draw(plane, bulb, SHINE, "lamp", "light")
    draw_round(canvas, x, z, profiles[kind], shade, "lamp", "lampshade", y=y, inside=inside)


def _lampshade(rng: Rng, size: float) -> Surface:
    """Cloth, metal or glass, mostly lit from within."""
    if rng.chance(0.3):
        return rng.pick((metal(rng), painted(rng)))
    cloth = fabric(rng, 0.8 * size)
    warm = mix(cloth.color, (1.0, 0.9, 0.7), rng.between(0.3, 0.8))
    return cloth._replace(color=warm, glow=rng.pick((0.2, 0.7, 0.9)))


def _chandelier(canvas: Canvas, rng: Rng, plane: Plane, y: float) -> None:
    """Arms with candles or small shades around a middle."""
    bar, reach, arms = metal(rng), rng.between(0.32, 0.45), rng.pick((4, 5, 6))
    shade = _lampshade(rng, 0.1)
    canvas.draw(plane, ellipse(0, y + 0.05, 0.06, 0.12), bar, "lamp", "pole")
    for i in range(arms):
        u = reach * (2 * i / (arms - 1) - 1)
        arm = smooth([(0, y), (0.6 * u, y - 0.1), (u, y + 0.06)], 3, closed=False)
        canvas.draw(plane, tube(arm, 0.03), bar, "lamp", "pole")
        hood = [(u - 0.075, y + 0.06), (u + 0.075, y + 0.06), (u + 0.045, y + 0.2), (u - 0.045, y + 0.2)]
        canvas.draw(plane, hood, shade, "lamp", "lampshade")


def floor_lamp(canvas: Canvas, rng: Rng, x: float, z: float) -> None:
    """Draw a lamp on a pole that stands on the floor."""
    high, size = rng.between(1.35, 1.75), rng.between(0.2, 0.32)
    pole = rng.pick((metal(rng), wood(rng), painted(rng)))
    canvas.shadow(x, z, 0.3, 0.25)
    plane = canvas.camera.facing(x, z)
    if rng.chance(0.3):  # on three legs
        for foot in (-0.3, 0.05, 0.28):
            canvas.draw(plane, tube([(foot, 0), (0, 0.75 * high)], 0.035), pole, "lamp", "pole")
    else:
        draw_round(canvas, x, z, [(0.17, 0), (0.15, 0.03)], pole, "lamp", "pole")
    canvas.draw(plane, box(-0.018, 0.04, 0.018, high), pole, "lamp", "pole")
    _hood(canvas, rng, x, z, high, size)


def table_lamp(canvas: Canvas, rng: Rng, x: float, z: float, y: float = 0.0) -> None:
    """Draw a lamp that stands on something of height y."""
    size, high = rng.between(0.13, 0.2), rng.between(0.2, 0.34)
    base = rng.pick((ceramic(rng), metal(rng), wood(rng), painted(rng)))
    thick = rng.between(0.05, 0.1)
    profile: list[Point] = rng.pick(
        (
            [(0.08, 0), (thick, 0.3 * high), (0.8 * thick, 0.65 * high), (0.02, 0.9 * high), (0.02, high)],
            [(0.09, 0), (0.08, 0.025), (0.018, 0.04), (0.018, high)],
            [(0.05, 0), (0.09, 0.2 * high), (0.05, 0.45 * high), (0.08, 0.7 * high), (0.02, high)],
        )
    )
    draw_round(canvas, x, z, profile, base, "lamp", "pole", y=y)
    _hood(canvas, rng, x, z, y + high - 0.03, size)


def _hood(canvas: Canvas, rng: Rng, x: float, z: float, y: float, size: float) -> None:
    """The shade of a lamp that stands."""
    narrow, high = size * rng.pick((0.55, 0.75, 1.0)), size * rng.between(1.1, 1.6)
    glow = SHINE._replace(material="fabric", color=(1.0, 0.93, 0.76))
    profile = [(size, 0.0), (narrow, high)]
    draw_round(canvas, x, z, profile, _lampshade(rng, size), "lamp", "lampshade", y=y, inside=glow)
