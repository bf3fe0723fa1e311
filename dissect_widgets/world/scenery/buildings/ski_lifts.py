"""Ski lifts."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Plane, Point, Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, tube
from dissect_widgets.world.scenery.drawing.surfaces import Surface, metal, painted


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
