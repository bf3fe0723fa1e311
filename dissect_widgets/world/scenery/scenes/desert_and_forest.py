"""Scenes outside towns: desert and forest path; and with `snows` and `waters`, all makers of such scenes."""

from __future__ import annotations

import math
from typing import Any

from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign
from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
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


def desert(rng: Rng) -> Canvas:
    """Sand with cactuses and rocks under dunes, flat-topped rocks or bare mountains."""
    canvas = outdoors(rng, season=rng.pick(("summer", "spring")), height=(1.4, 3.0), horizon=(0.35, 0.58))
    surface, behind = sand(rng), rng.pick(("dunes", "dunes", "mesas", "mountains"))
    if behind == "mesas":
        _mesas(canvas, rng)
    elif behind == "mountains":
        mountains(canvas, rng, high=rng.between(0.1, 0.22), snowy=False)
    ground(canvas, surface, "sand")
    patches(canvas, rng, 4)
    if behind == "dunes" or rng.chance(0.3):
        for z in (130.0, 80.0, 45.0):
            _dune(canvas, rng, rng.between(0, 1), z, surface)
    if rng.chance(0.15):
        flying_birds(canvas, rng)
    stage = Stage(canvas, rng)
    road = _desert_road(stage) if rng.chance(0.35) else []
    _dry_things(stage, road)
    stage.show()
    return canvas


def _mesas(canvas: Canvas, rng: Rng) -> None:
    """Draw table mountains with bands of stone, in the haze."""
    stone = pick_color(rng, (*STONES, (0.7, 0.42, 0.28), (0.6, 0.36, 0.26), (0.76, 0.58, 0.42)))
    bands = Surface(
        stone, "stone", "wrinkled", times(stone, 0.78), (0.5, 0.05), rough=0.15, grain=(0.03, 0.06)
    )
    for hidden in (0.5, 0.38, 0.28)[: rng.count(1, 3)]:
        plane = backdrop(canvas, hidden)
        u, high, half = rng.between(0, 1), rng.between(0.08, 0.2), rng.between(0.06, 0.2)
        low, left, right = 0.45 * high, u - half * rng.between(0.9, 1.1), u + half
        talus = [(left - 0.5 * half, -0.02), (left, low), (right, low), (right + 0.5 * half, -0.02)]
        top = [(left + 0.02, high * 0.97), (u, high), (right - 0.02, high * rng.between(0.93, 1.0))]
        canvas.draw(plane, [(left, low - 0.005), *top, (right, low - 0.005)], bands, "mountain", shade=TOP)
        canvas.draw(plane, talus, bands.times(0.88)._replace(texture=None), "mountain", shade=TOP)


def _dune(canvas: Canvas, rng: Rng, share: float, z: float, surface: Surface) -> None:
    """Draw a dune: a lit slope and, beyond a winding crest, a shaded one."""
    side = 1 if canvas.light.side > 0 else -1
    wide, high = z * rng.between(0.35, 0.6), z * rng.between(0.07, 0.16)
    plane = canvas.camera.upright(across(canvas, share, z), z).scaled(side, 1)
    top = (rng.between(-0.2, 0.2) * wide, high)
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
    canvas.draw(plane, shaded, plain, "sand", light=rng.between(0.68, 0.82))


def _dry_things(stage: Stage, road: list[Point]) -> None:
    """Place cactuses, rocks, dry bushes and grass; now and then a palm, a dead tree or a walker."""
    rng = stage.rng
    plants: tuple[Thing, ...] = (cactus, cactus) if rng.chance(0.85) else (bush,)
    common: tuple[Thing, ...] = (*plants, *plants, rock, rock, bush, tuft, tuft)
    rare: tuple[Thing, ...] = (palm_tree, person, bare_tree)
    things = [plants[0], rock, *(rng.pick(common) for _ in range(rng.count(2, 5)))]
    if rng.chance(0.5):
        things.append(rng.pick(rare))
    spots = rng.shuffled((0.08, 0.2, 0.33, 0.46, 0.58, 0.7, 0.82, 0.94))
    for number, (thing, share) in enumerate(zip(things, spots, strict=False)):
        z = rng.between(5.0, 7.5) if number == 0 else far(rng, 6, 22)
        x = across(stage.canvas, share + rng.between(-0.05, 0.05), z)
        options: dict[str, Any] = {}
        if thing is rock:
            options["size"] = rng.between(0.7, 2.4)
        elif thing is bare_tree:
            options["height"] = rng.between(3, 5)
        if all(math.hypot(x - u, z - v) > 2.6 for u, v in road):
            stage.put(thing, x, z, **options)


def _desert_road(stage: Stage) -> list[Point]:
    """Draw a road across or into the distance, sometimes with a car; gives back its line (x, z)."""
    canvas, rng = stage.canvas, stage.rng
    surface = asphalt(rng) if rng.chance(0.6) else gravel(rng)
    if rng.chance(0.5):
        z = rng.between(10, 14)
        line = [(2.0 * i, z) for i in range(-100, 101)]
        x, turn = across(canvas, rng.between(0.25, 0.75), z), 0.0
    else:
        bend = rng.between(-6, 6)
        line = smooth([(-bend, 1.0), (0.0, 9.0), (bend, 24.0), (2 * bend, 90.0)], 8, closed=False)
        x, z, turn = 0.1 * bend, 11.0, 80.0
    strip(canvas, surface, "road", [line[0], *line[1:-1:4], line[-1]], 3.6)
    if rng.chance(0.5):
        stage.put_on((surface, "road"), car, x, z, turn=turn)
    return line


