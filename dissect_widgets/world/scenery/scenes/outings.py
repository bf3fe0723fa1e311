"""Scenes of leisure: beach and park."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.buildings import lighthouse, tower
from dissect_widgets.world.scenery.buildings.infrastructure import fence
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign, street_lamp, umbrella
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, box, smooth
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, across
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, fabric
from dissect_widgets.world.scenery.nature.land import (
    gravel,
    ground,
    hills,
    meadow,
    mountains,
    outdoors,
    ripples,
    rock,
    sand,
    skyline_of_trees,
    strip,
    water,
)
from dissect_widgets.world.scenery.nature.plants import bush, cactus, flowers, palm_tree
from dissect_widgets.world.scenery.nature.surroundings import town
from dissect_widgets.world.scenery.nature.trees import pine_tree, tree
from dissect_widgets.world.scenery.people.people import bird, flying_birds, person
from dissect_widgets.world.scenery.scenes.downtown import pavement
from dissect_widgets.world.scenery.vehicles.all_vehicles import bicycle, boat, flying_airplane

Rare = tuple[tuple[Thing, float], ...]
"""What may be in a picture, and how probably."""
_TREES: tuple[Thing, ...] = (tree, tree, tree, pine_tree)


def _near(canvas: Canvas, rng: Rng, low: float, high: float) -> float:
    """Distance of ground that is seen between two heights of the picture, from 0 to 1 (its bottom)."""
    return canvas.camera.distance_at(max(rng.between(low, high), canvas.camera.horizon + 0.05))


def _sky(canvas: Canvas, rng: Rng, probability: float) -> None:
    """Birds or an airplane in the sky, now and then."""
    if rng.chance(probability):
        rng.pick((flying_birds, flying_birds, flying_airplane))(canvas, rng)


# ---------------------------------------------------------------------------------------- beach


def beach(rng: Rng) -> Canvas:
    """Sand and sea with waves, sunshades, towels, people, palms and boats."""
    season = rng.pick(("summer", "summer", "spring"))
    canvas = outdoors(rng, season=season, height=(1.5, 3.0), horizon=(0.3, 0.5))
    _sky(canvas, rng, 0.2)
    if rng.chance(0.45):
        rng.pick((hills, hills, mountains))(canvas, rng)
    sea = water(rng, canvas.light)
    ground(canvas, sea, "water")
    near = canvas.camera.distance_at(canvas.camera.horizon + rng.between(0.1, 0.28))
    spots = [(across(canvas, rng.between(0, 1), near * away), near * away) for away in (1.4, 2, 2.6, 3.5, 5)]
    ripples(canvas, rng, spots, sea)
    afloat = Stage(canvas, rng)
    for _ in range(rng.pick((0, 1, 1, 2))):
        afloat.put_at(boat, rng.between(0.1, 0.9), near * rng.between(1.6, 4.0) + 4)
    if rng.chance(0.13):
        share, away = rng.between(0.1, 0.9), 2.0 * near + rng.between(25, 45)
        afloat.put_at(lighthouse, share, away, height=rng.between(12, 18))
        afloat.put_at(rock, share, away - 1.0, size=7.0)
    afloat.show()
    _shore(canvas, rng, near)
    stage = Stage(canvas, rng)
    _on_the_sand(stage, rng, near)
    stage.show()
    return canvas


def _shore(canvas: Canvas, rng: Rng, near: float) -> None:
    """Sand with a winding edge, foam on it, and breakers before it."""
    plane, wide, slope, dry = canvas.camera.ground(), 2.4 * near, rng.between(-0.5, 0.5), sand(rng)
    knots = [(-wide + i * wide / 4, rng.between(-0.08, 0.08) * near) for i in range(9)]
    edge = smooth([(x, max(near + slope * x + shift, 1.0)) for x, shift in knots], 3, closed=False)
    foam = Surface((0.93, 0.95, 0.95), rough=0.1, grain=(0.5, 0.2))
    for low, high in ((1.42, 1.5), (1.16, 1.22), (1.0, 1.06)):
        crest = [(x, z * low) for x, z in edge] + [(x, z * high) for x, z in reversed(edge)]
        canvas.draw(plane, crest, foam, "water", "wave")
    canvas.draw(plane, [*edge, (wide, 0.1), (-wide, 0.1)], dry.times(0.82), "sand")
    canvas.draw(plane, [*((x, z * 0.94) for x, z in edge), (wide, 0.1), (-wide, 0.1)], dry, "sand")
    canvas.floor = (dry, "sand")


def _on_the_sand(stage: Stage, rng: Rng, near: float) -> None:
    """Sunshades with towels, people, palms, birds, rocks, rarely a cactus."""
    canvas, places = stage.canvas, rng.shuffled([0.12, 0.32, 0.52, 0.72, 0.9])

    def at(place: float, low: float, high: float) -> Point:
        z = min(_near(canvas, rng, low, high), near * 0.9)
        return across(canvas, place + rng.between(-0.06, 0.06), z), z

    for place in places[: rng.pick((0, 1, 1, 1, 2, 2, 3))]:
        x, z = at(place, 0.62, 0.92)
        stage.put(umbrella, x, z)
        if rng.chance(0.75):
            stage.put(_towel, x + rng.between(-0.6, 0.6), z - 0.5)
        if rng.chance(0.4):
            stage.put(person, x, z - 0.6, pose="resting", wear="swimsuit")
    for place in rng.shuffled(places)[: rng.count(1, 3)]:
        wear = rng.pick(("swimsuit", "swimsuit", "shorts", "skirt"))
        pose = rng.pick(("standing", "walking", "walking", "resting"))
        stage.put(person, *at(place, 0.66, 0.97), pose=pose, wear=wear)
    if rng.chance(0.5):
        for _ in range(rng.count(1, 3)):
            stage.put(palm_tree, *at(rng.pick((0.05, 0.15, 0.85, 0.95)), 0.58, 0.75))
    if rng.chance(0.35):
        stage.put(_towel, *at(rng.between(0.1, 0.9), 0.75, 0.95))
    if rng.chance(0.15):
        stage.put(boat, *at(rng.between(0, 1), 0.6, 0.75), kind="rowing")
    rare: Rare = ((bird, 0.2), (rock, 0.25), (bush, 0.1), (bicycle, 0.05), (cactus, 0.08))
    for draw, chance in rare:
        if rng.chance(chance):
            stage.put(draw, *at(rng.between(0, 1), 0.6, 0.85))


def _towel(canvas: Canvas, rng: Rng, x: float, z: float) -> None:
    """A towel on the sand, or a blanket."""
    long, wide = rng.between(0.9, 1.15), rng.between(0.45, 0.75)
    plane = canvas.camera.ground(x, z, turn=rng.between(-50, 50))
    canvas.draw(plane, box(-long, -wide, long, wide), fabric(rng, 0.45), "towel")


# ----------------------------------------------------------------------------------------- park


def park(rng: Rng) -> Canvas:
    """Grass with a path, benches, trees, lamps, people, flowers, birds, a pond."""
    canvas = outdoors(rng, height=(1.5, 2.6), horizon=(0.36, 0.55))
    _sky(canvas, rng, 0.12)
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
    z = _near(canvas, rng, 0.6, 0.72)
    x, shape = across(canvas, rng.between(0.1, 0.9), z), blob(rng, 0, 0, 0.3 * z, 0.15 * z)
    plane = canvas.camera.ground(x, z)
    canvas.draw(plane, [(1.08 * u, 1.1 * v) for u, v in shape], gravel(rng), "sand")
    canvas.draw(plane, shape, water(rng, canvas.light), "water")


def _walk(canvas: Canvas, rng: Rng) -> None:
    """A path that winds away, or crosses the picture."""
    surface, width = rng.pick((gravel, gravel, asphalt, pavement))(rng), rng.between(1.6, 2.8)
    if rng.chance(0.7):
        start, end = rng.between(-3, 3), rng.between(-12, 12)
        bends = (start + rng.between(-2, 2), end / 2 + rng.between(-4, 4))
        line = [(start, 0.5), (bends[0], 7), (bends[1], 18), (end, 45), (2 * end, 80)]
    else:
        z, lean = _near(canvas, rng, 0.68, 0.9), rng.between(-0.25, 0.25)
        line = [(u * z, z * (1 + lean * u + rng.between(-0.05, 0.05))) for u in (-1.6, -0.5, 0.5, 1.6)]
    strip(canvas, surface, "path", line, width)


def _trees(stage: Stage, rng: Rng) -> None:
    """Trees at some distance, and now and then a fence before them."""
    canvas = stage.canvas
    for _ in range(rng.count(2, 5)):
        stage.put_at(rng.pick(_TREES), rng.between(0, 1), _near(canvas, rng, 0.57, 0.74))
    if rng.chance(0.15):
        z = _near(canvas, rng, 0.64, 0.7)
        ends = [(across(canvas, share, z), z) for share in (-0.1, 1.1)]
        stage.add(z, lambda: fence(canvas, rng, ends[0], ends[1]))


def _people_and_benches(stage: Stage, rng: Rng) -> None:
    """Benches, people, lamps, flowers, birds, each in a place of its own."""
    canvas = stage.canvas
    places = rng.shuffled([0.08, 0.22, 0.36, 0.5, 0.64, 0.78, 0.92])

    def at(place: float, low: float, high: float) -> Point:
        z = _near(canvas, rng, low, high)
        return across(canvas, place + rng.between(-0.05, 0.05), z), z

    if rng.chance(0.8):
        _taken_bench(stage, rng, *at(places[0], 0.72, 0.92))
    for place in places[1 : rng.pick((1, 2, 2, 3, 3, 4))]:
        pose = rng.pick(("standing", "walking", "walking", "resting"))
        stage.put(person, *at(place, 0.7, 0.97), pose=pose)
    rare: Rare = (
        (street_lamp, 0.5), (flowers, 0.45), (bird, 0.35), (bicycle, 0.3), (bush, 0.4), (sign, 0.1),
        (umbrella, 0.05),
    )  # fmt: skip
    for (draw, chance), place in zip(rare, (*places[4:], *places[3:]), strict=True):
        if rng.chance(chance):
            stage.put(draw, *at(place, 0.66, 0.9))


def _taken_bench(stage: Stage, rng: Rng, x: float, z: float) -> None:
    """A bench, mostly with one or two people on it."""
    stage.put(bench, x, z, turn=rng.between(-25, 25))
    for shift in rng.pick(((), (), (-0.3,), (0.3,), (-0.4, 0.4))):
        stage.put(person, x + shift, z - 0.15, pose="sitting", facing=0)
