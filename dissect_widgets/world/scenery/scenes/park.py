"""The park."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.fences import fence
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign, street_lamp, umbrella
from dissect_widgets.world.scenery.buildings.towers import tower
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob
from dissect_widgets.world.scenery.drawing.staging import Rare, Stage, Thing, across
from dissect_widgets.world.scenery.drawing.surfaces import asphalt
from dissect_widgets.world.scenery.nature.animals import bird
from dissect_widgets.world.scenery.nature.backdrops import hills, skyline_of_trees
from dissect_widgets.world.scenery.nature.land import gravel, meadow, outdoors, strip, water
from dissect_widgets.world.scenery.nature.plants import bush, flowers
from dissect_widgets.world.scenery.nature.trees import pine_tree, tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.city_street import sidewalk
from dissect_widgets.world.scenery.scenes.surroundings import flying_things, ground_distance, town
from dissect_widgets.world.scenery.vehicles.bicycles import bicycle

_TREES: tuple[Thing, ...] = (tree, tree, tree, pine_tree)


def park(rng: Rng) -> Canvas:
    """Grass with a path, benches, trees, lamps, people, flowers, birds, a pond."""
    canvas = outdoors(rng, height=(1.5, 2.6), horizon=(0.36, 0.55))
    flying_things(canvas, rng, 0.12)
    kind = rng.pick(("town", "town", "hills", "nothing"))
    if kind == "hills":
        hills(canvas, rng)
    meadow(canvas, rng)
    if kind == "town":
        town(canvas, rng, 150, count=rng.count(2, 5))
        if rng.chance(0.1):
            tower(canvas, rng, across(canvas, rng.between(0.1, 0.9), 120), 120, height=40)
    if rng.chance(0.8):
        skyline_of_trees(canvas, rng, rng.between(45, 90), pines=False)
    if rng.chance(0.25):
        _pond(canvas, rng)
    _walk(canvas, rng)
    stage = Stage(canvas, rng)
    _trees(stage, rng)
    _people_and_benches(stage, rng)
    stage.show()
    return canvas


def _pond(canvas: Canvas, rng: Rng) -> None:
    """A pond with a rim of gravel."""
    z = ground_distance(canvas, rng, 0.6, 0.72)
    x, shape = across(canvas, rng.between(0.1, 0.9), z), blob(rng, 0, 0, 0.3 * z, 0.15 * z)
    plane = canvas.camera.ground(x, z)
    canvas.draw(plane, [(1.08 * u, 1.1 * v) for u, v in shape], gravel(rng), "sand")
    canvas.draw(plane, shape, water(rng, canvas.light), "water")


def _walk(canvas: Canvas, rng: Rng) -> None:
    """A path that winds away, or crosses the image."""
    surface, width = rng.pick((gravel, gravel, asphalt, sidewalk))(rng), rng.between(1.6, 2.8)
    if rng.chance(0.7):
        start, end = rng.between(-3, 3), rng.between(-12, 12)
        bends = (start + rng.between(-2, 2), end / 2 + rng.between(-4, 4))
        line = [(start, 0.5), (bends[0], 7), (bends[1], 18), (end, 45), (2 * end, 80)]
    else:
        z, lean = ground_distance(canvas, rng, 0.68, 0.9), rng.between(-0.25, 0.25)
        line = [(u * z, z * (1 + lean * u + rng.between(-0.05, 0.05))) for u in (-1.6, -0.5, 0.5, 1.6)]
    strip(canvas, surface, "path", line, width)


def _trees(stage: Stage, rng: Rng) -> None:
    """Trees at some distance, and now and then a fence before them."""
    canvas = stage.canvas
    for _ in range(rng.count(2, 5)):
        stage.put_at(rng.pick(_TREES), rng.between(0, 1), ground_distance(canvas, rng, 0.57, 0.74))
    if rng.chance(0.15):
        z = ground_distance(canvas, rng, 0.64, 0.7)
        ends = [(across(canvas, share, z), z) for share in (-0.1, 1.1)]
        stage.add(z, lambda: fence(canvas, rng, ends[0], ends[1]))


def _people_and_benches(stage: Stage, rng: Rng) -> None:
    """Benches, people, lamps, flowers, birds, each in a place of its own."""
    canvas = stage.canvas
    places = rng.shuffled([0.08, 0.22, 0.36, 0.5, 0.64, 0.78, 0.92])

    def at(place: float, low: float, high: float) -> Point:
        z = ground_distance(canvas, rng, low, high)
        return across(canvas, place + rng.between(-0.05, 0.05), z), z

    if rng.chance(0.8):
        _taken_bench(stage, rng, *at(places[0], 0.72, 0.92))
    for place in places[1 : rng.pick((1, 2, 2, 3, 3, 4))]:
        pose = rng.pick(("standing", "walking", "walking", "resting"))
        stage.put(person, *at(place, 0.7, 0.97), pose=pose)
    rare: Rare = (
        (street_lamp, 0.5),
        (flowers, 0.45),
        (bird, 0.35),
        (bicycle, 0.3),
        (bush, 0.4),
        (sign, 0.1),
        (umbrella, 0.05),
    )
    for (draw, chance), place in zip(rare, (*places[4:], *places[3:]), strict=True):
        if rng.chance(chance):
            stage.put(draw, *at(place, 0.66, 0.9))


def _taken_bench(stage: Stage, rng: Rng, x: float, z: float) -> None:
    """A bench, mostly with one or two people on it."""
    stage.put(bench, x, z, turn=rng.between(-25, 25))
    for shift in rng.pick(((), (), (-0.3,), (0.3,), (-0.4, 0.4))):
        stage.put(person, x + shift, z - 0.15, pose="sitting", facing=0)
