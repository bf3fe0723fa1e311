"""The ski slope."""

from __future__ import annotations

from functools import partial

from dissect_widgets.world.scenery.buildings.fences import fence
from dissect_widgets.world.scenery.buildings.houses import house
from dissect_widgets.world.scenery.buildings.ski_lifts import ski_lift
from dissect_widgets.world.scenery.buildings.street_furniture import sign
from dissect_widgets.world.scenery.drawing.canvas import TOP, Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage, across, far
from dissect_widgets.world.scenery.nature.backdrops import mountains, skyline_of_trees
from dissect_widgets.world.scenery.nature.land import ground, outdoors, patches, snow, strip
from dissect_widgets.world.scenery.nature.trees import pine_tree
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
        stage.add(30.0, partial(lift_into_distance, canvas, rng, side, rng.between(4, 12)))
    if rng.chance(0.4):
        stage.add(10.0, partial(_fence_along, canvas, rng, rng.side()))
    if rng.chance(0.35):
        stage.put_at(sign, 0.5 + 0.4 * rng.side(), rng.between(7, 10))
    if rng.chance(0.2):
        stage.put_at(house, 0.5 + 0.4 * rng.side(), 26.0, turn=rng.between(-40, 40), size=0.8)
    stage.show()
    return canvas


def _mountainside(canvas: Canvas, rng: Rng, side: int) -> None:
    """Draw a slope of snow that rises to one side of the image, with pines on it."""
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


def lift_into_distance(canvas: Canvas, rng: Rng, side: int, rise: float) -> None:
    """Draw a ski lift from the foreground to the distance, where the ground is higher by `rise`."""
    start = across(canvas, 0.5 - side * rng.between(0.05, 0.42), 12.0), rng.between(9.0, 13.0)
    end = across(canvas, 0.5 + side * rng.between(0.15, 0.45), 55.0), 55.0
    high, pylons = rng.between(5.5, 7.5), rng.count(3, 4)
    ski_lift(canvas, rng, start, end, rise=rise, height=high, pylons=pylons, chairs=5)


def _fence_along(canvas: Canvas, rng: Rng, side: int) -> None:
    """Draw a fence along one side of the piste."""
    start = across(canvas, 0.5 + 0.47 * side, 5.0), 5.0
    fence(canvas, rng, start, (across(canvas, 0.5 + 0.25 * side, 16.0), 16.0))
