"""What stands along streets, in parks and on beaches: lamps, traffic lights, signs, benches, umbrellas."""

from __future__ import annotations

import math
from itertools import pairwise

from dissect_widgets.world.scenery.drawing.canvas import BALL, CYLINDER, TOP, Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point, Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, half_ellipse, rounded, smooth, tube
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    fabric,
    metal,
    mix,
    painted,
    stone,
    wood,
)


def _glow(canvas: Canvas, rng: Rng) -> Surface:
    """A lamp's glass, lit in the evening."""
    lit = 0.9 if canvas.light.name == "dusk" or rng.chance(0.2) else 0.25
    return Surface((0.98, 0.93, 0.76), "glass", glow=lit)


def street_lamp(canvas: Canvas, rng: Rng, x: float, z: float, *, height: float | None = None) -> None:
    """Draw a street lamp: an arm over the road, a globe, or a lantern."""
    kind = rng.pick(("arm", "arm", "globe", "lantern"))
    height = height or (rng.between(5.0, 7.0) if kind == "arm" else rng.between(3.0, 4.2))
    canvas.shadow(x, z, 0.45, 0.2)
    plane = canvas.camera.upright(x, z).scaled(rng.side(), 1.0)
    post, glow = rng.pick((metal(rng), painted(rng))), _glow(canvas, rng)
    canvas.draw(
        plane, [(-0.16, 0), (0.16, 0), (0.1, 0.5), (-0.1, 0.5)], post, "street lamp", "pole", shade=CYLINDER
    )
    canvas.draw(plane, tube([(0, 0.4), (0, height)], 0.15, 0.11), post, "street lamp", "pole", shade=CYLINDER)
    {"arm": _arm_lamp, "globe": _globe_lamp, "lantern": _lantern}[kind](
        canvas, rng, plane.moved(0, height), post, glow
    )


def _arm_lamp(canvas: Canvas, rng: Rng, plane: Plane, post: Surface, glow: Surface) -> None:
    """A lamp on an arm."""
    reach = rng.between(1.0, 1.7)
    bend = smooth([(0, -0.1), (0.1 * reach, 0.4), (0.5 * reach, 0.6), (reach, 0.6)], 4, closed=False)
    canvas.draw(plane, tube(bend, 0.12, 0.09), post, "street lamp", "pole")
    canvas.draw(
        plane, half_ellipse(reach + 0.15, 0.52, 0.45, 0.2), post, "street lamp", "lampshade", shade=TOP
    )
    canvas.draw(plane, half_ellipse(reach + 0.15, 0.54, 0.36, -0.18), glow, "street lamp", "light")


def _globe_lamp(canvas: Canvas, rng: Rng, plane: Plane, post: Surface, glow: Surface) -> None:
    """One globe, or two on a crossbar."""
    spots = rng.pick(((0.0,), (-0.45, 0.45)))
    if len(spots) > 1:
        canvas.draw(plane, box(-0.5, -0.16, 0.5, -0.06), post, "street lamp", "pole")
    for u in spots:
        canvas.draw(plane, box(u - 0.14, -0.14, u + 0.14, 0.02), post, "street lamp", "pole")
        canvas.draw(plane, ellipse(u, 0.24, 0.28), glow, "street lamp", "light", shade=BALL)


def _lantern(canvas: Canvas, rng: Rng, plane: Plane, post: Surface, glow: Surface) -> None:
    """A lantern with a roof."""
    canvas.draw(plane, [(-0.14, 0), (0.14, 0), (0.28, 0.6), (-0.28, 0.6)], glow, "street lamp", "light")
    for u, v in ((0.0, 0.0), (-0.13, -0.27), (0.13, 0.27)):
        canvas.draw(plane, tube([(u, 0), (v, 0.6)], 0.05), post, "street lamp", "lampshade")
    canvas.draw(
        plane,
        [(-0.36, 0.58), (0.36, 0.58), (0.08, 0.86), (0.0, 0.98), (-0.08, 0.86)],
        post,
        "street lamp",
        "lampshade",
        shade=TOP,
    )


