"""The bedroom, and how beds stand in a room."""

from __future__ import annotations

from collections.abc import Callable

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.furniture.bathroom_fixtures import bathtub
from dissect_widgets.world.scenery.furniture.beds import BedStyle, bed, bed_style
from dissect_widgets.world.scenery.furniture.bookcases import bookcase
from dissect_widgets.world.scenery.furniture.cabinets import cabinet
from dissect_widgets.world.scenery.furniture.carpets import carpet
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair, chair_style
from dissect_widgets.world.scenery.furniture.desks import desk_style
from dissect_widgets.world.scenery.furniture.furnishing import (
    corner_plant,
    hang,
    in_sight,
    light_up,
    nightstand,
    opposite_side,
    sideboard,
)
from dissect_widgets.world.scenery.furniture.groups import workplace
from dissect_widgets.world.scenery.furniture.luggage_and_towels import suitcase
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.sofas_and_armchairs import armchair


def bedroom(rng: Rng) -> Canvas:
    """A bedroom: a bed, mostly with nightstands, a wardrobe or drawers, a window, a carpet."""
    canvas, room = enter(rng, width=(3.6, 4.8), depth=(3.7, 4.8), eye=(1.1, 2.1))
    side, style = in_sight(canvas.camera, rng), bed_style(rng)
    stage = Stage(canvas, rng)
    above = style.high if style.head != "none" else 0.6
    z = rng.between(2.4, room.depth - 1.1)
    if rng.chance(0.5) or not in_view(canvas.camera, *room.beside(side, z, 1.3)[:2]):
        x = room.width * rng.between(-0.12, 0.12)
        beds_at_back(rng, room, stage, style, [x])
        if rng.chance(0.7):
            hang(
                canvas,
                rng,
                room,
                "back",
                rng.pick(("painting", "painting", "window", "mirror")),
                x,
                above=above,
            )
        _wardrobe(canvas, rng, room, stage, side, room.depth - 1.3)
        window_wall(canvas, rng, room, opposite_side(side), rng.between(1.9, 2.6))
    else:
        beds_at_side(rng, room, stage, style, side, [z])
        hang(canvas, rng, room, side, rng.pick(("painting", "mirror", "painting")), z, above=above)
        u = room.width * rng.between(0.05, 0.2) * (1 if side == "left" else -1)
        if rng.chance(0.5):
            hang(canvas, rng, room, "back", rng.pick(("window", "window", "tall window", "door")), u)
        else:
            _storage(rng, stage, u, room.depth - 0.3, 0.0)
        hang(
            canvas,
            rng,
            room,
            opposite_side(side),
            rng.pick(("painting", "mirror", "clock", "window")),
            room.depth - 1.2,
        )
    rug(canvas, rng, room, 0.6)
    if rng.chance(0.3):
        corner_plant(stage, room, opposite_side(side))
    if rng.chance(0.6):
        _aside(rng, room, stage, opposite_side(side))
    stage.show()
    light_up(canvas, rng, room, 0.35)
    return canvas


def beds_at_back(rng: Rng, room: Room, stage: Stage, style: BedStyle, places: list[float]) -> list[Block]:
    """Put beds with their heads at the back wall, and nightstands beside them; returns where beds are."""
    lit, z = rng.chance(0.85), room.depth - 1.1
    for x in places:
        stage.put(bed, x, z, style=style)
    reach = style.width / 2 + 0.3
    for x in (places[0] - reach, places[-1] + reach, *([sum(places) / 2] if len(places) > 1 else [])):
        if abs(x) < room.width / 2 - 0.25 and rng.chance(0.8):
            at = x, room.depth - 0.24
            stage.put(nightstand, *at, turn=0.0, lit=lit)
    return [Block(x, z, style.width, 2.1, 0.56) for x in places]


def beds_at_side(
    rng: Rng,
    room: Room,
    stage: Stage,
    style: BedStyle,
    wall: str,
    places: list[float],
) -> list[Block]:
    """Put beds with their heads at a side wall, given by their distances, and a nightstand beyond each."""
    blocks = []
    for middle in places:
        x, z, turn = room.beside(wall, middle, 1.1)
        stage.put(bed, x, z, turn=turn, style=style)
        blocks.append(Block(x, z, 2.1, style.width, 0.56))
        beyond = middle + style.width / 2 + 0.3
        if beyond < room.depth - 0.2:
            x, z, turn = room.beside(wall, beyond, 0.24)
            stage.put(nightstand, x, z, turn=turn, lit=rng.chance(0.85))
    return blocks


def window_wall(canvas: Canvas, rng: Rng, room: Room, wall: str, z: float) -> None:
    """Hang a window, mostly a tall one, on a side wall."""
    hang(canvas, rng, room, wall, rng.pick(("window", "tall window", "tall window")), z)


def _storage(rng: Rng, stage: Stage, x: float, z: float, turn: float) -> None:
    """A wardrobe, drawers, shelves, or a television on a low cabinet."""
    kind = rng.pick(("wardrobe", "wardrobe", "drawers", "shelves", "television", "television", "television"))
    if kind == "television":
        stage.put(sideboard, x, z, turn=turn, holds=kind)
        return
    if kind == "shelves":
        stage.put(bookcase, x, z, turn=turn, width=rng.between(0.8, 1.1))
        return
    high = rng.between(1.8, 2.1) if kind == "wardrobe" else rng.between(0.8, 1.0)
    form = "doors" if kind == "wardrobe" else "drawers"
    stage.put(cabinet, x, z, turn=turn, width=rng.between(0.9, 1.3), height=high, kind=form)


def _aside(rng: Rng, room: Room, stage: Stage, wall: str) -> None:
    """A seat, a suitcase, a desk with a computer where there is room for it, or rarely a bathtub."""
    place = room.beside(wall, rng.between(2.2, 2.9), 0.5)
    kind = rng.pick((*["chair"] * 3, *["armchair"] * 2, *["suitcase"] * 4, *["desk"] * 8, "bathtub"))
    if kind == "desk" and room.width > 3.9:
        workplace(stage, rng, place, desk_style(rng), chair_style(rng))
        return
    x, z, turn = place
    if kind == "bathtub":
        stage.put(bathtub, x, z, turn=turn)
        return
    draws: dict[str, Callable[..., None]] = {"suitcase": suitcase, "armchair": armchair}
    draw = draws.get(kind, chair)
    stage.put(draw, x, z, turn=turn + rng.between(-30, 30))


def _wardrobe(canvas: Canvas, rng: Rng, room: Room, stage: Stage, wall: str, z: float) -> None:
    if rng.chance(0.7):
        _storage(rng, stage, *room.beside(wall, z, 0.32))
    elif rng.chance(0.7):
        hang(canvas, rng, room, wall, rng.pick(("door", "mirror", "painting")), z)


def rug(canvas: Canvas, rng: Rng, room: Room, chance: float) -> None:
    """Lay a carpet on the floor of some rooms."""
    if rng.chance(chance):
        z = room.depth * rng.between(0.5, 0.62)
        carpet(canvas, rng, room.width * rng.between(-0.12, 0.12), z, width=rng.between(2.0, 3.0))
