"""Images that are read, or drawn, once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.containers import iterable_or_data, read_first
from dissect_widgets.core.data.items import class_of, image_of, label_map_of
from dissect_widgets.core.data.pixels import as_image
from dissect_widgets.core.data.views import image_name, is_for_each


class InMemory:
    """The first images of a data set, held in memory with their labels, classes and names.

    Several runs over the same images then read them once. What is random in the images, such as augmentation,
    stays as it is read here.

    Parameters
    ----------
    data
        Any data set; also one that can only be gone through, such as an iterable data set, or a generator, of
        which no item behind these is read.
    images
        How many; by default all. Needed if the data do not say how many they have.
    labels
        Whether to keep label maps. Without, items are images alone, or images and classes, which take a
        fraction of the memory.

    Raises
    ------
    DataError
        If an item of the data raises it, is no image, or the data end before they say.
    """

    def __init__(self, data: Any, images: int | None = None, *, labels: bool = True) -> None:
        data = iterable_or_data(data)
        count, items = read_first(data, images)
        for name in ("vocabulary", "classes", "features", "target_transform"):
            if getattr(data, name, None) is not None and (labels or name != "vocabulary"):
                setattr(self, name, getattr(data, name))
        for name in ("targets", "names"):
            if is_for_each(getattr(data, name, None), name, data):
                setattr(self, name, [getattr(data, name)[index] for index in range(count)])
        self._digest = f"{count} of {data.digest()}" if hasattr(data, "digest") else None
        self._images: Tensor | None = None
        self._has_labels = hasattr(self, "vocabulary")
        self._items = [
            self._keep(item, image_name(data, index), index, count, labels)
            for index, item in enumerate(items)
        ]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def digest(self) -> str:
        """Digest by which a resumed run recognizes its data: that of the data, or else this object."""
        return self._digest or f"in memory at {id(self)}"

    def _keep(self, item: Any, name: str, index: int, count: int, labels: bool) -> Any:
        """Item whose image is part of one block with the others; separate ones take far more memory."""
        image = as_image(image_of(item, name), name)
        if self._images is None:
            self._images = torch.empty((count, *image.shape), dtype=image.dtype)
        if (image.shape, image.dtype) == (self._images.shape[1:], self._images.dtype):
            image = self._images[index].copy_(image)
        label_map = label_map_of(item, name) if self._has_labels else None
        target = class_of(item, name)
        if label_map is None or target is label_map:
            beside = label_map if target is None else target
            return image if beside is None or (_is_map(beside) and not labels) else (image, beside)
        if target is None:
            return image, label_map
        return {"image": image, "label_map": label_map, "label": target}


def _is_map(value: Any) -> bool:
    return isinstance(value, Image.Image) or np.ndim(value) > 1
