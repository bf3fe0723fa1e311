"""VGG-16 (Simonyan and Zisserman 2015), narrow, for pictures of 96 pixels.

>>> net = VGG(24)                          # conv1_1 ... conv5_3, fc6, fc7, fc8; conv5_3 is 6 x 6
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from torch import nn

from dissect_widgets.world.networks.parts import Center, hidden, initialize

WIDTHS: Final = (12, 24, 48, 72, 96)
"""Units of the five blocks; those of the original are (64, 128, 256, 512, 512)."""
WIDE: Final = (16, 32, 64, 128, 192)
"""Those of the scene classifier that is shipped."""
_DEPTHS = (2, 2, 3, 3, 3)


class VGG(nn.Sequential):
    """Pictures float (B, 3, 96, 96) in [0, 1] to scores (B, classes); see `AlexNet` for the parameters."""

    def __init__(
        self,
        classes: int,
        *,
        widths: Sequence[int] = WIDTHS,
        units: int = 64,
        dropout: float = 0.3,
        norm: bool = True,
    ) -> None:
        parts: OrderedDict[str, nn.Module] = OrderedDict(center=Center())
        before = 3
        for block, (width, depth) in enumerate(zip(widths, _DEPTHS, strict=True), start=1):
            for number in range(1, depth + 1):
                parts[f"conv{block}_{number}"] = nn.Conv2d(before, width, 3, padding=1)
                if norm:
                    parts[f"bn{block}_{number}"] = nn.BatchNorm2d(width)
                parts[f"relu{block}_{number}"] = nn.ReLU()
                before = width
            parts[f"pool{block}"] = nn.MaxPool2d(2)
        parts["flatten"] = nn.Flatten()
        parts |= hidden(6, before * 9, units, dropout=dropout, norm=norm)
        parts |= hidden(7, units, units, dropout=dropout, norm=norm)
        parts["fc8"] = nn.Linear(units, classes)
        super().__init__(parts)
        initialize(self, "fc8")
        self.layers = tuple(f"conv{block}_{depth}" for block, depth in enumerate(_DEPTHS, start=1))
