"""The networks of the world: a narrow VGG-16 that tells scenes, and a U-Net that labels pixels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

WIDTHS: Final = (16, 32, 64, 128, 192)
"""Units of the five blocks of `SceneNet`; those of VGG-16 are (64, 128, 256, 512, 512)."""

_DEPTHS = (2, 2, 3, 3, 3)


class SceneNet(nn.Sequential):
    """VGG-16 with its thirteen convolutions by their names, conv1_1 to conv5_3, and fc6, fc7, fc8.

    Pictures float (B, 3, 128, 128) in [0, 1] go in, as they are; scores (B, classes) come out. The map
    at conv5_3 is 8 x 8.

    Parameters
    ----------
    classes
        How many.
    widths
        Units of the convolutions of each block.
    hidden
        Units of fc6 and fc7.
    dropout
        Share of the units of fc6 and fc7 that are silenced in training.
    norm
        Whether batch norms stand before the ReLUs, named bn1_1 ... bn7; `fold` removes them.
    """

    def __init__(
        self,
        classes: int,
        *,
        widths: Sequence[int] = WIDTHS,
        hidden: int = 256,
        dropout: float = 0.5,
        norm: bool = False,
    ) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict(shift=Shift())
        before = 3
        for block, (width, depth) in enumerate(zip(widths, _DEPTHS, strict=True), start=1):
            for number in range(1, depth + 1):
                layers[f"conv{block}_{number}"] = nn.Conv2d(before, width, 3, padding=1)
                if norm:
                    layers[f"bn{block}_{number}"] = nn.BatchNorm2d(width)
                layers[f"relu{block}_{number}"] = nn.ReLU()
                before = width
            layers[f"pool{block}"] = nn.MaxPool2d(2)
        layers["flatten"] = nn.Flatten()
        for name, units_in, units_out in (("6", before * 16, hidden), ("7", hidden, hidden)):
            layers[f"fc{name}"] = nn.Linear(units_in, units_out)
            if norm:
                layers[f"bn{name}"] = nn.BatchNorm1d(units_out)
            layers[f"relu{name}"] = nn.ReLU()
            layers[f"drop{name}"] = nn.Dropout(dropout)
        layers["fc8"] = nn.Linear(hidden, classes)
        super().__init__(layers)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        nn.init.normal_(layers["fc8"].weight, std=0.01)  # type: ignore[arg-type]

    @property
    def convolutions(self) -> list[str]:
        """Names of the convolutions, in order."""
        return [name for name, module in self.named_children() if isinstance(module, nn.Conv2d)]


class Shift(nn.Module):
    """Pictures in [0, 1] to values around 0."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Shift and scale."""
        return (pictures - 0.45) * 4


def fold(net: SceneNet) -> SceneNet:
    """The same network without its batch norms, which the layers before them take over."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    with torch.no_grad():
        for name, module in net.named_children():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                _take_over(next(reversed(layers.values())), module)
            else:
                layers[name] = module
    folded = SceneNet.__new__(SceneNet)
    nn.Sequential.__init__(folded, layers)
    return folded


def _take_over(layer: nn.Module, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    assert isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None
    assert norm.running_mean is not None and norm.running_var is not None
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    layer.weight.mul_(factor.view(-1, *[1] * (layer.weight.dim() - 1)))
    layer.bias.copy_((layer.bias - norm.running_mean) * factor + norm.bias)


class _Block(nn.Module):
    """Two convolutions with a short cut."""

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
    """U-Net: pictures float (B, 3, H, W) to scores (B, labels, H / 2, W / 2).

    Parameters
    ----------
    labels
        How many.
    widths
        Units at a half, a quarter, an eighth ... of the resolution.
    """

    def __init__(self, labels: int, *, widths: Sequence[int] = (32, 64, 96, 160)) -> None:
        super().__init__()
        self.shift = Shift()
        self.stem = nn.Conv2d(3, widths[0], 4, 2, 1)
        self.down = nn.ModuleList([_Block(widths[0], widths[0])])
        for before, width in pairwise(widths):
            self.down.append(_Block(before, width, 2))
        self.wide = nn.Conv2d(widths[-1], widths[-1], 1)  # what is in the picture as a whole
        self.up = nn.ModuleList()
        for width, after in zip(widths[:0:-1], widths[-2::-1], strict=True):
            self.up.append(_Block(width + after, after))
        self.head = nn.Conv2d(widths[0], labels, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores of the labels."""
        x = relu(self.stem(self.shift(pictures)))
        kept = []
        for block in self.down:
            x = block(x)
            kept.append(x)
        x = x + self.wide(x.mean((2, 3), keepdim=True))
        for block, skip in zip(self.up, kept[-2::-1], strict=True):
            x = block(torch.cat([interpolate(x, scale_factor=2, mode="nearest"), skip], 1))
        return self.head(x)  # type: ignore[no-any-return]
