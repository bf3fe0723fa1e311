"""Bathtubs and toilets; sinks are in `sinks`."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, clipped, ellipse, rounded, smooth, tube
from dissect_widgets.world.scenery.drawing.solids import Block, draw_between, draw_block, draw_slab, faces
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    ceramic,
    fabric,
    marble,
    metal,
    painted,
    plastic,
    tiles,
    vary,
    wood,
)
from dissect_widgets.world.scenery.furniture.parts import on, post

ROUND = Shade(1.04, uu=-0.16, sided=0.14)


def bathtub(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    length: float | None = None,
    standing: bool | None = None,
) -> None:
    """Draw a bathtub whose long side looks towards the camera at a turn of 0.

    Parameters
    ----------
    standing
        True for one that stands free, rounded; False for one built in, in a box of tiles or boards.
    """
    long, wide = length or rng.between(1.55, 1.8), rng.between(0.74, 0.84)
    tub = Block(x, z, long, wide, rng.between(0.54, 0.62), 0.0, turn)
    enamel = ceramic(rng) if rng.chance(0.8) else painted(rng)._replace(material="ceramic")
    standing = rng.chance(0.5) if standing is None else standing
    canvas.shadow(x, z, long * 0.56, wide * 0.62, turn=turn)
    if standing:
        _free_tub(canvas, rng, tub, enamel)
    else:
        case = rng.pick(
            (tiles(rng, 0.2), enamel, wood(rng, plank=0.14), marble(rng)._replace(period=(1.4, 1.4)))
        )
        draw_block(canvas, tub, case, "bathtub", "body")
        rim = tub.piece(0, tub.height - 0.05, 0, long + 0.03, wide + 0.03, 0.06)
        draw_block(canvas, rim, enamel, "bathtub")
        _hollow(
            canvas,
            rng,
            tub,
            enamel,
            rounded(-long / 2 + 0.08, -wide / 2 + 0.08, long / 2 - 0.08, wide / 2 - 0.08, 0.2),
        )
    _tap(canvas, rng, tub)
    if rng.chance(0.35):
        _draped_towel(canvas, rng, tub)


def _draped_towel(canvas: Canvas, rng: Rng, tub: Block) -> None:
    """A towel over the rim of a tub."""
    cloth, u, half = fabric(rng, 0.18), tub.width * rng.between(-0.2, 0.2), rng.between(0.18, 0.26)
    seen = faces(tub._replace(depth=tub.depth + 0.05), canvas.camera, canvas.light.side)
    low, top = rng.between(0.1, 0.25), tub.height + 0.02
    on(
        canvas,
        seen.get("front"),
        box(u - half, low, u + half, top),
        cloth,
        "towel",
        light=1.1,
        shade=Shade(uu=-0.1),
    )
    on(canvas, seen.get("top"), box(u - half, 0, u + half, 0.12), cloth, "towel", light=1.05)


def _free_tub(canvas: Canvas, rng: Rng, tub: Block, enamel: Surface) -> None:
    """Tub with round ends, narrower below; on feet or on the floor."""
    a, b, h = tub.width / 2, tub.depth / 2, tub.height
    outside = enamel if rng.chance(0.5) else painted(rng)
    low = rng.pick((0.02, 0.12))
    if low > 0.1:
        feet = metal(rng)
        for right in (-0.55, 0.55):
            for back in (0.5, -0.5):
                px, _, pz = tub.at(right * a, 0, back * b)
                post(canvas, px, pz, feet, "bathtub", "leg", height=0.2, thick=0.09, taper=0.6)
    oval = rng.chance(0.5)
    rim = ellipse(0, 0, a, b) if oval else rounded(-a, -b, a, b, 0.9 * b)
    foot = [(0.78 * u, 0.72 * v) for u, v in rim]
    _tapered(canvas, tub, (foot, low), (rim, h), outside, "bathtub", "body")
    plane = canvas.camera.ground(tub.x, tub.z, y=h, turn=tub.turn)
    canvas.draw(plane, rim, enamel, "bathtub", light=1.02)
    _hollow(canvas, rng, tub, enamel, [(u * (1 - 0.07 / a), v * (1 - 0.07 / b)) for u, v in rim])


def _tapered(
    canvas: Canvas,
    block: Block,
    foot: tuple[list[Point], float],
    rim: tuple[list[Point], float],
    surface: Surface,
    object_name: str,
    part: str | None,
) -> None:
    """Draw the side of something between two outlines at two heights, in the frame of a block."""
    rings = [
        canvas.camera.ground(block.x, block.z, y=block.y + height, turn=block.turn).project(outline)
        for outline, height in (foot, rim)
    ]
    draw_between(canvas, rings[0], rings[1], surface, object_name, part, light=0.9, shade=ROUND)


def _hollow(canvas: Canvas, rng: Rng, tub: Block, enamel: Surface, opening: list[Point]) -> None:
    """The inside of a tub: its far wall, and water or the bottom below."""
    if canvas.camera.height < tub.height + 0.06:
        return
    plane = canvas.camera.ground(tub.x, tub.z, y=tub.height, turn=tub.turn)
    canvas.draw(plane, opening, enamel.times(0.8), "bathtub", "basin", shade=Shade(v=0.1))
    full = rng.chance(0.4)
    drop = 0.16 if full else 0.4
    bottom = [(0.86 * u, 0.86 * v) for u, v in opening] if not full else opening
    seen = clipped(_through(canvas, tub, bottom, drop), opening)
    if len(seen) < 3:
        return
    if full:
        water = Surface(vary(rng, (0.5, 0.72, 0.78)), None, "wrinkled", (0.75, 0.88, 0.9), (0.3, 0.16))
        canvas.draw(plane, seen, water, "water")
    else:
        canvas.draw(plane, seen, enamel.times(0.92), "bathtub", "basin")


def _through(canvas: Canvas, tub: Block, outline: list[Point], drop: float) -> list[Point]:
    """Where, on the plane of a tub's rim, one sees an outline that lies deeper than it."""
    above = canvas.camera.height - tub.height
    share = above / (above + drop)
    a, b = tub.across, tub.inward
    away = canvas.camera.x - tub.x, -tub.z
    eye = away[0] * a[0] + away[1] * a[2], away[0] * b[0] + away[1] * b[2]
    return [(eye[0] + (u - eye[0]) * share, eye[1] + (v - eye[1]) * share) for u, v in outline]


