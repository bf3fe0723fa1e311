"""The beach."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.street_furniture import umbrella
from dissect_widgets.world.scenery.buildings.towers import lighthouse
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, smooth
from dissect_widgets.world.scenery.drawing.staging import Rare, Stage, across
from dissect_widgets.world.scenery.drawing.surfaces import Surface, fabric
from dissect_widgets.world.scenery.nature.animals import bird
from dissect_widgets.world.scenery.nature.backdrops import hills, mountains
from dissect_widgets.world.scenery.nature.land import ground, outdoors, ripples, rock, sand, water
from dissect_widgets.world.scenery.nature.plants import bush, cactus
from dissect_widgets.world.scenery.nature.trees import palm_tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.surroundings import flying_things, ground_distance
from dissect_widgets.world.scenery.vehicles.bicycles import bicycle
from dissect_widgets.world.scenery.vehicles.boats import boat


def beach(rng: Rng) -> Canvas:
    """Sand and sea with waves, beach umbrellas, towels, people, palms and boats."""
    season = rng.pick(("summer", "summer", "spring"))
    canvas = outdoors(rng, season=season, height=(1.5, 3.0), horizon=(0.3, 0.5))
    flying_things(canvas, rng, 0.2)
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
    """Beach umbrellas with towels, people, palms, birds, rocks, rarely a cactus."""
    canvas, places = stage.canvas, rng.shuffled([0.12, 0.32, 0.52, 0.72, 0.9])

    def at(place: float, low: float, high: float) -> Point:
        z = min(ground_distance(canvas, rng, low, high), near * 0.9)
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
