"""Shapes and paint of airplanes; `airplanes` draws them."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.surfaces import Surface, any_color, glass, mix, painted


class Plan(NamedTuple):
    """Shape of an airplane, in meters."""

    length: float
    radius: float
    axis: float
    """Height of its middle line above the ground."""
    span: float
    chord: float
    """Of the wing at its root."""
    sweep: float
    """How far the tips lie behind the root."""
    wing: float
    """Height of the wing, in radii above the middle line."""
    engines: str
    """"wing", "rear", "propellers" on the wings, or "nose" for a propeller in front."""
    high_tail: bool
    windows: int


PLANS = (
    Plan(26.0, 1.65, 3.3, 26.0, 5.4, 5.5, -0.55, "wing", False, 11),  # airliner
    Plan(16.0, 1.05, 1.95, 15.0, 3.2, 3.0, -0.6, "rear", True, 6),  # business jet
    Plan(21.0, 1.35, 2.2, 23.0, 2.9, 0.4, 0.85, "propellers", True, 9),  # commuter
    Plan(8.4, 0.68, 1.5, 11.0, 1.6, 0.1, 0.95, "nose", False, 2),  # light airplane
)


class Livery(NamedTuple):
    """Paint of an airplane."""

    body: Surface
    wing: Surface
    accent: Surface
    window: Surface


def livery(rng: Rng) -> Livery:
    """Any paint: many airplanes are light, others are not."""
    color = any_color(rng)
    if rng.chance(0.5):
        color = mix(color, rng.pick(((0.95, 0.95, 0.95), (0.75, 0.77, 0.8))), 0.85)
    body, accent = painted(rng, color), painted(rng)
    wing = rng.pick(
        (body, body.times(0.85), Surface(mix(color, (0.6, 0.62, 0.64), 0.7), "metal", rough=0.05))
    )
    if rng.chance(0.25):
        texture = rng.pick(("striped", "chequered", "zigzagged"))
        accent = accent._replace(texture=texture, second=color, period=(1.6, 1.6))
    return Livery(body, wing, accent, glass(rng).times(0.6))
