"""Churches with domes, chapels, and missions with a curved front."""

from __future__ import annotations

from dissect_widgets.world.scenery.buildings.church_parts import Style, cross, portal, portico, rose
from dissect_widgets.world.scenery.buildings.houses import WALL
from dissect_widgets.world.scenery.buildings.naves import nave
from dissect_widgets.world.scenery.buildings.openings import draw_window, spread
from dissect_widgets.world.scenery.buildings.roofs import frustum, hip_roof, round_wall
from dissect_widgets.world.scenery.buildings.steeples import church_tower, crown
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import arched
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block, faces
from dissect_widgets.world.scenery.drawing.surfaces import Surface


def domes(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """A cube with a large dome on a drum and smaller ones at its corners, as in the east."""
    wide = 1.35 * base.width
    base = base._replace(width=wide, depth=1.05 * wide, height=1.15 * base.height)
    rise, half = 0.16 * wide, wide / 2
    kind, top = rng.pick(("onion", "onion", "dome", "bell")), base.height + 0.3 * rise
    drums = [(0.0, 0.0, 0.42 * half, 0.75 * half)]
    if rng.chance(0.6):
        away = 0.62 * half
        drums += [(away * i, away * j, 0.22 * half, 0.55 * half) for i in (-1, 1) for j in (-1, 1)]
    placed = [(base.at(right, top, back), radius, height) for right, back, radius, height in drums]
    placed.sort(key=lambda drum: -drum[0][2])
    near = len(placed) // 2 + 1  # those before hide behind the walls
    for foot, radius, height in placed[:near]:
        _drum(canvas, rng, style, foot, radius, height, kind)
    seen = draw_block(canvas, base, style.wall, "church", "facade", shade=WALL)
    for side in ("back", "left", "right", "front"):
        if side in seen:
            _arched_face(canvas, rng, style, seen[side], front=side == "front")
    hip_roof(canvas, base, rise, style.roof, "church", overhang=0.25)
    for foot, radius, height in placed[near:]:
        _drum(canvas, rng, style, foot, radius, height, kind)


def _drum(
    canvas: Canvas, rng: Rng, style: Style, foot: Vector, radius: float, height: float, kind: str
) -> None:
    """A round wall with windows, and a dome and cross on it."""
    x, y, z = foot
    face = round_wall(canvas, foot, (radius, radius), height, style.wall, "church", "facade")
    for u in (-0.55 * radius, 0.0, 0.55 * radius):
        width = (0.34 if u == 0 else 0.24) * radius
        draw_window(canvas, style.windows, face, u, 0.3 * height, width, 0.5 * height)
    crown(canvas, rng, style, (x, y + height, z), 1.08 * radius, kind, 0.0)


def _arched_face(canvas: Canvas, rng: Rng, style: Style, face: Face, *, front: bool) -> None:
    """A wall in three bays under round arches, with windows, and a portal in the middle of the front."""
    bay = face.width / 3
    for number, u in enumerate(spread(face.width, 3)):
        niche = arched(u - 0.42 * bay, 0.3, u + 0.42 * bay, 0.96 * face.height)
        canvas.draw(face.plane, niche, style.trim, "church", "arch", light=0.95 * face.light)
        if front and number == 1:
            portal(canvas, rng, style, face, u, 0.42 * bay)
        draw_window(canvas, style.windows, face, u, 0.5 * face.height, 0.3 * bay, 0.3 * face.height)


def great_dome(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """A hall with columns in front and one great dome, as of the baroque."""
    base = base._replace(width=1.25 * base.width)
    half = base.width * rng.between(0.3, 0.4)
    rise = 0.25 * base.width
    foot = base.at(0, base.height, rng.between(-0.15, 0.1) * base.depth)
    _drum(canvas, rng, style, foot, half, 1.05 * half + 0.6 * rise, "dome")
    nave(canvas, rng, style, base, rise=rise)
    if rng.chance(0.7) and "front" in faces(base, canvas.camera, canvas.light.side):
        portico(canvas, rng, style, base)


def chapel(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """A small hall with a little bell tower on its ridge."""
    base = base._replace(width=0.8 * base.width, depth=0.8 * base.depth, height=0.62 * base.height)
    rise = nave(canvas, rng, style, base)
    half = 0.1 * base.width
    x, y, z = base.at(0, base.height + 0.8 * rise, -base.depth / 2 + 1.6 * half)
    high = 3.0 * half + 0.2 * rise
    for face in frustum(
        canvas, (x, y, z), (half, half), high, style.wall, "church", "facade", turn=base.turn
    ):
        draw_window(canvas, style.windows, face, 0, 0.45 * high, 0.9 * half, 0.42 * high)
    kind, top = rng.pick(("pyramid", "needle", "onion", "bell")), (x, y + high, z)
    crown(canvas, rng, style, top, half, kind, base.turn)


def mission(canvas: Canvas, rng: Rng, style: Style, base: Block) -> None:
    """A hall behind a curved front wall with bells, as in Spain and Mexico, at times with a tower."""
    width, height = base.width, base.height
    tower = rng.side() if rng.chance(0.5) else 0
    wide = 0.4 * width
    block = base.piece(tower * 0.68 * width, 0, -base.depth / 2 + 0.2 * width, wide, wide, 1.5 * height)
    kind = rng.pick(("dome", "dome", "pyramid", "bell"))
    seen = faces(base, canvas.camera, canvas.light.side)
    hidden = ("right" if tower > 0 else "left") not in seen
    if tower and hidden:
        church_tower(canvas, rng, style, block, kind)
    nave(canvas, rng, style, base, rise=0.3 * width, front=False)
    if "front" in seen:
        _mission_front(canvas, rng, style, base, seen["front"])
    if tower and not hidden:
        church_tower(canvas, rng, style, block, kind)


def _mission_front(canvas: Canvas, rng: Rng, style: Style, base: Block, face: Face) -> None:
    """A wall with a curved top that is higher than the roof, with a bell in it."""
    width, height = base.width, base.height
    right = [(0.54, 0), (0.54, 1.0), (0.48, 1.08), (0.36, 1.12), (0.3, 1.3), (0.2, 1.36), (0.18, 1.7)]
    right = [(u * width, v * height) for u, v in right]
    arch = arched(-0.18 * width, 1.6 * height, 0.18 * width, 1.95 * height)[2:]
    outline = [*right, *arch, *((-u, v) for u, v in reversed(right))]
    canvas.draw(face.plane, outline, style.wall, "church", "facade", light=face.light)
    portal(canvas, rng, style, face, 0, 0.26 * width)
    for u in (-0.33 * width, 0.33 * width):
        draw_window(canvas, style.windows, face, u, 0.35 * height, 0.11 * width, 0.4 * height)
    rose(canvas, style, face, 1.0 * height, 0.1 * width)
    bell = style.windows._replace(glass=Surface((0.14, 0.12, 0.12)), panes=(1, 1))
    draw_window(canvas, bell, face, 0, 1.42 * height, 0.17 * width, 0.34 * height)
    cross(canvas, base.at(0, 1.94 * height, -base.depth / 2), 1.6, style.cross, turn=base.turn)
