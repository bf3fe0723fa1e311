"""Scenes of snow: ski slope, snowy forest."""

from __future__ import annotations

from functools import partial

from dissect_widgets.world.scenery.buildings.buildings import house
from dissect_widgets.world.scenery.buildings.infrastructure import fence, ski_lift
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign
from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.rng import Dice
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


def ski_slope(dice: Dice) -> Canvas:
    """Skiers on snow below mountains, with pines and mostly a ski lift."""
    canvas = outdoors(dice, season="winter", height=(1.5, 2.8), horizon=(0.3, 0.5), zoom=(0.85, 1.2))
    mountains(canvas, dice, high=dice.between(0.16, 0.3), snowy=True)
    ground(canvas, snow(dice), "snow")
    if dice.chance(0.5):
        skyline_of_trees(canvas, dice, dice.between(80, 160), pines=True)
    patches(canvas, dice, 3)
    side = dice.side()
    _mountainside(canvas, dice, side)
    _tracks(canvas, dice)
    stage = Stage(canvas, dice)
    _skiers(stage)
    _pines(stage)
    if dice.chance(0.75):
        stage.add(30.0, partial(_lift, canvas, dice, side, dice.between(4, 12)))
    if dice.chance(0.4):
        stage.add(10.0, partial(_fence_along, canvas, dice, dice.side()))
    if dice.chance(0.35):
        stage.put_at(sign, 0.5 + 0.4 * dice.side(), dice.between(7, 10))
    if dice.chance(0.2):
        stage.put_at(house, 0.5 + 0.4 * dice.side(), 26.0, turn=dice.between(-40, 40), size=0.8)
    stage.show()
    return canvas


def _mountainside(canvas: Canvas, dice: Dice, side: int) -> None:
    """Draw a slope of snow that rises to one side of the picture, with pines on it."""
    z = dice.between(40, 60)
    camera, surface = canvas.camera, snow(dice)
    reach, rise = z / camera.zoom * dice.between(0.5, 0.95), z * dice.between(0.18, 0.4)
    edge = camera.right_edge(z) if side > 0 else camera.left_edge(z)
    profile = [(edge - side * reach * (1 - t), rise * t**1.6) for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)]
    outline = [*profile, (profile[-1][0], -0.5), (profile[0][0], -0.5)]
    light = 0.97 + 0.06 * side * canvas.light.side
    canvas.draw(camera.upright(0, z), outline, surface, "snow", light=light, shade=TOP)
    for _ in range(dice.count(2, 5)):
        t = dice.between(0.25, 1.0)
        x, y = edge - side * reach * (1 - t), rise * t**1.6 * dice.between(0.3, 0.95)
        pine_tree(canvas, dice, x, z - 0.1, y=y, height=dice.between(4, 8), snowy=0.5)


def _tracks(canvas: Canvas, dice: Dice) -> None:
    """Draw the tracks of skis: narrow, wavy, a little darker than the snow."""
    if canvas.floor is None:
        return
    surface = canvas.floor[0].times(dice.between(0.88, 0.95))
    for _ in range(dice.count(1, 3)):
        start, end, swing = dice.between(0, 1), dice.between(0.2, 0.8), dice.between(0.2, 0.8)
        line = []
        for i, z in enumerate((2.0, 4.0, 6.5, 10.0, 15.0, 24.0, 40.0)):
            share = start + (end - start) * i / 6
            line.append((across(canvas, share, z) + (swing if i % 2 else -swing), z))
        strip(canvas, surface, "snow", line, 0.22)


def _skiers(stage: Stage) -> None:
    """Place one to four skiers, the first of them near."""
    dice = stage.dice
    first = max(stage.canvas.camera.distance_at(1.0), 3.6)
    for number, share in enumerate(dice.shuffled((0.2, 0.42, 0.6, 0.82))[: dice.count(1, 4)]):
        z = first * (dice.between(1.0, 1.5) if number == 0 else dice.between(1.6, 3.5))
        stage.put_at(person, share + dice.between(-0.08, 0.08), z, pose="skiing")


def _pines(stage: Stage) -> None:
    """Place pines at both sides, the piste being free."""
    dice, snowy = stage.dice, stage.dice.between(0, 0.9)
    for _ in range(dice.count(3, 6)):
        share = 0.5 + dice.side() * dice.between(0.22, 0.5)
        stage.put_at(pine_tree, share, far(dice, 11, 36), height=dice.between(4, 9), snowy=snowy)


