"""Exemplars: the images in which a unit peaks highest, with the unit's map on each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.data.arrays import Float32s, Int64s
from dissect_widgets.core.data.storage import State

NO_IMAGE = np.iinfo(np.int64).max


class TopImages:
    """For each unit, the images with the highest peaks; of equal peaks the lower image number.

    Parameters
    ----------
    units, count
        Number of units, and of exemplars for each.
    map_size
        (rows, columns) of the maps that are kept.
    """

    def __init__(self, units: int, count: int, map_size: tuple[int, int]) -> None:
        self.peak: Float32s = np.full((units, count), -np.inf, np.float32)
        self.image: Int64s = np.full((units, count), NO_IMAGE, np.int64)
        self.maps: Float32s = np.zeros((units, count, *map_size), np.float32)

    def entering(self, image: int, peak: Float32s) -> Int64s:
        """Units for which an image with these peaks, float32 (units,), is an exemplar so far."""
        if not self.peak.shape[1]:
            return np.empty(0, np.int64)
        worst, last = self._worst()
        at = np.arange(len(peak)), worst
        better = (peak > self.peak[at]) | ((peak == self.peak[at]) & (image < last))
        return np.flatnonzero(better)

    def enter(self, image: int, units: Int64s, peak: Float32s, maps: Float32s) -> None:
        """Make an image an exemplar of `units` (n,), with its peaks (n,) and maps (n, rows, columns)."""
        slot = self._worst()[0][units]
        self.peak[units, slot] = peak
        self.image[units, slot] = image
        self.maps[units, slot] = maps

    def merge(self, other: TopImages) -> None:
        """Take up the exemplars of another shard."""
        peak = np.concatenate([self.peak, other.peak], 1)
        image = np.concatenate([self.image, other.image], 1)
        maps = np.concatenate([self.maps, other.maps], 1)
        order = np.lexsort((image, -peak), axis=1)[:, : self.peak.shape[1]]
        rows = np.arange(len(order))[:, None]
        self.peak, self.image, self.maps = peak[rows, order], image[rows, order], maps[rows, order]

    def images(self) -> Int64s:
        """Numbers of the images that are exemplars of any unit, int64 (n,), once for each unit."""
        present: Int64s = self.image[self.image != NO_IMAGE]
        return present

    def ranked(self) -> tuple[Float32s, Int64s, Float32s]:
        """Peaks (units, count), image numbers (units, count) and maps, the highest peak first.

        Where there are fewer images than `count`, the rest has the peak -inf and the image -1.
        """
        order = np.lexsort((self.image, -self.peak), axis=1)
        rows = np.arange(len(order))[:, None]
        image = self.image[rows, order]
        return self.peak[rows, order], np.where(image == NO_IMAGE, -1, image), self.maps[rows, order]

    def state(self) -> State:
        """Plain arrays from which `load_state` makes it again."""
        return {"peak": self.peak, "image": self.image, "maps": self.maps}

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from."""
        self.peak = np.array(state["peak"][:])
        self.image = np.array(state["image"][:])
        self.maps = np.array(state["maps"][:])

    def _worst(self) -> tuple[NDArray[np.intp], Int64s]:
        """Slot of each unit's last exemplar, and the image in it."""
        lowest = self.peak == self.peak.min(1, keepdims=True)
        slot = np.where(lowest, self.image, -1).argmax(1)
        return slot, self.image[np.arange(len(slot)), slot]
