"""Towers of churches, with the spires and domes they end in."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.church_parts import Style, cross, portal
from dissect_widgets.world.scenery.buildings.openings import draw_clock, draw_window, spread
from dissect_widgets.world.scenery.buildings.roofs import dome, frustum, round_wall
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.solids import Block, Face, faces
from dissect_widgets.world.scenery.drawing.surfaces import Surface


def crown(canvas: Canvas, rng: Rng, style: Style, foot: Vector, half: float, kind: str, turn: float) -> None:
    """Draw what a tower ends in, over a square of half a width, and the cross on it.

    Kinds are "pyramid", "needle" (with eight sides), "broach" (a spire on a wider foot), "onion",
    "dome", "bell", "tiers" and "battlements".
    """
    x, y, z = foot
    size = min(0.5 + 0.5 * half, 1.7)
    if kind == "pyramid":
        rise = half * rng.between(1.6, 3.0)
        frustum(canvas, foot, (half, 0), rise, style.crown, "church", "spire", turn=turn)
        top = y + rise
    elif kind == "needle":
        rise = half * rng.between(3.6, 5.5)
        frustum(canvas, foot, (0.98 * half, 0.02), rise, style.crown, "church", "spire", sides=8, turn=turn)
        top = y + rise
    elif kind == "broach":
        rise, waist = half * rng.between(2.8, 4.2), 0.6 * half
        frustum(canvas, foot, (1.02 * half, waist), 0.9 * half, style.crown, "church", "spire", turn=turn)
        neck = (x, y + 0.9 * half, z)
        frustum(canvas, neck, (waist, 0.02), rise, style.crown, "church", "spire", sides=8, turn=turn)
        top = y + 0.9 * half + rise
    elif kind == "tiers":
        top = _tiers(canvas, rng, style, foot, half, turn)
    elif kind == "battlements":
        _pinnacles(canvas, style, foot, half, turn)
        return
    else:
        top = _domed(canvas, rng, style, foot, half, kind)
    cross(canvas, (x, top - 0.1, z), 2 * size, style.cross, turn=turn)


def _domed(canvas: Canvas, rng: Rng, style: Style, foot: Vector, half: float, kind: str) -> float:
    """A dome of a kind, at times with a small lantern on it; returns where it ends."""
    x, y, z = foot
    shape = {"dome": rng.pick(("round", "pointed"))}.get(kind, kind)
    height = half * {"round": 1.0, "pointed": 1.5, "onion": 2.2, "bell": 2.0}[shape]
    dome(canvas, foot, 1.02 * half, height, style.crown, "church", shape=shape)
    if shape != "round" or rng.chance(0.3):
        return y + 0.98 * height
    small = 0.22 * half
    neck = (x, y + 0.97 * height, z)
    round_wall(canvas, neck, (small, small), 1.8 * small, style.trim, "church")
    dome(canvas, (x, neck[1] + 1.8 * small, z), 1.2 * small, 1.3 * small, style.crown, "church")
    return neck[1] + 3.0 * small


def _tiers(canvas: Canvas, rng: Rng, style: Style, foot: Vector, half: float, turn: float) -> float:
    """One or two narrower stories and a slender spire, as on white churches of wood."""
    x, y, z = foot
    wide = half
    for sides in rng.pick(((8,), (4, 8))):
        wide, tall = 0.74 * wide, 1.35 * wide
        seen = frustum(
            canvas, (x, y, z), (wide, wide), tall, style.wall, "church", "facade", sides=sides, turn=turn
        )
        for face in seen:
            draw_window(canvas, style.windows, face, 0, 0.2 * tall, 0.42 * face.width, 0.6 * tall)
        foot, edge = (x, y + tall - 0.15, z), (1.1 * wide, 1.1 * wide)
        frustum(canvas, foot, edge, 0.12 * wide + 0.15, style.trim, "church", "roof", sides=sides, turn=turn)
        y += tall + 0.12 * wide
    rise = half * rng.between(1.8, 3.2)
    frustum(canvas, (x, y, z), (wide, 0.02), rise, style.crown, "church", "spire", sides=8, turn=turn)
    return y + rise


def _pinnacles(canvas: Canvas, style: Style, foot: Vector, half: float, turn: float) -> None:
    """Battlements with a pinnacle at each corner."""
    block = Block(foot[0], foot[2], 2 * half, 2 * half, 0, y=foot[1], turn=turn)
    corners = canvas.camera.far_to_near(block.corners())
    for x, y, z in corners[:2]:  # their feet are hidden
        hidden = 2.2 * half * max(y - canvas.camera.height, 0) / z
        _pinnacle(canvas, style, (x, y + hidden, z), half, turn, 0.6 * half - hidden)
    wide = 1.05 * half
    for face in frustum(canvas, foot, (wide, wide), 0.3 * half, style.wall, "church", "facade", turn=turn):
        for u in spread(2 * half, 3):
            tooth = box(u - 0.18 * half, 0.28 * half, u + 0.18 * half, 0.55 * half)
            canvas.draw(face.plane, tooth, style.trim, "church", "facade", light=face.light)
    for corner in corners[2:]:
        _pinnacle(canvas, style, corner, half, turn, 0.6 * half)


def _pinnacle(canvas: Canvas, style: Style, foot: Vector, half: float, turn: float, tall: float) -> None:
    """A slender post with a point."""
    if tall > 0:
        size = (0.16 * half, 0.16 * half)
        frustum(canvas, foot, size, tall, style.trim, "church", "facade", turn=turn)
    head = (foot[0], foot[1] + tall, foot[2])
    frustum(canvas, head, (0.18 * half, 0), 0.9 * half, style.trim, "church", "spire", turn=turn)


def church_tower(
    canvas: Canvas,
    rng: Rng,
    style: Style,
    block: Block,
    kind: str,
    *,
    door: bool = False,
    clock: bool = False,
) -> None:
    """Draw a square tower in stories with openings for its bells, a cornice and a crown; see `crown`."""
    half, (x, y, z), turn = block.width / 2, (block.x, block.y, block.z), block.turn
    stories = max(2, round(block.height / (3.2 * half)))
    step = block.height / stories
    for face in frustum(
        canvas, (x, y, z), (half, half), block.height, style.wall, "church", "facade", turn=turn
    ):
        for story in range(1, stories):
            band = box(-1.02 * half, story * step - 0.2, 1.02 * half, story * step + 0.12)
            canvas.draw(face.plane, band, style.trim, "church", "facade", light=face.light)
        for story in range(1 if door else 0, stories):
            _tower_openings(canvas, style, face, half, story * step, step, story == stories - 1)
        if clock:
            draw_clock(canvas, rng, face, (stories - 1.32) * step, 0.42 * half)
    seen = faces(block, canvas.camera, canvas.light.side)
    if door and "front" in seen:
        portal(canvas, rng, style, seen["front"], 0, min(1.1 * half, 0.5 * step))
    edge = 1.08 * half
    cornice = (x, y + block.height - 0.25, z)
    frustum(canvas, cornice, (edge, edge), 0.45, style.trim, "church", "facade", turn=turn)
    crown(canvas, rng, style, (x, y + block.height + 0.2, z), half, kind, turn)


def _tower_openings(
    canvas: Canvas, style: Style, face: Face, half: float, bottom: float, step: float, belfry: bool
) -> None:
    """One window, or two openings with louvers at the top."""
    if not belfry:
        draw_window(canvas, style.windows, face, 0, bottom + 0.25 * step, 0.5 * half, 0.45 * step)
        return
    louvers = Surface((0.2, 0.18, 0.17), "wood", "striped", (0.34, 0.31, 0.28), (99.0, 0.5))
    belfries = style.windows._replace(glass=louvers, panes=(1, 1))
    for u in (-0.38 * half, 0.38 * half):
        draw_window(canvas, belfries, face, u, bottom + 0.22 * step, 0.5 * half, 0.6 * step)
