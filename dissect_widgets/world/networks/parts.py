"""What the networks share: how pictures come in, how weights begin, convolutions with norms."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.random_numbers import restored_random_numbers

Network = TypeVar("Network", bound=nn.Module)

VGG_DEPTHS: Final = (2, 2, 3, 3, 3)
"""Convolutions in each block of VGG-16."""


class Center(nn.Module):
    """Pictures in [0, 1] to values around 0."""

    def forward(self, images: Tensor) -> Tensor:
        """Shift and scale."""
        return (images - 0.45) * 4


def seeded(seed: int, make: Callable[[], Network]) -> Network:
    """What `make` makes, the same for the same seed; the global generator is left as it was."""
    with restored_random_numbers():
        torch.default_generator.manual_seed(seed)
        return make()


def initialize(net: nn.Module, classifier: str = "") -> None:
    """Draw weights for ReLUs (He et al. 2015); those of the last layer, if it is named, small."""
    for name, module in net.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            if name == classifier:
                nn.init.normal_(module.weight, std=0.01)
            else:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def vgg_blocks(widths: Sequence[int], *, norm: bool) -> OrderedDict[str, nn.Module]:
    """The five blocks of VGG-16, of some widths: conv1_1 to conv5_3, each with what follows it, and pools."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for block, (width, depth) in enumerate(zip(widths, VGG_DEPTHS, strict=True), start=1):
        for number in range(1, depth + 1):
            layers[f"conv{block}_{number}"] = nn.Conv2d(channels, width, 3, padding=1)
            if norm:
                layers[f"bn{block}_{number}"] = nn.BatchNorm2d(width)
            layers[f"relu{block}_{number}"] = nn.ReLU()
            channels = width
        layers[f"pool{block}"] = nn.MaxPool2d(2)
    return layers


def hidden(
    number: int, before: int, width: int, *, dropout: float, norm: bool
) -> OrderedDict[str, nn.Module]:
    """A fully connected layer fc`number` with what follows it."""
    layers: OrderedDict[str, nn.Module] = OrderedDict({f"fc{number}": nn.Linear(before, width)})
    if norm:
        layers[f"bn{number}"] = nn.BatchNorm1d(width)
    layers[f"relu{number}"] = nn.ReLU()
    if dropout:
        layers[f"drop{number}"] = nn.Dropout(dropout)
    return layers


class ConvNorm(nn.Module):
    """Convolution, batch norm and ReLU."""

    def __init__(self, before: int, width: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, width, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Values after the ReLU."""
        return self.relu(self.bn(self.conv(x)))  # type: ignore[no-any-return]
