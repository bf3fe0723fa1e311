"""Networks that tell made pictures from drawn ones, against which a generator is trained.

`Discriminator` looks at pixels, and grows with the generator; `FeatureDiscriminator` looks at what a trained classifier
sees in a picture, which teaches a generator things sooner than pixels do (Kumari et al. 2022).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, interpolate, leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

from dissect_widgets.world.networks.nets import SceneNet

_GROUP = 4  # pictures whose spread is looked at together


class Discriminator(nn.Module):
    """Residual network: pictures float (B, 3, size, size) in [-1, 1] to scores (B,), high for drawn ones.

    Parameters
    ----------
    widths
        Channels at 4 pixels, 8 pixels, and so on.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.views = nn.ModuleList([_Convolution(3, width, 1) for width in widths])
        self.halvings = nn.ModuleList([_Halving(after, width) for width, after in pairwise(widths)])
        self.mix = _Convolution(widths[0] + 1, widths[0], 3)
        self.whole = _Convolution(widths[0], widths[0], 4, padding=0)
        self.score = _Convolution(widths[0], 1, 1)

    def forward(self, pictures: Tensor, share: float = 1.0) -> Tensor:
        """Scores of pictures of any size that there are channels for.

        `share` is how much the newest size counts, against the picture at half of it.
        """
        level = int(math.log2(pictures.shape[-1])) - 2
        x = leaky_relu(self.views[level](pictures), 0.2)
        for number in range(level - 1, -1, -1):
            x = self.halvings[number](x)
            if number == level - 1 and share < 1:
                before = leaky_relu(self.views[number](avg_pool2d(pictures, 2)), 0.2)
                x = before + share * (x - before)
        x = leaky_relu(self.mix(torch.cat([x, _spread(x)], 1)), 0.2)
        return self.score(leaky_relu(self.whole(x), 0.2)).flatten()  # type: ignore[no-any-return]


class FeatureDiscriminator(nn.Module):
    """Scores what a classifier, which does not change, sees in pictures, at each place of some layers.

    Parameters
    ----------
    classifier
        `SceneNet` without norms.
    """

    LAYERS: Final = ("relu2_2", "relu3_3", "relu4_3", "relu5_3")
    LEAST: Final = 64  # pixels; smaller pictures are enlarged

    def __init__(self, classifier: SceneNet, width: int = 64) -> None:
        super().__init__()
        children = dict(classifier.named_children())
        names = list(children)[: list(children).index(self.LAYERS[-1]) + 1]
        self._eyes = [(name, children[name].eval().requires_grad_(False)) for name in names]  # not its own
        convolutions = [children[name.replace("relu", "conv")] for name in self.LAYERS]
        self.heads = nn.ModuleList([_head(eye.out_channels, width) for eye in convolutions])  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (B, places) of pictures float (B, 3, size, size) in [-1, 1]."""
        x = pictures / 2 + 0.5
        if x.shape[-1] < self.LEAST:
            x = interpolate(x, size=self.LEAST, mode="bilinear", align_corners=False)
        scores, heads = [], iter(self.heads)
        for name, layer in self._eyes:
            x = layer(x)
            if name in self.LAYERS:
                scores.append(next(heads)(x).flatten(1).mean(1, keepdim=True))
        return torch.cat(scores, 1)


class _Convolution(nn.Module):
    """Convolution whose weights are N(0, 1) and scaled when used, so that all learn at the same speed."""

    def __init__(self, before: int, width: int, kernel: int, *, padding: int | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width, before, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(width))
        self.scale = 1 / math.sqrt(before * kernel**2)
        self.padding = kernel // 2 if padding is None else padding

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class _Halving(nn.Module):
    """Residual block that halves the size."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.first = _Convolution(before, before, 3)
        self.second = _Convolution(before, width, 3)
        self.short = _Convolution(before, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = avg_pool2d(leaky_relu(self.first(x), 0.2), 2) * math.sqrt(2)
        inner = leaky_relu(self.second(inner), 0.2) * math.sqrt(2)
        return (inner + self.short(avg_pool2d(x, 2))) / math.sqrt(2)  # type: ignore[no-any-return]


def _head(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(before, width, 1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, 1, 3, padding=1)),
    )


def _spread(x: Tensor) -> Tensor:
    """How much pictures of a group differ, (B, 1, h, w): a generator that repeats itself is found out."""
    groups = x.view(_GROUP, -1, *x.shape[1:]) if len(x) % _GROUP == 0 else x[:, None]
    spread = (groups.float().var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    repeated = spread.repeat(len(x) // len(spread))
    return repeated.to(x.dtype).view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
