"""Land under the open sky: grounds, water, paths and rocks; see `backdrops` for hills and mountains.

A landscape is drawn from far to near:

>>> canvas = outdoors(rng, season="winter")
>>> mountains(canvas, rng)
>>> ground(canvas, snow(rng), "snow")
>>> strip(canvas, gravel(rng), "path", [(0, 0.5), (2, 8), (-1, 30)], 1.5)
>>> rock(canvas, rng, 2, 9)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dissect_widgets.world.scenery.drawing.canvas import BALL, TOP, Canvas
from dissect_widgets.world.scenery.drawing.light import Light, outdoor_light
from dissect_widgets.world.scenery.drawing.planes import Camera, Plane, Point, Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, box, ellipse, smooth, tube
from dissect_widgets.world.scenery.drawing.staging import far
from dissect_widgets.world.scenery.drawing.surfaces import (
    STONES,
    Surface,
    earth,
    foliage,
    mix,
    pick_color,
    times,
)
from dissect_widgets.world.scenery.names import number_of
from dissect_widgets.world.scenery.nature.sky import sky

FAR = 4000.0
"""Where the ground ends, in meters."""


def outdoors(
    rng: Rng,
    *,
    season: str | None = None,
    height: tuple[float, float] = (1.4, 3.0),
    horizon: tuple[float, float] = (0.35, 0.55),
    zoom: tuple[float, float] = (0.8, 1.1),
) -> Canvas:
    """A canvas with camera, light and sky; the ranges are those of the camera."""
    camera = Camera(rng.between(*height), rng.between(*horizon), rng.between(*zoom), rng.between(0.38, 0.62))
    canvas = Canvas(camera, outdoor_light(rng, season=season))
    sky(canvas, rng)
    return canvas


def grass(rng: Rng, light: Light) -> Surface:
    """Grass in the season."""
    color = mix(light.meadow(rng), (0.48, 0.47, 0.36), rng.between(0.05, 0.35))
    return foliage(rng, color, rng.between(0.3, 0.7))._replace(rough=rng.between(0.15, 0.35))


def snow(rng: Rng) -> Surface:
    """Snow: fresh, blue in the shade, or trodden."""
    color = pick_color(rng, ((0.87, 0.89, 0.92), (0.82, 0.86, 0.93), (0.85, 0.85, 0.86), (0.89, 0.87, 0.85)))
    return Surface(color, rough=rng.between(0.05, 0.12), grain=(1.6, 1.2), glow=0.35)


def sand(rng: Rng) -> Surface:
    """Sand: white, yellow, red, gray or black, smooth or with ripples."""
    color = pick_color(
        rng,
        ((0.84, 0.76, 0.6), (0.9, 0.86, 0.78), (0.78, 0.62, 0.42), (0.74, 0.5, 0.34), (0.66, 0.62, 0.56)),
    )
    plain = earth(rng, color, rng.between(0.4, 1.2))
    if rng.chance(0.6):
        return plain
    return plain._replace(texture="wrinkled", second=times(color, 0.82), period=(1.2, rng.between(0.5, 0.9)))


def gravel(rng: Rng) -> Surface:
    """Soil, gravel or trodden clay."""
    color = pick_color(
        rng, ((0.55, 0.47, 0.37), (0.66, 0.6, 0.5), (0.42, 0.36, 0.3), (0.6, 0.5, 0.4), (0.62, 0.6, 0.57))
    )
    return earth(rng, color, rng.between(0.2, 0.6))._replace(rough=0.22)


def water(rng: Rng, light: Light) -> Surface:
    """Water that mirrors the sky, with ripples."""
    depth = pick_color(rng, ((0.08, 0.3, 0.44), (0.12, 0.38, 0.38), (0.1, 0.2, 0.34), (0.26, 0.34, 0.26)))
    color = mix(depth, mix(light.sky[0], light.sky[1], 0.25), rng.between(0.2, 0.5))
    ripples = mix(color, light.sky[1], rng.between(0.15, 0.35))
    long = rng.between(0.7, 1.6)
    return Surface(
        color, None, "wrinkled", ripples, (2 * long, long), rough=0.08, grain=(3.0, 0.8), glow=0.35
    )


def ground(canvas: Canvas, surface: Surface, name: str) -> None:
    """Cover everything below the horizon; shadows will fall on it."""
    canvas.floor = (surface, name)
    canvas.draw(canvas.camera.ground(), box(-FAR, 0.1, FAR, FAR), surface, name)


def meadow(canvas: Canvas, rng: Rng) -> None:
    """Cover the ground with grass, darker and lighter in places; in winter there may be snow instead."""
    if canvas.light.season == "winter" and rng.chance(0.4):
        ground(canvas, snow(rng), "snow")
    else:
        ground(canvas, grass(rng, canvas.light), "grass")
    patches(canvas, rng)


def patches(canvas: Canvas, rng: Rng, count: int = 5) -> None:
    """Let the ground be darker and lighter in places, without an edge."""
    if canvas.floor is None:
        return
    surface, name = canvas.floor
    for _ in range(count):
        z = far(rng, 3.0, 40.0)
        x = rng.between(canvas.camera.left_edge(z), canvas.camera.right_edge(z))
        shape = blob(rng, 0, 0, rng.between(0.1, 0.35) * z, rng.between(0.06, 0.2) * z)
        tone = surface.times(rng.pick((0.93, 0.96, 1.05)))
        canvas.draw(canvas.camera.ground(x, z), shape, tone, name)


def strip(
    canvas: Canvas,
    surface: Surface,
    name: str,
    points: Sequence[Point],
    width: float,
    *,
    end: float | None = None,
) -> None:
    """Draw a path, road or river on the ground along points (x, z), of a width in meters, or of two."""
    line = smooth(points, 8, closed=False) if len(points) > 2 else list(points)
    canvas.draw(canvas.camera.ground(), tube(line, width, end), surface, name)


def rock(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    size: float = 1.0,
    surface: Surface | None = None,
    snowy: bool = False,
) -> None:
    """A boulder about `size` meters wide, with a lit face, perhaps with snow on it."""
    wide, high = size / 2, size * rng.between(0.35, 0.7)
    color = pick_color(rng, STONES)
    texture = rng.pick((None, None, "flecked", "marbled"))
    period = (0.6 * size, 0.6 * size)
    grain = (0.25 * size, 0.2 * size)
    stone = surface or Surface(color, "stone", texture, times(color, 0.72), period, rough=0.25, grain=grain)
    canvas.shadow(x, z, wide * 1.25, wide * 0.55)
    plane = canvas.camera.upright(x, z)
    around = [math.pi * (i + rng.between(-0.3, 0.3)) / 6 for i in range(7)]
    reach = [rng.between(0.85, 1.08) for _ in around]
    top = [
        (wide * r * math.cos(a), max(high * r * math.sin(a), 0)) for a, r in zip(around, reach, strict=True)
    ]
    canvas.draw(
        plane, [(-0.85 * wide, -0.06 * high), (0.8 * wide, -0.08 * high), *top], stone, "rock", shade=BALL
    )
    lean = 0.35 * wide * (1 if canvas.light.side > 0 else -1)
    inner = [(0.62 * u + lean, high * 0.3 + 0.66 * v) for u, v in top[1:-1]]
    face = [*inner, (lean - 0.3 * wide, 0.3 * high), (lean + 0.25 * wide, 0.22 * high)]
    if snowy:
        cap = [*top[1:-1], *((0.8 * u, 0.72 * v) for u, v in reversed(top[1:-1]))]
        canvas.draw(plane, cap, snow(rng), "rock", shade=TOP)
    else:
        canvas.draw(plane, face, stone.times(1.15), "rock", shade=TOP)


# ----------------------------------------------------------------------------------------- water


def ripples(canvas: Canvas, rng: Rng, spots: Sequence[Point], surface: Surface) -> None:
    """Draw small waves, lighter than the water, at places (x, z) of the ground."""
    crest = surface._replace(color=surface.second, texture=None)
    for x, z in spots:
        shape = ellipse(0, 0, z * rng.between(0.03, 0.11), z * z * rng.between(0.0012, 0.003))
        canvas.draw(canvas.camera.ground(x, z), shape, crest, "water", "wave")


class _Mirror(Camera):
    """A camera that sees the world upside down, as in the surface of water at a height of 0."""

    __slots__ = ()

    def plane(self, origin: Vector, across: Vector, up: Vector) -> Plane:
        return super().plane(*((x, -y, z) for x, y, z in (origin, across, up)))


def mirrored(
    canvas: Canvas, paint: Callable[[Canvas], None], surface: Surface, *, share: float = 0.5
) -> None:
    """Draw what `paint` draws, upside down, as its reflection in water.

    Parameters
    ----------
    paint
        Draws on a canvas; called with the same seed on the real canvas it draws the things themselves.
    surface
        The water.
    share
        Of the water's own color in the reflection.
    """
    image = Canvas(_Mirror(*canvas.camera), canvas.light)
    paint(image)
    water_color = tuple(c * t for c, t in zip(surface.color, canvas.light.tint, strict=True)) * 2
    labels = (number_of("water", "object"), 0, 0, 0)
    for region in image.regions:
        colors = (c + (w - c) * share for c, w in zip(region.numbers, water_color, strict=False))
        canvas.regions.append(region._replace(numbers=(*colors, *region.numbers[6:]), labels=labels))
