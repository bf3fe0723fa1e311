"""Checkpoints: the state of a run in a folder, from which the same run resumes after a kill.

`checkpoint.json` names everything that belongs to the state. It is replaced in one step after all it
names is written, so there is always one complete checkpoint, whenever the process dies.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from dissect_widgets.core.data.storage import FileArray, State, Workspace
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.errors import SavedError

_MANIFEST = "checkpoint.json"


def write_checkpoint(workspace: Workspace, about: dict[str, Any], state: State) -> None:
    """Write a state; the previous one stays valid until this one is complete.

    Parameters
    ----------
    workspace
        Where the state's files are, and where it is written.
    about
        What JSON can hold: under "key" what the run is, and how far it is.
    state
        Arrays in memory, or in files of the workspace.
    """
    small = {name: array for name, array in state.items() if isinstance(array, np.ndarray)}
    large = {name: array for name, array in state.items() if isinstance(array, FileArray)}
    path = workspace.path_of_new_file()
    manifest = workspace.folder / _MANIFEST
    before = _read_manifest(workspace.folder)
    with full_disk(path):
        save_file({name: np.ascontiguousarray(array) for name, array in small.items()}, path)
        files = {n: {"file": a.path.name, "dtype": a.dtype.str, "length": len(a)} for n, a in large.items()}
        text = json.dumps({"about": about, "arrays": path.name, "files": files})
        with replacing(manifest) as new:
            new.write_text(text, "utf-8")
    if before is not None:
        (workspace.folder / before["arrays"]).unlink(missing_ok=True)
    workspace.checkpoint_names({path.name, *(array.path.name for array in large.values())})


def open_workspace(folder: Path) -> Workspace:
    """Workspace that holds a run's checkpoints; leftovers of a killed run are removed."""
    workspace = Workspace(folder, temporary=False)
    manifest = _read_manifest(folder)
    named = (
        {file["file"] for file in manifest["files"].values()} | {manifest["arrays"]} if manifest else set()
    )
    workspace.keep_only(named)
    return workspace


def read_checkpoint(workspace: Workspace, key: dict[str, Any]) -> tuple[dict[str, Any], State] | None:
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
        The `about` of the checkpoint, and the arrays; None if there is none.

    Raises
    ------
    SavedError
        If the checkpoint belongs to another run, or is damaged.
    """
    manifest = _read_manifest(workspace.folder)
    if manifest is None:
        return None
    theirs = manifest["about"]["key"]
    differing = sorted(name for name in key.keys() | theirs.keys() if key.get(name) != theirs.get(name))
    if differing:
        differences = "; ".join(
            f"{n}: {_short(theirs.get(n))} in the checkpoint, {_short(key.get(n))} now" for n in differing
        )
        raise SavedError(
            f"{workspace.folder} holds an unfinished run of something else ({differences}). Finish that run, "
            "remove the folder, or name another one."
        )
    try:
        state: State = dict(load_file(workspace.folder / manifest["arrays"]))
        for name, file in manifest["files"].items():
            array = FileArray(workspace.folder / file["file"], np.dtype(file["dtype"]), file["length"])
            if array.path.stat().st_size < array.length * array.dtype.itemsize:
                raise SavedError(f"{array.path} is too short.")
            state[name] = array
    except (OSError, ValueError, KeyError) as error:
        raise SavedError(
            f"The checkpoint in {workspace.folder} is damaged ({error}); remove the folder and start again."
        ) from error
    return manifest["about"], state


def has_checkpoint(workspace: Workspace) -> bool:
    """Whether a run can resume from here."""
    return (workspace.folder / _MANIFEST).exists()


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read what the last checkpoint names; None if there is none."""
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SavedError(f"{folder / _MANIFEST} is damaged ({error}); remove the folder.") from error
    return manifest


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
