"""What closes a landscape far away: hills, mountains, the edges of forests."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.light import Light
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import skyline
from dissect_widgets.world.scenery.drawing.surfaces import (
    STONES,
    Color,
    Surface,
    foliage,
    mix,
    pick_color,
    vary,
)


def backdrop(canvas: Canvas, hidden: float) -> Plane:
    """Plane so far away that haze takes a share of its colors.

    u runs from 0 to 1 over the image, v up from the horizon, in the same unit.
    """
    camera = canvas.camera
    z = canvas.light.visibility * hidden / (1 - hidden)
    plane = camera.plane((camera.left_edge(z), camera.height, z), (1, 0, 0), (0, 1, 0))
    return plane.scaled(z / camera.zoom)


def hills(canvas: Canvas, rng: Rng, *, high: float | None = None) -> None:
    """One to three rows of smooth hills in the haze; `high` is the share of the image they rise to."""
    high = rng.between(0.05, 0.14) if high is None else high
    rows = rng.count(1, 3)
    for row in range(rows):
        plane = backdrop(canvas, 0.72 - 0.2 * row)
        color = mix(canvas.light.meadow(rng), canvas.light.leaves(rng), rng.between(0.2, 1.0))
        surface = foliage(rng, color, 0.02)._replace(rough=0.15, grain=(0.08, 0.03))
        top = high * (1 - 0.3 * row)
        shape = skyline(rng, -0.05, 1.05, -0.02, 0.35 * top, top, rough=rng.between(0.0, 0.25))
        canvas.draw(plane, shape, surface, "mountain", shade=TOP)


def mountains(
    canvas: Canvas,
    rng: Rng,
    *,
    high: float | None = None,
    snowy: bool | None = None,
    count: int | None = None,
) -> None:
    """Draw a far range, and peaks with a lit and a dark side before it, mostly with snow on top.

    Parameters
    ----------
    high
        How high the highest peaks rise above the horizon, as a share of the image's width.
    snowy
        Whether there is snow on the peaks.
    count
        How many peaks.
    """
    high = rng.between(0.16, 0.32) if high is None else high
    snowy = rng.chance(0.75) if snowy is None else snowy
    stone = pick_color(rng, (*STONES, (0.36, 0.4, 0.46), (0.42, 0.38, 0.36), (0.3, 0.36, 0.32)))
    range_surface = Surface(stone, "stone", rough=0.15, grain=(0.06, 0.03))
    ridge = skyline(rng, -0.05, 1.05, -0.02, 0.25 * high, 0.65 * high, rough=0.7)
    canvas.draw(backdrop(canvas, 0.6), ridge, range_surface, "mountain", shade=TOP)
    places = rng.count(2, 4) if count is None else count
    for number in rng.shuffled(range(places)):
        u = (number + rng.between(0.2, 0.8)) / places
        tall = high * rng.between(0.6, 1.0)
        cap = rng.between(0.25, 0.6) if snowy else 0.0
        _peak(canvas, rng, backdrop(canvas, rng.between(0.25, 0.5)), (u, tall), vary(rng, stone, 0.04), cap)


_STEPS = (0.0, 0.1, 0.2, 0.3, 0.42, 0.56, 0.7, 0.85, 1.0)
"""Places on the flank of a mountain, from its top down."""


def _peak(canvas: Canvas, rng: Rng, plane: Plane, top: Point, stone: Color, cap: float) -> None:
    """One mountain: two flanks that meet in a crooked ridge, and snow on the upper share `cap`."""
    wide = top[1] * rng.between(1.1, 1.9)
    ridge = _flank(rng, top, wide * rng.between(-0.25, 0.25))
    white = Surface(vary(rng, (0.93, 0.95, 0.98), 0.02), rough=0.04, grain=(0.05, 0.03))
    bare = Surface(stone, "stone", rough=0.22, grain=(0.07, 0.05))
    for side in (-1, 1):
        edge = _flank(rng, top, side * wide * rng.near(1, 0.2))
        lit = 0.86 + 0.24 * side * canvas.light.side
        canvas.draw(plane, [*edge, *reversed(ridge)], bare, "mountain", light=lit)
        if cap:
            last = sum(t <= cap for t in _STEPS) + 1
            foot = _fringe(rng, edge[last - 1], ridge[last - 1], 0.12 * top[1])
            outline = [*edge[:last], *foot, *reversed(ridge[:last])]
            canvas.draw(plane, outline, white, "mountain", "peak", light=0.1 + 0.9 * lit)


def _flank(rng: Rng, top: Point, reach: float) -> list[Point]:
    """Crooked line from the top of a mountain down to below the horizon."""
    line = [top]
    for t in _STEPS[1:]:
        u = top[0] + reach * t * rng.near(1, 0.12)
        line.append((u, top[1] * (1 - t) + (0.03 * top[1] * rng.between(-1, 1) if t < 1 else -0.02)))
    return line


def _fringe(rng: Rng, start: Point, end: Point, deep: float) -> list[Point]:
    """Lower edge of snow, in tongues, between two points."""
    line = []
    for i in range(1, 6):
        u = start[0] + (end[0] - start[0]) * i / 6
        v = start[1] + (end[1] - start[1]) * i / 6
        line.append((u, v + deep * rng.between(0.2, 1.0) * (1 if i % 2 else -1)))
    return line


def skyline_of_trees(canvas: Canvas, rng: Rng, z: float, *, pines: bool | None = None) -> None:
    """Draw the edge of a forest all across the image at a distance: round crowns or pines."""
    pines = rng.chance(0.3) if pines is None else pines
    camera = canvas.camera
    plane, left, right = camera.upright(0, z), camera.left_edge(z), camera.right_edge(z)
    name, tall = ("pine tree" if pines else "tree"), rng.between(6, 12)
    for row in range(2):
        surface = foliage(rng, (0.14, 0.25, 0.15) if pines else leaves_of(canvas.light, rng), 0.06 * z)
        points = [(left - 1, -0.2)]
        u = left - 1
        while u < right + 1:
            wide, up = rng.between(0.045, 0.1) * z, tall * rng.between(0.65, 1.0) * (1 - 0.3 * row)
            points += _pine_top(u, wide, up) if pines else _crown_top(u, wide, up)
            u += wide
        canvas.draw(plane, [*points, (u, -0.2)], surface, name, "crown", shade=TOP, light=0.86 + 0.14 * row)


def leaves_of(light: Light, rng: Rng) -> Color:
    """Color of woods and bushes in the season: in winter that of twigs and withered leaves."""
    if light.season == "winter":
        return pick_color(rng, ((0.38, 0.33, 0.29), (0.26, 0.34, 0.22), (0.45, 0.37, 0.28)))
    return light.leaves(rng)


def _pine_top(u: float, wide: float, up: float) -> list[Point]:
    return [(u, 0.45 * up), (u + 0.35 * wide, 0.75 * up), (u + 0.5 * wide, up), (u + 0.65 * wide, 0.75 * up)]


def _crown_top(u: float, wide: float, up: float) -> list[Point]:
    return [
        (u + wide * t, up * s) for t, s in ((0, 0.72), (0.15, 0.88), (0.4, 1.0), (0.65, 0.98), (0.88, 0.86))
    ]
