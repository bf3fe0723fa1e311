"""Plants in pots, and vases with flowers."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import SOFT, TOP, Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, ellipse, smooth, tube
from dissect_widgets.world.scenery.drawing.solids import draw_round
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    ceramic,
    fabric,
    foliage,
    marble,
    painted,
    plastic,
    stone,
    vary,
    wood,
)


def plant(canvas: Canvas, rng: Rng, x: float, z: float, y: float = 0.0, *, size: float | None = None) -> None:
    """Draw a plant in a pot: with blades, fronds or a crown of leaves; small if it stands on something."""
    size = size or (rng.between(0.9, 1.6) if y == 0 else rng.between(0.35, 0.55))
    wide, high = 0.15 * size, 0.26 * size
    if y == 0:
        canvas.shadow(x, z, 1.6 * wide, 1.3 * wide)
    woven = fabric(rng, 0.3 * size, texture="woven")
    pot = rng.pick((ceramic(rng), painted(rng), stone(rng), plastic(rng), woven, wood(rng, plank=0.08)))
    profile: list[Point] = rng.pick(
        (
            [(0.75 * wide, 0), (wide, high)],
            [(wide, 0), (wide, high)],
            [(0.6 * wide, 0), (1.1 * wide, 0.6 * high), (wide, high)],
        )
    )
    soil = Surface((0.2, 0.14, 0.1), "earth")
    draw_round(canvas, x, z, profile, pot, "plant", "pot", y=y, inside=soil)
    plane = canvas.camera.facing(x, z, y=y + high)
    color = vary(rng, rng.pick(((0.2, 0.38, 0.14), (0.3, 0.48, 0.2), (0.16, 0.3, 0.2), (0.42, 0.5, 0.3))))
    rng.pick((_blades, _fronds, _crown, _crown))(
        canvas, rng, plane, foliage(rng, color, 0.12 * size), size - high
    )


def _blades(canvas: Canvas, rng: Rng, plane: Plane, leaf: Surface, high: float) -> None:
    """Upright pointed leaves."""
    for i in range(9):
        foot, lean = (i - 4) * 0.026 * high, (i - 4) * 0.07 * high + rng.between(-0.03, 0.03)
        top, half = high * rng.between(0.6, 1.0), 0.05 * high
        blade = [
            (foot - half, -0.02),
            (foot + half, -0.02),
            (lean + 1.1 * half, 0.6 * top),
            (1.5 * lean, top),
            (lean - 1.1 * half, 0.6 * top),
        ]
        canvas.draw(plane, blade, leaf, "plant", "leaf", light=rng.between(0.8, 1.15))


def _fronds(canvas: Canvas, rng: Rng, plane: Plane, leaf: Surface, high: float) -> None:
    """Leaves that arch to all sides."""
    for i in range(11):
        reach, top = (i - 5) * 0.14 * high, high * rng.between(0.65, 1.0) * (1 - 0.02 * abs(i - 5))
        line = smooth(
            [(0, 0), (0.35 * reach, 0.65 * top), (reach, top * (1 - 0.07 * abs(i - 5)))], 3, closed=False
        )
        thick = 0.05 * high
        outline = (
            tube(line[: len(line) // 2 + 1], 0.4 * thick, 2.4 * thick),
            tube(line[len(line) // 2 :], 2.4 * thick, 0.01),
        )
        for part in outline:
            canvas.draw(plane, part, leaf, "plant", "leaf", light=rng.between(0.75, 1.15))


def _crown(canvas: Canvas, rng: Rng, plane: Plane, leaf: Surface, high: float) -> None:
    """Stems with round leaves, as a rubber plant has."""
    stem = Surface((0.36, 0.28, 0.18), "wood")
    for lean in (-0.16, 0.02, 0.18):
        canvas.draw(plane, tube([(0, -0.02), (lean * high, 0.7 * high)], 0.03 * high), stem, "plant", "stem")
    for i in range(18):
        angle, reach = 2.4 * i, 0.3 * math.sqrt((i + 0.5) / 18) * high
        u, v = 1.1 * reach * math.cos(angle), 0.64 * high + 1.15 * reach * math.sin(angle)
        tilt = rng.between(-50, 50)
        wide, tall = 0.1 * high * rng.between(0.8, 1.2), 0.16 * high
        outline = [
            (0, -tall),
            (wide, -0.2 * tall),
            (0.6 * wide, 0.6 * tall),
            (0, tall),
            (-0.6 * wide, 0.6 * tall),
            (-wide, -0.2 * tall),
        ]
        canvas.draw(
            plane.moved(u, v).leaning(tilt),
            outline,
            leaf,
            "plant",
            "leaf",
            light=rng.between(0.7, 1.2),
            shade=TOP,
        )


def vase(canvas: Canvas, rng: Rng, x: float, z: float, y: float = 0.0, *, size: float | None = None) -> None:
    """Draw a vase, mostly with flowers, on something of height y."""
    high = size or rng.between(0.2, 0.32)
    wide = high * rng.between(0.28, 0.4)
    plain = rng.pick((ceramic(rng), painted(rng), marble(rng), glazed(rng, high)))
    profile: list[Point] = rng.pick(
        (
            [
                (0.6 * wide, 0),
                (wide, 0.35 * high),
                (0.9 * wide, 0.6 * high),
                (0.4 * wide, 0.85 * high),
                (0.6 * wide, high),
            ],
            [(0.5 * wide, 0), (0.6 * wide, 0.4 * high), (0.95 * wide, high)],
            [(0.8 * wide, 0), (wide, 0.3 * high), (0.5 * wide, 0.7 * high), (0.4 * wide, high)],
        )
    )
    if rng.chance(0.8):
        _bouquet(canvas, rng, canvas.camera.facing(x, z, y=y), high)
    draw_round(canvas, x, z, profile, plain, "vase", y=y, inside=plain.times(0.5))


def glazed(rng: Rng, size: float) -> Surface:
    """Ceramic that is painted with stripes, dots or zigzags."""
    return fabric(rng, 0.45 * size, texture=rng.pick(("striped", "dotted", "zigzagged")))._replace(
        material="ceramic"
    )


def _bouquet(canvas: Canvas, rng: Rng, plane: Plane, high: float) -> None:
    """Flowers above the rim of a vase."""
    green, color, heart = Surface((0.26, 0.42, 0.18), "foliage"), any_color(rng), any_color(rng)
    for i in range(rng.count(4, 6)):
        u, v = (i - 2.2) * 0.27 * high + rng.between(-0.02, 0.02), high * rng.between(1.35, 1.75)
        canvas.draw(plane, tube([(0, 0.9 * high), (u, v)], 0.07 * high), green, "flower", "stem")
        reach = high * rng.between(0.16, 0.24)
        petals = Surface(vary(rng, color, 0.1), "foliage", rough=0.15, grain=(0.05, 0.05))
        canvas.draw(plane, blob(rng, u, v, reach, reach, rough=0.2), petals, "flower", "petal", shade=SOFT)
        canvas.draw(plane, ellipse(u, v, 0.35 * reach), Surface(heart, "foliage"), "flower", "petal")
