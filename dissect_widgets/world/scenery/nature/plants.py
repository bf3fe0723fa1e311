"""Bushes, flowers, cactuses and tufts of grass; trees are in `trees`."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import BALL, CYLINDER, TOP, Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point, Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, ellipse, rounded, smooth, tube
from dissect_widgets.world.scenery.drawing.surfaces import (
    Color,
    Surface,
    any_color,
    foliage,
    mix,
    pick_color,
    times,
    vary,
)
from dissect_widgets.world.scenery.nature.backdrops import leaves_of
from dissect_widgets.world.scenery.nature.trees import SNOW_WHITE


def bush(
    canvas: Canvas, rng: Rng, x: float, z: float, *, size: float | None = None, snowy: bool = False
) -> None:
    """A bush of a width in meters (1 to 2.2 by default), sometimes in blossom, perhaps with snow on it."""
    size = rng.between(1.0, 2.2) if size is None else size
    canvas.shadow(x, z, size * 0.55, size * 0.25)
    plane, high = canvas.camera.upright(x, z), size * rng.between(0.5, 0.85)
    leaves = foliage(rng, leaves_of(canvas.light, rng), 0.16 * size)
    for u, v, share in _clumps(rng, size, high):
        outline = blob(rng, u, v, share * size, share * high * 1.1)
        outline = [(a, max(b, -0.02 * size)) for a, b in outline]
        tone = leaves.times(rng.between(0.85, 1.12))
        canvas.draw(plane, outline, tone, "bush", shade=BALL)
    if snowy:
        cap = smooth(
            [
                (-0.4 * size, 0.5 * high),
                (-0.2 * size, 0.92 * high),
                (0.1 * size, high),
                (0.4 * size, 0.5 * high),
                (0, 0.7 * high),
            ]
        )
        canvas.draw(plane, cap, Surface(SNOW_WHITE), "bush", shade=TOP)
    elif canvas.light.season in ("spring", "summer") and rng.chance(0.3):
        blossom = Surface(any_color(rng))
        for _ in range(7):
            spot = ellipse(rng.between(-0.38, 0.38) * size, rng.between(0.2, 0.8) * high, 0.05 * size)
            canvas.draw(plane, spot, blossom, "flower", "petal")


def _clumps(rng: Rng, size: float, high: float) -> list[tuple[float, float, float]]:
    """Places of the clumps of a bush, back ones first, and their sizes as shares."""
    sides = [(side * rng.between(0.18, 0.28) * size, 0.36 * high, 0.3) for side in (-1, 1)]
    return [(0.0, 0.5 * high, 0.42), *sides, (rng.between(-0.1, 0.1) * size, 0.32 * high, 0.32)]


def flowers(
    canvas: Canvas, rng: Rng, x: float, z: float, *, width: float | None = None, count: int | None = None
) -> None:
    """A bed of flowers on their stems among leaves, of one or two colors."""
    width = rng.between(1.0, 2.2) if width is None else width
    count = rng.count(6, 10) if count is None else count
    plane, high = canvas.camera.upright(x, z), rng.between(0.35, 0.7)
    green = foliage(rng, mix(canvas.light.leaves(rng), (0.25, 0.42, 0.15), 0.5), 0.12)
    canvas.shadow(x, z, width * 0.55, width * 0.18)
    tuft = blob(rng, 0, 0.2 * high, 0.52 * width, 0.42 * high)
    canvas.draw(plane, [(u, max(v, -0.03)) for u, v in tuft], green, "flower", "leaf", shade=TOP)
    colors = [any_color(rng), any_color(rng)]
    radius = min(0.62 * width / count + 0.04, 0.17)
    for number in rng.shuffled(range(count)):
        u = width * ((number + rng.between(0.2, 0.8)) / count - 0.5)
        v = high * rng.between(0.55, 1.0)
        stem = tube([(u * 0.9, 0.1 * high), (u, v)], 0.03)
        canvas.draw(plane, stem, green.times(0.9), "flower", "stem")
        _blossom(canvas, rng, plane.moved(u, v), radius, rng.pick(colors))


def _blossom(canvas: Canvas, rng: Rng, plane: Plane, radius: float, color: Color) -> None:
    """Five petals around a heart."""
    petals, turn = rng.count(5, 6), rng.between(0, 1)
    points = []
    for i in range(4 * petals):
        reach = radius * (1.0 if i % 4 else 0.55)
        angle = math.tau * (i / 4 + turn) / petals
        points.append((reach * math.cos(angle), 0.85 * reach * math.sin(angle)))
    canvas.draw(plane, points, Surface(vary(rng, color)), "flower", "petal", shade=BALL)
    heart = Surface(vary(rng, rng.pick(((0.9, 0.75, 0.2), (0.3, 0.2, 0.12)))))
    canvas.draw(plane, ellipse(0, 0, 0.32 * radius), heart, "flower")


def cactus(
    canvas: Canvas, rng: Rng, x: float, z: float, *, y: float = 0.0, height: float | None = None
) -> None:
    """A cactus: a column with arms, or a heap of flat pads."""
    if rng.chance(0.75):
        _saguaro(canvas, rng, (x, y, z), rng.between(2.2, 4.2) if height is None else height)
    else:
        _prickly_pear(canvas, rng, (x, y, z), rng.between(1.2, 2.0) if height is None else 0.5 * height)


def _cactus_skin(rng: Rng, groove: float) -> Surface:
    color = pick_color(rng, ((0.3, 0.42, 0.24), (0.36, 0.46, 0.36), (0.24, 0.36, 0.2), (0.46, 0.48, 0.28)))
    return Surface(color, "foliage", "grooved", times(color, 0.6), (groove, groove), rough=0.08)


def _saguaro(canvas: Canvas, rng: Rng, foot: Vector, height: float) -> None:
    (x, y, z), thick = foot, height * rng.between(0.13, 0.19)
    if y == 0:
        canvas.shadow(x, z, thick * 2, thick * 0.8)
    plane, skin = canvas.camera.upright(x, z, y=y), _cactus_skin(rng, thick / 3)
    first = rng.side()
    for number in range(rng.count(1, 3)):
        side, up = (first if number % 2 == 0 else -first), height * rng.between(0.25, 0.5)
        reach, tip = thick * rng.between(1.3, 1.8), min(up + height * rng.between(0.2, 0.4), 0.92 * height)
        elbow = [
            (0.0, up),
            (side * reach * 0.8, up + 0.1 * thick),
            (side * reach, up + 0.6 * thick),
            (side * reach, tip),
        ]
        arm = tube(smooth(elbow, 4, closed=False), 0.6 * thick)
        canvas.draw(plane, arm, skin, "cactus", "arm", shade=CYLINDER, light=0.94)
        canvas.draw(plane, ellipse(side * reach, tip, 0.3 * thick), skin, "cactus", "arm", light=0.97)
    column = rounded(-thick / 2, -0.02, thick / 2, height, thick / 2)
    column[-8:] = [(-thick / 2, -0.02), (thick / 2, -0.02)]
    canvas.draw(plane, column, skin, "cactus", "trunk", shade=CYLINDER)
    if rng.chance(0.3):
        canvas.draw(plane, ellipse(0, height, 0.22 * thick), Surface(any_color(rng)), "flower", "petal")


def _prickly_pear(canvas: Canvas, rng: Rng, foot: Vector, height: float) -> None:
    x, y, z = foot
    if y == 0:
        canvas.shadow(x, z, 0.6 * height, 0.25 * height)
    plane = canvas.camera.upright(x, z, y=y)
    skin = _cactus_skin(rng, 0.16 * height)._replace(texture="dotted", period=(0.16 * height, 0.16 * height))
    pads = [
        (0.0, 0.22, 0.0, 0.24),
        (-0.22, 0.42, 35.0, 0.2),
        (0.22, 0.4, -40.0, 0.2),
        (0.02, 0.62, 0.0, 0.22),
    ]
    for u, v, angle, size in [*pads, (-0.3, 0.72, 25.0, 0.17), (0.32, 0.68, -30.0, 0.17)]:
        pad = plane.moved(u * height, v * height).leaning(angle + rng.between(-12, 12))
        outline = ellipse(0, 0, 0.72 * size * height, size * height)
        canvas.draw(pad, outline, skin.times(rng.between(0.9, 1.1)), "cactus", "stem", shade=BALL)


def tuft(canvas: Canvas, rng: Rng, x: float, z: float, *, size: float = 0.7, name: str = "grass") -> None:
    """Blades of grass or reed in a bunch, about `size` meters high."""
    plane = canvas.camera.upright(x, z)
    surface = Surface(vary(rng, mix(canvas.light.meadow(rng), canvas.light.leaves(rng), 0.3)), "foliage")
    points: list[Point] = []
    blades = rng.count(5, 7)
    for i in range(blades):
        u = size * (i / (blades - 1) - 0.5) * 0.6
        points += [(u * 0.7, 0.0), (u * 1.8, size * rng.between(0.6, 1.0))]
    canvas.draw(plane, [*points, (0.25 * size, 0.0)], surface, name)
