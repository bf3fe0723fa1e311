"""A forest in the snow."""

from __future__ import annotations

from functools import partial

from dissect_widgets.world.scenery.buildings.houses import house
from dissect_widgets.world.scenery.buildings.street_furniture import bench
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage, far
from dissect_widgets.world.scenery.nature.backdrops import hills, mountains, skyline_of_trees
from dissect_widgets.world.scenery.nature.land import gravel, ground, outdoors, patches, rock, snow, strip
from dissect_widgets.world.scenery.nature.plants import bush
from dissect_widgets.world.scenery.nature.trees import bare_tree, pine_tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.ski_slope import lift_into_distance


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
        stage.add(11.0, partial(lift_into_distance, canvas, rng, rng.side(), 0.0))
    stage.show()
    return canvas


def _snowy_path(canvas: Canvas, rng: Rng) -> None:
    """Draw a trodden or plowed path that winds into the forest."""
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
