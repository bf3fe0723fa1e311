"""Questions of a page: what each may hold, and how much one answer may.

>>> class Images(Question, tag="images"):
...     images: Annotated[tuple[Number, ...], Meta(max_length=MOST_NUMBERS)]
...     side: Annotated[int, Meta(ge=1, le=1024)]
>>> read_question({"id": "a-1", "kind": "images", "images": [3], "side": 64}, Images)
Images(images=(3,), side=64)

What a page sends is checked before anything is done: its types, and bounds of every number, length and count.
Where a page asks for more than one answer holds, it gets the first of it, and asks again for the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from dissect_widgets.errors import SettingError

MOST_NUMBERS: Final = 256
"""Units or images that one question may name."""
ENOUGH_BYTES: Final = 4 * 2**20
"""Size at which an answer in parts ends: its last part may reach over it."""
ENOUGH_SECONDS: Final = 0.25
"""Time after which an answer in parts ends, so that the kernel does other work between the answers."""
MOST_BYTES: Final = 64 * 2**20
"""Size that no answer has."""
_LONGEST_KEY: Final = 64
_MOST_FIELDS: Final = 16
_LONGEST_REASON: Final = 300

Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""Number of a unit, an image or a layer."""
Numbers = Annotated[tuple[Number, ...], Meta(max_length=MOST_NUMBERS)]
Name = Annotated[str, Meta(max_length=20_000)]
"""Name of a class or a concept, which may be long."""
Item = TypeVar("Item")


class Question(msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, kw_only=True):
    """A question of a page; a subclass has a `tag`, which the page sends as `kind`, and the fields."""


def key_of(content: Any) -> str | int | None:
    """The key by which the page finds the answer to a question; None if there is none that a page makes."""
    key = content.get("id") if isinstance(content, dict) else None
    if isinstance(key, str):
        return key if len(key) <= _LONGEST_KEY and key.isascii() else None
    return key if type(key) is int and abs(key) < 2**53 else None


def read_question(content: Any, kinds: Any, buffers: Any = ()) -> Any:
    """Read a question.

    Parameters
    ----------
    content
        What the page has sent: anything.
    kinds
        The question that is allowed, or a union of them.
    buffers
        Binary data beside it: no question has any.

    Raises
    ------
    SettingError
        If it is not one of these questions, or a value is of another type or out of bounds.
    """
    if not isinstance(content, dict):
        raise SettingError(f"A question of the page is {type(content).__name__}; it must be an object.")
    if key_of(content) is None:
        raise SettingError(
            f"A question of the page has no id of at most {_LONGEST_KEY} plain characters, or a whole number."
        )
    if len(content) > _MOST_FIELDS or buffers:
        raise SettingError("A question of the page has binary data, or more parts than any question.")
    try:
        return msgspec.convert({name: value for name, value in content.items() if name != "id"}, kinds)
    except (msgspec.ValidationError, RecursionError) as error:
        raise SettingError(f"A question of the page is not allowed: {shortened(str(error))}.") from None


def shortened(text: str, longest: int = _LONGEST_REASON) -> str:
    """A text without its middle if it is long."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"


def first_of(items: Iterable[Item], size: Callable[[Item], int]) -> list[Item]:
    """The first parts of an answer, at least one, until they are enough in bytes or time.

    Parameters
    ----------
    items
        Parts, each made when its turn comes.
    size
        Bytes of a part.
    """
    end, total, taken = time.monotonic() + ENOUGH_SECONDS, 0, []
    for item in items:
        taken.append(item)
        total += size(item)
        if total >= ENOUGH_BYTES or time.monotonic() >= end:
            break
    return taken


def check_answer(content: dict[str, Any], buffers: list[bytes]) -> None:
    """Raise SettingError if an answer is too large to be sent."""
    size = sum(map(len, buffers)) + len(msgspec.json.encode(content))
    if size > MOST_BYTES:
        raise SettingError(
            f"The answer has {size / 2**20:.0f} MiB; the page gets at most {MOST_BYTES >> 20}."
        )
