"""The river."""

from __future__ import annotations

from typing import Any

from dissect_widgets.world.scenery.buildings.bridges import bridge
from dissect_widgets.world.scenery.buildings.houses import barn
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import smooth
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, across, beside, far, middle
from dissect_widgets.world.scenery.drawing.surfaces import Surface
from dissect_widgets.world.scenery.nature.animals import cow
from dissect_widgets.world.scenery.nature.backdrops import hills, mountains, skyline_of_trees
from dissect_widgets.world.scenery.nature.land import (
    gravel,
    meadow,
    outdoors,
    ripples,
    rock,
    sand,
    strip,
    water,
)
from dissect_widgets.world.scenery.nature.plants import bush, tuft
from dissect_widgets.world.scenery.nature.trees import pine_tree, tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.farmhouse import field
from dissect_widgets.world.scenery.vehicles.boats import boat


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
    """Place (x, z) beside a river, at least so far from its middle, and in the image if that can be."""
    rng = stage.rng
    for _ in range(5):
        z = far(rng, 7, 32)
        x = beside(course, z, rng.side() * (least + rng.between(0, 0.25 * z)))
        if across(stage.canvas, 0.02, z) < x < across(stage.canvas, 0.98, z):
            break
    return x, z
