"""Trucks and buses; see `parts` for the meaning of `turn`."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.bodies import ROUNDED, Body, corners_of, ring
from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, rounded
from dissect_widgets.world.scenery.drawing.surfaces import (
    FABRIC_PATTERNS,
    Color,
    Surface,
    any_color,
    glass,
    metal,
    mix,
    painted,
)
from dissect_widgets.world.scenery.vehicles.parts import (
    PAINT,
    end_panel,
    far_wheels,
    lights,
    near_wheels,
    rubber,
)

HALF = 1.22
"""Half the width of trucks and buses, in meters."""
_BESIDE = ((-0.95 * HALF, -0.6 * HALF), (0.6 * HALF, 0.95 * HALF))
"""Where their lights are, from right to left."""


# ---------------------------------------------------------------------------------------- truck


def truck(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None) -> None:
    """Draw a truck: cabin, cargo box (closed, tank or open), wheels."""
    turn = rng.between(-180, 180) if turn is None else turn
    length, cab, rim = rng.between(6.0, 9.0), rng.between(1.7, 2.1), metal(rng)
    body, end = Body(canvas, "truck", x, z, turn=turn), length / 2
    canvas.shadow(x, z, length * 0.54, HALF * 1.4, turn=turn)
    wheels = (end - 0.9, -end + 1.1, -end + 2.3) if length > 7 else (end - 0.9, -end + 1.4)
    far_wheels(body, wheels, HALF, 0.5, rim, 0.35)
    body.solid(corners_of((-end, end - 0.2), (0.5, 0.95), (-0.9 * HALF, 0.9 * HALF)), rubber(), "body")
    cargo, cabin = (-end, end - cab - 0.15), (end - cab, end)
    if body.distance([(end, 1, 0)]) < body.distance([(-end, 1, 0)]):
        _cargo(body, rng, cargo)
        _driver(body, rng, cabin)
    else:
        _driver(body, rng, cabin)
        _cargo(body, rng, cargo)
    near_wheels(body, wheels, HALF, 0.5, rim, 0.35)


def _cargo(body: Body, rng: Rng, span: tuple[float, float]) -> None:
    """What a truck carries, and the lights at its rear."""
    rng.pick((_closed_box, _closed_box, _tank, _open_box))(body, rng, *span)
    for aside in _BESIDE:
        end_panel(body, -span[0] + 0.02, -1, (0.6, 0.85), aside, lights(rng)[1], "light")


def _tank(body: Body, rng: Rng, rear: float, front: float) -> None:
    """A lying cylinder."""
    shell, radius, middle = rng.pick((metal(rng), painted(rng))), 0.95 * HALF, 0.95 + 0.92 * HALF
    ends = [ring(along, middle, radius, tall=0.95) for along in (rear, front)]
    body.solid([*ends[0], *ends[1]], shell, "cargo box", shade=ROUNDED)
    if body.faces_camera((-1, 0, 0), (rear, middle, 0)):
        body.solid(ends[0], shell, "cargo box", light=0.85)


def _closed_box(body: Body, rng: Rng, rear: float, front: float) -> None:
    """A high box, plain or patterned, with a door at its rear."""
    top, side = rng.between(2.9, 3.7), _patterned(rng, painted(rng))
    body.shell([(rear, 0.9), (front, 0.9), (front, top), (rear, top)], HALF, side, "cargo box")
    door = side.times(0.6)._replace(texture=None)
    end_panel(body, -rear + 0.01, -1, (0.95, top - 0.1), (-0.04, 0.04), door, "cargo box")


def _open_box(body: Body, rng: Rng, rear: float, front: float) -> None:
    """Low walls with a heap between them."""
    top, side = 1.9, _patterned(rng, Surface(any_color(rng), "metal"))
    body.shell([(rear, 0.9), (front, 0.9), (front, top), (rear, top)], HALF, side, "cargo box")
    load = Surface(any_color(rng), "earth", rough=0.3, grain=(0.4, 0.4))
    heap = [(rear + 0.2, top, 0.0), (front - 0.2, top, 0.0), (rear * 0.6 + front * 0.4, top + 0.7, 0.0)]
    heap += [(along, top, side * 0.9 * HALF) for along in (rear + 0.3, front - 0.3) for side in (-1, 1)]
    body.solid(heap, load, "cargo box", shade=TOP)


def _patterned(rng: Rng, surface: Surface) -> Surface:
    """The same, mostly with a pattern."""
    if rng.chance(0.4):
        return surface
    second: Color = mix(surface.color, rng.pick(((1, 1, 1), (0.1, 0.1, 0.1))), 0.5)
    texture = rng.pick(("grooved", "striped", "zigzagged", "chequered"))
    return surface._replace(texture=texture, second=second, period=(0.9, 0.9))


def _driver(body: Body, rng: Rng, span: tuple[float, float]) -> None:
    """The driver's cabin, with windshield, side window, lights and bumper."""
    (rear, front), paint, window = span, painted(rng), glass(rng)
    top, wide, face = rng.between(2.5, 2.9), 0.9 * HALF, front + 0.02
    profile = [
        (rear, 0.5),
        (front, 0.5),
        (front, 1.5),
        (front - 0.25, top - 0.1),
        (front - 0.5, top),
        (rear, top),
    ]
    body.shell(profile, HALF, paint, "cabin", shade=PAINT)
    low, high = (front + 0.01, 1.52), (front - 0.2, top - 0.2)
    body.panel([(*low, -wide), (*low, wide), (*high, wide), (*high, -wide)], window, "windshield", shade=TOP)
    end_panel(body, face, 1, (0.45, 0.75), (-HALF, HALF), metal(rng), "bumper")
    end_panel(body, face, 1, (0.95, 1.35), (-HALF * 0.5, HALF * 0.5), rubber(), "body")
    for aside in _BESIDE:
        end_panel(body, face, 1, (0.85, 1.15), aside, lights(rng)[0], "headlight")
    if body.sees_side(HALF):
        plane, light = body.side(HALF + 0.005)
        pane = [(rear + 0.5, 1.5), (front - 0.15, 1.5), (front - 0.38, top - 0.3), (rear + 0.5, top - 0.3)]
        body.canvas.draw(plane, pane, window, body.name, "pane", light=light)
        line = box(rear + 0.42, 0.7, rear + 0.47, top - 0.25)
        body.canvas.draw(plane, line, paint.times(0.65), body.name, "cabin", light=light)


