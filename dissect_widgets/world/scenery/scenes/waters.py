"""Scenes of fresh water: mountain lake, river."""

from __future__ import annotations

from functools import partial
from typing import Any

from dissect_widgets.world.scenery.buildings.buildings import barn, lighthouse
from dissect_widgets.world.scenery.buildings.infrastructure import bridge, dock, ski_lift
from dissect_widgets.world.scenery.buildings.street_furniture import bench
from dissect_widgets.world.scenery.drawing.canvas import Canvas, Floor
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import smooth
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, across, beside, far, middle
from dissect_widgets.world.scenery.drawing.surfaces import Surface
from dissect_widgets.world.scenery.nature.land import (
    grass,
    gravel,
    ground,
    hills,
    meadow,
    mirrored,
    mountains,
    outdoors,
    ripples,
    rock,
    sand,
    skyline_of_trees,
    snow,
    strip,
    water,
)
from dissect_widgets.world.scenery.nature.plants import bush, pine_tree, tree, tuft
from dissect_widgets.world.scenery.people.people import cow, person
from dissect_widgets.world.scenery.scenes.farms import field
from dissect_widgets.world.scenery.vehicles.all_vehicles import boat

# ------------------------------------------------------------------------------- mountain lake


def mountain_lake(rng: Rng) -> Canvas:
    """A lake that mirrors mountains and pines, in any season; sometimes with a boat, a dock or a bench."""
    canvas = outdoors(rng, height=(1.8, 3.6), horizon=(0.32, 0.5))
    shore, lake = _shore(canvas, rng), water(rng, canvas.light)
    beyond = rng.between(45, 110)
    distance = partial(_beyond_the_lake, f"{rng.between(0, 1)}", beyond)
    distance(canvas)
    ground(canvas, lake, "water")
    mirrored(canvas, distance, lake, share=rng.between(0.35, 0.65))
    _far_shore(canvas, rng, beyond, shore)
    waves = [far(rng, 5, 35) for _ in range(rng.count(5, 14))]
    ripples(canvas, rng, [(across(canvas, rng.between(0, 1), z), z) for z in waves], lake)
    if rng.chance(0.45):
        z = rng.between(9, 18)
        boat(canvas, rng, across(canvas, rng.between(0.25, 0.75), z), z)
    _near_shore(canvas, rng, shore)
    return canvas


def _beyond_the_lake(chance: str, z: float, canvas: Canvas) -> None:
    """Draw mountains, mostly a forest, rarely a ski lift or a lighthouse, alike for equal `chance`."""
    rng = Rng(chance)
    snowy = True if canvas.light.season == "winter" else None
    mountains(canvas, rng, high=rng.between(0.18, 0.32), snowy=snowy)
    if rng.chance(0.06):
        start, end = (across(canvas, rng.between(0.1, 0.4), z), z), (across(canvas, 0.7, 1.6 * z), 1.6 * z)
        ski_lift(canvas, rng, start, end, rise=0.15 * z, height=0.12 * z, chairs=4)
    if rng.chance(0.85):
        skyline_of_trees(canvas, rng, z, pines=rng.chance(0.75))
    if rng.chance(0.07):
        lighthouse(
            canvas, rng, across(canvas, rng.between(0.15, 0.85), z), 0.99 * z, height=rng.between(14, 19)
        )


def _shore(canvas: Canvas, rng: Rng) -> Floor:
    """What the shores are made of, and its name."""
    if canvas.light.season == "winter" and rng.chance(0.7):
        return snow(rng), "snow"
    kind = rng.pick(("grass", "grass", "rock", "sand"))
    if kind == "grass":
        return grass(rng, canvas.light), kind
    return (gravel(rng)._replace(material="stone"), kind) if kind == "rock" else (sand(rng), kind)


def _far_shore(canvas: Canvas, rng: Rng, z: float, shore: Floor) -> None:
    """Draw the narrow bank on the other side."""
    line = []
    for i in range(9):
        away = z * rng.between(0.72, 0.98)
        line.append((across(canvas, -0.1 + 1.2 * i / 8, away), away))
    back = [(across(canvas, share, 1.02 * z), 1.02 * z) for share in (1.2, -0.2)]
    canvas.draw(canvas.camera.ground(), [*smooth(line, 3, closed=False), *back], *shore)


def _near_shore(canvas: Canvas, rng: Rng, shore: Floor) -> None:
    """Draw the bank on this side, all along or in a corner, and what stands on it."""
    camera, side = canvas.camera, rng.side()
    first = camera.distance_at(1.0)
    reach, whole = first * rng.between(1.6, 2.4), rng.chance(0.35)
    span, end = (1.3, 1.2 * first) if whole else (rng.between(0.5, 0.85), 0.8 * first)
    line = []
    for t in (0.0, 0.18, 0.36, 0.54, 0.72, 0.88, 1.0):
        z = (reach + (end - reach) * t**1.2) * rng.near(1, 0.05)
        line.append((across(canvas, 0.5 + side * (0.6 - span * t), z), z))
    corners = [(across(canvas, 0.5 + side * (0.6 - span * t), 0.8 * first), 0.8 * first) for t in (1.0, -0.2)]
    curve = smooth(line, 4, closed=False)
    wet = [(x - 0.12 * side, z + 0.15) for x, z in curve]
    canvas.draw(camera.ground(), [*wet, *corners], shore[0].times(0.72), shore[1])
    canvas.draw(camera.ground(), [*curve, *corners], *shore)
    canvas.floor = shore
    stage = Stage(canvas, rng)
    _on_shore(stage, side, reach)
    stage.show()


