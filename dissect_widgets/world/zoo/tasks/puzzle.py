"""In which order were the pieces of a picture?

Noroozi & Favaro 2016, "Unsupervised learning of visual representations by solving jigsaw puzzles": nine
tiles, cropped at random places in the cells of a 3 x 3 grid and each normalized, go through the same
AlexNet up to fc6; of all nine together the network says which of a set of permutations, chosen far from one
another, put them into their order. Simpler: 64 permutations instead of up to 1,000; tiles of 24 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dissect_widgets.world.zoo.base import Batch, moved
from dissect_widgets.world.zoo.tasks.patches import cut, grayed, integers, normalized
from dissect_widgets.world.zoo.tasks.pretext import Pretext, hits, means
from dissect_widgets.world.zoo.tasks.trunk import Joined

_TILES = 9


@lru_cache(maxsize=8)
def far_permutations(count: int, length: int = _TILES, seed: int = 0) -> NDArray[np.int64]:
    """Permutations, each as far as can be from those before it in Hamming distance, int64 (count, length).

    They are chosen one by one out of 40,000 random ones.
    """
    rng = np.random.default_rng(seed)
    pool = rng.permuted(np.tile(np.arange(length), (40_000, 1)), axis=1)
    chosen = [pool[0]]
    nearest = (pool != chosen[0]).sum(1)
    total = nearest.copy()
    while len(chosen) < count:
        best = int(np.lexsort((-total, -nearest))[0])
        chosen.append(pool[best])
        distance = (pool != pool[best]).sum(1)
        nearest, total = np.minimum(nearest, distance), total + distance
    return np.array(chosen)


@dataclass(frozen=True, kw_only=True)
class Puzzle(Pretext):
    """Which permutation the tiles of a picture were put into."""

    name: str = "puzzle"
    data: str = "scenes"
    permutations: int = 64
    tile: int = 24
    gray: float = 0.3
    """Share of the puzzles without color."""

    @property
    def chance(self) -> Mapping[str, float]:
        """One of the permutations."""
        return {"accuracy": 1 / self.permutations}

    def network(self) -> nn.Module:
        """Siamese AlexNet."""
        return Joined(_TILES, self.permutations, units=64)

    def puzzles(self, images: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Tiles in a wrong order (B, 9, 3, tile, tile), and the number of the permutation, int64 (B,)."""
        n, _, height, width = images.shape
        cells = torch.arange(_TILES, device=images.device)
        orders = torch.from_numpy(far_permutations(self.permutations)).to(images.device)
        numbers = integers(0, self.permutations, (n,), rng)
        top = cells // 3 * (height // 3) + integers(0, height // 3 - self.tile + 1, (n, _TILES), rng)
        left = cells % 3 * (width // 3) + integers(0, width // 3 - self.tile + 1, (n, _TILES), rng)
        order = orders[numbers]
        return cut(images, top.gather(1, order), left.gather(1, order), self.tile), numbers

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of the permutation."""
        tiles, numbers = self.puzzles(moved(batch["images"], rng, shift=0), rng)
        return cross_entropy(net(normalized(grayed(tiles, self.gray, rng))).float(), numbers)

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """Accuracy of the permutation."""

        def measure(batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
            tiles, numbers = self.puzzles(batch["images"], rng)
            return {"accuracy": hits(net(normalized(tiles)), numbers)}

        return means(held_out, measure)