def _lift(canvas: Canvas, dice: Dice, side: int, rise: float) -> None:
    """Draw a ski lift from the foreground to the distance, where the ground is higher by `rise`."""
    start = across(canvas, 0.5 - side * dice.between(0.05, 0.42), 12.0), dice.between(9.0, 13.0)
    end = across(canvas, 0.5 + side * dice.between(0.15, 0.45), 55.0), 55.0
    high, pylons = dice.between(5.5, 7.5), dice.count(3, 4)
    ski_lift(canvas, dice, start, end, rise=rise, height=high, pylons=pylons, chairs=5)


def _fence_along(canvas: Canvas, dice: Dice, side: int) -> None:
    """Draw a fence along one side of the piste."""
    start = across(canvas, 0.5 + 0.47 * side, 5.0), 5.0
    fence(canvas, dice, start, (across(canvas, 0.5 + 0.25 * side, 16.0), 16.0))


def snowy_forest(dice: Dice) -> Canvas:
    """Pines and bare trees in the snow, sometimes with a path, a walker, a bench or a cabin."""
    canvas = outdoors(dice, season="winter", height=(1.4, 2.8), horizon=(0.35, 0.55))
    if dice.chance(0.6):
        dice.pick((hills, mountains))(canvas, dice)
    ground(canvas, snow(dice), "snow")
    patches(canvas, dice, 4)
    skyline_of_trees(canvas, dice, dice.between(40, 65), pines=dice.chance(0.7))
    if dice.chance(0.45):
        _snowy_path(canvas, dice)
    stage = Stage(canvas, dice)
    _wood(stage)
    _undergrowth(stage)
    if dice.chance(0.45):
        pose = dice.pick(("walking", "walking", "standing"))
        stage.put_at(person, dice.between(0.3, 0.7), dice.between(4, 8), pose=pose)
    if dice.chance(0.3):
        stage.put_at(house, dice.between(0.2, 0.8), 20.0, turn=dice.between(-40, 40), size=0.7)
    if dice.chance(0.12):
        stage.put_at(bench, dice.between(0.2, 0.8), dice.between(6, 10))
    if dice.chance(0.09):
        stage.add(11.0, partial(_lift, canvas, dice, dice.side(), 0.0))
    stage.show()
    return canvas


def _snowy_path(canvas: Canvas, dice: Dice) -> None:
    """Draw a trodden or ploughed path that winds into the forest."""
    bend = dice.between(-1.6, 1.6)
    line = [(dice.between(-1.5, 1.5), 1.0), (bend, 7.0), (-bend, 16.0), (0.6 * bend, 40.0)]
    surface = snow(dice).times(0.86) if dice.chance(0.6) else gravel(dice)
    strip(canvas, surface, "path", line, dice.between(1.2, 2.2))


def _wood(stage: Stage) -> None:
    """Place trees everywhere, the near ones at the sides: pines, bare trees, or both."""
    dice, snowy = stage.dice, stage.dice.pick((0.0, 0.5, 0.8, 1.0))
    pines = dice.pick((0.35, 0.65, 0.9))
    places = dice.shuffled((0.06, 0.14, 0.22, 0.34, 0.46, 0.58, 0.7, 0.8, 0.88, 0.95))
    for share in places[: dice.count(8, 10)]:
        z = far(dice, 6.5 if abs(share - 0.5) > 0.25 else 13.0, 28.0)
        if dice.chance(pines):
            stage.put_at(pine_tree, share + dice.between(-0.05, 0.05), z, snowy=snowy)
        else:
            white = z < 14 and dice.chance(snowy)
            stage.put_at(bare_tree, share + dice.between(-0.05, 0.05), z, snowy=white)


def _undergrowth(stage: Stage) -> None:
    """Place rocks and bushes under snow."""
    dice = stage.dice
    for _ in range(dice.count(1, 3)):
        share, z = dice.between(0.05, 0.95), dice.between(4.0, 12.0)
        if dice.chance(0.5):
            stage.put_at(bush, share, z, snowy=True)
        else:
            stage.put_at(rock, share, z, size=dice.between(0.8, 2.0), snowy=True)
