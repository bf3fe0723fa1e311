"""The farmhouse."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.fences import fence
from dissect_widgets.world.scenery.buildings.houses import barn, house
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import turned
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage, across
from dissect_widgets.world.scenery.drawing.surfaces import Surface, earth, foliage, times
from dissect_widgets.world.scenery.nature.animals import bird, cow
from dissect_widgets.world.scenery.nature.land import gravel, meadow, outdoors, strip
from dissect_widgets.world.scenery.nature.plants import bush, flowers
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.surroundings import any_tree, horizon_view, village_behind
from dissect_widgets.world.scenery.vehicles.tractors import tractor
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import truck


def farmhouse(rng: Rng) -> Canvas:
    """A farmhouse and a barn among fields, with cows, a tractor and fences."""
    canvas = outdoors(rng, height=(1.5, 4.5), horizon=(0.38, 0.58))
    horizon_view(canvas, rng)
    meadow(canvas, rng)
    z = rng.between(15, 22) * canvas.camera.zoom
    for _ in range(rng.count(1, 2)):
        field(canvas, rng, z)
    village_behind(canvas, rng, z + 22, houses=0.1)
    side = rng.side()
    if rng.chance(0.7):
        _farm_track(canvas, rng, side, z)
    stage = Stage(canvas, rng)
    _farm_buildings(stage, rng, side, z)
    _animals(stage, rng, z)
    if rng.chance(0.7):
        _farm_fence(stage, rng, z)
    _farm_things(stage, rng, z)
    stage.show()
    return canvas


def _farm_buildings(stage: Stage, rng: Rng, side: int, z: float) -> None:
    """The house on one side, the barn on the other, each turned towards the yard."""
    kind = rng.pick(("both", "both", "both", "house"))
    middle = 0.5 if kind == "house" else 0.5 - side * rng.between(0.2, 0.3)
    stage.put_at(house, middle, z + rng.between(-2, 3), turn=side * rng.between(-45, 25))
    if kind == "both":
        far = z * rng.between(1.15, 1.6)
        stage.put_at(barn, 0.5 + side * rng.between(0.2, 0.34), far, turn=side * rng.between(-15, 50))


def field(canvas: Canvas, rng: Rng, z: float) -> None:
    """A plowed or planted field, in rows."""
    crop = rng.pick(((0.72, 0.6, 0.3), (0.35, 0.5, 0.2), (0.8, 0.7, 0.2), (0.45, 0.34, 0.24)))
    light = foliage(rng, crop) if crop[1] > 0.45 else earth(rng, crop)
    rows = Surface(light.color, light.material, "striped", times(light.color, 0.72), (2.2, 99.0), rough=0.2)
    near, far = rng.between(0.35, 1.3) * z, rng.between(2.5, 8) * z
    left, right = sorted((rng.between(-0.3, 0.5), rng.between(0.5, 1.3)))
    lean = rng.between(-40, 40)
    plane = canvas.camera.ground(turn=lean)
    corners = [
        (across(canvas, share, at), at)
        for share, at in ((left, near), (right, near), (right, far), (left, far))
    ]
    canvas.draw(plane, [turned(x, y, -lean) for x, y in corners], rows, "field")


def _farm_track(canvas: Canvas, rng: Rng, side: int, z: float) -> None:
    """A track into the yard between house and barn."""
    start = (side * rng.between(-3, 3), 0.5)
    bend = (rng.between(-2, 2), 0.5 * z)
    strip(canvas, gravel(rng), "path", [start, bend, (0, z), (side * 4, 1.6 * z)], rng.between(2.2, 3.2))


def _animals(stage: Stage, rng: Rng, z: float) -> None:
    """Cows on the meadow, some near by, and birds."""
    if rng.chance(0.65):
        for _ in range(rng.count(1, 4)):
            stage.put_at(cow, rng.between(0.02, 0.98), z * rng.between(0.3, 0.62))
    if rng.chance(0.25):
        for _ in range(rng.count(1, 3)):
            stage.put_at(bird, rng.between(0.1, 0.9), rng.between(3.0, 5.0))


def _farm_fence(stage: Stage, rng: Rng, z: float) -> None:
    """A fence across the view, or along one side of it."""
    canvas, kind = stage.canvas, rng.pick(("rails", "rails", "rails", "pickets", "wall"))
    near = z * rng.between(0.3, 0.6)
    if rng.chance(0.6):
        far = near * rng.between(0.8, 1.25)
        start, end = (across(canvas, rng.between(-0.3, 0.3), near), near), (across(canvas, 1.2, far), far)
    else:
        share = rng.pick((0.1, 0.9))
        start, end = (
            (across(canvas, share, 3.0), 3.0),
            (across(canvas, 0.5 + 0.2 * (share - 0.5), 1.2 * z), 1.2 * z),
        )
    stage.add(min(start[1], end[1]), lambda: fence(canvas, rng, start, end, kind=kind))


def _farm_things(stage: Stage, rng: Rng, z: float) -> None:
    """A tractor or a truck, trees, bushes, people."""
    if rng.chance(0.6):
        stage.put_at(tractor, rng.between(0.15, 0.85), z * rng.between(0.35, 0.7))
    elif rng.chance(0.25):
        stage.put_at(truck, rng.between(0.15, 0.85), z * rng.between(0.5, 0.8))
    for _ in range(rng.count(1, 3)):
        share = rng.pick((rng.between(-0.05, 0.25), rng.between(0.75, 1.05), rng.between(0, 1)))
        stage.put_at(any_tree, share, z * rng.between(0.8, 1.9))
    for thing, chance in ((bush, 0.4), (flowers, 0.3), (person, 0.4)):
        if rng.chance(chance):
            stage.put_at(thing, rng.between(0.05, 0.95), z * rng.between(0.3, 0.7))
