"""Poses and outfits of people, whom `people` draws."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.surfaces import Surface, fabric, leather, pick_color, skin

HAIRS = (
    (0.12, 0.09, 0.07),
    (0.3, 0.19, 0.11),
    (0.55, 0.4, 0.2),
    (0.78, 0.64, 0.38),
    (0.55, 0.53, 0.5),
    (0.42, 0.18, 0.1),
)


class Outfit(NamedTuple):
    """What a person wears."""

    skin: Surface
    hair: Surface
    top: Surface
    bottom: Surface
    shoes: Surface
    kind: str
    """"trousers", "shorts", "skirt" or "swimsuit"."""
    sleeves: float
    """How much of the arms they cover, from 0 to 1."""
    headwear: str
    """"", "hat" or "long" hair."""
    hat: Surface

    @property
    def trunks(self) -> bool:
        """Whether they are all that is worn, at the beach; else it is a swimsuit."""
        return self.kind == "swimsuit" and self.headwear != "long"


class Figure(NamedTuple):
    """Where the joints of a person of 1.75 m are; the first arm and leg are behind the body."""

    head: Point
    neck: Point
    hip: Point
    arms: tuple[tuple[Point, Point, Point], tuple[Point, Point, Point]]
    """Shoulder, elbow, hand."""
    legs: tuple[tuple[Point, Point, Point], tuple[Point, Point, Point]]
    """Hip, knee, foot."""
    wide: float
    """Half the width of the shoulders: less from the side."""
    facing: int
    """0 towards the camera, 1 to the right, 2 away."""


def outfit(rng: Rng, *, season: str = "summer", kind: str | None = None) -> Outfit:
    """Clothes for a season; in "swimsuit" kind they are few, in "ski" kind they are warm."""
    warm = season == "winter" or kind == "ski"
    if kind in (None, "ski"):
        kind = "trousers" if warm else rng.pick(("trousers", "trousers", "shorts", "skirt"))
    cloth = fabric(rng, 0.24)
    bottom = fabric(rng, 0.24, texture=None) if rng.chance(0.75) else fabric(rng, 0.2)
    sleeves = 1.0 if warm else rng.pick((0.0, 0.45, 1.0))
    headwear = rng.pick(("", "hat", "long")) if not warm else rng.pick(("hat", "hat", "long"))
    hair = Surface(pick_color(rng, HAIRS), "fur", rough=0.2, grain=(0.05, 0.2))
    shoes = leather(rng)
    return Outfit(
        skin(rng),
        hair,
        cloth,
        bottom,
        shoes,
        kind or "trousers",
        0.0 if kind == "swimsuit" else sleeves,
        headwear,
        fabric(rng, 0.2, texture=None),
    )


def _standing(rng: Rng, facing: int) -> Figure:
    """Upright, arms at the sides, on the hips, or one of them raised."""
    if facing == 1:
        swing = rng.between(-0.08, 0.12)
        arms = _pair(
            ((0, 1.38), (-0.05, 1.1), (0.1 + swing, 0.88)), ((0, 1.38), (-0.06, 1.1), (0.16, 0.92 + swing))
        )
        legs = _pair(((0.0, 0.9), (0.04, 0.48), (0.02, 0.04)), ((0, 0.9), (-0.02, 0.48), (-0.04, 0.04)))
        return Figure((0.03, 1.6), (0.01, 1.44), (0, 0.9), arms, legs, 0.13, 1)
    hang, hip, wave = ((0.27, 1.12), (0.3, 0.86)), ((0.4, 1.14), (0.2, 0.94)), ((0.38, 1.46), (0.34, 1.76))
    first, second = rng.pick((hang, hang, hip)), rng.pick((hang, hang, hip, wave))
    arms = _pair(((-0.19, 1.38), *_mirrored(first)), ((0.19, 1.38), *second))
    apart = rng.between(0.09, 0.16)
    legs = _pair(((-0.1, 0.9), (-apart, 0.48), (-apart, 0.04)), ((0.1, 0.9), (apart, 0.48), (apart, 0.04)))
    return Figure((0, 1.6), (0, 1.44), (0, 0.9), arms, legs, 0.21, facing)


def _walking(rng: Rng, facing: int) -> Figure:
    """In mid stride, from the side or from the front."""
    if facing != 1 and rng.chance(0.4):
        arms = _pair(
            ((-0.19, 1.38), (-0.28, 1.12), (-0.22, 0.95)), ((0.19, 1.38), (0.29, 1.12), (0.31, 0.88))
        )
        legs = _pair(((-0.1, 0.9), (-0.11, 0.52), (-0.09, 0.14)), ((0.1, 0.9), (0.11, 0.46), (0.08, 0.0)))
        return Figure((0, 1.6), (0, 1.44), (0, 0.9), arms, legs, 0.21, facing)
    stride = rng.between(0.8, 1.15)
    arms = _pair(
        ((0.02, 1.38), (0.14 * stride, 1.12), (0.34 * stride, 0.98)),
        ((0.02, 1.38), (-0.17 * stride, 1.14), (-0.22 * stride, 0.9)),
    )
    legs = _pair(
        ((0, 0.9), (-0.06 * stride, 0.48), (-0.36 * stride, 0.1)),
        ((0, 0.9), (0.2 * stride, 0.5), (0.3 * stride, 0.04)),
    )
    return Figure((0.06, 1.6), (0.03, 1.44), (0, 0.9), arms, legs, 0.14, 1)


def _sitting(rng: Rng, facing: int) -> Figure:
    """On a seat 0.45 m high."""
    if facing == 1:
        arms = _pair(((0.02, 1.0), (0.06, 0.74), (0.3, 0.66)), ((0.02, 1.0), (0.0, 0.74), (0.28, 0.64)))
        legs = _pair(((0, 0.54), (0.44, 0.52), (0.5, 0.04)), ((0, 0.54), (0.42, 0.5), (0.4, 0.04)))
        return Figure((0.04, 1.23), (0.02, 1.07), (0, 0.54), arms, legs, 0.14, 1)
    arms = _pair(((-0.19, 1.0), (-0.28, 0.76), (-0.12, 0.62)), ((0.19, 1.0), (0.28, 0.76), (0.12, 0.62)))
    legs = _pair(((-0.1, 0.52), (-0.15, 0.42), (-0.14, 0.02)), ((0.1, 0.52), (0.15, 0.42), (0.14, 0.02)))
    return Figure((0, 1.23), (0, 1.07), (0, 0.52), arms, legs, 0.21, 0)


def _resting(rng: Rng, facing: int) -> Figure:
    """Sitting on the ground, leaning back on the arms or with knees drawn up."""
    knee = rng.between(0.15, 0.5)
    arms = _pair(
        ((-0.04, 0.62), (-0.2, 0.38), (-0.34, 0.06)), ((-0.04, 0.62), (0.06, 0.36), (0.36, knee + 0.1))
    )
    legs = _pair(((0.05, 0.13), (0.42, knee), (0.8, 0.06)), ((0.05, 0.13), (0.46, knee - 0.08), (0.88, 0.06)))
    return Figure((-0.06, 0.86), (-0.06, 0.7), (0.02, 0.14), arms, legs, 0.15, 1)


def _skiing(rng: Rng, facing: int) -> Figure:
    """Crouched, arms forward."""
    low = rng.between(0.0, 0.18)
    arms = _pair(
        ((0.16, 1.22 - low), (0.3, 1.0 - low), (0.52, 1.04 - low)),
        ((0.16, 1.22 - low), (0.22, 0.96 - low), (0.46, 0.94 - low)),
    )
    legs = _pair(
        ((-0.08, 0.78 - low), (0.22, 0.5 - low / 2), (0.04, 0.08)),
        ((-0.08, 0.78 - low), (0.16, 0.48 - low / 2), (-0.04, 0.08)),
    )
    return Figure((0.27, 1.44 - low), (0.2, 1.28 - low), (-0.06, 0.78 - low), arms, legs, 0.16, 1)


POSES = {
    "standing": _standing,
    "walking": _walking,
    "sitting": _sitting,
    "skiing": _skiing,
    "resting": _resting,
}


def _pair(
    first: tuple[Point, Point, Point], second: tuple[Point, Point, Point]
) -> tuple[tuple[Point, Point, Point], tuple[Point, Point, Point]]:
    return first, second


def _mirrored(points: tuple[Point, Point]) -> tuple[Point, Point]:
    (a, b), (c, d) = points
    return (-a, b), (-c, d)