def _tap(canvas: Canvas, rng: Rng, tub: Block) -> None:
    """Faucet at the far side of a tub, sometimes with a shower above it."""
    steel, end = metal(rng), rng.side()
    x, y, z = tub.at(end * rng.between(0.0, 0.3) * tub.width, tub.height, 0.5 * tub.depth - 0.05)
    plane = canvas.camera.facing(x, z, y=y)
    high = 0.2
    bend = smooth([(0, 0), (0, high), (-0.16 * end, high), (-0.16 * end, 0.6 * high)], 4, closed=False)
    canvas.draw(plane, tube(bend, 0.04), steel, "bathtub", "faucet")
    for side in (-0.09, 0.09):
        canvas.draw(plane, ellipse(side, 0.05, 0.035), steel, "bathtub", "handle")
    if rng.chance(0.4):
        canvas.draw(plane, tube([(0, high), (0, 1.35), (-0.2 * end, 1.4)], 0.03), steel, "bathtub", "pole")
        head = [(-0.2 * end + u, v) for u, v in ((-0.12, 1.3), (0.12, 1.3), (0.05, 1.4), (-0.05, 1.4))]
        canvas.draw(plane, head, steel, "bathtub", "faucet")


def toilet(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float = 0.0) -> None:
    """Draw a toilet with its tank; at a turn of 0 its front looks towards the camera."""
    bowl = ceramic(rng) if rng.chance(0.85) else painted(rng)._replace(material="ceramic")
    seat = rng.pick((bowl.times(1.04), bowl.times(1.04), wood(rng), plastic(rng)))
    whole = Block(x, z, rng.between(0.44, 0.5), 0.72, 0.42, 0.0, turn)
    canvas.shadow(x, z, 0.3, 0.42, turn=turn)
    tank = whole.piece(0, 0.36, 0.27, whole.width + 0.04, 0.18, rng.between(0.38, 0.48))
    half = tank.width / 2
    draw_slab(
        canvas, tank, rounded(-half, 0, half, tank.height, 0.04), bowl, "toilet", "body", shade=Shade(v=0.06)
    )
    lid = tank.piece(0, tank.height, 0, tank.width + 0.04, 0.21, 0.045)
    seen = draw_block(canvas, lid, bowl.times(1.03), "toilet", "body")
    on(canvas, seen.get("top"), ellipse(0, 0.1, 0.05, 0.04), metal(rng), "toilet", "handle")
    ring = _egg(whole.width / 2, 0.0)
    foot = [(0.7 * u, 0.06 + 0.78 * (v + 0.08)) for u, v in ring]
    _tapered(canvas, whole, (foot, 0.0), (ring, 0.38), bowl, "toilet", "basin")
    _tapered(canvas, whole, (ring, 0.38), (ring, 0.42), seat.times(0.85), "toilet", "seat")
    plane = canvas.camera.ground(x, z, y=0.42, turn=turn)
    canvas.draw(plane, ring, seat, "toilet", "seat")
    if rng.chance(0.6):  # the lid is up
        canvas.draw(plane, _egg(whole.width / 2, 0.075), bowl.times(0.62), "toilet", "basin")
        water = [(0.6 * u, 0.55 * (v + 0.1) - 0.12) for u, v in _egg(whole.width / 2, 0.08)]
        canvas.draw(plane, water, Surface((0.6, 0.72, 0.76), None), "toilet", "basin")
        _raised(canvas, whole, seat)


def _egg(half: float, inset: float) -> list[Point]:
    """Outline of a seat, rounder in front; v runs from -0.36 (front) to 0.18."""
    a, middle = half - inset, -0.1
    return [
        (
            a * math.cos(math.tau * i / 20),
            middle + (0.28 - inset) * math.sin(math.tau * i / 20) * (0.9 if i < 10 else 1.0),
        )
        for i in range(20)
    ]


def _raised(canvas: Canvas, whole: Block, seat: Surface) -> None:
    """A lid that leans at the tank."""
    x, y, z = whole.at(0, 0.42, 0.14)
    b = whole.inward
    plane = canvas.camera.plane((x, y, z), whole.across, (0.17 * b[0], 0.98, 0.17 * b[2]))
    half = whole.width / 2
    outline = [
        *box(-0.8 * half, 0, 0.8 * half, 0.05)[:2],
        *smooth([(half, 0.2), (0.6 * half, 0.4), (-0.6 * half, 0.4), (-half, 0.2)], 4, closed=False),
    ]
    canvas.draw(plane, outline, seat, "toilet", "seat", light=0.9, shade=Shade(v=0.06))
