"""What vehicles on wheels have in common: paint, wheels, lights and panels.

All vehicles take `(canvas, rng, x, z)` and a `turn` in degrees: 0 heads to the right, 90 away from the
camera, 180 to the left, -90 towards the camera; by default it is random.
"""

from __future__ import annotations

from collections.abc import Sequence

from dissect_widgets.world.scenery.drawing.bodies import Body
from dissect_widgets.world.scenery.drawing.canvas import Shade
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.surfaces import Surface

PAINT = Shade(1.0, v=0.1)
"""Coachwork: a little lighter above."""


def rubber() -> Surface:
    """Tires, and what lies in the dark below a vehicle."""
    return Surface((0.12, 0.12, 0.13), "plastic", rough=0.05)


def lights(rng: Rng) -> tuple[Surface, Surface]:
    """Surfaces of headlights and of rear lights."""
    on = 0.9 if rng.chance(0.3) else 0.2
    return Surface((0.97, 0.95, 0.84), "glass", glow=on), Surface((0.75, 0.1, 0.08), "plastic", glow=on / 3)


def far_wheels(
    body: Body, wheels: Sequence[float], half: float, radius: float, rim: Surface, width: float
) -> None:
    """The wheels that the body hides in part: those of the far side, or all if no side is seen."""
    for side in (-1,) if body.sees_side(half) else (-1, 1):
        for along in wheels:
            body.wheel(along, side * body.near_side() * half * 0.97, radius, rubber(), rim, width=width)


def near_wheels(
    body: Body, wheels: Sequence[float], half: float, radius: float, rim: Surface, width: float
) -> None:
    """The wheels on the side that is seen, drawn over the body."""
    if body.sees_side(half):
        for along in wheels:
            body.wheel(along, body.near_side() * half * 1.01, radius, rubber(), rim, width=width)


def end_panel(
    body: Body,
    along: float,
    sign: int,
    up: tuple[float, float],
    aside: tuple[float, float],
    surface: Surface,
    part: str,
) -> None:
    """A panel on the front (`sign` 1) or the rear (-1), `along` meters from the middle."""
    w0, w1 = (aside[0], aside[1]) if sign > 0 else (aside[1], aside[0])
    u = sign * along
    body.panel([(u, up[0], w0), (u, up[0], w1), (u, up[1], w1), (u, up[1], w0)], surface, part)