def traffic_light(canvas: Canvas, rng: Rng, x: float, z: float, *, height: float | None = None) -> None:
    """Draw a traffic light on a post, one of its three lights on."""
    height = rng.between(3.0, 3.8) if height is None else height
    canvas.shadow(x, z, 0.35, 0.16)
    plane = canvas.camera.upright(x, z)
    post = metal(rng)
    canvas.draw(plane, tube([(0, 0), (0, height)], 0.15), post, "traffic light", "pole", shade=CYLINDER)
    case = Surface(mix(any_color(rng), (0.1, 0.11, 0.1), rng.pick((0.4, 0.85))), "metal")
    head = plane.moved(0, height - 1.5).scaled(1.5)
    if rng.chance(0.5):
        canvas.draw(
            head,
            rounded(-0.32, -0.1, 0.32, 1.2, 0.1),
            Surface((0.88, 0.88, 0.86), "metal"),
            "traffic light",
            "panel",
        )
    canvas.draw(head, rounded(-0.22, 0.0, 0.22, 1.1, 0.08), case, "traffic light", "body", shade=CYLINDER)
    on = rng.count(0, 2)
    for i, color in enumerate(((0.2, 0.85, 0.35), (0.98, 0.72, 0.15), (0.95, 0.16, 0.12))):
        lamp = (
            Surface(color, "glass", glow=1.0)
            if i == on
            else Surface(mix(color, (0.08, 0.08, 0.08), 0.75), "glass")
        )
        canvas.draw(head, ellipse(0, 0.2 + 0.35 * i, 0.14), lamp, "traffic light", "light")


def sign(canvas: Canvas, rng: Rng, x: float, z: float, *, size: float = 1.0, turn: float = 0.0) -> None:
    """Draw a sign on posts: round, triangular, an arrow, or a board with lines of writing."""
    kind = rng.pick(("round", "triangle", "board", "board", "arrow", "diamond"))
    high = rng.between(1.9, 2.3) * (0.6 + 0.4 * size)
    canvas.shadow(x, z, 0.3 * size, 0.14, turn=turn)
    plane = canvas.camera.upright(x, z, turn=turn)
    post, face = rng.pick((metal(rng), wood(rng))), painted(rng)
    if sum(face.color) > 2.2 and kind != "board":
        face = face.times(0.75)
    light = Surface((0.93, 0.92, 0.88), "painted")
    for u in (-0.5 * size, 0.5 * size) if kind == "board" else (0.0,):
        canvas.draw(plane, box(u - 0.05, 0, u + 0.05, high + 0.3), post, "sign", "pole")
    top = plane.moved(0, high + 0.35 * size).scaled(size)
    if kind == "board":
        _board(canvas, rng, top, face, light)
    elif kind == "arrow":
        shape: list[Point] = [(-0.75, -0.25), (0.5, -0.25), (0.85, 0.0), (0.5, 0.25), (-0.75, 0.25)]
        top = top.scaled(rng.side(), 1.0)
        canvas.draw(top, shape, face, "sign", "panel")
        canvas.draw(top, box(-0.6, -0.06, 0.4, 0.06), light, "sign", "panel")
    else:
        _shaped(canvas, rng, top, kind, face, light)


def _board(canvas: Canvas, rng: Rng, plane: Plane, face: Surface, light: Surface) -> None:
    """A board with a frame and lines of writing."""
    canvas.draw(plane, rounded(-0.95, -0.5, 0.95, 0.55, 0.08), light, "sign", "frame")
    canvas.draw(plane, rounded(-0.89, -0.44, 0.89, 0.49, 0.06), face, "sign", "panel")
    ink = light if sum(face.color) < 1.7 else face.times(0.3)
    for v in (0.22, -0.02, -0.26):
        left, right = -0.75, rng.between(0.1, 0.75)
        canvas.draw(plane, box(left, v - 0.05, right, v + 0.07), ink, "sign", "panel")


