"""How did the camera move from one picture to the other?

`Moving` is Agrawal, Carreira & Malik 2015, "Learning to see by moving": two views go through the same
convolutions, and the maps of both, joined by another convolution, give the motion as a class for each of its
axes. Simpler: fewer and coarser classes.

`EgoMotion` is Jayaraman & Grauman 2015, "Learning image representations tied to ego-motion": for each kind of
motion there is a linear map by which the embedding of the first view becomes that of the second; the loss
draws the two together, and pushes what other kinds of motion would give away to a margin. Simpler: kinds of
motion are the largest axis and its sign, instead of clusters of what a car did; no other loss goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

from dissect_widgets.world.clips import MOTIONS
from dissect_widgets.world.zoo.base import Batch
from dissect_widgets.world.zoo.tasks.pretext import Pretext, hits, means, most_common
from dissect_widgets.world.zoo.tasks.trunk import Embedding, JoinedMaps


@dataclass(frozen=True, kw_only=True)
class Moving(Pretext):
    """The class of a camera's motion along each of its axes.

    Data: `images` (B, 2, 3, 96, 96), and `motion` float (B, axes), see `MOTIONS`.
    """

    name: str = "moving"
    data: str = "pairs"
    bins: int = 5
    """Classes of each axis, equal intervals from least to most."""

    @property
    def chance(self) -> Mapping[str, float]:
        """It depends on the data."""
        return {}

    def network(self) -> nn.Module:
        """Siamese AlexNet."""
        return JoinedMaps(2, self.bins * len(MOTIONS))

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Sum of the cross entropies of all axes.

        Views are shown as they are: mirrored or moved they would show another motion.
        """
        scores = net(batch["images"]).float().unflatten(1, (-1, self.bins))
        return cross_entropy(scores.movedim(2, 1), self.targets(batch)) * len(MOTIONS)

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """Accuracy, the mean over axes, and that of always naming the most common class."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            scores = net(batch["images"]).unflatten(1, (-1, self.bins))
            right = (scores.argmax(2) == self.targets(batch)).float()
            return {"accuracy": right.mean(1)} | dict(zip(axes, right.unbind(1), strict=True))

        axes = [f"accuracy of {axis}" for axis in MOTIONS]
        guessed = [most_common(column) for column in self.targets(held_out).unbind(1)]
        chances = {f"{axis}, chance": share for axis, share in zip(axes, guessed, strict=True)}
        return means(held_out, measure) | {"accuracy, chance": sum(guessed) / len(guessed)} | chances

    def targets(self, batch: Batch) -> Tensor:
        """Classes of each axis, int64 (B, axes)."""
        classes = (shares_of_most(batch["motion"]) + 1) / 2 * self.bins
        return classes.long().clamp(0, self.bins - 1)


def shares_of_most(motion: Tensor) -> Tensor:
    """Motions (B, axes) as shares of the most there are along each axis, in [-1, 1]."""
    return motion.float() / torch.tensor(list(MOTIONS.values()), device=motion.device)


class _EgoMover(Embedding):
    """Embeddings of views, and a linear map for each kind of motion."""

    def __init__(self, kinds: int, units: int) -> None:
        super().__init__(cells=6, units=units)
        self.maps = nn.Parameter(torch.eye(units) + torch.randn(kinds, units, units) * 0.01)

    def forward(self, views: Tensor) -> Tensor:
        """Distances (B, kinds) of what each kind of motion makes of the first view from the second."""
        first, second = self.embed(views).unbind(1)
        with torch.autocast(first.device.type, enabled=False):
            moved = torch.einsum("kij,bj->bki", self.maps, first.float())
            squared = (moved - second.float()[:, None]).square().sum(2)
        return (squared + 1e-6).sqrt()


@dataclass(frozen=True, kw_only=True)
class EgoMotion(Pretext):
    """Embeddings that change with the camera's motion as a linear map of it says.

    Data: see `Moving`. The kind of a motion is the axis along which it is largest, and its sign.
    """

    name: str = "egomotion"
    data: str = "pairs"
    units: int = 64
    """Of the embedding."""
    margin: float = 4.0
    """Distance that other kinds of motion must keep."""

    @property
    def chance(self) -> Mapping[str, float]:
        """It depends on the data."""
        return {}

    def network(self) -> nn.Module:
        """Siamese AlexNet, and a map for each kind of motion."""
        return _EgoMover(2 * len(MOTIONS), self.units)

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Distance by the true kind of motion, and what others lack to the margin."""
        distances, kinds = net(batch["images"]), self.kinds(batch)
        true = distances.gather(1, kinds[:, None])
        others = relu(self.margin - distances)
        lacking = others.sum(1) - others.gather(1, kinds[:, None])[:, 0]
        loss: Tensor = true.mean() + lacking.mean()
        return loss

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """How often the true kind of motion is the one that comes nearest to the second view."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            return {"accuracy": hits(-net(batch["images"]), self.kinds(batch))}

        return means(held_out, measure) | {"accuracy, chance": most_common(self.kinds(held_out))}

    def kinds(self, batch: Batch) -> Tensor:
        """Kinds of motion, int64 (B,)."""
        shares = shares_of_most(batch["motion"])
        axis = shares.abs().argmax(1)
        return 2 * axis + (shares.gather(1, axis[:, None])[:, 0] > 0)
