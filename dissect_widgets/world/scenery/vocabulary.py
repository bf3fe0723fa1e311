"""All concepts of the world, by category: the names of all that is drawn, and those of the scenes."""

from __future__ import annotations

from typing import Final

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.world.scenery import names
from dissect_widgets.world.scenery.registry import SCENE_FUNCTIONS, SINGLE_OBJECTS

SCENES: Final = tuple(SCENE_FUNCTIONS)
"""Names of the scenes."""
OBJECT_KINDS: Final = tuple(SINGLE_OBJECTS)
"""Names of the objects that are also drawn alone."""

NAMES: Final = {**names.NAMES, "scene": SCENES}
"""Names of each category, in the order of the label channels."""

CATEGORIES: Final = tuple(NAMES)

VOCABULARY: Final = Vocabulary(Concept(name, category) for category in CATEGORIES for name in NAMES[category])
