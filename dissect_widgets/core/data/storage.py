"""A folder for what does not fit into memory, and for resuming after a kill.

Files in it never change once written, so a checkpoint that names them stays valid whatever happens
later. A file that is no longer needed is deleted only once the next checkpoint does not name it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

import numpy as np

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.core.files.process import is_alive, this_process
from dissect_widgets.errors import SavedError, shortened


class FileArray:
    """A one-dimensional array in a file; slices are read on demand, and nothing is cached.

    `digest` is that of the file; "" for one that is still written to, whose owner has digests of its parts.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], length: int, digest: str = "") -> None:
        self.path, self.dtype, self.length, self.digest = path, dtype, length, digest

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, part: slice) -> AnyArray:
        start, stop, _ = part.indices(self.length)
        count = max(stop - start, 0)
        try:
            found = np.fromfile(self.path, self.dtype, count, offset=start * self.dtype.itemsize)
        except OSError as error:
            raise SavedError(f"{shortened(self.path)} cannot be read: {error.strerror or error}.") from error
        if len(found) < count:
            raise SavedError(f"{shortened(self.path)} has been cut off while it was in use; start again.")
        return found


_SCRATCH = "dissect-widgets-"
"""How names of temporary workspaces begin; the process follows that made one."""
_NAME = re.compile(r"arrays-([0-9]{1,15})\.bin")
Array = AnyArray | FileArray
State = dict[str, Array]
"""Plain arrays, in memory or in files, from which a streamed statistic is restored. They are the ones that it
works with: write or copy them before more is added."""


class Mergeable(Protocol):
    """Something streamed: its shards merge to what one pass would give, and its state resumes it."""

    def merge(self, other: Self) -> None:
        """Add another shard of the same probe set, which must not be used afterwards."""
        ...

    def flush(self) -> None:
        """Write what is large into the workspace; nothing by default."""
        return

    def state(self) -> State:
        """Plain arrays from which `load_state` makes it again."""
        ...

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from; made with the same arguments as that one."""
        ...


class MemoryWriter:
    """Joins pieces to one array in memory."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._pieces = [np.empty(0, dtype)]

    def append(self, piece: AnyArray) -> None:
        """Add a piece at the end."""
        self._pieces.append(piece)

    def finish(self) -> AnyArray:
        """Join the pieces."""
        return np.concatenate(self._pieces)


class FileWriter:
    """Joins pieces to one array in a new file."""

    def __init__(self, path: Path, dtype: np.dtype[Any]) -> None:
        self._path, self._dtype, self._length = path, dtype, 0
        self._digest = hashlib.sha256()
        with full_disk(path):
            self._file = open(path, "wb")  # noqa: SIM115 - closed by finish

    def append(self, piece: AnyArray) -> None:
        """Add a piece at the end."""
        content = np.ascontiguousarray(piece, self._dtype).data
        with full_disk(self._path):
            self._file.write(content)
        self._digest.update(content)
        self._length += len(piece)

    def finish(self) -> FileArray:
        """Close the file."""
        with full_disk(self._path):
            self._file.close()
        return FileArray(self._path, self._dtype, self._length, self._digest.hexdigest())


class Workspace:
    """Files of one run.

    Parameters
    ----------
    folder
        Where; made if it does not exist.
    temporary
        Whether nothing in it is to be kept: files are deleted as soon as they are not needed, and
        `close` removes the folder. Else it may hold files of others, which stay.
    """

    def __init__(self, folder: Path, *, temporary: bool) -> None:
        self.folder, self.temporary = folder, temporary
        with full_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        if temporary:  # also when nobody closes it
            weakref.finalize(self, _remove_folder, folder, os.getpid())
        self._count = max((int(_NAME.sub(r"\1", path.name)) for path in self._arrays()), default=0)
        self._needed: set[str] = set()  # named by the last checkpoint
        self._unneeded: list[Path] = []

    @classmethod
    def scratch(cls) -> Workspace:
        """Make one in the system's folder for temporary files; those of killed processes are removed."""
        above = Path(tempfile.gettempdir())
        for left in above.glob(f"{_SCRATCH}*"):
            if is_alive(left.name.removeprefix(_SCRATCH).rpartition("-")[0]) is False:
                shutil.rmtree(left, ignore_errors=True)
        with full_disk(above):
            folder = tempfile.mkdtemp(prefix=f"{_SCRATCH}{this_process()}-")
        return cls(Path(folder), temporary=True)

    def writer(self, dtype: np.dtype[Any]) -> FileWriter:
        """Begin a new array, written piece by piece."""
        return FileWriter(self.path_of_new_file(), dtype)

    def path_of_new_file(self) -> Path:
        """Path of a file that does not exist yet."""
        self._count += 1
        return self.folder / f"arrays-{self._count}.bin"

    def mapped(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
        """Array of zeros in a new file, written in place.

        Its disk space is allocated now: on a full disk, writing to a mapped file kills the process.
        """
        path = self.path_of_new_file()
        size = int(np.prod(shape)) * dtype.itemsize
        with full_disk(path):
            with open(path, "wb") as file:
                _allocate(file, size)
            return np.memmap(path, dtype, mode="r+", shape=shape)

    def discard(self, array: Array | None) -> None:
        """Delete a file; one that the last checkpoint names, after the next."""
        if isinstance(array, FileArray):
            if array.path.name in self._needed:
                self._unneeded.append(array.path)
            else:
                array.path.unlink(missing_ok=True)

    def checkpoint_names(self, needed: set[str]) -> None:
        """Note which files the last checkpoint names; those discarded before are deleted."""
        self._needed = needed
        while self._unneeded:
            self._unneeded.pop().unlink(missing_ok=True)

    def keep_only(self, needed: set[str]) -> None:
        """Delete all arrays but those that the checkpoint names: the leftovers of a killed run."""
        self._needed = needed
        for path in self._arrays():
            if path.name not in needed:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove all arrays, and the folder, unless it holds files of others."""
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        with suppress(OSError):
            self.keep_only(set())
            self.folder.rmdir()

    def _arrays(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]


def new_array(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Array of zeros in a new .npy file, written in place; its disk space is allocated now.

    Raises
    ------
    StorageError
        If the disk is full; the file is not left there.
    """
    with full_disk(path):
        try:
            array = np.lib.format.open_memmap(path, "w+", dtype, shape)
            with open(path, "r+b") as file:
                _allocate(file, path.stat().st_size)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return array


def _allocate(file: BinaryIO, size: int) -> None:
    """Give a file its disk space: on a full disk, writing to a mapped file kills the process."""
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
    else:
        file.truncate(size)


def _remove_folder(folder: Path, owner: int) -> None:
    """Remove a temporary folder; a copy of the process that made it does not."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
