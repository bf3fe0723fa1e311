"""Windows with their curtains, and doors, of a room."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import Plane
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import arched, box, ellipse, skyline
from dissect_widgets.world.scenery.drawing.solids import Face
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    fabric,
    metal,
    mix,
    painted,
    quiet_color,
    vary,
    wood,
)

FOLD = Shade(1.05, uu=-0.28, sided=0.12)
"""One fold of a curtain."""


def window(
    canvas: Canvas,
    rng: Rng,
    face: Face,
    u: float,
    *,
    width: float | None = None,
    height: float | None = None,
    sill: float | None = None,
) -> tuple[float, float, float, float]:
    """Draw a window and what is seen through it; returns its box (left, bottom, right, top)."""
    wide = width or rng.between(0.9, 1.9)
    bottom = rng.between(0.75, 1.1) if sill is None else sill
    top = min(bottom + (height or rng.between(1.1, 1.5)), face.height - 0.15)
    left, right = u - wide / 2, u + wide / 2
    frame = wood(rng) if rng.chance(0.4) else painted(rng, mix(quiet_color(rng), (0.95, 0.95, 0.93), 0.6))
    shape = arched if rng.chance(0.12) else box
    canvas.draw(
        face.plane, shape(left - 0.07, bottom - 0.07, right + 0.07, top + 0.07), frame, "window", "frame"
    )
    _view(canvas, rng, face.plane, (left, bottom, right, top), arch=shape is arched)
    columns, rows = rng.pick(((1, 1), (2, 1), (2, 2), (3, 2), (2, 3), (3, 1)))
    for i in range(1, columns):
        middle = left + wide * i / columns
        canvas.draw(
            face.plane,
            box(middle - 0.025, bottom, middle + 0.025, top - (0.02 if shape is box else 0.1)),
            frame,
            "window",
            "frame",
        )
    for i in range(1, rows):
        middle = bottom + (top - bottom) * i / rows
        canvas.draw(face.plane, box(left, middle - 0.025, right, middle + 0.025), frame, "window", "frame")
    if bottom > 0.3:
        ledge = box(left - 0.14, bottom - 0.12, right + 0.14, bottom - 0.05)
        canvas.draw(face.plane, ledge, frame, "window", "sill", light=1.05)
    return left, bottom, right, top


def _view(
    canvas: Canvas, rng: Rng, plane: Plane, pane: tuple[float, float, float, float], *, arch: bool
) -> None:
    """Sky with hills, trees or houses, in the pane of a window; or the dark of the night."""
    left, bottom, right, top = pane
    above, below = canvas.light.sky
    outline = arched(*pane) if arch else box(*pane)
    if rng.chance(0.12):  # night
        dark = Surface((0.08, 0.1, 0.16), "glass", second=(0.16, 0.18, 0.26), blend=0.8, glow=0.6)
        canvas.draw(plane, outline, dark, "window", "pane")
        return
    sky = Surface(
        mix(below, (1, 1, 1), 0.3), "glass", second=mix(above, (1, 1, 1), 0.25), blend=1.0, glow=0.9
    )
    canvas.draw(plane, outline, sky, "window", "pane")
    up = (top - bottom) * rng.between(0.15, 0.5)
    for rough, rise in ((0.2, 1.0), (rng.pick((0.1, 0.9)), rng.between(0.4, 0.7))):
        color = mix(canvas.light.meadow(rng) if rise < 1 else canvas.light.leaves(rng), below, 0.35 * rise)
        hills = skyline(rng, left, right, bottom, bottom + 0.6 * up * rise, bottom + up * rise, rough=rough)
        canvas.draw(
            plane, hills, Surface(color, "glass", rough=0.2, grain=(0.2, 0.2), glow=0.7), "window", "pane"
        )


def curtains(
    canvas: Canvas,
    rng: Rng,
    face: Face,
    u: float,
    *,
    width: float = 1.6,
    bottom: float | None = None,
    top: float = 2.3,
    closed: float | None = None,
) -> None:
    """Draw a pair of curtains on a rod, beside a window of a width.

    Parameters
    ----------
    closed
        Share of the window that they cover; any if None.
    """
    share = rng.between(0.1, 0.45) if closed is None else closed
    foot = rng.pick((0.03, 0.03, 0.6)) if bottom is None else bottom
    top = min(top, face.height - 0.06)
    cloth = fabric(rng, rng.between(0.18, 0.4))
    reach, panel = width / 2 + 0.22, 0.22 + share * width / 2
    rod = wood(rng) if rng.chance(0.5) else metal(rng)
    folds = max(round(panel / 0.17), 2)
    for side in (-1, 1):
        outer = u + side * reach
        for i in range(folds):
            start, end = sorted((outer - side * panel * i / folds, outer - side * panel * (i + 1) / folds))
            spread = 0.03 if i == folds - 1 else 0.0
            strip = [
                (start, foot + 0.02 * (i % 2)),
                (end + spread * (side < 0), foot + 0.02 * (i % 2)),
                (end, top),
                (start, top),
            ]
            canvas.draw(
                face.plane, strip, cloth, "curtain", light=face.light * (1.0, 0.93)[i % 2], shade=FOLD
            )
    canvas.draw(
        face.plane, box(u - reach - 0.1, top - 0.02, u + reach + 0.1, top + 0.03), rod, "curtain", "rod"
    )


def door(canvas: Canvas, rng: Rng, face: Face, u: float, *, width: float = 0.9, height: float = 2.05) -> None:
    """Draw a closed door with its frame."""
    leaf = wood(rng) if rng.chance(0.5) else painted(rng, rng.pick((quiet_color(rng), any_color(rng))))
    frame = rng.pick((leaf.times(0.85), painted(rng, vary(rng, (0.9, 0.9, 0.87)))))
    half, light = width / 2, face.light
    canvas.draw(
        face.plane,
        box(u - half - 0.09, 0, u + half + 0.09, height + 0.09),
        frame,
        "door",
        "frame",
        light=light,
    )
    canvas.draw(face.plane, box(u - half, 0, u + half, height), leaf, "door", light=0.97 * light)
    columns, cuts = rng.pick(
        ((1, (0.15, 0.95, 1.05, 1.9)), (2, (0.15, 0.9, 1.05, 1.9)), (1, (0.15, 0.6, 0.75, 1.9)))
    )
    glazed = rng.chance(0.2)
    for i in range(columns):
        start = u - half + 0.12 + i * (width - 0.12) / columns
        for low, high in zip(cuts[::2], cuts[1::2], strict=True):
            surface = leaf.times(0.82)
            if glazed and low > 0.5:
                surface = Surface((0.75, 0.8, 0.82), "glass", rough=0.1)
            stretch = height / 2.05
            panel = box(start, low * stretch, start + (width - 0.12) / columns - 0.12, high * stretch)
            canvas.draw(
                face.plane, panel, surface, "door", "panel", light=light, shade=Shade(v=-0.05, u=0.05)
            )
    knob = u + rng.side() * (half - 0.08)
    canvas.draw(face.plane, ellipse(knob, height / 2, 0.045), metal(rng), "door", "handle", light=light)
