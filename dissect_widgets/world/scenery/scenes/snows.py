"""Scenes of snow: ski slope, snowy forest."""

from __future__ import annotations

from functools import partial

from dissect_widgets.world.scenery.buildings.buildings import house
from dissect_widgets.world.scenery.buildings.infrastructure import fence, ski_lift
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign
from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage, across, far
from dissect_widgets.world.scenery.nature.land import (
    gravel,
    ground,
    hills,
    mountains,
    outdoors,
    patches,
    rock,
    skyline_of_trees,
    snow,
    strip,
)
from dissect_widgets.world.scenery.nature.plants import bare_tree, bush, pine_tree
from dissect_widgets.world.scenery.people.people import person


def ski_slope(rng: Rng) -> Canvas:
    """Skiers on snow below mountains, with pines and mostly a ski lift."""
    canvas = outdoors(rng, season="winter", height=(1.5, 2.8), horizon=(0.3, 0.5), zoom=(0.85, 1.2))
    mountains(canvas, rng, high=rng.between(0.16, 0.3), snowy=True)
    ground(canvas, snow(rng), "snow")
    if rng.chance(0.5):
        skyline_of_trees(canvas, rng, rng.between(80, 160), pines=True)
    patches(canvas, rng, 3)
    side = rng.side()
    _mountainside(canvas, rng, side)
    _tracks(canvas, rng)
    stage = Stage(canvas, rng)
    _skiers(stage)
    _pines(stage)
    if rng.chance(0.75):
        stage.add(30.0, partial(_lift, canvas, rng, side, rng.between(4, 12)))
    if rng.chance(0.4):
        stage.add(10.0, partial(_fence_along, canvas, rng, rng.side()))
    if rng.chance(0.35):
        stage.put_at(sign, 0.5 + 0.4 * rng.side(), rng.between(7, 10))
    if rng.chance(0.2):
        stage.put_at(house, 0.5 + 0.4 * rng.side(), 26.0, turn=rng.between(-40, 40), size=0.8)
    stage.show()
    return canvas


def _mountainside(canvas: Canvas, rng: Rng, side: int) -> None:
    """Draw a slope of snow that rises to one side of the picture, with pines on it."""
    z = rng.between(40, 60)
    camera, surface = canvas.camera, snow(rng)
    reach, rise = z / camera.zoom * rng.between(0.5, 0.95), z * rng.between(0.18, 0.4)
    edge = camera.right_edge(z) if side > 0 else camera.left_edge(z)
    profile = [(edge - side * reach * (1 - t), rise * t**1.6) for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)]
    outline = [*profile, (profile[-1][0], -0.5), (profile[0][0], -0.5)]
    light = 0.97 + 0.06 * side * canvas.light.side
    canvas.draw(camera.upright(0, z), outline, surface, "snow", light=light, shade=TOP)
    for _ in range(rng.count(2, 5)):
        t = rng.between(0.25, 1.0)
        x, y = edge - side * reach * (1 - t), rise * t**1.6 * rng.between(0.3, 0.95)
        pine_tree(canvas, rng, x, z - 0.1, y=y, height=rng.between(4, 8), snowy=0.5)


def _tracks(canvas: Canvas, rng: Rng) -> None:
    """Draw the tracks of skis: narrow, wavy, a little darker than the snow."""
    if canvas.floor is None:
        return
    surface = canvas.floor[0].times(rng.between(0.88, 0.95))
    for _ in range(rng.count(1, 3)):
        start, end, swing = rng.between(0, 1), rng.between(0.2, 0.8), rng.between(0.2, 0.8)
        line = []
        for i, z in enumerate((2.0, 4.0, 6.5, 10.0, 15.0, 24.0, 40.0)):
            share = start + (end - start) * i / 6
            line.append((across(canvas, share, z) + (swing if i % 2 else -swing), z))
        strip(canvas, surface, "snow", line, 0.22)


def _skiers(stage: Stage) -> None:
    """Place one to four skiers, the first of them near."""
    rng = stage.rng
    first = max(stage.canvas.camera.distance_at(1.0), 3.6)
    for number, share in enumerate(rng.shuffled((0.2, 0.42, 0.6, 0.82))[: rng.count(1, 4)]):
        z = first * (rng.between(1.0, 1.5) if number == 0 else rng.between(1.6, 3.5))
        stage.put_at(person, share + rng.between(-0.08, 0.08), z, pose="skiing")


