"""The scene of a village street."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from dissect_widgets.world.scenery.buildings.buildings import barn, building, house, tower
from dissect_widgets.world.scenery.buildings.churches import church
from dissect_widgets.world.scenery.buildings.street_furniture import (
    bench,
    sign,
    street_lamp,
    traffic_light,
    umbrella,
)
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Dice
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.staging import Stage
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, stone
from dissect_widgets.world.scenery.nature.land import meadow, outdoors, strip
from dissect_widgets.world.scenery.nature.plants import bush, flowers
from dissect_widgets.world.scenery.nature.surroundings import any_tree, horizon_view, paving, village_behind
from dissect_widgets.world.scenery.people.people import cow, person
from dissect_widgets.world.scenery.vehicles.all_vehicles import bicycle, car, tractor, truck


def village_street(dice: Dice) -> Canvas:
    """Houses on both sides of a road, or in a row behind it, with cars, lamps, trees and people."""
    canvas = outdoors(dice, height=(1.5, 3.4), horizon=(0.42, 0.6))
    horizon_view(canvas, dice)
    meadow(canvas, dice)
    stage = Stage(canvas, dice)
    (_street_ahead if dice.chance(0.65) else _street_across)(stage, dice)
    stage.show()
    return canvas


def _road_surface(dice: Dice) -> Surface:
    """Tarmac or cobbles."""
    cobbles = stone(dice).textured("scaly", 0.7, (0.5, 0.5))
    return dice.pick((asphalt(dice), asphalt(dice), cobbles))


def _landmark(stage: Stage, dice: Dice, share: float, z: float) -> None:
    """At times a church, a tower or a barn, farther away than the houses."""
    if dice.chance(0.3):
        stage.put_at(church, share, z, turn=dice.between(-50, 50))
    elif dice.chance(0.12):
        stage.put_at(tower, share, z, kind=dice.pick(("clock", "stone", "water")))
    elif dice.chance(0.2):
        stage.put_at(barn, share, 0.75 * z, turn=dice.between(-50, 50))


# ------------------------------------------------------------------------------ away from the view


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


def _street_ahead(stage: Stage, dice: Dice) -> None:
    """A road between two rows of houses."""
    canvas = stage.canvas
    road = _Road(dice.between(2.4, 3.4), dice.between(-1.8, 1.8), dice.side() * dice.between(0.0, 9.0))
    village_behind(canvas, dice, 75, houses=0.3)
    line = [(road.middle(z), z) for z in (0.5, 5, 10, 18, 28, 42, 60)]
    if dice.chance(0.7):
        strip(canvas, paving(dice), "path", line, 2 * road.half + 3.4)
    surface = _road_surface(dice)
    strip(canvas, surface, "road", line, 2 * road.half)
    _landmark(stage, dice, dice.between(0.3, 0.7), dice.between(62, 80))
    for side in (-1, 1):
        _house_row(stage, dice, side, road)
    for _ in range(dice.count(0, 3)):
        z, side = dice.between(7, 26), dice.side()
        x, turn = road.middle(z) + side * (road.half - 1.1), 90 * side - road.turn(z)
        vehicle = tractor if dice.chance(0.08) else car
        stage.put_on((surface, "road"), vehicle, x, z, turn=turn)
    for _ in range(dice.count(0, 3)):
        z = dice.between(4.5, 14)
        stage.put(person, road.middle(z) + dice.side() * (road.half + 0.9), z)
    _along_the_kerb(stage, dice, road)


def _house_row(stage: Stage, dice: Dice, side: int, road: _Road) -> None:
    """Houses on one side of the road, which they look at, with trees and gaps between them."""
    z, garden = dice.between(9, 15), dice.between(0.4, 3.0)
    while z < 50:
        x = road.middle(z) + side * (road.half + 1.7 + garden + 3.6)
        kind: Callable[..., None] = dice.pick(_ROW)
        if kind is any_tree:
            stage.put(any_tree, x, z)
        else:
            options = {"width": 9.0, "height": dice.between(7, 11)} if kind is building else {}
            turn = -side * 90 - road.turn(z) + dice.between(-6, 6)
            stage.put(kind, x + (1.5 * side if kind is building else 0), z, turn=turn, **options)
        z += dice.between(10.5, 14)


def _along_the_kerb(stage: Stage, dice: Dice, road: _Road) -> None:
    """Lamps, signs, bushes, trees and bicycles beside a road."""
    if dice.chance(0.6):
        side = dice.side()
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
        if dice.chance(chance):
            z = dice.between(6, 14)
            stage.put(thing, road.middle(z) + dice.side() * (road.half + dice.between(1.2, 2.6)), z)


# ------------------------------------------------------------------------------- across the view


def _street_across(stage: Stage, dice: Dice) -> None:
    """A row of houses behind a road that crosses the view."""
    canvas = stage.canvas
    near, wide, lean = dice.between(6.0, 8.5), dice.between(4.5, 6.0), dice.between(-7, 7)
    village_behind(canvas, dice, 40, houses=0.2)
    plane = canvas.camera.ground(0, near, turn=lean)
    if dice.chance(0.7):
        canvas.draw(plane, box(-60, -1.4, 60, wide + 1.6), paving(dice), "path")
    surface = _road_surface(dice)
    canvas.draw(plane, box(-60, 0, 60, wide), surface, "road")
    _landmark(stage, dice, dice.between(0.15, 0.85), dice.between(36, 52))
    slope = math.tan(math.radians(lean))
    row = near + wide + dice.between(5.5, 8.5)
    x = dice.between(-14, -9)
    while x < 14:
        kind = building if dice.chance(0.16) else house
        options = {"width": 9.0, "height": dice.between(6, 9), "depth": 7.0} if kind is building else {}
        stage.put(kind, x, row + x * slope, turn=lean + dice.between(-4, 4), **options)
        x += dice.between(9.8, 12.5)
    for _ in range(dice.count(0, 2)):
        lane, x = dice.pick(((0.3, 0), (0.75, 180))), dice.between(-5, 5)
        vehicle, z = dice.pick((truck, tractor, *[car] * 9)), near + lane[0] * wide + x * slope
        stage.put_on((surface, "road"), vehicle, x, z, turn=lane[1] + lean)
    _before_houses(stage, dice, (near, near + wide), slope)


def _before_houses(stage: Stage, dice: Dice, kerbs: tuple[float, float], slope: float) -> None:
    """People, lamps, signs, trees and bushes on both sides of a road that crosses the view."""
    things = (
        (person, 0.6), (person, 0.4), (street_lamp, 0.6), (sign, 0.3), (bicycle, 0.25), (any_tree, 0.5),
        (bush, 0.5), (flowers, 0.3), (bench, 0.2), *_SURPRISES,
    )  # fmt: skip
    for thing, chance in things:
        if dice.chance(chance):
            z = (
                kerbs[0] - 0.8
                if dice.chance(0.25) and thing is not any_tree
                else kerbs[1] + dice.between(0.8, 2.0)
            )
            x = dice.between(-0.5, 0.5) * z
            stage.put(thing, x, z + x * slope)
