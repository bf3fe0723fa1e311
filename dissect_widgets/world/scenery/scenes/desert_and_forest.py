"""Scenes outside towns: desert and forest path; and with `snows` and `waters`, all makers of such scenes."""

from __future__ import annotations

import math
from typing import Any

from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign
from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Dice
from dissect_widgets.world.scenery.drawing.shapes import blob, smooth
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, across, beside, far, middle
from dissect_widgets.world.scenery.drawing.surfaces import (
    STONES,
    Surface,
    asphalt,
    foliage,
    pick_color,
    times,
)
from dissect_widgets.world.scenery.nature.land import (
    backdrop,
    grass,
    gravel,
    ground,
    mountains,
    outdoors,
    patches,
    rock,
    sand,
    skyline_of_trees,
    strip,
)
from dissect_widgets.world.scenery.nature.plants import (
    bare_tree,
    bush,
    cactus,
    flowers,
    palm_tree,
    pine_tree,
    tree,
    tuft,
)
from dissect_widgets.world.scenery.people.people import flying_birds, person
from dissect_widgets.world.scenery.scenes.snows import ski_slope, snowy_forest
from dissect_widgets.world.scenery.scenes.waters import mountain_lake, river
from dissect_widgets.world.scenery.vehicles.all_vehicles import bicycle, car

# -------------------------------------------------------------------------------------- desert


def desert(dice: Dice) -> Canvas:
    """Sand with cactuses and rocks under dunes, flat-topped rocks or bare mountains."""
    canvas = outdoors(dice, season=dice.pick(("summer", "spring")), height=(1.4, 3.0), horizon=(0.35, 0.58))
    surface, behind = sand(dice), dice.pick(("dunes", "dunes", "mesas", "mountains"))
    if behind == "mesas":
        _mesas(canvas, dice)
    elif behind == "mountains":
        mountains(canvas, dice, high=dice.between(0.1, 0.22), snowy=False)
    ground(canvas, surface, "sand")
    patches(canvas, dice, 4)
    if behind == "dunes" or dice.chance(0.3):
        for z in (130.0, 80.0, 45.0):
            _dune(canvas, dice, dice.between(0, 1), z, surface)
    if dice.chance(0.15):
        flying_birds(canvas, dice)
    stage = Stage(canvas, dice)
    road = _desert_road(stage) if dice.chance(0.35) else []
    _dry_things(stage, road)
    stage.show()
    return canvas


def _mesas(canvas: Canvas, dice: Dice) -> None:
    """Draw table mountains with bands of stone, in the haze."""
    stone = pick_color(dice, (*STONES, (0.7, 0.42, 0.28), (0.6, 0.36, 0.26), (0.76, 0.58, 0.42)))
    bands = Surface(
        stone, "stone", "wrinkled", times(stone, 0.78), (0.5, 0.05), rough=0.15, grain=(0.03, 0.06)
    )
    for hidden in (0.5, 0.38, 0.28)[: dice.count(1, 3)]:
        plane = backdrop(canvas, hidden)
        u, high, half = dice.between(0, 1), dice.between(0.08, 0.2), dice.between(0.06, 0.2)
        low, left, right = 0.45 * high, u - half * dice.between(0.9, 1.1), u + half
        talus = [(left - 0.5 * half, -0.02), (left, low), (right, low), (right + 0.5 * half, -0.02)]
        top = [(left + 0.02, high * 0.97), (u, high), (right - 0.02, high * dice.between(0.93, 1.0))]
        canvas.draw(plane, [(left, low - 0.005), *top, (right, low - 0.005)], bands, "mountain", shade=TOP)
        canvas.draw(plane, talus, bands.times(0.88)._replace(texture=None), "mountain", shade=TOP)


