"""Names of classes in the order of their numbers, however they are given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from os import PathLike
from typing import Any

import numpy as np

from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.core.data.items import CLASS_KEYS
from dissect_widgets.core.data.pixels import describe
from dissect_widgets.core.data.targets import as_class
from dissect_widgets.errors import SettingError, nearest, shown

_WORDNET_ID = re.compile(r"n\d{8}")
_SENSES = 2
"""As many classes may have one name, as in ImageNet "crane" has, a bird and a machine; more are a mistake."""
_FORMS = "a list of names, {0: name, ...}, or {name: 0, ...}"


def class_names(classes: Any) -> tuple[str, ...] | None:
    """Names of classes, all different; None of None.

    Parameters
    ----------
    classes
        A list, array or Series of names; {0: name} with numbers or digits in any order, as `config.id2label`;
        {name: 0}, as `class_to_idx`; a feature of Hugging Face's data sets, or a mapping with one; an Enum; a
        configuration with `id2label`, or weights of torchvision, with their `meta["categories"]`. A tuple of
        synonyms may stand in place of a name; the first is taken.

    Returns
    -------
    tuple of str
        A name that two classes have is made different: by all synonyms of a class, else by its number, as
        "crane (134)" and "crane (517)".

    Raises
    ------
    SettingError
        If these are not names, or their numbers are not 0, 1, 2 ...
    """
    if classes is None:
        return None
    synonyms = _synonyms(classes)
    names = [first for first, *_ in synonyms]
    uses = Counter(names)
    names = [", ".join(all_of) if uses[all_of[0]] > 1 else all_of[0] for all_of in synonyms]
    uses = Counter(names)
    names = [f"{name} ({number})" if uses[name] > 1 else name for number, name in enumerate(names)]
    many = next((name for name in uses if uses[name] > _SENSES), None) or _repeated(names)
    if many is not None:
        raise SettingError(f"Classes must have different names; {shown(many)} is there more than once.")
    return tuple(names)


def _repeated(names: list[str]) -> str | None:
    return next((name for name, uses in Counter(names).items() if uses > 1), None)


def matched_classes(names: Sequence[str], among: Sequence[str]) -> Int64s:
    """Number that each name has among others, int64 (names,).

    Raises
    ------
    SettingError
        If one is not among them.
    """
    if [_stem(name) for name in names] == [_stem(name) for name in among]:
        return np.arange(len(among))
    places = {name: place for place, name in enumerate(among)}
    unknown = [name for name in names if name not in places]
    if unknown:
        raise SettingError(f"`classes` has no {shown(unknown[0])} of the data.{nearest(unknown[0], places)}")
    return np.array([places[name] for name in names], np.int64)


def _stem(name: str) -> str:
    """First synonym of a name, without its number."""
    return re.sub(r" \(\d+\)$", "", name).split(", ")[0]


def class_names_of_data(data: Any) -> Any:
    """What names the classes of items by their numbers: `classes`, or the feature of their class, if any.

    A `target_transform` renumbers classes; unless it gives each a number of its own, nothing names them.
    """
    classes = getattr(data, "classes", None)
    if classes is None:
        features = getattr(data, "features", None)
        return _only_feature(features) if isinstance(features, Mapping) else None
    is_list = isinstance(classes, (list, tuple))
    if callable(classes) or (is_list and any(isinstance(name, PathLike) for name in classes)):
        return None  # such as the tables of a MaskFolder
    transform = getattr(data, "target_transform", None)
    return (
        classes
        if transform is None
        else _renumbered(names_in_order(classes), class_names(classes) or (), transform)
    )


def _renumbered(listed: list[Any], names: Sequence[str], transform: Callable[[int], Any]) -> list[Any] | None:
    """Names in the order of the numbers that classes are changed to."""
    try:
        numbers = [as_class(transform(number), "", names) for number in range(len(listed))]
    except Exception:  # of a function of the user's
        return None
    if sorted(numbers) != list(range(len(listed))):
        return None
    return [listed[numbers.index(number)] for number in range(len(listed))]


def _synonyms(classes: Any) -> list[tuple[str, ...]]:
    """Names of each class, one or more."""
    return [_names_of_one(name, number) for number, name in enumerate(names_in_order(classes))]


def _names_of_one(value: Any, number: int) -> tuple[str, ...]:
    parts = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    words = [part for part in parts if not (isinstance(part, str) and _WORDNET_ID.fullmatch(part))]
    names = tuple(str(part) for part in words or parts if _is_name(part))
    if not names or len(names) != len(words or parts) or not names[0].strip():
        raise SettingError(f"Class {number} has the name {describe(value)}; allowed are texts, or numbers.")
    return names


def _is_name(value: Any) -> bool:
    is_number = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return isinstance(value, (str, np.str_)) or is_number


def names_in_order(classes: Any) -> list[Any]:
    """Names by number, or what stands for them, from all forms that `class_names` takes."""
    if isinstance(classes, type) and issubclass(classes, Enum):
        return _by_number({member.name: member.value for member in classes})
    for attribute in ("id2label", "names"):  # of a configuration; of a feature
        found = getattr(classes, attribute, None)
        if isinstance(found, (Mapping, list, tuple)) and not hasattr(classes, "to_numpy"):
            return names_in_order(found)
    meta = getattr(classes, "meta", None)
    if isinstance(meta, Mapping):
        classes = meta
    if isinstance(classes, Mapping):
        if "categories" in classes:
            return names_in_order(classes["categories"])
        feature = _only_feature(classes)
        return names_in_order(feature) if feature is not None else _by_number(classes)
    index = getattr(classes, "index", None)
    if hasattr(classes, "to_numpy") and index is not None and list(index) != list(range(len(classes))):
        raise SettingError(
            "The names of classes are a Series whose index is not 0, 1, 2 ...; reset it, or give a list."
        )
    if isinstance(classes, (str, bytes, set, frozenset)) or not isinstance(classes, Iterable):
        more = ", which has no order" if isinstance(classes, (set, frozenset)) else ""
        raise SettingError(f"classes is {describe(classes)}{more}; it must be {_FORMS}.")
    return list(classes)


def _by_number(given: Mapping[Any, Any]) -> list[Any]:
    """Names of a mapping of numbers to names, or of names to numbers."""
    inverted = bool(given) and all(map(_is_number, given.values()))
    pairs = [(value, key) if inverted else (key, value) for key, value in given.items()]
    bad = [number for number, _ in pairs if not (_is_number(number) or (not inverted and _is_digits(number)))]
    if bad:
        raise SettingError(
            f"classes has {describe(bad[0])} where the number of a class should be; allowed is {_FORMS}."
        )
    by_number = {int(number): name for number, name in pairs}
    if sorted(by_number) != list(range(len(given))):
        missing = sorted(set(range(len(given))) - set(by_number))
        raise SettingError(
            f"classes has {len(given)} names, but none for {missing[0]}; they must be numbered 0 to "
            f"{len(given) - 1}, each once."
        )
    return [by_number[number] for number in range(len(given))]


def _only_feature(features: Mapping[Any, Any]) -> Any:
    """The feature that names classes, of Hugging Face's features; None if there is not one."""
    named = [
        feature
        for key, feature in features.items()
        if str(key).casefold() in CLASS_KEYS and isinstance(getattr(feature, "names", None), (list, tuple))
    ]
    return named[0].names if len(named) == 1 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()
