"""What color is a gray picture? And each half of the channels from the other.

`Colorization` is Zhang, Isola & Efros 2016, "Colorful image colorization": from lightness alone the network
gives each place a distribution over bins of (a, b), in which rare colors count for more. Simpler: bins of 16
instead of 10; each color is its nearest bin instead of a mix of five; colors are weighted by the root of what
the source has, and by their shares in the batch; the predicted color is the mean of the distribution.

`CrossChannel` is Zhang, Isola & Efros 2017, "Split-brain autoencoders": half of the units see lightness and
predict color, the other half see color and predict lightness; together they are one AlexNet. Simpler: as
above, and 16 levels of lightness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate, one_hot, relu

from dissect_widgets.world.networks.parts import initialize
from dissect_widgets.world.zoo.base import Batch, batches, moved
from dissect_widgets.world.zoo.lab import bins_of, color_bins, lab_of
from dissect_widgets.world.zoo.tasks.pretext import Pretext, means
from dissect_widgets.world.zoo.tasks.trunk import Trunk

_CELL = 4  # pixels of a picture, in each direction, that get one prediction
LEVELS: Final = 16
"""Bins of lightness."""


class Lightness(nn.Module):
    """RGB images to lightness L around 0: (B, 3, h, w) to (B, 1, h, w)."""

    def forward(self, images: Tensor) -> Tensor:
        """Drop the colors."""
        return lab_of(images)[:, :1] / 25 - 2


class SplitLab(nn.Module):
    """RGB images to four channels (L, L, a, b) around 0, two for each half of the network."""

    def forward(self, images: Tensor) -> Tensor:
        """Part lightness and colors."""
        lab = lab_of(images)
        lightness = lab[:, :1] / 25 - 2
        return torch.cat([lightness, lightness, lab[:, 1:] / 25], 1)


class PlaceScores(nn.Module):
    """Maps (B, units, h, w) to scores of bins (B, bins, 2 h, 2 w)."""

    def __init__(self, units: int, bins: int, hidden: int = 96) -> None:
        super().__init__()
        self.conv6 = nn.Conv2d(units, hidden, 3, padding=1)
        self.bn6 = nn.BatchNorm2d(hidden)
        self.conv7 = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.conv8 = nn.Conv2d(hidden, bins, 1)
        initialize(self)

    def forward(self, maps: Tensor) -> Tensor:
        """Scores at twice the resolution."""
        x = interpolate(relu(self.bn6(self.conv6(maps))), scale_factor=2.0, mode="nearest")
        return self.conv8(relu(self.conv7(x)))  # type: ignore[no-any-return]


class _Colorizer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = Trunk(entry=Lightness(), channels=1)
        self.head = PlaceScores(self.backbone.width, len(color_bins()))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.backbone(images))  # type: ignore[no-any-return]


class _SplitBrain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = Trunk(entry=SplitLab(), channels=4, groups=2)
        half = self.backbone.width // 2
        self.to_color = PlaceScores(half, len(color_bins()), 64)
        self.to_lightness = PlaceScores(half, LEVELS, 64)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        lightness, color = self.backbone(images).chunk(2, 1)
        return self.to_color(lightness), self.to_lightness(color)


@dataclass(frozen=True, kw_only=True)
class Colorization(Pretext):
    """The color of each place of a picture, from its lightness."""

    name: str = "colorization"
    data: str = "scenes"
    measure: ClassVar[str] = "R2 of color"
    balance: float = 0.5
    """Share of the even distribution in that by which colors are weighted."""

    @property
    def chance(self) -> Mapping[str, float]:
        """The mean color explains nothing."""
        return {"R2 of color": 0.0}

    def network(self) -> nn.Module:
        """AlexNet without color, and scores of bins."""
        return _Colorizer()

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of the color bin, in which rare colors count for more."""
        images = moved(batch["images"], rng)
        targets = bins_of(cell_colors(images))
        return cross_entropy(net(images).float(), targets, self.weights(targets))

    def weights(self, targets: Tensor) -> Tensor:
        """What each bin counts, float (bins,), for the bins of a batch; 1 on average over its places."""
        bins = len(color_bins())
        shares = targets.flatten().bincount(minlength=bins).float() / targets.numel()
        weights = ((1 - self.balance) * shares + self.balance / bins) ** -0.5
        return weights / (weights * shares).sum()

    def colors(self, scores: Tensor) -> Tensor:
        """Predicted a and b (B, 2, h, w) of scores (B, bins, h, w): the mean of the distribution."""
        return torch.einsum("bqhw,qc->bchw", scores.float().softmax(1), color_bins(scores.device))

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """R^2 of the predicted a and b, and how often the bin is the right one."""
        constant = mean_color(held_out)

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            scores, colors = net(batch["images"]), cell_colors(batch["images"])
            targets = bins_of(colors)
            return {
                "error": (self.colors(scores) - colors).square().mean((1, 2, 3)),
                "spread": (constant[:, None, None] - colors).square().mean((1, 2, 3)),
                "accuracy": right_places(scores, targets),
            } | shares_of(targets, len(color_bins()))

        averages = means(held_out, measure)
        return {
            "R2 of color": 1 - averages["error"] / averages["spread"],
            "accuracy": averages["accuracy"],
            "accuracy, chance": largest_share(averages),
        }


