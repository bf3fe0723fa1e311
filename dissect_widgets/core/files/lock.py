"""One run at a time for each output: a lock file beside it, which the system frees when its process ends.

>>> with locked(output):
...     ...                                    # another run into it gets a SavedError that names this process
"""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, SoftFileLock, Timeout

from dissect_widgets.core.files.atomic_write import discard_quietly, folders_of
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.core.files.target import beside
from dissect_widgets.errors import DissectError, SavedError, shortened, shown

_UNSUPPORTED = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL)
"""What file systems say that cannot lock, such as some of networks."""

ENDING = ".dw-lock"
"""How the names of lock files end."""
_WAIT = 0.2
"""Seconds that a run waits for one that is just ending."""
Lock = TypeVar("Lock", FileLock, SoftFileLock)


@dataclass
class _Held:
    thread: int
    process: int
    depth: int = 1


_held: dict[str, _Held] = {}
"""Outputs that this process holds, by lock file."""
_guard = threading.Lock()


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Hold an output, so that no other run writes to it; the same thread may hold it more than once.

    The lock is a hidden file beside the output, with the process, the machine and the time in it; where
    nothing may be written beside it, it is in the output. It is removed afterwards. One that a killed process
    left is taken over.

    Parameters
    ----------
    output
        File or folder, absolute and without links, as `target.output_folder` returns it; need not exist.

    Raises
    ------
    SavedError
        If another process, or another thread of this one, holds it: the message says who, and since when; or
        if no lock can be made there.
    """
    path = _lock_path(output)
    with _guard:
        held = _held.get(str(path))
        if held is not None and held.process == os.getpid():
            if held.thread != threading.get_ident():
                raise SavedError(_taken(output, f"another thread of this process ({os.getpid()})"))
            held.depth += 1
        else:
            held = None
            _held[str(path)] = mine = _Held(threading.get_ident(), os.getpid())
    if held is not None:
        try:
            yield
        finally:
            held.depth -= 1
        return
    try:
        with folders_of(path), _file_lock(output, path):
            yield
    finally:
        with _guard:
            if _held.get(str(path)) is mine:
                del _held[str(path)]


@contextmanager
def _file_lock(output: Path, path: Path) -> Iterator[None]:
    """Hold the lock file; removed afterwards, by the process that made it alone."""
    owner = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of file systems without locks
        lock = _acquired(output, path)
    try:
        if isinstance(lock, FileLock):
            _write_holder(path)
        yield
    finally:
        if os.getpid() == owner:  # not a copy of the process
            if isinstance(lock, FileLock):
                discard_quietly(path)  # while it is held, so that no other run has got this file
            lock.release()
            if isinstance(lock, FileLock) and os.name != "posix":  # where open files cannot be removed
                discard_quietly(path)


def _acquired(output: Path, path: Path) -> FileLock | SoftFileLock:
    """Lock a file; where the file system cannot, a file that exists is the lock."""
    existed = path.exists()
    lock = FileLock(path, timeout=_WAIT, poll_interval=_WAIT / 5, thread_local=False)
    try:
        with full_disk(path):
            return _tried(lock, output)
    except DissectError:
        raise
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise SavedError(
                f"{shortened(output)} cannot be locked against other runs: {error.strerror or error}."
            ) from error
        if not existed:
            discard_quietly(path)
    return _tried(SoftFileLock(beside(path, "ed"), timeout=_WAIT, thread_local=False), output)


def _tried(lock: Lock, output: Path) -> Lock:
    try:
        lock.acquire()
    except Timeout:
        raise SavedError(_taken(output, _holder(Path(lock.lock_file)))) from None
    return lock


def _lock_path(output: Path) -> Path:
    """Lock file of an output: beside it, or in it where nothing may be written beside it."""
    above = output.parent
    while not above.exists() and above != above.parent:
        above = above.parent
    if not output.name or (output.is_dir() and not os.access(above, os.W_OK | os.X_OK)):
        return output / ENDING
    return beside(output.with_name(f".{output.name}"), ENDING)


def _write_holder(path: Path) -> None:
    """Say in the lock file who holds it; a full disk does not keep a run from starting."""
    about = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    with suppress(OSError):
        path.write_text(json.dumps(about), "utf-8")


def _holder(path: Path) -> str:
    """Who holds a lock, for people."""
    try:
        about = json.loads(path.read_bytes()[:1000])
        return f"process {int(about['pid'])} on {shown(about['host'], 60)} since {shown(about['since'], 40)}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _taken(output: Path, holder: str) -> str:
    return (
        f"{shortened(output)} is being written by another run: {holder}. Wait until that run is done, or "
        "name another place."
    )


def _after_fork() -> None:
    """In a copy of the process: it holds nothing, and no thread of its is in the middle of something."""
    global _guard
    _guard = threading.Lock()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
