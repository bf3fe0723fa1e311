"""Bridges of stone, on pillars, of beams in triangles, and hanging from cables."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box, half_ellipse, tube
from dissect_widgets.world.scenery.drawing.solids import Block
from dissect_widgets.world.scenery.drawing.surfaces import Surface, asphalt, metal, painted, stone, wood


def bridge(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    length: float = 30.0,
    width: float = 5.0,
    height: float = 4.0,
    turn: float = 0.0,
    kind: str | None = None,
) -> None:
    """Draw a bridge across the view: "arches" of stone, "beams" on pillars, "truss" or "suspension".

    Parameters
    ----------
    x, z
        Where its middle is.
    height
        Of its deck above the ground.
    """
    kind = kind or rng.pick(("arches", "arches", "beams", "truss", "suspension"))
    block = Block(x, z, length, width, height, turn=turn)
    plain = rng.pick((asphalt(rng), metal(rng), painted(rng), wood(rng)))
    surface, road = stone(rng, blocks=0.8) if kind == "arches" else plain, asphalt(rng)
    deck = box(-length / 2, -width / 2, length / 2, width / 2)
    below = canvas.camera.height < height
    if below:
        under = canvas.camera.plane(block.at(0, height - 0.7, 0), block.across, block.inward)
        canvas.draw(under, deck, Surface((0.25, 0.24, 0.23), "stone"), "bridge")
    _bridge_side(canvas, block, width / 2, surface.times(0.6), kind)
    if not below:
        top = canvas.camera.plane(block.at(0, height, 0), block.across, block.inward)
        canvas.draw(top, deck, road, "bridge")
    _bridge_side(canvas, block, -width / 2, surface, kind)


def _bridge_side(canvas: Canvas, block: Block, back: float, surface: Surface, kind: str) -> None:
    """One side of a bridge, with what carries it and its railing."""
    plane = canvas.camera.plane(block.at(0, 0, back), block.across, (0, 1, 0))
    length, height, part = block.width, block.height, "arch" if kind == "arches" else None
    canvas.draw(plane, _spans(length, height, kind), surface, "bridge", part)
    if kind == "suspension":
        _suspension(canvas, plane, surface, length, height)
    elif kind == "truss":
        _truss(canvas, plane, surface, length, height)
    else:
        texture, second = "grid" if kind == "beams" else surface.texture, surface.times(0.7).color
        bars = surface.times(1.1)._replace(texture=texture, second=second, period=(1.0, 0.45))
        canvas.draw(plane, box(-length / 2, height + 0.1, length / 2, height + 1), bars, "bridge", "railing")


def _spans(length: float, height: float, kind: str) -> list[Point]:
    """Outline of a deck with its piers, and arches between them or not."""
    spans = max(2 if kind == "beams" else 1, round(length / 12))
    under, pier = (height - 0.5, 0.9) if kind == "arches" else (height - 0.8, 0.5)
    outline: list[Point] = [(length / 2, height + 0.1), (-length / 2, height + 0.1)]
    for span in range(spans):
        left, right = (length * ((span + share) / spans - 0.5) for share in (0, 1))
        outline += [(left, 0), (left + pier, 0)]
        if kind == "arches":
            arch = half_ellipse((left + right) / 2, 0, (right - left) / 2 - pier, under)
            outline += reversed(arch)
        else:
            outline += [(left + pier, under), (right - pier, under)]
        outline += [(right - pier, 0), (right, 0)]
    return outline


def _suspension(canvas: Canvas, plane: Plane, surface: Surface, length: float, height: float) -> None:
    """Two pylons, the cable between them, and hangers."""
    high, thick = height + 0.22 * length, 0.012 * length
    towers = (-0.27 * length, 0.27 * length)

    def cable(u: float) -> float:
        inside = abs(u) < towers[1]
        share = (u / towers[1]) ** 2 if inside else (length / 2 - abs(u)) / (length / 2 - towers[1])
        return height + 1.0 + (high - height - 1.0) * share

    line = [(u, cable(u)) for u in (length * (i / 24 - 0.5) for i in range(25))]
    canvas.draw(plane, tube(line, thick), surface.times(0.85), "bridge", "cable")
    for i in range(1, 16):
        u = length * (i / 16 - 0.5)
        hanger = box(u - thick / 4, height, u + thick / 4, cable(u))
        canvas.draw(plane, hanger, surface.times(0.85), "bridge", "cable")
    for u in towers:
        pylon = box(u - 1.5 * thick, 0, u + 1.5 * thick, high + thick)
        canvas.draw(plane, pylon, surface, "bridge", "column")


def _truss(canvas: Canvas, plane: Plane, surface: Surface, length: float, height: float) -> None:
    """Beams in triangles above the deck."""
    count, high, thick = max(4, 2 * round(length / 8)), height + 0.13 * length, 0.014 * length
    step = 0.94 * length / count
    line = [(-0.47 * length + i * step, height + 0.2 if i % 2 == 0 else high) for i in range(count + 1)]
    canvas.draw(plane, tube(line, thick), surface, "bridge", "railing")
    beam = box(line[1][0], high - thick, line[-2][0], high + thick / 2)
    canvas.draw(plane, beam, surface, "bridge", "railing")
