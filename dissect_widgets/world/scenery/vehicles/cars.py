"""Cars of several builds; see `parts` for the meaning of `turn`."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.bodies import Body, corners_of
from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.surfaces import Surface, any_color, glass, metal, mix, painted
from dissect_widgets.world.scenery.vehicles.parts import (
    PAINT,
    end_panel,
    far_wheels,
    lights,
    near_wheels,
    rubber,
)

DETAILED = 22.0
"""How far away, in meters, small things such as handles are still drawn."""


LEAN = 0.3
"""How much the windows of a car lean inwards, per meter upwards."""


class Build(NamedTuple):
    """Shape of a car, in meters along from its middle (front is positive) and up."""

    length: float
    half: float
    hood: float
    """Height of the hood."""
    height: float
    cabin: tuple[float, float, float, float]
    """Where the cabin's rear foot, rear top, front top and front foot are, as shares of half the length."""
    doors: tuple[float, ...]
    """Pillars between the side windows, as shares of half the length."""


BUILDS = (
    Build(4.4, 0.9, 0.9, 1.45, (-0.72, -0.42, 0.12, 0.46), (-0.12,)),  # sedan
    Build(3.9, 0.88, 0.9, 1.5, (-0.94, -0.8, 0.12, 0.46), (-0.2,)),  # hatchback
    Build(4.5, 0.93, 1.0, 1.72, (-0.95, -0.86, 0.16, 0.46), (-0.5, -0.12)),  # wagon, off-road
    Build(4.8, 0.96, 1.05, 2.0, (-0.97, -0.95, 0.42, 0.8), (-0.45, 0.1)),  # van
    Build(4.3, 0.9, 0.84, 1.28, (-0.6, -0.3, 0.0, 0.4), ()),  # coupe
    Build(5.1, 0.95, 1.0, 1.75, (-0.2, -0.14, 0.24, 0.5), ()),  # pickup
)


def car(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None) -> None:
    """Draw a car of any build: body, wheels, windows, lights, bumpers."""
    turn = rng.between(-180, 180) if turn is None else turn
    build, paint, window = rng.pick(BUILDS), painted(rng), glass(rng)
    rim = metal(rng)
    body = Body(canvas, "car", x, z, turn=turn)
    canvas.shadow(x, z, build.length * 0.54, build.half * 1.35, turn=turn)
    end, half, hood = build.length / 2, build.half, build.hood
    wheels, radius = (-0.62 * end, 0.64 * end), 0.36 * hood
    far_wheels(body, wheels, half, radius, rim, 0.2)
    body.solid(
        corners_of((-end * 0.9, end * 0.9), (0.2, 0.45), (-half * 0.85, half * 0.85)), rubber(), "body"
    )
    low = 0.3
    profile = [
        (-end + 0.1, low),
        (end - 0.12, low),
        (end, low + 0.16),
        (end - 0.03, hood * 0.72),
        (end - 0.22, hood * 0.84),
        (end * build.cabin[3], hood),
        (end * build.cabin[0], hood * 1.02),
        (-end + 0.06, hood * 0.94),
        (-end, low + 0.2),
    ]
    body.shell(profile, half, paint, "body", shade=PAINT)
    if build.cabin[0] > -0.3:  # what a pickup carries things in
        bed = [
            (-end + 0.15, -0.8),
            (-end + 0.15, 0.8),
            (end * build.cabin[0] - 0.05, 0.8),
            (end * build.cabin[0] - 0.05, -0.8),
        ]
        body.panel([(u, hood + 0.01, -w * half) for u, w in bed], rubber(), "cargo box")
    _cabin(body, build, paint, window)
    _front_and_rear(body, rng, build)
    if z < DETAILED:
        _side(body, build, paint)
    near_wheels(body, wheels, half, radius, rim, 0.2)


def _cabin(body: Body, build: Build, paint: Surface, window: Surface) -> None:
    """Roof and windows of a car."""
    end, hood, top, half = build.length / 2, build.hood, build.height, build.half * 0.96
    rear, rear_top, front_top, front = (end * share for share in build.cabin)
    profile = [
        (rear, hood),
        (front, hood),
        (front_top, top - 0.04),
        (front_top - 0.25, top),
        (rear_top + 0.2, top),
        (rear_top, top - 0.05),
    ]
    body.shell(profile, half, paint, "roof", lean=LEAN)
    rise = top - hood
    for foot, head, sign in ((front, front_top, 1), (rear, rear_top, -1)):
        corners = []
        for share, side in ((0.08, -1), (0.08, 1), (0.88, 1), (0.88, -1)):
            wide = half - LEAN * rise * share - 0.07
            corners.append(
                (foot + (head - foot) * share + 0.01 * sign, hood + rise * share, sign * side * wide)
            )
        body.panel(corners, window, "windshield", light=1.15, shade=TOP)
    if body.sees_side(half, lean=LEAN, base=hood):
        _side_windows(body, build, window)


def _side_windows(body: Body, build: Build, window: Surface) -> None:
    """The windows between the pillars on the near side."""
    end, hood, rise = build.length / 2, build.hood, build.height - build.hood
    rear, rear_top, front_top, front = (end * share for share in build.cabin)
    plane, light = body.side(build.half * 0.96, lean=LEAN, base=hood)
    low, high = 0.1, 0.84
    cuts = [None, *(end * share for share in build.doors), None]
    for left, right in pairwise(cuts):
        start = [rear + (rear_top - rear) * s + 0.12 if left is None else left + 0.04 for s in (low, high)]
        stop = [
            front + (front_top - front) * s - 0.13 if right is None else right - 0.04 for s in (low, high)
        ]
        v0, v1 = hood + low * rise, hood + high * rise
        pane = [(start[0], v0), (stop[0], v0), (stop[1], v1), (start[1], v1)]
        body.canvas.draw(plane, pane, window, body.name, "pane", light=light, shade=TOP)


def _front_and_rear(body: Body, rng: Rng, build: Build) -> None:
    """Lights, bumpers, grille."""
    end, half, hood = build.length / 2, build.half, build.hood
    bumper = Surface(mix(any_color(rng), (0.3, 0.3, 0.32), 0.8), "plastic")
    white, red = lights(rng)
    for sign, lamp in ((1, white), (-1, red)):
        face = end + 0.015
        low, high = hood * 0.56, hood * 0.76
        end_panel(body, face, sign, (0.3, 0.46), (-half * 0.99, half * 0.99), bumper, "bumper")
        if sign > 0:
            grille = (low, high - 0.04)
            end_panel(body, face, sign, grille, (-half * 0.42, half * 0.42), rubber(), "body")
        for aside in (-1, 1):
            near, far = aside * half * 0.55, aside * half * 0.96
            span = (min(near, far), max(near, far))
            end_panel(body, face, sign, (low, high), span, lamp, "headlight" if sign > 0 else "light")


def _side(body: Body, build: Build, paint: Surface) -> None:
    """Lines between the doors, and handles."""
    if not body.sees_side(build.half):
        return
    end, hood = build.length / 2, build.hood
    plane, light = body.side(build.half + 0.005)
    dark = paint.times(0.6)
    cabin = (0.9 * end * build.cabin[0], *(end * share for share in build.doors), end * build.cabin[3])
    for along in (*cabin[1:-1], cabin[-1] - 0.1):
        body.canvas.draw(plane, box(along - 0.02, 0.4, along + 0.02, hood), dark, "car", "body", light=light)
        handle = box(along - 0.3, hood * 0.8, along - 0.1, hood * 0.86)
        body.canvas.draw(plane, handle, dark, "car", "handle", light=light)
