"""DenseNet (Huang et al. 2017), narrow and short, for pictures of 96 pixels.

>>> net = DenseNet(24)                     # conv0, denseblock1 ... denseblock4 (6 x 6), norm5, classifier
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, relu

from dissect_widgets.world.networks.parts import Center, initialize

GROWTH: Final = 16
"""Units that each layer adds."""
DEPTHS: Final = (3, 4, 6, 5)
"""Layers of the four blocks; those of DenseNet-161 are (6, 12, 36, 24)."""


class DenseLayer(nn.Module):
    """A 1 x 1 and a 3 x 3 convolution, whose units come behind those that went in."""

    def __init__(self, before: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, 3 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(3 * growth)
        self.conv2 = nn.Conv2d(3 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """What went in, and what is new."""
        new = self.conv2(relu(self.norm2(self.conv1(relu(self.norm1(x))))))
        return torch.cat([x, new], 1)


class Transition(nn.Module):
    """Half the units, on a map of half the size or of the same."""

    def __init__(self, before: int, width: int, pool: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(before)
        self.conv = nn.Conv2d(before, width, 1, bias=False)
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """The smaller map."""
        x = self.conv(relu(self.norm(x)))
        return avg_pool2d(x, 2) if self.pool else x


class DenseNet(nn.Module):
    """Pictures float (B, 3, 96, 96) in [0, 1] to scores (B, classes).

    There is no pool before the last block, so that 6 x 6 is left.

    Parameters
    ----------
    classes
        How many.
    growth
        Units that each layer adds.
    depths
        Layers of the four blocks.
    """

    layers: tuple[str, ...] = ("conv0", "denseblock1", "denseblock2", "denseblock3", "denseblock4")

    def __init__(self, classes: int, *, growth: int = GROWTH, depths: Sequence[int] = DEPTHS) -> None:
        super().__init__()
        self.center = Center()
        width = 2 * growth
        self.conv0 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.norm0 = nn.BatchNorm2d(width)
        self.pool0 = nn.MaxPool2d(3, 2, 1)
        blocks = len(depths)
        for number, depth in enumerate(depths, start=1):
            block = nn.Sequential(*(DenseLayer(width + n * growth, growth) for n in range(depth)))
            self.add_module(f"denseblock{number}", block)
            width += depth * growth
            if number < blocks:
                self.add_module(f"transition{number}", Transition(width, width // 2, number < blocks - 1))
                width //= 2
        self.norm5 = nn.BatchNorm2d(width)
        self.classifier = nn.Linear(width, classes)
        self.blocks = blocks
        initialize(self, "classifier")

    def forward(self, images: Tensor) -> Tensor:
        """Scores."""
        x = self.pool0(relu(self.norm0(self.conv0(self.center(images)))))
        for number in range(1, self.blocks + 1):
            x = self.get_submodule(f"denseblock{number}")(x)
            if number < self.blocks:
                x = self.get_submodule(f"transition{number}")(x)
        return self.classifier(relu(self.norm5(x)).mean((2, 3)))  # type: ignore[no-any-return]
