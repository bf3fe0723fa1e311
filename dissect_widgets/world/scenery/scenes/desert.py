"""The desert."""

from __future__ import annotations

import math
from typing import Any

from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import smooth
from dissect_widgets.world.scenery.drawing.staging import Stage, Thing, across, far
from dissect_widgets.world.scenery.drawing.surfaces import STONES, Surface, asphalt, pick_color, times
from dissect_widgets.world.scenery.nature.animals import flying_birds
from dissect_widgets.world.scenery.nature.backdrops import backdrop, mountains
from dissect_widgets.world.scenery.nature.land import gravel, ground, outdoors, patches, rock, sand, strip
from dissect_widgets.world.scenery.nature.plants import bush, cactus, tuft
from dissect_widgets.world.scenery.nature.trees import bare_tree, palm_tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.vehicles.cars import car


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
    """Draw a road across or into the distance, sometimes with a car; returns its line (x, z)."""
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
