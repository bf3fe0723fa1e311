"""Top images: those with the highest activation of a unit, with the unit's map on each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.data.arrays import Float32s, Int64s
from dissect_widgets.core.data.storage import State

NO_IMAGE = np.iinfo(np.int64).max


class TopImages:
    """For each unit, the images with the highest max activations; ties: lowest image number.

    Parameters
    ----------
    units, count
        Number of units, and of top images for each.
    map_size
        (rows, columns) of the maps that are kept.
    """

    def __init__(self, units: int, count: int, map_size: tuple[int, int]) -> None:
        self.highest: Float32s = np.full((units, count), -np.inf, np.float32)
        self.image: Int64s = np.full((units, count), NO_IMAGE, np.int64)
        self.maps: Float32s = np.zeros((units, count, *map_size), np.float32)

    def entering(self, image: int, highest: Float32s) -> Int64s:
        """Units for which an image with these max activations, float32 (units,), is a top image so far."""
        if not self.highest.shape[1]:
            return np.empty(0, np.int64)
        worst, last = self._worst()
        at = np.arange(len(highest)), worst
        better = (highest > self.highest[at]) | ((highest == self.highest[at]) & (image < last))
        return np.flatnonzero(better)

    def enter(self, image: int, units: Int64s, highest: Float32s, maps: Float32s) -> None:
        """Make an image a top image of `units` (n,), with max activations (n,) and maps (n, h, w)."""
        slot = self._worst()[0][units]
        self.highest[units, slot] = highest
        self.image[units, slot] = image
        self.maps[units, slot] = maps

    def merge(self, other: TopImages) -> None:
        """Add the top images of another shard."""
        highest = np.concatenate([self.highest, other.highest], 1)
        image = np.concatenate([self.image, other.image], 1)
        maps = np.concatenate([self.maps, other.maps], 1)
        order = np.lexsort((image, -highest), axis=1)[:, : self.highest.shape[1]]
        rows = np.arange(len(order))[:, None]
        self.highest, self.image, self.maps = highest[rows, order], image[rows, order], maps[rows, order]

    def images(self) -> Int64s:
        """Numbers of the images that are top images, int64 (n,), once for each unit."""
        present: Int64s = self.image[self.image != NO_IMAGE]
        return present

    def ranked(self) -> tuple[Float32s, Int64s, Float32s]:
        """Max activations (units, count), image numbers (units, count) and maps, the highest first.

        Where there are fewer images than `count`, the rest has the max activation -inf and the image -1.
        """
        order = np.lexsort((self.image, -self.highest), axis=1)
        rows = np.arange(len(order))[:, None]
        image = self.image[rows, order]
        return self.highest[rows, order], np.where(image == NO_IMAGE, -1, image), self.maps[rows, order]

    def state(self) -> State:
        """Plain arrays from which `load_state` restores it."""
        return {"peak": self.highest, "image": self.image, "maps": self.maps}

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from."""
        self.highest = np.array(state["peak"][:])
        self.image = np.array(state["image"][:])
        self.maps = np.array(state["maps"][:])

    def _worst(self) -> tuple[NDArray[np.intp], Int64s]:
        """Slot of each unit's last top image, and the image in it."""
        lowest = self.highest == self.highest.min(1, keepdims=True)
        slot = np.where(lowest, self.image, -1).argmax(1)
        return slot, self.image[np.arange(len(slot)), slot]
