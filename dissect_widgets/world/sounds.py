"""What a picture would sound like: energies of a few bands, and classes of them. It is made up.

>>> energies = sound_of(picture.labels[0], np.random.default_rng(7))        # float32 (12,), in bel
>>> centers = cluster(np.stack(many), 24)
>>> classes = nearest_center(energies[None], centers)

Things that sound do so by their size in the picture, each in its bands: people talk, cars and airplanes
roar, water rushes, birds sing, wind is heard in trees, refrigerators hum. After "Ambient sound provides
supervision for visual learning" (Owens et al., ECCV 2016), whose sounds were recorded; these are not.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.world.scenery.names import number_of

BANDS: Final = 12
"""From low to high."""

_SILENCE: Final = 0.002  # energy of a band in which nothing sounds
_NOISE: Final = 0.15  # in a band, and between two things of a kind
_VARIETY: Final = 0.3


class Sound(NamedTuple):
    """How a thing sounds that fills the picture."""

    loud: float
    """Its energy."""
    band: float
    """Where most of it lies, from 0 to `BANDS` - 1."""
    width: float
    """How many bands it reaches."""


SOUNDS: Final = {
    "person": Sound(1.0, 5.5, 1.3),
    "car": Sound(1.5, 2.0, 1.2),
    "bus": Sound(2.0, 1.2, 1.0),
    "truck": Sound(2.2, 0.6, 1.0),
    "tractor": Sound(2.0, 1.5, 0.5),
    "airplane": Sound(3.0, 4.0, 3.0),
    "boat": Sound(0.8, 2.8, 0.8),
    "bicycle": Sound(0.5, 8.5, 0.4),
    "bird": Sound(2.5, 10.0, 0.8),
    "cow": Sound(1.5, 3.2, 0.6),
    "water": Sound(0.6, 7.0, 3.0),
    "tree": Sound(0.35, 8.0, 1.5),
    "pine tree": Sound(0.35, 6.5, 1.5),
    "palm tree": Sound(0.4, 9.0, 1.0),
    "grass": Sound(0.05, 9.5, 1.0),
    "sky": Sound(0.08, 0.5, 1.5),
    "ski lift": Sound(1.0, 4.5, 0.3),
    "refrigerator": Sound(0.7, 0.2, 0.4),
    "computer": Sound(0.6, 6.0, 0.5),
    "television": Sound(1.0, 5.0, 2.0),
    "clock": Sound(1.2, 11.0, 0.3),
    "stove": Sound(0.5, 7.5, 0.8),
    "sink": Sound(0.7, 9.2, 0.5),
    "bathtub": Sound(0.5, 8.2, 0.6),
    "fireplace": Sound(0.8, 10.5, 0.6),
    "wall": Sound(0.04, 1.0, 0.8),
    "floor": Sound(0.05, 3.5, 0.6),
}
"""What sounds, and how."""


def sound_of(objects: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.float32]:
    """Energies of the bands, float32 (`BANDS`,), as decimal logarithms.

    Parameters
    ----------
    objects
        Object labels of the picture, (h, w).
    rng
        Makes the noise.
    """
    bands, energies = np.arange(BANDS), np.full(BANDS, _SILENCE)
    shares = np.bincount(objects.ravel(), minlength=max(_NUMBERS) + 1) / objects.size
    for sound, number in zip(SOUNDS.values(), _NUMBERS, strict=True):
        if shares[number] > 0:
            profile = np.exp(-(((bands - sound.band) / sound.width) ** 2) / 2)
            loud = sound.loud * np.sqrt(shares[number]) * rng.lognormal(0, _VARIETY)
            energies += loud * profile
    return np.log10(energies * rng.lognormal(0, _NOISE, BANDS)).astype(np.float32)


_NUMBERS: Final = [number_of(name, "object") for name in SOUNDS]


def cluster(energies: NDArray[np.float32], classes: int, *, rounds: int = 40) -> NDArray[np.float32]:
    """Centers of classes of sounds, float32 (classes, bands): k-means, the same for the same sounds.

    It begins with the first sound, and then always the one that is farthest from those chosen.
    """
    points = energies.astype(np.float64)
    chosen = [0]
    distance = ((points - points[0]) ** 2).sum(1)
    for _ in range(classes - 1):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(1))
    centers = points[chosen]
    for _ in range(rounds):
        classes_now = nearest_center(points, centers)
        sums = np.stack([np.bincount(classes_now, column, classes) for column in points.T], 1)
        counts = np.bincount(classes_now, minlength=classes)[:, None]
        centers = np.where(counts > 0, sums / np.maximum(counts, 1), centers)
    return np.asarray(centers, np.float32)


def nearest_center(energies: NDArray[np.floating], centers: NDArray[np.floating]) -> NDArray[np.int64]:
    """Class of each sound: int64 (n,)."""
    squares = (centers.astype(np.float64) ** 2).sum(1) - 2 * energies.astype(np.float64) @ centers.T
    return np.asarray(squares.argmin(1), np.int64)
