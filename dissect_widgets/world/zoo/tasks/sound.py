"""What does the place sound like?

Owens, Wu, McDermott, Freeman & Torralba 2016, "Ambient sound provides supervision for visual learning":
from a frame of a video, predict to which of some clusters the sound around it belongs. Simpler: the sound is
made up, energies of a few bands from the things in the picture that sound, with noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

from dissect_widgets.world.networks.parts import initialize
from dissect_widgets.world.zoo.base import Batch, moved
from dissect_widgets.world.zoo.data import SOUND_CLASSES
from dissect_widgets.world.zoo.tasks.pretext import Pretext, hits, means, most_common
from dissect_widgets.world.zoo.tasks.trunk import Embedding


class _Listener(Embedding):
    def __init__(self, clusters: int) -> None:
        super().__init__(cells=6, units=64)
        self.drop6 = nn.Dropout(0.3)
        self.fc8 = nn.Linear(64, clusters)
        initialize(self, "fc8")

    def forward(self, images: Tensor) -> Tensor:
        return self.fc8(self.drop6(relu(self.embed(images))))  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Audio(Pretext):
    """The cluster of the sound of a picture.

    Data: `images`, and `column`, int64 (B,).
    """

    name: str = "audio"
    data: str = "sounds"
    column: str = "targets"
    clusters: int = SOUND_CLASSES

    @property
    def chance(self) -> Mapping[str, float]:
        """It depends on the data."""
        return {}

    def network(self) -> nn.Module:
        """AlexNet."""
        return _Listener(self.clusters)

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of the cluster."""
        return cross_entropy(net(moved(batch["images"], rng)).float(), batch[self.column].long())

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """Accuracy, and that of always naming the most common cluster."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            return {"accuracy": hits(net(batch["images"]), batch[self.column].long())}

        guessed = most_common(held_out[self.column].long())
        return means(held_out, measure) | {"accuracy, chance": guessed}
