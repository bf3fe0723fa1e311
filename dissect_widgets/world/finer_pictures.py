"""Pictures of the finer classes as a data set, with these classes or with their scenes.

>>> finer = FinerPictures("val", 4)                  # four of each class, drawn when first read
>>> coarser = finer.with_scenes()                    # the same pictures
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from dissect_widgets import __version__
from dissect_widgets.errors import SettingError, nearest, shown
from dissect_widgets.world.finer_classes import CLASSES, classes_of
from dissect_widgets.world.scenery.vocabulary import SCENES
from dissect_widgets.world.zoo.data import SPLITS, draw_finer

_PIECE: Final = 200
"""Of the seeds: no network of the zoo has learned from pictures of this one."""


class FinerPictures(Dataset[Tensor]):
    """As many pictures of 96 pixels of each finer class; classes take turns.

    Parameters
    ----------
    split
        "train" or "val": the same classes with different seeds.
    each
        Pictures of each class.
    scenes
        Whether the classes are the scenes.

    Raises
    ------
    SettingError
        For another split, or no pictures.
    """

    def __init__(self, split: str, each: int, *, scenes: bool = False) -> None:
        if split not in SPLITS:
            raise SettingError(f"The split is {shown(split)}.{nearest(split, SPLITS)}")
        if isinstance(each, bool) or not isinstance(each, int) or each < 1:
            raise SettingError(f"each is {shown(each)}; it must be a whole number from 1.")
        self.split, self.each, self.scenes = split, each, scenes
        self.classes = SCENES if scenes else CLASSES
        self._same: FinerPictures | None = None  # which draws the pictures of both

    def __len__(self) -> int:
        return self.each * len(CLASSES)

    def __getitem__(self, index: int) -> Tensor:
        if not 0 <= index < len(self):
            raise IndexError(f"The index is {index}; there are {len(self)} images.")
        return self._images[index].float() / 255

    def with_scenes(self) -> FinerPictures:
        """The same pictures, whose classes are their scenes; they are not drawn again."""
        coarser = FinerPictures(self.split, self.each, scenes=True)
        coarser._same = self
        return coarser

    @cached_property
    def targets(self) -> list[int]:
        """Class of each picture, an index into `classes`."""
        scene_of = {number: place for place, scene in enumerate(SCENES) for number in classes_of(scene)}
        finer = [index % len(CLASSES) for index in range(len(self))]
        return [scene_of[number] for number in finer] if self.scenes else finer

    @cached_property
    def names(self) -> list[str]:
        """Name of each picture."""
        return [f"{CLASSES[index % len(CLASSES)]} {index // len(CLASSES)}" for index in range(len(self))]

    def digest(self) -> str:
        """Digest that identifies the data."""
        identity = type(self).__name__, __version__, self.split, self.each, self.scenes
        return hashlib.sha256(repr(identity).encode()).hexdigest()

    @cached_property
    def _images(self) -> Tensor:
        """uint8 (n, 3, 96, 96)"""
        if self._same is not None:
            return self._same._images
        return torch.from_numpy(np.asarray(draw_finer(SCENES, self.each, self.split, _PIECE)["images"]))
