"""The village street."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from dissect_widgets.world.scenery.buildings.churches import church
from dissect_widgets.world.scenery.buildings.city_buildings import building
from dissect_widgets.world.scenery.buildings.houses import barn, house
from dissect_widgets.world.scenery.buildings.street_furniture import (
    bench,
    sign,
    street_lamp,
    traffic_light,
    umbrella,
)
from dissect_widgets.world.scenery.buildings.towers import tower
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.staging import Stage
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, stone
from dissect_widgets.world.scenery.nature.animals import cow
from dissect_widgets.world.scenery.nature.land import meadow, outdoors, strip
from dissect_widgets.world.scenery.nature.plants import bush, flowers
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.surroundings import any_tree, horizon_view, paving, village_behind
from dissect_widgets.world.scenery.vehicles.bicycles import bicycle
from dissect_widgets.world.scenery.vehicles.cars import car
from dissect_widgets.world.scenery.vehicles.tractors import tractor
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import truck


def village_street(rng: Rng) -> Canvas:
    """Houses on both sides of a road, or in a row behind it, with cars, lamps, trees and people."""
    canvas = outdoors(rng, height=(1.5, 3.4), horizon=(0.42, 0.6))
    horizon_view(canvas, rng)
    meadow(canvas, rng)
    stage = Stage(canvas, rng)
    (_street_ahead if rng.chance(0.65) else _street_across)(stage, rng)
    stage.show()
    return canvas


def _road_surface(rng: Rng) -> Surface:
    """Asphalt or cobbles."""
    cobbles = stone(rng).textured("scaly", 0.7, (0.5, 0.5))
    return rng.pick((asphalt(rng), asphalt(rng), cobbles))


def _landmark(stage: Stage, rng: Rng, share: float, z: float) -> None:
    """At times a church, a tower or a barn, farther away than the houses."""
    if rng.chance(0.3):
        stage.put_at(church, share, z, turn=rng.between(-50, 50))
    elif rng.chance(0.12):
        stage.put_at(tower, share, z, kind=rng.pick(("clock", "stone", "water")))
    elif rng.chance(0.2):
        stage.put_at(barn, share, 0.75 * z, turn=rng.between(-50, 50))


_ROW: tuple[Callable[..., None], ...] = (house, house, house, house, house, house, building, any_tree)
"""What stands in a row along a road."""


_SURPRISES = ((traffic_light, 0.14), (umbrella, 0.03), (cow, 0.07))
"""What is seen in a village street now and then, and how probably."""


class _Road(NamedTuple):
    """A road that runs away from the camera and bends."""

    half: float
    offset: float
    bend: float

    def middle(self, z: float) -> float:
        """X of its middle line."""
        return self.offset + self.bend * (z / 40) ** 2

    def turn(self, z: float) -> float:
        """How much it has turned to the right, in degrees."""
        return math.degrees(math.atan(self.bend * z / 800))


def _street_ahead(stage: Stage, rng: Rng) -> None:
    """A road between two rows of houses."""
    canvas = stage.canvas
    road = _Road(rng.between(2.4, 3.4), rng.between(-1.8, 1.8), rng.side() * rng.between(0.0, 9.0))
    village_behind(canvas, rng, 75, houses=0.3)
    line = [(road.middle(z), z) for z in (0.5, 5, 10, 18, 28, 42, 60)]
    if rng.chance(0.7):
        strip(canvas, paving(rng), "path", line, 2 * road.half + 3.4)
    surface = _road_surface(rng)
    strip(canvas, surface, "road", line, 2 * road.half)
    _landmark(stage, rng, rng.between(0.3, 0.7), rng.between(62, 80))
    for side in (-1, 1):
        _house_row(stage, rng, side, road)
    for _ in range(rng.count(0, 3)):
        z, side = rng.between(7, 26), rng.side()
        x, turn = road.middle(z) + side * (road.half - 1.1), 90 * side - road.turn(z)
        vehicle = tractor if rng.chance(0.08) else car
        stage.put_on((surface, "road"), vehicle, x, z, turn=turn)
    for _ in range(rng.count(0, 3)):
        z = rng.between(4.5, 14)
        stage.put(person, road.middle(z) + rng.side() * (road.half + 0.9), z)
    _along_the_curb(stage, rng, road)


def _house_row(stage: Stage, rng: Rng, side: int, road: _Road) -> None:
    """Houses on one side of the road, which they look at, with trees and gaps between them."""
    z, garden = rng.between(9, 15), rng.between(0.4, 3.0)
    while z < 50:
        x = road.middle(z) + side * (road.half + 1.7 + garden + 3.6)
        kind: Callable[..., None] = rng.pick(_ROW)
        if kind is any_tree:
            stage.put(any_tree, x, z)
        else:
            options = {"width": 9.0, "height": rng.between(7, 11)} if kind is building else {}
            turn = -side * 90 - road.turn(z) + rng.between(-6, 6)
            stage.put(kind, x + (1.5 * side if kind is building else 0), z, turn=turn, **options)
        z += rng.between(10.5, 14)


def _along_the_curb(stage: Stage, rng: Rng, road: _Road) -> None:
    """Lamps, signs, bushes, trees and bicycles beside a road."""
    if rng.chance(0.6):
        side = rng.side()
        for number in range(3):
            z = 6.0 + 12.0 * number
            stage.put(street_lamp, road.middle(z) + side * (road.half + 0.4), z)
    things = (
        (sign, 0.3),
        (bicycle, 0.2),
        (bush, 0.4),
        (flowers, 0.3),
        (any_tree, 0.4),
        (bench, 0.15),
        *_SURPRISES,
    )
    for thing, chance in things:
        if rng.chance(chance):
            z = rng.between(6, 14)
            stage.put(thing, road.middle(z) + rng.side() * (road.half + rng.between(1.2, 2.6)), z)


def _street_across(stage: Stage, rng: Rng) -> None:
    """A row of houses behind a road that crosses the view."""
    canvas = stage.canvas
    near, wide, lean = rng.between(6.0, 8.5), rng.between(4.5, 6.0), rng.between(-7, 7)
    village_behind(canvas, rng, 40, houses=0.2)
    plane = canvas.camera.ground(0, near, turn=lean)
    if rng.chance(0.7):
        canvas.draw(plane, box(-60, -1.4, 60, wide + 1.6), paving(rng), "path")
    surface = _road_surface(rng)
    canvas.draw(plane, box(-60, 0, 60, wide), surface, "road")
    _landmark(stage, rng, rng.between(0.15, 0.85), rng.between(36, 52))
    slope = math.tan(math.radians(lean))
    row = near + wide + rng.between(5.5, 8.5)
    x = rng.between(-14, -9)
    while x < 14:
        kind = building if rng.chance(0.16) else house
        options = {"width": 9.0, "height": rng.between(6, 9), "depth": 7.0} if kind is building else {}
        stage.put(kind, x, row + x * slope, turn=lean + rng.between(-4, 4), **options)
        x += rng.between(9.8, 12.5)
    for _ in range(rng.count(0, 2)):
        lane, x = rng.pick(((0.3, 0), (0.75, 180))), rng.between(-5, 5)
        vehicle, z = rng.pick((truck, tractor, *[car] * 9)), near + lane[0] * wide + x * slope
        stage.put_on((surface, "road"), vehicle, x, z, turn=lane[1] + lean)
    _before_houses(stage, rng, (near, near + wide), slope)


def _before_houses(stage: Stage, rng: Rng, curbs: tuple[float, float], slope: float) -> None:
    """People, lamps, signs, trees and bushes on both sides of a road that crosses the view."""
    things = (
        (person, 0.6),
        (person, 0.4),
        (street_lamp, 0.6),
        (sign, 0.3),
        (bicycle, 0.25),
        (any_tree, 0.5),
        (bush, 0.5),
        (flowers, 0.3),
        (bench, 0.2),
        *_SURPRISES,
    )
    for thing, chance in things:
        if rng.chance(chance):
            z = (
                curbs[0] - 0.8
                if rng.chance(0.25) and thing is not any_tree
                else curbs[1] + rng.between(0.8, 2.0)
            )
            x = rng.between(-0.5, 0.5) * z
            stage.put(thing, x, z + x * slope)
