"""Every operation on files below a folder, seen one by one, so that something can happen at the n-th.

>>> with watched(folder, event):                # event(operation, phase) is called in this process alone
...     dissection.save(folder / "out")

Operations are counted from 0. The phases of each are "before", "half" (of what is written to a file; the half
is on the disk) and "after". What `event` raises comes out of the operation, as an error of the system would;
if it kills the process, the operation has got as far as that.
"""

from __future__ import annotations

import builtins
import fcntl
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import safetensors.numpy
import safetensors.torch
import torch

PHASES = ("before", "half", "after")
_READING = ("read", "list", "scan")


class Operation(NamedTuple):
    """One operation."""

    number: int
    name: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether it changes the disk."""
        return self.name not in _READING

    def __str__(self) -> str:
        return f"operation {self.number}, {self.name} {os.path.basename(self.path)}"


Event = Callable[[Operation, str], None]

_of_paths = (
    "mkdir",
    "rmdir",
    "unlink",
    "remove",
    "rename",
    "replace",
    "truncate",
    "link",
    "symlink",
    "chmod",
    "utime",
)
_of_files = ("fsync", "fdatasync", "ftruncate", "posix_fallocate")


class _Watch:
    """Counts operations of one process below a folder."""

    def __init__(self, folder: Path, event: Event) -> None:
        self.folder, self.event, self.process = os.path.realpath(folder), event, os.getpid()
        self.count = 0
        self._inside = threading.local()

    def concerns(self, target: Any, folder: int | None = None) -> str | None:
        """Path of a target, a path or a number of an open file, if it is to be watched."""
        if os.getpid() != self.process or getattr(self._inside, "busy", False):
            return None
        if isinstance(target, int):
            path = _path_of(target)
        else:
            try:
                path = os.fsdecode(target)
            except TypeError:
                return None
            if folder is not None:
                path = os.path.join(_path_of(folder), path)
            path = os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))
        return path if path == self.folder or path.startswith(self.folder + os.sep) else None

    @contextmanager
    def operation(self, name: str, path: str) -> Iterator[Callable[[str], None]]:
        """Count one; yields what reports that a half is done."""
        one = Operation(self.count, name, path)
        self.count += 1
        self._tell(one, "before")
        try:
            yield lambda phase: self._tell(one, phase)
        finally:
            self._tell(one, "after")

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Operations of this thread in the block are not counted."""
        self._inside.busy = True
        try:
            yield
        finally:
            self._inside.busy = False

    def _tell(self, one: Operation, phase: str) -> None:
        with self.unseen():
            self.event(one, phase)


class _File(io.FileIO):
    """A file whose writes are counted."""

    watch: _Watch
    path: str

    def write(self, data: Any, /) -> int:
        """Write, in two halves."""
        view = memoryview(data).cast("B")
        if self.watch.concerns(self.path) is None:
            return super().write(view)
        with self.watch.operation("write", self.path) as half:
            done = super().write(view[: len(view) // 2]) if len(view) > 1 else 0
            half("half")
            while done < len(view):
                done += super().write(view[done:])
        return done


@contextmanager
def watched(folder: Path, event: Event) -> Iterator[None]:
    """Call `event` at every operation below a folder, in the block and in this process."""
    watch = _Watch(folder, event)
    with ExitStack() as stack:

        def put(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
            stack.enter_context(patch.object(owner, name, make(getattr(owner, name))))

        for name in _of_paths:
            put(os, name, lambda real, name=name: _with_path(watch, name, real))
        for name in _of_files:
            put(os, name, lambda real, name=name: _with_path(watch, name, real))
        put(fcntl, "flock", lambda real: _with_path(watch, "flock", real))
        put(os, "scandir", lambda real: _with_path(watch, "scan", real))
        put(os, "listdir", lambda real: _with_path(watch, "list", real))
        put(os, "open", lambda real: _os_open(watch, real))
        put(os, "write", lambda real: _os_write(watch, real))
        opened = _open(watch, builtins.open)
        put(builtins, "open", lambda _: opened)
        put(io, "open", lambda _: opened)
        for module in (safetensors.numpy, safetensors.torch):
            put(module, "serialize_file", lambda real: _whole_file(watch, "safetensors", real))
        put(torch, "save", lambda real: _whole_file(watch, "torch.save", real))
        yield


def _path_of(number: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return ""


def _with_path(watch: _Watch, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """An operation whose first argument says where."""

    def call(*args: Any, **options: Any) -> Any:
        folder = options.get("dir_fd", options.get("src_dir_fd"))
        target = args[0] if args else options.get("path", ".")
        path = watch.concerns("." if target is None else target, folder)
        if path is None:
            return real(*args, **options)
        with watch.operation(name, path):
            return real(*args, **options)

    return call


def _os_open(watch: _Watch, real: Callable[..., int]) -> Callable[..., int]:
    def call(path: Any, flags: int, *args: Any, **options: Any) -> int:
        where = watch.concerns(path, options.get("dir_fd"))
        if where is None:
            return real(path, flags, *args, **options)
        name = "create" if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR) else "read"
        with watch.operation(name, where):
            return real(path, flags, *args, **options)

    return call


def _os_write(watch: _Watch, real: Callable[..., int]) -> Callable[..., int]:
    def call(number: int, data: Any, /) -> int:
        where = watch.concerns(number)
        if where is None:
            return real(number, data)
        with watch.operation("write", where):
            return real(number, data)

    return call


def _open(watch: _Watch, real: Callable[..., Any]) -> Callable[..., Any]:
    """`open`, with the file that it would return, whose writes are counted."""

    def call(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        path = watch.concerns(file)
        writing = any(letter in mode for letter in "wax+")
        if path is None:
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if isinstance(file, int):  # it is open already
            counted: Any = nullcontext()
        else:
            counted = watch.operation("create" if writing else "read", path)
        with counted:
            if not writing:
                return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
            plain = mode.replace("b", "").replace("t", "")
            raw = _File(file, plain, closefd, opener)
            raw.watch, raw.path = watch, path
            if buffering == 0:
                return raw
            buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    return call


def _whole_file(watch: _Watch, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """A function of another library that writes a whole file, which is its second argument."""

    def call(content: Any, file: Any, *args: Any, **options: Any) -> Any:
        path = watch.concerns(file)
        if path is None:
            return real(content, file, *args, **options)
        with watch.operation(name, path) as half:
            with watch.unseen():
                found = real(content, file, *args, **options)
                whole = Path(path).read_bytes()
                Path(path).write_bytes(whole[: len(whole) // 2])
            half("half")
            with watch.unseen():
                Path(path).write_bytes(whole)
            return found

    return call
