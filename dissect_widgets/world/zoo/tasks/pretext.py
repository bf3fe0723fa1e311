"""What the self-supervised tasks have in common, and how their figures come about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from dissect_widgets.world.networks.parts import seeded
from dissect_widgets.world.zoo.base import Batch, batches

Measure = Callable[[Batch, torch.Generator], Mapping[str, Tensor]]
"""A batch to a number for each item, by name: float (B,)."""


@dataclass(frozen=True, kw_only=True)
class Pretext(ABC):
    """A task whose labels come for free with the data."""

    name: str
    data: str
    measure: ClassVar[str] = "accuracy"

    @property
    @abstractmethod
    def chance(self) -> Mapping[str, float]:
        """What chance gives, by the name of the figure, where it does not depend on the data."""

    @abstractmethod
    def network(self) -> nn.Module:
        """A new network; its `backbone` is what is dissected."""

    @abstractmethod
    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """What falls; see `Task`."""

    @abstractmethod
    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """How well it does; see `Task`."""

    def build(self, seed: int) -> nn.Module:
        """A new network, the same for the same seed."""
        return seeded(seed, self.network)


def means(held_out: Batch, measure: Measure, size: int = 128) -> dict[str, float]:
    """Means of what is measured over all of a data set, always with the same random numbers."""
    device = held_out["images"].device
    rng = torch.Generator(device).manual_seed(0)
    sums: defaultdict[str, float] = defaultdict(float)
    with torch.inference_mode():
        for batch in batches(held_out, size):
            for name, values in measure(batch, rng).items():
                sums[name] += float(values.double().sum())
    return {name: total / len(held_out["images"]) for name, total in sums.items()}


def hits(scores: Tensor, targets: Tensor) -> Tensor:
    """1.0 where the highest score is the target's, else 0.0: float (B,)."""
    return (scores.argmax(1) == targets).float()


def most_common(targets: Tensor) -> float:
    """Share of the most common value: what guessing gives."""
    return float(targets.flatten().bincount().max()) / targets.numel()
