"""Blocks, slabs and round bodies in space: the faces that the camera sees, each as a plane to draw on.

>>> house = Block(x=-4, z=15, turn=25, width=8, depth=6, height=5)
>>> faces = draw_block(canvas, house, brick(rng), "house", "facade")
>>> if "front" in faces:
...     canvas.draw(faces["front"].plane, box(-1, 0, 1, 2.2), painted(rng), "door")
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import CYLINDER, FLAT, Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Camera, Plane, Point, Vector
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, half_ellipse, hull
from dissect_widgets.world.scenery.drawing.surfaces import Surface


class Block(NamedTuple):
    """A box that stands at (x, y, z), the middle of its floor, turned about it by some degrees.

    Its front looks towards the camera at a `turn` of 0; with a positive one, the front's right end
    lies farther away, and its left side comes into sight.
    """

    x: float
    z: float
    width: float
    depth: float
    height: float
    y: float = 0.0
    turn: float = 0.0

    @property
    def across(self) -> Vector:
        """Direction along the front, to the right."""
        return math.cos(math.radians(self.turn)), 0.0, math.sin(math.radians(self.turn))

    @property
    def inward(self) -> Vector:
        """Direction from the front to the back."""
        return -math.sin(math.radians(self.turn)), 0.0, math.cos(math.radians(self.turn))

    def at(self, right: float, up: float, back: float) -> Vector:
        """Point of space, given from the middle of the floor."""
        a, b = self.across, self.inward
        return self.x + right * a[0] + back * b[0], self.y + up, self.z + right * a[2] + back * b[2]

    def piece(self, right: float, up: float, back: float, width: float, depth: float, height: float) -> Block:
        """A block in the frame of this one: where the middle of its floor is in that, and its size."""
        x, y, z = self.at(right, up, back)
        return Block(x, z, width, depth, height, y, self.turn)

    def corners(self, inset: float = 0.0) -> list[Vector]:
        """The corners of its floor, at a distance from its sides."""
        w, d = self.width / 2 - inset, self.depth / 2 - inset
        return [self.at(right, 0, back) for right in (-w, w) for back in (-d, d)]


class Face(NamedTuple):
    """A face that is seen: u runs from -width / 2 to width / 2, v from 0 (bottom or front) to height."""

    plane: Plane
    width: float
    height: float
    light: float
    """Factor on colors: how the face stands to the light."""


def faces(block: Block, camera: Camera, side: float) -> dict[str, Face]:
    """Faces of a block that a camera sees: of "back", "left", "right", "front", "top", "bottom".

    Parameters
    ----------
    side
        Where the light comes from, from -1 (left) to 1 (right).
    """
    a, b = block.across, block.inward
    w, d, h = block.width / 2, block.depth / 2, block.height
    up: Vector = (0.0, 1.0, 0.0)
    candidates = {
        "back": (block.at(0, 0, d), _less(a), up, b, block.width, h),
        "left": (block.at(-w, 0, 0), _less(b), up, _less(a), block.depth, h),
        "right": (block.at(w, 0, 0), b, up, a, block.depth, h),
        "front": (block.at(0, 0, -d), a, up, _less(b), block.width, h),
        "top": (block.at(0, h, -d), a, b, up, block.width, block.depth),
        "bottom": (block.at(0, 0, -d), a, b, _less(up), block.width, block.depth),
    }
    seen = {}
    for name, (origin, across, upward, normal, width, height) in candidates.items():
        if camera.sees(origin, normal):
            seen[name] = Face(camera.plane(origin, across, upward), width, height, lit(normal, side))
    return seen


def lit(normal: Vector, side: float) -> float:
    """Brightness of a face that looks along `normal`, a unit vector."""
    sun = (0.62 * side, 0.66, -0.42)
    return 0.68 + 0.42 * max(sum(n * s for n, s in zip(normal, sun, strict=True)), 0.0)


def draw_block(
    canvas: Canvas,
    block: Block,
    surface: Surface,
    object_name: str,
    part: str | None = None,
    *,
    shade: Shade = FLAT,
) -> dict[str, Face]:
    """Draw all faces of a block that are seen; returns them, to draw more on them."""
    seen = faces(block, canvas.camera, canvas.light.side)
    for face in seen.values():
        outline = box(-face.width / 2, 0, face.width / 2, face.height)
        canvas.draw(face.plane, outline, surface, object_name, part, light=face.light, shade=shade)
    return seen


def draw_slab(
    canvas: Canvas,
    block: Block,
    outline: Sequence[Point],
    surface: Surface,
    object_name: str,
    part: str | None = None,
    *,
    shade: Shade = FLAT,
) -> None:
    """Draw a block with soft edges: an outline on its front, as (u, v) of that face, and drawn out."""
    camera, seen = canvas.camera, faces(block, canvas.camera, canvas.light.side)
    near, far = (camera.plane(block.at(0, 0, end), block.across, (0, 1, 0)) for end in _ends(block, seen))
    sides = [seen[name].light for name in ("left", "right", "top") if name in seen]
    light = sum(sides) / len(sides) if sides else 0.8
    draw_between(canvas, near.project(outline), far.project(outline), surface, object_name, part, light=light)
    face = seen.get("front") or seen.get("back")
    canvas.draw(near, outline, surface, object_name, part, light=face.light if face else 0.8, shade=shade)


def draw_between(
    canvas: Canvas,
    first: Sequence[Point],
    second: Sequence[Point],
    surface: Surface,
    object_name: str,
    part: str | None = None,
    *,
    light: float,
    shade: Shade = FLAT,
) -> None:
    """Draw the sides of a body between two outlines in coordinates of the image, without a texture."""
    canvas.draw(SCREEN, hull([*first, *second]), surface.plain(), object_name, part, light=light, shade=shade)


def _ends(block: Block, seen: dict[str, Face]) -> tuple[float, float]:
    """Where the near and the far end of a block lie along its depth."""
    half = block.depth / 2
    return (half, -half) if "back" in seen else (-half, half)


def draw_round(
    canvas: Canvas,
    x: float,
    z: float,
    profile: Sequence[Point],
    surface: Surface,
    object_name: str,
    part: str | None = None,
    *,
    y: float = 0.0,
    inside: Surface | None = None,
    light: float = 1.0,
    shade: Shade = CYLINDER,
) -> None:
    """Draw what a potter would turn: pots, vases, lampshades, poles, cups.

    Parameters
    ----------
    profile
        (radius, height) from the foot up.
    y
        Height of the foot above the ground.
    inside
        What its ends show, from above or from below; else its own surface, a little lighter.
    """
    plane = canvas.camera.facing(x, z, y=y)
    if plane.depth < 0.3:
        return
    (foot, low), (rim, high) = profile[0], profile[-1]
    slopes = [(canvas.camera.height - y - v) / plane.depth for v in (low, high)]
    right = list(profile[1:-1])
    outline = [
        *half_ellipse(0, low, -foot, -foot * abs(slopes[0])),
        *right,
        *half_ellipse(0, high, rim, rim * abs(slopes[1])),
        *((-r, v) for r, v in reversed(right)),
    ]
    canvas.draw(plane, outline, surface, object_name, part, light=light, shade=shade)
    for v, radius, slope in ((low, foot, -slopes[0]), (high, rim, slopes[1])):
        if slope > 0.01 and radius > 0:
            end = ellipse(0, v, radius, radius * slope)
            canvas.draw(plane, end, inside or surface.times(1.06), object_name, part, light=light)


def _less(vector: Vector) -> Vector:
    return -vector[0], -vector[1], -vector[2]
