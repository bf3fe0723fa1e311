"""Single objects, large, on varied grounds: images of one thing, as ImageNet's are.

None of them is in a scene, so what a unit of the scene classifier makes of them was never trained.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.surfaces import asphalt
from dissect_widgets.world.scenery.furniture.room import enter
from dissect_widgets.world.scenery.nature.land import grass, gravel, ground, outdoors, sand, snow, water

Draw = Callable[[Canvas, Rng, float, float], None]


class SingleObject(NamedTuple):
    """An object, where it is at home, and how large it is."""

    draw: Draw
    place: str
    """"land", "water" or "room"."""
    width: float
    """In meters, about."""
    height: float


def turned(draw: Callable[..., None], most: float = 70.0) -> Draw:
    """The same object, turned by up to some degrees."""
    return lambda canvas, rng, x, z: draw(canvas, rng, x, z, turn=rng.between(-most, most))


def draw_single_object(name: str, kind: SingleObject, rng: Rng) -> Canvas:
    """Draw one object, large, on any ground that it can stand on."""
    canvas = _place(rng, kind)
    _frame(canvas, rng, name)
    return canvas


def _place(rng: Rng, kind: SingleObject) -> Canvas:
    """The object, not too near."""
    largest = max(kind.width, kind.height)
    if kind.place == "room":
        side = max(5.0, 2.2 * largest)
        canvas, room = enter(rng, depth=(side, 1.3 * side), width=(side, 1.3 * side))
        kind.draw(canvas, rng, room.width * rng.between(-0.05, 0.05), 0.65 * room.depth)
        return canvas
    eye = max(0.45 * kind.height, 1.2)
    canvas = outdoors(rng, height=(0.7 * eye, 1.4 * eye), horizon=(0.4, 0.55), zoom=(1.2, 1.2))
    _ground(canvas, rng, kind.place)
    kind.draw(canvas, rng, 0.0, 3.0 * largest)
    return canvas


def _frame(canvas: Canvas, rng: Rng, name: str) -> None:
    """Crop the image so that the object fills most of it, somewhere about the middle."""
    left, top, right, bottom = canvas.extent(name)
    across, up = right - left, bottom - top
    side = min(max(across, up) / rng.between(0.55, 0.9), 1.0)
    corner = [low - (side - size) * rng.between(0.3, 0.7) for low, size in ((left, across), (top, up))]
    x, y = (min(max(start, 0.0), 1.0 - side) for start in corner)
    canvas.crop(x, y, side)


def _ground(canvas: Canvas, rng: Rng, place: str) -> None:
    grounds = {
        "grass": lambda: grass(rng, canvas.light),
        "sand": lambda: sand(rng),
        "snow": lambda: snow(rng),
        "path": lambda: gravel(rng),
        "road": lambda: asphalt(rng),
    }
    name = "water" if place == "water" else rng.pick(tuple(grounds))
    ground(canvas, water(rng, canvas.light) if name == "water" else grounds[name](), name)
