"""What was in the hole in the middle of a picture?

Pathak, Krahenbuhl, Donahue, Darrell & Efros 2016, "Context encoders: feature learning by inpainting": an
AlexNet sees the picture with its middle cut out and filled with the mean color, a layer joins all places of
each of its maps (channel-wise fully connected), and a decoder paints what was there. Simpler: the loss is the
squared distance alone, without the adversary that makes the painting sharp; the hole is always in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, mse_loss

from dissect_widgets.world.networks.parts import initialize
from dissect_widgets.world.zoo.base import SIZE, Batch, batches, moved
from dissect_widgets.world.zoo.tasks.pretext import Pretext, means
from dissect_widgets.world.zoo.tasks.trunk import Trunk

FILLED: Final = 0.45
"""What the hole is filled with, the middle of what the network sees."""

_CELLS = 6


class ChannelWise(nn.Module):
    """Joins all places of a map, each unit by itself: (B, units, h, w) to the same shape."""

    def __init__(self, units: int, places: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(units, places, places) / math.sqrt(places))

    def forward(self, maps: Tensor) -> Tensor:
        """Mix places."""
        joined = torch.einsum("bup,upq->buq", maps.flatten(2), self.weight)
        return joined.reshape(maps.shape)


class _Inpainter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = Trunk()
        width = self.backbone.width
        self.join = ChannelWise(width, _CELLS**2)
        self.mix = nn.Conv2d(width, width, 1)
        layers: list[nn.Module] = [nn.BatchNorm2d(width), nn.ReLU()]
        for units in (64, 48, 32):
            layers += [nn.ConvTranspose2d(width, units, 4, 2, 1), nn.BatchNorm2d(units), nn.ReLU()]
            width = units
        self.decoder = nn.Sequential(*layers, nn.Conv2d(width, 3, 3, padding=1))
        initialize(self)
        nn.init.normal_(self.decoder[-1].weight, std=0.01)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        maps = adaptive_avg_pool2d(self.backbone(images), _CELLS)
        return self.decoder(self.mix(self.join(maps))) + FILLED  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class ContextEncoder(Pretext):
    """The middle of a picture, from what is around it."""

    name: str = "contextencoder"
    data: str = "scenes"
    measure: ClassVar[str] = "R2 of the hole"
    hole: int = SIZE // 2
    """Width and height; what the decoder paints."""

    @property
    def chance(self) -> Mapping[str, float]:
        """The mean color explains nothing."""
        return {"R2 of the hole": 0.0, "PSNR gain in dB": 0.0}

    def network(self) -> nn.Module:
        """AlexNet and decoder."""
        assert self.hole == 8 * _CELLS
        return _Inpainter()

    def with_hole(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures whose middle is filled with gray, and what was there (B, 3, hole, hole)."""
        top, left = ((size - self.hole) // 2 for size in images.shape[2:])
        window = (..., slice(top, top + self.hole), slice(left, left + self.hole))
        missing, cut_out = images[window], images.clone()
        cut_out[window] = FILLED
        return cut_out, missing

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Squared distance of the painted from the true middle, in units of 1 / 16 of its square range."""
        cut_out, missing = self.with_hole(moved(batch["images"], rng))
        return mse_loss(net(cut_out).float(), missing) * 16

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """R^2 and gain in PSNR over the one color that fills all holes best."""
        constant = self._mean_color(held_out)[:, None, None]

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            cut_out, missing = self.with_hole(batch["images"])
            return {
                "error": (net(cut_out).float() - missing).square().mean((1, 2, 3)),
                "spread": (constant - missing).square().mean((1, 2, 3)),
            }

        averages = means(held_out, measure)
        ratio = max(averages["error"], 1e-12) / averages["spread"]
        return {"R2 of the hole": 1 - ratio, "PSNR gain in dB": -10 * math.log10(ratio)}

    def _mean_color(self, data: Batch) -> Tensor:
        sums = [self.with_hole(batch["images"])[1].mean((2, 3)).sum(0) for batch in batches(data)]
        return torch.stack(sums).sum(0) / len(data["images"])
