"""What is proved of files before a run: that photos and masks pair, and that a few of them can be read.

>>> photos.proofs()                  # of a MaskFolder or a PhotoFolder
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from dissect_widgets.core.proofs.report import Proof, Verdict
from dissect_widgets.datasets.files import missed, say, some
from dissect_widgets.errors import DataError

LOOKED_AT = 3


class Folder(Protocol):
    """Photos of a folder."""

    names: list[str]
    passed_over: dict[str, str]

    def __getitem__(self, index: int, /) -> Any:
        """Read a photo."""
        ...


def prove_files(folder: Folder, unpaired: Sequence[str] | None) -> list[Proof]:
    """Proofs of a folder of photos; reads a few of them.

    Parameters
    ----------
    folder
        The photos.
    unpaired
        What has no partner; None for photos without masks.
    """
    claim = "all files are read" if unpaired is None else "each photo has its masks, and each mask its photo"
    seen = [f"{len(folder.names)} photos"]
    if unpaired:
        seen.append(f"{len(unpaired)} files without a partner are left out: {some(list(unpaired), 3)}")
    if folder.passed_over:
        seen.append(say(folder.passed_over).rstrip("."))
    verdict: Verdict = "chosen" if unpaired or missed(folder.passed_over) else "proved"
    return [Proof("files", claim, verdict, "; ".join(seen)), _prove_readable(folder)]


def _prove_readable(folder: Folder) -> Proof:
    claim = "photos and masks can be read, and their values and sizes are what they must be"
    count = len(folder.names)
    places = np.unique(np.linspace(0, count - 1, LOOKED_AT).round().astype(int)).tolist()
    for place in places:
        try:
            folder[place]
        except DataError as error:
            return Proof(
                "files", claim, "refused", str(error).rstrip("."), "skip_errors=True skips such images."
            )
    names = ", ".join(folder.names[place] for place in places)
    return Proof("files", claim, "proved", f"looked at {len(places)} of {count}: {names}")
