"""Framed pictures for walls: landscapes, still lifes, portraits and abstracts."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, box, ellipse, skyline
from dissect_widgets.world.scenery.drawing.solids import Face
from dissect_widgets.world.scenery.drawing.surfaces import (
    Color,
    Surface,
    any_color,
    metal,
    painted,
    pick_color,
    times,
    vary,
    wood,
)

Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""


def painting(
    canvas: Canvas,
    rng: Rng,
    face: Face,
    u: float,
    *,
    v: float | None = None,
    width: float | None = None,
    height: float | None = None,
) -> None:
    """Draw a framed picture: a landscape, a still life, a portrait or an abstract; v is its middle."""
    wide = width or rng.between(0.5, 1.2)
    high = height or wide * rng.between(0.65, 1.35)
    high = min(high, face.height - 0.9)
    middle = rng.between(1.45, 1.65) if v is None else v
    middle = min(middle, face.height - high / 2 - 0.15)
    frame = rng.pick((wood(rng), metal(rng), painted(rng)))
    rim = rng.between(0.04, 0.09)
    left, bottom, right, top = u - wide / 2, middle - high / 2, u + wide / 2, middle + high / 2
    shadow = box(left + 0.03, bottom - 0.04, right + 0.03, top)
    canvas.draw(face.plane, shadow, frame.times(0.45), "painting", "frame", light=face.light)
    canvas.draw(face.plane, box(left, bottom, right, top), frame, "painting", "frame", light=face.light)
    inner = left + rim, bottom + rim, right - rim, top - rim
    if rng.chance(0.3):  # a passe-partout
        canvas.draw(face.plane, box(*inner), Surface((0.93, 0.92, 0.88), "paper"), "painting", "picture")
        inner = inner[0] + 0.08, inner[1] + 0.08, inner[2] - 0.08, inner[3] - 0.08
    rng.pick((_landscape, _landscape, _flowers, _portrait, _abstract))(canvas, rng, face.plane, inner)


def _daub(color: Color) -> Surface:
    return Surface(color, "paper", rough=0.2, grain=(0.2, 0.12))


def _landscape(canvas: Canvas, rng: Rng, plane: Plane, inner: Box) -> None:
    left, bottom, right, top = inner
    sky = Surface(vary(rng, (0.85, 0.82, 0.72), 0.1), "paper", second=any_color(rng), blend=0.8)
    canvas.draw(plane, box(*inner), sky, "painting", "picture")
    wide, high = right - left, top - bottom
    if rng.chance(0.6):
        sun = ellipse(left + wide * rng.between(0.25, 0.75), bottom + high * 0.72, 0.09 * min(wide, high))
        canvas.draw(plane, sun, _daub(vary(rng, (0.95, 0.8, 0.4))), "painting", "picture")
    for share, rough in ((0.55, 0.9), (0.3, 0.3)):
        hills = skyline(
            rng, left, right, bottom, bottom + 0.6 * share * high, bottom + share * high, rough=rough
        )
        canvas.draw(plane, hills, _daub(any_color(rng)), "painting", "picture")


def _flowers(canvas: Canvas, rng: Rng, plane: Plane, inner: Box) -> None:
    left, bottom, right, top = inner
    canvas.draw(plane, box(*inner), _daub(any_color(rng)), "painting", "picture")
    wide, high, middle = right - left, top - bottom, (left + right) / 2
    table = box(left, bottom, right, bottom + 0.22 * high)
    canvas.draw(plane, table, _daub(any_color(rng)), "painting", "picture")
    jar = ellipse(middle, bottom + 0.3 * high, 0.14 * wide, 0.18 * high)
    canvas.draw(plane, jar, _daub(any_color(rng)), "painting", "picture")
    for _ in range(5):
        u, v = middle + wide * rng.between(-0.26, 0.26), bottom + high * rng.between(0.55, 0.82)
        canvas.draw(plane, ellipse(u, v, 0.1 * min(wide, high)), _daub(any_color(rng)), "painting", "picture")


def _portrait(canvas: Canvas, rng: Rng, plane: Plane, inner: Box) -> None:
    left, bottom, right, top = inner
    canvas.draw(plane, box(*inner), _daub(any_color(rng)), "painting", "picture")
    wide, high, middle = right - left, top - bottom, (left + right) / 2
    reach = min(wide, 0.7 * high)
    bust: list[Point] = [(u, max(v, bottom)) for u, v in ellipse(middle, bottom, 0.42 * reach, 0.42 * high)]
    canvas.draw(plane, bust, _daub(any_color(rng)), "painting", "picture")
    hair = ellipse(middle, bottom + 0.62 * high, 0.22 * reach, 0.24 * reach)
    canvas.draw(plane, hair, _daub(times(any_color(rng), 0.5)), "painting", "picture")
    head = ellipse(middle, bottom + 0.58 * high, 0.16 * reach, 0.21 * reach)
    canvas.draw(
        plane, head, _daub(pick_color(rng, ((0.9, 0.74, 0.6), (0.6, 0.42, 0.3)))), "painting", "picture"
    )


def _abstract(canvas: Canvas, rng: Rng, plane: Plane, inner: Box) -> None:
    left, bottom, right, top = inner
    canvas.draw(plane, box(*inner), _daub(any_color(rng)), "painting", "picture")
    wide, high = right - left, top - bottom
    for _ in range(rng.count(2, 4)):
        u, v = left + wide * rng.between(0.3, 0.7), bottom + high * rng.between(0.3, 0.7)
        across, up = wide * rng.between(0.1, 0.25), high * rng.between(0.1, 0.25)
        form = rng.pick((box(u - across, v - up, u + across, v + up), blob(rng, u, v, across, up)))
        canvas.draw(plane, form, _daub(any_color(rng)), "painting", "picture")
