"""The scene of a street in a city: along it, or across it."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.buildings import building
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign, street_lamp, traffic_light
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Dice
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, across
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, stone
from dissect_widgets.world.scenery.nature.land import ground, hills, outdoors, skyline_of_trees
from dissect_widgets.world.scenery.nature.surroundings import far_building
from dissect_widgets.world.scenery.nature.trees import tree
from dissect_widgets.world.scenery.people.people import flying_birds, person
from dissect_widgets.world.scenery.vehicles.all_vehicles import bicycle, bus, car, flying_airplane, truck

LANE = 3.4
"""Width of a lane, in metres."""
_ROWS: tuple[Thing | None, ...] = (street_lamp, street_lamp, tree, None)
"""What stands in a row along the road."""
_KERB = Surface((0.7, 0.69, 0.66), "stone", rough=0.1)
_PAINT = Surface((0.9, 0.9, 0.87), "painted")


def city_street(dice: Dice) -> Canvas:
    """Buildings along a road or across it, with bus, cars, traffic light, lamps and people."""
    canvas = outdoors(dice, height=(1.5, 3.6), horizon=(0.4, 0.58), zoom=(0.8, 1.1))
    if dice.chance(0.12):
        dice.pick((flying_birds, flying_airplane))(canvas, dice)
    ground(canvas, pavement(dice), "path")
    stage = Stage(canvas, dice)
    (_along if dice.chance(0.55) else _across)(stage, dice)
    stage.show()
    return canvas


def pavement(dice: Dice) -> Surface:
    """Slabs of stone, or tarmac."""
    if dice.chance(0.3):
        return asphalt(dice)
    slabs, texture = stone(dice)._replace(rough=0.08), dice.pick(("grid", "chequered"))
    return slabs.textured(texture, 0.8, (1.6, 1.6))


# ---------------------------------------------------------------------------- away from the view


def _along(stage: Stage, dice: Dice) -> None:
    """One looks down a street between two rows of buildings."""
    canvas, lanes = stage.canvas, dice.pick((1, 1, 2))
    half, middle, walk = LANE * lanes, dice.between(-0.8, 0.8) * LANE * lanes, dice.between(2.4, 4.0)
    _end_of_street(canvas, dice, middle)
    road = asphalt(dice)
    canvas.draw(canvas.camera.ground(), box(middle - half, 0.3, middle + half, 150), road, "road")
    _marks(canvas, dice, middle, lanes)
    for side in (-1, 1):
        _row(canvas, dice, middle + side * (half + walk), side)
    _coming_and_going(stage, dice, middle, lanes, road)
    _on_pavements(stage, dice, middle, half, walk)


def _end_of_street(canvas: Canvas, dice: Dice, middle: float) -> None:
    """What closes the street in the distance: towers, trees or hills."""
    kind = dice.pick(("buildings", "buildings", "trees", "hills"))
    if kind == "hills":
        hills(canvas, dice, high=0.12)
    elif kind == "trees":
        skyline_of_trees(canvas, dice, 150)
    else:
        for x in (-22, 20, -2):
            far_building(canvas, dice, middle + x, 170, width=20, depth=6, height=dice.between(18, 60))


def _marks(canvas: Canvas, dice: Dice, middle: float, lanes: int) -> None:
    """Lines between lanes, kerbs, and sometimes a crossing of broad stripes."""
    plane, half = canvas.camera.ground(), LANE * lanes
    for edge in (middle - half, middle + half):
        canvas.draw(plane, box(edge - 0.15, 0.3, edge + 0.15, 120), _KERB, "path")
    for lane in range(1 - lanes, lanes):
        x = middle + lane * LANE
        for start in (2.0, 6.5, 11.0, 16.0, 22.0, 30.0):
            canvas.draw(plane, box(x - 0.08, start, x + 0.08, start + 2.2), _PAINT, "road")
    if dice.chance(0.4):
        z = canvas.camera.distance_at(dice.between(0.72, 0.9))
        for i in range(int(half * 2 / 1.1)):
            x = middle - half + 0.35 + i * 1.1
            canvas.draw(plane, box(x, z, x + 0.6, z + 2.6), _PAINT, "road")


def _row(canvas: Canvas, dice: Dice, x: float, side: int) -> None:
    """Buildings on one side of the street, from far to near, some of them set apart."""
    start, spans = dice.between(-3.0, 4.0), []
    while start < 95:
        wide = dice.between(9, 16)
        spans.append((start, wide))
        start += wide + (dice.between(3, 8) if dice.chance(0.25) else 0.0)
    for begin, wide in reversed(spans):
        deep, turn, high = dice.between(8, 11), -90.0 * side, dice.between(7, 26)
        draw = building if begin < 11 else far_building
        middle = x + side * deep / 2
        draw(canvas, dice, middle, begin + wide / 2, width=wide, depth=deep, turn=turn, height=high)


def _coming_and_going(stage: Stage, dice: Dice, middle: float, lanes: int, road: Surface) -> None:
    """Cars, buses and trucks on both sides of the road."""
    away, nearest = dice.side(), max(stage.canvas.camera.distance_at(0.97), 3.5)
    for side in (-1, 1):
        for lane in range(lanes):
            z = nearest + dice.between(2.0, 9)
            while z < 60:
                draw = dice.pick((car, car, car, bus, bus, truck))
                z += 0.0 if draw is car else 5.0
                turn = (90 if side == away else -90) + dice.between(-4, 4)
                if dice.chance(0.75):
                    stage.put_on((road, "road"), draw, middle + side * LANE * (lane + 0.5), z, turn=turn)
                z += dice.between(12, 32)


def _on_pavements(stage: Stage, dice: Dice, middle: float, half: float, walk: float) -> None:
    """People, lamps, a traffic light, trees, signs, a bicycle."""
    camera = stage.canvas.camera
    for side in (-1, 1):
        kerb, wall = middle + side * (half + 0.5), middle + side * (half + walk - 0.8)
        row = dice.pick(_ROWS)
        for z in (7.0, 17.0, 32.0):
            if row is not None:
                stage.put(row, kerb, z, height=dice.between(3.5, 6.0))
        for _ in range(dice.count(1, 4)):
            z = camera.distance_at(dice.between(0.64, 0.95))
            stage.put(person, kerb + (wall - kerb) * dice.between(0.2, 1.0), z)
    for draw, chance in ((traffic_light, 0.7), (sign, 0.3), (bicycle, 0.3)):
        x = middle + dice.side() * (half + (0.35 if draw is traffic_light else 1.0))
        z = camera.distance_at(dice.between(0.7, 0.93))
        while not 0.06 < camera.locate(x, 0, z)[0] < 0.94:
            z += 0.5
        if dice.chance(chance):
            stage.put(draw, x, z)


# ------------------------------------------------------------------------------- across the view


def _across(stage: Stage, dice: Dice) -> None:
    """One looks across a street at a row of buildings."""
    canvas, road, lanes = stage.canvas, asphalt(dice), dice.pick((1, 2, 2))
    near = canvas.camera.distance_at(dice.between(0.8, 1.0))
    kerb = near + LANE * lanes + 0.8
    wall, turn = kerb + dice.between(2.5, 4.0), dice.between(-9, 9)
    _facades(canvas, dice, wall, turn)
    plane = canvas.camera.ground(0, near, turn=turn)
    canvas.draw(plane, box(-90, 0, 90, kerb - near), road, "road")
    for v in (0.0, kerb - near):
        canvas.draw(plane, box(-90, v - 0.15, 90, v + 0.15), _KERB, "path")
    if lanes > 1:
        shift = dice.between(0, 4)
        for i in range(-8, 8):
            canvas.draw(plane, box(4 * i + shift, 3.7, 4 * i + shift + 2, 3.9), _PAINT, "road")
    _passing(stage, dice, near, lanes, turn, road)
    _before_facades(stage, dice, (near, kerb, wall), turn)


def _slanted(x: float, z: float, turn: float) -> float:
    """Distance at x of a line across the view that passes z straight ahead."""
    return z + x * turn / 57.3


def _facades(canvas: Canvas, dice: Dice, wall: float, turn: float) -> None:
    """A row of buildings, with gaps."""
    left, right = canvas.camera.left_edge(wall + 6) - 6, canvas.camera.right_edge(wall + 6) + 6
    if dice.chance(0.4):
        skyline_of_trees(canvas, dice, wall + 40, pines=False)
    x, spans = left, []
    while x < right:
        wide = dice.between(7, 14)
        spans.append((x + wide / 2, wide))
        x += wide + (dice.between(1.5, 6) if dice.chance(0.3) else 0.0)
    for middle, wide in sorted(spans, key=lambda span: -abs(span[0])):
        z = _slanted(middle, wall, turn) + 4
        building(canvas, dice, middle, z, width=wide, depth=8, height=dice.between(6, 20), turn=turn)


def _passing(stage: Stage, dice: Dice, near: float, lanes: int, turn: float, road: Surface) -> None:
    """Cars, buses, a truck or a bicycle that pass, each lane one way."""
    way, lengths = dice.pick((0, 180)), {bus: 13.0, truck: 10.0, car: 6.0, bicycle: 3.0}
    for lane in range(lanes):
        z, share = near + 2.0 + LANE * lane, dice.between(-0.1, 0.5)
        while share < 1.05:
            draw = dice.pick(
                (car, car, car, bus, bus, bicycle, truck) if lane else (car, car, car, bus, bicycle)
            )
            x = across(stage.canvas, share, z)
            heading = turn + (way if lane == 0 else 180 - way)
            if dice.chance(0.8):
                stage.put_on((road, "road"), draw, x, _slanted(x, z, turn), turn=heading)
            share += lengths[draw] * stage.canvas.camera.zoom / z + dice.between(0.05, 0.6)


def _before_facades(stage: Stage, dice: Dice, lines: tuple[float, float, float], turn: float) -> None:
    """People, lamps, trees and a traffic light on both pavements."""
    near, kerb, wall = lines

    def put(draw: Thing, share: float, z: float, **options: float) -> None:
        x = across(stage.canvas, share, z)
        stage.put(draw, x, _slanted(x, z, turn), **options)

    for _ in range(dice.count(1, 4)):
        put(person, dice.between(0, 1), dice.between(kerb + 0.6, wall - 0.6))
    row = dice.pick(_ROWS)
    start, step = dice.between(0, 0.3), dice.between(0.3, 0.5)
    for i in range(3):
        if row is not None:
            put(row, start + step * i, kerb + 0.6, height=dice.between(3.5, 6.0))
    if dice.chance(0.6):
        share = dice.pick((dice.between(0.05, 0.3), dice.between(0.7, 0.95)))
        put(traffic_light, share, max(dice.pick((near - 0.5, kerb + 0.5)), 5.0))
    for draw, chance in ((sign, 0.3), (bench, 0.25), (bicycle, 0.2)):
        if dice.chance(chance):
            put(draw, dice.between(0.1, 0.9), kerb + 1.2)
    for _ in range(dice.pick((0, 1, 1, 2))):
        share = dice.pick((dice.between(0.05, 0.4), dice.between(0.6, 0.95)))
        put(person, share, max(near - 0.8, 3.0))