def _on_shore(stage: Stage, side: int, reach: float) -> None:
    """Place pines, rocks, bushes, reeds, a bench or a dock where the near bank is broad."""
    canvas, rng, winter = stage.canvas, stage.rng, stage.canvas.light.season == "winter"
    for share in rng.shuffled((0.03, 0.11, 0.2, 0.3))[: rng.count(2, 4)]:
        z = reach * (1.0 - 0.8 * share) * rng.between(0.82, 0.95)
        x = across(canvas, 0.5 + side * (0.5 - share), z)
        kind = rng.pick(("pine", "pine", "pine", "tree", "rock", "rock", "bush", "tuft"))
        if kind in ("pine", "tree"):
            _shore_tree(stage, x, z, pine=kind == "pine")
        elif kind == "rock":
            stage.put(rock, x, z, size=rng.between(0.7, 1.8), snowy=winter)
        elif kind == "bush":
            stage.put(bush, x, z, snowy=winter)
        else:
            stage.put(tuft, x, z)
    if rng.chance(0.25):
        stage.put_at(bench, 0.5 + side * rng.between(0.3, 0.42), reach * 0.72)
    if rng.chance(0.3):
        x = across(canvas, 0.5 + side * rng.between(0.0, 0.25), 0.75 * reach)
        landing = partial(dock, canvas, rng, x, 0.75 * reach, height=0.35, turn=side * rng.between(0, 40))
        stage.add(reach, landing)


def _shore_tree(stage: Stage, x: float, z: float, *, pine: bool) -> None:
    """Place a tree with a small shadow, which does not reach the water."""
    rng, snowy = stage.rng, 0.6 if stage.canvas.light.season == "winter" else 0.0
    stage.canvas.shadow(x, z, 0.6, 0.25)
    if pine:
        stage.put_on(None, pine_tree, x, z, height=rng.between(3.0, 6.0), snowy=snowy)
    else:
        stage.put_on(None, tree, x, z, height=rng.between(3.5, 5.5))


# --------------------------------------------------------------------------------------- river


def river(rng: Rng) -> Canvas:
    """A winding river between banks of grass, sand or stones with trees; sometimes a bridge or a boat."""
    canvas = outdoors(rng, height=(2.2, 4.2), horizon=(0.3, 0.46))
    rng.pick((hills, hills, mountains))(canvas, rng)
    meadow(canvas, rng)
    if rng.chance(0.15):
        field(canvas, rng, 22.0)
    if rng.chance(0.8):
        skyline_of_trees(canvas, rng, rng.between(60, 110))
    course, width = _course(rng), rng.between(4.0, 7.5)
    stream = water(rng, canvas.light)
    _river_bed(canvas, rng, course, (width, stream))
    stage = Stage(canvas, rng)
    _by_the_river(stage, course, width)
    if rng.chance(0.15):
        stage.put_at(barn, rng.pick((0.12, 0.88)), rng.between(36, 48), turn=rng.between(-50, 50))
    if rng.chance(0.3):
        z = rng.between(16, 26)
        span = width + rng.between(6, 10)
        stage.put(bridge, middle(course, z), z, length=span, width=3.0, height=2.2)
    elif rng.chance(0.35):
        z = rng.between(9, 14)
        stage.put_on((stream, "water"), boat, middle(course, z), z, size=0.7)
    stage.show()
    return canvas


def _course(rng: Rng) -> list[Point]:
    """Line (x, z) of a river from the camera to the distance."""
    side = rng.side()
    start = side * rng.between(0.0, 3.0)
    line = [(start + side, 1.0), (start, 5.0)]
    for z, reach in ((10.0, 2.2), (18.0, 5.0), (32.0, 8.0), (60.0, 16.0)):
        side = -side
        line.append((side * reach * rng.between(0.5, 1.1), z))
    return smooth(line, 6, closed=False)


def _river_bed(canvas: Canvas, rng: Rng, course: list[Point], stream: tuple[float, Surface]) -> None:
    """Draw a river with its banks; `stream` is its width and its water."""
    (width, surface), sandy = stream, rng.chance(0.5)
    bank = sand(rng) if sandy else gravel(rng)._replace(material="stone")
    name = "sand" if sandy else "rock"
    strip(canvas, bank, name, course, width + rng.between(0.6, 2.4))
    strip(canvas, bank.times(0.72), name, course, width + 0.5)
    strip(canvas, surface, "water", course, width)
    waves = [(x + rng.between(-0.32, 0.32) * width, z) for x, z in course for _ in range(2) if 4 < z < 30]
    ripples(canvas, rng, waves, surface)


def _by_the_river(stage: Stage, course: list[Point], width: float) -> None:
    """Place trees, bushes, rocks and reeds on both banks, now and then a cow or a walker."""
    rng = stage.rng
    common: tuple[Thing, ...] = (tree, tree, tree, pine_tree, bush, bush, rock, rock, tuft, tuft, tuft)
    things: list[Thing] = [tree, tree, *(rng.pick(common) for _ in range(rng.count(5, 8)))]
    things += [thing for thing, chance in ((person, 0.2), (cow, 0.15)) if rng.chance(chance)]
    for thing in things:
        low = thing in (rock, tuft)  # may stand in the water
        x, z = _on_bank(stage, course, width / 2 + (-0.4 if low else 1.3))
        options: dict[str, Any] = {"size": rng.between(0.7, 1.8)} if thing is rock else {}
        stage.put(thing, x, z, **options)


def _on_bank(stage: Stage, course: list[Point], least: float) -> Point:
    """Place (x, z) beside a river, at least so far from its middle, and in the picture if that can be."""
    rng = stage.rng
    for _ in range(5):
        z = far(rng, 7, 32)
        x = beside(course, z, rng.side() * (least + rng.between(0, 0.25 * z)))
        if across(stage.canvas, 0.02, z) < x < across(stage.canvas, 0.98, z):
            break
    return x, z