def _dune(canvas: Canvas, dice: Dice, share: float, z: float, surface: Surface) -> None:
    """Draw a dune: a lit slope and, beyond a winding crest, a shaded one."""
    side = 1 if canvas.light.side > 0 else -1
    wide, high = z * dice.between(0.35, 0.6), z * dice.between(0.07, 0.16)
    plane = canvas.camera.upright(across(canvas, share, z), z).scaled(side, 1)
    top = (dice.between(-0.2, 0.2) * wide, high)
    back = [(-wide, -0.3), (-0.55 * wide, 0.38 * high), (-0.2 * wide + 0.5 * top[0], 0.86 * high), top]
    front = [(top[0] + 0.25 * wide, 0.62 * high), (0.7 * wide, 0.2 * high), (1.1 * wide, -0.3)]
    crest = [
        (top[0] - 0.1 * wide, 0.7 * high),
        (top[0] + 0.12 * wide, 0.4 * high),
        (top[0] - 0.12 * wide, -0.3),
    ]
    plain = surface._replace(texture=None)
    outline = smooth([*back, *front], 4, closed=False)
    canvas.draw(plane, outline, plain, "sand", light=1.04, shade=TOP)
    shaded = [*smooth(back, 4, closed=False), *smooth([top, *crest], 4, closed=False)]
    canvas.draw(plane, shaded, plain, "sand", light=dice.between(0.68, 0.82))


def _dry_things(stage: Stage, road: list[Point]) -> None:
    """Place cactuses, rocks, dry bushes and grass; now and then a palm, a dead tree or a walker."""
    dice = stage.dice
    plants: tuple[Thing, ...] = (cactus, cactus) if dice.chance(0.85) else (bush,)
    common: tuple[Thing, ...] = (*plants, *plants, rock, rock, bush, tuft, tuft)
    rare: tuple[Thing, ...] = (palm_tree, person, bare_tree)
    things = [plants[0], rock, *(dice.pick(common) for _ in range(dice.count(2, 5)))]
    if dice.chance(0.5):
        things.append(dice.pick(rare))
    spots = dice.shuffled((0.08, 0.2, 0.33, 0.46, 0.58, 0.7, 0.82, 0.94))
    for number, (thing, share) in enumerate(zip(things, spots, strict=False)):
        z = dice.between(5.0, 7.5) if number == 0 else far(dice, 6, 22)
        x = across(stage.canvas, share + dice.between(-0.05, 0.05), z)
        options: dict[str, Any] = {}
        if thing is rock:
            options["size"] = dice.between(0.7, 2.4)
        elif thing is bare_tree:
            options["height"] = dice.between(3, 5)
        if all(math.hypot(x - u, z - v) > 2.6 for u, v in road):
            stage.put(thing, x, z, **options)


def _desert_road(stage: Stage) -> list[Point]:
    """Draw a road across or into the distance, sometimes with a car; gives back its line (x, z)."""
    canvas, dice = stage.canvas, stage.dice
    surface = asphalt(dice) if dice.chance(0.6) else gravel(dice)
    if dice.chance(0.5):
        z = dice.between(10, 14)
        line = [(2.0 * i, z) for i in range(-100, 101)]
        x, turn = across(canvas, dice.between(0.25, 0.75), z), 0.0
    else:
        bend = dice.between(-6, 6)
        line = smooth([(-bend, 1.0), (0.0, 9.0), (bend, 24.0), (2 * bend, 90.0)], 8, closed=False)
        x, z, turn = 0.1 * bend, 11.0, 80.0
    strip(canvas, surface, "road", [line[0], *line[1:-1:4], line[-1]], 3.6)
    if dice.chance(0.5):
        stage.put_on((surface, "road"), car, x, z, turn=turn)
    return line


# --------------------------------------------------------------------------------- forest path


def forest_path(dice: Dice) -> Canvas:
    """A path between trees and bushes, sometimes with a walker, a bicycle or a bench."""
    season = dice.pick(("spring", "summer", "summer", "autumn", "autumn"))
    canvas = outdoors(dice, season=season, height=(1.4, 2.4), horizon=(0.38, 0.56))
    _forest_floor(canvas, dice)
    pines = dice.pick((0.0, 0.0, 0.25, 0.6))
    skyline_of_trees(canvas, dice, dice.between(38, 60), pines=pines > 0.5)
    if dice.chance(0.6):
        skyline_of_trees(canvas, dice, dice.between(24, 32), pines=False)
    line, path = _winding(dice), gravel(dice)
    trees = _trees_along(dice, line)
    for x, z in trees:
        canvas.shadow(x, z, dice.between(1.2, 1.8), 0.8)
    strip(canvas, path, "path", line, dice.between(1.6, 2.8))
    canvas.floor = None  # shadows of trees drawn from now on would cover the path
    stage = Stage(canvas, dice)
    for x, z in trees:
        plant: Thing = pine_tree if z > 8 and dice.chance(pines) else tree
        stage.put(plant, x, z, height=dice.between(7, 13))
    _undergrowth(stage, line)
    _on_path(stage, line, path)
    stage.show()
    if dice.chance(0.6):
        _canopy(canvas, dice)
    return canvas


