"""Rows of kitchen cabinets along a wall, with stoves, sinks and refrigerators among them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, glass, marble, painted, stone, wood
from dissect_widgets.world.scenery.furniture.appliances import refrigerator, stove
from dissect_widgets.world.scenery.furniture.cabinets import doors
from dissect_widgets.world.scenery.furniture.desks import drawer_front
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant, vase
from dissect_widgets.world.scenery.furniture.room import Room
from dissect_widgets.world.scenery.furniture.screens_and_boards import television
from dissect_widgets.world.scenery.furniture.sinks import sink

DEPTH = 0.6
LOW, HIGH = 1.45, 2.15
"""Between which heights cabinets hang on the wall."""


class Fitted(NamedTuple):
    """What the cabinets of a kitchen are made of."""

    cupboard: Surface
    worktop: Surface
    hung: Surface
    pane: Surface | None
    """Glass in the doors of those on the wall, if any."""


class Unit(NamedTuple):
    """One thing in a row."""

    kind: str
    """"stove", "refrigerator", "sink", "cabinet", "drawers" or "hung"."""
    start: float
    end: float
    """Where on the wall."""


def fitted(rng: Rng) -> Fitted:
    """Cabinets of one kind, those on the wall sometimes of another."""
    cupboard = rng.pick((wood(rng), painted(rng), painted(rng)))
    worktop = rng.pick((wood(rng), marble(rng), stone(rng)))
    hung = cupboard if rng.chance(0.75) else rng.pick((wood(rng), painted(rng)))
    return Fitted(cupboard, worktop, hung, glass(rng) if rng.chance(0.25) else None)


def fill(rng: Rng, start: float, end: float, wanted: list[tuple[str, float]]) -> list[Unit]:
    """Put things of some widths in a row from start to end, with cabinets wherever there is room."""
    spare = end - start - sum(width for _, width in wanted)
    while spare < 0:
        spare += wanted.pop()[1]
    weights = [rng.pick((0.0, 1.0, 1.0, 2.0)) for _ in range(len(wanted) + 1)]
    total = sum(weights) or 1.0
    units: list[Unit] = []
    for weight, (kind, width) in zip(weights, [*wanted, ("end", 0.0)], strict=True):
        gap = spare * weight / total
        units += cabinets(rng, start, start + gap)
        start += gap
        if kind != "end":
            units.append(Unit(kind, start, start + width))
            start += width
    return units


def cabinets(rng: Rng, start: float, end: float) -> list[Unit]:
    """Cabinets with doors or drawers from start to end, if there is room for any."""
    if end - start < 0.12:
        return []
    count = max(1, round((end - start) / 0.9))
    wide = (end - start) / count
    kinds = [rng.pick(("cabinet", "cabinet", "drawers")) for _ in range(count)]
    return [Unit(kind, start + i * wide, start + (i + 1) * wide) for i, kind in enumerate(kinds)]


def overhead(units: list[Unit], free: list[tuple[float, float]]) -> list[Unit]:
    """Cabinets on the wall above the low ones, but for stretches that must stay free."""
    hung = []
    for unit in units:
        blocked = unit.kind == "stove" or any(unit.start < right and unit.end > left for left, right in free)
        if unit.kind != "refrigerator" and not blocked:
            hung.append(Unit("hung", unit.start, unit.end))
    return hung


def outer_first(canvas: Canvas, room: Room, wall: str, units: list[Unit]) -> list[Unit]:
    """A row in the order of drawing: each hides the side of its neighbor that is farther out."""
    eye = {"back": canvas.camera.x, "left": -room.depth / 2, "right": room.depth / 2}[wall]
    return sorted(units, key=lambda unit: -max(unit.start - eye, eye - unit.end, 0.0))


def draw_row(
    canvas: Canvas, rng: Rng, room: Room, wall: str, units: list[Unit], style: Fitted, *, hood: bool
) -> None:
    """Draw a row along a wall; all of its shadows first, lest they fall on neighbors."""
    for unit in units:
        x, z, turn = room.along(wall, (unit.start + unit.end) / 2, DEPTH / 2)
        canvas.shadow(x, z, 0.7 * (unit.end - unit.start), 0.75 * DEPTH, turn=turn)
    for unit in outer_first(canvas, room, wall, units):
        middle, width = (unit.start + unit.end) / 2, unit.end - unit.start
        x, z, turn = room.along(wall, middle, 0.17 if unit.kind == "hung" else DEPTH / 2)
        if unit.kind == "stove":
            stove(canvas, rng, x, z, turn=turn, width=width, ceiling=room.height if hood else 0.0)
        elif unit.kind == "refrigerator":
            refrigerator(canvas, rng, x, z, turn=turn, width=width)
        elif unit.kind == "sink":
            kind = rng.pick(("apron", "apron", "bowl"))
            sink(canvas, rng, x, z, turn=turn, kind=kind, width=width, cupboard=style.cupboard)
        elif unit.kind == "hung":
            _hung(canvas, Block(x, z, width, 0.34, HIGH - LOW, LOW, turn), style)
        else:
            _low(canvas, rng, Block(x, z, width, DEPTH, 0.87, 0.0, turn), style, unit.kind)


def _hung(canvas: Canvas, block: Block, style: Fitted) -> None:
    """Cabinet on the wall."""
    seen = draw_block(canvas, block, style.hung, "cabinet")
    if "front" in seen:
        doors(
            canvas,
            seen["front"],
            style.hung,
            max(1, round(block.width / 0.45)),
            block.height,
            pane=style.pane,
        )


def _low(canvas: Canvas, rng: Rng, block: Block, style: Fitted, kind: str) -> None:
    """Cabinet under a worktop, sometimes with something on it."""
    seen = draw_block(canvas, block, style.cupboard, "cabinet")
    if "front" in seen:
        if kind == "drawers":
            drawer_front(canvas, seen["front"], style.cupboard, "cabinet", rows=3)
        else:
            doors(
                canvas, seen["front"], style.cupboard, max(1, round(block.width / 0.5)), block.height - 0.02
            )
    top = block.piece(0, block.height, -0.02, block.width, DEPTH + 0.04, 0.045)
    draw_block(canvas, top, style.worktop, "cabinet", "table top")
    if rng.chance(0.2):
        x, y, z = top.at(0, top.height, 0.08)
        small = partial(television, turn=block.turn, width=0.55)
        things: tuple[Callable[..., None], ...] = (plant, plant, plant, vase, vase, vase, small)
        rng.pick(things)(canvas, rng, x, z, y)
