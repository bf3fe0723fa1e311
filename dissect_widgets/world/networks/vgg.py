"""VGG-16 (Simonyan and Zisserman 2015), narrow, for pictures of 96 pixels.

>>> net = VGG(24)                          # conv1_1 ... conv5_3, fc6, fc7, fc8; conv5_3 is 6 x 6
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from torch import nn

from dissect_widgets.world.networks.parts import VGG_DEPTHS, Center, hidden, initialize, vgg_blocks

WIDTHS: Final = (12, 24, 48, 72, 96)
"""Units of the five blocks; those of the original are (64, 128, 256, 512, 512)."""
WIDE: Final = (16, 32, 64, 128, 192)
"""Those of the scene classifier that is shipped."""


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
        parts |= vgg_blocks(widths, norm=norm)
        parts["flatten"] = nn.Flatten()
        parts |= hidden(6, widths[-1] * 9, units, dropout=dropout, norm=norm)
        parts |= hidden(7, units, units, dropout=dropout, norm=norm)
        parts["fc8"] = nn.Linear(units, classes)
        super().__init__(parts)
        initialize(self, "fc8")
        self.layers = tuple(f"conv{block}_{depth}" for block, depth in enumerate(VGG_DEPTHS, start=1))
