"""The convolutions of an AlexNet as tasks use them, and the small parts that stand on them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, max_pool2d, relu

from dissect_widgets.world.networks.alexnet import LAYERS, WIDTHS, convolutions
from dissect_widgets.world.networks.parts import initialize


class Trunk(nn.Sequential):
    """conv1 to relu5 of an AlexNet with batch norms, for images of any size; the map has an eighth of it.

    Images float (B, 3, h, w) in [0, 1] go in: patches, or whole pictures.

    Parameters
    ----------
    entry
        What makes the input of conv1 of RGB images; by default they are shifted to values around 0.
    channels
        Of what `entry` gives.
    groups
        Of all convolutions; with two, the halves know nothing of each other.
    """

    layers: tuple[str, ...] = LAYERS
    """What is dissected, in order."""

    def __init__(self, *, entry: nn.Module | None = None, channels: int = 3, groups: int = 1) -> None:
        parts = convolutions(WIDTHS, norm=True, channels=channels, center=entry is None)
        if entry is not None:
            parts = OrderedDict(center=entry) | parts
        super().__init__(OrderedDict((name, _grouped(part, groups)) for name, part in parts.items()))
        self.width = WIDTHS[-1]
        initialize(self)


def _grouped(layer: nn.Module, groups: int) -> nn.Module:
    """The same convolution in groups; other layers as they are."""
    if groups == 1 or not isinstance(layer, nn.Conv2d):
        return layer
    kernel, stride = layer.kernel_size[0], layer.stride[0]
    return nn.Conv2d(layer.in_channels, layer.out_channels, kernel, stride, kernel // 2, groups=groups)


class Embedding(nn.Module):
    """A vector for each image: the trunk, its map pooled to a few cells, and fc6.

    Parameters
    ----------
    cells
        Rows and columns that the map is pooled to.
    units
        Of fc6.
    """

    def __init__(self, *, cells: int = 3, units: int = 96) -> None:
        super().__init__()
        self.backbone, self.cells = Trunk(), cells
        self.fc6 = nn.Linear(self.backbone.width * cells**2, units)
        initialize(self.fc6)

    def embed(self, images: Tensor) -> Tensor:
        """Values of fc6, of either sign, (B, units), or (B, P, units) of images (B, P, 3, h, w)."""
        if images.dim() == 5:
            return each(self.embed, images)
        cells = adaptive_avg_pool2d(self.backbone(images), self.cells)
        return self.fc6(cells.flatten(1))  # type: ignore[no-any-return]

    def forward(self, images: Tensor) -> Tensor:
        """The same as `embed`."""
        return self.embed(images)


class Joined(Embedding):
    """Scores of several images together: the same embedding of each, side by side, then fc7 and fc8.

    Parameters
    ----------
    images
        How many there are.
    scores
        How many come out.
    cells, units
        See `Embedding`.
    """

    def __init__(self, images: int, scores: int, *, cells: int = 3, units: int = 96) -> None:
        super().__init__(cells=cells, units=units)
        self.fc7 = nn.Linear(units * images, 2 * units)
        self.fc8 = nn.Linear(2 * units, scores)
        initialize(self.fc7)
        initialize(self.fc8)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (B, scores) of images (B, P, 3, h, w)."""
        vectors = relu(self.embed(images)).flatten(1)
        return self.fc8(relu(self.fc7(vectors)))  # type: ignore[no-any-return]


class JoinedMaps(nn.Module):
    """Scores of several images together: their maps, side by side, go through convolutions and fc8.

    Parameters
    ----------
    images
        How many there are, each (3, 96, 96).
    scores
        How many come out.
    units
        Of the convolution that joins the maps.
    differences
        Whether it sees, instead of the maps, how far each two of them differ at each place.
    """

    def __init__(self, images: int, scores: int, *, units: int = 64, differences: bool = False) -> None:
        super().__init__()
        self.backbone, self.pairs = Trunk(), list(combinations(range(images), 2)) if differences else []
        self.conv6 = nn.Conv2d((len(self.pairs) or images) * self.backbone.width, units, 3, padding=1)
        self.bn6 = nn.BatchNorm2d(units)
        self.conv7 = nn.Conv2d(units, units // 2, 3, padding=1)
        self.fc8 = nn.Linear(units // 2 * 36, scores)
        initialize(self, "fc8")

    def forward(self, images: Tensor) -> Tensor:
        """Scores (B, scores) of images (B, P, 3, 96, 96)."""
        maps = each(self.backbone, images)
        if self.pairs:
            maps = torch.stack([(maps[:, a] - maps[:, b]).abs() for a, b in self.pairs], 1)
        maps = maps.flatten(1, 2)
        maps = max_pool2d(relu(self.bn6(self.conv6(maps))), 3, 2, 1)
        return self.fc8(relu(self.conv7(maps)).flatten(1))  # type: ignore[no-any-return]


def each(network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """What a network gives for each of images (B, P, ...): (B, P, ...)."""
    flat = network(images.flatten(0, 1))
    return flat.reshape(*images.shape[:2], *flat.shape[1:])
