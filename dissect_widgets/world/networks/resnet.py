"""ResNet-18 (He et al. 2016), narrow, for pictures of 96 pixels.

>>> net = ResNet(24)                       # conv1, layer1 ... layer4 (6 x 6), fc
>>> trunk = ResNet(None)                   # up to layer4: (B, 80, 6, 6)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from torch import Tensor, nn

from dissect_widgets.world.networks.parts import Center, initialize

WIDTHS: Final = (24, 40, 64, 80)
"""Units of the four layers; those of the original are (64, 128, 256, 512)."""
LAYERS: Final = ("conv1", "layer1", "layer2", "layer3", "layer4")


class BasicBlock(nn.Module):
    """Two convolutions around which the input goes, too."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or before != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Values after the last ReLU."""
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(inner + self.downsample(x))  # type: ignore[no-any-return]


class ResNet(nn.Module):
    """Pictures float (B, 3, 96, 96) in [0, 1] to scores (B, classes).

    The fourth layer does not halve the map, as the original's does: 6 x 6 is left.

    Parameters
    ----------
    classes
        How many; None for a trunk that ends with layer4.
    widths
        Units of the four layers.
    """

    layers: tuple[str, ...] = LAYERS

    def __init__(self, classes: int | None, *, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.center = Center()
        self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        before = widths[0]
        for number, (width, stride) in enumerate(zip(widths, (1, 2, 2, 1), strict=True), start=1):
            layer = nn.Sequential(BasicBlock(before, width, stride), BasicBlock(width, width, 1))
            self.add_module(f"layer{number}", layer)
            before = width
        if classes is not None:
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(before, classes)
        self.classes = classes
        initialize(self, "fc")

    def forward(self, images: Tensor) -> Tensor:
        """Scores, or the map of layer4 of a trunk."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(self.center(images)))))
        for name in LAYERS[1:]:
            x = self.get_submodule(name)(x)
        return x if self.classes is None else self.fc(self.avgpool(x).flatten(1))  # type: ignore[no-any-return]