# --------------------------------------------------------------------------------- forest path


def forest_path(rng: Rng) -> Canvas:
    """A path between trees and bushes, sometimes with a walker, a bicycle or a bench."""
    season = rng.pick(("spring", "summer", "summer", "autumn", "autumn"))
    canvas = outdoors(rng, season=season, height=(1.4, 2.4), horizon=(0.38, 0.56))
    _forest_floor(canvas, rng)
    pines = rng.pick((0.0, 0.0, 0.25, 0.6))
    skyline_of_trees(canvas, rng, rng.between(38, 60), pines=pines > 0.5)
    if rng.chance(0.6):
        skyline_of_trees(canvas, rng, rng.between(24, 32), pines=False)
    line, path = _winding(rng), gravel(rng)
    trees = _trees_along(rng, line)
    for x, z in trees:
        canvas.shadow(x, z, rng.between(1.2, 1.8), 0.8)
    strip(canvas, path, "path", line, rng.between(1.6, 2.8))
    canvas.floor = None  # shadows of trees drawn from now on would cover the path
    stage = Stage(canvas, rng)
    for x, z in trees:
        plant: Thing = pine_tree if z > 8 and rng.chance(pines) else tree
        stage.put(plant, x, z, height=rng.between(7, 13))
    _undergrowth(stage, line)
    _on_path(stage, line, path)
    stage.show()
    if rng.chance(0.6):
        _canopy(canvas, rng)
    return canvas


def _forest_floor(canvas: Canvas, rng: Rng) -> None:
    """Cover the ground with grass, or with fallen leaves."""
    if rng.chance(0.6):
        ground(canvas, grass(rng, canvas.light), "grass")
    else:
        fallen = foliage(rng, canvas.light.leaves(rng), 0.35)._replace(rough=0.4)
        ground(canvas, fallen.times(0.85), "grass")
    patches(canvas, rng)


def _winding(rng: Rng) -> list[Point]:
    """Line (x, z) of a path into the distance."""
    bend = rng.side() * rng.between(0.4, 2.4)
    line = [(rng.between(-1, 1), 0.8), (0.4 * bend, 5.0), (bend, 10.0), (-bend, 20.0), (1.5 * bend, 36.0)]
    return smooth(line, 6, closed=False)


def _trees_along(rng: Rng, line: list[Point]) -> list[Point]:
    """Places (x, z) of trees on both sides of the path."""
    places, first = [], rng.side()
    for number in range(rng.count(9, 12)):
        z = 5.0 * 1.18**number * rng.near(1, 0.1)
        away = 2.0 + rng.between(0.3, 1.3) + rng.between(0, 0.22) * z
        places.append((beside(line, z, first * away if number % 2 else -first * away), z))
    return places


def _undergrowth(stage: Stage, line: list[Point]) -> None:
    """Place bushes, ferns, flowers and rocks beside the path."""
    rng = stage.rng
    plants: tuple[Thing, ...] = (bush, bush, tuft, flowers, rock)
    for _ in range(rng.count(3, 6)):
        thing, z = rng.pick(plants), rng.between(4.0, 12.0)
        options: dict[str, Any] = {"size": rng.between(0.5, 1.3)} if thing is rock else {}
        stage.put(thing, beside(line, z, rng.side() * (1.9 + rng.between(0, 0.25 * z))), z, **options)


def _on_path(stage: Stage, line: list[Point], path: Surface) -> None:
    """Place a walker or a bicycle on the path, a bench or a sign beside it, or nothing."""
    rng, z = stage.rng, stage.rng.between(5.0, 9.0)
    kind = rng.pick(("nothing", "nothing", "walker", "walker", "bicycle", "bench", "sign"))
    x, side = middle(line, z) + rng.between(-0.5, 0.5), rng.side()
    if kind == "walker":
        stage.put_on((path, "path"), person, x, z, pose="walking")
    elif kind == "bicycle":
        stage.put_on((path, "path"), bicycle, x, z)
    elif kind in ("bench", "sign"):
        furniture: dict[str, Thing] = {"bench": bench, "sign": sign}
        stage.put(furniture[kind], beside(line, z, 2.2 * side), z)


def _canopy(canvas: Canvas, rng: Rng) -> None:
    """Draw branches with leaves that hang into the picture from above, at one side or both."""
    camera, z = canvas.camera, 4.0
    top = camera.height + camera.horizon * z / camera.zoom
    leaves = foliage(rng, canvas.light.leaves(rng), 0.3)
    for side in rng.shuffled((-1, 1))[: rng.count(1, 2)]:
        edge = camera.right_edge(z) if side > 0 else camera.left_edge(z)
        for _ in range(4):
            u, v = edge - side * rng.between(0, 1.6), top + rng.between(-0.25, 0.3)
            shape = blob(rng, u, v, rng.between(0.4, 0.8), rng.between(0.25, 0.5), rough=0.25)
            canvas.draw(camera.upright(0, z), shape, leaves.times(rng.between(0.7, 1.0)), "tree", "crown")


MAKERS = {
    "ski slope": ski_slope,
    "snowy forest": snowy_forest,
    "mountain lake": mountain_lake,
    "desert": desert,
    "river": river,
    "forest path": forest_path,
}
