"""What makes a church one: its style, crosses, portals, columns and windows."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.buildings.openings import (
    Windows,
    draw_door,
    draw_steps,
    draw_window,
    opening,
    spread,
    windows,
)
from dissect_widgets.world.scenery.buildings.roofs import ridge_roof, round_wall, sideways
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    brick,
    metal,
    mix,
    painted,
    quiet_color,
    roofing,
    stone,
    vary,
    wood,
)


class Style(NamedTuple):
    """What one church is made of."""

    wall: Surface
    trim: Surface
    """Of edges, cornices and columns."""
    roof: Surface
    crown: Surface
    """Of spires and domes."""
    windows: Windows
    shape: str
    """Of its doors and windows: "round", "pointed" or "plain"."""
    cross: Surface


def church_style(rng: Rng, *, shape: str | None = None, dusk: bool = False) -> Style:
    """Any style of church: stone, brick, plaster or wood."""
    shape = shape or rng.pick(("round", "round", "pointed", "pointed"))
    white = Surface(vary(rng, (0.9, 0.89, 0.86), 0.05), "painted", rough=0.06, grain=(2, 2))
    plaster = Surface(quiet_color(rng), "painted", rough=0.1, grain=(2, 2))
    wall = rng.pick(
        (
            stone(rng, blocks=0.9),
            stone(rng, blocks=1.1),
            stone(rng),
            brick(rng, 1.6),
            brick(rng, 1.3),
            white,
            plaster,
            wood(rng, plank=0.7),
        )
    )
    trim = rng.pick(
        (wall.times(0.82)._replace(texture=None), stone(rng), white, wall.times(1.12)._replace(texture=None))
    )
    copper = Surface(vary(rng, (0.42, 0.6, 0.52), 0.05), "metal", "grooved", (0.3, 0.46, 0.4), (0.9, 0.9))
    gold = Surface(vary(rng, (0.8, 0.63, 0.25), 0.05), "metal", rough=0.1)
    colored = painted(rng)
    roof = roofing(rng, 0.9)
    crown = rng.pick((roof, roof, copper, roofing(rng, 0.9), colored, gold, wall))
    cross = rng.pick((gold, metal(rng), white, Surface((0.14, 0.13, 0.13), "metal")))
    return Style(wall, trim, roof, crown, _church_windows(rng, shape, dusk), shape, cross)


def _church_windows(rng: Rng, shape: str, dusk: bool) -> Windows:
    """Windows of leaded, colored or plain glass."""
    style = windows(rng, shape=shape, shutters=0, dusk=dusk)
    if rng.chance(0.35):
        first, second = (mix(any_color(rng), (0.1, 0.12, 0.2), share) for share in (0.4, 0.3))
        texture = rng.pick(("chequered", "grid", "scaly"))
        stained = style.glass._replace(color=first, second=second, texture=texture, period=(0.9, 0.9))
        return style._replace(glass=stained, panes=(1, 1))
    return style._replace(panes=rng.pick(((2, 3), (2, 4), (1, 1), (2, 2))))


def cross(canvas: Canvas, foot: Vector, size: float, surface: Surface, *, turn: float = 0.0) -> None:
    """Draw a cross that stands on a point."""
    x, y, z = foot
    plane = canvas.camera.upright(x, z, y=y, turn=0.6 * turn)
    thin, arm, low, high = 0.075 * size, 0.32 * size, 0.58 * size, 0.74 * size
    right = [(thin, -0.1 * size), (thin, low), (arm, low), (arm, high), (thin, high), (thin, size)]
    outline = [*right, *((-u, v) for u, v in reversed(right))]
    canvas.draw(plane, outline, surface, "church", "cross")


def portal(canvas: Canvas, rng: Rng, style: Style, face: Face, u: float, width: float) -> None:
    """Draw a church door within arches, on a face."""
    height = width * (1.6 if style.shape == "round" else 1.85)
    width, height = max(width, 1.3), max(height, 2.3)
    for share, shade in ((1.55, 1.0), (1.28, 0.72)):
        arch = opening(style.shape, share * width, height + (share - 1) * width / 1.6)
        canvas.draw(face.plane.moved(u, 0), arch, style.trim.times(shade), "church", "arch", light=face.light)
    draw_door(canvas, rng, face, u, width=width, height=height, shape=style.shape)
    if rng.chance(0.6):
        draw_steps(canvas, face, "church", u, 1.5 * width, style.trim)


def rose(canvas: Canvas, style: Style, face: Face, v: float, radius: float) -> None:
    """Draw a round window with spokes, its middle at a height."""
    plane = face.plane.moved(0, v)
    canvas.draw(plane, ellipse(0, 0, 1.25 * radius), style.trim, "window", "frame", light=face.light)
    canvas.draw(plane, ellipse(0, 0, radius), style.windows.glass, "window", "pane", light=face.light)
    for degrees in (0, 45, 90, 135):
        spoke = box(-radius, -0.07 * radius, radius, 0.07 * radius)
        canvas.draw(plane.leaning(degrees), spoke, style.trim, "window", "frame", light=face.light)
    canvas.draw(plane, ellipse(0, 0, 0.3 * radius), style.trim, "window", "frame", light=face.light)


def side_windows(
    canvas: Canvas, style: Style, face: Face, *, bottom: float = 0.25, buttresses: bool = False
) -> None:
    """Draw a row of tall windows along a wall, with buttresses between them or not."""
    count = max(2, min(6, round(face.width / 3.6)))
    step = face.width / count
    width = min(0.42 * step, 0.35 * face.height)
    for u in spread(face.width, count):
        size = (width, (0.86 - bottom) * face.height)
        draw_window(canvas, style.windows, face, u, bottom * face.height, *size)
    if buttresses:
        for number in range(count + 1):
            u = (number / count - 0.5) * 0.97 * face.width
            low, high, top = 0.09 * step, 0.06 * step, 0.8 * face.height
            pier = [(u - low, 0), (u + low, 0), (u + high, top), (u - high, top)]
            canvas.draw(face.plane, pier, style.trim, "church", "column", light=0.92 * face.light)


def portico(canvas: Canvas, rng: Rng, style: Style, block: Block) -> None:
    """Draw columns and a pediment in front of a block's front, which looks towards the camera."""
    width, height = 0.72 * block.width, 0.72 * block.height
    deep = 0.16 * block.width
    beam = block.piece(0, 0.88 * height, -block.depth / 2 - deep / 2, width, deep, 0.12 * height)
    places = [beam.at(u, -beam.y, -deep / 2 + 0.25) for u in spread(width, rng.pick((4, 4, 6)))]
    for x, y, z in canvas.camera.far_to_near(places):
        radius = 0.055 * width
        round_wall(canvas, (x, y, z), (radius, 0.85 * radius), 0.88 * height, style.trim, "church", "column")
    draw_block(canvas, beam, style.trim, "church", "facade")
    surfaces = (style.roof, style.wall)
    ridge_roof(canvas, sideways(beam), 0.24 * width, *surfaces, "church", overhang=0.25, trim=style.trim)
