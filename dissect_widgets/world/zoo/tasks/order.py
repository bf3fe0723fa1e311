"""Are these frames in order?

Misra, Zitnick & Hebert 2016, "Shuffle and learn: unsupervised learning using temporal order verification":
three frames of a clip go through the same AlexNet, and the network says whether they are in order; in a wrong
triple the middle frame is one from before or after the other two. Simpler: clips of four frames, in which all
moves evenly, so frames of much motion need not be sought; half of the triples are wrong instead of three
quarters; what is joined are the differences of maps, by convolutions, instead of fc7 of each frame. Harder:
each frame is in a light of another color; see `tracking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dissect_widgets.world.zoo.base import Batch, moved
from dissect_widgets.world.zoo.tasks.patches import integers, tinted
from dissect_widgets.world.zoo.tasks.pretext import Pretext, hits, means
from dissect_widgets.world.zoo.tasks.trunk import JoinedMaps


@dataclass(frozen=True, kw_only=True)
class VideoOrder(Pretext):
    """Whether three frames are in order.

    Data: `images` (B, 4, 3, h, w).
    """

    name: str = "videoorder"
    data: str = "clips"

    @property
    def chance(self) -> Mapping[str, float]:
        """Yes or no."""
        return {"accuracy": 0.5}

    def network(self) -> nn.Module:
        """Siamese AlexNet."""
        return JoinedMaps(3, 2, differences=True)

    def triples(self, clips: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Three frames of each clip (B, 3, 3, h, w), and whether they are in order, int64 (B,).

        The outer two are the same in both cases, two frames apart; every other triple runs backwards.
        """
        n = len(clips)
        assert clips.shape[1] == 4
        ordered, late, backwards = integers(0, 2, (3, n), rng).unbind()
        outer = torch.stack([late, late + 2], 1)
        outer = torch.where(backwards[:, None].bool(), outer.flip(1), outer)
        middle = torch.where(ordered.bool(), 1 + late, 3 * (1 - late))
        chosen = torch.stack([outer[:, 0], middle, outer[:, 1]], 1)
        return clips[torch.arange(n, device=clips.device)[:, None], chosen], ordered

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of yes and no."""
        triples, ordered = self.triples(moved(batch["images"], rng), rng)
        return cross_entropy(net(tinted(triples, rng)).float(), ordered)

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """Accuracy."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            triples, ordered = self.triples(batch["images"], rng)
            return {"accuracy": hits(net(tinted(triples, rng)), ordered)}

        return means(held_out, measure)