def _forest_floor(canvas: Canvas, dice: Dice) -> None:
    """Cover the ground with grass, or with fallen leaves."""
    if dice.chance(0.6):
        ground(canvas, grass(dice, canvas.light), "grass")
    else:
        fallen = foliage(dice, canvas.light.leaves(dice), 0.35)._replace(rough=0.4)
        ground(canvas, fallen.times(0.85), "grass")
    patches(canvas, dice)


def _winding(dice: Dice) -> list[Point]:
    """Line (x, z) of a path into the distance."""
    bend = dice.side() * dice.between(0.4, 2.4)
    line = [(dice.between(-1, 1), 0.8), (0.4 * bend, 5.0), (bend, 10.0), (-bend, 20.0), (1.5 * bend, 36.0)]
    return smooth(line, 6, closed=False)


def _trees_along(dice: Dice, line: list[Point]) -> list[Point]:
    """Places (x, z) of trees on both sides of the path."""
    places, first = [], dice.side()
    for number in range(dice.count(9, 12)):
        z = 5.0 * 1.18**number * dice.near(1, 0.1)
        away = 2.0 + dice.between(0.3, 1.3) + dice.between(0, 0.22) * z
        places.append((beside(line, z, first * away if number % 2 else -first * away), z))
    return places


def _undergrowth(stage: Stage, line: list[Point]) -> None:
    """Place bushes, ferns, flowers and rocks beside the path."""
    dice = stage.dice
    plants: tuple[Thing, ...] = (bush, bush, tuft, flowers, rock)
    for _ in range(dice.count(3, 6)):
        thing, z = dice.pick(plants), dice.between(4.0, 12.0)
        options: dict[str, Any] = {"size": dice.between(0.5, 1.3)} if thing is rock else {}
        stage.put(thing, beside(line, z, dice.side() * (1.9 + dice.between(0, 0.25 * z))), z, **options)


def _on_path(stage: Stage, line: list[Point], path: Surface) -> None:
    """Place a walker or a bicycle on the path, a bench or a sign beside it, or nothing."""
    dice, z = stage.dice, stage.dice.between(5.0, 9.0)
    kind = dice.pick(("nothing", "nothing", "walker", "walker", "bicycle", "bench", "sign"))
    x, side = middle(line, z) + dice.between(-0.5, 0.5), dice.side()
    if kind == "walker":
        stage.put_on((path, "path"), person, x, z, pose="walking")
    elif kind == "bicycle":
        stage.put_on((path, "path"), bicycle, x, z)
    elif kind in ("bench", "sign"):
        furniture: dict[str, Thing] = {"bench": bench, "sign": sign}
        stage.put(furniture[kind], beside(line, z, 2.2 * side), z)


def _canopy(canvas: Canvas, dice: Dice) -> None:
    """Draw branches with leaves that hang into the picture from above, at one side or both."""
    camera, z = canvas.camera, 4.0
    top = camera.height + camera.horizon * z / camera.zoom
    leaves = foliage(dice, canvas.light.leaves(dice), 0.3)
    for side in dice.shuffled((-1, 1))[: dice.count(1, 2)]:
        edge = camera.right_edge(z) if side > 0 else camera.left_edge(z)
        for _ in range(4):
            u, v = edge - side * dice.between(0, 1.6), top + dice.between(-0.25, 0.3)
            shape = blob(dice, u, v, dice.between(0.4, 0.8), dice.between(0.25, 0.5), rough=0.25)
            canvas.draw(camera.upright(0, z), shape, leaves.times(dice.between(0.7, 1.0)), "tree", "crown")


MAKERS = {
    "ski slope": ski_slope,
    "snowy forest": snowy_forest,
    "mountain lake": mountain_lake,
    "desert": desert,
    "river": river,
    "forest path": forest_path,
}
