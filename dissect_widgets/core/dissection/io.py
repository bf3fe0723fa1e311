"""Folders that results are saved in: arrays in safetensors, images as JPEG, the rest in JSON.

A folder is written under a temporary name beside its place and then renamed, so it exists complete or
not at all.

    dissection.json        what it is, and which files belong to it
    layer-0.safetensors    arrays of the first layer, and so on
    common.safetensors     arrays that the layers share
    pictures/17.jpg        images of exemplars, by image number
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.files.atomic_write import temporary_path
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.errors import SavedError

FORMAT = 1
"""Version of the files; raised when their meaning changes."""

Arrays = dict[str, AnyArray]


class SavedResult(NamedTuple):
    """What a folder holds, or is to hold."""

    about: dict[str, Any]
    """What JSON can hold."""
    arrays: dict[str, Arrays]
    """Arrays by name, by name of their file."""
    pictures: dict[int, bytes]
    """JPEG files by image number."""


def write_folder(saved: SavedResult, folder: str | Path) -> Path:
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
        If the folder holds something else than a dissection.
    StorageError
        If the disk is full; an existing dissection is intact.
    """
    folder = Path(folder)
    check_target(folder)
    fresh = temporary_path(folder)
    with full_disk(folder.parent):
        try:
            (fresh / "pictures").mkdir(parents=True)
            _write(saved, fresh)
            _replace(folder, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _replace(folder: Path, fresh: Path) -> None:
    """Put a folder in the place of another, which comes back if that fails."""
    if not folder.exists():
        fresh.rename(folder)
        return
    old = temporary_path(folder)
    folder.rename(old)
    try:
        fresh.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def check_target(folder: Path) -> None:
    """Raise a SavedError if a dissection must not be saved here."""
    if folder.is_file():
        raise SavedError(f"{folder} is a file; a dissection is saved in a folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / "dissection.json").exists():
        raise SavedError(f"{folder} holds files that are not a dissection, and is left alone.")


def read_folder(folder: str | Path) -> SavedResult:
    """Read a result that `write_folder` wrote.

    Raises
    ------
    SavedError
        If it is not there, incomplete, damaged, or of another version.
    """
    folder = Path(folder)
    try:
        about = json.loads((folder / "dissection.json").read_text("utf-8"))
        version = about["format"]
    except FileNotFoundError:
        raise SavedError(f"{folder} does not hold a dissection: there is no dissection.json in it.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise SavedError(f"{folder / 'dissection.json'} is damaged: {error}.") from error
    if version != FORMAT:
        raise SavedError(
            f"{folder} was written in format {version}, by dissect_widgets "
            f"{about.get('provenance', {}).get('dissect_widgets', 'of another version')}; this version "
            f"reads format {FORMAT}. Dissect again, or use that version."
        )
    with damaged(folder):
        for name, size in about["files"].items():
            path = folder / name
            if not path.exists():
                raise SavedError(f"{folder} is incomplete: {name} is missing.")
            if path.stat().st_size != size:
                raise SavedError(f"{path} is damaged: it has {path.stat().st_size} bytes, not {size}.")
        files = [folder / name for name in about["files"]]
        arrays = {path.stem: load_file(path) for path in files if path.suffix == ".safetensors"}
        pictures = {int(path.stem): path.read_bytes() for path in files if path.parent.name == "pictures"}
        return SavedResult(about, arrays, dict(sorted(pictures.items())))


@contextmanager
def damaged(folder: Path) -> Iterator[None]:
    """Turn errors in the content of a folder into a SavedError."""
    try:
        yield
    except SavedError:
        raise
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise SavedError(f"{folder} is damaged: {type(error).__name__}: {error}.") from error


def _write(saved: SavedResult, folder: Path) -> None:
    for name, arrays in saved.arrays.items():
        save_file(arrays, folder / f"{name}.safetensors")
    for image, jpeg in saved.pictures.items():
        (folder / "pictures" / f"{image}.jpg").write_bytes(jpeg)
    files = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    text = json.dumps({"format": FORMAT, **saved.about, "files": files}, indent=1, ensure_ascii=False)
    (folder / "dissection.json").write_text(text, "utf-8")


def frozen(array: AnyArray) -> AnyArray:
    """Make an array read-only, and return it."""
    array.flags.writeable = False
    return array
