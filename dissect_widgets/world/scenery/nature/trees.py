"""Trees: with leaves, bare ones, pines and palms."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import BALL, CYLINDER, TOP, Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, ellipse, smooth, tube
from dissect_widgets.world.scenery.drawing.surfaces import Surface, foliage, pick_color, times, vary

_BARKS = ((0.34, 0.26, 0.2), (0.45, 0.38, 0.32), (0.25, 0.2, 0.17), (0.72, 0.7, 0.66), (0.42, 0.3, 0.22))
_NEEDLES = ((0.12, 0.24, 0.14), (0.18, 0.3, 0.16), (0.14, 0.26, 0.22), (0.26, 0.34, 0.2))
SNOW_WHITE = (0.93, 0.95, 0.98)


def _bark(rng: Rng, *, white: bool = True) -> Surface:
    color = pick_color(rng, _BARKS if white else _BARKS[:3])
    return Surface(color, "wood", rough=0.3, grain=(0.12, 0.5))


def tree(
    canvas: Canvas, rng: Rng, x: float, z: float, *, height: float | None = None, bare: bool | None = None
) -> None:
    """A tree with leaves in the colors of the season; in winter mostly bare.

    Parameters
    ----------
    height
        In meters; 5 to 9 by default.
    bare
        Without leaves.
    """
    height = rng.between(5.0, 9.0) if height is None else height
    bare = canvas.light.season == "winter" and rng.chance(0.85) if bare is None else bare
    if bare:
        bare_tree(canvas, rng, x, z, height=height)
        return
    kind = rng.pick(("round", "round", "oval", "slim", "spread"))
    wide = height * {"round": 0.34, "oval": 0.27, "slim": 0.14, "spread": 0.42}[kind] * rng.near(1, 0.1)
    foot = height * {"round": 0.3, "oval": 0.22, "slim": 0.08, "spread": 0.38}[kind] * rng.near(1, 0.2)
    canvas.shadow(x, z, wide * 0.8, wide * 0.32)
    plane = canvas.camera.upright(x, z)
    bark, thick = _bark(rng), height * rng.between(0.045, 0.07)
    middle = foot + (height - foot) * 0.5
    canvas.draw(plane, _trunk(rng, thick, middle), bark, "tree", "trunk", shade=CYLINDER)
    for side in (-1, 1):
        limb = [(0.0, foot * 0.8), (side * wide * 0.5, middle * 0.95)]
        canvas.draw(plane, tube(limb, thick * 0.55, thick * 0.2), bark, "tree", "trunk", light=0.85)
    _crown(canvas, rng, plane, (foot, height), wide)


def _trunk(rng: Rng, thick: float, high: float) -> list[Point]:
    """Trunk that widens at the foot."""
    lean = high * rng.between(-0.04, 0.04)
    return [
        (-0.85 * thick, -0.03 * thick),
        (-0.5 * thick, 0.12 * high),
        (lean - 0.32 * thick, high),
        (lean + 0.32 * thick, high),
        (0.5 * thick, 0.12 * high),
        (0.85 * thick, -0.03 * thick),
    ]


def _crown(canvas: Canvas, rng: Rng, plane: Plane, span: Point, wide: float) -> None:
    """Crown between two heights: clumps of leaves, the front ones lighter."""
    foot, top = span
    middle, half = (foot + top) / 2, (top - foot) / 2
    leaves = foliage(rng, canvas.light.leaves(rng), 0.08 * (top - foot) + 0.15)
    outline = blob(rng, 0, middle, 0.95 * wide, 0.95 * half, rough=0.14)
    canvas.draw(plane, outline, leaves.times(0.9), "tree", "crown", shade=BALL)
    clumps = rng.count(4, 6) if plane.depth < 22 else 3
    for i in range(clumps):
        angle = math.tau * (i + rng.between(0, 0.6)) / clumps
        u, v = wide * 0.6 * math.cos(angle), middle + half * 0.58 * math.sin(angle)
        size = rng.between(0.42, 0.56)
        tone = leaves.times(rng.between(0.92, 1.06) + 0.14 * math.sin(angle))
        canvas.draw(plane, blob(rng, u, v, wide * size, half * size), tone, "tree", "crown", shade=BALL)
    glint = canvas.light.side * 0.25 * wide
    bright = blob(rng, glint, middle + 0.3 * half, 0.5 * wide, 0.42 * half)
    canvas.draw(plane, bright, leaves.times(1.2), "tree", "crown", shade=BALL)


def bare_tree(
    canvas: Canvas, rng: Rng, x: float, z: float, *, height: float | None = None, snowy: bool = False
) -> None:
    """A tree without leaves: trunk and forking branches, perhaps with snow on them."""
    height = rng.between(5.0, 9.0) if height is None else height
    canvas.shadow(x, z, height * 0.14, height * 0.05)
    plane, bark, thick = canvas.camera.upright(x, z), _bark(rng), height * rng.between(0.045, 0.065)
    lean = rng.between(-0.05, 0.05) * height
    spine = [(0.0, 0.0), (lean * 0.4, height * 0.4), (lean, height * 0.72), (lean * 1.5, height)]
    for i in range(rng.count(6, 8)):
        up = rng.between(0.28, 0.42) + 0.07 * i
        start, side = (lean * up, height * up), -1 if i % 2 else 1
        _branch(canvas, rng, plane, start, side, height * (0.46 - 0.4 * up) * rng.near(1, 0.2), (bark, snowy))
    canvas.draw(plane, tube(spine, thick * 1.3, thick * 0.12), bark, "tree", "trunk", shade=CYLINDER)


def _branch(
    canvas: Canvas,
    rng: Rng,
    plane: Plane,
    start: Point,
    side: int,
    length: float,
    look: tuple[Surface, bool],
) -> None:
    """One branch with two twigs; `look` is its bark, and whether snow lies on it."""
    bark, snowy = look
    angle = math.radians(rng.between(30, 60))
    tip = (start[0] + side * length * math.cos(angle), start[1] + length * math.sin(angle))
    knee = ((start[0] + tip[0]) / 2 + side * 0.08 * length, (start[1] + tip[1]) / 2 - 0.06 * length)
    thick = 0.13 * length
    canvas.draw(plane, tube([start, knee, tip], thick, thick * 0.25), bark, "tree", "trunk")
    for share, spread in ((0.0, 0.35), (0.5, -0.3)):
        root = (knee[0] + (tip[0] - knee[0]) * share, knee[1] + (tip[1] - knee[1]) * share)
        turn, reach = angle + spread, 0.45 * length
        end = (root[0] + side * reach * math.cos(turn), root[1] + reach * math.sin(turn))
        canvas.draw(plane, tube([root, end], thick * 0.5, thick * 0.15), bark, "tree", "trunk")
    if snowy:
        line = [(u, v + 0.4 * thick) for u, v in (start, knee, tip)]
        canvas.draw(plane, tube(line, thick * 0.6, thick * 0.3), Surface(SNOW_WHITE), "tree", "trunk")


def pine_tree(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    height: float | None = None,
    y: float = 0.0,
    snowy: float = 0.0,
) -> None:
    """A fir or pine: tiers of branches, jagged below.

    Parameters
    ----------
    height, y
        Its own (5 to 11 meters by default) and that of the ground under it.
    snowy
        Share of the tiers on which snow lies.
    """
    height = rng.between(5.0, 11.0) if height is None else height
    wide, tiers = height * rng.between(0.2, 0.3), (rng.count(4, 5) if z < 20 else 3)
    canvas.shadow(x, z, wide * 0.75, wide * 0.28, y=y)
    plane, foot = canvas.camera.upright(x, z, y=y), height * rng.between(0.08, 0.16)
    trunk = tube([(0, -0.02 * height), (0, foot * 1.6)], 0.06 * height)
    canvas.draw(plane, trunk, _bark(rng, white=False), "pine tree", "trunk", shade=CYLINDER)
    needles = foliage(rng, pick_color(rng, _NEEDLES), 0.05 * height)._replace(rough=0.4)
    white = Surface(vary(rng, SNOW_WHITE, 0.03), rough=0.06, grain=(0.4, 0.3))
    for tier in range(tiers):
        low = foot + (height - foot) * (tier / tiers) ** 0.95
        high = min(low + (height - foot) * 1.75 / tiers, height)
        half = wide * (1 - tier / tiers) ** 0.85
        tone = needles.times(0.82 + 0.3 * tier / tiers)
        skirt = _skirt(rng, half, low, high)
        canvas.draw(plane, skirt, tone, "pine tree", "crown", shade=_CONE)
        if rng.chance(snowy):
            foot_of_snow = high - (high - low) * rng.between(0.45, 0.7)
            cap = _skirt(rng, half * rng.between(0.62, 0.8), foot_of_snow, high)
            canvas.draw(plane, cap, white, "pine tree", "crown", shade=_CONE)


_CONE = Shade(1.08, v=0.12, uu=-0.18, sided=0.2)


def _skirt(rng: Rng, half: float, low: float, high: float) -> list[Point]:
    """One tier of a pine: a triangle with tips hanging down."""
    tips, points = 4, [(0.0, high), (-half, low)]
    for i in range(1, 2 * tips):
        u = -half + half * i / tips
        lift = rng.between(0.06, 0.2) if i % 2 else rng.between(-0.1, 0.02)
        points.append((u, low + lift * (high - low)))
    return [*points, (half, low)]


def palm_tree(canvas: Canvas, rng: Rng, x: float, z: float, *, height: float | None = None) -> None:
    """A palm: a bent trunk with rings, and hanging leaves, perhaps with coconuts."""
    height = rng.between(5.0, 8.5) if height is None else height
    canvas.shadow(x, z, height * 0.2, height * 0.08)
    plane, lean = canvas.camera.upright(x, z), height * rng.between(-0.28, 0.28)
    color = pick_color(rng, ((0.5, 0.42, 0.33), (0.42, 0.34, 0.26), (0.6, 0.53, 0.44)))
    rings = Surface(color, "wood", "wrinkled", times(color, 0.6), (1.0, 0.075 * height), rough=0.1)
    spine = smooth([(0, -0.05), (lean * 0.2, height * 0.4), (lean, height * 0.92)], 4, closed=False)
    canvas.draw(
        plane, tube(spine, 0.075 * height, 0.045 * height), rings, "palm tree", "trunk", shade=CYLINDER
    )
    green = pick_color(rng, ((0.24, 0.4, 0.14), (0.32, 0.44, 0.18), (0.18, 0.34, 0.16), (0.46, 0.46, 0.2)))
    leaves = rng.count(8, 10)
    for count, number in enumerate(rng.shuffled(range(leaves))):
        angle = math.pi * (-0.12 + 1.24 * (number + rng.between(0.1, 0.9)) / leaves)
        surface = foliage(rng, times(green, 0.8 + 0.4 * count / leaves), 0.3)._replace(rough=0.3)
        frond = _frond((lean, height * 0.92), angle, height * rng.between(0.32, 0.44))
        canvas.draw(plane, frond, surface, "palm tree", "leaf", shade=TOP)
    if rng.chance(0.5):
        for shift in (-0.025, 0.03):
            nut = ellipse(lean + shift * height, height * 0.89, 0.026 * height)
            canvas.draw(plane, nut, Surface(vary(rng, (0.34, 0.24, 0.14))), "palm tree", shade=BALL)


def _frond(start: Point, angle: float, length: float) -> list[Point]:
    """A leaf of a palm that rises at an angle and then hangs down, jagged below."""
    upper, lower, last = [], [], 8
    for i in range(last + 1):
        t = i / last
        u = start[0] + length * t * math.cos(angle) * (1 - 0.12 * t)
        v = start[1] + length * (
            0.75 * t * math.sin(angle) - 0.5 * t * t * (0.75 + 0.5 * abs(math.cos(angle)))
        )
        broad = length * 0.24 * math.sin(math.pi * min(0.15 + 0.85 * t, 1.0)) ** 0.8
        upper.append((u, v + 0.12 * broad))
        lower.append((u, v - broad * (1.0 if i % 2 else 0.45)))
    return [*upper, *reversed(lower)]
