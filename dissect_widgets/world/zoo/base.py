"""What a network of the zoo is made of: a task, a data set, a budget, and what it begins with.

A new member is a few lines:

>>> Member(
...     name="alexnet-scenes", family="supervised", network="AlexNet", differs="taught scenes",
...     task=Classes("scenes", 24, AlexNet), budget=Budget(steps=4_000),
... )

A *data set* is a dict of named tensors, first axis n pictures; a *batch* is the same of a few of them, on the
device. In a data set `images` are uint8, in a batch float in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

SIZE: Final = 96
"""Width and height of the pictures of the zoo."""

Batch = dict[str, Tensor]
"""Named tensors with the same first axis."""


class Budget(NamedTuple):
    """How long and how fast to learn; all of it is part of the recipe."""

    steps: int
    batch: int = 64
    rate: float = 2e-3
    """Highest learning rate; it rises over the first twentieth of the steps, and falls as a cosine."""
    decay: float = 0.02
    """Weight decay of AdamW."""
    average: float = 0.998
    """How much of the averaged weights stays in a step; 0 for none, then the last weights are kept."""
    seed: int = 0


@runtime_checkable
class Task(Protocol):
    """What a network is to learn, and how well it does.

    A task that learns from some of the pictures only has a method `chosen`, too: a data set to bool (n,).
    """

    @property
    def name(self) -> str:
        """Name of the task, as `zoo.table()` shows it."""

    @property
    def data(self) -> str:
        """Data set that it learns from; "a+b" is two joined, their arrays of the same names end to end, with
        `source` int64 (n,), 0 for the first.
        """

    @property
    def measure(self) -> str:
        """Name of its most telling figure, which `zoo.table()` shows; see `figures`."""

    @property
    def chance(self) -> Mapping[str, float]:
        """What chance gives, by the name of the figure; see `figures`."""

    def build(self, seed: int) -> nn.Module:
        """A new network, the same for the same seed.

        What is dissected is the network itself, or its `backbone`: it takes pictures float (B, 3, 96, 96) in
        [0, 1], whatever the task shows it, and its layers have the names of the original.
        """

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """What falls: a number.

        The network is in training mode. `rng` is on the device of the batch, seeded by seed and step: all
        that is random (augmentation, crops, permutations) comes from it alone.
        """

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """How well it does on held-out data, by the name of the figure.

        The network is in evaluation mode, `held_out` a whole data set on its device (`images` uint8; see
        `batches`). Where what chance gives depends on the data, it is a figure too, "NAME, chance".
        """


@dataclass(frozen=True, kw_only=True)
class Member:
    """A network of the zoo: all that it comes of."""

    name: str
    family: str
    """What it is compared within: "supervised", "self-supervised", "captioning", "conditions", "transfer",
    "width" or "classes"."""
    network: str
    """Name of the architecture."""
    task: Task
    budget: Budget
    differs: str
    """What it differs in from the baseline, in a few words."""
    begins: str = ""
    """Member whose weights it begins with, wherever names and shapes agree; by default none."""
    snapshots: tuple[int, ...] = ()
    """Steps after which the weights are kept."""
    simpler: str = ""
    """Where the task is simpler than its source."""
    priority: int = field(default=50, compare=False)
    """Those with less are trained first."""

    def changed(self, **parts: Any) -> Member:
        """The same with other parts."""
        return replace(self, **parts)


def backbone(net: nn.Module) -> nn.Module:
    """The part of a network that is dissected: takes pictures float (B, 3, h, w) in [0, 1]."""
    inner = getattr(net, "backbone", net)
    assert isinstance(inner, nn.Module)
    return inner


def batches(data: Batch, size: int = 128) -> Iterator[Batch]:
    """A data set in order, in batches, whose images are float."""
    n = len(next(iter(data.values())))
    for start in range(0, n, size):
        yield floating({name: array[start : start + size] for name, array in data.items()})


def floating(batch: Batch) -> Batch:
    """The same batch with images float in [0, 1]; pictures (B, 3, h, w) lie with channels last."""
    images = batch["images"]
    if images.dtype != torch.uint8:
        return batch
    scaled = images.float() / 255
    if scaled.dim() == 4:
        scaled = scaled.contiguous(memory_format=torch.channels_last)
    return batch | {"images": scaled}


def moved(images: Tensor, rng: torch.Generator, *, shift: int = 8, mirror: bool = True) -> Tensor:
    """Pictures (B, ..., h, w), each moved by up to `shift` pixels, and mirrored at random.

    All that stands between the first and the last two axes moves together. Borders are repeated.
    """
    (moved_images,) = moved_alike((images,), rng, shift=shift, mirror=mirror)
    return moved_images


def moved_alike(
    maps: tuple[Tensor, ...], rng: torch.Generator, *, shift: int = 8, mirror: bool = True
) -> tuple[Tensor, ...]:
    """Pictures (B, ..., h, w), and maps of h / 2, h / 4 ... that belong to them, moved alike.

    The first are moved by whole pixels of the smallest map.
    """
    first, device = maps[0], maps[0].device
    n = len(first)
    coarse = max(first.shape[-1] // other.shape[-1] for other in maps)
    most = shift // coarse
    offsets = torch.randint(-most, most + 1, (2, n, 1), generator=rng, device=device) * coarse
    mirrored = torch.rand((n, 1), generator=rng, device=device) < (0.5 if mirror else -1.0)
    taken = []
    for images in maps:
        down, across = (offsets // (first.shape[-1] // images.shape[-1])).unbind()
        taken.append(_taken(images, down, across, mirrored))
    return tuple(taken)


def _taken(images: Tensor, down: Tensor, across: Tensor, mirrored: Tensor) -> Tensor:
    (n, *middle, height, width), device = images.shape, images.device
    rows = (torch.arange(height, device=device) + down).clamp(0, height - 1)
    columns = (torch.arange(width, device=device) + across).clamp(0, width - 1)
    columns = torch.where(mirrored, columns.flip(1), columns)
    flat = images.reshape(n, -1, height, width)
    index = rows.view(n, 1, height, 1).expand(-1, flat.shape[1], -1, width)
    flat = flat.gather(2, index)
    flat = flat.gather(3, columns.view(n, 1, 1, width).expand(-1, flat.shape[1], height, -1))
    return flat.view(n, *middle, height, width)