def _pines(stage: Stage) -> None:
    """Place pines at both sides, the piste being free."""
    rng, snowy = stage.rng, stage.rng.between(0, 0.9)
    for _ in range(rng.count(3, 6)):
        share = 0.5 + rng.side() * rng.between(0.22, 0.5)
        stage.put_at(pine_tree, share, far(rng, 11, 36), height=rng.between(4, 9), snowy=snowy)


def _lift(canvas: Canvas, rng: Rng, side: int, rise: float) -> None:
    """Draw a ski lift from the foreground to the distance, where the ground is higher by `rise`."""
    start = across(canvas, 0.5 - side * rng.between(0.05, 0.42), 12.0), rng.between(9.0, 13.0)
    end = across(canvas, 0.5 + side * rng.between(0.15, 0.45), 55.0), 55.0
    high, pylons = rng.between(5.5, 7.5), rng.count(3, 4)
    ski_lift(canvas, rng, start, end, rise=rise, height=high, pylons=pylons, chairs=5)


def _fence_along(canvas: Canvas, rng: Rng, side: int) -> None:
    """Draw a fence along one side of the piste."""
    start = across(canvas, 0.5 + 0.47 * side, 5.0), 5.0
    fence(canvas, rng, start, (across(canvas, 0.5 + 0.25 * side, 16.0), 16.0))


def snowy_forest(rng: Rng) -> Canvas:
    """Pines and bare trees in the snow, sometimes with a path, a walker, a bench or a cabin."""
    canvas = outdoors(rng, season="winter", height=(1.4, 2.8), horizon=(0.35, 0.55))
    if rng.chance(0.6):
        rng.pick((hills, mountains))(canvas, rng)
    ground(canvas, snow(rng), "snow")
    patches(canvas, rng, 4)
    skyline_of_trees(canvas, rng, rng.between(40, 65), pines=rng.chance(0.7))
    if rng.chance(0.45):
        _snowy_path(canvas, rng)
    stage = Stage(canvas, rng)
    _wood(stage)
    _undergrowth(stage)
    if rng.chance(0.45):
        pose = rng.pick(("walking", "walking", "standing"))
        stage.put_at(person, rng.between(0.3, 0.7), rng.between(4, 8), pose=pose)
    if rng.chance(0.3):
        stage.put_at(house, rng.between(0.2, 0.8), 20.0, turn=rng.between(-40, 40), size=0.7)
    if rng.chance(0.12):
        stage.put_at(bench, rng.between(0.2, 0.8), rng.between(6, 10))
    if rng.chance(0.09):
        stage.add(11.0, partial(_lift, canvas, rng, rng.side(), 0.0))
    stage.show()
    return canvas


def _snowy_path(canvas: Canvas, rng: Rng) -> None:
    """Draw a trodden or ploughed path that winds into the forest."""
    bend = rng.between(-1.6, 1.6)
    line = [(rng.between(-1.5, 1.5), 1.0), (bend, 7.0), (-bend, 16.0), (0.6 * bend, 40.0)]
    surface = snow(rng).times(0.86) if rng.chance(0.6) else gravel(rng)
    strip(canvas, surface, "path", line, rng.between(1.2, 2.2))


def _wood(stage: Stage) -> None:
    """Place trees everywhere, the near ones at the sides: pines, bare trees, or both."""
    rng, snowy = stage.rng, stage.rng.pick((0.0, 0.5, 0.8, 1.0))
    pines = rng.pick((0.35, 0.65, 0.9))
    places = rng.shuffled((0.06, 0.14, 0.22, 0.34, 0.46, 0.58, 0.7, 0.8, 0.88, 0.95))
    for share in places[: rng.count(8, 10)]:
        z = far(rng, 6.5 if abs(share - 0.5) > 0.25 else 13.0, 28.0)
        if rng.chance(pines):
            stage.put_at(pine_tree, share + rng.between(-0.05, 0.05), z, snowy=snowy)
        else:
            white = z < 14 and rng.chance(snowy)
            stage.put_at(bare_tree, share + rng.between(-0.05, 0.05), z, snowy=white)


def _undergrowth(stage: Stage) -> None:
    """Place rocks and bushes under snow."""
    rng = stage.rng
    for _ in range(rng.count(1, 3)):
        share, z = rng.between(0.05, 0.95), rng.between(4.0, 12.0)
        if rng.chance(0.5):
            stage.put_at(bush, share, z, snowy=True)
        else:
            stage.put_at(rock, share, z, size=rng.between(0.8, 2.0), snowy=True)
