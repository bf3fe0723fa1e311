"""A path through a forest."""

from __future__ import annotations

from typing import Any

from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, smooth
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, beside, middle
from dissect_widgets.world.scenery.drawing.surfaces import Surface, foliage
from dissect_widgets.world.scenery.nature.backdrops import skyline_of_trees
from dissect_widgets.world.scenery.nature.land import grass, gravel, ground, outdoors, patches, rock, strip
from dissect_widgets.world.scenery.nature.plants import bush, flowers, tuft
from dissect_widgets.world.scenery.nature.trees import pine_tree, tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.vehicles.bicycles import bicycle


def forest_path(rng: Rng) -> Canvas:
    """A path between trees and bushes, sometimes with a walker, a bicycle or a bench."""
    season = rng.pick(("spring", "summer", "summer", "autumn", "autumn"))
    canvas = outdoors(rng, season=season, height=(1.4, 2.4), horizon=(0.38, 0.56))
    _forest_floor(canvas, rng)
    pines = rng.pick((0.0, 0.0, 0.25, 0.6))
    skyline_of_trees(canvas, rng, rng.between(38, 60), pines=pines > 0.5)
    if rng.chance(0.6):
        skyline_of_trees(canvas, rng, rng.between(24, 32), pines=False)
    line, path = _winding(rng), gravel(rng)
    trees = _trees_along(rng, line)
    for x, z in trees:
        canvas.shadow(x, z, rng.between(1.2, 1.8), 0.8)
    strip(canvas, path, "path", line, rng.between(1.6, 2.8))
    canvas.floor = None  # shadows of trees drawn from now on would cover the path
    stage = Stage(canvas, rng)
    for x, z in trees:
        plant: Thing = pine_tree if z > 8 and rng.chance(pines) else tree
        stage.put(plant, x, z, height=rng.between(7, 13))
    _undergrowth(stage, line)
    _on_path(stage, line, path)
    stage.show()
    if rng.chance(0.6):
        _canopy(canvas, rng)
    return canvas


def _forest_floor(canvas: Canvas, rng: Rng) -> None:
    """Cover the ground with grass, or with fallen leaves."""
    if rng.chance(0.6):
        ground(canvas, grass(rng, canvas.light), "grass")
    else:
        fallen = foliage(rng, canvas.light.leaves(rng), 0.35)._replace(rough=0.4)
        ground(canvas, fallen.times(0.85), "grass")
    patches(canvas, rng)


def _winding(rng: Rng) -> list[Point]:
    """Line (x, z) of a path into the distance."""
    bend = rng.side() * rng.between(0.4, 2.4)
    line = [(rng.between(-1, 1), 0.8), (0.4 * bend, 5.0), (bend, 10.0), (-bend, 20.0), (1.5 * bend, 36.0)]
    return smooth(line, 6, closed=False)


def _trees_along(rng: Rng, line: list[Point]) -> list[Point]:
    """Places (x, z) of trees on both sides of the path."""
    places, first = [], rng.side()
    for number in range(rng.count(9, 12)):
        z = 5.0 * 1.18**number * rng.near(1, 0.1)
        away = 2.0 + rng.between(0.3, 1.3) + rng.between(0, 0.22) * z
        places.append((beside(line, z, first * away if number % 2 else -first * away), z))
    return places


def _undergrowth(stage: Stage, line: list[Point]) -> None:
    """Place bushes, ferns, flowers and rocks beside the path."""
    rng = stage.rng
    plants: tuple[Thing, ...] = (bush, bush, tuft, flowers, rock)
    for _ in range(rng.count(3, 6)):
        thing, z = rng.pick(plants), rng.between(4.0, 12.0)
        options: dict[str, Any] = {"size": rng.between(0.5, 1.3)} if thing is rock else {}
        stage.put(thing, beside(line, z, rng.side() * (1.9 + rng.between(0, 0.25 * z))), z, **options)


def _on_path(stage: Stage, line: list[Point], path: Surface) -> None:
    """Place a walker or a bicycle on the path, a bench or a sign beside it, or nothing."""
    rng, z = stage.rng, stage.rng.between(5.0, 9.0)
    kind = rng.pick(("nothing", "nothing", "walker", "walker", "bicycle", "bench", "sign"))
    x, side = middle(line, z) + rng.between(-0.5, 0.5), rng.side()
    if kind == "walker":
        stage.put_on((path, "path"), person, x, z, pose="walking")
    elif kind == "bicycle":
        stage.put_on((path, "path"), bicycle, x, z)
    elif kind in ("bench", "sign"):
        furniture: dict[str, Thing] = {"bench": bench, "sign": sign}
        stage.put(furniture[kind], beside(line, z, 2.2 * side), z)


def _canopy(canvas: Canvas, rng: Rng) -> None:
    """Draw branches with leaves that hang into the image from above, at one side or both."""
    camera, z = canvas.camera, 4.0
    top = camera.height + camera.horizon * z / camera.zoom
    leaves = foliage(rng, canvas.light.leaves(rng), 0.3)
    for side in rng.shuffled((-1, 1))[: rng.count(1, 2)]:
        edge = camera.right_edge(z) if side > 0 else camera.left_edge(z)
        for _ in range(4):
            u, v = edge - side * rng.between(0, 1.6), top + rng.between(-0.25, 0.3)
            shape = blob(rng, u, v, rng.between(0.4, 0.8), rng.between(0.25, 0.5), rough=0.25)
            canvas.draw(camera.upright(0, z), shape, leaves.times(rng.between(0.7, 1.0)), "tree", "crown")
