"""Networks that distinguish generated images from drawn ones, against which a generator is trained.

`Discriminator` takes pixels, and grows with the generator. `FeatureDiscriminator` takes features of a trained
classifier, from which a generator learns objects sooner than from pixels (Kumari et al. 2022).
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

from dissect_widgets.world.networks import SceneNet

_GROUP = 4  # images of a group for the minibatch standard deviation


class Discriminator(nn.Module):
    """Residual network: images float (B, 3, size, size) in [-1, 1] to scores (B,), high for drawn ones.

    Parameters
    ----------
    widths
        Channels at 4 pixels, 8 pixels, and so on.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.views = nn.ModuleList([_EqualizedConv(3, width, 1) for width in widths])
        self.halvings = nn.ModuleList([_DownBlock(after, width) for width, after in pairwise(widths)])
        self.mix = _EqualizedConv(widths[0] + 1, widths[0], 3)
        self.whole = _EqualizedConv(widths[0], widths[0], 4, padding=0)
        self.score = _EqualizedConv(widths[0], 1, 1)

    def forward(self, images: Tensor, alpha: float | Tensor = 1.0) -> Tensor:
        """Scores of images of any size that there are channels for.

        `alpha` is the weight of the newest size, against the image at half of it.
        """
        fading = isinstance(alpha, Tensor) or alpha < 1
        level = int(math.log2(images.shape[-1])) - 2
        x = leaky_relu(self.views[level](images), 0.2)
        for number in range(level - 1, -1, -1):
            x = self.halvings[number](x)
            if number == level - 1 and fading:
                before = leaky_relu(self.views[number](avg_pool2d(images, 2)), 0.2)
                x = before + alpha * (x - before)
        x = leaky_relu(self.mix(torch.cat([x, _minibatch_deviation(x)], 1)), 0.2)
        return self.score(leaky_relu(self.whole(x), 0.2)).flatten()  # type: ignore[no-any-return]


class FeatureDiscriminator(nn.Module):
    """Scores the features of a frozen classifier at each position of some layers.

    Parameters
    ----------
    classifier
        `SceneNet` without norms.
    """

    LAYERS: Final = ("relu2_2", "relu3_3", "relu4_3", "relu5_3")
    MIN_SIZE: Final = 64  # pixels; smaller images are enlarged

    def __init__(self, classifier: SceneNet, width: int = 64) -> None:
        super().__init__()
        children = dict(classifier.named_children())
        names = list(children)[: list(children).index(self.LAYERS[-1]) + 1]
        # A list of tuples, so that the layers are not submodules: they are neither trained nor saved.
        self._layers = [(name, children[name].eval().requires_grad_(False)) for name in names]
        convolutions = [children[name.replace("relu", "conv")] for name in self.LAYERS]
        self.heads = nn.ModuleList([_head(conv.out_channels, width) for conv in convolutions])  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        """Scores (B, layers) of images float (B, 3, size, size) in [-1, 1]."""
        x = images / 2 + 0.5
        if x.shape[-1] < self.MIN_SIZE:
            x = interpolate(x, size=self.MIN_SIZE, mode="bilinear", align_corners=False)
        scores, heads = [], iter(self.heads)
        for name, layer in self._layers:
            x = layer(x)
            if name in self.LAYERS:
                scores.append(next(heads)(x).flatten(1).mean(1, keepdim=True))
        return torch.cat(scores, 1)


class _EqualizedConv(nn.Module):
    """Convolution with an equalized learning rate (Karras et al. 2018): N(0, 1) weights, scaled when used."""

    def __init__(self, channels: int, width: int, kernel: int, *, padding: int | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width, channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(width))
        self.scale = 1 / math.sqrt(channels * kernel**2)
        self.padding = kernel // 2 if padding is None else padding

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class _DownBlock(nn.Module):
    """Residual block that halves the size."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.first = _EqualizedConv(channels, channels, 3)
        self.second = _EqualizedConv(channels, width, 3)
        self.short = _EqualizedConv(channels, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = avg_pool2d(leaky_relu(self.first(x), 0.2), 2) * math.sqrt(2)
        inner = leaky_relu(self.second(inner), 0.2) * math.sqrt(2)
        return (inner + self.short(avg_pool2d(x, 2))) / math.sqrt(2)  # type: ignore[no-any-return]


def _head(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(channels, width, 1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, 1, 3, padding=1)),
    )


def _minibatch_deviation(x: Tensor) -> Tensor:
    """Standard deviation over the images of a group, (B, 1, h, w): it exposes a generator without variety."""
    groups = x.view(_GROUP, -1, *x.shape[1:]) if len(x) % _GROUP == 0 else x[:, None]
    deviation = (groups.float().var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    repeated = deviation.repeat(len(x) // len(deviation))
    return repeated.to(x.dtype).view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
