"""Roofs, spires, domes and round walls: what stands on blocks."""

from __future__ import annotations

import itertools
import math
from typing import Final

from dissect_widgets.world.scenery.drawing.canvas import BALL, CYLINDER, Canvas
from dissect_widgets.world.scenery.drawing.planes import Point, Vector
from dissect_widgets.world.scenery.drawing.shapes import box, half_ellipse, smooth, tube
from dissect_widgets.world.scenery.drawing.solids import Block, Face, faces, lit
from dissect_widgets.world.scenery.drawing.surfaces import Surface

_PROFILES: Final[dict[str, tuple[Point, ...]]] = {
    "gable": ((1, 0), (0, 1)),
    "gambrel": ((1, 0), (0.68, 0.66), (0, 1)),
    "vault": ((1, 0), (0.92, 0.38), (0.71, 0.71), (0.38, 0.92), (0, 1)),
}
"""From the eaves to the ridge: shares of the distance from the middle, and of the rise."""

_DOMES: Final[dict[str, tuple[Point, ...]]] = {
    "onion": ((0.8, 0), (1.0, 0.16), (1.1, 0.32), (0.95, 0.5), (0.55, 0.66), (0.22, 0.82), (0.07, 1.0)),
    "pointed": ((1.0, 0), (1.0, 0.2), (0.88, 0.5), (0.56, 0.76), (0.2, 0.92), (0.05, 1.0)),
    "bell": ((1.15, 0), (0.95, 0.12), (0.85, 0.35), (0.6, 0.62), (0.25, 0.78), (0.07, 1.0)),
}
"""Right sides of domes, from below: shares of the radius and of the height."""


def sideways(block: Block) -> Block:
    """The same block, with its left side named front: a ridge along its front runs from front to back."""
    return block._replace(width=block.depth, depth=block.width, turn=block.turn + 90)


def ridge_roof(
    canvas: Canvas,
    block: Block,
    rise: float,
    roof: Surface,
    wall: Surface,
    name: str,
    *,
    shape: str = "gable",
    overhang: float = 0.4,
    trim: Surface | None = None,
) -> None:
    """Draw a roof whose ridge runs along the front of a block, and the gables at its left and right.

    Parameters
    ----------
    shape
        "gable", "gambrel" (as on barns) or "vault".
    trim
        Of the boards along the gables' edges; that of the roof if not given.
    """
    half = [(u * block.depth / 2, v * rise) for u, v in _PROFILES[shape]]
    _gables(canvas, block, half, wall, name)
    reach = block.width / 2 + overhang
    b = block.inward
    seen = faces(block, canvas.camera, canvas.light.side)
    for sign in (1, -1):
        outward = (sign * b[0], 0.0, sign * b[2])
        near = [side for name, side in (("left", sign), ("right", -sign)) if name in seen]
        for number, ((low_u, low_v), (high_u, high_v)) in enumerate(itertools.pairwise(half)):
            foot = block.at(0, block.height + low_v, sign * low_u)
            step = (low_u - high_u, high_v - low_v)
            length = math.hypot(*step)
            eaves = -overhang if number == 0 else 0.0
            outline = box(-reach, eaves, reach, length)
            if slope(canvas, foot, outward, *step, outline, roof, name, "roof") is None:
                for side in near:  # what juts out over the gable, from below
                    below = box(side * block.width / 2, eaves, side * reach, length)
                    slope(canvas, foot, outward, *step, below, roof.times(0.5), name, "roof", underside=True)
    _verges(canvas, block, half, trim or roof.times(0.8), name, overhang)


def _gables(canvas: Canvas, block: Block, half: list[Point], wall: Surface, name: str) -> None:
    outline = [(u, block.height + v) for u, v in [*((-u, v) for u, v in half), *reversed(half)]]
    outline = [(u, v - 0.02 if v == block.height else v) for u, v in outline]
    seen = faces(block, canvas.camera, canvas.light.side)
    for face in (seen[side] for side in ("left", "right") if side in seen):
        canvas.draw(face.plane, outline, wall, name, "facade", light=face.light)


def _verges(
    canvas: Canvas, block: Block, half: list[Point], trim: Surface, name: str, overhang: float
) -> None:
    wider = block._replace(width=block.width + 2 * overhang)
    thick = 0.05 * block.depth
    (u, v), (next_u, next_v) = half[0], half[1]
    share = overhang / math.hypot(u - next_u, next_v - v)
    line = [(u + share * (u - next_u), v - share * (next_v - v)), *half[1:]]
    line = [(u, v + block.height + thick / 3) for u, v in [*((-u, v) for u, v in line), *reversed(line[:-1])]]
    seen = faces(wider, canvas.camera, canvas.light.side)
    for face in (seen[side] for side in ("left", "right") if side in seen):
        canvas.draw(face.plane, tube(line, thick), trim, name, "roof", light=face.light)


