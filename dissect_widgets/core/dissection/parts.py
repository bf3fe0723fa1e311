"""The files of a saved dissection: read whole and checked, written beside one another, removed."""

from __future__ import annotations

import errno
import math
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from safetensors.numpy import save

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.dissection.manifest import Count, Part, part_name
from dissect_widgets.core.files.atomic_write import sync
from dissect_widgets.core.files.digest import digest_of
from dissect_widgets.core.files.json_files import MOST_BYTES, parse_json
from dissect_widgets.errors import SavedError, shortened, shown

Arrays = Mapping[str, AnyArray]

_ONLY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_DTYPES = {"BOOL": "?", "F16": "<f2", "F32": "<f4", "F64": "<f8"} | {
    f"{sign}{8 * size}": f"<{sign.lower()}{size}" for sign in "IU" for size in (1, 2, 4, 8)
}
_FEW = 32  # files that are flushed to the disk one by one


def read_file(path: str | Path, size: int | None = None) -> bytes:
    """Content of a file that belongs to a dissection; its digest is for the caller to check.

    Parameters
    ----------
    path
        The file.
    size
        Bytes that it must have; at most `MOST_BYTES` if it is not known.

    Raises
    ------
    SavedError
        If it is missing, no plain file of this folder (a link, a pipe), or of another size.
    """
    try:
        with open(os.open(path, _ONLY), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SavedError(f"{shortened(path)} is not a file, but a folder, a pipe or a device.")
            if status.st_size != size if size is not None else status.st_size > MOST_BYTES:
                limit = f"not {size}" if size is not None else f"more than {MOST_BYTES}"
                raise SavedError(f"{shortened(path)} is damaged: it has {status.st_size} bytes, {limit}.")
            content = file.readall()
    except FileNotFoundError:
        folder, name = os.path.split(path)
        raise SavedError(f"{shortened(folder)} is incomplete: {name} is missing.") from None
    except OSError as error:
        reason = "is a link" if error.errno == errno.ELOOP else f"cannot be read: {error.strerror or error}"
        raise SavedError(f"{shortened(path)} {reason}; a dissection consists of plain files.") from error
    if len(content) != status.st_size:
        raise SavedError(f"{shortened(path)} changed while it was read.")
    return content


def check_digest(content: bytes, path: str | Path, part: Part) -> None:
    """Raise a SavedError if a file is not as it was written."""
    if part.digest and digest_of(content) != part.digest:
        raise SavedError(f"{shortened(path)} is damaged: its digest is not that of what was written.")


def read_arrays(path: Path, part: Part) -> dict[str, AnyArray]:
    """Arrays of a safetensors file by name, without copying any; SavedError if it is damaged.

    The file is eight bytes with the length of the head, the head (JSON), and the arrays one after another.
    """
    content = read_file(path, part.size)
    check_digest(content, path, part)
    start = 8 + int.from_bytes(content[:8], "little")
    if not 8 < start <= len(content):
        raise SavedError(f"{shortened(path)} is damaged: its head has {start - 8} bytes.")
    head = parse_json(content[8:start], name=shortened(path))
    try:
        entries = msgspec.convert(head, dict[str, _Entry])
        arrays, end = {}, 0
        for name, entry in sorted(entries.items(), key=lambda item: item[1].data_offsets):
            dtype, count = np.dtype(_DTYPES[entry.dtype]), math.prod(entry.shape)
            if entry.data_offsets != (end, end + count * dtype.itemsize):
                raise ValueError(f"{shown(name)} is not where its size says")
            array = np.frombuffer(content, dtype, count, start + end) if count else np.empty(0, dtype)
            arrays[name] = array.reshape(entry.shape)
            end += array.nbytes
        if start + end != len(content):
            raise ValueError(f"{len(content) - start - end} bytes follow its arrays")
    except ValueError as error:  # with those of msgspec
        raise SavedError(f"{shortened(path)} is damaged: {shortened(error)}.") from error
    return arrays


def array_bytes(arrays: Arrays) -> bytes:
    """File that holds arrays; SavedError if one is of a kind that it cannot hold."""
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise SavedError(f"the array {shown(name)} is of the type {array.dtype}, which cannot be saved.")
    return save(
        {name: np.asarray(array, array.dtype.newbyteorder("="), "C") for name, array in arrays.items()}
    )


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the head of a safetensors file says of an array."""

    dtype: Literal[tuple(_DTYPES)]  # type: ignore[valid-type]
    shape: Annotated[tuple[Count, ...], msgspec.Meta(max_length=32)]
    data_offsets: tuple[Count, Count]
    """From its first byte to after its last, counted from the end of the head."""


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
        return os.path.lexists(path) and read_file(path) == content
