"""Images that are read, or drawn, once."""

from __future__ import annotations

from typing import Any

import numpy as np


class InMemory:
    """The first images of a data set, held in memory with all that is known of them.

    Several runs over the same images then read them once.

    Parameters
    ----------
    data
        Any data set.
    images
        How many; by default all.
    labels
        Whether to keep label maps. Without, items are images alone, or images and classes, which takes a
        fraction of the memory.

    Raises
    ------
    DataError
        What an item of the data raises.
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
        self._items = [data[index] if labels else _without_maps(data[index]) for index in range(count)]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def digest(self) -> str:
        """What a resumed run knows its data by: the data's own digest, or else this very object."""
        return self._digest or f"in memory at {id(self)}"


def _without_maps(item: Any) -> Any:
    """An item without its label map; the number of a class stays."""
    if isinstance(item, (tuple, list)) and np.ndim(item[1]):
        return item[0]
    return item
