"""A street in a city: along it, or across it."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.city_buildings import building
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign, street_lamp, traffic_light
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, across
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, stone
from dissect_widgets.world.scenery.nature.animals import flying_birds
from dissect_widgets.world.scenery.nature.backdrops import hills, skyline_of_trees
from dissect_widgets.world.scenery.nature.land import ground, outdoors
from dissect_widgets.world.scenery.nature.trees import tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.surroundings import far_building
from dissect_widgets.world.scenery.vehicles.airplanes import flying_airplane
from dissect_widgets.world.scenery.vehicles.bicycles import bicycle
from dissect_widgets.world.scenery.vehicles.cars import car
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import bus, truck

LANE = 3.4
"""Width of a lane, in meters."""


_ROWS: tuple[Thing | None, ...] = (street_lamp, street_lamp, tree, None)
"""What stands in a row along the road."""


_CURB = Surface((0.7, 0.69, 0.66), "stone", rough=0.1)


_PAINT = Surface((0.9, 0.9, 0.87), "painted")


def city_street(rng: Rng) -> Canvas:
    """Buildings along a road or across it, with bus, cars, traffic light, lamps and people."""
    canvas = outdoors(rng, height=(1.5, 3.6), horizon=(0.4, 0.58), zoom=(0.8, 1.1))
    if rng.chance(0.12):
        rng.pick((flying_birds, flying_airplane))(canvas, rng)
    ground(canvas, sidewalk(rng), "path")
    stage = Stage(canvas, rng)
    (_along if rng.chance(0.55) else _across)(stage, rng)
    stage.show()
    return canvas


def sidewalk(rng: Rng) -> Surface:
    """Slabs of stone, or asphalt."""
    if rng.chance(0.3):
        return asphalt(rng)
    slabs, texture = stone(rng)._replace(rough=0.08), rng.pick(("grid", "chequered"))
    return slabs.textured(texture, 0.8, (1.6, 1.6))


def _along(stage: Stage, rng: Rng) -> None:
    """One looks down a street between two rows of buildings."""
    canvas, lanes = stage.canvas, rng.pick((1, 1, 2))
    half, middle, walk = LANE * lanes, rng.between(-0.8, 0.8) * LANE * lanes, rng.between(2.4, 4.0)
    _end_of_street(canvas, rng, middle)
    road = asphalt(rng)
    canvas.draw(canvas.camera.ground(), box(middle - half, 0.3, middle + half, 150), road, "road")
    _marks(canvas, rng, middle, lanes)
    for side in (-1, 1):
        _row(canvas, rng, middle + side * (half + walk), side)
    _coming_and_going(stage, rng, middle, lanes, road)
    _on_sidewalks(stage, rng, middle, half, walk)


def _end_of_street(canvas: Canvas, rng: Rng, middle: float) -> None:
    """What closes the street in the distance: towers, trees or hills."""
    kind = rng.pick(("buildings", "buildings", "trees", "hills"))
    if kind == "hills":
        hills(canvas, rng, high=0.12)
    elif kind == "trees":
        skyline_of_trees(canvas, rng, 150)
    else:
        for x in (-22, 20, -2):
            far_building(canvas, rng, middle + x, 170, width=20, depth=6, height=rng.between(18, 60))


def _marks(canvas: Canvas, rng: Rng, middle: float, lanes: int) -> None:
    """Lines between lanes, curbs, and sometimes a crossing of broad stripes."""
    plane, half = canvas.camera.ground(), LANE * lanes
    for edge in (middle - half, middle + half):
        canvas.draw(plane, box(edge - 0.15, 0.3, edge + 0.15, 120), _CURB, "path")
    for lane in range(1 - lanes, lanes):
        x = middle + lane * LANE
        for start in (2.0, 6.5, 11.0, 16.0, 22.0, 30.0):
            canvas.draw(plane, box(x - 0.08, start, x + 0.08, start + 2.2), _PAINT, "road")
    if rng.chance(0.4):
        z = canvas.camera.distance_at(rng.between(0.72, 0.9))
        for i in range(int(half * 2 / 1.1)):
            x = middle - half + 0.35 + i * 1.1
            canvas.draw(plane, box(x, z, x + 0.6, z + 2.6), _PAINT, "road")


def _row(canvas: Canvas, rng: Rng, x: float, side: int) -> None:
    """Buildings on one side of the street, from far to near, some of them set apart."""
    start, spans = rng.between(-3.0, 4.0), []
    while start < 95:
        wide = rng.between(9, 16)
        spans.append((start, wide))
        start += wide + (rng.between(3, 8) if rng.chance(0.25) else 0.0)
    for begin, wide in reversed(spans):
        deep, turn, high = rng.between(8, 11), -90.0 * side, rng.between(7, 26)
        draw = building if begin < 11 else far_building
        middle = x + side * deep / 2
        draw(canvas, rng, middle, begin + wide / 2, width=wide, depth=deep, turn=turn, height=high)


def _coming_and_going(stage: Stage, rng: Rng, middle: float, lanes: int, road: Surface) -> None:
    """Cars, buses and trucks on both sides of the road."""
    away, nearest = rng.side(), max(stage.canvas.camera.distance_at(0.97), 3.5)
    for side in (-1, 1):
        for lane in range(lanes):
            z = nearest + rng.between(2.0, 9)
            while z < 60:
                draw = rng.pick((car, car, car, bus, bus, truck))
                z += 0.0 if draw is car else 5.0
                turn = (90 if side == away else -90) + rng.between(-4, 4)
                if rng.chance(0.75):
                    stage.put_on((road, "road"), draw, middle + side * LANE * (lane + 0.5), z, turn=turn)
                z += rng.between(12, 32)


def _on_sidewalks(stage: Stage, rng: Rng, middle: float, half: float, walk: float) -> None:
    """People, lamps, a traffic light, trees, signs, a bicycle."""
    camera = stage.canvas.camera
    for side in (-1, 1):
        curb, wall = middle + side * (half + 0.5), middle + side * (half + walk - 0.8)
        row = rng.pick(_ROWS)
        for z in (7.0, 17.0, 32.0):
            if row is not None:
                stage.put(row, curb, z, height=rng.between(3.5, 6.0))
        for _ in range(rng.count(1, 4)):
            z = camera.distance_at(rng.between(0.64, 0.95))
            stage.put(person, curb + (wall - curb) * rng.between(0.2, 1.0), z)
    for draw, chance in ((traffic_light, 0.7), (sign, 0.3), (bicycle, 0.3)):
        x = middle + rng.side() * (half + (0.35 if draw is traffic_light else 1.0))
        z = camera.distance_at(rng.between(0.7, 0.93))
        while not 0.06 < camera.locate(x, 0, z)[0] < 0.94:
            z += 0.5
        if rng.chance(chance):
            stage.put(draw, x, z)


def _across(stage: Stage, rng: Rng) -> None:
    """One looks across a street at a row of buildings."""
    canvas, road, lanes = stage.canvas, asphalt(rng), rng.pick((1, 2, 2))
    near = canvas.camera.distance_at(rng.between(0.8, 1.0))
    curb = near + LANE * lanes + 0.8
    wall, turn = curb + rng.between(2.5, 4.0), rng.between(-9, 9)
    _facades(canvas, rng, wall, turn)
    plane = canvas.camera.ground(0, near, turn=turn)
    canvas.draw(plane, box(-90, 0, 90, curb - near), road, "road")
    for v in (0.0, curb - near):
        canvas.draw(plane, box(-90, v - 0.15, 90, v + 0.15), _CURB, "path")
    if lanes > 1:
        shift = rng.between(0, 4)
        for i in range(-8, 8):
            canvas.draw(plane, box(4 * i + shift, 3.7, 4 * i + shift + 2, 3.9), _PAINT, "road")
    _passing(stage, rng, near, lanes, turn, road)
    _before_facades(stage, rng, (near, curb, wall), turn)


def _slanted(x: float, z: float, turn: float) -> float:
    """Distance at x of a line across the view that passes z straight ahead."""
    return z + x * turn / 57.3


def _facades(canvas: Canvas, rng: Rng, wall: float, turn: float) -> None:
    """A row of buildings, with gaps."""
    left, right = canvas.camera.left_edge(wall + 6) - 6, canvas.camera.right_edge(wall + 6) + 6
    if rng.chance(0.4):
        skyline_of_trees(canvas, rng, wall + 40, pines=False)
    x, spans = left, []
    while x < right:
        wide = rng.between(7, 14)
        spans.append((x + wide / 2, wide))
        x += wide + (rng.between(1.5, 6) if rng.chance(0.3) else 0.0)
    for middle, wide in sorted(spans, key=lambda span: -abs(span[0])):
        z = _slanted(middle, wall, turn) + 4
        building(canvas, rng, middle, z, width=wide, depth=8, height=rng.between(6, 20), turn=turn)


def _passing(stage: Stage, rng: Rng, near: float, lanes: int, turn: float, road: Surface) -> None:
    """Cars, buses, a truck or a bicycle that pass, each lane one way."""
    way, lengths = rng.pick((0, 180)), {bus: 13.0, truck: 10.0, car: 6.0, bicycle: 3.0}
    for lane in range(lanes):
        z, share = near + 2.0 + LANE * lane, rng.between(-0.1, 0.5)
        while share < 1.05:
            draw = rng.pick(
                (car, car, car, bus, bus, bicycle, truck) if lane else (car, car, car, bus, bicycle)
            )
            x = across(stage.canvas, share, z)
            heading = turn + (way if lane == 0 else 180 - way)
            if rng.chance(0.8):
                stage.put_on((road, "road"), draw, x, _slanted(x, z, turn), turn=heading)
            share += lengths[draw] * stage.canvas.camera.zoom / z + rng.between(0.05, 0.6)


def _before_facades(stage: Stage, rng: Rng, lines: tuple[float, float, float], turn: float) -> None:
    """People, lamps, trees and a traffic light on both sidewalks."""
    near, curb, wall = lines

    def put(draw: Thing, share: float, z: float, **options: float) -> None:
        x = across(stage.canvas, share, z)
        stage.put(draw, x, _slanted(x, z, turn), **options)

    for _ in range(rng.count(1, 4)):
        put(person, rng.between(0, 1), rng.between(curb + 0.6, wall - 0.6))
    row = rng.pick(_ROWS)
    start, step = rng.between(0, 0.3), rng.between(0.3, 0.5)
    for i in range(3):
        if row is not None:
            put(row, start + step * i, curb + 0.6, height=rng.between(3.5, 6.0))
    if rng.chance(0.6):
        share = rng.pick((rng.between(0.05, 0.3), rng.between(0.7, 0.95)))
        put(traffic_light, share, max(rng.pick((near - 0.5, curb + 0.5)), 5.0))
    for draw, chance in ((sign, 0.3), (bench, 0.25), (bicycle, 0.2)):
        if rng.chance(chance):
            put(draw, rng.between(0.1, 0.9), curb + 1.2)
    for _ in range(rng.pick((0, 1, 1, 2))):
        share = rng.pick((rng.between(0.05, 0.4), rng.between(0.6, 0.95)))
        put(person, share, max(near - 0.8, 3.0))
