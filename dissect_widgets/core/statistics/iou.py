"""Integer counts of where units and concepts meet: intersections and areas, int64, order-free.

IoU of a unit and a concept (PNAS 2020, eq. 1; TPAMI 2018, eq. 1) is intersection / (unit area +
concept area - intersection), summed over all images, or over those that carry any label of the
concept's category. Every count here is a sum over images, so shards add up to the same integers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dissect_widgets.core.data.arrays import AnyArray, Bools, Float32s, Int64s
from dissect_widgets.core.data.storage import FileArray, Mergeable, State, Workspace
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.statistics.quantile import TopSamples
from dissect_widgets.errors import SavedError


class LabelTally(Mergeable):
    """Label maps of the probe set: areas of concepts, and the label of each pixel.

    Parameters
    ----------
    vocabulary
        What the numbers of the label maps mean.
    images, channels, size
        Number of images of the probe set, of parallel label channels, and (rows, columns) of a map.
    workspace
        Where the maps are stored; None keeps them in memory.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        images: int,
        channels: int,
        size: tuple[int, int],
        *,
        workspace: Workspace | None = None,
    ) -> None:
        self.vocabulary, self.channels, self.size = vocabulary, channels, size
        self.pixels = size[0] * size[1]
        self.dtype = np.min_scalar_type(len(vocabulary) - 1)
        self.concept_area: Int64s = np.zeros(len(vocabulary), np.int64)
        self.in_category: Bools = np.zeros((images, len(vocabulary.categories)), np.bool_)
        self.done: Bools = np.zeros(images, np.bool_)
        shape = (images, channels, self.pixels)
        self.digest: AnyArray = np.zeros(images, np.uint64)
        self._labels: AnyArray = (
            np.zeros(shape, self.dtype) if workspace is None else workspace.mapped(self.dtype, shape)
        )

    @property
    def images(self) -> int:
        """How many images have come."""
        return int(self.done.sum())

    def add(self, index: int, labels: AnyArray) -> None:
        """Add the label map of one image.

        Parameters
        ----------
        index
            Which image of the probe set.
        labels
            Integers (channels, rows, columns) within the vocabulary, 0 for no concept. A concept that
            is in several channels of a pixel counts once there.
        """
        if self.done[index]:
            raise ValueError(f"Image {index} was added before.")
        flat = labels.reshape(self.channels, self.pixels).astype(self.dtype)
        for channel in range(1, self.channels):
            flat[channel][(flat[:channel] == flat[channel]).any(0)] = 0
        area = np.bincount(flat.ravel(), minlength=len(self.vocabulary))
        area[0] = 0
        self.concept_area += area
        category = self.vocabulary.category_of[np.flatnonzero(area)]
        self.in_category[index, category] = True
        self._labels[index] = flat
        self.digest[index] = _digest(flat)
        self.done[index] = True

    def merge(self, other: LabelTally) -> None:
        """Add the images of another tally of the same probe set."""
        if (self.done & other.done).any():
            raise ValueError("Two shards hold the same image.")
        self.concept_area += other.concept_area
        self.in_category |= other.in_category
        self._labels[other.done] = other._labels[other.done]
        self.digest[other.done] = other.digest[other.done]
        self.done |= other.done

    def at(self, channel: int, image: Int64s, pixel: Int64s) -> AnyArray:
        """Labels of a channel at pixels of images, integers (n,)."""
        flat = self._labels.reshape(-1)
        labels: AnyArray = flat[(image * self.channels + channel) * self.pixels + pixel]
        return labels

    def state(self) -> State:
        """Plain arrays from which `load_state` restores it."""
        labels: AnyArray | FileArray = self._labels.reshape(-1)
        if isinstance(self._labels, np.memmap):
            self._labels.flush()
            labels = FileArray(Path(str(self._labels.filename)), self.dtype, self._labels.size)
        return {
            "concept_area": self.concept_area,
            "in_category": self.in_category,
            "done": self.done,
            "digest": self.digest,
            "labels": labels,
        }

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from; made with the same arguments as that one."""
        self.concept_area = np.array(state["concept_area"][:])
        self.in_category = np.array(state["in_category"][:])
        self.done = np.array(state["done"][:])
        self.digest = np.array(state["digest"][:])
        labels = state["labels"]
        if isinstance(labels, FileArray):
            self._labels = np.memmap(labels.path, self.dtype, mode="r+", shape=self._labels.shape)
            for index in np.flatnonzero(self.done).tolist():
                if _digest(self._labels[index]) != self.digest[index]:
                    raise SavedError(
                        f"{labels.path} is damaged: the labels of image {index} are not as written. "
                        "Remove its folder and start again."
                    )
        else:
            self._labels[:] = labels.reshape(self._labels.shape)


def _digest(labels: AnyArray) -> int:
    """Digest of the label map of an image, 64 bits."""
    return int.from_bytes(
        hashlib.blake2b(np.ascontiguousarray(labels).data, digest_size=8).digest(), "little"
    )


class Counts(NamedTuple):
    """Integer counts of the active pixels of units; the first axis is the level."""

    intersection: Int64s
    """int64 (levels, units, concepts): active pixels that carry the concept; column 0 is zero."""
    area: Int64s
    """int64 (levels, units): active pixels."""
    area_in_category: Int64s
    """int64 (levels, units, categories): those in images with any label of the category."""


def count_active(samples: TopSamples, thresholds: Float32s, labels: LabelTally) -> Counts:
    """Count where units are active (a > t), and which concepts are there.

    Parameters
    ----------
    samples
        Samples of every unit, at least all above its threshold; position = image * pixels + pixel.
    thresholds
        float32 (levels, units).
    labels
        Label maps of the same images.
    """
    levels, units = thresholds.shape
    concepts, categories = len(labels.vocabulary), labels.in_category.shape[1]
    counts = Counts(
        np.zeros((levels, units, concepts), np.int64),
        np.zeros((levels, units), np.int64),
        np.zeros((levels, units, categories), np.int64),
    )
    for unit, value, position in samples.samples():
        image, pixel = np.divmod(position.astype(np.int64), labels.pixels)
        channels = [labels.at(channel, image, pixel) for channel in range(labels.channels)]
        for level in range(levels):
            active = value > thresholds[level, unit]
            counts.area[level, unit] = active.sum()
            per_image = np.bincount(image[active], minlength=len(labels.in_category))
            counts.area_in_category[level, unit] = per_image @ labels.in_category
            for label in channels:
                counts.intersection[level, unit] += np.bincount(label[active], minlength=concepts)
    counts.intersection[:, :, 0] = 0
    return counts
