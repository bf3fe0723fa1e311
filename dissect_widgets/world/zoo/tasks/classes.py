"""Learn classes from labels: scenes, objects, or finer classes.

>>> Classes("scenes", partial(AlexNet, 24))
>>> Classes("scenes+objects", partial(AlexNet, 59), sizes=(24, 35))
>>> Classes("scenes", partial(AlexNet, 12), kept=range(0, 24, 2))       # every other class
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dissect_widgets.world.networks.parts import seeded
from dissect_widgets.world.zoo.base import Batch, batches, moved


@dataclass(frozen=True)
class Classes:
    """Which class is a picture of?

    Parameters
    ----------
    data
        Data set, with `targets`; or two joined by "+".
    network
        Makes a network that gives as many scores as there are classes.
    sizes
        Number of classes of each of the data sets.
    kept
        Classes that are learned, if not all, in the order of the scores.
    groups
        What each target is counted as, if several are one class.
    """

    data: str
    network: Callable[[], nn.Module]
    sizes: tuple[int, ...]
    kept: Sequence[int] | None = None
    groups: tuple[int, ...] = ()
    measure: ClassVar[str] = "top-1"

    @property
    def name(self) -> str:
        """Name of the task."""
        return "classes"

    @property
    def count(self) -> int:
        """Number of classes."""
        return len(self.kept) if self.kept is not None else sum(self.sizes)

    @property
    def chance(self) -> Mapping[str, float]:
        """One of all classes."""
        parts = self.data.split("+")
        if len(parts) == 1:
            return {"top-1": 1 / self.count}
        return {"top-1": 1 / self.count} | {f"top-1, {part}": 1 / self.count for part in parts}

    def build(self, seed: int) -> nn.Module:
        """A new network."""
        return seeded(seed, self.network)

    def chosen(self, data: Batch) -> Tensor:
        """Which pictures are of the classes that are learned: bool (n,)."""
        targets = data["targets"]
        if self.kept is None:
            return torch.ones_like(targets, dtype=torch.bool)
        return torch.isin(targets, torch.tensor(list(self.kept), device=targets.device))

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of pictures that are moved and mirrored."""
        return cross_entropy(net(moved(batch["images"], rng)).float(), self._targets(batch))

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """Share of pictures whose class has the highest score, of all and of each data set."""
        chosen = self.chosen(held_out)
        kept = {name: array[chosen] for name, array in held_out.items()}
        right = torch.cat([net(part["images"]).argmax(1) == self._targets(part) for part in batches(kept)])
        figures = {"top-1": float(right.float().mean())}
        parts = self.data.split("+")
        if len(parts) > 1:
            for number, part in enumerate(parts):
                figures[f"top-1, {part}"] = float(right[kept["source"] == number].float().mean())
        return figures

    def _targets(self, batch: Batch) -> Tensor:
        """Places of the classes among the scores: int64 (B,)."""
        targets = batch["targets"]
        if self.groups:
            return torch.tensor(self.groups, device=targets.device)[targets]
        if self.kept is not None:
            places = torch.tensor(list(self.kept), device=targets.device)
            return (targets[:, None] == places).int().argmax(1)
        if len(self.sizes) == 1:
            return targets
        firsts = torch.tensor([sum(self.sizes[:number]) for number in range(len(self.sizes))])
        return targets + firsts.to(targets.device)[batch["source"]]
