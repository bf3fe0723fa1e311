"""The highway."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from dissect_widgets.world.scenery.buildings.bridges import bridge
from dissect_widgets.world.scenery.buildings.fences import fence
from dissect_widgets.world.scenery.buildings.street_furniture import sign, street_lamp, traffic_light
from dissect_widgets.world.scenery.drawing.canvas import Canvas, Floor
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, metal, painted
from dissect_widgets.world.scenery.nature.land import meadow, outdoors
from dissect_widgets.world.scenery.nature.plants import bush
from dissect_widgets.world.scenery.nature.trees import pine_tree, tree
from dissect_widgets.world.scenery.scenes.surroundings import far_away, horizon_view
from dissect_widgets.world.scenery.vehicles.cars import car
from dissect_widgets.world.scenery.vehicles.tractors import tractor
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import bus, truck

_PLANTS: tuple[Thing, ...] = (tree, tree, bush, pine_tree)


LANE = 3.6
"""Width of a lane, in meters."""


class Course(NamedTuple):
    """A road that runs away from the camera, straight or in a bend, one way on each of its sides."""

    start: float
    slope: float
    bend: float
    lanes: int
    """On each side."""
    median: float
    """Between the two sides, in meters."""

    @property
    def half(self) -> float:
        """From its middle to the outer edge of its lanes, in meters."""
        return self.lanes * LANE + self.median / 2

    def x(self, z: float) -> float:
        """Where its middle is at a distance."""
        return self.start + self.slope * z + self.bend * z * z

    def turn(self, z: float) -> float:
        """Heading of what drives away on it, in degrees."""
        return 90 - math.degrees(math.atan(self.slope + 2 * self.bend * z))

    def band(self, left: float, right: float, near: float, far: float, steps: int) -> list[Point]:
        """Outline on the ground of what runs along it, from `left` to `right` of its middle."""
        places = [near * (far / near) ** (i / steps) for i in range(steps + 1)]
        return [(self.x(z) + left, z) for z in places] + [(self.x(z) + right, z) for z in reversed(places)]


def highway(rng: Rng) -> Canvas:
    """A road of several lanes into the distance, with cars, trucks, a bus, signs, perhaps a bridge across."""
    canvas = outdoors(rng, height=(1.6, 4.6), horizon=(0.38, 0.6), zoom=(0.85, 1.2))
    horizon_view(canvas, rng)
    meadow(canvas, rng)
    lanes, median = rng.pick((1, 2, 2, 3)), rng.pick((0.6, 1.2, 3.0))
    start = rng.between(-0.85, 0.85) * (lanes * LANE + median / 2)
    bend = rng.between(-0.0011, 0.0011)
    course = Course(start, rng.between(-0.1, 0.1), bend, lanes, median)
    verge, surface = canvas.floor, asphalt(rng)
    _lanes(canvas, rng, course, surface)
    far_away(canvas, rng)
    stage = Stage(canvas, rng)
    _traffic(stage, rng, course, (surface, "road"))
    _beside_the_road(stage, rng, course, verge)
    if rng.chance(0.25):
        z = rng.between(45, 80)
        kind = rng.pick(("beams", "beams", "arches", "truss"))
        turn = rng.between(-8, 8)
        stage.put(bridge, course.x(z), z, length=130, width=7, height=6.5, kind=kind, turn=turn)
    stage.show()
    return canvas


def _lanes(canvas: Canvas, rng: Rng, course: Course, surface: Surface) -> None:
    """Asphalt, marks between the lanes, and a median strip."""
    plane, verge, half = canvas.camera.ground(), canvas.floor, course.half
    canvas.draw(plane, course.band(-half - 1.5, half + 1.5, 0.5, 400, 16), surface, "road")
    paint = Surface(rng.pick(((0.92, 0.92, 0.9), (0.92, 0.92, 0.9), (0.9, 0.75, 0.25))), "painted")
    for side in (-1, 1):
        edge = side * half
        canvas.draw(plane, course.band(edge - 0.12, edge + 0.12, 0.5, 250, 12), paint, "road")
        for lane in range(1, course.lanes):
            line = side * (course.median / 2 + lane * LANE)
            for start in (2.0, 8.0, 14.0, 21.0, 30.0, 42.0, 60.0):
                dash = course.band(line - 0.1, line + 0.1, start, start + 3 + 0.05 * start, 1)
                canvas.draw(plane, dash, paint, "road")
    if course.median > 2 and verge is not None:
        inner = course.median / 2
        canvas.draw(plane, course.band(-inner, inner, 0.5, 400, 16), *verge)
    else:
        canvas.draw(plane, course.band(-0.15, 0.15, 0.5, 250, 12), paint, "road")


def _traffic(stage: Stage, rng: Rng, course: Course, floor: Floor | None) -> None:
    """Cars, trucks, buses, rarely a tractor in the lanes; one of them at least is near."""
    camera, away = stage.canvas.camera, rng.side()
    nearest = max(camera.distance_at(0.98), 3.5) + 1.5
    lanes = [(side, lane) for side in (-1, 1) for lane in range(course.lanes)]
    first = min(lanes, key=lambda lane: abs(_share(stage, course, lane, nearest + 3) - rng.between(0.2, 0.8)))
    for side, lane in lanes:
        z = nearest + (rng.between(0.0, 3.0) if (side, lane) == first else rng.between(2.0, 22.0))
        while z < 85:
            draw = tractor if rng.chance(0.012) else rng.pick((car, car, car, truck, bus))
            z += 0.0 if draw is car else 4.0
            turn = course.turn(z) - (0 if side == away else 180)
            seen = -0.15 < _share(stage, course, (side, lane), z) < 1.15
            if seen and (rng.chance(0.75) or (side, lane) == first):
                x = course.x(z) + side * (course.median / 2 + (lane + 0.5) * LANE)
                stage.put_on(floor, draw, x, z, turn=turn)
            z += rng.between(18, 55) * (1 + z / 60)


def _share(stage: Stage, course: Course, lane: tuple[int, int], z: float) -> float:
    """Where a lane is seen at a distance, as a share of the image's width."""
    line = lane[0] * (course.median / 2 + (lane[1] + 0.5) * LANE)
    return stage.canvas.camera.locate(course.x(z) + line, 0, z)[0]


