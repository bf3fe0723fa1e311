"""Cows and birds."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import BALL, SOFT, Canvas
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Plane
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import ellipse, half_ellipse, smooth, tube
from dissect_widgets.world.scenery.drawing.surfaces import Surface, any_color, fur, pick_color


def cow(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float | None = None) -> None:
    """Draw a cow from the side, its head up or grazing."""
    turn = rng.between(-40, 40) if turn is None else turn
    canvas.shadow(x, z, 1.1, 0.4, turn=turn)
    plane = canvas.camera.upright(x, z, turn=turn).scaled(rng.side(), 1.0)
    coat = fur(rng)
    horn = Surface((0.85, 0.8, 0.68), "stone")
    for u, light in ((-0.72, 0.7), (0.52, 0.7), (-0.58, 1.0), (0.66, 1.0)):
        canvas.draw(
            plane, tube([(u, 0.8), (u + 0.02, 0.4), (u, 0.05)], 0.22, 0.12), coat, "cow", "leg", light=light
        )
        canvas.draw(
            plane,
            [(u - 0.07, 0), (u + 0.09, 0), (u + 0.06, 0.12), (u - 0.06, 0.12)],
            horn.times(0.3),
            "cow",
            "leg",
        )
    canvas.draw(
        plane, tube([(-0.92, 1.25), (-1.02, 1.0), (-1.0, 0.6)], 0.07, 0.04), coat, "cow", "tail", light=0.8
    )
    trunk = smooth(
        [
            (-0.95, 1.3),
            (-0.98, 0.85),
            (-0.5, 0.62),
            (0.2, 0.58),
            (0.72, 0.68),
            (0.92, 1.0),
            (0.8, 1.35),
            (0.2, 1.36),
            (-0.4, 1.36),
        ],
        3,
    )
    canvas.draw(plane, trunk, coat, "cow", "body", shade=BALL)
    canvas.draw(
        plane, half_ellipse(-0.42, 0.66, 0.16, -0.14), Surface((0.85, 0.62, 0.58), "skin"), "cow", "body"
    )
    grazing = rng.chance(0.4)
    u, v = (1.28, 0.42) if grazing else (1.2, 1.5)
    neck = [(0.66, 1.32), (0.88, 0.86), (u - 0.05, v - 0.06), (u + 0.02, v + 0.16)]
    canvas.draw(plane, neck, coat, "cow", "body")
    head = plane.moved(u, v).leaning(-55.0 if grazing else -25.0)
    canvas.draw(head, tube([(-0.2, 0.16), (-0.26, 0.24), (-0.2, 0.34)], 0.06, 0.03), horn, "cow", "horn")
    canvas.draw(
        head,
        smooth([(-0.2, 0.02), (-0.1, -0.12), (0.34, -0.12), (0.4, 0.0), (0.32, 0.1), (-0.1, 0.18)], 3),
        coat,
        "cow",
        "head",
        shade=SOFT,
    )
    canvas.draw(head, ellipse(0.34, -0.02, 0.09, 0.11), Surface((0.7, 0.5, 0.46), "skin"), "cow", "head")
    canvas.draw(head, ellipse(-0.24, 0.08, 0.13, 0.06), coat, "cow", "head", light=0.75)
    canvas.draw(head, ellipse(0.06, 0.06, 0.03, 0.03), Surface((0.06, 0.05, 0.05)), "cow", "head")


def bird(canvas: Canvas, rng: Rng, x: float, z: float, *, y: float = 0.0, size: float | None = None) -> None:
    """Draw a bird that stands on the ground: `size` is its length in meters."""
    size = rng.between(0.35, 0.7) if size is None else size
    if y == 0:
        canvas.shadow(x, z, size * 0.5, size * 0.18)
    plane = canvas.camera.upright(x, z, y=y).scaled(rng.side() * size, size)
    coat = Surface(any_color(rng), "fur", rough=0.2, grain=(0.2, 0.1))
    wing = Surface(any_color(rng), "fur", rough=0.25, grain=(0.3, 0.08))
    bill = Surface(pick_color(rng, ((0.9, 0.6, 0.15), (0.25, 0.22, 0.2), (0.8, 0.35, 0.2))), "stone")
    for u in (-0.02, 0.1):
        canvas.draw(plane, tube([(u, 0.3), (u, 0.03), (u + 0.1, 0.0)], 0.035), bill, "bird", "leg")
    canvas.draw(
        plane, [(-0.2, 0.5), (-0.58, 0.28), (-0.56, 0.4), (-0.3, 0.58)], wing, "bird", "tail", light=0.85
    )
    canvas.draw(
        plane,
        smooth([(-0.36, 0.45), (0.0, 0.24), (0.26, 0.4), (0.3, 0.66), (0.12, 0.66), (-0.1, 0.6)], 4),
        coat,
        "bird",
        "body",
        shade=BALL,
    )
    canvas.draw(plane, [(0.38, 0.76), (0.38, 0.66), (0.56, 0.68)], bill, "bird", "beak")
    canvas.draw(plane, ellipse(0.28, 0.72, 0.14), coat, "bird", "head", shade=BALL)
    canvas.draw(
        plane, smooth([(-0.42, 0.36), (-0.05, 0.34), (0.16, 0.52), (-0.05, 0.58)], 4), wing, "bird", "wing"
    )
    canvas.draw(plane, ellipse(0.32, 0.75, 0.03), Surface((0.05, 0.05, 0.05)), "bird", "head")


def flying_birds(canvas: Canvas, rng: Rng, *, number: int | None = None) -> None:
    """Draw one large bird, or a few smaller ones, in the sky."""
    number = rng.pick((1, 1, 2, 3, 5)) if number is None else number
    size = rng.between(0.13, 0.24) if number == 1 else rng.between(0.05, 0.1)
    u, v = rng.between(0.15, 0.85), canvas.camera.horizon * rng.between(0.25, 0.6)
    coat, wing = Surface(any_color(rng), "fur"), Surface(any_color(rng), "fur", rough=0.2, grain=(0.1, 0.1))
    for i in range(number):
        place = SCREEN.moved(
            u + (0 if i == 0 else rng.between(-0.25, 0.25)), v + (0 if i == 0 else rng.between(-0.12, 0.12))
        )
        _flying(canvas, rng, place.scaled(rng.side() * size * rng.near(1.0), -size), coat, wing)


def _flying(canvas: Canvas, rng: Rng, plane: Plane, coat: Surface, wing: Surface) -> None:
    """One bird in flight, its wings up or down."""
    beat = rng.between(-0.2, 0.4)
    far = smooth(
        [(0.1, 0.03), (0.26, 0.2 + beat * 0.5), (0.3, 0.38 + beat), (0.02, 0.2 + beat * 0.5), (-0.1, 0.03)], 3
    )
    near = smooth(
        [
            (0.12, 0.0),
            (-0.02, 0.16 + beat * 0.6),
            (-0.34, 0.34 + beat),
            (-0.26, 0.14 + beat * 0.5),
            (-0.14, 0.0),
        ],
        3,
    )
    canvas.draw(plane, far, wing, "bird", "wing", light=0.8)
    canvas.draw(
        plane, [(-0.2, 0.02), (-0.46, 0.08), (-0.48, -0.06), (-0.2, -0.05)], wing, "bird", "tail", light=0.9
    )
    canvas.draw(plane, ellipse(0, 0, 0.3, 0.09), coat, "bird", "body")
    canvas.draw(plane, ellipse(0.29, 0.04, 0.08), coat, "bird", "head")
    canvas.draw(
        plane, [(0.34, 0.07), (0.34, 0.0), (0.46, 0.02)], Surface((0.85, 0.6, 0.2), "stone"), "bird", "beak"
    )
    canvas.draw(plane, near, wing, "bird", "wing")
