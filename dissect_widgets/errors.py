"""Errors that name the bad value, what is allowed, and the nearest match."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from math import prod
from pathlib import PurePath
from typing import Any, Final


class DissectError(Exception):
    """Root of every error that this package raises on purpose.

    A message that is too long, for what others have written into it, is cut in the middle.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(_cut(one) if isinstance(one, str) else one for one in args))


class SettingError(DissectError, ValueError):
    """An argument is not allowed."""


class LayerError(DissectError, LookupError):
    """A layer does not exist, or its output cannot be dissected."""


class ConceptError(DissectError, LookupError):
    """A concept or category is not in the vocabulary."""


class DataError(DissectError, ValueError):
    """An image, a mask or a table of labels cannot be used; the message names the file.

    `skip_errors=True` skips items that raise this error, and lists them in the result.
    """


class ActivationError(DissectError, ValueError):
    """The output of a layer is NaN or infinite; the message names the layer, the unit and the image."""


class ProofError(DissectError, ValueError):
    """What a run would rely on is not so: the message says what was expected, what was seen, what to do."""


class BusyError(DissectError, RuntimeError):
    """Two threads would wait for each other's networks, and neither would ever go on."""


class WeightsError(DissectError, ValueError):
    """A file of weights is unsafe, or does not fit the model."""


class SavedError(DissectError, ValueError):
    """A saved dissection or checkpoint is incomplete, or belongs to something else."""


class StorageError(DissectError, OSError):
    """There is not enough space on the disk."""


_LONGEST: Final = 1_000
"""Characters of a message."""
_DEEPEST: Final = 4
_COMPARED: Final = 100
"""Characters of a name that are compared with others."""
_MOST_NAMES: Final = 20_000
_SEQUENCES: Final[dict[Any, tuple[str, str]]] = {
    list.__repr__: ("[", "]"),
    tuple.__repr__: ("(", ")"),
    set.__repr__: ("{", "}"),
    frozenset.__repr__: ("frozenset({", "})"),
}


def shown(value: object, limit: int = 200) -> str:
    """How a bad value is shown in a message: as Python writes it, but never long, and quickly.

    Long texts are shortened in the middle, with their length; of long lists the first elements are shown,
    with their number; of large arrays and tensors the kind, shape and type.

    Parameters
    ----------
    value
        Anything, even an object whose `repr` fails.
    limit
        About the most characters, at least 40; what is said of the length comes in addition.

    Returns
    -------
    str
        Of a value that is short, its `repr`.
    """
    try:
        return _shown(value, limit, _DEEPEST)
    except Exception:  # what a class of the caller's does has no limits
        return f"<{shortened(type(value).__name__, 40)} that cannot be shown>"


def shortened(text: object, limit: int = 200) -> str:
    """Text of a message without quotes, such as a path: in one line, shortened in the middle.

    Returns
    -------
    str
        The text itself where it has at most `limit` characters, all of them printable.
    """
    try:
        whole = str(text)
    except Exception:  # of a class of the caller's, or an endless number
        return shown(text, limit)
    if len(whole) <= limit:
        return whole if whole.isprintable() else _escaped(whole)[: 2 * limit]
    half = limit // 2
    left_out = f"... {len(whole) - 2 * half:,} characters ..."
    return f"{_escaped(whole[:half])[:limit]}{left_out}{_escaped(whole[-half:])[-limit:]}"


def _cut(message: str) -> str:
    half = _LONGEST // 2
    return message if len(message) <= _LONGEST else f"{message[:half]} [...] {message[-half:]}"


def _escaped(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _shown(value: Any, limit: int, depth: int) -> str:
    written_by: Any = type(value).__repr__
    if written_by is int.__repr__:  # long ones take long to write, or Python refuses to
        return repr(value) if value.bit_length() < 3 * limit else f"<int of {value.bit_length():,} bits>"
    if written_by in (str.__repr__, bytes.__repr__, bytearray.__repr__):
        return _shown_text(value, limit)
    if written_by in _SEQUENCES and len(value):
        left, right = _SEQUENCES[written_by]
        inside = _joined((_shown(v, limit, depth - 1) for v in value), len(value), limit, depth)
        comma = "," if written_by is tuple.__repr__ and len(value) == 1 else ""
        return f"{left}{inside}{comma}{right}{_count(inside, len(value))}"
    if written_by is dict.__repr__ and len(value):
        pairs = (f"{_shown(k, limit, depth - 1)}: {_shown(v, limit, depth - 1)}" for k, v in value.items())
        inside = _joined(pairs, len(value), limit, depth)
        return f"{{{inside}}}{_count(inside, len(value))}"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and hasattr(value, "dtype") and prod(shape) > limit // 20:
        return shortened(f"<{type(value).__name__} of shape {tuple(shape)}, {value.dtype}>", limit)
    return shortened(repr(value), limit)


def _shown_text(value: str | bytes | bytearray, limit: int) -> str:
    if len(value) <= limit and len(whole := repr(value)) <= 2 * limit:
        return whole
    half = min(limit, len(value)) // 2
    while len(start := repr(value[:half])) + len(end := repr(value[len(value) - half :])) > 2 * limit:
        half //= 2  # escapes are up to ten times as long as what they stand for
    return f"{start} ... {end} ({len(value):,} {'characters' if isinstance(value, str) else 'bytes'})"


def _joined(pieces: Iterable[str], count: int, limit: int, depth: int) -> str:
    """As many pieces as fit into the limit, and "..." if these are not all."""
    if depth <= 0:
        return "..."
    taken, length = [], 0
    for piece in islice(pieces, limit):
        taken.append(piece)
        length += len(piece) + 2
        if length > limit:
            break
    text = shortened(", ".join(taken), 2 * limit)
    return text if len(taken) == count else f"{text}, ..."


def _count(inside: str, count: int) -> str:
    return f" ({count:,} elements)" if inside.endswith("...") else ""


def nearest(bad: object, allowed: Iterable[object], count: int = 3) -> str:
    """Say which of the `allowed` values are closest to the `bad` one, as the end of a message.

    Of long names the beginnings are compared, and of very many names the first 20,000.

    Returns
    -------
    str
        `" Did you mean 'a' or 'b'?"`, or the first few allowed values where none is close.
    """
    names = [_name(value) for value in allowed]
    by_lower = {name[:_COMPARED].lower(): name for name in reversed(names[:_MOST_NAMES])}
    close = get_close_matches(_name(bad)[:_COMPARED].lower(), by_lower, n=count, cutoff=0.5)
    if close:
        return " Did you mean " + " or ".join(shown(by_lower[name], 100) for name in close) + "?"
    if not names:
        return " There is none."
    first = _joined((shown(name, 60) for name in names[:8]), len(names), 300, _DEEPEST)
    return f" There are {len(names)}: {first}."


def _name(value: object) -> str:
    """Text of a value, to compare."""
    return str(value) if isinstance(value, str | float | PurePath) else shown(value)
