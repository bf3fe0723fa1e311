"""What people build into the land: fences, bridges, docks, ski lifts."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.buildings.bridges import bridge
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Plane, Point, Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, tube
from dissect_widgets.world.scenery.drawing.surfaces import Surface, metal, painted, stone, wood

__all__ = ["bridge", "dock", "fence", "ski_lift"]


def fence(
    canvas: Canvas,
    rng: Rng,
    start: Point,
    end: Point,
    *,
    kind: str | None = None,
    height: float | None = None,
    surface: Surface | None = None,
) -> None:
    """Draw a fence from (x, z) to (x, z): "pickets", "rails", "iron" or a "wall"."""
    kind = kind or rng.pick(("pickets", "rails", "rails", "iron", "wall"))
    high = rng.between(0.9, 1.3) if height is None else height
    (x, z), length = start, math.hypot(end[0] - start[0], end[1] - start[1])
    direction = ((end[0] - x) / length, 0.0, (end[1] - z) / length)
    plane = canvas.camera.plane((x, 0.0, z), direction, (0.0, 1.0, 0.0))
    light = 0.9 + 0.15 * abs(direction[0])
    surface = surface or fence_surface(rng, kind)
    if kind == "wall":
        canvas.draw(plane, box(0, 0, length, high), surface, "fence", light=light)
        canvas.draw(plane, box(0, high - 0.12, length, high), surface.times(1.15), "fence", light=light)
        return
    width, step = {"pickets": (0.14, 0.32), "iron": (0.05, 0.3), "rails": (0.16, 2.0)}[kind]
    width, step = max(width, length / 300), max(step, length / 45)
    _comb(canvas, plane, surface, length, high, width, step, light)
    for share in (0.3, 0.62) if kind == "rails" else (0.25,):
        rail = box(0, share * high, length, share * high + 0.13)
        canvas.draw(plane, rail, surface.times(0.93), "fence", light=light)


def fence_surface(rng: Rng, kind: str) -> Surface:
    """What fences of a kind are made of."""
    if kind == "wall":
        return rng.pick((stone(rng, blocks=0.4), stone(rng)))
    if kind == "iron":
        return metal(rng)
    return rng.pick((wood(rng), painted(rng, (0.92, 0.91, 0.88)), painted(rng)))


def _comb(
    canvas: Canvas,
    plane: Plane,
    surface: Surface,
    length: float,
    high: float,
    width: float,
    step: float,
    light: float,
) -> None:
    """Posts or pickets with their upper rail, as one outline."""
    count = max(1, round(length / step))
    rail = 0.8 * high
    above: list[Point] = []
    below: list[Point] = []
    for number in range(count + 1):
        u = number * length / count
        left, right = u - width / 2, u + width / 2
        above += [(left, rail), (left, high - width / 2), (u, high), (right, high - width / 2), (right, rail)]
        below += [(left, rail - 0.13), (left, 0), (right, 0), (right, rail - 0.13)]
    canvas.draw(plane, [*above, *reversed(below)], surface, "fence", light=light)


def dock(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    length: float = 9.0,
    width: float = 2.2,
    height: float = 0.6,
    turn: float = 0.0,
) -> None:
    """Draw a landing stage on posts, from its near end at (x, z) away from the camera, or to a side."""
    planks = wood(rng)
    deck = canvas.camera.ground(x, z, y=height, turn=turn)
    front = canvas.camera.upright(x, z, turn=turn)
    side = -width / 2 if x - length * math.sin(math.radians(turn)) / 2 > 0 else width / 2
    _dock_side(canvas, planks, side, length, height, (x, z), turn)
    across = planks.textured("striped", 0.6, (99.0, 0.9))
    canvas.draw(deck, box(-width / 2, 0, width / 2, length), across, "dock")
    canvas.draw(front, box(-width / 2, height - 0.3, width / 2, height), planks.times(0.7), "dock")
    for u in (-0.42 * width, 0.42 * width):
        canvas.draw(front, box(u - 0.13, -0.3, u + 0.13, height + 0.35), planks.times(0.55), "dock", "post")


def _dock_side(
    canvas: Canvas,
    planks: Surface,
    side: float,
    length: float,
    height: float,
    foot: Point,
    turn: float,
) -> None:
    """Posts and edge at the side that is seen."""
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    x, z = foot[0] + side * cosine, foot[1] + side * sine
    plane = canvas.camera.plane((x, 0, z), (-sine, 0, cosine), (0, 1, 0))
    canvas.draw(plane, box(0, height - 0.3, length, height), planks.times(0.5), "dock")
    for number in range(1, 4):
        u = length * number / 3
        canvas.draw(plane, box(u - 0.12, -0.3, u + 0.12, height + 0.3), planks.times(0.45), "dock", "post")


def ski_lift(
    canvas: Canvas,
    rng: Rng,
    start: Point,
    end: Point,
    *,
    rise: float = 0.0,
    height: float = 8.0,
    pylons: int = 4,
    chairs: int = 6,
) -> None:
    """Draw a ski lift: pylons from (x, z) to (x, z), cables, and chairs or cabins that hang from them.

    Parameters
    ----------
    rise
        How much higher the ground is at the end than at the start.
    """
    (x0, z0), (x1, z1), arm = start, end, 1.9
    surface, cabin, closed = metal(rng), painted(rng), rng.chance(0.4)

    def at(t: float, aside: float = 0.0, up: float = 0.0) -> Vector:
        return x0 + (x1 - x0) * t + aside, rise * t + up, z0 + (z1 - z0) * t

    steps = 4 * (pylons - 1)
    for aside in (-arm, arm):
        sags = [(0.0, 0.25, 0.35, 0.25)[i % 4] for i in range(steps + 1)]
        _cable(canvas, [at(i / steps, aside, height - sag) for i, sag in enumerate(sags)])
    things = [(at(i / (pylons - 1)), True) for i in range(pylons)]
    for i in range(chairs):
        things.append((at((i + rng.between(0.1, 0.9)) / chairs, rng.side() * arm, height), False))
    for (x, y, z), standing in sorted(things, key=lambda thing: -thing[0][2]):
        plane = canvas.camera.upright(x, max(z, 0.5), y=y)
        if z > 2 and standing:
            _pylon(canvas, plane, surface, height, arm)
        elif z > 2:
            _lift_chair(canvas, plane, surface, cabin, closed)


def _cable(canvas: Canvas, line: list[Vector]) -> None:
    """A cable through points of space, which is seen however thin it is."""
    points = [canvas.camera.locate(*point) for point in line if point[2] > 0.5]
    if len(points) > 1:
        canvas.draw(SCREEN, tube(points, 0.006), Surface((0.16, 0.16, 0.18), "metal"), "ski lift", "cable")


def _pylon(canvas: Canvas, plane: Plane, surface: Surface, height: float, arm: float) -> None:
    """A post with a beam across."""
    canvas.draw(plane, box(-0.28, -0.5, 0.28, height), surface, "ski lift", "post")
    beam = box(-arm - 0.4, height - 0.1, arm + 0.4, height + 0.3)
    canvas.draw(plane, beam, surface.times(0.8), "ski lift", "post")


def _lift_chair(canvas: Canvas, plane: Plane, surface: Surface, cabin: Surface, closed: bool) -> None:
    """A chair for two or a closed cabin, from the cable down."""
    canvas.draw(plane, box(-0.07, -2.0, 0.07, 0.1), surface.times(0.7), "ski lift", "pole")
    if closed:
        canvas.draw(plane, box(-0.9, -3.9, 0.9, -1.8), cabin, "ski lift", "cabin")
        pane = Surface((0.3, 0.36, 0.42), "glass")
        canvas.draw(plane, box(-0.7, -2.9, 0.7, -2.1), pane, "ski lift", "pane")
        return
    canvas.draw(plane, box(-0.95, -2.6, 0.95, -1.9), cabin, "ski lift", "back")
    canvas.draw(plane, box(-1.05, -2.85, 1.05, -2.6), cabin.times(0.6), "ski lift", "seat")
