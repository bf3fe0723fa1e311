"""All scenes: functions that compose them, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.scenes import desert_and_forest, homes, towns, traffic, workrooms

MAKERS: Final[dict[str, Callable[[Rng], Canvas]]] = {
    scene: maker
    for module in (desert_and_forest, towns, traffic, homes, workrooms)
    for scene, maker in module.MAKERS.items()
}
