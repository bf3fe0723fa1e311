"""JSON that others may have written: of bounded size and depth, and nothing in it that JSON does not know."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from dissect_widgets.errors import DissectError, SavedError, shortened, shown

MOST_BYTES = 256 << 20
"""Larger files are refused before they are read."""
DEEPEST = 64
"""Lists and dicts within one another."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half a character, or a whole one of two escapes."""


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
    content = read_small(path, most_bytes=most_bytes, error=error)
    return parse_json(content, name=shortened(path), most_bytes=most_bytes, deepest=deepest, error=error)


def read_small(path: Path, *, most_bytes: int, error: type[DissectError] = SavedError) -> bytes:
    """Read a file that is small, or refuse it, before more than `most_bytes` of it are in memory."""
    try:
        with open(path, "rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as failure:
        raise error(f"{shortened(path)} cannot be read: {failure.strerror or failure}.") from failure
    if len(content) > most_bytes:
        raise error(f"{shortened(path)} is too large: more than {most_bytes} bytes.")
    return content


def read_dict(path: Path, *, error: type[DissectError] = SavedError) -> dict[str, Any]:
    """Read a JSON file that holds a dict, as `read_json`."""
    value = read_json(path, error=error)
    if not isinstance(value, dict):
        raise error(f"{shortened(path)} is damaged: it holds {type(value).__name__}, not a dict.")
    return value


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
        text = content.decode("utf-8-sig")
        value = json.loads(
            text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_without_duplicates
        )
        _check_depth(value, deepest)
        if _HALF.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise error(f"{name} is damaged: lists lie more than {deepest} deep in one another.") from None
    except ValueError as failure:  # with those of bad UTF-8 and of endless digits
        raise error(f"{name} is damaged: {shortened(failure)}.") from failure
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"{shown(twice, 60)} is there twice")
    return found


def _check_depth(value: Any, deepest: int) -> None:
    """Raise ValueError for what is too deep; of long lists only what lies in them is looked at, for speed."""
    nested = [value] if isinstance(value, (dict, list)) else []
    for _ in range(deepest):
        if not nested:
            return
        parts = (item.values() if isinstance(item, dict) else item for item in nested)
        nested = [part for inside in parts for part in inside if isinstance(part, (dict, list))]
    if nested:
        raise ValueError(f"lists lie more than {deepest} deep in one another")
