"""The sky: its colors, the glow of the sun, and clouds."""

from __future__ import annotations

import math

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, box, ellipse
from dissect_widgets.world.scenery.drawing.surfaces import Color, Surface, mix

_MARGIN = 0.02
"""How far the sky reaches below the horizon, where ground or hills cover it."""


def sky(canvas: Canvas, rng: Rng) -> None:
    """Fill the image above the horizon: a gradient, mostly with the glow of the sun, and clouds."""
    above, below = canvas.light.sky
    full = Surface(above, second=below, blend=1.0, glow=1.0)
    canvas.draw(SCREEN, box(0, 0, 1, canvas.camera.horizon + _MARGIN), full, "sky")
    if canvas.light.name != "overcast":
        _sun(canvas, rng)
    clouds(canvas, rng)


def clouds(canvas: Canvas, rng: Rng) -> None:
    """Draw heaps, streaks or a cover of clouds, or none."""
    if canvas.light.name == "overcast":
        rng.pick((_cover, _cover, _streaks))(canvas, rng)
    else:
        rng.pick((_heaps, _heaps, _heaps, _streaks, _streaks, _clear))(canvas, rng)


def _clear(canvas: Canvas, rng: Rng) -> None:
    """Draw nothing."""


def _color_at(canvas: Canvas, y: float) -> Color:
    """Color of the sky at a height of the image, continued beyond its borders."""
    return mix(canvas.light.sky[0], canvas.light.sky[1], y / (canvas.camera.horizon + _MARGIN))


def _sun(canvas: Canvas, rng: Rng) -> None:
    """Draw the glow around the sun, which may itself stand in or beside the image."""
    low = canvas.light.name in ("golden", "dusk")
    x = 0.5 + 0.5 * canvas.light.side * rng.between(0.5, 1.1)
    y = canvas.camera.horizon * (rng.between(0.5, 0.95) if low else rng.between(-0.2, 0.3))
    reach, strength = rng.between(0.3, 0.55), rng.between(0.08, 0.22)
    glow = Surface(_color_at(canvas, y - reach), second=_color_at(canvas, y + reach), blend=1.0, glow=1.0)
    fading = Shade(1 + strength, uu=-strength, vv=-strength)
    canvas.draw(SCREEN, ellipse(x, y, reach), glow, "sky", shade=fading)
    if low and rng.chance(0.35):
        canvas.draw(SCREEN, ellipse(x, y, rng.between(0.025, 0.05)), Surface((1, 0.95, 0.8), glow=1.0), "sky")


def _cloud_surface(canvas: Canvas, rng: Rng, thick: float) -> Surface:
    """Clouds as light as the day, darker below the thicker they are."""
    above, below = canvas.light.sky
    bright = mix((1.0, 0.99, 0.97), below, rng.between(0.05, 0.35))
    dark = mix(mix(above, below, 0.6), (0.6, 0.6, 0.63), 0.45)
    return Surface(
        bright, second=mix(bright, dark, thick), blend=1.0, glow=0.4, rough=0.05, grain=(0.3, 0.12)
    )


def _heap_outline(rng: Rng, u: float, v: float, across: float, up: float) -> list[Point]:
    """Cumulus on SCREEN, where v runs down: bumps above a flat foot at v."""
    bumps, start, lean = rng.count(4, 6), rng.between(0.0, 1.0), rng.between(-0.35, 0.35)
    points = [(u - 0.85 * across, v + 0.06 * up), (u + 0.85 * across, v + 0.06 * up)]
    for i in range(37):
        angle = math.pi * i / 36
        bump = 0.78 + 0.22 * abs(math.sin(angle * bumps / 2 + start * math.pi))
        rise = math.sin(angle) ** 0.8 * (1 + lean * math.cos(angle))
        points.append((u + across * bump * math.cos(angle), v - up * bump * rise))
    return points


def _heaps(canvas: Canvas, rng: Rng) -> None:
    horizon = canvas.camera.horizon
    surface = _cloud_surface(canvas, rng, rng.between(0.3, 0.7))
    for _ in range(rng.count(1, 5)):
        v = horizon * rng.between(0.18, 0.85)
        size = rng.between(0.1, 0.26) * (1.15 - 0.7 * v / horizon)
        u, tall = rng.between(0, 1), rng.between(0.3, 0.6)
        canvas.draw(SCREEN, _heap_outline(rng, u, v, size, size * tall), surface, "cloud")
        if rng.chance(0.6):
            shift = size * rng.between(0.3, 0.6) * rng.side()
            outline = _heap_outline(rng, u + shift, v + 0.02 * size, 0.6 * size, 0.6 * size * tall)
            canvas.draw(SCREEN, outline, surface.times(1.04), "cloud")


def _streaks(canvas: Canvas, rng: Rng) -> None:
    horizon, strength = canvas.camera.horizon, rng.between(0.35, 0.75)
    for _ in range(rng.count(3, 7)):
        u, v = rng.between(-0.1, 1.1), horizon * rng.between(0.05, 0.92)
        across = rng.between(0.12, 0.42)
        bright = mix(_color_at(canvas, v), mix((1, 1, 1), canvas.light.sky[1], 0.3), strength)
        surface = Surface(bright, second=mix(bright, _color_at(canvas, v), 0.6), blend=1.0, glow=0.7)
        canvas.draw(SCREEN, blob(rng, u, v, across, across * rng.between(0.05, 0.13)), surface, "cloud")


def _cover(canvas: Canvas, rng: Rng) -> None:
    """Banks of cloud with dark feet, from high above down to the horizon."""
    horizon = canvas.camera.horizon
    for row in range(4):
        v = horizon * (0.12 + 0.24 * row)
        for _ in range(rng.count(1, 2)):
            u, across = rng.between(0, 1), rng.between(0.3, 0.6) * (1 - 0.15 * row)
            surface = _cloud_surface(canvas, rng, rng.between(0.5, 0.9))._replace(glow=0.2)
            canvas.draw(SCREEN, blob(rng, u, v, across, horizon * rng.between(0.07, 0.15)), surface, "cloud")
