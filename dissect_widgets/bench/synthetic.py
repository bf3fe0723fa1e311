"""Images and labels without a meaning, to time computations on."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary

_CHANNELS = 6  # object, part, material, color and two halves, as in PNAS 2020
_SIDE = 7  # label patches along a side


class Synthetic:
    """Images of smooth noise, with patches of random labels in six channels, held in memory.

    Parameters
    ----------
    images
        How many.
    concepts, label_size, size
        Size of the vocabulary; sides of the label maps and of the images, in pixels.
    """

    def __init__(self, images: int, *, concepts: int, label_size: int, size: int = 224) -> None:
        random = np.random.default_rng(0)
        self.vocabulary = Vocabulary(
            Concept(f"concept {i}", f"kind {i % _CHANNELS}") for i in range(concepts)
        )
        noise = torch.from_numpy(random.random((images, 3, size // 8, size // 8), np.float32))
        self.images = interpolate(noise, size=(size, size), mode="bicubic").clamp(0, 1)
        patch = np.arange(label_size) * _SIDE // label_size
        coarse = random.integers(0, concepts + 1, (images, _CHANNELS, _SIDE, _SIDE), dtype=np.int32)
        self.labels = torch.from_numpy(coarse[:, :, patch][:, :, :, patch])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], self.labels[index]
