"""The camera, and the planes of space on which everything is drawn.

Lengths are in meters. A camera stands at the origin of the ground, `height` above it, and looks along
+z; in rooms it may stand beside and be turned. x runs to the right, y up. It is one with a shift lens:
the horizon may lie anywhere in the image, and what is vertical stays vertical. Coordinates of the
image run from 0 to 1, x to the right, y down.

>>> camera = Camera(height=1.6, horizon=0.45, zoom=0.9)
>>> plane = camera.upright(x=2, z=8)                  # faces the camera; (0, 0) stands on the ground
>>> plane = camera.upright(x=2, z=8, turn=30)         # turned about its foot by 30 degrees
>>> ground = camera.ground()                          # (u, v) = (x, z)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Point = tuple[float, float]
Vector = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]

NEAR = 0.15
"""What is closer to the camera than this, in meters, is cut off."""


class Plane(NamedTuple):
    """A plane with coordinates (u, v) in meters, and how it lies in the image."""

    matrix: Matrix
    """(u, v, 1) to the image's (x depth, y depth, depth), row by row."""

    def project(self, points: Sequence[Point]) -> list[Point]:
        """Image coordinates of a polygon of (u, v), cut off where it comes too near."""
        a, b, c, d, e, f, g, h, i = self.matrix
        if g == 0 and h == 0:
            return (
                [((a * u + b * v + c) / i, (d * u + e * v + f) / i) for u, v in points] if i >= NEAR else []
            )
        raw = [(a * u + b * v + c, d * u + e * v + f, g * u + h * v + i) for u, v in points]
        if any(depth < NEAR for _, _, depth in raw):
            raw = _cut(raw)
        return [(x / depth, y / depth) for x, y, depth in raw]

    def inverse(self) -> Matrix:
        """Image coordinates (x, y, 1) to (u / depth, v / depth, 1 / depth)."""
        a, b, c, d, e, f, g, h, i = self.matrix
        inner = (
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        )
        size = a * inner[0] + b * inner[3] + c * inner[6]
        if abs(size) < 1e-9:  # seen edge on
            size = 1e-9
        return tuple(value / size for value in inner)  # type: ignore[return-value]

    def moved(self, u: float, v: float) -> Plane:
        """The same plane with its origin at (u, v)."""
        a, b, c, d, e, f, g, h, i = self.matrix
        return Plane((a, b, a * u + b * v + c, d, e, d * u + e * v + f, g, h, g * u + h * v + i))

    def scaled(self, across: float, up: float | None = None) -> Plane:
        """The same plane with longer or shorter units; a negative number mirrors."""
        up = abs(across) if up is None else up
        a, b, c, d, e, f, g, h, i = self.matrix
        return Plane((a * across, b * up, c, d * across, e * up, f, g * across, h * up, i))

    def leaning(self, degrees: float) -> Plane:
        """The same plane turned in itself, counterclockwise, about its origin."""
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        a, b, c, d, e, f, g, h, i = self.matrix
        matrix = (
            a * cosine + b * sine,
            b * cosine - a * sine,
            c,
            d * cosine + e * sine,
            e * cosine - d * sine,
            f,
            g * cosine + h * sine,
            h * cosine - g * sine,
            i,
        )
        return Plane(matrix)

    @property
    def depth(self) -> float:
        """Distance of the origin along the line of sight, in meters."""
        return self.matrix[8]


