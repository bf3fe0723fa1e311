"""A U-Net that labels pixels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from dissect_widgets.world.networks.parts import Center


class _Block(nn.Module):
    """Residual block of two convolutions."""

    def __init__(self, before: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.short = nn.Conv2d(before, width, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(relu(self.norm1(self.conv1(x)))))
        return relu(inner + self.short(x))


class SegmentNet(nn.Module):
    """U-Net: images float (B, 3, H, W) in [0, 1] to scores (B, labels, H / 2, W / 2).

    Parameters
    ----------
    labels
        Number of scores for each pixel.
    widths
        Channels at 1/2, 1/4, 1/8 ... of the resolution.
    """

    def __init__(self, labels: int, *, widths: Sequence[int] = (32, 64, 96, 160)) -> None:
        super().__init__()
        self.shift = Center()
        self.stem = nn.Conv2d(3, widths[0], 4, 2, 1)
        self.down = nn.ModuleList([_Block(widths[0], widths[0])])
        for before, width in pairwise(widths):
            self.down.append(_Block(before, width, 2))
        self.wide = nn.Conv2d(widths[-1], widths[-1], 1)  # of the mean over the whole image
        self.up = nn.ModuleList()
        for width, after in zip(widths[:0:-1], widths[-2::-1], strict=True):
            self.up.append(_Block(width + after, after))
        self.head = nn.Conv2d(widths[0], labels, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Scores of the labels."""
        x = relu(self.stem(self.shift(images)))
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        x = x + self.wide(x.mean((2, 3), keepdim=True))
        for block, skip in zip(self.up, skips[-2::-1], strict=True):
            x = block(torch.cat([interpolate(x, scale_factor=2, mode="nearest"), skip], 1))
        return self.head(x)  # type: ignore[no-any-return]
