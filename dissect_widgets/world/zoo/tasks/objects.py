"""What looks like a thing looks alike in the next frame.

Gao, Jayaraman & Grauman 2016, "Object-centric representation learning from unlabeled videos": regions that
look like things are proposed in neighboring frames, without tracking; regions that overlap belong together,
and must be nearer than regions of other videos. Simpler: out of some random squares the one is taken whose
color differs most from that around it, instead of a method of object proposals; its partner is the same
square, a little moved; each look is in a light of its color; negatives are the other regions of the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from dissect_widgets.world.zoo.base import Batch
from dissect_widgets.world.zoo.lab import lab_of
from dissect_widgets.world.zoo.tasks.patches import integers, resize, tinted
from dissect_widgets.world.zoo.tasks.pretext import Pretext, means
from dissect_widgets.world.zoo.tasks.ranking import ranking_figures, ranking_loss
from dissect_widgets.world.zoo.tasks.tracking import RANKED, RANKING_CHANCE, mirrored
from dissect_widgets.world.zoo.tasks.trunk import Embedding


@dataclass(frozen=True, kw_only=True)
class ObjectCentric(Pretext):
    """Regions that look like things, in two neighboring frames of a clip.

    Data: `images` (B, frames, 3, h, w).
    """

    name: str = "objectcentric"
    data: str = "clips"
    measure: ClassVar[str] = "nearest"
    patch: int = 48
    margin: float = 0.5
    proposals: int = 24
    """Random squares, of which the most thing-like is taken."""
    sizes: tuple[int, int] = (24, 56)
    """Width of squares in pixels: from, to below."""
    jitter: float = 1 / 8
    """Share of its width by which the second region may lie beside the first."""

    @property
    def chance(self) -> Mapping[str, float]:
        """One of two; how often a region is the nearest by chance depends on the data."""
        return RANKING_CHANCE

    def network(self) -> nn.Module:
        """Siamese AlexNet."""
        return Embedding()

    def regions(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """The most thing-like of some squares, int64 (B, 4): top, left, bottom, right."""
        n, _, height, width = images.shape
        shape = (n, self.proposals)
        size = integers(*self.sizes, shape, rng)
        top = (torch.rand(shape, generator=rng, device=rng.device) * (height - size + 1)).long()
        left = (torch.rand(shape, generator=rng, device=rng.device) * (width - size + 1)).long()
        boxes = torch.stack([top, left, top + size, left + size], -1)
        best = contrast(lab_of(images), boxes).argmax(1)
        return boxes[torch.arange(n, device=best.device), best]

    def pairs(self, batch: Batch, rng: torch.Generator) -> Tensor:
        """Regions of two neighboring frames that overlap (B, 2, 3, patch, patch)."""
        images = batch["images"]
        n, frames = images.shape[:2]
        frame, number = integers(0, frames - 1, (n,), rng), torch.arange(n, device=images.device)
        now, then = images[number, frame], images[number, frame + 1]
        boxes = self.regions(now, rng)
        looks = resize(now, boxes, self.patch), resize(then, self.nearby(boxes, rng), self.patch)
        return torch.stack(looks, 1)

    def nearby(self, boxes: Tensor, rng: torch.Generator) -> Tensor:
        """Boxes (B, 4) moved by up to an eighth of their width in both directions: float (B, 4)."""
        width = (boxes[:, 2:] - boxes[:, :2]).float()
        moves = width * self.jitter * (2 * torch.rand(width.shape, generator=rng, device=rng.device) - 1)
        return boxes + moves.repeat(1, 2)

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Ranking loss."""
        now, then = net(mirrored(tinted(self.pairs(batch, rng), rng), rng)).unbind(1)
        return ranking_loss(now, then, margin=self.margin)

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """How often the region's partner is the nearest of 100, and of two."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            now, then = net(tinted(self.pairs(batch, rng), rng)).unbind(1)
            return ranking_figures(now, then)

        return means(held_out, measure, RANKED)


def contrast(maps: Tensor, boxes: Tensor) -> Tensor:
    """How far the mean in a box is from that of a rim around it as wide as a quarter of the box.

    Parameters
    ----------
    maps
        float (B, C, h, w).
    boxes
        int64 (B, P, 4): top, left, bottom, right.

    Returns
    -------
    Tensor
        float (B, P).
    """
    height, width = maps.shape[2:]
    sums = pad(maps.double().cumsum(2).cumsum(3), (1, 0, 1, 0))
    margin = (boxes[..., 2:] - boxes[..., :2]) // 4
    low, high = boxes[..., :2] - margin, boxes[..., 2:] + margin
    limit = torch.tensor([height, width], device=boxes.device)
    around = torch.cat([low.clamp(min=0), torch.minimum(high, limit)], -1)
    inner, outer = _sums(sums, boxes), _sums(sums, around)
    area, whole = _areas(boxes), _areas(around)
    rim = (whole - area).clamp(min=1)
    difference = inner / area[:, None] - (outer - inner) / rim[:, None]
    return difference.square().sum(1).sqrt()


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _sums(sums: Tensor, boxes: Tensor) -> Tensor:
    """Sums over boxes, (B, C, P), of maps whose sums from the corner are (B, C, h + 1, w + 1)."""
    top, left, bottom, right = boxes.unbind(-1)
    number = torch.arange(len(sums), device=sums.device)[:, None]

    def corner(row: Tensor, column: Tensor) -> Tensor:
        return sums[number, :, row, column].movedim(2, 1)

    return corner(bottom, right) - corner(top, right) - corner(bottom, left) + corner(top, left)
