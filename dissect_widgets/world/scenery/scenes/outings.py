"""Scenes of leisure: beach and park."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.buildings import lighthouse, tower
from dissect_widgets.world.scenery.buildings.infrastructure import fence
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign, street_lamp, umbrella
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Dice
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


def _near(canvas: Canvas, dice: Dice, low: float, high: float) -> float:
    """Distance of ground that is seen between two heights of the picture, from 0 to 1 (its bottom)."""
    return canvas.camera.distance_at(max(dice.between(low, high), canvas.camera.horizon + 0.05))


def _sky(canvas: Canvas, dice: Dice, probability: float) -> None:
    """Birds or an airplane in the sky, now and then."""
    if dice.chance(probability):
        dice.pick((flying_birds, flying_birds, flying_airplane))(canvas, dice)


# ---------------------------------------------------------------------------------------- beach


def beach(dice: Dice) -> Canvas:
    """Sand and sea with waves, sunshades, towels, people, palms and boats."""
    season = dice.pick(("summer", "summer", "spring"))
    canvas = outdoors(dice, season=season, height=(1.5, 3.0), horizon=(0.3, 0.5))
    _sky(canvas, dice, 0.2)
    if dice.chance(0.45):
        dice.pick((hills, hills, mountains))(canvas, dice)
    sea = water(dice, canvas.light)
    ground(canvas, sea, "water")
    near = canvas.camera.distance_at(canvas.camera.horizon + dice.between(0.1, 0.28))
    spots = [(across(canvas, dice.between(0, 1), near * away), near * away) for away in (1.4, 2, 2.6, 3.5, 5)]
    ripples(canvas, dice, spots, sea)
    afloat = Stage(canvas, dice)
    for _ in range(dice.pick((0, 1, 1, 2))):
        afloat.put_at(boat, dice.between(0.1, 0.9), near * dice.between(1.6, 4.0) + 4)
    if dice.chance(0.13):
        share, away = dice.between(0.1, 0.9), 2.0 * near + dice.between(25, 45)
        afloat.put_at(lighthouse, share, away, height=dice.between(12, 18))
        afloat.put_at(rock, share, away - 1.0, size=7.0)
    afloat.show()
    _shore(canvas, dice, near)
    stage = Stage(canvas, dice)
    _on_the_sand(stage, dice, near)
    stage.show()
    return canvas


def _shore(canvas: Canvas, dice: Dice, near: float) -> None:
    """Sand with a winding edge, foam on it, and breakers before it."""
    plane, wide, slope, dry = canvas.camera.ground(), 2.4 * near, dice.between(-0.5, 0.5), sand(dice)
    knots = [(-wide + i * wide / 4, dice.between(-0.08, 0.08) * near) for i in range(9)]
    edge = smooth([(x, max(near + slope * x + shift, 1.0)) for x, shift in knots], 3, closed=False)
    foam = Surface((0.93, 0.95, 0.95), rough=0.1, grain=(0.5, 0.2))
    for low, high in ((1.42, 1.5), (1.16, 1.22), (1.0, 1.06)):
        crest = [(x, z * low) for x, z in edge] + [(x, z * high) for x, z in reversed(edge)]
        canvas.draw(plane, crest, foam, "water", "wave")
    canvas.draw(plane, [*edge, (wide, 0.1), (-wide, 0.1)], dry.times(0.82), "sand")
    canvas.draw(plane, [*((x, z * 0.94) for x, z in edge), (wide, 0.1), (-wide, 0.1)], dry, "sand")
    canvas.floor = (dry, "sand")


def _on_the_sand(stage: Stage, dice: Dice, near: float) -> None:
    """Sunshades with towels, people, palms, birds, rocks, rarely a cactus."""
    canvas, places = stage.canvas, dice.shuffled([0.12, 0.32, 0.52, 0.72, 0.9])

    def at(place: float, low: float, high: float) -> Point:
        z = min(_near(canvas, dice, low, high), near * 0.9)
        return across(canvas, place + dice.between(-0.06, 0.06), z), z

    for place in places[: dice.pick((0, 1, 1, 1, 2, 2, 3))]:
        x, z = at(place, 0.62, 0.92)
        stage.put(umbrella, x, z)
        if dice.chance(0.75):
            stage.put(_towel, x + dice.between(-0.6, 0.6), z - 0.5)
        if dice.chance(0.4):
            stage.put(person, x, z - 0.6, pose="resting", wear="swimsuit")
    for place in dice.shuffled(places)[: dice.count(1, 3)]:
        wear = dice.pick(("swimsuit", "swimsuit", "shorts", "skirt"))
        pose = dice.pick(("standing", "walking", "walking", "resting"))
        stage.put(person, *at(place, 0.66, 0.97), pose=pose, wear=wear)
    if dice.chance(0.5):
        for _ in range(dice.count(1, 3)):
            stage.put(palm_tree, *at(dice.pick((0.05, 0.15, 0.85, 0.95)), 0.58, 0.75))
    if dice.chance(0.35):
        stage.put(_towel, *at(dice.between(0.1, 0.9), 0.75, 0.95))
    if dice.chance(0.15):
        stage.put(boat, *at(dice.between(0, 1), 0.6, 0.75), kind="rowing")
    rare: Rare = ((bird, 0.2), (rock, 0.25), (bush, 0.1), (bicycle, 0.05), (cactus, 0.08))
    for draw, chance in rare:
        if dice.chance(chance):
            stage.put(draw, *at(dice.between(0, 1), 0.6, 0.85))


def _towel(canvas: Canvas, dice: Dice, x: float, z: float) -> None:
    """A towel on the sand, or a blanket."""
    long, wide = dice.between(0.9, 1.15), dice.between(0.45, 0.75)
    plane = canvas.camera.ground(x, z, turn=dice.between(-50, 50))
    canvas.draw(plane, box(-long, -wide, long, wide), fabric(dice, 0.45), "towel")


# ----------------------------------------------------------------------------------------- park


def park(dice: Dice) -> Canvas:
    """Grass with a path, benches, trees, lamps, people, flowers, birds, a pond."""
    canvas = outdoors(dice, height=(1.5, 2.6), horizon=(0.36, 0.55))
    _sky(canvas, dice, 0.12)
    kind = dice.pick(("town", "town", "hills", "nothing"))
    if kind == "hills":
        hills(canvas, dice)
    meadow(canvas, dice)
    if kind == "town":
        town(canvas, dice, 150, count=dice.count(2, 5))
        if dice.chance(0.1):
            tower(canvas, dice, across(canvas, dice.between(0.1, 0.9), 120), 120, height=40)
    if dice.chance(0.8):
        skyline_of_trees(canvas, dice, dice.between(45, 90), pines=False)
    if dice.chance(0.25):
        _pond(canvas, dice)
    _walk(canvas, dice)
    stage = Stage(canvas, dice)
    _trees(stage, dice)
    _people_and_benches(stage, dice)
    stage.show()
    return canvas


def _pond(canvas: Canvas, dice: Dice) -> None:
    """A pond with a rim of gravel."""
    z = _near(canvas, dice, 0.6, 0.72)
    x, shape = across(canvas, dice.between(0.1, 0.9), z), blob(dice, 0, 0, 0.3 * z, 0.15 * z)
    plane = canvas.camera.ground(x, z)
    canvas.draw(plane, [(1.08 * u, 1.1 * v) for u, v in shape], gravel(dice), "sand")
    canvas.draw(plane, shape, water(dice, canvas.light), "water")


def _walk(canvas: Canvas, dice: Dice) -> None:
    """A path that winds away, or crosses the picture."""
    surface, width = dice.pick((gravel, gravel, asphalt, pavement))(dice), dice.between(1.6, 2.8)
    if dice.chance(0.7):
        start, end = dice.between(-3, 3), dice.between(-12, 12)
        bends = (start + dice.between(-2, 2), end / 2 + dice.between(-4, 4))
        line = [(start, 0.5), (bends[0], 7), (bends[1], 18), (end, 45), (2 * end, 80)]
    else:
        z, lean = _near(canvas, dice, 0.68, 0.9), dice.between(-0.25, 0.25)
        line = [(u * z, z * (1 + lean * u + dice.between(-0.05, 0.05))) for u in (-1.6, -0.5, 0.5, 1.6)]
    strip(canvas, surface, "path", line, width)


def _trees(stage: Stage, dice: Dice) -> None:
    """Trees at some distance, and now and then a fence before them."""
    canvas = stage.canvas
    for _ in range(dice.count(2, 5)):
        stage.put_at(dice.pick(_TREES), dice.between(0, 1), _near(canvas, dice, 0.57, 0.74))
    if dice.chance(0.15):
        z = _near(canvas, dice, 0.64, 0.7)
        ends = [(across(canvas, share, z), z) for share in (-0.1, 1.1)]
        stage.add(z, lambda: fence(canvas, dice, ends[0], ends[1]))


def _people_and_benches(stage: Stage, dice: Dice) -> None:
    """Benches, people, lamps, flowers, birds, each in a place of its own."""
    canvas = stage.canvas
    places = dice.shuffled([0.08, 0.22, 0.36, 0.5, 0.64, 0.78, 0.92])

    def at(place: float, low: float, high: float) -> Point:
        z = _near(canvas, dice, low, high)
        return across(canvas, place + dice.between(-0.05, 0.05), z), z

    if dice.chance(0.8):
        _taken_bench(stage, dice, *at(places[0], 0.72, 0.92))
    for place in places[1 : dice.pick((1, 2, 2, 3, 3, 4))]:
        pose = dice.pick(("standing", "walking", "walking", "resting"))
        stage.put(person, *at(place, 0.7, 0.97), pose=pose)
    rare: Rare = (
        (street_lamp, 0.5), (flowers, 0.45), (bird, 0.35), (bicycle, 0.3), (bush, 0.4), (sign, 0.1),
        (umbrella, 0.05),
    )  # fmt: skip
    for (draw, chance), place in zip(rare, (*places[4:], *places[3:]), strict=True):
        if dice.chance(chance):
            stage.put(draw, *at(place, 0.66, 0.9))


def _taken_bench(stage: Stage, dice: Dice, x: float, z: float) -> None:
    """A bench, mostly with one or two people on it."""
    stage.put(bench, x, z, turn=dice.between(-25, 25))
    for shift in dice.pick(((), (), (-0.3,), (0.3,), (-0.4, 0.4))):
        stage.put(person, x + shift, z - 0.15, pose="sitting", facing=0)
