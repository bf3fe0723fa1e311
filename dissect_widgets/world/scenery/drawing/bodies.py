"""Things in the round: convex bodies, extruded profiles and wheels, seen from any side.

>>> body = Body(canvas, "car", x=2, z=9, turn=-30)
>>> body.shell([(-2, 0.3), (2, 0.3), (2, 0.8), (-2, 0.9)], 0.75, paint, "body")  # a profile, extruded
>>> body.wheel(1.3, 0.7, 0.32, rubber, rim)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import FLAT, Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import Plane, Point, Vector
from dissect_widgets.world.scenery.drawing.shapes import hull
from dissect_widgets.world.scenery.drawing.solids import lit
from dissect_widgets.world.scenery.drawing.surfaces import Surface

NEAREST = 0.4
"""Points nearer than this, in meters, are drawn as if they were this far away."""
_ROUND = [(math.cos(math.tau * i / 16), math.sin(math.tau * i / 16)) for i in range(16)]

ROUNDED = Shade(1.02, v=0.2, vv=-0.16)
"""Lying tubes: light above, dark below."""


class Piece(NamedTuple):
    """A convex part of a body, to be drawn in its turn."""

    points: list[Vector]
    surface: Surface
    part: str
    light: float = 1.0
    shade: Shade = FLAT


class Body:
    """A thing that stands at (x, y, z) and heads somewhere.

    Its points are (along, up, aside): towards its front, upwards, and to its left, in meters.

    Parameters
    ----------
    turn
        Where its front points, in degrees: 0 to the right, 90 away from the camera, 180 to the left, and
        -90 towards the camera.
    """

    def __init__(
        self, canvas: Canvas, name: str, x: float, z: float, *, y: float = 0.0, turn: float = 0.0
    ) -> None:
        self.canvas, self.name, self.origin = canvas, name, (x, y, z)
        sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
        self.forward, self.left = (cosine, 0.0, sine), (-sine, 0.0, cosine)
        self._facing = canvas.camera.upright(x, z)
        matrix = self._facing.matrix
        self.eye = (canvas.camera.horizon * z - matrix[5]) / matrix[4]  # below ground if seen in a mirror

    def at(self, point: Vector) -> Vector:
        """Point of space."""
        (along, up, aside), (x, y, z), a, b = point, self.origin, self.forward, self.left
        return x + along * a[0] + aside * b[0], y + up, z + along * a[2] + aside * b[2]

    def outline(self, points: Sequence[Vector]) -> list[Point]:
        """Where points are seen, on the plane that faces the camera at the body's foot."""
        (x, _, depth), height, points_seen = self.origin, self.eye, []
        for point in points:
            px, py, pz = self.at(point)
            nearer = depth / max(pz, NEAREST)
            points_seen.append((px * nearer - x, height + (py - height) * nearer))
        return points_seen

    def distance(self, points: Sequence[Vector]) -> float:
        """Mean depth of points."""
        return sum(self.at(point)[2] for point in points) / len(points)

    def faces_camera(self, normal: Vector, point: Vector) -> bool:
        """Whether a face through a point, with an outward normal as (along, up, aside), is seen."""
        x, y, z = self.at(point)
        n = self.direction(normal)
        return n[0] * x + n[1] * (y - self.eye) + n[2] * z < 0

    def direction(self, vector: Vector) -> Vector:
        """Direction in space."""
        a, b = self.forward, self.left
        return vector[0] * a[0] + vector[2] * b[0], vector[1], vector[0] * a[2] + vector[2] * b[2]

    def near_side(self) -> int:
        """Which side is towards the camera: 1 for its left, -1 for its right."""
        x, _, z = self.origin
        return -1 if self.left[0] * x + self.left[2] * z > 0 else 1

    def solid(
        self,
        points: Sequence[Vector],
        surface: Surface,
        part: str | None = None,
        *,
        light: float = 1.0,
        shade: Shade = FLAT,
    ) -> None:
        """Draw the convex body around some points."""
        outline = hull(self.outline(points))
        self.canvas.draw(self._facing, outline, surface, self.name, part, light=light, shade=shade)

    def solids(self, pieces: Sequence[Piece]) -> None:
        """Draw convex bodies from far to near."""
        for piece in sorted(pieces, key=lambda piece: -self.distance(piece.points)):
            self.solid(piece.points, piece.surface, piece.part, light=piece.light, shade=piece.shade)

    def panel(
        self,
        points: Sequence[Vector],
        surface: Surface,
        part: str | None = None,
        *,
        light: float = 1.0,
        shade: Shade = FLAT,
    ) -> bool:
        """Draw a flat polygon, counterclockwise as seen from outside, if it is seen from there."""
        normal = _normal(points)
        if not self.faces_camera(normal, points[0]):
            return False
        light *= lit(self.direction(normal), self.canvas.light.side)
        outline = self.outline(points)
        self.canvas.draw(self._facing, outline, surface, self.name, part, light=light, shade=shade)
        return True

    def sees_side(self, half: float, *, lean: float = 0.0, base: float = 0.0) -> bool:
        """Whether the camera sees a side, and not only the front or the rear; see `side`."""
        sign = self.near_side()
        return self.faces_camera((0, lean, sign), (0, base, sign * half))

    def side(self, half: float, *, lean: float = 0.0, base: float = 0.0) -> tuple[Plane, float]:
        """Plane of the side towards the camera, (u, v) = (along, up), and how it stands to the light.

        Parameters
        ----------
        half
            Distance of the side from the middle, at the height `base`.
        lean
            How much it comes nearer to the middle with every meter upwards.
        """
        sign = self.near_side()
        across = sign * (half + lean * base)
        plane = self.canvas.camera.plane(
            self.at((0, 0, across)), self.forward, self.direction((0, 1, -sign * lean))
        )
        return plane, lit(self.direction((0, 0, sign)), self.canvas.light.side)

    def shell(
        self,
        profile: Sequence[Point],
        half: float,
        surface: Surface,
        part: str | None = None,
        *,
        lean: float = 0.0,
        shade: Shade = FLAT,
    ) -> None:
        """Draw a profile, counterclockwise points (along, up), extruded to both sides by `half` meters."""
        base = min(v for _, v in profile)
        for (u0, v0), (u1, v1) in zip(profile, [*profile[1:], profile[0]], strict=True):
            w0, w1 = half - lean * (v0 - base), half - lean * (v1 - base)
            corners = [(u0, v0, -w0), (u0, v0, w0), (u1, v1, w1), (u1, v1, -w1)]
            self.panel(corners, surface, part)
        if self.sees_side(half, lean=lean, base=base):
            plane, light = self.side(half, lean=lean, base=base)
            self.canvas.draw(plane, profile, surface, self.name, part, light=light, shade=shade)

    def wheel(
        self, along: float, aside: float, radius: float, tire: Surface, rim: Surface, *, width: float = 0.2
    ) -> None:
        """Draw an upright wheel on the ground; `aside` is where its outer side is."""
        inner = aside - math.copysign(width, aside)
        points = [
            (along + radius * x, radius + radius * y, side) for side in (aside, inner) for x, y in _ROUND
        ]
        self.solid(points, tire, "wheel")
        if self.faces_camera((0, 0, aside), (along, radius, aside)):
            disc = [(along + 0.62 * radius * x, radius + 0.62 * radius * y, aside) for x, y in _ROUND]
            self.solid(disc, rim, "wheel", shade=ROUNDED)


def ring(along: float, up: float, radius: float, *, tall: float = 1.0, aside: float = 0.0) -> list[Vector]:
    """Circle across the heading: tubes are solids around two of them."""
    return [(along, up + tall * radius * y, aside + radius * x) for x, y in _ROUND]


def corners_of(
    along: tuple[float, float], up: tuple[float, float], aside: tuple[float, float]
) -> list[Vector]:
    """Corners of a box, given by its extent, from and to, in each direction."""
    return [(u, v, w) for u in along for v in up for w in aside]


def _normal(points: Sequence[Vector]) -> Vector:
    """Unit normal of a polygon (Newell), outward if its points run counterclockwise as seen from outside."""
    x = y = z = 0.0
    for (a, b, c), (d, e, f) in zip(points, [*points[1:], points[0]], strict=True):
        x, y, z = x + (b - e) * (c + f), y + (c - f) * (a + d), z + (a - d) * (b + e)
    length = math.sqrt(x * x + y * y + z * z) or 1.0
    return -x / length, -y / length, -z / length
