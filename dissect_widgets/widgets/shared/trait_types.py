"""Traits that take a value of their type and range only, whoever sets them: Python, or the page.

Those of traitlets take NaN as a number within any range, True as 1, and text of any length; and their
errors repeat a bad value whole.
"""

from __future__ import annotations

import math
import numbers
from typing import Any, NoReturn

import traitlets
from traitlets import TraitError

from dissect_widgets.widgets.shared.messages import shortened

LONGEST_NAME = 20_000
"""Characters of a name that a trait holds."""
MOST_PIXELS = 8192
"""Width or height of a widget."""
_LONGEST_SHOWN = 120


class _Exact:
    """A trait whose error says its name, the bad value and what is allowed."""

    name: str | None
    allow_none: bool
    allowed = "another value"

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        """Raise TraitError."""
        said = shortened(
            repr(value) if isinstance(value, (str, numbers.Number)) else _kind(value), _LONGEST_SHOWN
        )
        none = " or None" if self.allow_none else ""
        raise TraitError(f"{self.name} is {said}; it must be {self.allowed}{none}.")


class Whole(_Exact, traitlets.TraitType[Any, Any]):
    """A whole number from `least` to `most`; those of NumPy become Python's."""

    def __init__(self, default: Any = 0, *, least: int = 0, most: int = 2**53, **options: Any) -> None:
        super().__init__(default, **options)
        self.least, self.most = least, most
        self.allowed = f"a whole number from {least} to {most}"

    def validate(self, obj: Any, value: Any) -> int:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            self.error(obj, value)
        if not self.least <= int(value) <= self.most:
            self.error(obj, value)
        return int(value)


class Real(_Exact, traitlets.TraitType[Any, Any]):
    """A finite number from `least` to `most`; those of NumPy become Python's."""

    def __init__(
        self, default: Any = 0.0, *, least: float = -1e300, most: float = 1e300, **options: Any
    ) -> None:
        super().__init__(default, **options)
        self.least, self.most = least, most
        span = "a finite number" if most >= 1e300 else f"a number from {least:g} to {most:g}"
        self.allowed = span

    def validate(self, obj: Any, value: Any) -> float:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            self.error(obj, value)
        if not self.least <= value <= self.most:  # type: ignore[operator]  # False for NaN
            self.error(obj, value)
        assert math.isfinite(value)
        return float(value)


class Text(_Exact, traitlets.TraitType[str, str]):
    """Text of at most `longest` characters."""

    def __init__(self, default: Any = "", *, longest: int = LONGEST_NAME, **options: Any) -> None:
        super().__init__(default, **options)
        self.longest = longest
        self.allowed = f"text of at most {longest} characters"

    def validate(self, obj: Any, value: Any) -> str:
        """Return the text."""
        if not isinstance(value, str) or len(value) > self.longest:
            self.error(obj, value)
        return str(value)


class Choice(_Exact, traitlets.TraitType[bool, bool]):
    """True or False."""

    allowed = "True or False"

    def validate(self, obj: Any, value: Any) -> bool:
        """Return the value."""
        if not isinstance(value, bool):
            self.error(obj, value)
        return bool(value)


class Items(traitlets.List[Any]):
    """A list whose elements are of a trait's type."""

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        """Raise TraitError."""
        what = "an element that is not allowed" if error is not None else _kind(value)
        why = f": {shortened(str(error), _LONGEST_SHOWN)}" if isinstance(error, TraitError) else ""
        raise TraitError(f"{self.name} has {what}{why}; it must be a list of {self._trait.info()}s.")


def _kind(value: Any) -> str:
    return f"a value of the type {type(value).__name__}"
