"""What goes to a page and comes from it: text of any characters, and finite numbers.

Messages are UTF-8, which has no lone surrogates; names have them, such as those of files that are not UTF-8.
They travel as characters of a private plane, and come back as themselves. JSON has no NaN, which travels as
None.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

_PLANE: Final = 0x10F000
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_STANDS_FOR_ONE: Final = re.compile(f"[{chr(_PLANE + 0x800)}-{chr(_PLANE + 0xFFF)}]")


def to_page(value: Any) -> Any:
    """A value as messages can hold it."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return _SURROGATE.sub(lambda found: chr(_PLANE + ord(found[0]) - 0xD000), value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {to_page(name): to_page(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_page(part) for part in value]
    return value


def from_page(value: Any) -> Any:
    """A value as it was before `to_page`; numbers stay as they are."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return _STANDS_FOR_ONE.sub(lambda found: chr(ord(found[0]) - _PLANE + 0xD000), value)
    if isinstance(value, dict):
        return {from_page(name): from_page(part) for name, part in value.items()}
    if isinstance(value, list):
        return [from_page(part) for part in value]
    return value
