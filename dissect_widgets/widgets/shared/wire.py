"""What goes to a page and comes from it: text of any characters, and finite numbers.

Messages are UTF-8, which has no lone surrogates; names have them, such as those of files that are not UTF-8.
They travel as characters of a private plane, and come back as themselves. JSON has no NaN, which travels as
None.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

_SHIFT: Final = 0x10F800 - 0xD800
_ITSELF: Final = "\U0010f7ff"
"""Before a character of the private plane that stands for itself."""
_SENT: Final = re.compile("[\ud800-\udfff\U0010f7ff-\U0010ffff]")
_GOT: Final = re.compile("\U0010f7ff([\U0010f7ff-\U0010ffff])|[\U0010f800-\U0010ffff]")


def to_page(value: Any) -> Any:
    """A value as messages can hold it."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return _SENT.sub(_stands_for, value)
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
        return _GOT.sub(lambda found: found[1] or chr(ord(found[0]) - _SHIFT), value)
    if isinstance(value, dict):
        return {from_page(name): from_page(part) for name, part in value.items()}
    if isinstance(value, list):
        return [from_page(part) for part in value]
    return value


def _stands_for(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(code + _SHIFT) if code < _SHIFT else _ITSELF + found[0]
