"""The harbor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dissect_widgets.world.scenery.buildings.city_buildings import building
from dissect_widgets.world.scenery.buildings.docks import dock
from dissect_widgets.world.scenery.buildings.hangars import hangar
from dissect_widgets.world.scenery.buildings.houses import house
from dissect_widgets.world.scenery.buildings.street_furniture import bench, sign, street_lamp
from dissect_widgets.world.scenery.buildings.towers import lighthouse, tower
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import blob, box
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.staging import Stage, across, on_floor
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, painted, stone, wood
from dissect_widgets.world.scenery.nature.animals import bird
from dissect_widgets.world.scenery.nature.land import grass, ground, outdoors, ripples, rock, water
from dissect_widgets.world.scenery.nature.trees import palm_tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.surroundings import any_tree, horizon_view
from dissect_widgets.world.scenery.vehicles.boats import boat
from dissect_widgets.world.scenery.vehicles.cars import car
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import truck

QUAY = 1.0
"""Height of quays above the water, in meters."""


def harbor(rng: Rng) -> Canvas:
    """Water with boats between quays, docks, sheds and, mostly, a lighthouse."""
    canvas = outdoors(rng, height=(2.6, 5.5), horizon=(0.34, 0.52))
    horizon_view(canvas, rng)
    sea = water(rng, canvas.light)
    ground(canvas, sea, "water")
    spots = [(across(canvas, rng.between(0, 1), z), z) for z in (rng.between(4, 40) for _ in range(10))]
    if rng.chance(0.75):
        _far_shore(canvas, rng, rng.between(48, 85))
    ripples(canvas, rng, spots, sea)
    stage = Stage(canvas, rng)
    side = rng.side()
    if rng.chance(0.65):
        _mole(stage, rng, -side)
    layout = rng.pick(("side", "side", "front", "dock"))
    if layout == "side":
        _quay_aside(stage, rng, side)
    elif layout == "front":
        _quay_in_front(stage, rng)
    if layout == "dock" or rng.chance(0.4):
        _landing(stage, rng, side if layout == "dock" else -side)
    _boats(stage, rng, side if layout == "side" else 0)
    stage.show()
    return canvas


def on_quay(
    canvas: Canvas, rng: Rng, x: float, z: float, *, load: Callable[..., None], **options: Any
) -> None:
    """Draw a thing that stands on a quay, not on the water."""
    camera = canvas.camera
    canvas.camera = camera._replace(height=camera.height - QUAY)
    on_floor(canvas, None, partial(load, canvas, rng, x, z, **options))
    canvas.camera = camera


def _paved(rng: Rng) -> Surface:
    """Asphalt, flags of stone, or planks."""
    flags = stone(rng).textured("grid", 0.65, (1.6, 1.6))
    planks = wood(rng).textured("striped", 0.78, (1.0, 99.0))
    return rng.pick((asphalt(rng), asphalt(rng), flags, planks))


def _far_shore(canvas: Canvas, rng: Rng, z: float) -> None:
    """The other side, with sheds, houses and trees on it."""
    land = rng.pick((grass(rng, canvas.light), _paved(rng), stone(rng)))
    wall = rng.pick((stone(rng), asphalt(rng)))
    name = "grass" if land.material == "foliage" else "road"
    left, right = rng.pick(((-0.1, 1.1), (-0.1, rng.between(0.4, 0.8)), (rng.between(0.2, 0.6), 1.1)))
    start, end = across(canvas, left, z), across(canvas, right, z)
    canvas.draw(canvas.camera.ground(0, z, y=QUAY), box(start, 0, end, 4 * z), land, name)
    canvas.draw(canvas.camera.upright(0, z), box(start, 0, end, QUAY), wall, "dock")
    stage = Stage(canvas, rng)
    share = left
    while share < right:
        kind = rng.pick((hangar, building, building, house, house, any_tree))
        options: dict[str, Any] = {} if kind is any_tree else {"turn": rng.between(-30, 30)}
        if kind is building:
            options |= {"height": rng.between(6, 16), "width": rng.between(9, 14)}
        far = z + 9 + rng.between(0, 10)
        stage.put_at(on_quay, share, far, load=kind, **options)
        share += rng.between(0.14, 0.26)
    if rng.chance(0.22):
        stage.put_at(on_quay, rng.between(left, right), z + 8, load=tower, height=rng.between(18, 26))
    stage.show()


def _mole(stage: Stage, rng: Rng, side: int) -> None:
    """A lighthouse at the end of a mole, or on a rock."""
    z, share = rng.between(16, 27), 0.5 + side * rng.between(0.1, 0.36)
    canvas = stage.canvas
    x, height = across(canvas, share, z), rng.between(11, 15)
    if rng.chance(0.5):
        stage.add(z + 3.0, lambda: _rocks(canvas, rng, x, z))
        stage.put(lighthouse, x, z, height=height, y=1.1)
        return
    edge = across(canvas, 0.5 + 0.75 * side, z)
    masonry = stone(rng, blocks=0.8)
    mole = Block((x + edge) / 2 - 1.2 * side, z, abs(edge - x) + 4, 4.5, QUAY)
    stage.add(z + 2.3, partial(draw_block, canvas, mole, masonry, "dock"))
    stage.put(lighthouse, x, z, height=height, y=QUAY)


def _rocks(canvas: Canvas, rng: Rng, x: float, z: float) -> None:
    """A small island."""
    surface = stone(rng)
    canvas.draw(canvas.camera.upright(x, z), blob(rng, 0, 0.1, 4.5, 1.3), surface, "rock")
    for _ in range(3):
        right, near, size = rng.between(-4, 4), rng.between(0.5, 1.5), rng.between(1.2, 2.4)
        rock(canvas, rng, x + right, z - near, size=size, surface=surface)


def _quay_aside(stage: Stage, rng: Rng, side: int) -> None:
    """A quay along one side, from the camera to far away, with sheds and traffic on it."""
    canvas = stage.canvas
    edge, lean, far = side * rng.between(1.0, 2.5), side * rng.between(0.0, 0.2), rng.between(35, 60)
    top, wall = _paved(rng), stone(rng, blocks=0.6)

    def at(z: float) -> float:
        return edge + lean * z

    def draw() -> None:
        outline = [(at(0.3), 0.3), (at(far), far), (side * 90, far), (side * 90, 0.3)]
        plane = canvas.camera.plane((at(0.3), 0.0, 0.3), (lean, 0, 1), (0, 1, 0))
        canvas.draw(plane, box(0, -0.2, far, QUAY), wall, "dock", light=0.8)
        canvas.draw(canvas.camera.ground(y=QUAY), outline, top, "dock")

    stage.add(far + 30, draw)
    z = rng.between(20, 26)
    while z < far:
        kind = rng.pick((hangar, building, building, house))
        sizes = {hangar: {"size": 0.75}, building: {"width": 11.0, "height": rng.between(6, 12)}}
        x, turn = at(z) + side * rng.between(11, 14), -side * rng.between(55, 90)
        stage.put(on_quay, x, z, load=kind, turn=turn, **sizes.get(kind, {}))
        z += rng.between(15, 20)
    _on_the_quay(stage, rng, lambda z: at(z) + side * rng.between(1.2, 3.2))


def _quay_in_front(stage: Stage, rng: Rng) -> None:
    """The quay on which one stands."""
    canvas, far, lean = stage.canvas, rng.between(9, 12), rng.between(-0.12, 0.12)
    top = _paved(rng)
    edge = top.times(0.7)._replace(texture=None)

    def draw() -> None:
        ground_plane = canvas.camera.ground(y=QUAY)
        line = [(-60, far - 60 * lean), (60, far + 60 * lean)]
        canvas.draw(ground_plane, [(-60, 0.3), (60, 0.3), *reversed(line)], top, "dock")
        near = [(u, v - 0.4) for u, v in line]
        canvas.draw(ground_plane, [*near, *reversed(line)], edge, "dock")

    stage.add(far + 0.5, draw)
    _on_the_quay(stage, rng, lambda z: rng.between(-0.45, 0.45) * z, far=far - 1.0)


def _on_the_quay(stage: Stage, rng: Rng, x_at: Callable[[float], float], *, far: float = 16.0) -> None:
    """People, lamps, crates, a truck or car, gulls, a palm on a quay."""
    things = (
        (truck, 0.45),
        (car, 0.2),
        (street_lamp, 0.6),
        (person, 0.5),
        (person, 0.4),
        (bench, 0.2),
        (bird, 0.3),
        (sign, 0.2),
        (_crates, 0.4),
        (_crates, 0.3),
        (palm_tree, 0.2),
    )
    for thing, chance in things:
        if rng.chance(chance):
            z = rng.between(0.55 * far, far) if thing is not truck else far
            stage.put(on_quay, x_at(z), z, load=thing)


def _crates(canvas: Canvas, rng: Rng, x: float, z: float) -> None:
    """Boxes that wait to be loaded."""
    for number in range(rng.count(1, 3)):
        size = rng.between(0.6, 1.1)
        block = Block(x + 0.9 * number, z - 0.3 * number, size, size, size, turn=rng.between(-40, 40))
        draw_block(canvas, block, rng.pick((wood(rng, plank=0.3), painted(rng))), "dock")


def _landing(stage: Stage, rng: Rng, side: int) -> None:
    """A landing stage of wood that leads out into the water."""
    z = rng.between(3.0, 6.0)
    x = across(stage.canvas, 0.5 + side * rng.between(0.05, 0.3), z)
    length, width, turn = rng.between(8, 14), rng.between(1.8, 2.8), rng.between(-50, 50)
    landing = partial(dock, stage.canvas, rng, x, z, length=length, width=width, height=0.7, turn=turn)
    stage.add(z + 6, landing)
    if rng.chance(0.35):
        stage.put(person, x, z + 1.0, y=0.7)


def _boats(stage: Stage, rng: Rng, quay: int) -> None:
    """Boats near and far; not where a quay is."""
    low, high = {0: (0.05, 0.95), 1: (0.05, 0.6), -1: (0.4, 0.95)}[quay]
    shares = [low + (high - low) * (i + rng.between(0.15, 0.85)) / 4 for i in rng.shuffled(range(4))]
    for share in shares[: rng.count(2, 4)]:
        z = rng.between(11, 28)
        stage.put_at(boat, share, z, size=rng.between(0.85, 1.3))
