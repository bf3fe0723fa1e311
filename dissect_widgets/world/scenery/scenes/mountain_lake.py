"""The mountain lake."""

from __future__ import annotations

from functools import partial

from dissect_widgets.world.scenery.buildings.docks import dock
from dissect_widgets.world.scenery.buildings.ski_lifts import ski_lift
from dissect_widgets.world.scenery.buildings.street_furniture import bench
from dissect_widgets.world.scenery.buildings.towers import lighthouse
from dissect_widgets.world.scenery.drawing.canvas import Canvas, Floor
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import smooth
from dissect_widgets.world.scenery.drawing.staging import Stage, across, far
from dissect_widgets.world.scenery.nature.backdrops import mountains, skyline_of_trees
from dissect_widgets.world.scenery.nature.land import (
    grass,
    gravel,
    ground,
    mirrored,
    outdoors,
    ripples,
    rock,
    sand,
    snow,
    water,
)
from dissect_widgets.world.scenery.nature.plants import bush, tuft
from dissect_widgets.world.scenery.nature.trees import pine_tree, tree
from dissect_widgets.world.scenery.vehicles.boats import boat


def mountain_lake(rng: Rng) -> Canvas:
    """A lake that mirrors mountains and pines, in any season; sometimes with a boat, a dock or a bench."""
    canvas = outdoors(rng, height=(1.8, 3.6), horizon=(0.32, 0.5))
    shore, lake = _shore(canvas, rng), water(rng, canvas.light)
    beyond = rng.between(45, 110)
    distance = partial(_beyond_the_lake, f"{rng.between(0, 1)}", beyond)
    distance(canvas)
    ground(canvas, lake, "water")
    mirrored(canvas, distance, lake, share=rng.between(0.35, 0.65))
    _far_shore(canvas, rng, beyond, shore)
    waves = [far(rng, 5, 35) for _ in range(rng.count(5, 14))]
    ripples(canvas, rng, [(across(canvas, rng.between(0, 1), z), z) for z in waves], lake)
    if rng.chance(0.45):
        z = rng.between(9, 18)
        boat(canvas, rng, across(canvas, rng.between(0.25, 0.75), z), z)
    _near_shore(canvas, rng, shore)
    return canvas


def _beyond_the_lake(seed: str, z: float, canvas: Canvas) -> None:
    """Draw mountains, mostly a forest, rarely a ski lift or a lighthouse, the same for the same `seed`."""
    rng = Rng(seed)
    snowy = True if canvas.light.season == "winter" else None
    mountains(canvas, rng, high=rng.between(0.18, 0.32), snowy=snowy)
    if rng.chance(0.06):
        start, end = (across(canvas, rng.between(0.1, 0.4), z), z), (across(canvas, 0.7, 1.6 * z), 1.6 * z)
        ski_lift(canvas, rng, start, end, rise=0.15 * z, height=0.12 * z, chairs=4)
    if rng.chance(0.85):
        skyline_of_trees(canvas, rng, z, pines=rng.chance(0.75))
    if rng.chance(0.07):
        lighthouse(
            canvas, rng, across(canvas, rng.between(0.15, 0.85), z), 0.99 * z, height=rng.between(14, 19)
        )


def _shore(canvas: Canvas, rng: Rng) -> Floor:
    """What the shores are made of, and its name."""
    if canvas.light.season == "winter" and rng.chance(0.7):
        return snow(rng), "snow"
    kind = rng.pick(("grass", "grass", "rock", "sand"))
    if kind == "grass":
        return grass(rng, canvas.light), kind
    return (gravel(rng)._replace(material="stone"), kind) if kind == "rock" else (sand(rng), kind)


def _far_shore(canvas: Canvas, rng: Rng, z: float, shore: Floor) -> None:
    """Draw the narrow bank on the other side."""
    line = []
    for i in range(9):
        away = z * rng.between(0.72, 0.98)
        line.append((across(canvas, -0.1 + 1.2 * i / 8, away), away))
    back = [(across(canvas, share, 1.02 * z), 1.02 * z) for share in (1.2, -0.2)]
    canvas.draw(canvas.camera.ground(), [*smooth(line, 3, closed=False), *back], *shore)


def _near_shore(canvas: Canvas, rng: Rng, shore: Floor) -> None:
    """Draw the bank on this side, all along or in a corner, and what stands on it."""
    camera, side = canvas.camera, rng.side()
    first = camera.distance_at(1.0)
    reach, whole = first * rng.between(1.6, 2.4), rng.chance(0.35)
    span, end = (1.3, 1.2 * first) if whole else (rng.between(0.5, 0.85), 0.8 * first)
    line = []
    for t in (0.0, 0.18, 0.36, 0.54, 0.72, 0.88, 1.0):
        z = (reach + (end - reach) * t**1.2) * rng.near(1, 0.05)
        line.append((across(canvas, 0.5 + side * (0.6 - span * t), z), z))
    corners = [(across(canvas, 0.5 + side * (0.6 - span * t), 0.8 * first), 0.8 * first) for t in (1.0, -0.2)]
    curve = smooth(line, 4, closed=False)
    wet = [(x - 0.12 * side, z + 0.15) for x, z in curve]
    canvas.draw(camera.ground(), [*wet, *corners], shore[0].times(0.72), shore[1])
    canvas.draw(camera.ground(), [*curve, *corners], *shore)
    canvas.floor = shore
    stage = Stage(canvas, rng)
    _on_shore(stage, side, reach)
    stage.show()


def _on_shore(stage: Stage, side: int, reach: float) -> None:
    """Place pines, rocks, bushes, reeds, a bench or a dock where the near bank is broad."""
    canvas, rng, winter = stage.canvas, stage.rng, stage.canvas.light.season == "winter"
    for share in rng.shuffled((0.03, 0.11, 0.2, 0.3))[: rng.count(2, 4)]:
        z = reach * (1.0 - 0.8 * share) * rng.between(0.82, 0.95)
        x = across(canvas, 0.5 + side * (0.5 - share), z)
        kind = rng.pick(("pine", "pine", "pine", "tree", "rock", "rock", "bush", "tuft"))
        if kind in ("pine", "tree"):
            _shore_tree(stage, x, z, pine=kind == "pine")
        elif kind == "rock":
            stage.put(rock, x, z, size=rng.between(0.7, 1.8), snowy=winter)
        elif kind == "bush":
            stage.put(bush, x, z, snowy=winter)
        else:
            stage.put(tuft, x, z)
    if rng.chance(0.25):
        stage.put_at(bench, 0.5 + side * rng.between(0.3, 0.42), reach * 0.72)
    if rng.chance(0.3):
        x = across(canvas, 0.5 + side * rng.between(0.0, 0.25), 0.75 * reach)
        landing = partial(dock, canvas, rng, x, 0.75 * reach, height=0.35, turn=side * rng.between(0, 40))
        stage.add(reach, landing)


def _shore_tree(stage: Stage, x: float, z: float, *, pine: bool) -> None:
    """Place a tree with a small shadow, which does not reach the water."""
    rng, snowy = stage.rng, 0.6 if stage.canvas.light.season == "winter" else 0.0
    stage.canvas.shadow(x, z, 0.6, 0.25)
    if pine:
        stage.put_on(None, pine_tree, x, z, height=rng.between(3.0, 6.0), snowy=snowy)
    else:
        stage.put_on(None, tree, x, z, height=rng.between(3.5, 5.5))
