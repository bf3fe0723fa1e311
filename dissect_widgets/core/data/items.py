"""What an item of a data set is: an image, and what comes with it.

An item is the image alone; a tuple or list that begins with it; or something with names, such as a mapping
(of Hugging Face's data sets), a named tuple or a dataclass, where the names say which part is the image, and
which its class or its label map.

>>> image_of({"img": image, "label": 3}), class_of({"img": image, "label": 3})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.data.pixels import can_be_image, describe
from dissect_widgets.errors import DataError

IMAGE_KEYS = ("image", "img", "pixel_values", "picture", "photo", "jpg", "jpeg", "png", "webp", "input", "x")
"""Names of an image in an item, in any case."""
CLASS_KEYS = (
    *("label", "labels", "target", "targets", "class", "cls", "class_id", "label_id", "category"),
    *("fine_label", "coarse_label", "y"),
)
"""Names of its class."""
LABEL_MAP_KEYS = (
    *("labels", "label", "label_map", "label_maps", "mask", "masks", "segmentation", "segmentation_mask"),
    *("semantic_mask", "annotation", "target", "targets"),
)
"""Names of its label map."""


def image_of(item: Any, name: str = "The item") -> Any:
    """Image of an item, as it comes; see `pixels.as_image`.

    Raises
    ------
    DataError
        If it is not sure which part of the item is the image.
    """
    named = _named(item)
    if named is not None:
        return _one_of(named, IMAGE_KEYS, can_be_image, "the image", name)
    if not isinstance(item, (tuple, list)):
        return item
    if not item or not (can_be_image(item[0]) or len(item) == 1 or not any(map(can_be_image, item))):
        raise DataError(f"{name} is {describe(item)}; its first element must be the image.")
    return item[0]


def class_of(item: Any, name: str = "The item") -> Any:
    """Class of an item as it comes, or whatever stands in its place; None if nothing does.

    Raises
    ------
    DataError
        If several parts of the item could be its class.
    """
    return _second(item, CLASS_KEYS, _can_be_class, "the class", name)


def label_map_of(item: Any, name: str = "The item") -> Any:
    """Label map of an item as it comes, or whatever stands in its place; None if nothing does.

    Raises
    ------
    DataError
        If several parts of the item could be its label map.
    """
    return _second(item, LABEL_MAP_KEYS, can_be_image, "the label map", name)


def checked_labels(labels: Any, concepts: int, name: str) -> AnyArray:
    """Label map (K, h, w) as an array; DataError if it is something else."""
    if isinstance(labels, Image.Image) and labels.mode in ("L", "P", "I", "I;16"):
        labels = np.asarray(labels)[None]
    if isinstance(labels, Tensor):
        labels = labels.detach().cpu().numpy()
    if not isinstance(labels, np.ndarray) or labels.ndim != 3 or labels.dtype.kind not in "iu":
        raise DataError(f"{name} has the labels {describe(labels)}; they must be integers (K, h, w).")
    low, high = int(labels.min(initial=0)), int(labels.max(initial=0))
    if low < 0 or high >= concepts:
        raise DataError(
            f"{name} has the label {low if low < 0 else high}; allowed are 0 (none) to {concepts - 1}, "
            "the concepts of the vocabulary."
        )
    return labels


def _second(item: Any, keys: Sequence[str], fits: Callable[[Any], bool], what: str, name: str) -> Any:
    """What an item has beside its image."""
    named = _named(item)
    if named is None:
        second = item[1] if isinstance(item, (tuple, list)) and len(item) > 1 else None
        named = _named(second)
        if named is None:
            return second
    present = [key for key in named if _plain(key) in keys and named[key] is not None]
    if not any(fits(named[key]) for key in present):
        return named[present[0]] if present else None
    return _one_of(named, keys, fits, what, name)


def _one_of(
    named: Mapping[Any, Any], keys: Sequence[str], fits: Callable[[Any], bool], what: str, name: str
) -> Any:
    """The one value under some keys; if there are several, they must be the same."""
    found = [key for key in named if _plain(key) in keys and named[key] is not None and fits(named[key])]
    if found and all(_same(named[found[0]], named[key]) for key in found[1:]):
        return named[found[0]]
    has = ", ".join(f"{key!r}: {describe(value)}" for key, value in named.items())
    problem = (
        f"{what} could be {' or '.join(repr(key) for key in found)}"
        if found
        else f"{what} must be under one of {', '.join(map(repr, keys))}"
    )
    raise DataError(
        f"{name} has {{{has}}}; {problem}. Give a data set whose items are tuples (image, class), or (image, "
        "label map)."
    )


def _named(value: Any) -> Mapping[Any, Any] | None:
    """Parts of a value by their names; None if they have none."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, (Tensor, np.ndarray, Image.Image, str, bytes, int, float, type)) or value is None:
        return None
    if isinstance(value, tuple):
        names = getattr(value, "_fields", ())
        parts = dict(zip(names, value, strict=False))  # a plain tuple has no names
        return parts if any(_plain(key) in IMAGE_KEYS for key in parts) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, list) or hasattr(value, "__array__"):
        return None
    return dict(vars(value)) if hasattr(value, "__dict__") and vars(value) else None


def _plain(key: Any) -> str:
    return str(key).casefold().lstrip(".")


def _can_be_class(value: Any) -> bool:
    return (
        not isinstance(value, (Image.Image, Mapping)) and np.ndim(value if hasattr(value, "ndim") else 0) <= 1
    )


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, Image.Image) or isinstance(other, Image.Image):
        return False
    if isinstance(one, str) or isinstance(other, str):
        return bool(isinstance(one, str) and isinstance(other, str) and one == other)
    try:
        return bool(np.array_equal(np.asarray(one), np.asarray(other)))
    except (ValueError, TypeError):  # of lists of unlike things
        return False
