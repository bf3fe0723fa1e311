"""Paths as a person means them: one way to prepare what is written to, and one for what is read.

Everything here only looks; `atomic_write` makes missing folders when something is written.
"""

from __future__ import annotations

import errno
import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import NoReturn

from dissect_widgets.errors import DissectError, SavedError, nearest, shortened, shown

PathLike = str | os.PathLike[str]
LONGEST_NAME = 255
"""Bytes of a file's name that common file systems take."""
_ROOM = 100
"""Bytes that must be left in a path for names of temporary files beside it or in it."""
_LONGEST_PATH = 4095
_MOST_NAMES = 1000
"""Names of a folder that similar ones are sought among."""


def output_file(path: PathLike, *, what: str = "path", error: type[DissectError] = SavedError) -> Path:
    """Prepare the path of a file that is written.

    Parameters
    ----------
    path
        As a person gave it: "~" is their home; missing folders will be made; what a link leads to is
        written.
    what
        Name of the argument, for messages.
    error
        What is raised.

    Returns
    -------
    Path
        Absolute, without links, so that two paths of one file are equal.

    Raises
    ------
    DissectError
        `error`, naming the path and the reason, if no file can be there: if it is empty, too long or not
        text; a folder, a device or write-protected; below a file; or where nothing may be written.
    """
    given = _given(path, what, error)
    if _says_folder(path):
        _refuse(given, what, error, "names a folder, and a file is asked for")
    found = _resolved(given, what, error)
    status = _status(found, given, what, error)
    if status is None:
        _check_new(found, given, what, error)
    elif stat.S_ISDIR(status.st_mode):
        _refuse(given, what, error, "is a folder, and a file is asked for")
    elif not stat.S_ISREG(status.st_mode):
        _refuse(given, what, error, "is not a file, but a device, a pipe or a socket")
    elif not os.access(found, os.W_OK):
        _refuse(given, what, error, "is write-protected")
    else:
        _check_writable(found.parent, given, what, error)
    _check_length(found, given, what, error)
    return found


def output_folder(path: PathLike, *, what: str = "path", error: type[DissectError] = SavedError) -> Path:
    """Prepare the path of a folder that is written; as `output_file`, and "." is the current folder.

    Whether what is in the folder may be replaced is for the caller to decide.
    """
    given = _given(path, what, error)
    found = _resolved(given, what, error)
    status = _status(found, given, what, error)
    if status is None:
        _check_new(found, given, what, error)
    elif not stat.S_ISDIR(status.st_mode):
        _refuse(given, what, error, "is a file, and a folder is asked for")
    elif not os.access(found, os.R_OK | os.X_OK):
        _refuse(given, what, error, "may not be read: permission denied")
    else:
        _check_writable(found, given, what, error)
    _check_length(found, given, what, error)
    return found


def input_file(path: PathLike, *, what: str = "path", error: type[DissectError] = SavedError) -> Path:
    """Prepare the path of a file that is read: it exists, is a file, and may be read.

    Returns
    -------
    Path
        As it was given, but for "~"; so messages and provenance say what a person wrote.

    Raises
    ------
    DissectError
        `error`, naming the path, the reason, and similar names in its folder.
    """
    given = _given(path, what, error)
    status = _existing(given, "file", what, error)
    if stat.S_ISDIR(status.st_mode):
        _refuse(given, what, error, "is a folder, and a file is asked for")
    if _says_folder(path):
        _refuse(given, what, error, "names a folder, and a file is asked for")
    if not stat.S_ISREG(status.st_mode):
        _refuse(given, what, error, "is not a file, but a device, a pipe or a socket")
    if not os.access(given, os.R_OK):
        _refuse(given, what, error, "may not be read: permission denied")
    return given


def input_folder(path: PathLike, *, what: str = "path", error: type[DissectError] = SavedError) -> Path:
    """Prepare the path of a folder that is read; as `input_file`."""
    given = _given(path, what, error)
    if not stat.S_ISDIR(_existing(given, "folder", what, error).st_mode):
        _refuse(given, what, error, "is a file, and a folder is asked for")
    if not os.access(given, os.R_OK | os.X_OK):
        _refuse(given, what, error, "may not be read: permission denied")
    return given


def beside(path: Path, ending: str) -> Path:
    """Path in the same folder whose name is that of `path` with another ending; shortened to fit."""
    name = path.name + ending
    if len(os.fsencode(name)) > LONGEST_NAME:
        room = LONGEST_NAME - len(os.fsencode(ending)) - 9
        start = os.fsencode(path.name)[:room].decode("utf-8", "ignore")
        name = f"{start}~{name_digest(path.name)}{ending}"
    return path.with_name(name)


