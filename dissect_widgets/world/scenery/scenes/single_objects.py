"""Single objects, large, on varied grounds: pictures of one thing, as ImageNet's are.

None of them is in a scene, so what a unit of the scene classifier makes of them was never trained.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from dissect_widgets.world.scenery.buildings.buildings import house, lighthouse
from dissect_widgets.world.scenery.buildings.churches import church
from dissect_widgets.world.scenery.buildings.street_furniture import (
    bench,
    street_lamp,
    traffic_light,
    umbrella,
)
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.surfaces import asphalt
from dissect_widgets.world.scenery.furniture.appliances import refrigerator, stove
from dissect_widgets.world.scenery.furniture.bathroom_fixtures import bathtub, toilet
from dissect_widgets.world.scenery.furniture.beds import bed
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair, table
from dissect_widgets.world.scenery.furniture.decor import plant
from dissect_widgets.world.scenery.furniture.devices import television
from dissect_widgets.world.scenery.furniture.lamps import floor_lamp
from dissect_widgets.world.scenery.furniture.luggage_and_towels import suitcase
from dissect_widgets.world.scenery.furniture.room import enter
from dissect_widgets.world.scenery.furniture.seats import armchair, sofa
from dissect_widgets.world.scenery.furniture.storage import bookcase
from dissect_widgets.world.scenery.nature.land import grass, gravel, ground, outdoors, sand, snow, water
from dissect_widgets.world.scenery.nature.plants import bush, cactus
from dissect_widgets.world.scenery.nature.trees import palm_tree, pine_tree, tree
from dissect_widgets.world.scenery.people.people import cow, person
from dissect_widgets.world.scenery.vehicles.all_vehicles import (
    airplane,
    bicycle,
    boat,
    bus,
    car,
    tractor,
    truck,
)

Draw = Callable[[Canvas, Rng, float, float], None]


class Kind(NamedTuple):
    """An object, where it is at home, and how large it is."""

    draw: Draw
    place: str
    """"land", "water" or "room"."""
    width: float
    """In meters, about."""
    height: float


def _turned(draw: Callable[..., None], most: float = 70.0) -> Draw:
    """The same object, turned by up to some degrees."""
    return lambda canvas, rng, x, z: draw(canvas, rng, x, z, turn=rng.between(-most, most))


KINDS: Final = {
    "airplane": Kind(airplane, "land", 17, 6),
    "bicycle": Kind(bicycle, "land", 1.9, 1.2),
    "boat": Kind(boat, "water", 7, 7),
    "bus": Kind(bus, "land", 9, 3),
    "car": Kind(car, "land", 4.2, 1.6),
    "tractor": Kind(tractor, "land", 3.6, 2.7),
    "truck": Kind(truck, "land", 7, 3.2),
    "person": Kind(person, "land", 0.9, 1.8),
    "cow": Kind(cow, "land", 2.4, 1.6),
    "tree": Kind(tree, "land", 5, 7),
    "pine tree": Kind(pine_tree, "land", 4, 8),
    "palm tree": Kind(palm_tree, "land", 4, 6),
    "bush": Kind(bush, "land", 1.8, 1.3),
    "cactus": Kind(cactus, "land", 1.6, 2.6),
    "house": Kind(_turned(house), "land", 9, 7),
    "church": Kind(_turned(church), "land", 14, 18),
    "lighthouse": Kind(lighthouse, "land", 6, 16),
    "street lamp": Kind(street_lamp, "land", 1.4, 4.5),
    "traffic light": Kind(traffic_light, "land", 1.0, 3.4),
    "bench": Kind(bench, "land", 1.8, 1.0),
    "umbrella": Kind(umbrella, "land", 2.4, 2.3),
    "bed": Kind(_turned(bed), "room", 2.2, 1.2),
    "sofa": Kind(_turned(sofa), "room", 2.2, 1.0),
    "armchair": Kind(_turned(armchair), "room", 1.1, 1.0),
    "chair": Kind(_turned(chair, 180), "room", 0.7, 1.0),
    "table": Kind(table, "room", 1.7, 0.9),
    "bookcase": Kind(_turned(bookcase), "room", 1.5, 1.9),
    "television": Kind(_turned(television, 40), "room", 1.4, 1.3),
    "lamp": Kind(floor_lamp, "room", 0.7, 1.7),
    "plant": Kind(plant, "room", 0.9, 1.4),
    "suitcase": Kind(_turned(suitcase), "room", 0.7, 0.9),
    "stove": Kind(_turned(stove), "room", 0.8, 1.1),
    "refrigerator": Kind(_turned(refrigerator), "room", 0.9, 1.9),
    "bathtub": Kind(_turned(bathtub), "room", 1.7, 0.9),
    "toilet": Kind(_turned(toilet, 60), "room", 0.6, 0.9),
}
"""What `world.Objects` shows, by name."""


def single(name: str, rng: Rng) -> Canvas:
    """One object of `KINDS`, large, on any ground that it can stand on."""
    canvas = _place(rng, KINDS[name])
    _frame(canvas, rng, name)
    return canvas


def _place(rng: Rng, kind: Kind) -> Canvas:
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
    """Crop the picture so that the object fills most of it, somewhere about the middle."""
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
