"""Files of the zoo: weights as fp16 with a note of what they are, whole or not at all, and known by digest.

>>> write(path, net.state_dict(), {"figures": {"top-1": 0.9}})
>>> weights, note = read(path)                        # float32 again
>>> read(path, sha256="...")                          # raises WeightsError if the file has another digest
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load, save
from torch import Tensor

from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.errors import WeightsError, nearest


def write(path: Path, weights: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Write weights as fp16, with a note."""
    halves = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in weights.items()
    }
    # One entry: several would stand in an order by chance, and the bytes of the file with them.
    write_bytes(path, save(halves, {"note": json.dumps(note, sort_keys=True)}))


def read(path: Path, *, sha256: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights float32 by name, and the note that came with them.

    Raises
    ------
    WeightsError
        If there is no such file, it is damaged, or its digest is not `sha256`.
    """
    if not path.is_file():
        others = sorted(other.stem for other in path.parent.glob("*.safetensors"))
        raise WeightsError(f"There is no file {path}.{nearest(path.stem, others)}")
    content = path.read_bytes()
    if sha256 is not None and (digest := hashlib.sha256(content).hexdigest()) != sha256:
        raise WeightsError(
            f"{path} is damaged or another's: its SHA-256 is {digest}, and should be {sha256}. "
            "Install the package again."
        )
    try:
        weights = load(content)
        with safe_open(path, "pt") as file:
            note = json.loads((file.metadata() or {})["note"])
    except Exception as error:
        raise WeightsError(f"{path} is no file of weights of the zoo: {error}") from error
    return {
        key: value.float() if value.is_floating_point() else value for key, value in weights.items()
    }, note


def read_note(path: Path) -> dict[str, Any]:
    """The note alone; empty if there is no such file, or it is no file of the zoo."""
    try:
        with safe_open(path, "pt") as file:
            note: dict[str, Any] = json.loads((file.metadata() or {})["note"])
            return note
    except Exception:
        return {}


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    StorageError
        If the disk is full; what was there before is still there.
    """
    with replacing(path) as new:
        new.write_bytes(content)
