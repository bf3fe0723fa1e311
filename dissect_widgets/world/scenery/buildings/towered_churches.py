"""Churches with towers: in front, aside, two of them, or where two halls cross."""

from __future__ import annotations

from typing import Final

from dissect_widgets.world.scenery.buildings.church_parts import Style, rose
from dissect_widgets.world.scenery.buildings.houses import WALL
from dissect_widgets.world.scenery.buildings.naves import front_to_back, nave
from dissect_widgets.world.scenery.buildings.openings import draw_window
from dissect_widgets.world.scenery.buildings.roofs import ridge_roof
from dissect_widgets.world.scenery.buildings.steeples import church_tower
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block, faces

SPIRES: Final = ("pyramid", "needle", "needle", "broach", "onion", "bell", "tiers", "battlements", "dome")


def front_tower(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """A tower in the middle of the front."""
    width = base.width * rng.between(0.42, 0.55)
    height = base.height * rng.between(1.75, 2.3)
    block = base.piece(0, 0, -base.depth / 2 - 0.3 * width, width, width, height)
    kind, clock = rng.pick(SPIRES), rng.chance(0.3)
    rise = 0.5 * base.width

    def hall() -> None:
        nave(canvas, rng, style, base, rise=rise, front=False)
        seen = faces(base, canvas.camera, canvas.light.side)
        if "front" in seen:
            for u in (-0.38 * base.width, 0.38 * base.width):
                size = (0.1 * base.width, 0.4 * base.height)
                draw_window(canvas, style.windows, seen["front"], u, 0.25 * base.height, *size)

    def tower() -> None:
        church_tower(canvas, rng, style, block, kind, door=True, clock=clock)

    front_to_back(canvas, base, [tower, hall])


def side_tower(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """A tower at one side, at the front or farther back."""
    side, width = rng.side(), base.width * rng.between(0.38, 0.5)
    height = base.height * rng.between(1.9, 2.5)
    back = rng.pick((-base.depth / 2 + 0.4 * width, 0.0, base.depth / 2 - 0.6 * width))
    block = base.piece(side * (base.width + width) / 2, 0, back, width, width, height)
    kind, clock = rng.pick(SPIRES), rng.chance(0.3)
    aside = "right" if side > 0 else "left"

    def tower() -> None:
        church_tower(canvas, rng, style, block, kind, clock=clock)

    if aside in faces(base, canvas.camera, canvas.light.side):
        nave(canvas, rng, style, base)
        tower()
    else:
        tower()
        nave(canvas, rng, style, base)


def twin_towers(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """Two towers at the front, with a gable between."""
    width = base.width * rng.between(0.34, 0.42)
    height = base.height * rng.between(1.7, 2.3)
    kind, clock = rng.pick(SPIRES), rng.chance(0.2)
    rise = base.width * rng.between(0.45, 0.65)
    alike = f"tower {rng.count(0, 10**6)}"

    def front() -> None:
        right_hidden = "left" in faces(base, canvas.camera, canvas.light.side)
        for side in (1, -1) if right_hidden else (-1, 1):
            right, back = side * 0.5 * base.width, -base.depth / 2 + 0.35 * width
            block = base.piece(right, 0, back, width, width, height)
            church_tower(canvas, Rng(alike), style, block, kind, clock=clock)

    front_to_back(canvas, base, [front, lambda: nave(canvas, rng, style, base, rise=rise)])


def crossing(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """A hall crossed by another, and a tower where they meet."""
    width, rise = base.width, base.width * rng.between(0.5, 0.75)
    arm = base._replace(width=width * rng.between(1.7, 2.1), depth=width)
    half = base.depth / 2
    kind = rng.pick(("pyramid", "needle", "broach", "onion", "dome", "battlements", "tiers"))
    buttresses = rng.chance(0.35)

    def hall(sign: int) -> None:
        x, _, z = base.at(0, 0, sign * (width / 2 + half / 2))
        part = base._replace(x=x, z=z, depth=half)
        nave(canvas, rng, style, part, rise=rise, front=sign < 0, buttresses=buttresses)

    def across() -> None:
        seen = draw_block(canvas, arm, style.wall, "church", "facade", shade=WALL)
        ridge_roof(canvas, arm, rise, style.roof, style.wall, "church", trim=style.trim)
        for side in ("left", "right"):
            if side in seen:
                rose(canvas, style, seen[side], 0.98 * base.height, 0.16 * width)
                for u in (-0.22 * width, 0.22 * width):
                    size = (0.13 * width, 0.45 * base.height)
                    draw_window(canvas, style.windows, seen[side], u, 0.18 * base.height, *size)
        wide = width * rng.between(0.48, 0.66)
        tower = base.piece(0, base.height + 0.45 * rise, 0, wide, wide, 0.6 * rise + 1.25 * wide)
        church_tower(canvas, rng, style, tower, kind)

    front_to_back(canvas, base, [lambda: hall(-1), across, lambda: hall(1)])
