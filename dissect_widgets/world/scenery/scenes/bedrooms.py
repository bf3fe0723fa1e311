"""Bedrooms, and how beds stand in a room."""

from __future__ import annotations

from collections.abc import Callable

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Dice
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.staging import Stage, in_view
from dissect_widgets.world.scenery.furniture.bathroom_fixtures import bathtub
from dissect_widgets.world.scenery.furniture.beds import BedStyle, bed, bed_style
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair, chair_style
from dissect_widgets.world.scenery.furniture.decor import carpet
from dissect_widgets.world.scenery.furniture.desks import desk_style
from dissect_widgets.world.scenery.furniture.furnishing import (
    corner_plant,
    hang,
    in_sight,
    light_up,
    nightstand,
    other,
    sideboard,
)
from dissect_widgets.world.scenery.furniture.groups import workplace
from dissect_widgets.world.scenery.furniture.luggage_and_towels import suitcase
from dissect_widgets.world.scenery.furniture.room import Room, enter
from dissect_widgets.world.scenery.furniture.seats import armchair
from dissect_widgets.world.scenery.furniture.storage import bookcase, cabinet


def bedroom(dice: Dice) -> Canvas:
    """A bedroom: a bed, mostly with nightstands, a wardrobe or drawers, a window, a carpet."""
    canvas, room = enter(dice, width=(3.6, 4.8), depth=(3.7, 4.8), eye=(1.1, 2.1))
    side, style = in_sight(canvas.camera, dice), bed_style(dice)
    stage = Stage(canvas, dice)
    above = style.high if style.head != "none" else 0.6
    z = dice.between(2.4, room.depth - 1.1)
    if dice.chance(0.5) or not in_view(canvas.camera, *room.beside(side, z, 1.3)[:2]):
        x = room.width * dice.between(-0.12, 0.12)
        beds_at_back(dice, room, stage, style, [x])
        if dice.chance(0.7):
            hang(
                canvas,
                dice,
                room,
                "back",
                dice.pick(("painting", "painting", "window", "mirror")),
                x,
                above=above,
            )
        _wardrobe(canvas, dice, room, stage, side, room.depth - 1.3)
        window_wall(canvas, dice, room, other(side), dice.between(1.9, 2.6))
    else:
        beds_at_side(dice, room, stage, style, side, [z])
        hang(canvas, dice, room, side, dice.pick(("painting", "mirror", "painting")), z, above=above)
        u = room.width * dice.between(0.05, 0.2) * (1 if side == "left" else -1)
        if dice.chance(0.5):
            hang(canvas, dice, room, "back", dice.pick(("window", "window", "tall window", "door")), u)
        else:
            _storage(dice, stage, u, room.depth - 0.3, 0.0)
        hang(
            canvas,
            dice,
            room,
            other(side),
            dice.pick(("painting", "mirror", "clock", "window")),
            room.depth - 1.2,
        )
    rug(canvas, dice, room, 0.6)
    if dice.chance(0.3):
        corner_plant(stage, room, other(side))
    if dice.chance(0.6):
        _aside(dice, room, stage, other(side))
    stage.show()
    light_up(canvas, dice, room, 0.35)
    return canvas


def beds_at_back(dice: Dice, room: Room, stage: Stage, style: BedStyle, places: list[float]) -> list[Block]:
    """Put beds with their heads at the back wall, and nightstands beside them; returns where beds are."""
    lit, z = dice.chance(0.85), room.depth - 1.1
    for x in places:
        stage.put(bed, x, z, style=style)
    reach = style.width / 2 + 0.3
    for x in (places[0] - reach, places[-1] + reach, *([sum(places) / 2] if len(places) > 1 else [])):
        if abs(x) < room.width / 2 - 0.25 and dice.chance(0.8):
            at = x, room.depth - 0.24
            stage.put(nightstand, *at, turn=0.0, lit=lit)
    return [Block(x, z, style.width, 2.1, 0.56) for x in places]


def beds_at_side(
    dice: Dice,
    room: Room,
    stage: Stage,
    style: BedStyle,
    wall: str,
    places: list[float],
) -> list[Block]:
    """Put beds with their heads at a side wall, given by their distances, and a nightstand beyond each."""
    found = []
    for middle in places:
        x, z, turn = room.beside(wall, middle, 1.1)
        stage.put(bed, x, z, turn=turn, style=style)
        found.append(Block(x, z, 2.1, style.width, 0.56))
        beyond = middle + style.width / 2 + 0.3
        if beyond < room.depth - 0.2:
            x, z, turn = room.beside(wall, beyond, 0.24)
            stage.put(nightstand, x, z, turn=turn, lit=dice.chance(0.85))
    return found


def window_wall(canvas: Canvas, dice: Dice, room: Room, wall: str, z: float) -> None:
    """Hang a window, mostly a tall one, on a side wall."""
    hang(canvas, dice, room, wall, dice.pick(("window", "tall window", "tall window")), z)


def _storage(dice: Dice, stage: Stage, x: float, z: float, turn: float) -> None:
    """A wardrobe, drawers, shelves, or a television on a low cabinet."""
    kind = dice.pick(("wardrobe", "wardrobe", "drawers", "shelves", "television", "television", "television"))
    if kind == "television":
        stage.put(sideboard, x, z, turn=turn, holds=kind)
        return
    if kind == "shelves":
        stage.put(bookcase, x, z, turn=turn, width=dice.between(0.8, 1.1))
        return
    high = dice.between(1.8, 2.1) if kind == "wardrobe" else dice.between(0.8, 1.0)
    form = "doors" if kind == "wardrobe" else "drawers"
    stage.put(cabinet, x, z, turn=turn, width=dice.between(0.9, 1.3), height=high, kind=form)


def _aside(dice: Dice, room: Room, stage: Stage, wall: str) -> None:
    """A seat, a suitcase, a desk with a computer where there is room for it, or rarely a bathtub."""
    place = room.beside(wall, dice.between(2.2, 2.9), 0.5)
    kind = dice.pick((*["chair"] * 3, *["armchair"] * 2, *["suitcase"] * 4, *["desk"] * 8, "bathtub"))
    if kind == "desk" and room.width > 3.9:
        workplace(stage, dice, place, desk_style(dice), chair_style(dice))
        return
    x, z, turn = place
    if kind == "bathtub":
        stage.put(bathtub, x, z, turn=turn)
        return
    draws: dict[str, Callable[..., None]] = {"suitcase": suitcase, "armchair": armchair}
    draw = draws.get(kind, chair)
    stage.put(draw, x, z, turn=turn + dice.between(-30, 30))


def _wardrobe(canvas: Canvas, dice: Dice, room: Room, stage: Stage, wall: str, z: float) -> None:
    if dice.chance(0.7):
        _storage(dice, stage, *room.beside(wall, z, 0.32))
    elif dice.chance(0.7):
        hang(canvas, dice, room, wall, dice.pick(("door", "mirror", "painting")), z)


def rug(canvas: Canvas, dice: Dice, room: Room, chance: float) -> None:
    """Lay a carpet on the floor of some rooms."""
    if dice.chance(chance):
        z = room.depth * dice.between(0.5, 0.62)
        carpet(canvas, dice, room.width * dice.between(-0.12, 0.12), z, width=dice.between(2.0, 3.0))