@dataclass(frozen=True, kw_only=True)
class CrossChannel(Pretext):
    """Color from lightness and lightness from color, each by half of the units."""

    name: str = "crosschannel"
    data: str = "scenes"
    measure: ClassVar[str] = "accuracy of color"

    @property
    def chance(self) -> Mapping[str, float]:
        """It depends on the data."""
        return {}

    def network(self) -> nn.Module:
        """AlexNet of two halves."""
        return _SplitBrain()

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of the color bin, and of the level of lightness."""
        images = moved(batch["images"], rng)
        to_color, to_lightness = net(images)
        lab = cell_lab(images)
        color = cross_entropy(to_color.float(), bins_of(lab[:, 1:]))
        return color + cross_entropy(to_lightness.float(), levels_of(lab[:, 0]))

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """How often the bin of the color and the level of lightness are the right ones."""

        def colors(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            targets = bins_of(cell_colors(batch["images"]))
            right = right_places(net(batch["images"])[0], targets)
            return {"accuracy": right} | shares_of(targets, len(color_bins()))

        def lightness(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            targets = levels_of(cell_lab(batch["images"])[:, 0])
            right = right_places(net(batch["images"])[1], targets)
            return {"accuracy": right} | shares_of(targets, LEVELS)

        figures = {}
        for name, measure in (("color", colors), ("lightness", lightness)):
            averages = means(held_out, measure)
            figures[f"accuracy of {name}"] = averages["accuracy"]
            figures[f"accuracy of {name}, chance"] = largest_share(averages)
        return figures


def cell_lab(images: Tensor) -> Tensor:
    """L, a and b of cells of 4 x 4 pixels: (B, 3, h / 4, w / 4)."""
    return lab_of(avg_pool2d(images, _CELL))


def cell_colors(images: Tensor) -> Tensor:
    """The same of a and b alone."""
    return cell_lab(images)[:, 1:]


def levels_of(lightness: Tensor) -> Tensor:
    """Levels, int64 from 0 to `LEVELS` - 1, of L in [0, 100]."""
    return (lightness / 100 * LEVELS).long().clamp(0, LEVELS - 1)


def mean_color(data: Batch) -> Tensor:
    """Mean a and b of a data set, float (2,)."""
    sums = [cell_colors(batch["images"]).mean((2, 3)).sum(0) for batch in batches(data)]
    return torch.stack(sums).sum(0) / len(data["images"])


def right_places(scores: Tensor, targets: Tensor) -> Tensor:
    """Share of the places of each picture whose highest score is the target's: float (B,)."""
    return (scores.argmax(1) == targets).float().mean((1, 2))


def shares_of(targets: Tensor, count: int) -> dict[str, Tensor]:
    """Share of each value in the map of each picture, under the names "share 0", "share 1" ..."""
    shares = one_hot(targets.flatten(1), count).float().mean(1)
    return {f"share {value}": shares[:, value] for value in range(count)}


def largest_share(averages: Mapping[str, float]) -> float:
    """Share of the most common value among means of `shares_of`: what guessing gives."""
    return max(value for name, value in averages.items() if name.startswith("share "))
