"""Full disks, in whatever form libraries report them."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dissect_widgets.errors import DissectError, StorageError, shortened

_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TEXTS = tuple(text for n in _NUMBERS for text in (os.strerror(n).lower(), f"os error {n})", f"errno {n}]"))
_NUMPY = re.compile(r"\d+ requested and \d+ written")
_NEEDED = 1 << 16
"""Bytes that must be free, or an error that names no reason is taken for a full disk."""


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """Turn errors for a full disk, a used-up quota and a file-size limit into a StorageError.

    The operating system's own, those of libraries that hide them in a text (safetensors) or in an error that
    they caused, and those that name no reason at all (Pillow, torch) while the disk has no room left. Other
    errors of the system stay OSErrors, and name the path if they name none.

    Parameters
    ----------
    path
        What is written: a file or a folder, which need not exist.
    """
    try:
        yield
    except DissectError:
        raise
    except Exception as error:
        reason = _reason(error, path)
        if reason is None:
            _name(error, path)
            raise
        raise StorageError(
            f"The disk is full: {shortened(path)} could not be written ({reason}, {_free(path) / 1e6:.0f} MB "
            f"free in {shortened(_folder(path))}). What was saved before is intact; free some space and "
            "start again."
        ) from error


def _name(error: Exception, path: Path) -> None:
    """Say in an error of the system which file it is about; raise one for an error that hides it."""
    hidden = re.search(r"\(os error (\d{1,4})\)", str(error))
    if isinstance(error, OSError):
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
    elif hidden:
        raise OSError(int(hidden[1]), os.strerror(int(hidden[1])), str(path)) from error


def _reason(error: BaseException, path: Path) -> str | None:
    """What the system says of the full disk; None if the error is another one."""
    cause: BaseException | None = error
    for _ in range(8):  # an error may have been raised because of another
        if cause is None:
            break
        if isinstance(cause, OSError) and cause.errno in _NUMBERS:
            return os.strerror(cause.errno)
        if any(text in str(cause).lower() for text in _TEXTS) or _NUMPY.search(str(cause)):
            return "no space left"
        cause = cause.__cause__ or cause.__context__
    silent = isinstance(error, OSError) and error.errno is None
    if (silent or type(error).__module__.split(".")[0] != "builtins" or type(error) is RuntimeError) and (
        _free(path) < _NEEDED
    ):
        return "no space left"
    return None


def _folder(path: Path) -> Path:
    """Nearest folder of a path that exists."""
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _free(path: Path) -> int:
    try:
        return shutil.disk_usage(_folder(path)).free
    except OSError:
        return _NEEDED
