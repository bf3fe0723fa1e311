"""The classes of the items of a data set: what the items say, and what names them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.core.data.class_names import class_names, class_names_of_data
from dissect_widgets.core.data.items import class_of
from dissect_widgets.core.data.targets import as_class, as_classes, may_be_class, same_class
from dissect_widgets.core.data.views import image_name, is_for_each, item_at
from dissect_widgets.errors import DataError

_LOOKED_AT = 4
"""Images of different classes whose items are compared with `data.targets` before names are relied on."""


class ItemClasses:
    """Classes of items, as numbers that the data give them.

    What an item says counts; `data.targets` are for items that say nothing, such as images with label maps.

    Parameters
    ----------
    data
        Any data set; see `containers.as_data`.

    Raises
    ------
    SettingError
        If what names the classes of the data is no list of names.
    """

    def __init__(self, data: Any) -> None:
        self.data = data
        self.given_names = class_names(class_names_of_data(data))
        self._transformed = getattr(data, "target_transform", None) is not None

    @cached_property
    def names(self) -> tuple[str, ...] | None:
        """Names of the classes, if their numbers are those of the items."""
        return None if self.given_names is None or self._differ() else self.given_names

    @cached_property
    def listed(self) -> Sequence[Any] | None:
        """`data.targets`, if there is one for each image."""
        listed = getattr(self.data, "targets", None)
        return listed if is_for_each(listed, "targets", self.data) else None

    def listed_numbers(self) -> Int64s | None:
        """`data.targets` as numbers, int64 (images,), if they are numbers."""
        if self.listed is None:
            return None
        try:
            return as_classes(self.listed, len(self.data), None, str)
        except DataError:
            return None

    def number(self, item: Any, index: int, names: Sequence[str] | None) -> int:
        """Class of an item.

        Parameters
        ----------
        item, index
            The item, and its number.
        names
            Of the classes, if they are known.

        Raises
        ------
        DataError
            If it has none, or another than in `data.targets`, whose names are those of its number.
        """
        name, value = image_name(self.data, index), class_of(item, image_name(self.data, index))
        if self._transformed or self.listed is None:
            return as_class(value, name, names)
        if not may_be_class(value):
            return as_class(self.listed[index], name, names)
        number = as_class(value, name, names)
        if self.names is not None and not same_class(number, self.listed[index], self.names):
            raise DataError(
                f"{name} is of class {number}, but {self.listed[index]} in `data.targets`, so it is not sure "
                "which names the classes have. Give `targets`, and `classes`."
            )
        return number

    def _differ(self) -> bool:
        """Whether the first items are of other classes than `data.targets`, whose names the names are."""
        if self.listed is None or self._transformed:
            return False
        first = {str(target): place for place, target in reversed(list(enumerate(self.listed)))}
        for place in sorted(first.values())[:_LOOKED_AT]:
            try:
                value = class_of(item_at(self.data, place))
            except DataError:  # which is reported in its turn
                continue
            if not may_be_class(value):
                return False
            if not same_class(value, self.listed[place], self.given_names):
                return True
        return False
