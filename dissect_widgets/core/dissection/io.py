"""Folders that results are saved in: arrays in safetensors, images as JPEG, the rest in JSON.

    dissection.json                        what it is, which files belong to it, and their digests
    layer-0.1f2e3d4c5b6a7988.safetensors   arrays of the first layer, and so on
    common.8877665544332211.safetensors    arrays that the layers share
    pictures/17.0123456789abcdef.jpg       images of exemplars, by image number

Names have the digest of the file in them, so the parts of a new result do not replace those of an earlier
one: they are written beside them, then `dissection.json` is replaced in one step, then the earlier parts are
removed. At any moment one of both results is there, whole. Files of others are never touched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.dissection.checks import check_about, check_arrays
from dissect_widgets.core.dissection.manifest import (
    NAME,
    About,
    Manifest,
    Part,
    is_part,
    manifest_bytes,
    parse_manifest,
    stem_of,
)
from dissect_widgets.core.dissection.parts import Arrays, Written, array_bytes, read_arrays, read_file
from dissect_widgets.core.dissection.pictures import Pictures
from dissect_widgets.core.files.atomic_write import folders_of, replacing
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.core.files.lock import locked
from dissect_widgets.core.files.target import input_folder, output_folder
from dissect_widgets.errors import SavedError, shortened

_TEMPORARY = (".dw-new", ".dw-lock")
"""How names end that saving uses meanwhile."""
_TRIES = 5  # to read a folder that others save to at the same time


class SavedResult(NamedTuple):
    """What a folder holds, or is to hold."""

    about: About
    arrays: Mapping[str, Arrays]
    """Arrays of "common", "layer-0" and so on, by name."""
    pictures: Mapping[int, bytes]
    """JPEG files by image number."""


def write_folder(saved: SavedResult, folder: str | os.PathLike[str]) -> Path:
    """Write a result into a folder.

    Parameters
    ----------
    saved
        What to write.
    folder
        Where. An existing dissection is replaced; anything else is left alone.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SavedError
        If the folder holds something else than a dissection, or another run writes to it; or if the result is
        such that it could not be loaded.
    StorageError
        If the disk is full; an existing dissection is intact.
    """
    try:
        check_about(saved.about)
        check_arrays(saved.about, saved.arrays, set(saved.pictures))
    except SavedError as error:
        raise SavedError(f"This dissection cannot be saved, for it is not whole: {error}.") from error
    target = output_folder(folder, what="folder")
    with locked(target), full_disk(target):
        former = check_target(target)
        parts = _write(saved, target)
        _remove_others(target, parts, former)
    return target


def check_target(folder: Path) -> Mapping[str, Part]:
    """Parts of the dissection that is in a folder; SavedError if none must be saved there.

    Parameters
    ----------
    folder
        As `output_folder` returns it.
    """
    if not folder.exists():
        return {}
    names, inner = os.listdir(folder), folder / "pictures"
    if "pictures" in names:
        if inner.is_symlink() or not inner.is_dir():
            raise SavedError(f"{shortened(inner)} is in the way: it must be a folder, not a file or a link.")
        names += [f"pictures/{name}" for name in os.listdir(inner)]
    if NAME in names:
        try:
            return parse_manifest(read_file(folder / NAME), folder / NAME).parts
        except SavedError as error:
            raise SavedError(
                f"{shortened(folder)} is left alone, for its {NAME} is not one that can be replaced: {error} "
                "Move that file away, or name another folder."
            ) from error
    if not all(is_part(name) or name == "pictures" or name.endswith(_TEMPORARY) for name in names):
        raise SavedError(f"{shortened(folder)} holds files that are not a dissection, and is left alone.")
    return {}


def read_folder(folder: str | os.PathLike[str]) -> SavedResult:
    """Read a result that `write_folder` wrote.

    Raises
    ------
    SavedError
        If it is not there, incomplete, damaged, or of another version.
    """
    found = input_folder(folder, what="folder")
    for _ in range(_TRIES):
        if not os.path.lexists(found / NAME):
            raise SavedError(f"{shortened(found)} does not hold a dissection: there is no {NAME} in it.")
        content = read_file(found / NAME)
        try:
            return _read(found, content)
        except SavedError:
            if _holds(found, content):
                raise
    raise SavedError(f"{shortened(found)} is being written by another run; load it when that is done.")


def _read(folder: Path, content: bytes) -> SavedResult:
    about, parts = parse_manifest(content, folder / NAME)
    arrays, jpeg, places = {}, {}, {}
    if (folder / "pictures").is_symlink():
        raise SavedError(f"{shortened(folder / 'pictures')} is a link; a dissection consists of plain files.")
    for name, part in parts.items():
        kind, _, number = stem_of(name).partition("/")
        if kind == "pictures":
            path = f"{folder}{os.sep}{name}"
            jpeg[int(number)] = read_file(path, part.size)
            places[int(number)] = path, part
        else:
            arrays[kind] = read_arrays(folder / name, part)
    try:
        check_about(about)
        check_arrays(about, arrays, jpeg.keys())
    except SavedError as error:
        raise SavedError(f"{shortened(folder)} is damaged: {error}.") from error
    return SavedResult(about, arrays, Pictures(dict(sorted(jpeg.items())), places))


def _write(saved: SavedResult, folder: Path) -> Mapping[str, Part]:
    """Write parts, then the manifest that names them; after an error before that, nothing is left."""
    written, content = Written(folder), b""
    with folders_of(folder / "pictures" / "any" if saved.pictures else folder / "any"):
        try:
            for stem, arrays in saved.arrays.items():
                written.add(stem, array_bytes(arrays))
            for image, jpeg in saved.pictures.items():
                written.add(f"pictures/{image}", jpeg)
            written.flush()
            content = manifest_bytes(Manifest(saved.about, written.parts), folder / NAME)
            with replacing(folder / NAME) as new:
                new.write_bytes(content)
        except BaseException:
            if not content or not _holds(folder, content):
                written.undo()
            raise
    return written.parts


def _remove_others(folder: Path, parts: Mapping[str, Part], former: Mapping[str, Part]) -> None:
    """Remove what is left of earlier dissections: parts of the former one, and of saves that were killed."""
    with suppress(OSError):
        for name in [*os.listdir(folder), *_pictures(folder)]:
            size = former[name].size if name in former and not former[name].digest else None
            path = folder / name
            if name in parts or not (is_part(name) or size == path.lstat().st_size):
                continue
            path.unlink(missing_ok=True)
    with suppress(OSError):
        if not any(name.startswith("pictures/") for name in parts):
            (folder / "pictures").rmdir()  # unless others have put something there


def _pictures(folder: Path) -> list[str]:
    return (
        [f"pictures/{name}" for name in os.listdir(folder / "pictures")]
        if (folder / "pictures").is_dir()
        else []
    )


def _holds(folder: Path, content: bytes) -> bool:
    """Whether this is what the manifest says now."""
    try:
        return read_file(folder / NAME) == content
    except SavedError:
        return False


def frozen(array: AnyArray) -> AnyArray:
    """Make an array read-only, and return it."""
    array.flags.writeable = False
    return array