def _shaped(canvas: Canvas, rng: Rng, plane: Plane, kind: str, face: Surface, light: Surface) -> None:
    """A round, triangular or diamond sign with a rim and a bar."""
    corners = {"round": 0, "triangle": 3, "diamond": 4}[kind]
    for surface, part, radius in ((face, "frame", 0.55), (light, "panel", 0.38)):
        if corners:
            spread = [math.radians(90 + 360 * i / corners) for i in range(corners)]
            outline = [(radius * 1.15 * math.cos(a), radius * 1.15 * math.sin(a)) for a in spread]
        else:
            outline = ellipse(0, 0, radius)
        canvas.draw(plane, outline, surface, "sign", part)
    mark = box(-0.22, -0.07, 0.22, 0.07) if rng.chance(0.5) else box(-0.06, -0.16, 0.06, 0.2)
    canvas.draw(plane, mark, face.times(0.5), "sign", "panel")


def bench(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None) -> None:
    """Draw a bench: seat and back of planks or stone, legs; its front looks to the camera at a turn of 0."""
    turn = rng.between(-35, 35) if turn is None else turn
    canvas.shadow(x, z, 0.95, 0.4, turn=turn)
    half = rng.between(0.8, 1.0)
    slat = rng.pick((wood(rng), wood(rng), painted(rng), stone(rng)))
    leg = rng.pick((metal(rng), slat))
    foot = Block(x, z, 0, 0, 0, turn=turn)

    def part(right: float, back: float, size: Vector, y: float, surface: Surface, name: str) -> None:
        wide, high, deep = size
        draw_block(canvas, foot.piece(right, y, back, wide, deep, high), surface, "bench", name)

    def backrest() -> None:
        for y in (0.54, 0.74):
            part(0, 0.22, (2 * half, 0.15, 0.05), y, slat, "back")

    from_front = abs((turn + 180) % 360 - 180) < 90
    for right in (0.12 - half, half - 0.12):
        part(right, 0.16, (0.09, 0.85, 0.09), 0.0, leg, "leg")
        part(right, -0.18, (0.09, 0.42, 0.09), 0.0, leg, "leg")
    if from_front:
        backrest()
    for back in (-0.12, 0.12) if not from_front else (0.12, -0.12):
        part(0, back, (2 * half, 0.06, 0.2), 0.42, slat, "seat")
    if not from_front:
        backrest()


def umbrella(canvas: Canvas, rng: Rng, x: float, z: float, *, size: float = 1.0) -> None:
    """Draw a beach umbrella: a pole and a canopy of wedges in two colors or patterned cloth."""
    canvas.shadow(x, z, 1.0 * size, 0.5 * size)
    plane = canvas.camera.upright(x, z).scaled(size).leaning(rng.between(-12, 12))
    post = rng.pick((wood(rng), metal(rng)))
    cloth, plain_cloth = fabric(rng, 0.4), fabric(rng, 0.4, texture=None)
    canvas.draw(plane, tube([(0, 0), (0, 2.1)], 0.07), post, "umbrella", "pole", shade=CYLINDER)
    wide, foot, rise = rng.between(1.1, 1.4), 1.72, rng.between(0.5, 0.75)
    inside = Surface(cloth.color, "fabric").times(0.5)
    canvas.draw(plane, ellipse(0, foot + 0.02, wide * 0.97, 0.12), inside, "umbrella", "canopy")
    top = plane.moved(0, foot)
    canvas.draw(top, half_ellipse(0, 0, wide, rise), cloth, "umbrella", "canopy", shade=BALL)
    ribs = (-1.0, -0.82, -0.3, 0.3, 0.82, 1.0)
    wedges = list(pairwise(ribs))
    if cloth.texture is None or rng.chance(0.3):
        for left, right in wedges[::2]:
            rim = [_on_rib(wide, rise, left, k / 5) for k in range(6)]
            rim += [_on_rib(wide, rise, right, 1 - k / 5) for k in range(6)]
            canvas.draw(top, rim, plain_cloth, "umbrella", "canopy", shade=TOP)
    for left, right in wedges:
        scallop = half_ellipse((left + right) / 2 * wide, 0.01, (right - left) / 2 * wide, -0.1)
        canvas.draw(top, scallop, cloth, "umbrella", "canopy", light=0.85)
    canvas.draw(top, ellipse(0, rise, 0.05), post, "umbrella", "canopy")


def _on_rib(wide: float, rise: float, share: float, down: float) -> Point:
    """Point of a canopy's rib, from the top (`down` 0) to the rim (1)."""
    angle = down * math.pi / 2
    return share * wide * math.sin(angle), rise * math.cos(angle)
