"""The files of a saved dissection: read whole and checked, written beside one another, removed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.dissection.manifest import Part, part_name
from dissect_widgets.core.files.atomic_write import sync
from dissect_widgets.core.files.digest import digest_of
from dissect_widgets.errors import SavedError, shortened

Arrays = Mapping[str, AnyArray]

_ONLY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FEW = 32  # files that are flushed to the disk one by one


def read_file(path: Path, part: Part | None = None, *, most: int = 2**40) -> bytes:
    """Content of a file that belongs to a dissection.

    Parameters
    ----------
    path
        The file.
    part
        Its size is checked. The digest is for the caller to check, now or when it is needed.
    most
        Bytes that it may have.

    Raises
    ------
    SavedError
        If it is missing, no plain file of this folder (a link, a pipe), or of another size.
    """
    try:
        with open(os.open(path, _ONLY), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SavedError(f"{shortened(path)} is not a file, but a folder, a pipe or a device.")
            size = part.size if part else status.st_size
            if size != status.st_size or size > most:
                limit = f"not {size}" if part else f"of at most {most}"
                raise SavedError(f"{shortened(path)} is damaged: it has {status.st_size} bytes, {limit}.")
            content = file.read(size + 1)
    except FileNotFoundError:
        raise SavedError(f"{shortened(path.parent)} is incomplete: {path.name} is missing.") from None
    except OSError as error:
        reason = "is a link" if error.errno == errno.ELOOP else f"cannot be read: {error.strerror or error}"
        raise SavedError(f"{shortened(path)} {reason}; a dissection consists of plain files.") from error
    if len(content) != size:
        raise SavedError(f"{shortened(path)} changed while it was read.")
    return content


def check_digest(content: bytes, path: Path, part: Part) -> None:
    """Raise a SavedError if a file is not as it was written."""
    if part.digest and digest_of(content) != part.digest:
        raise SavedError(
            f"{shortened(path)} is damaged: it is not as it was written, for its digest differs."
        )


def read_arrays(path: Path, part: Part) -> dict[str, AnyArray]:
    """Arrays of a file by name; SavedError if it is damaged."""
    content = read_file(path, part)
    check_digest(content, path, part)
    try:
        return load(content)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise SavedError(
            f"{shortened(path)} is damaged: {type(error).__name__}: {shortened(error)}."
        ) from error


def array_bytes(arrays: Arrays) -> bytes:
    """File that holds arrays; SavedError if one is of a kind that it cannot hold."""
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise SavedError(f"the array {name!r} is of the type {array.dtype}, which cannot be saved.")
    return save(
        {name: np.asarray(array, array.dtype.newbyteorder("="), "C") for name, array in arrays.items()}
    )


class Written:
    """Parts that are written into a folder; those that are new are removed after an error."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.parts = folder, dict[str, Part]()
        self._new: list[Path] = []

    def add(self, stem: str, content: bytes) -> None:
        """Write a part, unless it is there."""
        part = Part(size=len(content), digest=digest_of(content))
        name = part_name(stem, str(part.digest))
        path = self.folder / name
        if not self._is_there(path, content):
            self._new.append(path)
            path.write_bytes(content)
        self.parts[name] = part

    def flush(self) -> None:
        """Have the disk keep all that is new, whatever happens to the power."""
        if len(self._new) > _FEW and hasattr(os, "sync"):
            os.sync()
            return
        for path in [*self._new, *{path.parent for path in self._new}]:
            sync(path)

    def undo(self) -> None:
        """Remove what is new."""
        for path in self._new:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _is_there(self, path: Path, content: bytes) -> bool:
        """Whether this very file is there; one that a killed save has left in part is written again."""
        if not path.exists() and not path.is_symlink():
            return False
        return read_file(path) == content
