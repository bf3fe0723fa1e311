"""Finer classes than scenes: a scene and what is special in it, such as "kitchen with curtain".

>>> CLASSES[7]                                    # "snowy forest with mountain"
>>> class_of("snowy forest", shares)              # its number, or None where it is not clear
>>> shares = shares_of(scene_canvas("kitchen", 7))

Each scene has a list of things that it sometimes shows. A picture's class is the first of them that takes
2 % of the picture, or none of them; where something earlier in the list takes less than that, but can be
seen, the picture has no class. The lists were found by `find_features`, from the labels of 160 pictures of
each scene.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.shading import cover
from dissect_widgets.world.scenery.names import OBJECTS, number_of
from dissect_widgets.world.scenery.vocabulary import SCENES, VOCABULARY
from dissect_widgets.world.views import scene_canvas

Floats = NDArray[np.float32]

CLEAR: Final = 0.02
"""Share of the picture from which a thing counts as shown."""

UNSEEN: Final = 0.003
"""Share up to which it counts as not shown."""

FIRST_SEED: Final = 3_000_000_000
"""Of the pictures in which the lists were found; no split has them."""

SIZE: Final = 0.026
"""Least share of the picture that a thing takes in the median of those that show it."""

RAREST: Final = 0.085
"""Least share of a scene's pictures that are in a class."""

_COMMON: Final = ("sky", "wall", "floor", "ceiling")
_PARTS: Final = ("sail", "railing", "dome", "spire", "column", "arch", "balcony", "awning", "chimney")
_SPECIAL: Final = np.array(
    [
        (concept.category == "object" and concept.name not in _COMMON)
        or (concept.category == "part" and concept.name in _PARTS)
        for concept in map(VOCABULARY.__getitem__, range(len(VOCABULARY)))
    ]
)  # what can be special in a scene

_RASTER: Final = 48  # pixels in which shares are measured, each way
_BEAM: Final = 60

FEATURES: Final[dict[str, tuple[str, ...]]] = {
    "ski slope": ("house", "fence", "sign", "ski lift"),
    "snowy forest": ("ski lift", "mountain", "rock", "path"),
    "mountain lake": ("sail", "sand", "dock", "boat", "tree"),
    "airfield": ("snow", "tree", "fence", "truck", "mountain"),
    "highway": ("pine tree", "bridge", "window", "truck"),
    "harbor": ("car", "palm tree", "truck", "mountain"),
    "church": ("dome", "fence", "mountain"),
    "village street": ("pine tree", "church", "building", "path"),
    "farmhouse": ("truck", "snow", "pine tree", "bush", "path"),
    "beach": ("sail", "boat", "mountain", "palm tree"),
    "desert": ("palm tree", "bush", "car", "road", "mountain"),
    "river": ("arch", "bridge", "sail", "pine tree", "sand"),
    "forest path": ("pine tree", "bush"),
    "park": ("fence", "bush", "street lamp", "pine tree"),
    "city street": ("truck", "tree", "cloud", "car"),
    "bedroom": ("television", "plant", "window", "painting"),
    "hotel room": ("carpet", "armchair", "curtain", "painting"),
    "living room": ("cabinet", "curtain", "table", "bookcase"),
    "kitchen": ("chair", "curtain", "lamp", "window"),
    "dining room": ("door", "curtain", "carpet", "window", "painting"),
    "office": ("cabinet", "bookcase", "plant", "curtain", "window"),
    "bathroom": ("carpet", "painting", "lamp", "curtain"),
    "classroom": ("curtain", "window", "door"),
    "library": ("sofa", "computer", "carpet", "window"),
}
"""What is special in each scene, the first that is shown decides: objects, or parts."""


CLASSES: Final = tuple(
    f"{scene} with {feature}" if feature else f"plain {scene}"
    for scene, features in FEATURES.items()
    for feature in (*features, "")
)
"""Names of the classes."""


