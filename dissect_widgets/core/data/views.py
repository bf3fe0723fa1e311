"""Some items of other data, with the attributes that belong to them.

What belongs to items follows them: the names and targets of a `Subset` are those of its items.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from torch.utils.data import ConcatDataset, Subset

from dissect_widgets.errors import DataError

_FOR_ALL = ("classes", "vocabulary", "target_transform", "features")
"""Attributes of data that do not depend on which of their items are taken."""
_FOR_EACH = ("targets", "names")
"""Attributes that have an entry for each item."""


class View:
    """Items of some data under numbers from 0, with the attributes that belong to them.

    Parameters
    ----------
    data
        What the items are read from, by `data[key]`.
    keys
        Of the items, in order.
    attributes
        Such as `classes`, `names`, `targets`, `vocabulary` and `digest`.
    """

    def __init__(self, data: Any, keys: Sequence[Any], **attributes: Any) -> None:
        self.data, self.keys = data, keys
        for name, value in attributes.items():
            setattr(self, name, value)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Any:
        return self.data[self.keys[index]]


def view_of(data: Subset[Any] | ConcatDataset[Any]) -> View:
    """View of a part of some data, or of several data sets one after the other.

    Raises
    ------
    DataError
        If the parts have different classes or vocabularies.
    """
    attributes = attributes_of(data)
    if has_digest(data):
        attributes["digest"] = partial(_digest, data)
    return View(data, range(len(data)), **attributes)


def image_name(data: Any, index: int) -> str:
    """Name of an image of the data; its number where they have no names."""
    names: Any = getattr(data, "names", None)
    return str(names[index]) if is_for_each(names, "names", data) else f"image {index}"


def item_at(data: Any, index: int) -> Any:
    """Item of data; DataError if there is none, or it cannot be read."""
    try:
        return data[index]
    except (LookupError, OSError) as error:
        raise DataError(
            f"{image_name(data, index)} cannot be read, number {index} of data whose len() is {len(data)}: "
            f"{type(error).__name__}: {error}"
        ) from error


def has_digest(data: Any) -> bool:
    """Whether data have a `digest()`, or are made of such."""
    if isinstance(data, Subset):
        return has_digest(data.dataset)
    if isinstance(data, ConcatDataset):
        return all(map(has_digest, data.datasets))
    return callable(getattr(data, "digest", None))


def _digest(data: Any) -> str:
    """Digest of data that have one, of a subset with its indices."""
    if isinstance(data, Subset):
        described = f"{[int(index) for index in data.indices]} of {_digest(data.dataset)}"
    elif isinstance(data, ConcatDataset):
        described = " and ".join(map(_digest, data.datasets))
    else:
        return str(data.digest())
    return hashlib.sha256(described.encode()).hexdigest()


def attributes_of(data: Any) -> dict[str, Any]:
    """Attributes of data that are true of its items, a subset's by its indices."""
    if isinstance(data, Subset):
        whole = attributes_of(data.dataset)
        count = len(data.dataset)  # type: ignore[arg-type]  # a subset is of something with a length
        inherited = {name: whole[name] for name in _FOR_ALL if name in whole}
        for name in _FOR_EACH:
            if name in whole and len(whole[name]) == count:
                inherited[name] = [whole[name][int(index)] for index in data.indices]
    elif isinstance(data, ConcatDataset):
        inherited = _joined([attributes_of(part) for part in data.datasets])
    else:
        inherited = {}
    own = {name: getattr(data, name, None) for name in (*_FOR_ALL, *_FOR_EACH)}
    return inherited | {name: value for name, value in own.items() if is_for_each(value, name, data)}


def is_for_each(value: Any, name: str, data: Any) -> bool:
    """Whether an attribute is there, and has an entry for each item where it must."""
    if name not in _FOR_EACH:
        return value is not None
    if isinstance(value, (str, Mapping)) or not hasattr(value, "__getitem__"):  # such as names of classes
        return False
    return has_length(value) and has_length(data) and len(value) == len(data)


def has_length(data: Any) -> bool:
    """Whether it is known how many there are."""
    try:
        return len(data) >= 0
    except (TypeError, NotImplementedError):
        return False


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Attributes of parts one after the other."""
    joined: dict[str, Any] = {}
    for name in ("classes", "vocabulary"):
        values = [part.get(name) for part in parts]
        if any(_plain(value) != _plain(values[0]) for value in values):
            counts = ", ".join("none" if value is None else str(len(value)) for value in values)
            raise DataError(
                f"The parts of the ConcatDataset have different `{name}` ({counts}), so a number in one "
                "means something else in another. Give data with the same in all parts."
            )
        joined[name] = values[0]
    transforms = [part.get("target_transform") for part in parts]
    joined["target_transform"] = transforms[0] if len(set(map(id, transforms))) == 1 else _unlike
    for name in _FOR_EACH:
        if all(name in part for part in parts):
            joined[name] = [value for part in parts for value in part[name]]
    return {name: value for name, value in joined.items() if value is not None}


def _unlike(target: Any) -> Any:
    raise DataError(f"Parts of the data change the number {target} of a class in different ways.")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Iterable) and not isinstance(value, (str, Mapping)) else value
