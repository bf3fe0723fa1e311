"""Airplanes on the ground and in the air; see `parts` for the meaning of `turn`."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.bodies import ROUNDED, Body, Piece, corners_of, ring
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.surfaces import Surface, metal
from dissect_widgets.world.scenery.vehicles.airplane_plans import PLANS, Livery, Plan, livery

_STATIONS = (
    (0.5, 0.1, -0.16),
    (0.475, 0.46, -0.12),
    (0.43, 0.78, -0.05),
    (0.36, 1.0, 0.0),
    (0.14, 1.0, 0.0),
    (-0.14, 1.0, 0.0),
    (-0.28, 0.8, 0.16),
    (-0.4, 0.5, 0.4),
    (-0.5, 0.16, 0.66),
)
"""Rings of a fuselage: where, as a share of its length, radius, and rise of its middle, in radii."""


def airplane(
    canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None, plan: Plan | None = None
) -> None:
    """Draw an airplane on the ground: an airliner, a jet, a commuter or a light airplane, 8 to 26 m long."""
    turn = rng.between(-180, 180) if turn is None else turn
    plan = rng.pick(PLANS) if plan is None else plan
    canvas.shadow(x, z, plan.length * 0.5, plan.radius * 1.6, turn=turn)
    canvas.shadow(x, z, plan.span * 0.44, plan.chord * 0.4, turn=turn + 90)
    _fly(Body(canvas, "airplane", x, z, turn=turn), rng, plan, livery(rng), gear=True)


def flying_airplane(canvas: Canvas, rng: Rng) -> None:
    """Draw an airplane in the sky, an eighth to a third of the image long."""
    camera, plan = canvas.camera, rng.pick(PLANS[:3])
    z = plan.length * camera.zoom / rng.between(0.13, 0.3)
    across, down = rng.between(0.12, 0.88), camera.horizon * rng.between(0.2, 0.6)
    x = (across - camera.middle) * z / camera.zoom
    y = camera.height + (camera.horizon - down) * z / camera.zoom
    turn = rng.pick((0, 180)) + rng.between(-50, 50)
    body = Body(canvas, "airplane", x, z, y=y - plan.axis, turn=turn)
    _fly(body, rng, plan, livery(rng), gear=False)


def _fly(body: Body, rng: Rng, plan: Plan, paint: Livery, *, gear: bool) -> None:
    """All of an airplane: what is on its far side, gear, fuselage with tail, what is on its near side."""
    near = body.near_side()
    _one_side(body, plan, paint, -near)
    if gear:
        _gear(body, rng, plan)
    if plan.engines == "rear":
        _rear_engine(body, plan, paint, -near)
    _fuselage(body, plan, paint)
    if plan.engines == "rear":
        _rear_engine(body, plan, paint, near)
    _one_side(body, plan, paint, near)
    if plan.engines == "nose":
        _propeller(body, rng, (plan.length * 0.505, plan.axis - 0.1, 0.0), 0.95)
    if plan.engines == "propellers":
        up = plan.axis + plan.wing * plan.radius
        for side in (-near, near):
            _propeller(body, rng, (plan.chord * 1.12, up, side * plan.span * 0.19), 1.5)


def _one_side(body: Body, plan: Plan, paint: Livery, side: int) -> None:
    """Wing and tail plane of one side, lighter if seen from above than from below."""
    light = 1.12 if body.origin[1] + plan.axis + plan.wing * plan.radius < body.eye else 0.76
    body.solid(_tail_plane(plan, side), paint.wing, "wing", light=light)
    body.solids(_wing(plan, paint, side, light))


def _wing(plan: Plan, paint: Livery, side: int, light: float) -> list[Piece]:
    """One wing, with its engine if it carries one."""
    up, root, tip = plan.axis + plan.wing * plan.radius, plan.radius * 0.7, plan.span / 2
    rise, thick = 0.0 if plan.wing > 0 else 0.06 * plan.span, plan.chord * 0.09
    half, back, narrow = plan.chord / 2, plan.sweep, plan.chord * (0.17 if plan.sweep > 1 else 0.33)
    inner = [(u, up + s * thick, side * root) for u in (-half, half) for s in (-0.5, 0.5)]
    outer = [(u - back, up + rise + s * thick, side * tip) for u in (-narrow, narrow) for s in (-0.2, 0.2)]
    pieces = [Piece([*inner, *outer], paint.wing, "wing", light)]
    if back > 1:  # a tip in the color of the livery
        edge = [
            (-back - narrow, 0.0),
            (-back + narrow, 0.0),
            (-back - narrow, 0.9),
            (-back - 0.2 * narrow, 0.9),
        ]
        tips = [(u, up + rise + v, side * (tip + s)) for u, v in edge for s in (0.0, 0.1)]
        pieces.append(Piece(tips, paint.accent, "wing"))
    if plan.engines in ("wing", "propellers"):
        hung, size = (0.95, 0.95) if plan.engines == "wing" else (0.1, 0.5)
        place = (half + 0.8 - back * 0.38, up + rise * 0.38 - hung, side * tip * 0.38)
        pieces += _nacelle(place, size, 3.4, paint)
    elif plan.engines == "nose":  # a strut from the wing to the foot of the fuselage
        strut = [(s, v, side * w) for s in (0.0, 0.12) for v, w in ((up, 0.5 * tip), (plan.axis - 0.5, 0.5))]
        pieces.insert(0, Piece(strut, paint.body, "wing", 0.9))
    return pieces


def _nacelle(place: Vector, size: float, length: float, paint: Livery) -> list[Piece]:
    """An engine whose front is at a place: a tube with a dark mouth."""
    front, up, aside = place
    tube = [*ring(front, up, size, aside=aside), *ring(front - length, up, size * 0.65, aside=aside)]
    mouth = ring(front + 0.02, up, size * 0.78, aside=aside)
    dark = Surface((0.14, 0.14, 0.16), "metal")
    return [Piece(tube, paint.body, "engine", 1.0, ROUNDED), Piece(mouth, dark, "engine")]


def _tail_plane(plan: Plan, side: int) -> list[Vector]:
    """One half of the small wing at the tail."""
    end, size = -plan.length / 2, plan.length
    up = plan.axis + (plan.radius * 0.6 + size * 0.17 if plan.high_tail else plan.radius * 0.7)
    flat = [(0.13, 0.0), (0.02, 0.0), (-0.02, 0.17), (0.04, 0.17)]
    return [(end + u * size, up + s * size * 0.004, side * w * size) for u, w in flat for s in (-1, 1)]


def _fin(plan: Plan) -> list[Vector]:
    """The upright fin of the tail."""
    end, size, foot = -plan.length / 2, plan.length, plan.axis + plan.radius * 0.55
    flat = [(0.19, 0.0), (0.01, 0.0), (-0.03, 0.18), (0.05, 0.18)]
    return [(end + u * size, foot + v * size, s * size * 0.007) for u, v in flat for s in (-1, 1)]


def _rear_engine(body: Body, plan: Plan, paint: Livery, side: int) -> None:
    """A jet engine beside the tail."""
    front, aside = -plan.length * 0.17, side * plan.radius * 1.5
    body.solids(_nacelle((front, plan.axis + 0.45, aside), 0.55, 2.6, paint))


def _fuselage(body: Body, plan: Plan, paint: Livery) -> None:
    """The fuselage from far to near, with windows, and the fin."""
    rings = [
        ring(u * plan.length, plan.axis + rise * plan.radius, r * plan.radius) for u, r, rise in _STATIONS
    ]
    tail_near = body.distance(rings[-1]) < body.distance(rings[0])
    order = list(range(len(rings) - 1))
    for i in order if tail_near else order[::-1]:
        body.solid([*rings[i], *rings[i + 1]], paint.body, "body", shade=ROUNDED)
        if i == 6 and not tail_near:
            body.solid(_fin(plan), paint.accent, "tail")
    if tail_near:
        body.solid(_fin(plan), paint.accent, "tail")
    _windows(body, plan, paint)


def _windows(body: Body, plan: Plan, paint: Livery) -> None:
    """A line of color and a row of windows on the side, and the windows of the pilots."""
    if body.sees_side(plan.radius):
        _cabin_windows(body, plan, paint)
    size, r = plan.length, plan.radius * 0.98
    for side in (-body.near_side(), body.near_side()):
        points = []
        for along, share, degrees in (
            (0.455, 0.62, 86),
            (0.455, 0.62, 28),
            (0.405, 0.87, 24),
            (0.405, 0.87, 80),
        ):
            angle = math.radians(degrees)
            up, aside = share * r * math.sin(angle), share * r * math.cos(angle)
            points.append((along * size, plan.axis + up, side * aside))
        if body.faces_camera((0.75, 0.3, side * 0.6), points[0]):
            body.solid(points, paint.window, "windshield")


def _cabin_windows(body: Body, plan: Plan, paint: Livery) -> None:
    """What is seen of passengers' windows and painted lines on the near side."""
    size, r, axis = plan.length, plan.radius, plan.axis
    plane, light = body.side(r * 0.98)
    line = [(-0.26, -0.1), (0.38, -0.4), (0.38, -0.1), (-0.3, 0.14)]
    outline = [(u * size, axis + v * r) for u, v in line]
    body.canvas.draw(plane, outline, paint.accent, body.name, "body", light=light)
    step, wide = 0.52 * size / plan.windows, min(0.3 * size / plan.windows, 0.9)
    for i in range(plan.windows):
        left = -0.18 * size + i * step
        pane = box(left, axis + 0.14 * r, left + wide, axis + 0.5 * r)
        body.canvas.draw(plane, pane, paint.window, body.name, "pane", light=light)


