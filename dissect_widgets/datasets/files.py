"""What is in a folder: the files that are read, in a fixed order, and why the others are not.

>>> listing = list_folder(Path("photos"), photo_endings())
>>> listing.files                    # [PosixPath('beach/17.jpg'), ...], relative to the folder
>>> listing.passed_over              # {'beach/notes.txt': 'not an image'}
"""

from __future__ import annotations

import os
import unicodedata
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from dissect_widgets.errors import DataError, shortened

PathLike = str | Path
_LITTER = frozenset(["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "icon\r"])
_NO_PHOTOS = frozenset(
    """.pdf .ps .eps .wmf .emf .mpg .mpeg .h5 .hdf .grib .bufr .fit .fits .ico .cur .icns .iim .palm .blp .ftc
    .ftu .gbr .flc .fli .dcx .xbm .xpm .msp .pxr .im .psd .dds""".split()  # noqa: SIM905
)
"""What Pillow has to do with, and no photo is: documents, icons, films, textures, numbers."""
_UNREAD_PHOTOS = frozenset(
    """.heic .heif .hif .avif .webp .jp2 .jxl .jxr .exr .hdr .psd .svg .dng .cr2 .cr3 .nef .arw .orf .rw2 .raf
    .raw""".split()  # noqa: SIM905
)
_UNREAD = "Pillow does not read {} here"
_BROKEN, _CIRCLE, _NAME = "a broken link", "a link to a folder that it is in", "its name is not UTF-8"


class Listing(NamedTuple):
    """Files of a folder."""

    files: list[Path]
    """Those that are read, relative to the folder, sorted."""
    passed_over: dict[str, str]
    """The others, with the reason."""


def photo_endings() -> frozenset[str]:
    """Endings of the photos that Pillow opens here, with the plugins that are registered: .jpg, .heic ..."""
    Image.init()
    forms = {*Image.OPEN, "MPO"}  # which is opened as JPEG
    opened = {ending for ending, form in Image.registered_extensions().items() if form in forms}
    return frozenset(opened) - _NO_PHOTOS


def list_files(folder: Path, endings: Collection[str]) -> list[Path]:
    """Paths of the files with these endings, relative to the folder, sorted; without hidden ones."""
    return list_folder(folder, endings).files


def list_folder(
    folder: Path, endings: Collection[str], without: Collection[Path] = (), *, other: str = "not an image"
) -> Listing:
    """List a folder, with the folders in it and those that links lead to.

    Parameters
    ----------
    folder
        The folder.
    endings
        Of the files that are read, in lower case: ".png".
    without
        Folders in it that belong to something else, and are left out.
    other
        The reason to pass over files with other endings.

    Raises
    ------
    DataError
        If it does not exist, or a folder in it cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    others = {_identity(path) for path in without if path.is_dir()} - {_identity(folder)}
    files, passed_over = [], {}
    for path, reason in _walk(folder, Path(), frozenset(), others):
        if not reason and path.suffix.lower() not in endings:
            unread = path.suffix.lower() in _UNREAD_PHOTOS and path.suffix.lower() not in photo_endings()
            reason = _UNREAD.format(path.suffix.lower()) if unread else other
        if reason:
            passed_over[path.as_posix()] = reason
        else:
            files.append(path)
    ordered = sorted(passed_over, key=lambda name: (normal(name), name))
    return Listing(sorted(files, key=_order), {name: passed_over[name] for name in ordered})


def normal(name: str) -> str:
    """Return the name in Unicode's composed form: systems write the same accents in two ways."""
    return unicodedata.normalize("NFC", name)


def say(passed_over: Mapping[str, str]) -> str:
    """Say in a sentence which files are passed over and why; nothing, if there are none."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in passed_over.items():
        by_reason.setdefault(reason, []).append(name)
    parts = [f"{some(names, 3)} ({reason})" for reason, names in by_reason.items()]
    count = f"{len(passed_over)} file{'s are' if len(passed_over) > 1 else ' is'} passed over: "
    return count + "; ".join(parts) + "." if parts else ""


def warn_of(passed_over: Mapping[str, str]) -> None:
    """Warn the caller of a constructor of photos that are passed over; other files are expected."""
    if photos := missed(passed_over):
        warnings.warn(say(photos), UserWarning, stacklevel=3)


def missed(passed_over: Mapping[str, str]) -> dict[str, str]:
    """Files that are passed over though they may be photos or masks."""
    reasons = (_BROKEN, _CIRCLE, _NAME, _UNREAD.partition("{")[0])
    return {name: reason for name, reason in passed_over.items() if reason.startswith(reasons)}


def some(names: list[str], count: int = 5) -> str:
    """Name the first few."""
    return ", ".join(shortened(name, 100) for name in names[:count]) + (
        f" and {len(names) - count} more" if len(names) > count else ""
    )


def file_state(path: Path, name: str) -> bytes:
    """Name, size and time of a file, for digests."""
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{shortened(path, 400)} cannot be read: {error.strerror}.") from error
    return f"{name} {status.st_size} {status.st_mtime_ns}\n".encode()


def _order(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(normal(part) for part in path.parts), path.parts


def _walk(
    folder: Path, inner: Path, above: frozenset[tuple[int, int]], others: set[tuple[int, int]]
) -> Iterator[tuple[Path, str]]:
    """Each file, relative to the folder, and the reason to pass it over, or ""; links are followed."""
    try:
        names = sorted(os.listdir(folder / inner))
        above |= {_identity(folder / inner)}
    except OSError as error:
        raise DataError(f"{folder / inner} cannot be read: {error.strerror}.") from error
    for name in names:
        path, whole = inner / name, folder / inner / name
        if name.startswith("."):
            yield path, "hidden"
        elif name.lower() in _LITTER:
            yield path, "left by the operating system"
        elif name != name.encode("utf-8", "replace").decode():
            yield Path(repr(path.as_posix())), _NAME
        elif _is_folder(whole):
            if _identity(whole) in above:
                yield path, _CIRCLE
            elif _identity(whole) not in others:
                yield from _walk(folder, path, above, others)
        elif whole.is_file():
            yield path, ""
        else:
            yield path, _BROKEN if whole.is_symlink() else "not a file"


def _is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; DataError if it leads where nobody may look."""
    try:
        return path.is_dir()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


def _identity(path: Path) -> tuple[int, int]:
    """What a file system knows a folder by, whatever link leads to it."""
    status = path.stat()
    return status.st_dev, status.st_ino
