"""AlexNet (Krizhevsky et al. 2012), narrow, for pictures of 96 pixels, and its versions without fc6 and fc7.

>>> net = AlexNet(24)                      # conv1 ... conv5, fc6, fc7, fc8
>>> trunk = AlexNet(None)                  # up to pool5: (B, 64, 6, 6)
>>> wide = AlexNetGAP(24, widths=widened(4))
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from torch import nn

from dissect_widgets.world.networks.parts import Center, hidden, initialize

WIDTHS: Final = (24, 48, 72, 72, 64)
"""Units of conv1 to conv5; those of the original are (96, 256, 384, 384, 256)."""
LAYERS: Final = ("conv1", "conv2", "conv3", "conv4", "conv5")
SIDES: Final = (48, 24, 12, 12, 12)
"""Height and width of their maps."""
_KERNELS = (7, 5, 3, 3, 3)


class AlexNet(nn.Sequential):
    """Pictures float (B, channels, 96, 96) to scores (B, classes); the map of conv5 is 12 x 12.

    Parameters
    ----------
    classes
        How many; None for a trunk that ends with pool5, whose output is (B, widths[4], 6, 6).
    widths
        Units of the convolutions.
    units
        Units of fc6 and fc7.
    dropout
        Share of the units of fc6 and fc7 that are silenced in training.
    norm
        Whether batch norms stand before the ReLUs, named bn1 ... bn7.
    channels
        Of the pictures.
    center
        Whether pictures in [0, 1] are shifted to values around 0 first.
    """

    layers: tuple[str, ...] = LAYERS
    """What is dissected, in order."""

    def __init__(
        self,
        classes: int | None,
        *,
        widths: Sequence[int] = WIDTHS,
        units: int = 48,
        dropout: float = 0.1,
        norm: bool = False,
        channels: int = 3,
        center: bool = True,
    ) -> None:
        parts = convolutions(widths, norm=norm, channels=channels, center=center)
        parts["pool5"] = nn.MaxPool2d(3, 2, 1)
        if classes is not None:
            parts["flatten"] = nn.Flatten()
            parts |= hidden(6, widths[-1] * 36, units, dropout=dropout, norm=norm)
            parts |= hidden(7, units, units, dropout=dropout, norm=norm)
            parts["fc8"] = nn.Linear(units, classes)
        super().__init__(parts)
        initialize(self, "fc8")


class AlexNetGAP(nn.Sequential):
    """AlexNet whose scores come of the means of conv5's maps; see `AlexNet`."""

    layers: tuple[str, ...] = LAYERS

    def __init__(self, classes: int, *, widths: Sequence[int] = WIDTHS, norm: bool = False) -> None:
        parts = convolutions(widths, norm=norm)
        parts["pool5"] = nn.AdaptiveAvgPool2d(1)
        parts["flatten"] = nn.Flatten()
        parts["fc8"] = nn.Linear(widths[-1], classes)
        super().__init__(parts)
        initialize(self, "fc8")


def widened(last: int, others: int = 1) -> tuple[int, ...]:
    """Widths with conv5 so many times as wide, and conv2 to conv4."""
    first, *middle, end = WIDTHS
    return (first, *(width * others for width in middle), end * last)


def convolutions(
    widths: Sequence[int], *, norm: bool = False, channels: int = 3, center: bool = True
) -> OrderedDict[str, nn.Module]:
    """The layers up to relu5."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    if center:
        parts["center"] = Center()
    before = channels
    for number, (width, kernel) in enumerate(zip(widths, _KERNELS, strict=True), start=1):
        stride = 2 if number == 1 else 1
        parts[f"conv{number}"] = nn.Conv2d(before, width, kernel, stride, kernel // 2)
        if norm:
            parts[f"bn{number}"] = nn.BatchNorm2d(width)
        parts[f"relu{number}"] = nn.ReLU()
        if number <= 2:
            parts[f"pool{number}"] = nn.MaxPool2d(3, 2, 1)
        before = width
    return parts
