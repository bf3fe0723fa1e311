"""The data sets of the zoo as tensors on a device, joined where a task learns from two.

>>> library = Library(Path("runs/zoo/data"))
>>> library.draw(["scenes+objects"], workers=2)
>>> train = library.tensors("scenes+objects", "train", torch.device("cpu"))
>>> train["source"]                                # int64 (n,): 0 for scenes, 1 for objects
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from dissect_widgets.core.files.json_files import read_dict
from dissect_widgets.world.zoo import data
from dissect_widgets.world.zoo.base import Batch
from dissect_widgets.world.zoo.drawing import Ended, Source, draw


@dataclass
class Library:
    """Data sets in a folder; the last one asked for is kept, for the next member that learns from it."""

    folder: Path
    tiny: bool = False
    """Whether there are a few pictures of each only, for checks."""
    _last: tuple[tuple[str, str, str], Batch] | None = field(default=None, repr=False)

    def draw(self, names: Sequence[str], *, workers: int = 1, ended: Ended | None = None) -> None:
        """Draw what is missing of some data sets, in order; see `drawing.draw`."""
        chosen = [(source, split) for name in names for source in self.sources(name) for split in data.SPLITS]
        unique = {(source.name, split): (source, split) for source, split in chosen}
        draw(list(unique.values()), self.folder, workers=workers, ended=ended)

    def sources(self, name: str) -> list[Source]:
        """What is drawn for a data set, or for two joined by "+"."""
        return [data.source_of(part, tiny=self.tiny) for part in name.split("+")]

    def digest(self, name: str) -> str:
        """What it shows, for the recipe."""
        places = [source.place(self.folder, split) for source in self.sources(name) for split in data.SPLITS]
        return "-".join(read_dict(place / "about.json")["digest"] for place in places)

    def tensors(self, name: str, split: str, device: torch.device) -> Batch:
        """All arrays of a data set on a device; images are uint8."""
        key = name, split, str(device)
        if split == "train" and self._last is not None:
            if self._last[0] == key:
                return self._last[1]
            self._last = None  # its memory is needed
        parts = [self._part(part, split, device) for part in name.split("+")]
        joined = parts[0] if len(parts) == 1 else _joined(parts)
        if split == "train":
            self._last = key, joined
        return joined

    def _part(self, name: str, split: str, device: torch.device) -> Batch:
        arrays = data.opened(name, self.folder, split, tiny=self.tiny)
        return {key: torch.from_numpy(np.array(array)).to(device) for key, array in arrays.items()}


def _joined(parts: list[Batch]) -> Batch:
    names = [name for name in parts[0] if all(name in part for part in parts)]
    lengths = torch.tensor([len(part[names[0]]) for part in parts])
    joined = {name: torch.cat([part[name] for part in parts]) for name in names}
    joined["source"] = torch.arange(len(parts)).repeat_interleave(lengths).to(joined[names[0]].device)
    return joined
