"""Windows, doors, awnings and clocks on the walls of buildings."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import arched, box, ellipse
from dissect_widgets.world.scenery.drawing.solids import Face
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    glass,
    mix,
    painted,
    stone,
    wood,
)


class Windows(NamedTuple):
    """How the windows of one building look."""

    glass: Surface
    frame: Surface
    shape: str = "plain"
    """"plain", "round" or "pointed"."""
    panes: tuple[int, int] = (2, 2)
    """Panes across and up; (1, 1) for none."""
    shutters: Surface | None = None
    sill: bool = False


def windows(rng: Rng, *, shape: str = "plain", shutters: float = 0.3, dusk: bool = False) -> Windows:
    """Any windows of a shape, with shutters at a probability; lit from inside if it is dusk."""
    pane = glass(rng)
    if dusk and rng.chance(0.7):
        pane = pane._replace(color=mix((0.98, 0.8, 0.45), any_color(rng), 0.15), glow=0.8, rough=0.1)
    frame = rng.pick((painted(rng, (0.9, 0.89, 0.86)), painted(rng), stone(rng), wood(rng)))
    return Windows(
        pane,
        frame,
        shape,
        rng.pick(((2, 2), (2, 3), (1, 2), (2, 1), (1, 1))),
        painted(rng) if rng.chance(shutters) else None,
        rng.chance(0.5),
    )


def opening(shape: str, width: float, height: float) -> list[Point]:
    """Outline of a window or door that stands on (0, 0)."""
    if shape == "plain":
        return box(-width / 2, 0, width / 2, height)
    return arched(-width / 2, 0, width / 2, height, pointed=0.7 if shape == "pointed" else 0.0)


def seen_width(plane: Plane, width: float) -> float:
    """Share of the image's width that a length takes at the origin of a plane."""
    ends = plane.project([(-width / 2, 0.0), (0.0, 0.01), (width / 2, 0.0)])
    return max(x for x, _ in ends) - min(x for x, _ in ends) if len(ends) == 3 else 1.0


def draw_window(
    canvas: Canvas,
    style: Windows,
    face: Face,
    u: float,
    v: float,
    width: float,
    height: float,
) -> None:
    """Draw a window on a face, the middle of its sill at (u, v)."""
    plane, shape = face.plane.moved(u, v), style.shape
    seen = seen_width(plane, width)
    if seen < 0.008:
        return
    if seen < 0.028:
        canvas.draw(plane, opening(shape, width, height), style.glass, "window", "pane", light=face.light)
        return
    edge = 0.1 * min(width, height) + 0.03
    if style.shutters is not None and shape == "plain":
        leaf = style.shutters.textured("striped", 0.7, (9, 0.3))
        for side in (-1, 1):
            outer, inner = side * (width * 0.98), side * width / 2
            outline = box(min(outer, inner), 0, max(outer, inner), height)
            canvas.draw(plane, outline, leaf, "window", "shutter", light=face.light)
    outer_edge = plane.moved(0, -edge)
    canvas.draw(
        outer_edge,
        opening(shape, width + 2 * edge, height + 2 * edge),
        style.frame,
        "window",
        "frame",
        light=face.light,
    )
    canvas.draw(
        plane.moved(-width / 2, 0),
        [(x + width / 2, y) for x, y in opening(shape, width, height)],
        _paned(style, width, height),
        "window",
        "pane",
        light=face.light,
    )
    if style.sill and shape == "plain":
        sill = box(-width * 0.62, -2 * edge, width * 0.62, -edge / 2)
        canvas.draw(plane, sill, style.frame.times(0.85), "window", "sill", light=face.light)


def _paned(style: Windows, width: float, height: float) -> Surface:
    """Glass with bars, which are as wide as a fifth of a pane."""
    if style.panes == (1, 1) or style.glass.texture is not None:
        return style.glass
    bars = style.frame.color
    return style.glass._replace(
        texture="grid", second=bars, period=(width / style.panes[0], height / style.panes[1])
    )


