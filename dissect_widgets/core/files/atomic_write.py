"""Writing files so that each exists in full or not at all.

What is being written stands beside its target under a name that no other file has,
".<digest of the target's name>.<process>-<unique>.dw-new". A save that is killed leaves it there; the next
save of that target removes it, once the process that wrote it lives no more.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.core.files.process import is_alive, this_process
from dissect_widgets.core.files.target import name_digest
from dissect_widgets.errors import DissectError, SavedError, shortened

_ENDING = ".dw-new"
_NAME = re.compile(r"\.([0-9a-f]{8})\.([0-9a-f]{8}-\d+-\d+)-([0-9a-f]{12})" + re.escape(_ENDING))
_ABANDONED = 24 * 3600.0
"""Seconds since the last change after which a file of a process that we cannot see counts as left behind."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Path to write to, which takes the place of `path` in one step when the block ends without an error.

    It is in the same folder, which is made if it is missing. What a link leads to is replaced, not the link;
    a file that is replaced hands on its permissions. After any error nothing new is left, and what was at
    `path` before is intact.

    Raises
    ------
    StorageError
        If the disk is full.
    SavedError
        If the system does not let the file be written.

    >>> with replacing(path) as new:
    ...     new.write_text("all of it")
    """
    target = Path(os.path.realpath(path))
    with _named(path), full_disk(target), folders_of(target):
        remove_leftovers(target)
        new = temporary_path(target)
        try:
            yield new
            _take_over(target, new)
            sync(new)
            os.replace(new, target)
            sync(target.parent)
        finally:
            discard(new)


@contextmanager
def folders_of(path: Path) -> Iterator[None]:
    """Make the missing folders above a path; after an error in the block they are gone again."""
    missing: list[Path] = []
    above = path.parent
    while not above.exists() and above != above.parent:
        missing.append(above)
        above = above.parent
    try:
        for folder in reversed(missing):  # `parents=True` calls itself for each, and there may be thousands
            folder.mkdir(exist_ok=True)
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):  # another has put something there, or made it first
                folder.rmdir()
        raise


def temporary_path(path: Path) -> Path:
    """Unique hidden path beside `path`, for a file or a folder that is to take its place; not created yet."""
    return path.with_name(f".{name_digest(path.name)}.{this_process()}-{uuid.uuid4().hex[:12]}{_ENDING}")


def remove_leftovers(path: Path) -> None:
    """Remove what killed saves of `path` left beside it; what a living process writes stays."""
    with suppress(OSError):
        for name in os.listdir(path.parent):
            found = _NAME.fullmatch(name)
            if found and found[1] == name_digest(path.name) and _is_left(path.with_name(name), found[2]):
                discard_quietly(path.with_name(name))


def discard(path: Path) -> None:
    """Remove a file or a folder, if it is there, even if an interrupt comes in between."""
    try:
        _remove(path)
    except FileNotFoundError:
        return
    except BaseException:
        with suppress(OSError):
            _remove(path)
        raise


def discard_quietly(path: Path) -> None:
    """Remove a file or a folder if the system lets it be removed."""
    with suppress(OSError):
        discard(path)


def sync(path: Path) -> None:
    """Have the disk keep a file or a folder's names, whatever happens to the power."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # systems that do not open folders
        return
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # not every file system can do this for folders
            raise
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_left(path: Path, process: str) -> bool:
    """Whether nobody writes to a temporary file or folder any more."""
    alive = is_alive(process)
    if alive is None:
        try:
            newest = max(p.lstat().st_mtime for p in [path, *path.rglob("*")])
        except OSError:
            return False
        return time.time() - newest > _ABANDONED
    return not alive


def _take_over(target: Path, new: Path) -> None:
    """Give a new file the permissions and owner of the one that it replaces, as far as one may."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return
    with suppress(OSError):
        shutil.copymode(target, new)
    if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(OSError):
            os.chown(new, status.st_uid, status.st_gid)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn the system's errors into a SavedError that names the file, not the temporary one."""
    try:
        yield
    except DissectError:
        raise
    except OSError as error:
        if error.errno is None:  # not the system's
            raise
        raise SavedError(f"{shortened(path)} could not be written: {error.strerror}.") from error