# ------------------------------------------------------------------------------------------ bus


class Coach(NamedTuple):
    """What a bus is like: half its length and its height in meters, decks, and surfaces."""

    end: float
    height: float
    decks: int
    paint: Surface
    window: Surface


def bus(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None) -> None:
    """Draw a bus with one or two decks: rows of windows, doors, wheels, lights."""
    turn = rng.between(-180, 180) if turn is None else turn
    decks, rim = rng.pick((1, 1, 1, 2)), metal(rng)
    end, height = rng.between(4.2, 5.8), 4.2 if decks == 2 else rng.between(2.9, 3.2)
    coach = Coach(end, height, decks, painted(rng), glass(rng))
    body, wheels = Body(canvas, "bus", x, z, turn=turn), (-end + 2.2, end - 2.4)
    canvas.shadow(x, z, end * 1.06, HALF * 1.4, turn=turn)
    far_wheels(body, wheels, HALF, 0.48, rim, 0.3)
    below = corners_of((-end + 0.2, end - 0.2), (0.25, 0.6), (-0.9 * HALF, 0.9 * HALF))
    body.solid(below, rubber(), "body")
    profile = [
        (-end + 0.1, 0.35),
        (end - 0.15, 0.35),
        (end, 0.55),
        (end - 0.1, height - 0.4),
        (end - 0.35, height),
        (-end + 0.3, height),
        (-end, height - 0.3),
        (-end, 0.5),
    ]
    body.shell(profile, HALF, coach.paint, "body", lean=0.02)
    if body.sees_side(HALF, lean=0.02, base=0.35):
        _coach_side(body, rng, coach)
    _coach_front(body, rng, coach)
    _coach_rear(body, rng, coach)
    near_wheels(body, wheels, HALF, 0.48, rim, 0.3)


def _coach_side(body: Body, rng: Rng, coach: Coach) -> None:
    """Windows in rows, mostly a band of color, and doors."""
    (plane, light), end = body.side(HALF + 0.005, lean=0.02, base=0.35), coach.end

    def draw(left: float, low: float, right: float, high: float, surface: Surface, part: str) -> None:
        outline = rounded(left, low, right, high, 0.1)
        body.canvas.draw(plane, outline, surface, body.name, part, light=light)

    if rng.chance(0.7):
        band = Surface(any_color(rng), "painted")
        if rng.chance(0.4):
            texture = rng.pick(FABRIC_PATTERNS)
            band = band._replace(texture=texture, second=coach.paint.color, period=(0.8, 0.8))
        draw(-end + 0.02, 0.6, end - 0.05, 1.2, band, "body")
    rows = ((1.35, 2.2), (2.75, 3.75)) if coach.decks == 2 else ((1.4, coach.height - 0.55),)
    count = rng.count(4, 6)
    step = (2 * end - 0.8) / count
    for low, high in rows:
        for left in (-end + 0.4 + i * step for i in range(count)):
            draw(left + 0.08, low, left + step - 0.08, high, coach.window, "pane")
    for left in (end - 1.35, -0.5):
        draw(left, 0.45, left + 1.0, 2.3, coach.paint.times(0.6), "body")
        for wing in (left + 0.06, left + 0.54):
            draw(wing, 0.6, wing + 0.4, 2.2, coach.window, "pane")


def _coach_front(body: Body, rng: Rng, coach: Coach) -> None:
    """Windshields, destination, headlights and bumper."""
    face, wide, top = coach.end + 0.01, 0.9 * HALF, coach.height
    end_panel(body, face - 0.03, 1, (1.2, 2.35), (-wide, wide), coach.window, "windshield")
    if coach.decks == 2:
        end_panel(body, face - 0.06, 1, (2.75, 3.7), (-wide, wide), coach.window, "windshield")
    else:
        dark = Surface(mix(any_color(rng), (0.1, 0.1, 0.1), 0.5), "plastic")
        end_panel(body, face - 0.06, 1, (top - 0.55, top - 0.28), (-wide * 0.7, wide * 0.7), dark, "body")
    end_panel(body, face, 1, (0.38, 0.62), (-HALF, HALF), rubber(), "bumper")
    for aside in _BESIDE:
        end_panel(body, face, 1, (0.7, 0.98), aside, lights(rng)[0], "headlight")


def _coach_rear(body: Body, rng: Rng, coach: Coach) -> None:
    """Rear windows, lights and bumper."""
    face, wide = coach.end + 0.01, 0.9 * HALF
    for low, high in ((1.6, 2.3), (2.75, 3.7))[: coach.decks]:
        end_panel(body, face, -1, (low, high), (-wide, wide), coach.window, "windshield")
    end_panel(body, face, -1, (0.38, 0.62), (-HALF, HALF), rubber(), "bumper")
    for aside in _BESIDE:
        end_panel(body, face, -1, (0.7, 0.98), aside, lights(rng)[1], "light")
