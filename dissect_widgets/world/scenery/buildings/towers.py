"""Towers of all kinds, and lighthouses."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.houses import walls
from dissect_widgets.world.scenery.buildings.openings import (
    Windows,
    draw_clock,
    draw_door,
    draw_window,
    spread,
    windows,
)
from dissect_widgets.world.scenery.buildings.roofs import dome, frustum, round_wall
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, tube
from dissect_widgets.world.scenery.drawing.solids import Face
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    brick,
    glass,
    metal,
    painted,
    roofing,
    stone,
    wood,
)


def tower(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    kind: str | None = None,
    height: float | None = None,
    turn: float = 0.0,
) -> None:
    """Draw a tower: "stone" with battlements, "control" as on airfields, "water", or "clock"."""
    kind = kind or rng.pick(("stone", "control", "water", "clock"))
    height = rng.between(12, 18) if height is None else height
    canvas.shadow(x, z, 0.25 * height, 0.2 * height)
    if kind == "control":
        _control_tower(canvas, rng, x, z, height, turn)
    elif kind == "water":
        _water_tower(canvas, rng, x, z, height)
    else:
        _stone_tower(canvas, rng, x, z, height, turn, clock=kind == "clock")


def _control_tower(canvas: Canvas, rng: Rng, x: float, z: float, height: float, turn: float) -> None:
    """A shaft with a cabin of glass."""
    wall, pane, wide = walls(rng), glass(rng), 0.11 * height
    shaft = frustum(canvas, (x, 0, z), (wide, 0.85 * wide), 0.7 * height, wall, "tower", turn=turn)
    style = Windows(pane, wall.times(0.8), panes=(1, 1))
    for face in shaft:
        for level in (0.2, 0.42):
            draw_window(canvas, style, face, 0, level * height, 0.5 * wide, 0.08 * height)
    panes = pane._replace(texture="grid", second=(0.85, 0.85, 0.85), period=(1.2 * wide, 9))
    for low, high, radii, surface, name, part in (
        (0.7, 0.76, (0.9, 1.5), wall.times(0.7), "tower", "facade"),
        (0.76, 0.9, (1.5, 1.75), panes, "window", "pane"),
        (0.9, 0.95, (1.75, 1.6), painted(rng), "tower", "roof"),
    ):
        foot, edges = (x, low * height, z), (radii[0] * wide, radii[1] * wide)
        frustum(canvas, foot, edges, (high - low) * height, surface, name, part, sides=8, turn=turn)
    mast = canvas.camera.upright(x, z, y=0.94 * height)
    canvas.draw(mast, box(-0.1, 0, 0.1, 0.18 * height), metal(rng), "tower", "mast")


def _water_tower(canvas: Canvas, rng: Rng, x: float, z: float, height: float) -> None:
    """A tank on legs."""
    tank, legs = rng.pick((metal(rng), painted(rng), wood(rng, plank=0.6))), metal(rng)
    plane, wide = canvas.camera.upright(x, z), 0.2 * height
    for foot, head in ((-0.9, -0.6), (0.9, 0.6), (-0.35, -0.25), (0.35, 0.25)):
        leg = tube([(foot * wide, 0), (head * wide, 0.6 * height)], 0.4)
        canvas.draw(plane, leg, legs, "tower", "post")
    brace = box(-0.75 * wide, 0.3 * height, 0.75 * wide, 0.32 * height)
    canvas.draw(plane, brace, legs, "tower", "post")
    round_wall(canvas, (x, 0.58 * height, z), (wide, wide), 0.28 * height, tank, "tower")
    roof, shape = roofing(rng), rng.pick(("round", "bell"))
    dome(canvas, (x, 0.86 * height, z), 1.1 * wide, 0.14 * height, roof, "tower", "roof", shape=shape)


def _stone_tower(
    canvas: Canvas, rng: Rng, x: float, z: float, height: float, turn: float, *, clock: bool
) -> None:
    """A square tower with battlements, or with a clock and a pointed roof."""
    wall, wide = rng.pick((stone(rng, blocks=0.8), brick(rng, 1.4))), 0.15 * height
    style = windows(rng, shape="round", shutters=0)
    for face in frustum(canvas, (x, 0, z), (wide, wide), 0.8 * height, wall, "tower", turn=turn):
        for level in (0.25,) if clock else (0.25, 0.55):
            draw_window(canvas, style, face, 0, level * height, 0.5 * wide, 0.14 * height)
        if clock:
            draw_clock(canvas, rng, face, 0.64 * height, 0.6 * wide)
    top = (x, 0.8 * height, z)
    if clock:
        frustum(canvas, top, (wide, 0), 0.35 * height, roofing(rng, 0.7), "tower", "roof", turn=turn)
    else:
        battlements(canvas, top, 1.15 * wide, 0.1 * height, wall.times(0.9), turn)


def battlements(
    canvas: Canvas,
    foot: Vector,
    radius: float,
    height: float,
    wall: Surface,
    turn: float,
) -> None:
    """Draw the crenellated top of a square tower."""
    for face in frustum(canvas, foot, (radius, radius), 0.5 * height, wall, "tower", "facade", turn=turn):
        for u in spread(2.3 * radius, 4):
            tooth = box(u - 0.18 * radius, 0.45 * height, u + 0.18 * radius, height)
            canvas.draw(face.plane, tooth, wall, "tower", "facade", light=face.light)


def lighthouse(
    canvas: Canvas, rng: Rng, x: float, z: float, *, height: float | None = None, y: float = 0.0
) -> None:
    """Draw a lighthouse: a round tower with bands of two colors, a gallery and a lantern."""
    height = rng.between(12, 18) if height is None else height
    radius, top = 0.14 * height, 0.085 * height
    light, dark = painted(rng, (0.93, 0.92, 0.89)), painted(rng)
    bands = rng.pick((1, 3, 5, 5, 7))
    canvas.shadow(x, z, 1.6 * radius, 1.3 * radius, y=y)
    if bands == 1:
        light = rng.pick((light, stone(rng, blocks=0.9), brick(rng, 1.5)))
    for band in range(bands):
        radii = tuple(radius + (top - radius) * (band + step) / bands for step in (0, 1))
        surface = light if band % 2 == 0 else dark
        foot = (x, y + 0.78 * height * band / bands, z)
        round_wall(canvas, foot, (radii[0], radii[1]), 0.78 * height / bands, surface, "lighthouse")
    face = Face(canvas.camera.upright(x, z - radius, y=y), 2 * radius, height, 1.0)
    draw_door(canvas, rng, face, 0.0, width=0.09 * height, height=0.16 * height, shape="round")
    style = windows(rng, shape="round", shutters=0)
    for level in (0.36, 0.58):
        draw_window(canvas, style, face, 0, level * height, 0.06 * height, 0.09 * height)
    _lantern(canvas, rng, (x, y + 0.78 * height, z), top, height, dark)


def _lantern(canvas: Canvas, rng: Rng, foot: Vector, radius: float, height: float, dark: Surface) -> None:
    """Gallery with a railing, the lamp behind glass, and a small dome."""
    x, y, z = foot
    round_wall(canvas, foot, (1.45 * radius, 1.45 * radius), 0.025 * height, dark.times(0.8), "lighthouse")
    pane = glass(rng)._replace(texture="grid", second=(0.2, 0.2, 0.22), period=(0.6 * radius, 0.06 * height))
    room, narrow = (x, y + 0.025 * height, z), (0.75 * radius, 0.75 * radius)
    round_wall(canvas, room, narrow, 0.11 * height, pane, "lighthouse", "light")
    plane = canvas.camera.upright(x, z, y=y)
    glow = Surface((1.0, 0.9, 0.6), "glass", glow=0.9)
    canvas.draw(plane, ellipse(0, 0.08 * height, 0.35 * radius), glow, "lighthouse", "light")
    rail = metal(rng)._replace(texture="grid", second=dark.color, period=(0.4 * radius, 9))
    bar = box(-1.4 * radius, 0.058 * height, 1.4 * radius, 0.07 * height)
    canvas.draw(plane, bar, rail, "lighthouse", "railing")
    shape = rng.pick(("round", "pointed"))
    dome(canvas, (x, y + 0.13 * height, z), radius, 0.07 * height, dark, "lighthouse", shape=shape)
