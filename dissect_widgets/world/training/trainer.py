"""Train a network on a nursery: steps that can be stopped at any moment and go on to the same end.

What happens in a step depends on the recipe and on the step's number alone: a generator is made anew
for each, so a run that was stopped draws what it would have drawn.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from dissect_widgets.core.data.atomic_write import replacing
from dissect_widgets.errors import SavedError
from dissect_widgets.world.training.image_cache import ImageCache


class Budget(NamedTuple):
    """How long and how fast to learn."""

    steps: int
    batch: int = 64
    rate: float = 2e-3
    """Highest learning rate; it rises over the first twentieth of the steps, and falls as a cosine."""
    decay: float = 0.02
    """Weight decay of AdamW."""
    average: float = 0.998
    """How much of the averaged weights stays in a step; the average is what is kept in the end."""
    shift: int = 8
    """Pictures are moved by up to so many pixels, and mirrored by chance."""
    seed: int = 0


UNKNOWN: Final = 255
"""Label of pixels that do not count."""

Loss = Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]
"""Network, pictures float (B, 3, h, w), targets int64 (B,), labels int64 (B, K, h, w) to a loss."""


class Run(ABC):
    """Steps in a folder, which end alike however often they are stopped.

    A kind of run sets up what it needs, and then calls `restore`.

    Parameters
    ----------
    steps
        All of them.
    folder
        Where checkpoints are kept.
    key
        Text that tells this run from others; a checkpoint of another is refused.
    device
        Where to train.
    """

    def __init__(self, steps: int, folder: Path, key: str, device: torch.device) -> None:
        self.steps, self.step = steps, 0
        self.path, self.key, self.device = folder / "checkpoint.pt", key, device

    def run(
        self,
        progress: Callable[[int, dict[str, float]], None] = lambda step, losses: None,
        *,
        seconds: float = math.inf,
        save_every: float = 60.0,
    ) -> bool:
        """Take the steps that are left, at most for some seconds; returns whether all are taken."""
        begun = saved = time.monotonic()
        while self.step < self.steps:
            progress(self.step, self._take_step())
            now = time.monotonic()
            if now - saved > save_every:
                self.save()
                saved = now
            if now - begun > seconds:
                break
        self.save()
        return self.step >= self.steps

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        with replacing(self.path) as new:
            torch.save(self._state() | {"key": self.key, "step": self.step}, new)

    def restore(self) -> None:
        """Go on from the checkpoint, if there is one.

        Raises
        ------
        SavedError
            If it is of another run.
        """
        if not self.path.exists():
            return
        state: dict[str, Any] = torch.load(self.path, map_location=self.device, weights_only=True)
        if state["key"] != self.key:
            raise SavedError(
                f"{self.path} is of another run: it was begun with {state['key']}, this one is {self.key}. "
                "Choose another folder, or delete it."
            )
        self._load(state)
        self.step = state["step"]

    @abstractmethod
    def averaged(self) -> nn.Module:
        """The network with its averaged weights, in evaluation mode."""

    @abstractmethod
    def _take_step(self) -> dict[str, float]:
        """Take a step and count it; returns losses by name."""

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """What changes in a run."""

    @abstractmethod
    def _load(self, state: dict[str, Any]) -> None:
        """Put back what `_state` gave."""


class Trainer(Run):
    """A network that learns from labeled pictures.

    Parameters
    ----------
    net
        What learns; it must have been made after `torch.manual_seed`, so that it begins alike.
    loss
        What falls.
    image_cache
        What it learns from.
    budget
        How long.
    folder, key
        See `Run`.
    """

    def __init__(
        self, net: nn.Module, loss: Loss, image_cache: ImageCache, budget: Budget, folder: Path, key: str
    ) -> None:
        super().__init__(budget.steps, folder, key, next(net.parameters()).device)
        self.net, self.loss, self.image_cache, self.budget = net.train(), loss, image_cache, budget
        self.optimizer = torch.optim.AdamW(net.parameters(), budget.rate, weight_decay=budget.decay)
        self.average = {name: value.detach().clone() for name, value in net.state_dict().items()}
        self.restore()

    def averaged(self) -> nn.Module:
        """The network with its averaged weights, in evaluation mode."""
        self.net.load_state_dict(self.average)
        return self.net.eval()

    def _state(self) -> dict[str, Any]:
        return {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
        }

    def _load(self, state: dict[str, Any]) -> None:
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]

    def _take_step(self) -> dict[str, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.budget.rate * schedule(self.step / self.budget.steps)
        pictures, targets, labels = self._batch()
        with fast(self.device):
            loss = self.loss(self.net, pictures, targets, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        keep = min(self.budget.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                if value.is_floating_point():
                    self.average[name].lerp_(value, 1 - keep)
                else:
                    self.average[name].copy_(value)
        return {"loss": float(loss.detach())}

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        n, size = len(self.image_cache.targets), self.budget.batch
        epoch, place = divmod(self.step * size, n - n % size or n)
        order = np.random.default_rng((self.budget.seed, epoch)).permutation(n)
        chosen = np.sort(order[place : place + size])
        rng = np.random.default_rng((self.budget.seed, self.step, 1))
        torch.manual_seed(self.budget.seed * 1_000_003 + self.step)  # of dropout
        pictures = torch.from_numpy(self.image_cache.pictures[chosen])
        labels = torch.from_numpy(self.image_cache.labels[chosen])
        pictures, labels = augment(pictures, labels, rng, self.budget.shift)
        batch = pictures.to(self.device).float() / 255, torch.from_numpy(self.image_cache.targets[chosen])
        return (
            batch[0].contiguous(memory_format=torch.channels_last),
            batch[1].to(self.device),
            labels.to(self.device).long(),
        )


def schedule(done: float) -> float:
    """Share of the highest learning rate when a share of the steps is done."""
    return min(done * 20, 1.0) * 0.5 * (1 + math.cos(math.pi * done)) + 1e-3


def augment(pictures: Tensor, labels: Tensor, rng: np.random.Generator, shift: int) -> tuple[Tensor, Tensor]:
    """Move each picture (B, 3, h, w) by up to `shift` pixels, and mirror every other one.

    Labels (B, K, h / 2, w / 2) are moved alike; what comes in at a border is `UNKNOWN`.
    """
    moved, marked = torch.empty_like(pictures), torch.empty_like(labels)
    half = shift // 2
    padded = nn.functional.pad(pictures.float(), [shift] * 4, mode="replicate").to(pictures.dtype)
    labeled = nn.functional.pad(labels, [half] * 4, value=UNKNOWN)
    height, width = pictures.shape[2:]
    for number in range(len(pictures)):
        down, across = (int(d) for d in rng.integers(0, 2 * half + 1, 2)) if half else (0, 0)
        own = padded[number, :, 2 * down : 2 * down + height, 2 * across : 2 * across + width]
        mark = labeled[number, :, down : down + height // 2, across : across + width // 2]
        mirrored = bool(rng.integers(2))
        moved[number] = own.flip(2) if mirrored else own
        marked[number] = mark.flip(2) if mirrored else mark
    return moved, marked


def fast(device: torch.device) -> AbstractContextManager[Any]:
    """Half precision where a machine is good at it."""
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16)
    bfloat16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return torch.autocast("cpu", torch.bfloat16) if bfloat16 else nullcontext()