def turned(u: float, v: float, degrees: float) -> Point:
    """A point of the ground, turned counterclockwise about its origin."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return u * cosine - v * sine, u * sine + v * cosine


SCREEN = Plane((1, 0, 0, 0, 1, 0, 0, 0, 1))
"""The image itself: (u, v) are its coordinates, v down."""


class Camera(NamedTuple):
    """Where the image is taken from."""

    height: float = 1.6
    """Above the ground, in meters."""
    horizon: float = 0.45
    """Where the horizon lies, from 0 (top of the image) to 1 (bottom)."""
    zoom: float = 0.9
    """What is this many meters away and one meter wide fills the width of the image."""
    middle: float = 0.5
    """Where straight ahead lies, from 0 (left) to 1 (right)."""
    x: float = 0.0
    """Where it stands, to the right of the origin."""
    turn: float = 0.0
    """By how many degrees it looks to the right of +z."""

    def plane(self, origin: Vector, across: Vector, up: Vector) -> Plane:
        """Plane through a point, spanned by two directions."""
        origin = origin[0] - self.x, origin[1] - self.height, origin[2]
        if self.turn:
            origin, across, up = self._turned(origin), self._turned(across), self._turned(up)
        (ox, oy, oz), f, m, t = origin, self.zoom, self.middle, self.horizon
        matrix = (
            f * across[0] + m * across[2],
            f * up[0] + m * up[2],
            f * ox + m * oz,
            t * across[2] - f * across[1],
            t * up[2] - f * up[1],
            t * oz - f * oy,
            across[2],
            up[2],
            oz,
        )
        return Plane(matrix)

    def upright(self, x: float, z: float, *, y: float = 0.0, turn: float = 0.0) -> Plane:
        """Vertical plane on a point of the ground, facing the camera, or turned by some degrees.

        With a positive `turn` its right side lies farther away.
        """
        sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
        return self.plane((x, y, z), (cosine, 0, sine), (0, 1, 0))

    def facing(self, x: float, z: float, *, y: float = 0.0) -> Plane:
        """Vertical plane that faces the camera wherever it looks: for all that is round."""
        return self.upright(x, z, y=y, turn=-self.turn)

    def ground(self, x: float = 0.0, z: float = 0.0, *, y: float = 0.0, turn: float = 0.0) -> Plane:
        """Horizontal plane with its origin at a point, u to the right, v away from the camera."""
        sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
        return self.plane((x, y, z), (cosine, 0, sine), (-sine, 0, cosine))

    def locate(self, x: float, y: float, z: float) -> Point:
        """Image coordinates of a point of space, which must lie in front of the camera."""
        right, up, away = self._turned((x - self.x, y - self.height, z))
        return self.middle + self.zoom * right / away, self.horizon - self.zoom * up / away

    def depth(self, x: float, z: float) -> float:
        """Distance of a point along the line of sight: what is farther must be drawn first."""
        return self._turned((x - self.x, 0.0, z))[2]

    def far_to_near(self, points: Iterable[Vector]) -> list[Vector]:
        """Points of space in the order in which what stands there must be drawn."""
        return sorted(points, key=lambda point: -self.depth(point[0], point[2]))

    def sees(self, point: Vector, normal: Vector) -> bool:
        """Whether it stands before a face through a point, on the side to which the face's normal points."""
        view = point[0] - self.x, point[1] - self.height, point[2]
        return sum(n * x for n, x in zip(normal, view, strict=True)) < 0

    def left_edge(self, z: float) -> float:
        """X at the left border of the image, at a distance, for a camera that is not turned."""
        return -self.middle * z / self.zoom

    def right_edge(self, z: float) -> float:
        """X at the right border of the image, at a distance, for a camera that is not turned."""
        return (1 - self.middle) * z / self.zoom

    def distance_at(self, y: float) -> float:
        """How far away the ground is that one sees at a height of the image below the horizon."""
        return self.zoom * self.height / max(y - self.horizon, 1e-3)

    def _turned(self, vector: Vector) -> Vector:
        right, away = turned(vector[0], vector[2], self.turn)
        return right, vector[1], away


def _cut(points: list[Vector]) -> list[Vector]:
    """Cut a polygon of (x depth, y depth, depth) where it is nearer than `NEAR` (Sutherland-Hodgman)."""
    kept: list[Vector] = []
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        if start[2] >= NEAR:
            kept.append(start)
        if (start[2] >= NEAR) != (end[2] >= NEAR):
            t = (NEAR - start[2]) / (end[2] - start[2])
            kept.append((start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1]), NEAR))
    return kept
