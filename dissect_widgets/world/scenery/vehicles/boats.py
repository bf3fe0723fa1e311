"""Boats on the water: sailing, motor, fishing and rowing boats, seen from any side."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.bodies import Body, corners_of
from dissect_widgets.world.scenery.drawing.canvas import CYLINDER, TOP, Canvas
from dissect_widgets.world.scenery.drawing.planes import Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.surfaces import fabric, glass, metal, painted, wood

_DECK = ((-0.5, 0.34), (-0.3, 0.46), (0.0, 0.5), (0.25, 0.4), (0.4, 0.22), (0.5, 0.0))
"""Half of a boat from above: along, as a share of its length, and aside, of its width."""


def boat(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    size: float = 1.0,
    turn: float | None = None,
    kind: str | None = None,
) -> None:
    """Draw a boat on the water: "sailing", "motor", "fishing" or "rowing", 4 to 9 m long."""
    turn = rng.pick((0, 180)) + rng.between(-60, 60) if turn is None else turn
    kind = rng.pick(("sailing", "sailing", "motor", "fishing", "rowing")) if kind is None else kind
    length = size * {"sailing": 7.0, "motor": 6.5, "fishing": 8.5, "rowing": 4.2}[kind]
    width, high = length * (0.3 if kind != "rowing" else 0.34), length * (0.13 if kind != "fishing" else 0.17)
    body = Body(canvas, "boat", x, z, turn=turn)
    canvas.shadow(x, z, length * 0.55, width * 0.6, turn=turn)
    _hull(body, rng, length, width, high)
    if kind == "sailing":
        _sails(body, rng, length, high)
    elif kind == "rowing":
        _benches(body, rng, length, width, high)
    else:
        _boat_cabin(body, rng, length, width, high, kind)


def _loop(length: float, width: float, height: float, share: float, bow: float) -> list[Vector]:
    """Outline of a boat at a height; `share` of its full size, its bow raised by `bow`."""
    half = [
        (u * length * (0.75 + 0.25 * share), height + bow * max(u + 0.1, 0) ** 2, w * width * share)
        for u, w in _DECK
    ]
    return half + [(u, v, -w) for u, v, w in reversed(half)]


def _hull(body: Body, rng: Rng, length: float, width: float, high: float) -> None:
    """Hull in one or two colors, deck or inside."""
    bow = high * 1.2
    paint = rng.pick((painted(rng), painted(rng), wood(rng)))
    water, edge = _loop(length, width, -0.05, 0.72, 0.0), _loop(length, width, high, 1.0, bow)
    body.solid([*water, *edge], paint, "hull", light=0.92, shade=TOP)
    if rng.chance(0.7):
        lower_paint = painted(rng)
        middle = _loop(length, width, high * 0.4, 0.83, bow * 0.3)
        body.solid([*water, *middle], lower_paint, "hull", light=0.85)
    if body.canvas.camera.height > high:
        inside = wood(rng, plank=0.25 * length / 5)
        body.canvas.draw(
            body.canvas.camera.upright(body.origin[0], body.origin[2]),
            body.outline([(u * 0.93, v + 0.01, w * 0.86) for u, v, w in edge]),
            inside,
            "boat",
            "hull",
            light=0.9,
        )


def _benches(body: Body, rng: Rng, length: float, width: float, high: float) -> None:
    """Seats across, and oars, of a rowing boat."""
    plank = wood(rng)
    for along in (-0.25, 0.02, 0.25):
        seat = corners_of(
            (along * length - 0.15, along * length + 0.15), (high * 0.95, high), (-width * 0.42, width * 0.42)
        )
        body.solid(seat, plank, "seat")
    for side in (-1, 1):
        oar = [(0.0, high + 0.12, side * width * 0.3), (-0.1 * length, 0.0, side * width * 1.1)]
        body.solid([(u + s, v, w) for u, v, w in oar for s in (-0.05, 0.05)], plank, "pole")


def _sails(body: Body, rng: Rng, length: float, high: float) -> None:
    """Mast and two sails."""
    top, mast, swing = length * rng.between(1.05, 1.35), length * 0.08, rng.between(-0.2, 0.2) * length
    body.shell(
        [
            (-0.2 * length, high),
            (0.2 * length, high),
            (0.12 * length, high * 1.7),
            (-0.2 * length, high * 1.7),
        ],
        length * 0.08,
        painted(rng),
        "cabin",
    )
    foot = high * 2.1
    cloth = fabric(rng, length * 0.12)
    jib = cloth if rng.chance(0.5) else fabric(rng, length * 0.12, texture=None)
    main = [
        (mast, foot, 0.0),
        (-0.44 * length, foot, swing),
        (mast, top, 0.0),
        (-0.2 * length, foot + 0.55 * (top - foot), swing * 0.7),
    ]
    fore = [(0.47 * length, high * 1.5, 0.0), (mast + 0.1, foot, swing * 0.6), (mast, top * 0.92, 0.0)]
    body.solid(
        [(mast + s, v, 0.0) for s in (-0.06, 0.06) for v in (high, top * 1.03)],
        metal(rng),
        "mast",
        shade=CYLINDER,
    )
    body.solid(fore, jib, "sail", light=0.95)
    body.solid(main, cloth, "sail")


def _boat_cabin(body: Body, rng: Rng, length: float, width: float, high: float, kind: str) -> None:
    """Cabin with windows, and the mast of a fishing boat."""
    paint, window, half = painted(rng), glass(rng), width * 0.32
    rear, front = ((-0.12, 0.18), (0.0, 0.24))[kind == "fishing"]
    rear, front, top = rear * length, front * length, high + length * (0.16 if kind == "motor" else 0.26)
    if kind == "fishing":
        body.solid(
            [(-0.15 * length + s, v, 0.0) for s in (-0.07, 0.07) for v in (high, length * 0.62)],
            metal(rng),
            "mast",
        )
    body.shell([(rear, high), (front + 0.1 * length, high), (front, top), (rear, top)], half, paint, "cabin")
    low, rise, wide = high + (top - high) * 0.4, top - high, 0.85 * half
    foot, head = front + 0.06 * length + 0.01, front + 0.015 * length + 0.01
    shield = [
        (foot, low, -wide),
        (foot, low, wide),
        (head, low + 0.45 * rise, wide),
        (head, low + 0.45 * rise, -wide),
    ]
    body.panel(shield, window, "windshield")
    if body.sees_side(half):
        plane, light = body.side(half + 0.01)
        for left, right in ((0.1, 0.45), (0.55, 0.9)):
            u0, u1 = rear + (front - rear) * left, rear + (front - rear) * right
            pane = [(u0, low), (u1, low), (u1, low + rise * 0.42), (u0, low + rise * 0.42)]
            body.canvas.draw(plane, pane, window, "boat", "pane", light=light)
    body.shell(
        [(rear - 0.15, top), (front + 0.15, top), (front + 0.1, top + 0.12), (rear - 0.1, top + 0.12)],
        half * 1.08,
        painted(rng),
        "roof",
    )
