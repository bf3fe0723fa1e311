"""Names of all that is drawn: objects, their parts, materials and textures, and the colors of pixels.

`vocabulary` puts the names of scenes beside them. Add a new name at the end of its category: networks and
saved results carry the names that they were made with, but cached training images count from the first.
"""

from __future__ import annotations

from typing import Final

from dissect_widgets.concepts.colors import COLOR_NAMES
from dissect_widgets.errors import ConceptError, nearest, shown

OBJECTS: Final = (
    # outdoors
    "sky",
    "cloud",
    "mountain",
    "tree",
    "pine tree",
    "palm tree",
    "bush",
    "flower",
    "cactus",
    "grass",
    "snow",
    "sand",
    "water",
    "rock",
    "path",
    "road",
    "field",
    # things that are built
    "building",
    "house",
    "church",
    "barn",
    "tower",
    "lighthouse",
    "bridge",
    "fence",
    "dock",
    # traffic
    "car",
    "truck",
    "bus",
    "airplane",
    "boat",
    "tractor",
    "bicycle",
    "ski lift",
    # alive
    "person",
    "cow",
    "bird",
    # on the street
    "street lamp",
    "traffic light",
    "sign",
    "bench",
    "umbrella",
    # rooms
    "wall",
    "floor",
    "ceiling",
    "window",
    "door",
    "curtain",
    "painting",
    "mirror",
    "lamp",
    "plant",
    "carpet",
    # furniture
    "bed",
    "pillow",
    "sofa",
    "armchair",
    "chair",
    "table",
    "desk",
    "cabinet",
    "bookcase",
    "book",
    "television",
    "computer",
    "stove",
    "refrigerator",
    "sink",
    "bathtub",
    "toilet",
    "blackboard",
    "fireplace",
    "suitcase",
    "vase",
    "clock",
    "towel",
)

PARTS: Final = (
    # plants and land
    "trunk",
    "crown",
    "petal",
    "stem",
    "leaf",
    "pot",
    "peak",
    "wave",
    # buildings
    "roof",
    "chimney",
    "facade",
    "spire",
    "dome",
    "cross",
    "balcony",
    "awning",
    "column",
    "arch",
    "railing",
    "step",
    "post",
    "pane",
    "frame",
    "sill",
    "shutter",
    "panel",
    "handle",
    # vehicles
    "wheel",
    "windshield",
    "headlight",
    "bumper",
    "body",
    "wing",
    "tail",
    "engine",
    "hull",
    "sail",
    "mast",
    "cabin",
    "handlebar",
    "cargo box",
    "cable",
    # living things
    "head",
    "hair",
    "torso",
    "arm",
    "leg",
    "ski",
    "horn",
    "beak",
    # furniture
    "seat",
    "back",
    "armrest",
    "cushion",
    "headboard",
    "mattress",
    "blanket",
    "drawer",
    "shelf",
    "table top",
    "lampshade",
    "pole",
    "light",
    "screen",
    "keyboard",
    "burner",
    "oven",
    "faucet",
    "basin",
    "canopy",
    "tassel",
    "fire",
    "mantel",
    "face",
    "hand",
    "picture",
    "rod",
)

MATERIALS: Final = (
    "wood",
    "brick",
    "stone",
    "metal",
    "glass",
    "fabric",
    "plastic",
    "ceramic",
    "leather",
    "paper",
    "foliage",
    "painted",
    "asphalt",
    "skin",
    "earth",
    "fur",
)

TEXTURES: Final = (
    "striped",
    "dotted",
    "chequered",
    "bricked",
    "woven",
    "zigzagged",
    "grid",
    "marbled",
    "scaly",
    "grooved",
    "flecked",
    "wrinkled",
)

NAMES: Final = {
    "object": OBJECTS,
    "part": PARTS,
    "material": MATERIALS,
    "texture": TEXTURES,
    "color": COLOR_NAMES,
}
"""Names by category, in the order of the label channels."""


def _numbers() -> dict[str, dict[str, int]]:
    numbers: dict[str, dict[str, int]] = {}
    start = 1
    for category, names in NAMES.items():
        numbers[category] = {name: start + place for place, name in enumerate(names)}
        start += len(names)
    return numbers


_NUMBER: Final = _numbers()


def number_of(name: str | None, category: str) -> int:
    """Index of a name in the world's vocabulary; 0 for None.

    Raises
    ------
    ConceptError
        If the category has no such name.
    """
    if name is None:
        return 0
    if name not in _NUMBER[category]:
        raise ConceptError(f"The world has no {category} {shown(name)}.{nearest(name, NAMES[category])}")
    return _NUMBER[category][name]
