"""The airfield."""

from __future__ import annotations

from functools import partial

from dissect_widgets.world.scenery.buildings.fences import fence
from dissect_widgets.world.scenery.buildings.hangars import hangar
from dissect_widgets.world.scenery.buildings.street_furniture import sign
from dissect_widgets.world.scenery.buildings.towers import tower
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.staging import Stage, across
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt
from dissect_widgets.world.scenery.nature.land import meadow, outdoors
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.surroundings import far_away, horizon_view
from dissect_widgets.world.scenery.vehicles.airplane_plans import PLANS, Plan
from dissect_widgets.world.scenery.vehicles.airplanes import airplane
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import truck


def airfield(rng: Rng) -> Canvas:
    """One to three airplanes on a runway in the grass, with a tower, hangars, a truck, signs."""
    plan = rng.pick((*PLANS, PLANS[0]))
    height = (1.6, 3.2) if plan.length < 10 else (2.0, 8.5)
    canvas = outdoors(rng, height=height, horizon=(0.42, 0.64), zoom=(0.85, 1.15))
    horizon_view(canvas, rng)
    meadow(canvas, rng)
    far_away(canvas, rng)
    _runway(canvas, rng)
    stage, share = Stage(canvas, rng), rng.between(0.6, 0.95)
    front = plan.length * canvas.camera.zoom / share
    place = 0.5 + rng.side() * rng.between(0, 0.58 - 0.5 * share)
    stage.put_at(airplane, place, front, turn=rng.pick((0, 180)) + rng.between(-65, 65), plan=plan)
    _halls(stage, rng, front)
    _more_airplanes(stage, rng, front, place)
    _before_the_airplane(stage, rng, plan, front, place)
    stage.show()
    return canvas


def _runway(canvas: Canvas, rng: Rng) -> None:
    """Asphalt with marks, that runs away from the camera or past it."""
    surface = asphalt(rng)
    if rng.chance(0.25):  # large plates of concrete
        surface = surface.textured("chequered", 0.9, (14.0, 14.0))
    paint = Surface(rng.pick(((0.9, 0.9, 0.88), (0.85, 0.72, 0.25))), "painted")
    turn, half = rng.pick((0, 90)) + rng.between(-35, 35), rng.between(11, 18)
    x, z = rng.between(-15, 15), rng.between(16, 36)
    plane = canvas.camera.ground(x, z, turn=turn)
    canvas.draw(plane, box(-300, -half, 300, half), surface, "road")
    canvas.floor, canvas.floor_turn = (surface, "road"), turn
    for edge in (-0.92 * half, 0.92 * half):
        canvas.draw(plane, box(-300, edge - 0.25, 300, edge + 0.25), paint, "road")
    for start in range(-40, 80, 12):
        canvas.draw(plane, box(start, -0.4, start + 7, 0.4), paint, "road")


def _halls(stage: Stage, rng: Rng, front: float) -> None:
    """Hangars in a row, and a control tower, behind the airplanes."""
    if rng.chance(0.65):
        z, turn, start = front + rng.between(40, 70), rng.between(-20, 20), rng.between(-0.1, 0.8)
        x = across(stage.canvas, start, z)
        for i in range(rng.count(1, 3)):
            stage.put(hangar, x + 26 * i, z + 0.1 * i, turn=turn)
    if rng.chance(0.6):
        stage.put_at(tower, rng.between(0.05, 0.95), front + rng.between(22, 45), kind="control")


def _more_airplanes(stage: Stage, rng: Rng, front: float, place: float) -> None:
    """Up to two airplanes farther away."""
    side = -1 if place > 0.5 else 1
    for i in range(rng.pick((0, 1, 1, 2))):
        plan, share = rng.pick(PLANS[:3]), place + side * rng.between(0.25, 0.45)
        stage.put_at(airplane, share, front * (1.3 + 0.7 * i) + 17, plan=plan)
        side = -side


def _before_the_airplane(stage: Stage, rng: Rng, plan: Plan, front: float, place: float) -> None:
    """A truck, people, a sign or a fence, nearer than the airplane."""
    side, nearest = -1 if place > 0.5 else 1, max(stage.canvas.camera.distance_at(0.97), 3.5)
    limit = front - plan.length * 0.5
    if rng.chance(0.35):
        z = max(rng.between(0.8, 1.3) * front, nearest + 9)
        stage.put_at(truck, place + side * rng.between(0.42, 0.6), z)
    for _ in range(rng.pick((0, 0, 1, 2))):
        z = rng.between(nearest, max(limit, nearest + 1))
        stage.put_at(person, rng.between(0.05, 0.95), z)
    if rng.chance(0.3):
        stage.put_at(sign, rng.pick((0.1, 0.9)), max(nearest, 9.0))
    if rng.chance(0.2):
        z = max(nearest * 0.9, 5.0)
        ends = [(across(stage.canvas, share, z), z) for share in (-0.1, 1.1)]
        draw = partial(fence, stage.canvas, rng, ends[0], ends[1], kind=rng.pick(("rails", "iron")))
        stage.add(z, draw)
