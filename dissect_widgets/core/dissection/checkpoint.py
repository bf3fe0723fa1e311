"""Checkpoints: the state of a run in a folder, from which the same run resumes after a kill.

`checkpoint.json` names everything that belongs to the state, with digests. It is replaced in one step after
all it names is written, so there is always one complete checkpoint, whenever the process dies; and when the
folder is removed, it is so first. Files of others in the folder stay.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from dissect_widgets.core.data.storage import FileArray, State, Workspace
from dissect_widgets.core.dissection.manifest import Count, Digest, DigestOrNone
from dissect_widgets.core.dissection.parts import read_file
from dissect_widgets.core.dissection.sealed import seal, unseal
from dissect_widgets.core.files.atomic_write import discard, remove_leftovers, replacing
from dissect_widgets.core.files.digest import digest_of_file
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.errors import SavedError, shortened, shown

FORMAT = 2
_MANIFEST = "checkpoint.json"

FileName = Annotated[str, msgspec.Meta(pattern=r"^arrays-[0-9]{1,15}\.bin\Z")]


class ArrayFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A large array in a file of its own."""

    file: FileName
    dtype: Annotated[str, msgspec.Meta(pattern=r"^[<|][iuf][1248]\Z")]
    length: Count
    digest: DigestOrNone


class Position(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the run is, and how far."""

    key: dict[str, Any]
    """All that decides the bits of the result."""
    done: Count
    """Images that were done, in order."""
    skipped: tuple[tuple[str, str], ...]
    """Names of those that could not be used, and why."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `checkpoint.json`."""

    format: Literal[2]
    about: Position
    arrays: FileName
    """File of the arrays that are in memory."""
    arrays_digest: Digest
    files: dict[str, ArrayFile]


def write_checkpoint(workspace: Workspace, about: Position, state: State) -> None:
    """Write a state; the previous one stays valid until this one is complete.

    Parameters
    ----------
    workspace
        Where the state's files are, and where it is written.
    about
        What the run is, and how far.
    state
        Arrays in memory, or in files of the workspace.
    """
    small = {name: array for name, array in state.items() if isinstance(array, np.ndarray)}
    large = {name: array for name, array in state.items() if isinstance(array, FileArray)}
    path = workspace.path_of_new_file()
    with full_disk(path):
        before = _read_manifest(workspace.folder)
        save_file({name: np.ascontiguousarray(array) for name, array in small.items()}, path)
        files = {
            name: {"file": a.path.name, "dtype": a.dtype.str, "length": len(a), "digest": a.digest}
            for name, a in large.items()
        }
        content = {
            "format": FORMAT,
            "about": msgspec.structs.asdict(about),
            "arrays": path.name,
            "arrays_digest": digest_of_file(path),
            "files": files,
        }
        with replacing(workspace.folder / _MANIFEST) as new:
            new.write_bytes(seal(content, shortened(workspace.folder / _MANIFEST)))
    if before is not None:
        (workspace.folder / before.arrays).unlink(missing_ok=True)
    workspace.checkpoint_names({path.name, *(array.path.name for array in large.values())})


def open_workspace(folder: Path) -> Workspace:
    """Workspace that holds a run's checkpoints; leftovers of a killed run are removed."""
    workspace = Workspace(folder, temporary=False)
    manifest = _read_manifest(folder)
    named = {file.file for file in manifest.files.values()} | {manifest.arrays} if manifest else set()
    workspace.keep_only(named)
    remove_leftovers(folder / _MANIFEST)
    return workspace


def close_workspace(workspace: Workspace) -> None:
    """Remove a workspace, the manifest first: a kill in between leaves no checkpoint that is not whole."""
    if not workspace.temporary:
        remove_leftovers(workspace.folder / _MANIFEST)
        discard(workspace.folder / _MANIFEST)
    workspace.close()


def read_checkpoint(workspace: Workspace, key: Mapping[str, Any]) -> tuple[Position, State] | None:
    """Read the state of a run.

    Parameters
    ----------
    workspace
        Where it is.
    key
        What the run is that resumes.

    Returns
    -------
    tuple or None
        How far the run is, and the arrays; None if there is no checkpoint.

    Raises
    ------
    SavedError
        If the checkpoint belongs to another run, or is damaged.
    """
    manifest = _read_manifest(workspace.folder)
    if manifest is None:
        return None
    theirs = manifest.about.key
    differing = sorted(name for name in key.keys() | theirs.keys() if key.get(name) != theirs.get(name))
    if differing:
        differences = "; ".join(
            f"{n}: {shown(theirs.get(n), 60)} in the checkpoint, {shown(key.get(n), 60)} now"
            for n in differing
        )
        raise SavedError(
            f"{workspace.folder} holds an unfinished run of something else ({differences}). Finish that run, "
            "remove the folder, or name another one."
        )
    try:
        return manifest.about, _read_state(workspace.folder, manifest)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise SavedError(
            f"The checkpoint in {workspace.folder} is damaged ({shortened(error)}); remove the folder and "
            "start again."
        ) from error


def has_checkpoint(workspace: Workspace) -> bool:
    """Whether a run can resume from here."""
    return os.path.lexists(workspace.folder / _MANIFEST)


def _read_state(folder: Path, manifest: Manifest) -> State:
    """Arrays of a checkpoint, all of whose files are read once to see that they are as they were written."""
    path = folder / manifest.arrays
    if digest_of_file(path) != manifest.arrays_digest:
        raise ValueError(f"{path.name} is not as it was written")
    state: State = dict(load_file(path))
    for name, file in manifest.files.items():
        array = FileArray(folder / file.file, np.dtype(file.dtype), file.length, file.digest)
        if array.path.stat().st_size != array.length * array.dtype.itemsize:
            raise ValueError(f"{file.file} has another size than when it was written")
        if file.digest and digest_of_file(array.path) != file.digest:
            raise ValueError(f"{file.file} is not as it was written")
        state[name] = array
    return state


def _read_manifest(folder: Path) -> Manifest | None:
    """Read what the last checkpoint names; None if there is none."""
    path = folder / _MANIFEST
    if not os.path.lexists(path):
        return None
    name = shortened(path)
    try:
        content, intact = unseal(read_file(path), name)
        manifest = msgspec.convert(content, Manifest)
    except (SavedError, msgspec.ValidationError) as error:
        raise SavedError(
            f"{name} cannot be used: {shortened(error)} Remove its folder and start again."
        ) from error
    if not intact:
        raise SavedError(
            f"{name} is damaged: it is not as it was written. Remove its folder and start again."
        )
    return manifest
