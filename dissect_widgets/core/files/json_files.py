"""JSON that others may have written: of bounded size and depth, and nothing in it that JSON does not know."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from dissect_widgets.errors import DissectError, SavedError, shortened, shown

MOST_BYTES = 256 << 20
"""Larger files are refused before they are read."""
DEEPEST = 64
"""Lists and dicts within one another."""


def read_json(
    path: Path,
    *,
    most_bytes: int = MOST_BYTES,
    deepest: int = DEEPEST,
    error: type[DissectError] = SavedError,
) -> Any:
    """Read a JSON file in UTF-8.

    Parameters
    ----------
    path
        The file.
    most_bytes, deepest
        Its largest size, and how deep lists and dicts may lie within one another.
    error
        What is raised if it cannot be read, or holds something else; the message names the file.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as failure:
        raise error(f"{shortened(path)} cannot be read: {failure.strerror or failure}.") from failure
    return parse_json(content, name=shortened(path), most_bytes=most_bytes, deepest=deepest, error=error)


def parse_json(
    content: bytes,
    *,
    name: str,
    most_bytes: int = MOST_BYTES,
    deepest: int = DEEPEST,
    error: type[DissectError] = SavedError,
) -> Any:
    """Parse JSON; `name` says in messages what it is, the rest is as in `read_json`."""
    if len(content) > most_bytes:
        raise error(f"{name} is too large: more than {most_bytes} bytes.")
    try:
        value = json.loads(
            content.decode("utf-8-sig"), parse_constant=_no_number, object_pairs_hook=_without_duplicates
        )
        _check(value, deepest)
    except RecursionError:
        raise error(f"{name} is damaged: lists lie more than {deepest} deep in one another.") from None
    except ValueError as failure:  # with those of bad UTF-8 and of endless digits
        raise error(f"{name} is damaged: {shortened(failure)}.") from failure
    return value


def json_text(value: Any, *, name: str, indent: int | None = 1) -> str:
    """Text of a value as `read_json` reads it back; SavedError, naming `name`, if JSON cannot hold it."""
    try:
        text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as failure:  # with those of half characters
        raise SavedError(f"{name} cannot be written as JSON: {shortened(failure)}.") from failure
    return text


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"{shown(twice, 60)} is there twice")
    return found


def _check(value: Any, deepest: int) -> None:
    """Raise ValueError for what is too deep, numbers that are too large, and half characters."""
    rest = [(value, 1)]
    while rest:
        item, depth = rest.pop()
        if isinstance(item, (dict, list)):
            if depth > deepest:
                raise ValueError(f"lists lie more than {deepest} deep in one another")
            parts = [*item.keys(), *item.values()] if isinstance(item, dict) else item
            rest.extend((part, depth + 1) for part in parts)
        elif isinstance(item, float) and math.isinf(item):
            raise ValueError("a number is too large")
        elif isinstance(item, str) and not item.isascii():
            item.encode("utf-8")
