"""Two things alike, each of them later: what is near by way of others is near.

Wang, He & Gupta 2017, "Transitive invariance for self-supervised visual representation learning": patches
that look alike are linked (inter-instance), each patch to its later look in its clip (intra-instance), and
by transitivity the later look of one to that of the other; a triplet network makes all linked patches near.
Simpler: patches are linked by a fixed descriptor, the directions of their edges and their colors, instead of
features that learned context; links are sought in the batch, those that choose each other. The original is a
VGG, ours an AlexNet as the others. Each look is in a light of another color; see `tracking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, normalize, relu

from dissect_widgets.world.zoo.base import Batch
from dissect_widgets.world.zoo.tasks.patches import tinted
from dissect_widgets.world.zoo.tasks.pretext import Pretext, means
from dissect_widgets.world.zoo.tasks.ranking import cosine_distances, ranking_figures, ranking_loss
from dissect_widgets.world.zoo.tasks.tracking import RANKED, RANKING_CHANCE, Tracking, mirrored
from dissect_widgets.world.zoo.tasks.trunk import Embedding


@dataclass(frozen=True, kw_only=True)
class TransitiveInvariance(Pretext):
    """Patches linked by likeness, by time, and by both.

    Data: see `Tracking`.
    """

    name: str = "transinv"
    data: str = "clips"
    measure: ClassVar[str] = "nearest"
    patch: int = 48
    margin: float = 0.5
    cells: int = 3
    """Rows and columns of the descriptor."""

    @property
    def chance(self) -> Mapping[str, float]:
        """One of two; how often a look is the nearest by chance depends on the data."""
        return RANKING_CHANCE | {"linked ranked right": 0.5}

    def network(self) -> nn.Module:
        """Siamese AlexNet."""
        return Embedding()

    def pairs(self, batch: Batch) -> Tensor:
        """First and last look (B, 2, 3, patch, patch)."""
        return Tracking(patch=self.patch).pairs(batch)

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Ranking loss over looks of a thing, over linked things, and over both steps together."""
        pairs = mirrored(self.pairs(batch), rng)
        first, last = net(tinted(pairs, rng)).unbind(1)
        partners, linked = links(descriptors(pairs[:, 0], self.cells))
        loss = ranking_loss(first, last, margin=self.margin)
        for looks in (first, last):
            loss = loss + 0.5 * _linked_loss(looks, partners, linked, self.margin)
        return loss

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """How often a thing's last look is the nearest, and nearer than another's; a linked thing's, too."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            pairs = self.pairs(batch)
            first, last = net(tinted(pairs, rng)).unbind(1)
            partners, linked = links(descriptors(pairs[:, 0], self.cells))
            ranked = linked_ranks(first, last, partners)
            return ranking_figures(first, last) | {"linked": linked.float(), "ranks": ranked * linked}

        averages = means(held_out, measure, RANKED)
        ranks, linked = averages.pop("ranks"), averages.pop("linked")
        return averages | {"linked ranked right": ranks / max(linked, 1e-9)}


def descriptors(patches: Tensor, cells: int) -> Tensor:
    """Directions of edges and mean colors in the cells of patches: (B, 3, h, w) to float (B, numbers)."""
    gray = patches.mean(1, keepdim=True)
    down = gray[:, :, 2:, 1:-1] - gray[:, :, :-2, 1:-1]
    across = gray[:, :, 1:-1, 2:] - gray[:, :, 1:-1, :-2]
    angles = torch.arange(8, device=patches.device) * (torch.pi / 4)
    edges = relu(down * angles.sin().view(1, -1, 1, 1) + across * angles.cos().view(1, -1, 1, 1))
    directions = normalize(adaptive_avg_pool2d(edges, cells).flatten(1), dim=1)
    colors = adaptive_avg_pool2d(patches, cells).flatten(1)
    return torch.cat([directions, normalize(colors - colors.mean(1, keepdim=True), dim=1)], 1)


def links(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Nearest other row of each row, int64 (B,), and whether the two choose each other, bool (B,)."""
    distances = cosine_distances(vectors, vectors)
    distances.fill_diagonal_(torch.inf)
    partners = distances.argmin(1)
    return partners, partners[partners] == torch.arange(len(partners), device=partners.device)


def linked_ranks(first: Tensor, last: Tensor, partners: Tensor) -> Tensor:
    """How often a partner is ranked right: the share of third rows of `last` that are farther, float (B,)."""
    distances = cosine_distances(first, last)
    n = len(distances)
    rows = torch.arange(n, device=first.device)
    near = distances[rows, partners][:, None]
    wins = (distances > near).float() + 0.5 * (distances == near).float()
    wins[rows, rows] = 0
    return (wins.sum(1) - 0.5) / max(n - 2, 1)


def _linked_loss(looks: Tensor, partners: Tensor, linked: Tensor, margin: float) -> Tensor:
    """Ranking loss of linked rows (B, d), in which third rows are the negatives."""
    distances = cosine_distances(looks, looks)
    rows = torch.arange(len(looks), device=looks.device)
    lacking = relu(distances[rows, partners][:, None] - distances + margin)
    others = (rows[:, None] != rows) & (partners[:, None] != rows) & linked[:, None]
    return (lacking * others).sum() / others.sum().clamp(min=1)
