"""Put networks that were trained into the package, with their digests.

>>> harvest(Path("runs/zoo"))
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from dissect_widgets.world.zoo import registry
from dissect_widgets.world.zoo.base import Member
from dissect_widgets.world.zoo.files import read, write_bytes
from dissect_widgets.world.zoo.training import ABOUT, DRAFT, NETWORK

_KEPT = ("recipe", "figures", "snapshots", "step")


def harvest(folder: Path, *, drafts: bool = False, target: Path | None = None) -> list[str]:
    """Copy what is finished in a folder of runs into the package.

    Parameters
    ----------
    folder
        Folder of runs, one for each member.
    drafts
        Whether to take networks that are not finished, too.
    target
        Where to, if not the package.

    Returns
    -------
    list of str
        Names of the files that were written.
    """
    target = target or registry.FOLDER
    digests = target / registry.DIGESTS.name
    notes: dict[str, Any] = json.loads(digests.read_text("utf-8")) if digests.exists() else {}
    written: list[str] = []
    for member in registry.ALL.values():
        files = [folder / member.name / NETWORK, *([folder / member.name / DRAFT] if drafts else [])]
        path = next((file for file in files if file.exists()), None)
        if path is None:
            continue
        contents = {f"{member.name}.safetensors": path.read_bytes()}
        if member.snapshots and path.name == NETWORK:
            contents[f"{member.name}.snapshots.safetensors"] = _snapshots(member, path.parent)
        note = read(path)[1]
        for name, content in contents.items():
            write_bytes(target / name, content)
            notes[name] = {"sha256": hashlib.sha256(content).hexdigest()}
        notes[f"{member.name}.safetensors"] |= {
            key: note[key] if key != "recipe" else {k: v for k, v in note[key].items() if k != "network"}
            for key in _KEPT
        }
        if (about := path.parent / ABOUT).exists():
            notes[f"{member.name}.safetensors"] |= json.loads(about.read_text("utf-8"))
        written += contents
    write_bytes(digests, (json.dumps(notes, indent=1, sort_keys=True) + "\n").encode())
    return written


def _snapshots(member: Member, folder: Path) -> bytes:
    """The convolutions of all snapshots of a member, fp16, in one file."""
    kept: dict[str, Tensor] = {}
    for step in member.snapshots:
        weights, _ = read(folder / "snapshots" / f"{step:06d}.safetensors")
        for name, value in weights.items():
            if name.startswith("conv"):
                kept[f"{step}/{name}"] = value.half()
    return save(kept, {"note": json.dumps({"name": member.name, "steps": member.snapshots})})