def _propeller(body: Body, rng: Rng, place: Vector, size: float) -> None:
    """Four blades and a hub."""
    (along, up, aside), turned = place, rng.between(0, math.pi / 2)
    dark = Surface((0.16, 0.15, 0.15), "metal")
    for angle in (turned, turned + math.pi / 2):
        a, b = math.cos(angle), math.sin(angle)
        corners = [(s * size, t * 0.08) for s in (-1, 1) for t in (-1, 1)]
        blade = [(along, up + s * b + t * a, aside + s * a - t * b) for s, t in corners]
        body.solid(blade, dark, "engine")
    body.solid([*ring(along, up, 0.22, aside=aside), (along + 0.35, up, aside)], metal(rng), "engine")


def _gear(body: Body, rng: Rng, plan: Plan) -> None:
    """Wheels on struts."""
    strut, tire, rim = metal(rng), Surface((0.12, 0.12, 0.13), "plastic"), metal(rng)
    size = max(0.3, plan.axis * 0.19)
    nose, main, apart = (
        plan.length * (0.3 if plan.engines == "nose" else 0.36),
        -plan.length * 0.05,
        1.5 * plan.radius,
    )
    for along, aside in ((nose, 0.0), (main, -apart), (main, apart)):
        middle = aside * 0.8
        leg = corners_of(
            (along - 0.07, along + 0.07),
            (size, plan.axis - 0.5 * plan.radius),
            (middle - 0.07, middle + 0.07),
        )
        body.solid(leg, strut, "body")
        for side in (-1, 1):
            body.wheel(along, aside + side * size * 0.5, size, tire, rim, width=size * 0.5)
