"""Data sets as they come, as something that has a length and gives items by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    IterableDataset,
    SequentialSampler,
    Subset,
    default_collate,
    default_convert,
)

from dissect_widgets.core.data.items import IMAGE_KEYS
from dissect_widgets.core.data.pixels import describe
from dissect_widgets.core.data.views import View, has_length, item_at, view_of
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.errors import DataError


def as_data(data: Any) -> Any:
    """Data with a length, whose items are read by number; the same object where it is that already.

    Parameters
    ----------
    data
        A data set of torch or one like it; a list; a tensor or array of images; a mapping of numbers or names
        to items; a `DataLoader` whose items are those of its data set, in order.

    Raises
    ------
    DataError
        If it is something that can only be read once or in another order, a single item, or the parts of a
        `ConcatDataset` have different classes or vocabularies.
    """
    if isinstance(data, DataLoader):
        return as_data(_of_loader(data))
    if isinstance(data, (Tensor, np.ndarray)):
        return _checked_stack(data)
    if isinstance(data, Mapping):
        return _of_mapping(data)
    _refuse_others(data)
    if isinstance(data, (Subset, ConcatDataset)):
        return view_of(data)
    vocabulary = getattr(data, "vocabulary", None)
    if vocabulary is not None and not isinstance(vocabulary, Vocabulary):
        raise DataError(
            f"The `vocabulary` of the data is {describe(vocabulary)}; it must be a Vocabulary of (name, "
            "category), whose concepts label maps number from 1."
        )
    return data


def _of_loader(loader: DataLoader[Any]) -> Any:
    """Data set of a loader, if that is what the loader goes through, in order and unchanged."""
    change = ""
    batches = loader.batch_sampler
    count = len(loader.dataset) if hasattr(loader.dataset, "__len__") else None
    if loader.collate_fn not in (default_collate, default_convert):
        change = "has a collate_fn, which may change items"
    elif isinstance(loader.dataset, IterableDataset):
        pass
    elif type(loader.sampler) is not SequentialSampler:
        change = f"goes through its data by a {type(loader.sampler).__name__}, not in order"
    elif batches is not None and type(batches) is not BatchSampler:
        change = f"goes through its data by a {type(batches).__name__}, not in order"
    elif loader.drop_last and count is not None and loader.batch_size and count % loader.batch_size:
        change = f"drops the last {count % loader.batch_size} of its {count} items"
    if change:
        raise DataError(
            f"The DataLoader {change}. Give its data set, `loader.dataset`; or a loader with neither "
            "shuffle, sampler, collate_fn nor drop_last."
        )
    return loader.dataset


def _of_mapping(data: Mapping[Any, Any]) -> Any:
    """Data of a mapping: numbers from 0 to items, or names to items."""
    keys = list(data)
    if keys and all(isinstance(key, (int, np.integer)) and not isinstance(key, bool) for key in keys):
        if sorted(keys) != list(range(len(keys))):
            raise DataError(
                f"The data are a {type(data).__name__} whose keys are not 0 to {len(keys) - 1}; give "
                "`list(data.values())`."
            )
        return View(data, range(len(keys)))
    held = next(iter(data.values()), None)
    if hasattr(held, "__getitem__") and hasattr(held, "__len__") and hasattr(held, "features"):
        raise DataError(f"The data are several data sets, {', '.join(map(repr, keys))}; give one of them.")
    if any(str(key).casefold() in IMAGE_KEYS for key in keys) or not all(
        isinstance(key, str) for key in keys
    ):
        raise DataError(
            f"The data are a {type(data).__name__} with the keys {', '.join(map(repr, keys[:8]))}, which "
            "looks like one item, or like columns; give a list of items, such as [(image, class), ...]."
        )
    return View(data, keys, names=keys)


def _checked_stack(data: Any) -> Any:
    """Images, or latents, in one array."""
    if data.dtype == object:  # such as Pillow images
        return list(data) if data.ndim == 1 else [tuple(item) for item in data]
    if data.ndim == 3 and (data.shape[0] in (1, 3, 4) or data.shape[2] in (1, 3, 4)):
        raise DataError(
            f"The data are {describe(data)}, which looks like one image; give several, (n, 3, H, W), or "
            "`data[None]`."
        )
    if data.ndim < 2:
        raise DataError(f"The data are {describe(data)}; images are (n, 3, H, W).")
    return data


def _refuse_others(data: Any) -> None:
    """Raise DataError for what has no length or no items by number."""
    kind = type(data).__name__
    if isinstance(data, (str, bytes)) or hasattr(data, "__fspath__"):
        raise DataError(f"The data are {describe(data)}; PhotoFolder and MaskFolder read folders.")
    if isinstance(data, Image.Image):
        raise DataError(f"The data are {describe(data)}, one image; give a list of images.")
    if isinstance(data, (tuple, list)) and len(data) == 2 and getattr(data[0], "ndim", 0) == 4:
        raise DataError(f"The data are {describe(data)}; give them as TensorDataset(images, classes).")
    if hasattr(data, "iloc"):
        raise DataError(f"The data are a {kind}; give data whose items are images, or (image, class).")
    if is_indexed(data):
        return
    if isinstance(data, (set, frozenset)):
        raise DataError(f"The data are a {kind}, which has no order; give a list.")
    if hasattr(data, "__iter__"):
        raise DataError(
            f"The data are a {kind}, whose items cannot be read by number, and so not twice in one order. "
            "Hold them in memory: InMemory(data, images=1000) reads the first 1000."
        )
    lacks = "length" if hasattr(data, "__getitem__") else "items that are read by number"
    raise DataError(f"The data are a {kind}, which has no {lacks}; give a data set, or a list of images.")


def read_first(data: Any, count: int | None) -> tuple[int, Iterator[Any]]:
    """How many items there are at most, and these, read one by one.

    Parameters
    ----------
    data
        What `as_data` returns; or what can only be gone through, such as an iterable data set or a generator,
        of which nothing behind these items is read.
    count
        How many of the first; None for all, if it is known how many there are.

    Raises
    ------
    DataError
        If it is not known, or the data end before it.
    """
    length = len(data) if has_length(data) else None
    wanted = min((n for n in (count, length) if n is not None), default=None)
    if wanted is None:
        raise DataError(
            f"The data are a {type(data).__name__}, whose end is not known; say how many items to read: "
            "InMemory(data, images=1000)."
        )
    if is_indexed(data):
        return wanted, (item_at(data, index) for index in range(wanted))
    return wanted, _gone_through(data, wanted, length)


def _gone_through(data: Any, wanted: int, length: int | None) -> Iterator[Any]:
    read = 0
    for item in islice(data, wanted):
        read += 1
        yield item
    if read < wanted and length is not None:
        raise DataError(f"The data say that they have {length} items, but end after {read}.")


def is_indexed(data: Any) -> bool:
    """Whether items are read by number, in the same order each time."""
    return hasattr(data, "__getitem__") and not isinstance(data, IterableDataset) and has_length(data)


def iterable_or_data(data: Any) -> Any:
    """See `as_data`; what can only be gone through stays as it is."""
    if isinstance(data, DataLoader):
        data = _of_loader(data)
    only_iterable = (
        hasattr(data, "__iter__") and not is_indexed(data) and not isinstance(data, (set, frozenset))
    )
    return data if only_iterable else as_data(data)
