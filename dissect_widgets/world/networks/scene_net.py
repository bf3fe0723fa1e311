"""A narrow VGG-16 that classifies scenes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import torch
from torch import nn

from dissect_widgets.world.networks.parts import Center, vgg_blocks

WIDTHS: Final = (16, 32, 64, 128, 192)
"""Units of the five blocks of `SceneNet`; those of VGG-16 are (64, 128, 256, 512, 512)."""


class SceneNet(nn.Sequential):
    """VGG-16 with its thirteen convolutions by their names, conv1_1 to conv5_3, and fc6, fc7, fc8.

    The input is images float (B, 3, 128, 128) in [0, 1], without further preprocessing; the output is scores
    (B, classes). The map at conv5_3 is 8 x 8.

    Parameters
    ----------
    classes
        Names of the classes in the order of the scores, or only how many there are.
    widths
        Units of the convolutions of each block.
    hidden
        Units of fc6 and fc7.
    dropout
        Dropout probability of fc6 and fc7 in training.
    norm
        Whether there are batch norms before the ReLUs, named bn1_1 ... bn7; `fold` removes them.

    Attributes
    ----------
    classes
        Names of the classes; empty if only their number was given.
    """

    def __init__(
        self,
        classes: int | Sequence[str],
        *,
        widths: Sequence[int] = WIDTHS,
        hidden: int = 256,
        dropout: float = 0.5,
        norm: bool = False,
    ) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict(shift=Center())
        layers |= vgg_blocks(widths, norm=norm)
        layers["flatten"] = nn.Flatten()
        for name, units_in, units_out in (("6", widths[-1] * 16, hidden), ("7", hidden, hidden)):
            layers[f"fc{name}"] = nn.Linear(units_in, units_out)
            if norm:
                layers[f"bn{name}"] = nn.BatchNorm1d(units_out)
            layers[f"relu{name}"] = nn.ReLU()
            layers[f"drop{name}"] = nn.Dropout(dropout)
        count = classes if isinstance(classes, int) else len(classes)
        layers["fc8"] = nn.Linear(hidden, count)
        super().__init__(layers)
        self.classes: tuple[str, ...] = () if isinstance(classes, int) else tuple(classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        nn.init.normal_(layers["fc8"].weight, std=0.01)  # type: ignore[arg-type]

    @property
    def convolutions(self) -> list[str]:
        """Names of the convolutions, in order."""
        return [name for name, module in self.named_children() if isinstance(module, nn.Conv2d)]


def fold(net: SceneNet) -> SceneNet:
    """The same network without its batch norms, folded into the layers before them."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    with torch.no_grad():
        for name, module in net.named_children():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                _fold_into(next(reversed(layers.values())), module)
            else:
                layers[name] = module
    folded = SceneNet.__new__(SceneNet)
    nn.Sequential.__init__(folded, layers)
    folded.classes = net.classes
    return folded


def _fold_into(layer: nn.Module, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    assert isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None
    assert norm.running_mean is not None and norm.running_var is not None
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    layer.weight.mul_(factor.view(-1, *[1] * (layer.weight.dim() - 1)))
    layer.bias.copy_((layer.bias - norm.running_mean) * factor + norm.bias)