def _beside_the_road(stage: Stage, rng: Rng, course: Course, verge: Floor | None) -> None:
    """Signs, a traffic light, lamps, guard rails, trees and bushes."""
    edge = course.half + 1.5

    def put(draw: Thing, z: float, away: float, **options: float) -> None:
        stage.put_on(verge, draw, course.x(z) + away, z, **options)

    if rng.chance(0.6):
        put(sign, rng.between(8, 20), rng.side() * (edge + 1.5), size=rng.between(1.5, 2.2))
    if rng.chance(0.16):
        put(traffic_light, rng.between(11, 26), rng.side() * (edge + 0.5), height=rng.between(3.6, 4.6))
    if rng.chance(0.25):
        z = rng.between(26, 50)
        stage.put(_gantry, course.x(z), z, half=course.half)
    if rng.chance(0.45):
        side = rng.side()
        for z in (14.0, 30.0, 52.0, 80.0):
            put(street_lamp, z, side * (edge + 0.6), height=8.0)
    if rng.chance(0.5):
        _guard_rail(stage, rng, course, rng.side() * (edge + 0.3))
    plant = rng.pick(_PLANTS)
    for _ in range(rng.count(2, 6)):
        put(plant, rng.between(12, 75), rng.side() * (edge + rng.between(4, 15)))


def _guard_rail(stage: Stage, rng: Rng, course: Course, away: float) -> None:
    """A low rail of metal along the road."""
    surface = metal(rng)
    for start, end in pairwise((3.0, 12.0, 30.0, 60.0)):
        ends = [(course.x(z) + away, z) for z in (start, end)]
        rail = partial(fence, stage.canvas, rng, *ends, kind="rails", height=0.8, surface=surface)
        stage.add(end, rail)


def _gantry(canvas: Canvas, rng: Rng, x: float, z: float, *, half: float) -> None:
    """Signs on a beam across the road."""
    plane, steel, face = canvas.camera.upright(x, z), metal(rng), painted(rng)
    light, reach = Surface((0.93, 0.92, 0.88), "painted"), half + 1.6
    for u in (-reach, reach):
        canvas.draw(plane, box(u - 0.2, 0, u + 0.2, 7.4), steel, "sign", "pole")
    canvas.draw(plane, box(-reach, 6.9, reach, 7.3), steel, "sign", "pole")
    for side in rng.pick(((-1, 1), (-1,), (1,))):
        left, right = sorted((side * 0.5, side * (half - 0.3)))
        canvas.draw(plane, box(left, 5.6, right, 8.2), light, "sign", "frame")
        canvas.draw(plane, box(left + 0.12, 5.72, right - 0.12, 8.08), face, "sign", "panel")
        for v in (6.2, 7.1):
            line = box(left + 0.6, v, left + 0.75 * (right - left), v + 0.4)
            canvas.draw(plane, line, light, "sign", "panel")
