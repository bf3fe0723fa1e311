"""How homes are furnished: what stands at which wall, and what hangs above it."""

from __future__ import annotations

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.planes import Camera
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.staging import Stage
from dissect_widgets.world.scenery.furniture.cabinets import cabinet
from dissect_widgets.world.scenery.furniture.lamps import hanging_lamp, table_lamp
from dissect_widgets.world.scenery.furniture.mirrors_and_clocks import clock, mirror
from dissect_widgets.world.scenery.furniture.paintings import painting
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant, vase
from dissect_widgets.world.scenery.furniture.room import Room
from dissect_widgets.world.scenery.furniture.screens_and_boards import television
from dissect_widgets.world.scenery.furniture.windows_and_doors import curtains, door, window


def in_sight(camera: Camera, rng: Rng) -> str:
    """The side wall of which more is seen."""
    if abs(camera.turn) > 4:
        return "right" if camera.turn > 0 else "left"
    if abs(camera.middle - 0.5) > 0.05:
        return "right" if camera.middle < 0.5 else "left"
    return rng.pick(("left", "right"))


def opposite_side(wall: str) -> str:
    """The side wall opposite."""
    return "left" if wall == "right" else "right"


def hang(canvas: Canvas, rng: Rng, room: Room, wall: str, kind: str, z: float, *, above: float = 0.0) -> None:
    """Hang one thing on a wall: "window", "tall window", "painting", "mirror", "clock" or "door".

    Parameters
    ----------
    z
        Its place: the distance from the camera on a side wall, x on the back wall.
    above
        Height of the furniture below it.
    """
    face = room.walls[wall]
    u = room.u_at(wall, z)
    if kind in ("window", "tall window"):
        tall = kind == "tall window"
        wide = rng.between(1.4, 2.2) if tall else rng.between(0.9, 1.6)
        sill = rng.between(0.1, 0.4) if tall else max(rng.between(0.75, 1.0), above + 0.15)
        left, _, right, top = window(canvas, rng, face, u, width=wide, height=2.1 - sill, sill=sill)
        if rng.chance(0.9 if tall else 0.65):
            low = None if above < 0.3 else above + 0.05
            curtains(canvas, rng, face, u, width=right - left, top=top + 0.15, bottom=low)
    elif kind == "painting":
        painting(canvas, rng, face, u, v=max(1.5, above + 0.5))
        return
    elif kind == "mirror":
        mirror(canvas, rng, face, u, v=max(1.5, above + 0.45))
    elif kind == "clock":
        clock(canvas, rng, face, u)
    else:
        door(canvas, rng, face, u)


def nightstand(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float, lit: bool) -> None:
    """Draw a small cabinet with a lamp, or with flowers, on it."""
    top = cabinet(
        canvas, rng, x, z, turn=turn, width=0.46, height=rng.between(0.5, 0.6), depth=0.4, kind="drawers"
    )
    if lit:
        table_lamp(canvas, rng, x, z, top)
    elif rng.chance(0.6):
        vase(canvas, rng, x, z, top)


def sideboard(canvas: Canvas, rng: Rng, x: float, z: float, *, turn: float, holds: str) -> None:
    """Draw a low cabinet that holds a "television", a "plant", a "vase", a "lamp" or nothing."""
    wide = rng.between(1.0, 1.5)
    low = rng.between(0.45, 0.6) if holds == "television" else rng.between(0.7, 0.9)
    kind = rng.pick(("drawers", "doors"))
    top = cabinet(canvas, rng, x, z, turn=turn, width=wide, height=low, depth=0.45, kind=kind)
    if holds == "television":
        television(canvas, rng, x, z, top, turn=turn, width=rng.between(0.9, 1.3))
    elif holds == "plant":
        plant(canvas, rng, x, z, top)
    elif holds == "vase":
        vase(canvas, rng, x, z, top, size=rng.between(0.28, 0.4))
    elif holds == "lamp":
        table_lamp(canvas, rng, x, z, top)


def corner_plant(stage: Stage, room: Room, wall: str) -> None:
    """Place a plant in a far corner."""
    stage.put(plant, (room.width / 2 - 0.4) * (1 if wall == "right" else -1), room.depth - 0.4)


def light_up(canvas: Canvas, rng: Rng, room: Room, chance: float) -> None:
    """Hang a lamp in the middle of some rooms."""
    if rng.chance(chance):
        x, z = room.width * rng.between(-0.15, 0.15), room.depth * rng.between(0.5, 0.65)
        hanging_lamp(canvas, rng, x, z, top=room.height)
