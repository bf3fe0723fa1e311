"""Classes of images as they come, as numbers from 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray, Int64s
from dissect_widgets.core.data.pixels import describe
from dissect_widgets.errors import DataError, SettingError, nearest, shown

_ADVICE = (
    ' Give `targets`, one number for each image, or targets="predicted" to use the predictions of the model '
    "as labels."
)


def as_class(value: Any, name: str, classes: Sequence[str] | None) -> int:
    """Number of the class of an image.

    Parameters
    ----------
    value
        A number from 0, also as an array of one or as a float without a fraction; a name among the `classes`;
        or, where their number is known, a one-hot vector.
    name
        Of the image, for errors.
    classes
        Names of the classes that are numbered, if they are known.

    Raises
    ------
    DataError
        If it is something else.
    """
    value = _plain(value)
    if isinstance(value, (np.ndarray, np.generic)) and value.size == 1 and value.ndim <= 1:
        value = value.item()
    if isinstance(value, str):
        return _number_of(value, name, classes)
    if isinstance(value, np.ndarray):
        return _hot(value, name, classes)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not float(value).is_integer():
        what = "nothing" if value is None else describe(value)
        raise DataError(f"{name} has {what} where its class should be.{_ADVICE}")
    number = int(value)
    if number < 0 or (classes is not None and number >= len(classes)):
        last = f"0 to {len(classes) - 1}" if classes is not None else "0 and above"
        raise DataError(f"{name} is of class {number}; allowed are {last}.")
    return number


def as_classes(
    values: Any, images: int, classes: Sequence[str] | None, name_of: Callable[[int], str]
) -> Int64s:
    """Numbers of the classes of all images, int64 (images,); see `as_class`.

    Raises
    ------
    SettingError
        If there is not one for each image.
    DataError
        If one is not a class.
    """
    if isinstance(values, Tensor):
        values = _plain(values)
    if isinstance(values, (str, bytes, Mapping, set, frozenset)) or not hasattr(values, "__len__"):
        raise SettingError(
            f"targets is {describe(values)}; it may be numbers of classes, one for each image, or "
            "'predicted'."
        )
    listed = np.asarray(values) if hasattr(values, "__array__") else list(values)
    if len(listed) != images:
        raise SettingError(f"There are {len(listed)} targets for {images} images.")
    if isinstance(listed, np.ndarray) and listed.ndim == 1 and listed.dtype.kind in "iu" and images:
        bad = (listed < 0) | (False if classes is None else listed >= len(classes))
        if not bad.any():
            return listed.astype(np.int64)
    numbers = [as_class(value, name_of(index), classes) for index, value in enumerate(listed)]
    return np.array(numbers, np.int64)


def _number_of(value: str, name: str, classes: Sequence[str] | None) -> int:
    if classes is None:
        raise DataError(
            f"{name} is of class {shown(value)}, but no names of classes are known; give `classes`."
        )
    matches = [number for number, known in enumerate(classes) if known == value]
    if len(matches) != 1:
        raise DataError(
            f"{name} is of class {shown(value)}, which is not among them.{nearest(value, classes)}"
        )
    return matches[0]


def _hot(array: AnyArray, name: str, classes: Sequence[str] | None) -> int:
    """Number of the one class of a one-hot vector."""
    if array.ndim != 1:
        what = f"labels of shape {array.shape}"
        raise DataError(f"{name} has {what} where its class should be.{_ADVICE}")
    is_hot = array.dtype.kind in "biuf" and np.isin(array, (0, 1)).all() and array.sum() == 1
    if not is_hot or classes is None or len(array) != len(classes):
        known = "" if classes is None else f" of {len(classes)} classes"
        raise DataError(
            f"{name} has {len(array)} numbers where its class should be; allowed is one number, or a one-hot "
            f"vector{known} whose names are known.{_ADVICE}"
        )
    return int(array.argmax())


def may_be_class(value: Any) -> bool:
    """Whether what an item has beside its image may be a class, and is not a label map, or nothing."""
    return value is not None and not isinstance(value, Image.Image) and getattr(_plain(value), "ndim", 0) < 2


def has_names(values: Any) -> bool:
    """Whether targets are names, or one-hot vectors, which only names of classes make numbers of."""
    if hasattr(values, "dtype"):
        array = np.asarray(_plain(values))
        return array.ndim == 2 or array.dtype.kind in "OUS"
    first = values[0] if isinstance(values, (list, tuple)) and values else None
    return isinstance(first, str) or getattr(_plain(first), "ndim", 0) == 1


def same_class(value: Any, other: Any, classes: Sequence[str] | None) -> bool:
    """Whether two things are the same class."""
    try:
        return as_class(value, "", classes) == as_class(other, "", classes)
    except DataError:
        return False


def _plain(value: Any) -> Any:
    """A tensor, or a list of single values, as an array; anything else as it is."""
    if isinstance(value, Tensor):
        plain = value.detach().cpu()
        return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    if isinstance(value, (list, tuple)) and value:
        parts = [_plain(part) for part in value]
        is_single = [
            isinstance(part, (bool, int, float, str)) or getattr(part, "ndim", 1) == 0 for part in parts
        ]
        return np.array(parts) if all(is_single) else value
    return value
