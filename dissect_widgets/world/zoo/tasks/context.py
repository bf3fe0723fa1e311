"""Where does one patch lie beside another?

Doersch, Gupta & Efros 2015, "Unsupervised visual representation learning by context prediction": two
patches of a picture, with a gap and jitter between them, go through the same AlexNet; of both fc6 together
the network says on which of the eight sides the second lies. Simpler: patches of 24 pixels instead of 96;
color is dropped for half of the pairs instead of being projected; there is no search for examples without
the cues of a lens, as drawn pictures have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dissect_widgets.world.zoo.base import Batch, moved
from dissect_widgets.world.zoo.tasks.patches import cut, grayed, integers
from dissect_widgets.world.zoo.tasks.pretext import Pretext, hits, means
from dissect_widgets.world.zoo.tasks.trunk import Joined

SIDES: Final = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""Steps down and to the right, from the first patch to the second."""


@dataclass(frozen=True, kw_only=True)
class Context(Pretext):
    """On which of eight sides of a patch another lies."""

    name: str = "context"
    data: str = "scenes"
    patch: int = 24
    distance: int = 30
    """Pixels from one patch to the next, of which `distance - patch` are the gap."""
    jitter: int = 2
    """The second patch is moved by up to so many pixels."""
    gray: float = 0.5
    """Share of the pairs without color."""

    @property
    def chance(self) -> Mapping[str, float]:
        """One of eight."""
        return {"accuracy": 1 / len(SIDES)}

    def network(self) -> nn.Module:
        """Siamese AlexNet."""
        return Joined(2, len(SIDES))

    def pairs(self, images: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pairs of patches (B, 2, 3, patch, patch), and on which of `SIDES` the second lies, int64 (B,).

        All eight neighbors of the first patch are inside the picture, so that its place says nothing.
        """
        n, _, height, width = images.shape
        sides = integers(0, len(SIDES), (n,), rng)
        steps = torch.tensor(SIDES, device=images.device)[sides]
        margin = self.distance + self.jitter
        first = [integers(margin, size - margin - self.patch + 1, (n,), rng) for size in (height, width)]
        moves = integers(-self.jitter, self.jitter + 1, (n, 2), rng)
        corners = torch.stack(first, 1)
        others = corners + steps * self.distance + moves
        places = torch.stack([corners, others], 1)
        return cut(images, places[..., 0], places[..., 1], self.patch), sides

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of the side."""
        pairs, sides = self.pairs(moved(batch["images"], rng, shift=0), rng)
        return cross_entropy(net(grayed(pairs, self.gray, rng)).float(), sides)

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """Accuracy of the side."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            pairs, sides = self.pairs(batch["images"], rng)
            return {"accuracy": hits(net(pairs), sides)}

        return means(held_out, measure)
