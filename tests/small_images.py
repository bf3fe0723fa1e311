"""Labeled images in memory, for tests of all rooms."""

from __future__ import annotations

import signal

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary


class ArrayImages:
    """Labeled images held in memory: random pictures (20 x 28) and label maps (2, 11, 13), 7 concepts."""

    def __init__(
        self,
        images: int = 9,
        size: tuple[int, int] = (20, 28),
        labels: tuple[int, int] = (11, 13),
        seed: int = 1,
    ) -> None:
        random = np.random.default_rng(seed)
        self.vocabulary = Vocabulary(
            [Concept(f"thing {i}", "object") for i in range(4)]
            + [Concept(f"stuff {i}", "material") for i in range(2)]
            + [Concept("nowhere", "scene")]
        )
        coarse = torch.from_numpy(random.random((images, 3, 5, 7), np.float32))
        self.images = torch.nn.functional.interpolate(coarse, size, mode="bilinear")
        first = random.integers(0, 5, (images, 1, *labels))
        second = random.choice([0, 0, 5, 6, 2], (images, 1, *labels))
        self.labels = np.concatenate([first, second], 1)
        self.labels[1:2] = 0  # an image without any label
        self.names = [f"photo {i}.jpg" for i in range(images)]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], torch.from_numpy(self.labels[index])


class StoppingImages(ArrayImages):
    """Interrupt the process when a certain image is first read, as Ctrl-C does."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if index == self.at:
            self.at = -1
            signal.raise_signal(signal.SIGINT)
        return super().__getitem__(index)
