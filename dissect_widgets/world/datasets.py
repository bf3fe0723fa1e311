"""The world as data sets of torch, for `dissect` and for training.

>>> probe = Scenes("probe", 1200, label_size=64)
>>> image, labels = probe[0]            # float32 (3, 128, 128) in [0, 1]; int64 (6, 64, 64)
>>> probe.vocabulary, probe.targets[:3], probe.names[0]
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.utils.data import Dataset

from dissect_widgets import __version__
from dissect_widgets.errors import ConceptError, SettingError, nearest, shown
from dissect_widgets.world.rendering import LabeledImage, checked_size, render, render_object
from dissect_widgets.world.scenery.vocabulary import OBJECT_KINDS, SCENES, VOCABULARY

SPLITS: Final = {"train": 0, "val": 1_000_000_000, "probe": 2_000_000_000}
"""First seed of each split; the splits do not overlap."""


class _Drawn(Dataset[tuple[Tensor, Tensor]]):
    """Images of classes, which take turns; see `Scenes`."""

    known: ClassVar[tuple[str, ...]]
    """Names of all classes."""
    draw: ClassVar[staticmethod[[str, int, int], LabeledImage]]
    """Class, seed and size -> labeled image."""

    def __init__(
        self,
        split: str,
        n: int,
        *,
        size: int = 128,
        label_size: int | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        self.classes = self.known if classes is None else tuple(classes)
        if split not in SPLITS:
            raise SettingError(f"The split is {shown(split)}.{nearest(split, SPLITS)}")
        if n < 0 or n > SPLITS["val"]:
            raise SettingError(f"n is {n}; allowed is 0 to {SPLITS['val']}.")
        unknown = [name for name in self.classes if name not in self.known]
        if unknown:
            raise ConceptError(f"The world has no {shown(unknown[0])}.{nearest(unknown[0], self.known)}")
        if not self.classes:
            raise SettingError("`classes` is empty; give one or more.")
        self.split, self.n, self.size = split, n, checked_size(size)
        self.label_size = checked_label_size(self.size, label_size)
        self.vocabulary = VOCABULARY

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if not 0 <= index < self.n:
            raise IndexError(f"The index is {index}; there are {self.n} images.")
        drawn = self.labeled_image(index)
        step = self.size // self.label_size
        labels = torch.from_numpy(drawn.labels[:, step // 2 :: step, step // 2 :: step].astype("int64"))
        return torch.from_numpy(drawn.image).permute(2, 0, 1).float() / 255, labels

    def labeled_image(self, index: int) -> LabeledImage:
        """Image and labels of an index, at full size."""
        return self.draw(*self.kind(index), self.size)

    def kind(self, index: int) -> tuple[str, int]:
        """Class and seed of an index."""
        return self.classes[index % len(self.classes)], SPLITS[self.split] + index // len(self.classes)

    @cached_property
    def targets(self) -> list[int]:
        """Class of each image, an index into `classes`."""
        return [index % len(self.classes) for index in range(self.n)]

    @cached_property
    def names(self) -> list[str]:
        """Name of each image, for captions."""
        kinds = (self.kind(index) for index in range(self.n))
        return [f"{name} {seed - SPLITS[self.split]}" for name, seed in kinds]

    def digest(self) -> str:
        """Digest that identifies the data, for provenance and resumed runs."""
        sizes = self.n, self.size, self.label_size
        identity = type(self).__name__, __version__, self.split, *sizes, self.classes
        return hashlib.sha256(repr(identity).encode()).hexdigest()


class Scenes(_Drawn):
    """Scenes with all their labels.

    Parameters
    ----------
    split
        "train", "val" or "probe": the same scenes with different seeds.
    n
        Number of images; the classes take turns.
    size
        Width and height of the images.
    label_size
        Width and height of the label maps, which must divide `size`; the same by default. A label is
        that of the pixel at its center.
    classes
        Names of scenes; all by default.

    Raises
    ------
    SettingError, ConceptError
        If one of these is not allowed.
    """

    known, draw = SCENES, staticmethod(render)


class Objects(_Drawn):
    """Single objects, large, on varied grounds; the object is the class. See `Scenes` for parameters."""

    known, draw = OBJECT_KINDS, staticmethod(render_object)


def checked_label_size(size: int, label_size: int | None) -> int:
    """Size of the label maps of images of a size; SettingError if it does not divide that."""
    if label_size is None:
        return size
    if not 1 <= label_size <= size or size % label_size:
        allowed = [d for d in range(1, size + 1) if size % d == 0 and d >= 8]
        raise SettingError(f"The label_size is {label_size}; allowed are divisors of {size}: {allowed}.")
    return label_size
