"""Halves of things as concepts: car-top, car-bottom, car-left, car-right.

>>> data = WithHalves(MaskFolder(images, masks, classes))
>>> data.vocabulary
<Vocabulary: 11 object, 44 part>
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from dissect_widgets.concepts.added_labels import AddedLabels
from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import SettingError, nearest, shown

HALVES = ("top", "bottom", "left", "right")


class WithHalves(AddedLabels):
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
        Concepts of this category are cut.

    Raises
    ------
    SettingError
        If no concept is of this category.
    """

    def __init__(self, data: Any, *, category: str = "object") -> None:
        data = as_data(data)
        vocabulary: Vocabulary | None = getattr(data, "vocabulary", None)
        if vocabulary is None:
            raise SettingError("The images have no labels (no `vocabulary`), so there is nothing to halve.")
        if category not in vocabulary.categories:
            raise SettingError(
                f"There is no category {shown(category)}.{nearest(category, vocabulary.categories)}"
            )
        members = [number for number, concept in enumerate(vocabulary) if concept.category == category]
        parts = [Concept(f"{vocabulary[n].name}-{half}", "part") for n in members for half in HALVES]
        super().__init__(data, Vocabulary(parts))
        self.category = category
        self._member = np.zeros(len(vocabulary), np.int64)  # 1, 2 ... for concepts of the category
        self._member[members] = np.arange(1, len(members) + 1)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        item = self.data[index]
        labels = self._labels_of(item, index)
        members = self._member[labels.numpy()]
        channel = (members > 0).argmax(0)
        things = np.take_along_axis(members, channel[None], 0)[0]
        halves = torch.from_numpy(split_halves(things))
        numbers = torch.where(halves > 0, (torch.from_numpy(things) - 1) * len(HALVES) + halves, 0)
        return self._image_of(item, index), torch.cat([labels, self._translation[numbers]])

    def _settings(self) -> Any:
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
