"""What surrounds a place: hills and towns on the horizon, and trees and houses of a village behind it."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.hangars import hangar
from dissect_widgets.world.scenery.buildings.houses import house
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.staging import Stage, across
from dissect_widgets.world.scenery.drawing.surfaces import (
    BRICKS,
    Surface,
    asphalt,
    glass,
    pick_color,
    quiet_color,
    stone,
)
from dissect_widgets.world.scenery.nature.animals import flying_birds
from dissect_widgets.world.scenery.nature.backdrops import hills, mountains, skyline_of_trees
from dissect_widgets.world.scenery.nature.land import gravel
from dissect_widgets.world.scenery.nature.trees import pine_tree, tree
from dissect_widgets.world.scenery.vehicles.airplanes import flying_airplane


def ground_distance(canvas: Canvas, rng: Rng, low: float, high: float) -> float:
    """Distance of ground that is seen between two heights of the image, from 0 to 1 (its bottom)."""
    return canvas.camera.distance_at(max(rng.between(low, high), canvas.camera.horizon + 0.05))


def flying_things(canvas: Canvas, rng: Rng, probability: float) -> None:
    """Birds or an airplane in the sky, now and then."""
    if rng.chance(probability):
        rng.pick((flying_birds, flying_birds, flying_airplane))(canvas, rng)


def horizon_view(canvas: Canvas, rng: Rng) -> None:
    """What lies behind a village: birds or an airplane in the sky, hills, mountains or nothing."""
    if rng.chance(0.12):
        flying_birds(canvas, rng)
    elif rng.chance(0.06):
        flying_airplane(canvas, rng)
    land = rng.pick((hills, hills, mountains, None))
    if land is not None:
        land(canvas, rng)


def any_tree(canvas: Canvas, rng: Rng, x: float, z: float, *, size: float = 1.0) -> None:
    """Draw a tree or, less often, a pine, of any height."""
    if rng.chance(0.75):
        tree(canvas, rng, x, z, height=size * rng.between(6, 11))
    else:
        pine_tree(canvas, rng, x, z, height=size * rng.between(7, 13))


def paving(rng: Rng) -> Surface:
    """What a path is made of: gravel, flags of stone or asphalt."""
    flags = stone(rng).textured("grid", 0.65, (0.9, 0.9))
    return rng.pick((gravel(rng), gravel(rng), flags, asphalt(rng)))


def village_behind(canvas: Canvas, rng: Rng, z: float, *, houses: float = 0.35) -> None:
    """The edge of a forest, and trees and houses beyond a distance."""
    if rng.chance(0.45):
        skyline_of_trees(canvas, rng, z * rng.between(1.4, 2.5))
    stage = Stage(canvas, rng)
    for _ in range(rng.count(1, 4)):
        far, share = z + rng.between(0, 30), rng.between(-0.05, 1.05)
        if rng.chance(houses):
            stage.put_at(house, share, far, turn=rng.between(-60, 60))
        else:
            stage.put_at(any_tree, share, far)
    stage.show()


def far_building(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    width: float | None = None,
    height: float | None = None,
    depth: float = 12.0,
    turn: float = 0.0,
) -> None:
    """Draw a building as it is seen from far away: plain walls with rows of dark or lit windows."""
    width = rng.between(14, 26) if width is None else width
    height = rng.between(12, 50) if height is None else height
    wall = Surface(rng.pick((quiet_color(rng), pick_color(rng, BRICKS))), "stone", rough=0.06)
    pane = glass(rng)
    if canvas.light.name == "dusk" and rng.chance(0.6):
        pane = Surface((0.95, 0.8, 0.45), "glass", glow=0.6)
    rows, slim = min(int(height / rng.pick((3.4, 4.2))), 9), rng.pick((0.5, 0.6, 1.0))
    if slim < 1:  # windows side by side, else bands of glass
        pane = pane._replace(texture="striped", second=wall.color, period=(0.14 * width, 1.0))
    block = Block(x, z, width, depth, height, turn=turn)
    for side, face in draw_block(canvas, block, wall, "building", "facade").items():
        if side in ("top", "bottom"):
            continue
        half, story = 0.46 * face.width, height / (rows + 0.5)
        for row in range(rows):
            low = (row + 0.3) * story
            outline = box(-half, low, half, low + 0.6 * story)
            canvas.draw(face.plane, outline, pane, "window", "pane", light=face.light)


def town(canvas: Canvas, rng: Rng, z: float, *, count: int = 4) -> None:
    """Draw some buildings about z meters away, anywhere across the image."""
    for i in range(count):
        away = z * (1 + 0.12 * (count - i))
        x = (rng.between(0, 1) - canvas.camera.middle) * away / canvas.camera.zoom
        far_building(
            canvas,
            rng,
            x,
            away,
            width=rng.between(0.1, 0.18) * z,
            height=rng.between(0.1, 0.36) * z,
            turn=rng.between(-30, 30),
        )


def far_away(canvas: Canvas, rng: Rng) -> None:
    """On the horizon: a forest's edge, a town, halls, or nothing."""
    kind = rng.pick(("trees", "trees", "town", "halls", "open"))
    if kind == "trees":
        skyline_of_trees(canvas, rng, rng.between(130, 260))
    elif kind == "town":
        town(canvas, rng, 200, count=rng.count(3, 6))
    elif kind == "halls":
        for z in (150.0, 130.0, 110.0)[: rng.count(1, 3)]:
            turn = rng.between(-40, 40)
            hangar(canvas, rng, across(canvas, rng.between(0, 1), z), z, turn=turn, size=1.3)
