"""Cabinets with drawers and doors."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.solids import Block, Face, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, glass, metal, painted, wood
from dissect_widgets.world.scenery.furniture.desks import drawer_front
from dissect_widgets.world.scenery.furniture.parts import cells, on, posts


def cabinet(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    width: float | None = None,
    height: float | None = None,
    depth: float | None = None,
    kind: str | None = None,
) -> float:
    """Draw a cabinet whose front looks towards the camera at a turn of 0; returns its height.

    Parameters
    ----------
    kind
        "drawers", "doors", "both", "glass" (doors of glass) or "file" (of metal, for papers).
    """
    height = height or rng.pick((0.8, 0.95, 1.4, 1.9)) * rng.between(0.92, 1.08)
    kind = kind or rng.pick(
        ("drawers", "doors", "both") if height < 1.2 else ("doors", "glass", "both", "file")
    )
    width = width or (rng.between(0.5, 0.6) if kind == "file" else rng.between(0.9, 1.5))
    depth = depth or rng.between(0.4, 0.55)
    surface = metal(rng) if kind == "file" else rng.pick((wood(rng), wood(rng), painted(rng)))
    canvas.shadow(x, z, width * 0.6, depth * 0.8, turn=turn)
    foot = 0.0 if kind == "file" or rng.chance(0.5) else 0.1
    if foot:
        posts(canvas, Block(x, z, width, depth, foot, 0.0, turn), surface.times(0.7), "cabinet", thick=0.06)
    body = Block(x, z, width, depth, height - foot, foot, turn)
    seen = draw_block(canvas, body, surface, "cabinet")
    if "front" in seen:
        cabinet_front(canvas, rng, seen["front"], surface, kind)
    lid = body.piece(0, body.height, 0, width + 0.04, depth + 0.04, 0.03)
    draw_block(canvas, lid, surface.times(1.05), "cabinet", "table top" if height < 1.2 else None)
    return height + 0.03


def cabinet_front(canvas: Canvas, rng: Rng, face: Face, surface: Surface, kind: str) -> None:
    """Draw drawers or doors on the front of a cabinet."""
    columns = max(1, round(face.width / 0.5))
    if kind in ("drawers", "file"):
        rows = max(2, round(face.height / (0.35 if kind == "file" else 0.27)))
        drawer_front(canvas, face, surface, "cabinet", rows=rows, columns=1 if face.width < 1 else 2)
        return
    top = face.height
    if kind == "both":
        top = face.height - 0.25
        strip = Face(face.plane.moved(0, top), face.width, 0.25, face.light)
        drawer_front(canvas, strip, surface, "cabinet", rows=1, columns=columns, low=0.0)
    doors(canvas, face, surface, columns, top, pane=glass(rng) if kind == "glass" else None)


def doors(
    canvas: Canvas, face: Face, surface: Surface, columns: int, top: float, *, pane: Surface | None = None
) -> None:
    """Draw cabinet doors side by side, with sunken panels or panes of glass."""
    for i, outline in enumerate(
        cells(-face.width / 2 + 0.01, 0.03, face.width / 2 - 0.01, top, columns, 1, 0.03)
    ):
        (left, bottom), (right, high) = outline[0], outline[2]
        on(canvas, face, outline, surface.times(1.08), "cabinet", "panel")
        edge = min(0.08, (right - left) / 5)
        inner = box(left + edge, bottom + edge, right - edge, high - edge)
        if pane is None:
            on(canvas, face, inner, surface.times(0.86), "cabinet", "panel")
        else:
            on(canvas, face, inner, pane, "cabinet", "pane")
        knob = right - edge / 2 if i % 2 == 0 else left + edge / 2
        middle = (bottom + high) / 2
        handle = box(knob - 0.015, middle - 0.07, knob + 0.015, middle + 0.07)
        on(canvas, face, handle, surface.times(0.45), "cabinet", "handle")
