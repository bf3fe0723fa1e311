"""All concepts of the world, by category."""

from __future__ import annotations

from typing import Final

from dissect_widgets.concepts.colors import COLOR_NAMES
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import ConceptError, nearest

OBJECTS: Final = (
    # outdoors
    "sky", "cloud", "mountain", "tree", "pine tree", "palm tree", "bush", "flower", "cactus", "grass", "snow",
    "sand", "water", "rock", "path", "road", "field",
    # things that are built
    "building", "house", "church", "barn", "tower", "lighthouse", "bridge", "fence", "dock",
    # traffic
    "car", "truck", "bus", "airplane", "boat", "tractor", "bicycle", "ski lift",
    # alive
    "person", "cow", "bird",
    # on the street
    "street lamp", "traffic light", "sign", "bench", "umbrella",
    # rooms
    "wall", "floor", "ceiling", "window", "door", "curtain", "painting", "mirror", "lamp", "plant", "carpet",
    # furniture
    "bed", "pillow", "sofa", "armchair", "chair", "table", "desk", "cabinet", "bookcase", "book",
    "television", "computer", "stove", "refrigerator", "sink", "bathtub", "toilet", "blackboard", "fireplace",
    "suitcase", "vase", "clock", "towel",
)  # fmt: skip

PARTS: Final = (
    # plants and land
    "trunk", "crown", "petal", "stem", "leaf", "pot", "peak", "wave",
    # buildings
    "roof", "chimney", "facade", "spire", "dome", "cross", "balcony", "awning", "column", "arch", "railing",
    "step", "post", "pane", "frame", "sill", "shutter", "panel", "handle",
    # vehicles
    "wheel", "windshield", "headlight", "bumper", "body", "wing", "tail", "engine", "hull", "sail", "mast",
    "cabin", "handlebar", "cargo box", "cable",
    # living things
    "head", "hair", "torso", "arm", "leg", "ski", "horn", "beak",
    # furniture
    "seat", "back", "armrest", "cushion", "headboard", "mattress", "blanket", "drawer", "shelf", "table top",
    "lampshade", "pole", "light", "screen", "keyboard", "burner", "oven", "faucet", "basin", "canopy",
    "tassel", "fire", "mantel", "face", "hand", "picture", "rod",
)  # fmt: skip

MATERIALS: Final = (
    "wood", "brick", "stone", "metal", "glass", "fabric", "plastic", "ceramic", "leather", "paper", "foliage",
    "painted", "asphalt", "skin", "earth", "fur",
)  # fmt: skip

TEXTURES: Final = (
    "striped", "dotted", "chequered", "bricked", "woven", "zigzagged", "grid", "marbled", "scaly", "grooved",
    "flecked", "wrinkled",
)  # fmt: skip

SCENES: Final = (
    "ski slope", "snowy forest", "mountain lake",
    "airfield", "highway", "harbor",
    "church", "village street", "farmhouse",
    "beach", "desert", "river",
    "forest path", "park", "city street",
    "bedroom", "hotel room", "living room",
    "kitchen", "dining room", "office",
    "bathroom", "classroom", "library",
)  # fmt: skip

NAMES: Final = {
    "object": OBJECTS,
    "part": PARTS,
    "material": MATERIALS,
    "texture": TEXTURES,
    "color": COLOR_NAMES,
    "scene": SCENES,
}
"""Names of each category, in the order of the label channels."""

CATEGORIES: Final = tuple(NAMES)

VOCABULARY: Final = Vocabulary(Concept(name, category) for category in CATEGORIES for name in NAMES[category])

_NUMBER: Final = {
    category: {name: VOCABULARY.index(name, category) for name in NAMES[category]} for category in CATEGORIES
}


def number_of(name: str | None, category: str) -> int:
    """Index of a name in `VOCABULARY`; 0 for None."""
    if name is None:
        return 0
    if name not in _NUMBER[category]:
        raise ConceptError(f"The world has no {category} {name!r}.{nearest(name, NAMES[category])}")
    return _NUMBER[category][name]