def name_digest(name: str) -> str:
    """Eight hexadecimal digits that stand for a name of any length."""
    return blake2b(os.fsencode(name), digest_size=4).hexdigest()


def _given(path: object, what: str, error: type[DissectError]) -> Path:
    """Path of what a person gave, with their home instead of "~"; only its text is looked at."""
    if not isinstance(path, (str, os.PathLike)) or not isinstance(text := os.fspath(path), str):
        raise error(f'{what} is {shown(path)}; it must be a path, such as "results/run1".')
    if not text:
        raise error(f'{what} is empty; it must be a path. "." is the current folder.')
    if "\0" in text or not _is_text(text):
        raise error(f"{what} is {shown(text)}, which holds characters that names of files cannot have.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise error(
            f'{what} is {shown(text)}, but there is no such home; "./~" begins a name with ~.'
        ) from None


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _says_folder(path: PathLike) -> bool:
    """Whether a path can only be a folder's, by how it ends."""
    return os.fspath(path).endswith(("/", os.sep, "/.", "/..")) or os.fspath(path) in (".", "..")


def _resolved(given: Path, what: str, error: type[DissectError]) -> Path:
    """Absolute path without links; of a link that leads to nothing, where it leads."""
    try:
        return Path(os.path.realpath(given))
    except OSError as failure:
        if not given.is_absolute() and isinstance(failure, FileNotFoundError):
            _refuse(given, what, error, "is in the current folder, which does not exist any more")
        _refuse(given, what, error, _reason(failure))


def _status(
    path: Path, given: Path, what: str, error: type[DissectError], *, follow: bool = True
) -> os.stat_result | None:
    """What is there; None for nothing, where something could be."""
    try:
        return os.stat(path, follow_symlinks=follow)
    except FileNotFoundError:
        return None
    except OSError as failure:
        _refuse(given, what, error, _reason(failure))


def _existing(given: Path, kind: str, what: str, error: type[DissectError]) -> os.stat_result:
    """What is at a path; if nothing is, similar names are offered."""
    status = _status(given, given, what, error)
    if status is not None:
        return status
    if given.is_symlink():
        _refuse(given, what, error, "is a link that leads to nothing")
    try:
        names = sorted(name for name in os.listdir(given.parent)[:_MOST_NAMES] if not name.startswith("."))
    except OSError:
        names = []
    names = [name for name in names if Path(name).suffix == given.suffix]
    similar = nearest(given.name, names)
    raise error(
        f"There is no {kind} {shortened(given)}.{similar if similar.startswith(' Did you mean') else ''}"
    )


def _check_new(path: Path, given: Path, what: str, error: type[DissectError]) -> None:
    """Raise an error if nothing can be made at a path where nothing is."""
    above = path.parent
    while (status := _status(above, given, what, error)) is None:
        above = above.parent
    if not stat.S_ISDIR(status.st_mode):
        _refuse(given, what, error, f"cannot be made, for {shortened(above)} is a file")
    _check_writable(above, given, what, error)


def _check_writable(folder: Path, given: Path, what: str, error: type[DissectError]) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        _refuse(given, what, error, f"cannot be written, for nothing may be written in {shortened(folder)}")


def _check_length(path: Path, given: Path, what: str, error: type[DissectError]) -> None:
    """Raise an error if names of temporary files would not fit."""
    if len(os.fsencode(path)) + _ROOM > _LONGEST_PATH:
        _refuse(given, what, error, f"is too long: a path may have {_LONGEST_PATH - _ROOM} bytes")
    for part in path.parts[1:]:  # also of folders that are still to be made
        if len(os.fsencode(part)) > LONGEST_NAME:
            _refuse(given, what, error, f"is too long: a name may have {LONGEST_NAME} bytes")


def _reason(failure: OSError) -> str:
    """Why a path cannot be used, for people."""
    match failure.errno:
        case errno.ELOOP:
            return "leads in a circle of links"
        case errno.ENAMETOOLONG:
            return f"is too long: a name may have {LONGEST_NAME} bytes"
        case errno.ENOTDIR:
            return "is below a file, which is not a folder"
        case errno.EACCES | errno.EPERM:
            return "may not be looked at: permission denied"
        case _:
            return f"cannot be used: {failure.strerror or failure}"


def _refuse(given: Path, what: str, error: type[DissectError], reason: str, more: str = "") -> NoReturn:
    raise error(f"{what} {shown(str(given))} {reason}.{more}")
