"""Boards, posts and fronts: what furniture is put together from."""

from __future__ import annotations

from collections.abc import Sequence

from dissect_widgets.world.scenery.drawing.canvas import CYLINDER, FLAT, Canvas, Shade
from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse, hull
from dissect_widgets.world.scenery.drawing.solids import Block, Face
from dissect_widgets.world.scenery.drawing.surfaces import Surface


def posts(
    canvas: Canvas,
    whole: Block,
    surface: Surface,
    object_name: str,
    part: str = "leg",
    *,
    thick: float = 0.05,
    inset: float = 0.04,
    taper: float = 1.0,
) -> None:
    """Draw posts in the corners of a block, the far ones first; `taper` is their share at the foot."""
    for x, y, z in canvas.camera.far_to_near(whole.corners(inset)):
        post(canvas, x, z, surface, object_name, part, y=y, height=whole.height, thick=thick, taper=taper)


def post(
    canvas: Canvas,
    x: float,
    z: float,
    surface: Surface,
    object_name: str,
    part: str = "leg",
    *,
    height: float,
    y: float = 0.0,
    thick: float = 0.05,
    taper: float = 1.0,
) -> None:
    """Draw one round post."""
    r = thick / 2
    outline = [(-r * taper, 0), (r * taper, 0), (r, height), (-r, height)]
    canvas.draw(
        canvas.camera.facing(x, z, y=y), outline, surface, object_name, part, shade=CYLINDER, light=0.9
    )


def blocks_in_order(canvas: Canvas, blocks: Sequence[Block]) -> list[Block]:
    """Blocks from far to near."""
    return sorted(blocks, key=lambda block: -canvas.camera.depth(block.x, block.z))


def pillar(canvas: Canvas, x: float, z: float, y: float, size: tuple[float, float, float]) -> list[Point]:
    """Silhouette of an upright oval pillar, on the plane that faces the camera at its foot (x, z).

    Parameters
    ----------
    y
        Height of its foot.
    size
        Its two radii, along x and z, and its height.
    """
    across, away, high = size
    camera = canvas.camera
    left, top = camera.locate(x, 0, z)
    scale = camera.depth(x, z) / camera.zoom
    rim = [(x + u, z + v) for u, v in ellipse(0, 0, across, away)]
    seen = [camera.locate(u, level, v) for u, v in rim for level in (y, y + high)]
    return hull([((a - left) * scale, (top - b) * scale) for a, b in seen])


def on(
    canvas: Canvas,
    face: Face | None,
    outline: Sequence[Point],
    surface: Surface,
    object_name: str,
    part: str | None = None,
    *,
    light: float = 1.0,
    shade: Shade = FLAT,
) -> None:
    """Draw on a face in its light, if it is seen at all."""
    if face is not None:
        canvas.draw(face.plane, outline, surface, object_name, part, light=light * face.light, shade=shade)


def cells(
    left: float, bottom: float, right: float, top: float, columns: int, rows: int, gap: float
) -> list[list[Point]]:
    """Rectangle divided into columns and rows, with gaps around each; the bottom row first."""
    wide, high = (right - left) / columns, (top - bottom) / rows
    return [
        box(
            left + i * wide + gap / 2,
            bottom + j * high + gap / 2,
            left + (i + 1) * wide - gap / 2,
            bottom + (j + 1) * high - gap / 2,
        )
        for j in range(rows)
        for i in range(columns)
    ]


def pixels(face: Face) -> float:
    """Pixels to a meter across a face, in an image of 128; foreshortened faces have few."""
    ends = face.plane.project([(-face.width / 2, 0.0), (face.width / 2, 0.0)])
    if len(ends) < 2:
        return 128.0
    return max(128 * abs(ends[1][0] - ends[0][0]) / face.width, 1.0)
