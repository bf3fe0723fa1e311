"""GoogLeNet (Szegedy et al. 2015), a quarter as wide, for pictures of 96 pixels.

>>> net = GoogLeNet(24)                    # conv1, conv2, conv3, inception3a ... inception5b (6 x 6), fc
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from dissect_widgets.world.networks.parts import Center, ConvNorm, initialize

BRANCHES: Final = {
    "3a": (16, 24, 32, 4, 8, 8),
    "3b": (32, 32, 48, 8, 24, 16),
    "4a": (48, 24, 52, 4, 12, 16),
    "4b": (40, 28, 56, 6, 16, 16),
    "4c": (32, 32, 64, 6, 16, 16),
    "4d": (28, 36, 72, 8, 16, 16),
    "4e": (64, 40, 80, 8, 32, 32),
    "5a": (64, 40, 80, 8, 32, 32),
    "5b": (96, 48, 96, 12, 32, 32),
}
"""Units of the branches of each module: 1 x 1; before 3 x 3, 3 x 3; before 5 x 5, 5 x 5; after the pool."""


class Inception(nn.Module):
    """Four branches side by side."""

    def __init__(
        self, before: int, one: int, less3: int, three: int, less5: int, five: int, pool: int
    ) -> None:
        super().__init__()
        self.branch1 = ConvNorm(before, one, 1)
        self.branch2 = nn.Sequential(ConvNorm(before, less3, 1), ConvNorm(less3, three, 3))
        self.branch3 = nn.Sequential(ConvNorm(before, less5, 1), ConvNorm(less5, five, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), ConvNorm(before, pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Values of the branches, one after the other."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class GoogLeNet(nn.Module):
    """Pictures float (B, 3, 96, 96) in [0, 1] to scores (B, classes); without auxiliary classifiers.

    Batch norms stand behind the convolutions, as in later versions, and there is no pool between
    inception4e and inception5a, so that 6 x 6 is left.

    Parameters
    ----------
    classes
        How many.
    dropout
        Share of the means of inception5b that are silenced in training.
    """

    layers: tuple[str, ...] = ("conv1", "conv3", "inception3b", "inception4c", "inception4e", "inception5b")

    def __init__(self, classes: int, *, dropout: float = 0.2) -> None:
        super().__init__()
        self.center = Center()
        self.conv1 = ConvNorm(3, 16, 7, 2)
        self.conv2 = ConvNorm(16, 16, 1)
        self.conv3 = ConvNorm(16, 48, 3)
        before = 48
        for name, widths in BRANCHES.items():
            self.add_module(f"inception{name}", Inception(before, *widths))
            before = widths[0] + widths[2] + widths[4] + widths[5]
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(before, classes)
        initialize(self, "fc")

    def forward(self, images: Tensor) -> Tensor:
        """Scores."""
        x = self.pool(self.conv1(self.center(images)))
        x = self.pool(self.conv3(self.conv2(x)))
        for name in BRANCHES:
            if name == "4a":
                x = self.pool(x)
            x = self.get_submodule(f"inception{name}")(x)
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))  # type: ignore[no-any-return]
