"""Scenes of villages and towns: a church, a street, a farm, a harbour."""

from __future__ import annotations

import math
from functools import partial

from dissect_widgets.world.scenery.buildings.churches import TALL, church
from dissect_widgets.world.scenery.buildings.infrastructure import fence, fence_surface
from dissect_widgets.world.scenery.buildings.street_furniture import bench, street_lamp
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Dice
from dissect_widgets.world.scenery.drawing.staging import Stage, across
from dissect_widgets.world.scenery.nature.land import meadow, outdoors, strip
from dissect_widgets.world.scenery.nature.plants import bush, flowers
from dissect_widgets.world.scenery.nature.surroundings import any_tree, horizon_view, paving, village_behind
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.farms import farmhouse
from dissect_widgets.world.scenery.scenes.harbors import harbor
from dissect_widgets.world.scenery.scenes.streets import village_street
from dissect_widgets.world.scenery.vehicles.all_vehicles import car


def church_green(dice: Dice) -> Canvas:
    """A church on a green: a path to it, trees, perhaps a fence, houses behind, people."""
    above = dice.chance(0.15)
    canvas = outdoors(
        dice, height=(5, 11) if above else (1.2, 2.6), horizon=(0.45, 0.6) if above else (0.6, 0.8)
    )
    plan = dice.pick(tuple(TALL))
    turn = _viewpoint(dice, plan)
    z = _far_enough(canvas, dice, TALL[plan], turn)
    x = across(canvas, dice.between(0.4, 0.6), z)
    horizon_view(canvas, dice)
    meadow(canvas, dice)
    village_behind(canvas, dice, z + 18)
    _church_path(canvas, dice, x, z, turn)
    stage = Stage(canvas, dice)
    stage.put(church, x, z, turn=turn, plan=plan)
    _churchyard(stage, dice, z)
    stage.show()
    return canvas


def _viewpoint(dice: Dice, plan: str) -> float:
    """From the front, from aside, or rarely from behind."""
    if dice.chance(0.3):
        return dice.between(-10, 10)
    if plan not in ("mission", "domes", "great dome") and dice.chance(0.1):
        return dice.side() * dice.between(115, 165)
    return dice.side() * dice.between(10, 40 if plan == "mission" else 62)


def _far_enough(canvas: Canvas, dice: Dice, tall: float, turn: float) -> float:
    """Distance at which a church just fits into the picture, or not quite."""
    camera, lean = canvas.camera, math.radians(turn)
    wide = 13 * abs(math.cos(lean)) + 16 * abs(math.sin(lean))
    upwards = (tall - camera.height) / (camera.horizon * dice.between(0.92, 1.12))
    close = 0.75 if dice.chance(0.12) else 1.0
    return close * max(upwards, wide / dice.between(0.82, 1.05)) * camera.zoom + 7


def _church_path(canvas: Canvas, dice: Dice, x: float, z: float, turn: float) -> None:
    """A path from where one stands, or from aside, to the portal."""
    if dice.chance(0.12):
        return
    lean = math.radians(turn)
    before = [(x + away * math.sin(lean), z - away * math.cos(lean)) for away in (22, 14, 0)]
    start = (dice.between(-1.0, 1.0), 0.5) if dice.chance(0.6) else (dice.side() * 0.8 * z, 0.45 * z)
    strip(canvas, paving(dice), "path", [start, *before], dice.between(2.0, 3.6))


def _churchyard(stage: Stage, dice: Dice, z: float) -> None:
    """Trees and bushes beside and before a church, perhaps a fence, a bench, lamps, people, a car."""
    for _ in range(dice.count(1, 4)):
        share = dice.pick((dice.between(-0.05, 0.2), dice.between(0.8, 1.05)))
        stage.put_at(any_tree, share, z * dice.between(0.5, 1.15))
    if dice.chance(0.25):
        stage.put_at(any_tree, dice.pick((-0.02, 0.05, 0.95, 1.02)), z * dice.between(0.28, 0.4))
    for _ in range(dice.count(0, 4)):
        stage.put_at(bush, dice.between(0, 1), z * dice.between(0.55, 0.75), size=dice.between(1.2, 2.4))
    if dice.chance(0.35):
        _churchyard_fence(stage, dice, z * dice.between(0.4, 0.6))
    for _ in range(dice.pick((0, 0, 1, 2, 3))):
        stage.put_at(person, dice.between(0.1, 0.9), z * dice.between(0.22, 0.6))
    for thing, chance in ((bench, 0.15), (street_lamp, 0.2), (flowers, 0.25), (car, 0.12)):
        if dice.chance(chance):
            stage.put_at(thing, dice.pick((0.12, 0.25, 0.75, 0.88)), z * dice.between(0.3, 0.55))


def _churchyard_fence(stage: Stage, dice: Dice, z: float) -> None:
    """A fence across the view, with a gap where the path may be."""
    canvas, kind = stage.canvas, dice.pick(("pickets", "rails", "iron", "wall"))
    surface, gap = fence_surface(dice, kind), dice.between(0.35, 0.6)
    for left, right in ((-0.1, gap), (gap + 0.15, 1.1)):
        start, end = ((across(canvas, share, z), z) for share in (left, right))
        draw = partial(fence, canvas, dice, start, end, kind=kind, height=1.1, surface=surface)
        stage.add(z, draw)


MAKERS = {
    "church": church_green,
    "village street": village_street,
    "farmhouse": farmhouse,
    "harbor": harbor,
}