def class_of(scene: str, shares: Floats) -> int | None:
    """Class of a picture, a place in `CLASSES`; None where it is not clear.

    Parameters
    ----------
    scene
        What it shows.
    shares
        float32 (concepts,), as `shares_of` gives them.
    """
    for place, concept in enumerate(_CONCEPTS[scene]):
        if shares[concept] >= CLEAR:
            return _FIRST[scene] + place
        if shares[concept] > UNSEEN:
            return None
    return _FIRST[scene] + len(_CONCEPTS[scene])


def classes_of(scene: str) -> range:
    """Classes of a scene."""
    return range(_FIRST[scene], _FIRST[scene] + len(FEATURES[scene]) + 1)


def _concept(name: str) -> int:
    return number_of(name, "object" if name in OBJECTS else "part")


_CONCEPTS: Final = {scene: [_concept(name) for name in names] for scene, names in FEATURES.items()}
_FIRST: Final = {scene: CLASSES.index(f"{scene} with {FEATURES[scene][0]}") for scene in FEATURES}


def shares_of(canvas: Canvas) -> Floats:
    """Share of the picture of every object and every part, float32 (concepts,)."""
    seen = cover(canvas.regions, _RASTER)
    labels = np.array([region.labels[:2] for region in canvas.regions])
    shares = np.zeros(len(VOCABULARY), np.float64)
    for channel in labels.T:
        shares += np.bincount(channel[seen.region], seen.share, len(VOCABULARY))
    shares[0] = 0.0
    return (shares / _RASTER**2).astype(np.float32)


def find_features(shares: Floats) -> list[int]:
    """Things that divide pictures of a scene: as many as possible without a rare class.

    Parameters
    ----------
    shares
        float32 (pictures, concepts), as `shares_of` gives them.

    Returns
    -------
    list of int
        Their places in the vocabulary. A beam search looks for the list whose rarest class is the most
        frequent; the longest is taken whose rarest class has `RAREST` of the pictures.
    """
    shown, absent = shares >= CLEAR, shares <= UNSEEN
    frequency, sizes = shown.mean(0), _sizes(shares)
    candidates = np.flatnonzero(_SPECIAL & (frequency > 0.06) & (frequency < 0.85) & (sizes >= SIZE))
    beam = [_Division(0.0, (), np.ones(len(shares), bool), ())]
    best: tuple[int, ...] = ()
    while True:
        longer = [
            division.then(int(concept), shown[:, concept], absent[:, concept])
            for division in beam
            for concept in candidates
            if concept not in division.chosen
        ]
        beam = sorted(longer, key=lambda division: -division.rarest)[:_BEAM]
        if not beam or beam[0].rarest < RAREST:
            return list(best)
        best = beam[0].chosen


class _Division(NamedTuple):
    """A list of things, and how it divides pictures."""

    rarest: float
    """Share of the pictures that the rarest class has."""
    chosen: tuple[int, ...]
    left: NDArray[np.bool_]
    """bool (pictures,), which show none of them."""
    parts: tuple[float, ...]
    """Share of the pictures that each class has."""

    def then(self, concept: int, shown: NDArray[np.bool_], absent: NDArray[np.bool_]) -> _Division:
        """The same with one thing more."""
        rest, parts = self.left & absent, (*self.parts, float((self.left & shown).mean()))
        return _Division(min(*parts, float(rest.mean())), (*self.chosen, concept), rest, parts)


def _sizes(shares: Floats) -> Floats:
    """Median share of the pictures in which each thing is shown: float32 (concepts,)."""
    columns = [column[column >= CLEAR] for column in shares.T]
    return np.array([np.median(column) if len(column) else 0.0 for column in columns], np.float32)


def find_all(pictures: int = 160) -> dict[str, tuple[str, ...]]:
    """`FEATURES`, found anew."""
    result = {}
    for scene in SCENES:
        seeds = range(FIRST_SEED, FIRST_SEED + pictures)
        shares = np.stack([shares_of(scene_canvas(scene, seed)) for seed in seeds])
        result[scene] = tuple(VOCABULARY[number].name for number in find_features(shares))
    return result
