"""Rooms seen from inside: where the camera stands, walls, floor and ceiling.

>>> canvas, room = enter(rng)
>>> window(canvas, rng, room.walls["back"], u=-0.5)
>>> x, z, turn = room.along("left", u=0.8, gap=0.25)   # with its back to a wall
>>> stage = Stage(canvas, rng)                        # see `drawing.staging`
>>> stage.put(cabinet, x, z, turn=turn)
>>> stage.show()

Coordinates are those of the room, wherever the camera stands and looks: x = 0 is the middle of the back
wall, z = 0 the wall behind the camera, z = depth the back wall. As the camera may stand beside x = 0 and look
askew, what is round is drawn with `camera.facing` or `solids.draw_round`, and `camera.depth` gives
distances.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.light import indoor_light
from dissect_widgets.world.scenery.drawing.planes import Camera, Vector
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import box
from dissect_widgets.world.scenery.drawing.solids import Face, lit
from dissect_widgets.world.scenery.drawing.surfaces import (
    Surface,
    any_color,
    brick,
    fabric,
    marble,
    mix,
    painted,
    quiet_color,
    times,
    vary,
    wood,
)

WALLPAPERS = ("striped", "striped", "dotted", "chequered", "zigzagged", "grid", "scaly")


class Room(NamedTuple):
    """The inside of a room, in meters."""

    width: float
    depth: float
    height: float
    walls: dict[str, Face]
    """"back", "left" and "right"; u runs from left to right as seen from inside, 0 in the middle."""

    def along(self, wall: str, u: float, gap: float) -> tuple[float, float, float]:
        """(x, z, turn) of a thing that stands with its back to a wall, its middle at a distance from it."""
        if wall == "left":
            return gap - self.width / 2, self.depth / 2 + u, 90.0
        if wall == "right":
            return self.width / 2 - gap, self.depth / 2 - u, -90.0
        return u, self.depth - gap, 0.0

    def u_at(self, wall: str, place: float) -> float:
        """U of a place on a wall: its x on the back wall, its z on a side wall."""
        if wall == "back":
            return place
        return (place - self.depth / 2) * (1 if wall == "left" else -1)

    def beside(self, wall: str, place: float, gap: float) -> tuple[float, float, float]:
        """(x, z, turn) of a thing with its back to a wall, at a place as `u_at` takes it."""
        return self.along(wall, self.u_at(wall, place), gap)


def enter(
    rng: Rng,
    *,
    width: tuple[float, float] = (3.8, 5.6),
    depth: tuple[float, float] = (4.0, 5.8),
    height: tuple[float, float] = (2.4, 3.0),
    eye: tuple[float, float] = (0.9, 2.1),
    tiled: float = 0.0,
) -> tuple[Canvas, Room]:
    """Step into an empty room: its walls, floor and ceiling are drawn, and `canvas.floor` is set.

    Parameters
    ----------
    width, depth, height
        Of the room, from least to most, in meters.
    eye
        Height of the camera, from least to most, in meters.
    tiled
        Chance that walls and floor are tiled.
    """
    wide, deep, high = rng.between(*width), rng.between(*depth), rng.between(*height)
    light = indoor_light(rng)
    camera = _camera(rng, wide, deep, rng.between(*eye))
    canvas = Canvas(camera, light)
    half, middle, side, up = wide / 2, deep / 2, light.side, (0.0, 1.0, 0.0)
    back = camera.plane((0, 0, deep), (1, 0, 0), up)
    left = camera.plane((-half, 0, middle), (0, 0, 1), up)
    right = camera.plane((half, 0, middle), (0, 0, -1), up)
    walls = {
        "back": Face(back, wide, high, _bright((0, 0, -1), side)),
        "left": Face(left, deep, high, _bright((1, 0, 0), side)),
        "right": Face(right, deep, high, _bright((-1, 0, 0), side)),
    }
    room = Room(wide, deep, high, walls)
    _shell(canvas, rng, room, wet=rng.chance(tiled))
    return canvas, room


def _bright(normal: Vector, side: float) -> float:
    """Light on a wall, which comes from all sides more than outdoors."""
    return 0.4 + 0.64 * lit(normal, side)


def _camera(rng: Rng, wide: float, deep: float, eye: float) -> Camera:
    """Anywhere along the near wall, looking at the middle of the room or somewhat past it."""
    x, target = wide * rng.between(-0.36, 0.36), wide * rng.between(-0.14, 0.14)
    turn = math.degrees(math.atan2(target - x, 0.62 * deep)) * rng.pick((0.0, 0.6, 1.0, 1.0))
    middle = 0.5
    if turn == 0:  # straight ahead: let the shift lens do the looking
        middle = min(max(0.5 - 0.8 * (target - x) / (0.7 * deep), 0.25), 0.75)
    horizon = rng.between(0.25, 0.38) if eye > 1.6 else rng.between(0.32, 0.48)
    return Camera(eye, horizon, rng.between(0.76, 1.04), middle, x, turn)


def _shell(canvas: Canvas, rng: Rng, room: Room, *, wet: bool) -> None:
    """Floor, ceiling and three walls with what runs along them."""
    w, d, h = room.width / 2, room.depth, room.height
    floor = _floor(rng, wet)
    canvas.floor = (floor, "floor")
    ground = canvas.camera.ground(turn=0.0)
    if rng.chance(0.4):  # boards may also run across
        canvas.floor_turn = 90.0
        floor_plane, floor_box = canvas.camera.ground(turn=90), box(-1, -w, d, w)
    else:
        floor_plane, floor_box = ground, box(-w, -1, w, d)
    canvas.draw(floor_plane, floor_box, floor, "floor", shade=Shade(0.98, v=-0.08))
    above = canvas.camera.ground(y=h)
    canvas.draw(above, box(-w, -1, w, d), _ceiling(rng), "ceiling", light=0.97, shade=Shade(v=-0.05))
    _beams(canvas, rng, room)
    paper, accent = _wall(rng, wet), _wall(rng, wet)
    if rng.chance(0.75):
        accent = paper
    panel = _boards(rng, 0.3) if rng.chance(0.4) else painted(rng, quiet_color(rng))
    paneled = rng.between(0.7, 1.1) if rng.chance(0.2) and not wet else 0.0
    skirting = painted(rng, mix(quiet_color(rng), (0.95, 0.94, 0.92), rng.between(0, 0.8)))
    for name in ("back", "left", "right"):
        face = room.walls[name]
        end = face.width / 2
        left, right = (-end - 1 if name == "left" else -end), (end + 1 if name == "right" else end)
        surface = accent if name == "back" else paper
        slope = 0.07 * canvas.light.side
        canvas.draw(
            face.plane,
            box(left, 0, right, h),
            surface,
            "wall",
            light=face.light,
            shade=Shade(u=slope, v=0.04),
        )
        if paneled:
            canvas.draw(face.plane, box(left, 0, right, paneled), panel, "wall", "panel", light=face.light)
        if not wet:
            canvas.draw(
                face.plane, box(left, 0, right, 0.1), skirting, "wall", "panel", light=0.95 * face.light
            )
    for outline in (box(-w, d - 0.14, w, d), box(-w, -1, -w + 0.12, d), box(w - 0.12, -1, w, d)):
        canvas.draw(ground, outline, floor.times(0.85), "floor")  # walls shade the floor


def _floor(rng: Rng, wet: bool) -> Surface:
    if wet:
        return _tiled(rng, rng.between(0.22, 0.45)) if rng.chance(0.85) else _slabs(rng)
    kind = rng.pick(("boards", "boards", "boards", "tiles", "carpet", "marble", "plain"))
    if kind == "boards":
        return _boards(rng, rng.between(0.14, 0.3))
    if kind == "tiles":
        return _tiled(rng, rng.between(0.3, 0.6))
    if kind == "carpet":
        return fabric(rng, rng.between(0.25, 0.6))._replace(color=quiet_color(rng))
    return _slabs(rng) if kind == "marble" else painted(rng, quiet_color(rng))


def _boards(rng: Rng, plank: float) -> Surface:
    """Boards with fine joints."""
    surface = wood(rng, plank=plank)
    return surface._replace(second=times(surface.color, rng.between(0.55, 0.75)))


def _slabs(rng: Rng) -> Surface:
    """Marble with large veins."""
    return marble(rng)._replace(period=(1.6, 1.6))


def _ceiling(rng: Rng) -> Surface:
    kind = rng.pick(("white", "white", "white", "tinted", "boards", "panels"))
    white = vary(rng, (0.9, 0.89, 0.87), 0.05)
    if kind == "boards":
        return _boards(rng, rng.between(0.2, 0.4))
    if kind == "panels":
        return Surface(white, "painted", "grid", times(white, 0.75), (0.6, 0.6))
    return painted(rng, white if kind == "white" else quiet_color(rng))


def _beams(canvas: Canvas, rng: Rng, room: Room) -> None:
    """Beams under some ceilings, drawn as dark boards on it."""
    if not rng.chance(0.12):
        return
    surface, plane = wood(rng), canvas.camera.ground(y=room.height - 0.02)
    for i in range(1, 6):
        z = room.depth * i / 6
        canvas.draw(
            plane, box(-room.width / 2, z - 0.1, room.width / 2, z + 0.1), surface, "ceiling", light=0.8
        )


def _wall(rng: Rng, wet: bool) -> Surface:
    if wet:
        return _tiled(rng, rng.between(0.16, 0.36))
    kind = rng.pick(("paint", "paint", "paint", "paper", "paper", "paper", "brick", "boards"))
    color = quiet_color(rng)
    if kind == "paper":
        second = mix(color, rng.pick(((1, 1, 1), (0, 0, 0), any_color(rng))), rng.between(0.12, 0.4))
        size = rng.between(0.25, 0.6)
        return Surface(color, "paper", rng.pick(WALLPAPERS), second, (size, size))
    if kind == "brick":
        return brick(rng, rng.between(0.5, 0.9))
    if kind == "boards":
        return _boards(rng, rng.between(0.15, 0.35))
    return painted(rng, color)


def _tiled(rng: Rng, size: float) -> Surface:
    """Tiles: with pale or dark joints, laid as bricks, or chequered."""
    color = mix(quiet_color(rng), (0.92, 0.92, 0.9), rng.between(0, 0.6))
    joint = mix(color, rng.pick(((1, 1, 1), (0, 0, 0), (0, 0, 0))), rng.between(0.15, 0.3))
    texture = rng.pick(("grid", "grid", "bricked", "chequered"))
    if texture == "chequered":
        size, joint = 2 * size, mix(color, any_color(rng), rng.between(0.2, 0.5))
    return Surface(
        color, "ceramic", texture, joint, (size * (1.5 if texture == "bricked" else 1), size), rough=0.04
    )