def hip_roof(
    canvas: Canvas, block: Block, rise: float, roof: Surface, name: str, *, overhang: float = 0.4
) -> None:
    """Draw a roof that slopes to all four sides."""
    w, d = block.width / 2, block.depth / 2
    run = min(w, d)
    a, b = block.across, block.inward
    sides = (((b, 1), d, w), ((a, -1), w, d), ((a, 1), w, d), ((b, -1), d, w))
    out = overhang * math.hypot(run, rise) / run
    for (direction, sign), distance, half in sides:
        outward = (sign * direction[0], 0.0, sign * direction[2])
        right, back = (0.0, sign * distance) if direction is b else (sign * distance, 0.0)
        top = (half - run, math.hypot(run, rise))
        outline = [(-half - overhang, -out), (half + overhang, -out), top, (-top[0], top[1])]
        slope(canvas, block.at(right, block.height, back), outward, run, rise, outline, roof, name, "roof")


def slope(
    canvas: Canvas,
    foot: Vector,
    outward: Vector,
    run: float,
    rise: float,
    outline: list[Point],
    surface: Surface,
    name: str,
    part: str | None,
    *,
    underside: bool = False,
) -> Face | None:
    """Draw on a plane that rises from a point while it runs inwards, if the camera sees it.

    With `underside` it is drawn only if it is seen from below. `outward` is level and of length 1; u runs
    to the right as seen from outside, v up the slope.
    """
    length = math.hypot(run, rise)
    normal = (outward[0] * rise / length, run / length, outward[2] * rise / length)
    if canvas.camera.sees(foot, normal) is underside:
        return None
    up = (-outward[0] * run / length, rise / length, -outward[2] * run / length)
    plane = canvas.camera.plane(foot, (-outward[2], 0.0, outward[0]), up)
    light = lit(normal, canvas.light.side)
    canvas.draw(plane, outline, surface, name, part, light=light)
    return Face(plane, 2 * max(u for u, _ in outline), length, light)


def frustum(
    canvas: Canvas,
    foot: Vector,
    radii: tuple[float, float],
    height: float,
    surface: Surface,
    name: str,
    part: str | None = None,
    *,
    sides: int = 4,
    turn: float = 0.0,
) -> list[Face]:
    """Draw a tower or spire of some equal sides that may taper; returns the faces that are seen.

    Parameters
    ----------
    radii
        From the middle to the middle of a side, below and above; 0 above for a point.
    """
    seen = []
    edges = [2 * radius * math.tan(math.pi / sides) for radius in radii]
    length = math.hypot(radii[0] - radii[1], height)
    low, high = edges[0] / 2, edges[1] / 2
    outline = [(-low, 0.0), (low, 0.0), (high, length), (-high, length)]
    for number in range(sides):
        angle = math.radians(turn) + math.tau * number / sides
        outward = (math.sin(angle), 0.0, -math.cos(angle))
        base = (foot[0] + radii[0] * outward[0], foot[1], foot[2] + radii[0] * outward[2])
        face = slope(canvas, base, outward, radii[0] - radii[1], height, outline, surface, name, part)
        if face is not None:
            seen.append(face)
    return seen


def round_wall(
    canvas: Canvas,
    foot: Vector,
    radii: tuple[float, float],
    height: float,
    surface: Surface,
    name: str,
    part: str | None = None,
) -> Face:
    """Draw a round wall that may taper, as towers and columns have it."""
    x, y, z = foot
    plane = canvas.camera.upright(x, z, y=y)
    bulge = [
        -radius * (canvas.camera.height - at) / z for radius, at in zip(radii, (y, y + height), strict=True)
    ]
    below = half_ellipse(0, 0, radii[0], bulge[0])
    above = half_ellipse(0, height, radii[1], bulge[1])
    canvas.draw(plane, [*reversed(below), *above], surface, name, part, shade=CYLINDER)
    return Face(plane, 2 * radii[0], height, 1.0)


def dome(
    canvas: Canvas,
    foot: Vector,
    radius: float,
    height: float,
    surface: Surface,
    name: str,
    part: str = "dome",
    *,
    shape: str = "round",
) -> None:
    """Draw a dome: "round", "onion", "pointed" or "bell"."""
    x, y, z = foot
    plane = canvas.camera.upright(x, z, y=y)
    sag = -min(max(radius * (canvas.camera.height - y) / z, -0.3 * height), 0.3 * radius)
    if shape == "round":
        outline = half_ellipse(0, 0, radius, height)
    else:
        right = smooth([(radius * u, height * v) for u, v in _DOMES[shape]], 3, closed=False)
        outline = [*right, *((-u, v) for u, v in reversed(right))]
    wide = abs(outline[0][0])
    outline += [(-u, v) for u, v in half_ellipse(0, 0, wide, sag)][1:-1]
    canvas.draw(plane, outline, surface, name, part, shade=BALL)
