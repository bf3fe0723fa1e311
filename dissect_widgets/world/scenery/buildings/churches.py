"""Churches of many plans and styles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dissect_widgets.world.scenery.buildings.church_parts import Style, church_style
from dissect_widgets.world.scenery.buildings.domed_churches import chapel, domes, great_dome, mission
from dissect_widgets.world.scenery.buildings.towered_churches import (
    crossing,
    front_tower,
    side_tower,
    twin_towers,
)
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.solids import Block

TALL: Final = {
    "front tower": 27.0,
    "side tower": 27.0,
    "twin towers": 26.0,
    "crossing": 28.0,
    "domes": 22.0,
    "great dome": 25.0,
    "chapel": 15.0,
    "mission": 17.0,
}
"""About how high a church of each plan is, in meters."""


def church(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    turn: float = 0.0,
    size: float = 1.0,
    plan: str | None = None,
) -> None:
    """Draw a church with spires or domes, about 25 m high and 14 m wide at a size of 1.

    Parameters
    ----------
    turn
        Its portal looks towards the camera at 0.
    plan
        A key of `PLANS`; any of them if not given.
    """
    plan = plan or rng.pick(tuple(PLANS))
    shape = {"domes": "round", "great dome": "round", "mission": "round"}.get(plan)
    style = church_style(rng, shape=shape, dusk=canvas.light.name == "dusk")
    base = Block(
        x, z, size * rng.between(9, 12), size * rng.between(14, 22), size * rng.between(6.5, 9), turn=turn
    )
    canvas.shadow(x, z, 0.8 * base.width, 0.55 * base.depth, turn=turn)
    PLANS[plan](canvas, rng, style, base)


PLANS: Final[dict[str, Callable[[Canvas, Rng, Style, Block], None]]] = {
    "front tower": front_tower,
    "side tower": side_tower,
    "twin towers": twin_towers,
    "crossing": crossing,
    "domes": domes,
    "great dome": great_dome,
    "chapel": chapel,
    "mission": mission,
}
"""How the pieces of a church can be put together."""
