"""Images that are read, or drawn, once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


class InMemory:
    """The first images of a data set, held in memory with their labels, classes and names.

    Several runs over the same images then read them once.

    Parameters
    ----------
    data
        Any data set.
    images
        How many; by default all.
    labels
        Whether to keep label maps. Without, items are images alone, or images and classes, which take a
        fraction of the memory.

    Raises
    ------
    DataError
        If an item of the data raises it.
    """

    def __init__(self, data: Any, images: int | None = None, *, labels: bool = True) -> None:
        count = len(data) if images is None else min(images, len(data))
        for name in ("vocabulary", "classes"):
            if hasattr(data, name) and (labels or name != "vocabulary"):
                setattr(self, name, getattr(data, name))
        for name in ("targets", "names"):
            if hasattr(data, name):
                setattr(self, name, list(getattr(data, name))[:count])
        self._digest = f"{count} of {data.digest()}" if hasattr(data, "digest") else None
        self._images: Tensor | None = None
        self._items = [self._keep(data[index], index, count, labels) for index in range(count)]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def digest(self) -> str:
        """Digest by which a resumed run recognizes its data: that of the data, or else this object."""
        return self._digest or f"in memory at {id(self)}"

    def _keep(self, item: Any, index: int, count: int, labels: bool) -> Any:
        """Item whose image is part of one block with the others; separate ones take far more memory."""
        image, *more = item if isinstance(item, (tuple, list)) else (item,)
        if isinstance(image, Tensor):
            if self._images is None:
                self._images = torch.empty((count, *image.shape), dtype=image.dtype)
            if (image.shape, image.dtype) == (self._images.shape[1:], self._images.dtype):
                image = self._images[index].copy_(image)
        kept = [value for value in more if labels or not np.ndim(value)]
        return (image, *kept) if kept else image
