"""Buildings of towns: flats, offices and shops."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.houses import WALL, walls
from dissect_widgets.world.scenery.buildings.openings import (
    Windows,
    awning,
    draw_door,
    draw_window,
    spread,
    window_row,
    windows,
)
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block, faces
from dissect_widgets.world.scenery.drawing.surfaces import Surface, any_color


def building(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    width: float | None = None,
    height: float | None = None,
    depth: float | None = None,
    turn: float = 0.0,
) -> None:
    """Draw a building of a town: flats or offices with a flat roof, and a shop below at times."""
    width = rng.between(9, 15) if width is None else width
    height = rng.between(8, 22) if height is None else height
    block = Block(x, z, width, width * 0.9 if depth is None else depth, height, turn=turn)
    wall, style = walls(rng), windows(rng, shutters=0.2, dusk=canvas.light.name == "dusk")
    canvas.shadow(x, z, 0.65 * width, 0.6 * block.depth, turn=turn)
    if rng.chance(0.4):
        _roof_hut(canvas, rng, block, wall)
    seen = draw_block(canvas, block, wall, "building", "facade", shade=WALL)
    stories = max(1, round(height / 3.4))
    layout = rng.pick(("single", "balconies", "bands", "columns", "glass"))
    shop = rng.chance(0.6)
    for side, face in seen.items():
        if side not in ("top", "bottom"):
            ground = 1 if side == "front" else 0
            _floors(canvas, style, face, stories, ground, layout)
    if "front" in seen:
        _ground_floor(canvas, rng, style, seen["front"], min(3.2, 0.9 * height), shop)
    _parapet(canvas, rng, block, wall)


def _roof_hut(canvas: Canvas, rng: Rng, block: Block, wall: Surface) -> None:
    """A hut on a flat roof, whose foot the building hides."""
    right = rng.between(-0.25, 0.25) * block.width
    size = (0.3 * block.width, 0.3 * block.depth, rng.between(2.5, 4.0))
    hut = block.piece(right, block.height, 0, *size)
    draw_block(canvas, hut, wall.times(0.85)._replace(texture=None), "building", "roof")


def _parapet(canvas: Canvas, rng: Rng, block: Block, wall: Surface) -> None:
    """The edge of a flat roof, which juts out a little."""
    plain = wall.times(rng.pick((0.7, 1.15)))._replace(texture=None)
    edge = block._replace(y=block.height - 0.3, height=0.7, width=block.width + 0.3, depth=block.depth + 0.3)
    for side, face in faces(edge, canvas.camera, canvas.light.side).items():
        if side != "bottom":
            outline = box(-face.width / 2, 0, face.width / 2, face.height)
            canvas.draw(face.plane, outline, plain, "building", "roof", light=face.light)


def _floors(canvas: Canvas, style: Windows, face: Face, stories: int, ground: int, layout: str) -> None:
    """Windows of the stories above the lowest, one by one, or joined where they would be many."""
    step = face.height / stories
    count = max(2, round(face.width / 3.2))
    if stories == ground:
        return
    if layout in ("single", "balconies") and count * (stories - ground) > 16:
        layout = "bands"
    low, high = step * ground + 0.25 * step, face.height - 0.3 * step
    wide = style._replace(shutters=None, shape="plain", sill=False)
    if layout in ("single", "balconies"):
        for story in range(ground, stories):
            size = (0.45 * face.width / count, 0.52 * step)
            window_row(canvas, style, face, (story + 0.25) * step, size, spread(face.width, count))
            if layout == "balconies":
                _balconies(canvas, style, face, story * step, step, count)
    elif layout == "bands":
        for story in range(ground, stories):
            band = wide._replace(panes=(count * 2, 1))
            draw_window(canvas, band, face, 0, (story + 0.3) * step, 0.88 * face.width, 0.45 * step)
    elif layout == "columns":
        column = wide._replace(panes=(1, 2 * (stories - ground)))
        size = (0.5 * face.width / count, high - low)
        window_row(canvas, column, face, low, size, spread(face.width, count))
    else:
        whole = wide._replace(panes=(count * 2, 2 * (stories - ground)))
        draw_window(canvas, whole, face, 0, low, 0.9 * face.width, high - low)


def _balconies(canvas: Canvas, style: Windows, face: Face, v: float, step: float, count: int) -> None:
    """A balcony with bars before every other window of a story that begins at a height."""
    half, slab = 0.36 * face.width / count, style.frame.times(0.7)
    bars = style.frame.textured("striped", 0.5, (0.4, 9))
    for u in spread(face.width, count)[::2]:
        rail = box(u - half, v + 0.16 * step, u + half, v + 0.42 * step)
        canvas.draw(face.plane, rail, bars, "building", "balcony", light=1.05 * face.light)
        floor = box(u - 1.1 * half, v + 0.1 * step, u + 1.1 * half, v + 0.18 * step)
        canvas.draw(face.plane, floor, slab, "building", "balcony", light=face.light)


def _ground_floor(canvas: Canvas, rng: Rng, style: Windows, face: Face, height: float, shop: bool) -> None:
    """A door, and windows or the glass and awning of a shop beside it."""
    side, width = rng.side(), face.width
    draw_door(canvas, rng, face, side * 0.3 * width, width=1.4, height=min(2.4, 0.8 * height))
    middle, wide = -side * 0.14 * width, 0.52 * width
    if not shop:
        places = [middle - 0.14 * width, middle + 0.14 * width]
        window_row(canvas, style, face, 0.3 * height, (0.16 * width, 0.45 * height), places)
        return
    pane = style._replace(panes=(3, 1), shutters=None, sill=False)
    draw_window(canvas, pane, face, middle, 0.5, wide, 0.62 * height)
    cloth = Surface(any_color(rng), "fabric", "striped", any_color(rng), (1.0, 9))
    awning(canvas, face, "building", middle, 0.72 * height, wide + 1.0, 0.36 * height, cloth)
