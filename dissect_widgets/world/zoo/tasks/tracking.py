"""What is the same thing a few frames later?

Wang & Gupta 2015, "Unsupervised learning of visual representations using videos": a patch that moves is
tracked through a clip; the embeddings of its first and its last look must be nearer than that of a patch of
another clip, by a margin of the cosine distance. Simpler: clips of four frames of the drawn world, in which
what moved is known instead of tracked; negatives are the other patches of the batch, the hardest of which
count for half of the loss from the first step on. Harder: each look is in a light of another color, as drawn
surfaces would be known by their exact colors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor, nn

from dissect_widgets.world.zoo.base import Batch
from dissect_widgets.world.zoo.tasks.patches import integers, resize, tinted
from dissect_widgets.world.zoo.tasks.pretext import Pretext, means
from dissect_widgets.world.zoo.tasks.ranking import ranking_figures, ranking_loss
from dissect_widgets.world.zoo.tasks.trunk import Embedding

RANKED: Final = 100
"""Looks among which the right one is sought, on held-out data."""
RANKING_CHANCE: Final = {"ranked right": 0.5}


@dataclass(frozen=True, kw_only=True)
class Tracking(Pretext):
    """The first and the last look of a thing that is tracked through a clip.

    Data: `images` (B, frames, 3, h, w), and `boxes` (B, 2, 4), left, top, right and bottom of what is
    tracked in the first and the last frame, in pixels.
    """

    name: str = "tracking"
    data: str = "clips"
    measure: ClassVar[str] = "nearest"
    patch: int = 48
    margin: float = 0.5

    @property
    def chance(self) -> Mapping[str, float]:
        """One of two; how often a look is the nearest by chance depends on the data."""
        return RANKING_CHANCE

    def network(self) -> nn.Module:
        """Siamese AlexNet."""
        return Embedding()

    def pairs(self, batch: Batch) -> Tensor:
        """First and last look (B, 2, 3, patch, patch)."""
        images, boxes = batch["images"], batch["boxes"][..., [1, 0, 3, 2]]
        looks = [resize(images[:, end], boxes[:, end], self.patch) for end in (0, -1)]
        return torch.stack(looks, 1)

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Ranking loss."""
        pairs = mirrored(tinted(self.pairs(batch), rng), rng)
        first, last = net(pairs).unbind(1)
        return ranking_loss(first, last, margin=self.margin)

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """How often the last look is the nearest to the first, out of 100, and out of two."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            first, last = net(tinted(self.pairs(batch), rng)).unbind(1)
            return ranking_figures(first, last)

        return means(held_out, measure, RANKED)


def mirrored(images: Tensor, rng: torch.Generator) -> Tensor:
    """Images (B, ..., h, w), every other one of which, at random, is mirrored."""
    chosen = integers(0, 2, (len(images),), rng).bool()
    return torch.where(chosen.reshape(-1, *[1] * (images.dim() - 1)), images.flip(-1), images)
