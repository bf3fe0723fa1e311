"""Digests of the world's images and labels, by which a test knows that they are still the same.

`python tests/world/image_digests.py` adds those of new scenes and objects to `image_digests.json`. Digests
that are there stay: to change an image on purpose, delete its line first.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from dissect_widgets import world

FILE = Path(__file__).with_suffix(".json")
SCENE_SAMPLES = ((0, 128), (7, 96), (10**9 + 3, 65))
"""Seeds and sizes of the images of each scene."""
OBJECT_SAMPLES = ((3, 96),)


def digest_of(labeled: world.LabeledImage) -> str:
    """SHA-256 of pixels, and of the names of their labels.

    Numbers of concepts do not count: they move when a concept is added before them.
    """
    numbers, places = np.unique(labeled.labels, return_inverse=True)
    concepts = [tuple(world.VOCABULARY[int(number)]) for number in numbers]
    order = sorted(range(len(concepts)), key=concepts.__getitem__)
    rank = np.argsort(order).astype("<u2")
    digest = hashlib.sha256(labeled.image.tobytes())
    digest.update(repr([concepts[place] for place in order]).encode())
    digest.update(rank[places].tobytes())
    return digest.hexdigest()


def drawn() -> dict[str, tuple[str, int, int]]:
    """What is drawn: "scene church, seed 7, 96 px" -> (name, seed, size)."""
    samples = [("scene", world.SCENES, SCENE_SAMPLES), ("object", world.OBJECT_KINDS, OBJECT_SAMPLES)]
    return {
        f"{kind} {name}, seed {seed}, {size} px": (name, seed, size)
        for kind, names, pairs in samples
        for name in names
        for seed, size in pairs
    }


def draw(key: str) -> world.LabeledImage:
    """Image of a key of `drawn`."""
    return (world.render if key.startswith("scene ") else world.render_object)(*drawn()[key])


def known() -> dict[str, str]:
    """Digests of the file."""
    return dict(json.loads(FILE.read_text("utf-8"))) if FILE.exists() else {}


def main() -> None:
    """Add digests of what is new."""
    digests = known()
    new = [key for key in drawn() if key not in digests]
    digests |= {key: digest_of(draw(key)) for key in new}
    FILE.write_text(json.dumps(digests, indent=1) + "\n", "utf-8")
    print(f"{len(new)} digests added to {FILE.name}.")


if __name__ == "__main__":
    main()
