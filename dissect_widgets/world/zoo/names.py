"""Names of the scenes and objects that the networks of the zoo were trained on, in the order of their scores.

They are fixed, so that a scene or an object that is added to the world changes neither the networks in the
package nor the images that they were trained on.
"""

from __future__ import annotations

from typing import Final

SCENES: Final = (
    "ski slope",
    "snowy forest",
    "mountain lake",
    "airfield",
    "highway",
    "harbor",
    "church",
    "village street",
    "farmhouse",
    "beach",
    "desert",
    "river",
    "forest path",
    "park",
    "city street",
    "bedroom",
    "hotel room",
    "living room",
    "kitchen",
    "dining room",
    "office",
    "bathroom",
    "classroom",
    "library",
)
"""Of all networks that learn scenes."""

OBJECT_KINDS: Final = (
    "airplane",
    "bicycle",
    "boat",
    "bus",
    "car",
    "tractor",
    "truck",
    "person",
    "cow",
    "tree",
    "pine tree",
    "palm tree",
    "bush",
    "cactus",
    "house",
    "church",
    "lighthouse",
    "street lamp",
    "traffic light",
    "bench",
    "umbrella",
    "bed",
    "sofa",
    "armchair",
    "chair",
    "table",
    "bookcase",
    "television",
    "lamp",
    "plant",
    "suitcase",
    "stove",
    "refrigerator",
    "bathtub",
    "toilet",
)
"""Of all networks that learn objects."""
