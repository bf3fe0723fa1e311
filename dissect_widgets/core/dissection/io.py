"""Dissections on disk: arrays in safetensors, the rest in JSON, pictures as JPEG files.

A folder is written beside its place and then renamed, so it is there whole or not at all.

    dissection.json        what it is, and which files belong to it
    layer-0.safetensors    arrays of the first layer, and so on
    common.safetensors     arrays that the layers share
    pictures/17.jpg        exemplars, by image number
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.data.types import Skipped
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.data.storage import full_disk
from dissect_widgets.errors import SavedError

FORMAT = 1
"""Version of the files; raised when their meaning changes."""

_LAYER_ARRAYS = (
    "threshold", "intersection", "area", "area_in_category", "lowest", "highest", "histogram",
    "bin_width", "exemplar_image", "exemplar_peak", "exemplar_map",
)  # fmt: skip


def save(dissection: Dissection, folder: str | Path) -> Path:
    """Write a dissection into a folder.

    Parameters
    ----------
    dissection
        What to write.
    folder
        Where. A dissection that is there already is replaced; anything else is left alone.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SavedError
        If the folder holds something that is no dissection.
    StorageError
        If the disk is full; what was there before is intact.
    """
    folder = Path(folder)
    check_target(folder)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    with full_disk(folder.parent):
        try:
            (fresh / "pictures").mkdir(parents=True)
            _write(dissection, fresh)
            if folder.exists():
                old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
                folder.rename(old)
                fresh.rename(folder)
                shutil.rmtree(old)
            else:
                fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def check_target(folder: Path) -> None:
    """Raise a SavedError if a dissection must not be saved here."""
    if folder.is_file():
        raise SavedError(f"{folder} is a file; a dissection is saved in a folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / "dissection.json").exists():
        raise SavedError(f"{folder} holds files that are no dissection, and is left alone.")


def load(folder: str | Path) -> Dissection:
    """Read a dissection that `save` wrote.

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
        raise SavedError(f"{folder} holds no dissection: there is no dissection.json in it.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise SavedError(f"{folder / 'dissection.json'} is damaged: {error}.") from error
    if version != FORMAT:
        raise SavedError(
            f"{folder} was written in format {version}, by dissect_widgets "
            f"{about.get('provenance', {}).get('dissect_widgets', 'of another version')}; this version "
            f"reads format {FORMAT}. Dissect again, or use that version."
        )
    try:
        for name, size in about["files"].items():
            path = folder / name
            if not path.exists():
                raise SavedError(f"{folder} is incomplete: {name} is missing.")
            if path.stat().st_size != size:
                raise SavedError(f"{path} is damaged: it has {path.stat().st_size} bytes, not {size}.")
        return _read(folder, about)
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        if isinstance(error, SavedError):
            raise
        raise SavedError(f"{folder} is damaged: {type(error).__name__}: {error}.") from error


def _write(dissection: Dissection, folder: Path) -> None:
    layers = dissection.layers
    concept_area = layers[0].concept_area
    save_file(
        {"concept_area": concept_area, "images_in_category": dissection.images_in_category},
        folder / "common.safetensors",
    )
    for number, layer in enumerate(layers):
        arrays = {name: np.ascontiguousarray(getattr(layer, name)) for name in _LAYER_ARRAYS}
        save_file(arrays, folder / f"layer-{number}.safetensors")
    for image, jpeg in dissection.pictures.items():
        (folder / "pictures" / f"{image}.jpg").write_bytes(jpeg)
    about = {
        "format": FORMAT,
        "model": dissection.model,
        "images": dissection.images,
        "picture_size": dissection.picture_size,
        "label_size": dissection.label_size,
        "concepts": [list(concept) for concept in dissection.vocabulary][1:],
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "grid": list(layer.grid),
                "exemplar_grid": list(layer.exemplar_grid),
                "levels": list(layer.levels),
            }
            for layer in layers
        ],
        "skipped": [list(skipped) for skipped in dissection.skipped],
        "names": list(dissection.names),
        "provenance": dict(dissection.provenance),
        "files": {
            path.relative_to(folder).as_posix(): path.stat().st_size
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    text = json.dumps(about, indent=1, ensure_ascii=False)
    (folder / "dissection.json").write_text(text, "utf-8")


def _read(folder: Path, about: dict[str, Any]) -> Dissection:
    vocabulary = Vocabulary(tuple(concept) for concept in about["concepts"])
    common = load_file(folder / "common.safetensors")
    layers = []
    for number, layer in enumerate(about["layers"]):
        arrays = load_file(folder / f"layer-{number}.safetensors")
        layers.append(
            LayerDissection(
                name=layer["name"],
                kind=layer["kind"],
                grid=Grid(*layer["grid"]),
                exemplar_grid=Grid(*layer["exemplar_grid"]),
                levels=tuple(layer["levels"]),
                concept_area=frozen(common["concept_area"]),
                vocabulary=vocabulary,
                **cast(Any, {name: frozen(arrays[name]) for name in _LAYER_ARRAYS}),
            )
        )
    pictures = sorted(int(Path(name).stem) for name in about["files"] if name.startswith("pictures/"))
    return Dissection(
        model=about["model"],
        layers=tuple(layers),
        vocabulary=vocabulary,
        names=tuple(about["names"]),
        images=about["images"],
        images_in_category=frozen(common["images_in_category"]),
        skipped=tuple(Skipped(*skipped) for skipped in about["skipped"]),
        picture_size=tuple(about["picture_size"]),
        label_size=tuple(about["label_size"]),
        pictures={n: (folder / "pictures" / f"{n}.jpg").read_bytes() for n in pictures},
        provenance=about["provenance"],
    )


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array read-only, and return it."""
    array.flags.writeable = False
    return array
