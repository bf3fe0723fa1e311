"""A church on its green."""

from __future__ import annotations

import math
from functools import partial

from dissect_widgets.world.scenery.buildings.churches import TALL, church
from dissect_widgets.world.scenery.buildings.fences import fence, fence_surface
from dissect_widgets.world.scenery.buildings.street_furniture import bench, street_lamp
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage, across
from dissect_widgets.world.scenery.nature.land import meadow, outdoors, strip
from dissect_widgets.world.scenery.nature.plants import bush, flowers
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.surroundings import any_tree, horizon_view, paving, village_behind
from dissect_widgets.world.scenery.vehicles.cars import car


def church_green(rng: Rng) -> Canvas:
    """A church on a green: a path to it, trees, perhaps a fence, houses behind, people."""
    above = rng.chance(0.15)
    canvas = outdoors(
        rng, height=(5, 11) if above else (1.2, 2.6), horizon=(0.45, 0.6) if above else (0.6, 0.8)
    )
    plan = rng.pick(tuple(TALL))
    turn = _viewpoint(rng, plan)
    z = _far_enough(canvas, rng, TALL[plan], turn)
    x = across(canvas, rng.between(0.4, 0.6), z)
    horizon_view(canvas, rng)
    meadow(canvas, rng)
    village_behind(canvas, rng, z + 18)
    _church_path(canvas, rng, x, z, turn)
    stage = Stage(canvas, rng)
    stage.put(church, x, z, turn=turn, plan=plan)
    _churchyard(stage, rng, z)
    stage.show()
    return canvas


def _viewpoint(rng: Rng, plan: str) -> float:
    """From the front, from aside, or rarely from behind."""
    if rng.chance(0.3):
        return rng.between(-10, 10)
    if plan not in ("mission", "domes", "great dome") and rng.chance(0.1):
        return rng.side() * rng.between(115, 165)
    return rng.side() * rng.between(10, 40 if plan == "mission" else 62)


def _far_enough(canvas: Canvas, rng: Rng, tall: float, turn: float) -> float:
    """Distance at which a church just fits into the image, or not quite."""
    camera, lean = canvas.camera, math.radians(turn)
    wide = 13 * abs(math.cos(lean)) + 16 * abs(math.sin(lean))
    upwards = (tall - camera.height) / (camera.horizon * rng.between(0.92, 1.12))
    close = 0.75 if rng.chance(0.12) else 1.0
    return close * max(upwards, wide / rng.between(0.82, 1.05)) * camera.zoom + 7


def _church_path(canvas: Canvas, rng: Rng, x: float, z: float, turn: float) -> None:
    """A path from where one stands, or from aside, to the portal."""
    if rng.chance(0.12):
        return
    lean = math.radians(turn)
    before = [(x + away * math.sin(lean), z - away * math.cos(lean)) for away in (22, 14, 0)]
    start = (rng.between(-1.0, 1.0), 0.5) if rng.chance(0.6) else (rng.side() * 0.8 * z, 0.45 * z)
    strip(canvas, paving(rng), "path", [start, *before], rng.between(2.0, 3.6))


def _churchyard(stage: Stage, rng: Rng, z: float) -> None:
    """Trees and bushes beside and before a church, perhaps a fence, a bench, lamps, people, a car."""
    for _ in range(rng.count(1, 4)):
        share = rng.pick((rng.between(-0.05, 0.2), rng.between(0.8, 1.05)))
        stage.put_at(any_tree, share, z * rng.between(0.5, 1.15))
    if rng.chance(0.25):
        stage.put_at(any_tree, rng.pick((-0.02, 0.05, 0.95, 1.02)), z * rng.between(0.28, 0.4))
    for _ in range(rng.count(0, 4)):
        stage.put_at(bush, rng.between(0, 1), z * rng.between(0.55, 0.75), size=rng.between(1.2, 2.4))
    if rng.chance(0.35):
        _churchyard_fence(stage, rng, z * rng.between(0.4, 0.6))
    for _ in range(rng.pick((0, 0, 1, 2, 3))):
        stage.put_at(person, rng.between(0.1, 0.9), z * rng.between(0.22, 0.6))
    for thing, chance in ((bench, 0.15), (street_lamp, 0.2), (flowers, 0.25), (car, 0.12)):
        if rng.chance(chance):
            stage.put_at(thing, rng.pick((0.12, 0.25, 0.75, 0.88)), z * rng.between(0.3, 0.55))


def _churchyard_fence(stage: Stage, rng: Rng, z: float) -> None:
    """A fence across the view, with a gap where the path may be."""
    canvas, kind = stage.canvas, rng.pick(("pickets", "rails", "iron", "wall"))
    surface, gap = fence_surface(rng, kind), rng.between(0.35, 0.6)
    for left, right in ((-0.1, gap), (gap + 0.15, 1.1)):
        start, end = ((across(canvas, share, z), z) for share in (left, right))
        draw = partial(fence, canvas, rng, start, end, kind=kind, height=1.1, surface=surface)
        stage.add(z, draw)
