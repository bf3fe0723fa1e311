"""Concepts that any images have: colors of pixels, and halves of the things in them.

>>> data = WithHalves(WithColors(MaskFolder(images, masks, classes)))
>>> data.vocabulary
<Vocabulary: 11 object, 11 color, 44 part>
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import Dataset

from dissect_widgets.concepts.colors import COLOR_NAMES, name_colors
from dissect_widgets.core.data.batches import checked_labels, image_name
from dissect_widgets.core.data.provenance import data_digest
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import SettingError, nearest

HALVES = ("top", "bottom", "left", "right")


class _Wrapped(Dataset[tuple[Tensor, Tensor]]):
    """Labeled images with more label channels; all else is the wrapped data's."""

    def __init__(self, data: Any, more: Vocabulary) -> None:
        self.data = data
        own = getattr(data, "vocabulary", None) or Vocabulary([])
        self.vocabulary = own + more
        self._translation = torch.from_numpy(more.translation(self.vocabulary))

    def __len__(self) -> int:
        return len(self.data)

    @property
    def names(self) -> Sequence[str]:
        """Names of the images, if the wrapped data have them."""
        names: Sequence[str] = self.data.names
        return names

    def digest(self) -> str:
        """Digest of the wrapped data, and of what is added."""
        added = f"{type(self).__name__} {self._told()} {data_digest(self.data)}"
        return hashlib.sha256(added.encode()).hexdigest()

    def _told(self) -> Any:
        """What changes the added channels."""

    def _labels(self, labels: Any, index: int) -> Tensor:
        """Labels of the wrapped data, int64 (K, h, w), once they are sure to be within its vocabulary."""
        checked = checked_labels(labels, len(self.data.vocabulary), image_name(self.data, index))
        return torch.from_numpy(checked.astype(np.int64))


class WithColors(_Wrapped):
    """Labeled images whose pixels also carry one of 11 color names, in category "color".

    Parameters
    ----------
    data
        Labeled images; see `LabeledImages`. Or unlabeled ones, whose items are images.
    label_size
        (rows, columns) of the label maps, needed for unlabeled images.
    """

    def __init__(self, data: Any, *, label_size: tuple[int, int] | None = None) -> None:
        super().__init__(data, Vocabulary(Concept(name, "color") for name in COLOR_NAMES))
        self.label_size = label_size
        labeled = getattr(data, "vocabulary", None) is not None
        if labeled == (label_size is not None):
            raise SettingError(
                "The images have labels, and so a label_size of their own; leave it out."
                if labeled
                else "The images have no labels; give the label_size, (rows, columns)."
            )

    def _told(self) -> Any:
        return self.label_size

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        item = self.data[index]
        image, labels = item if isinstance(item, (tuple, list)) else (item, None)
        own = None if self.label_size is not None else self._labels(labels, index)
        size = self.label_size if own is None else tuple(own.shape[1:])
        small = interpolate(image[None], size=size, mode="bilinear", antialias=True)[0]
        colors = self._translation[name_colors(small.clamp(0, 1)) + 1][None]
        return image, colors if own is None else torch.cat([own, colors])


class WithHalves(_Wrapped):
    """Labeled images in which the halves of every thing are concepts too, in category "part".

    Each connected component (8-neighbors) of each concept is cut at the middle of its bounding box
    into top and bottom, and into left and right: car-top, car-bottom, car-left, car-right (PNAS 2020,
    "Reference Segmentation"). Where a pixel carries several concepts of the category, its first channel
    counts.

    Parameters
    ----------
    data
        Labeled images; see `LabeledImages`.
    category
        Of which concepts.
    """

    def __init__(self, data: Any, *, category: str = "object") -> None:
        whole: Vocabulary = data.vocabulary
        if category not in whole.categories:
            raise SettingError(f"There is no category {category!r}.{nearest(category, whole.categories)}")
        members = [number for number, concept in enumerate(whole) if concept.category == category]
        parts = [Concept(f"{whole[n].name}-{half}", "part") for n in members for half in HALVES]
        super().__init__(data, Vocabulary(parts))
        self.category = category
        self._member = np.zeros(len(whole), np.int64)  # 1, 2 ... for concepts of the category
        self._member[members] = np.arange(1, len(members) + 1)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, given = self.data[index]
        labels = self._labels(given, index)
        members = self._member[labels.numpy()]
        first = (members > 0).argmax(0)
        things = np.take_along_axis(members, first[None], 0)[0]
        halves = torch.from_numpy(split_halves(things))
        numbers = torch.where(halves > 0, (torch.from_numpy(things) - 1) * len(HALVES) + halves, 0)
        return image, torch.cat([labels, self._translation[numbers]])

    def _told(self) -> Any:
        return self.category


def split_halves(things: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut every connected component of a label map at the middle of its bounding box.

    Parameters
    ----------
    things
        int64 (h, w), 0 for nothing; components are of one value, joined over edges or corners.

    Returns
    -------
    ndarray
        int64 (2, h, w): 1 in the top and 2 in the bottom half; 3 in the left and 4 in the right half;
        0 where there is nothing. A box with an odd side has its middle line in the bottom, or right.
    """
    halves = np.zeros((2, *things.shape), np.int64)
    boxes: list[Any] = ndimage.find_objects(things)
    for value, box in enumerate(boxes, start=1):
        if box is None:
            continue
        components, _ = ndimage.label(things[box] == value, structure=np.ones((3, 3)))
        for number, inner in enumerate(ndimage.find_objects(np.asarray(components)), start=1):
            inside = components[inner] == number
            row, column = np.indices(inside.shape)
            vertical, horizontal = (half[box][inner] for half in halves)
            vertical[inside] = np.where(row < len(row) // 2, 1, 2)[inside]
            horizontal[inside] = np.where(column < inside.shape[1] // 2, 3, 4)[inside]
    return halves