def window_row(
    canvas: Canvas,
    style: Windows,
    face: Face,
    v: float,
    size: tuple[float, float],
    places: list[float],
) -> None:
    """Draw windows of one size in a row, at places along a face."""
    for u in places:
        draw_window(canvas, style, face, u, v, *size)


def spread(width: float, count: int) -> list[float]:
    """Middles of some equal shares of a width around 0."""
    return [width * ((i + 0.5) / count - 0.5) for i in range(count)]


def draw_door(
    canvas: Canvas,
    rng: Rng,
    face: Face,
    u: float,
    *,
    width: float = 1.1,
    height: float = 2.1,
    shape: str = "plain",
) -> None:
    """Draw a door with its frame on a face, its threshold at (u, 0)."""
    plane = face.plane.moved(u, 0)
    leaf = rng.pick((painted(rng), painted(rng), wood(rng), wood(rng, plank=width / 4)))
    frame = rng.pick((painted(rng, (0.9, 0.88, 0.84)), stone(rng), leaf.times(0.6)))
    edge = 0.11 * width
    canvas.draw(
        plane, opening(shape, width + 2 * edge, height + edge), frame, "door", "frame", light=face.light
    )
    canvas.draw(plane, opening(shape, width, height), leaf, "door", light=face.light)
    if seen_width(plane, width) < 0.04:
        return
    if leaf.texture is None:
        _panels(canvas, rng, face, plane, leaf, (width, height))
    elif width > 1.6:
        canvas.draw(plane, box(-0.05, 0, 0.05, height), leaf.times(0.4), "door", light=face.light)
    knob = ellipse(0.3 * width, 0.47 * height, 0.05 * width + 0.02)
    canvas.draw(plane, knob, Surface((0.7, 0.62, 0.4), "metal"), "door", "handle", light=face.light)


def _panels(
    canvas: Canvas, rng: Rng, face: Face, plane: Plane, leaf: Surface, size: tuple[float, float]
) -> None:
    """Panels of a door leaf, the upper ones perhaps of glass."""
    width, height = size
    lower = leaf.times(0.72)
    upper = glass(rng) if rng.chance(0.35) else lower
    for surface, bottom, top in ((lower, 0.1, 0.42), (upper, 0.52, 0.8)):
        panel = box(-0.34 * width, bottom * height, 0.34 * width, top * height)
        canvas.draw(plane, panel, surface, "door", "panel", light=face.light)


def draw_steps(canvas: Canvas, face: Face, name: str, u: float, width: float, surface: Surface) -> None:
    """Draw two steps before a door in a face of a thing; `width` is that of the upper one."""
    for half, top, shade in ((0.5 * width, 0.24 * width, 1.1), (0.68 * width, 0.12 * width, 0.95)):
        outline = box(u - half, 0, u + half, top)
        canvas.draw(face.plane, outline, surface.times(shade), name, "step", light=face.light)


def awning(
    canvas: Canvas, face: Face, name: str, u: float, v: float, width: float, height: float, cloth: Surface
) -> None:
    """Draw a sloping canopy on a face of a thing, the middle of its lower edge at (u, v)."""
    low, high = width / 2, 0.45 * width
    outline = [(u - low, v), (u + low, v), (u + high, v + height), (u - high, v + height)]
    canvas.draw(face.plane, outline, cloth, name, "awning", light=1.1 * face.light)


def draw_clock(canvas: Canvas, rng: Rng, face: Face, v: float, radius: float) -> None:
    """Draw a dial with hands, its middle at a height."""
    dial = rng.pick(((0.92, 0.9, 0.84), (0.16, 0.18, 0.24)))
    gilt = Surface((0.1, 0.1, 0.1) if dial[0] > 0.5 else (0.85, 0.7, 0.3), "metal")
    plane = face.plane.moved(0, v).scaled(radius)
    hands = [(-0.08, 0), (0, 0.8), (0.12, 0.1), (0.6, -0.1), (0, -0.12)]
    for outline, surface, part in (
        (ellipse(0, 0, 1.15), gilt, "frame"),
        (ellipse(0, 0, 1), Surface(dial, "painted"), "face"),
        (hands, gilt, "hand"),
    ):
        canvas.draw(plane, outline, surface, "clock", part, light=face.light)
