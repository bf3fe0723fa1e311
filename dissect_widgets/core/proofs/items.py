"""Proofs about the items of data: what they are, whose classes count, and that they stay the same.

>>> for proof in prove_items(as_data(photos)): print(proof)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dissect_widgets.core.data.batches import difference, read_item
from dissect_widgets.core.data.item_classes import ItemClasses
from dissect_widgets.core.data.items import class_of
from dissect_widgets.core.data.pixels import describe
from dissect_widgets.core.data.targets import as_class, may_be_class, same_class
from dissect_widgets.core.data.views import image_name, item_at
from dissect_widgets.core.proofs.report import Proof
from dissect_widgets.errors import DataError

_LOOKED_AT = 4
"""Items that are looked at, spread over the data."""


def prove_items(data: Any) -> list[Proof]:
    """What a few items are, and whether they are the same when they are read again.

    Parameters
    ----------
    data
        Images, with label maps if they have a `vocabulary`; see `containers.as_data`.
    """
    what = "image" if getattr(data, "vocabulary", None) is None else "image with a label map"
    claim = f"an item is an {what} like all others"
    numbers = _spread(len(data))
    try:
        items = [read_item(data, number) for number in numbers]
    except DataError as error:
        return [Proof("data", claim, "refused", str(error))]
    forms = [_form(item) for item in items]
    unlike = next((place for place, form in enumerate(forms) if form != forms[0]), None)
    if unlike is not None:
        names = image_name(data, numbers[0]), image_name(data, numbers[unlike])
        seen = f"{names[0]} is {forms[0]}, {names[1]} is {forms[unlike]}"
        return [Proof("data", claim, "refused", seen, "Resize them in the data.")]
    seen = f"{len(numbers)} of {len(data)} are {forms[0]}"
    return [Proof("data", claim, "proved", seen), _steady(data, numbers, items)]


def prove_classes(data: Any) -> Proof:
    """Whether a few items say the same class as `data.targets`; what items say counts."""
    claim, classes = "`data.targets` are the classes of the items", ItemClasses(data)
    if classes.listed is None:
        return Proof("targets", claim, "chosen", "the data have no `targets`; each item says its class")
    try:
        return _compared(data, classes, classes.listed, claim)
    except DataError as error:
        return Proof("targets", claim, "refused", str(error))


def _compared(data: Any, classes: ItemClasses, listed_classes: Sequence[Any], claim: str) -> Proof:
    numbers = _spread(len(data))
    for number in numbers:
        value, listed = class_of(item_at(data, number), image_name(data, number)), listed_classes[number]
        if not may_be_class(value):
            return Proof("targets", claim, "chosen", "items do not say their class; `data.targets` count")
        if not same_class(value, listed, classes.given_names):
            seen = f"{image_name(data, number)} says {describe(value)}, `data.targets` {describe(listed)}"
            return Proof("targets", claim, "chosen", f"{seen}; items count")
        as_class(value, image_name(data, number), classes.given_names)
    return Proof("targets", claim, "proved", f"the same for {len(numbers)} of {len(data)} items")


def _steady(data: Any, numbers: list[int], items: list[tuple[Any, Any]]) -> Proof:
    claim = "an item is the same when it is read again"
    for number, item in zip(numbers, items, strict=True):
        seen = difference(item, read_item(data, number))
        if seen:
            advice = "Leave out augmentation, or read the images once, into InMemory(data)."
            return Proof("data", claim, "refused", f"of {image_name(data, number)} {seen}", advice)
    return Proof("data", claim, "proved", f"{len(numbers)} items were read twice")


def _form(item: tuple[Any, Any]) -> str:
    image, labels = item
    return describe(image) if labels is None else f"{describe(image)} with {describe(labels)}"


def _spread(count: int) -> list[int]:
    """Numbers of a few items, from the first to the last."""
    places = np.linspace(0, count - 1, min(count, _LOOKED_AT)).round()
    return sorted({int(place) for place in places})
