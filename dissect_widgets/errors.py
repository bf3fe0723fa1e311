"""Errors that name the bad value, what is allowed, and the nearest match."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class DissectError(Exception):
    """Root of every error that this package raises on purpose."""


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


class WeightsError(DissectError, ValueError):
    """A file of weights is unsafe, or does not fit the model."""


class SavedError(DissectError, ValueError):
    """A saved dissection or checkpoint is incomplete, or belongs to something else."""


class StorageError(DissectError, OSError):
    """There is not enough space on the disk."""


def nearest(bad: object, allowed: Iterable[object], count: int = 3) -> str:
    """Say which of the `allowed` values are closest to the `bad` one, as the end of a message.

    Returns
    -------
    str
        `" Did you mean 'a' or 'b'?"`, or the first few allowed values where none is close.
    """
    names = [str(name) for name in allowed]
    by_lower = {name.lower(): name for name in reversed(names)}
    close = get_close_matches(str(bad).lower(), by_lower, n=count, cutoff=0.5)
    if close:
        return " Did you mean " + " or ".join(repr(by_lower[name]) for name in close) + "?"
    if not names:
        return " There is none."
    shown = ", ".join(repr(name) for name in names[:8])
    return f" There are {len(names)}: {shown}{', ...' if len(names) > 8 else ''}."
