"""Train a network on cached images, in runs that can be interrupted and resumed with the same result.

What a step does depends only on the recipe and on the number of the step: each has a random generator of its
own, so a resumed run draws the same numbers as one that was never stopped.
"""

from __future__ import annotations

import io
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

from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.errors import SavedError, shortened
from dissect_widgets.world.training.image_cache import ImageCache


class Budget(NamedTuple):
    """How long and how mixed_precision to train."""

    steps: int
    batch_size: int = 64
    learning_rate: float = 2e-3
    """Highest learning rate; it rises over the first 5% of the steps, then falls as a cosine."""
    weight_decay: float = 0.02
    """Of AdamW."""
    ema_decay: float = 0.998
    """Decay of the moving average of the weights, which is the result of the training."""
    max_shift: int = 8
    """Images are shifted by up to this many pixels, and mirrored at random."""
    seed: int = 0


IGNORED: Final = 255
"""Label of pixels that the loss ignores."""

Loss = Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]
"""Network, images float (B, 3, h, w), targets int64 (B,), labels int64 (B, K, h, w) -> loss."""


class Run(ABC):
    """Training steps with checkpoints in a folder; the result is the same however often they are interrupted.

    A subclass sets up its networks, and then calls `restore`.

    Parameters
    ----------
    steps
        Number of steps.
    folder
        Where the checkpoint is written.
    key
        Text that identifies the run; a checkpoint of another run is refused.
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
        """Take the remaining steps, stop after `seconds` at the latest; returns whether all are done."""
        started = saved = time.monotonic()
        while self.step < self.steps:
            progress(self.step, self._take_step())
            now = time.monotonic()
            if now - saved > save_every:
                self.save()
                saved = now
            if now - started > seconds:
                break
        self.save()
        return self.step >= self.steps

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        content = io.BytesIO()  # for torch does not say why a file cannot be written
        torch.save(self._state() | {"key": self.key, "step": self.step}, content)
        with replacing(self.path) as new:
            new.write_bytes(content.getbuffer())

    def restore(self) -> None:
        """Resume from the checkpoint, if there is one.

        Raises
        ------
        SavedError
            If it is of another run, or damaged.
        """
        if not self.path.exists():
            return
        try:
            state: dict[str, Any] = torch.load(self.path, map_location=self.device, weights_only=True)
            key = state["key"]
        except Exception as error:  # a damaged pickle can raise almost anything
            raise SavedError(
                f"{self.path} is damaged ({shortened(error)}). Delete it to begin anew."
            ) from error
        if key != self.key:
            raise SavedError(
                f"{self.path} is of another run: it was started with {key}, this one is {self.key}. "
                "Choose another folder, or delete the checkpoint."
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
        """State of the run, for a checkpoint."""

    @abstractmethod
    def _load(self, state: dict[str, Any]) -> None:
        """Restore a state from `_state`."""


class Trainer(Run):
    """Trains a network on labeled images.

    Parameters
    ----------
    net
        Network to train; create it after `torch.manual_seed`, so that its initial weights are reproducible.
    loss
        Loss of a batch.
    image_cache
        Training images.
    budget
        How long and how mixed_precision.
    folder, key
        See `Run`.
    """

    def __init__(
        self, net: nn.Module, loss: Loss, image_cache: ImageCache, budget: Budget, folder: Path, key: str
    ) -> None:
        super().__init__(budget.steps, folder, key, next(net.parameters()).device)
        self.net, self.loss, self.image_cache, self.budget = net.train(), loss, image_cache, budget
        self.optimizer = torch.optim.AdamW(
            net.parameters(), budget.learning_rate, weight_decay=budget.weight_decay
        )
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
            group["lr"] = self.budget.learning_rate * schedule(self.step / self.budget.steps)
        images, targets, labels = self._batch()
        with mixed_precision(self.device):
            loss = self.loss(self.net, images, targets, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        decay = min(self.budget.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                if value.is_floating_point():
                    self.average[name].lerp_(value, 1 - decay)
                else:
                    self.average[name].copy_(value)
        return {"loss": float(loss.detach())}

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        n, size = len(self.image_cache.targets), self.budget.batch_size
        epoch, place = divmod(self.step * size, n - n % size or n)
        order = np.random.default_rng((self.budget.seed, epoch)).permutation(n)
        chosen = np.sort(order[place : place + size])
        rng = np.random.default_rng((self.budget.seed, self.step, 1))
        torch.manual_seed(self.budget.seed * 1_000_003 + self.step)  # of dropout
        images = torch.from_numpy(self.image_cache.images[chosen])
        labels = torch.from_numpy(self.image_cache.labels[chosen])
        images, labels = augment(images, labels, rng, self.budget.max_shift)
        batch = images.to(self.device).float() / 255, torch.from_numpy(self.image_cache.targets[chosen])
        return (
            batch[0].contiguous(memory_format=torch.channels_last),
            batch[1].to(self.device),
            labels.to(self.device).long(),
        )


def schedule(done: float) -> float:
    """Learning rate, as a share of the highest, when a share `done` of the steps is done."""
    return min(done * 20, 1.0) * 0.5 * (1 + math.cos(math.pi * done)) + 1e-3


def augment(
    images: Tensor, labels: Tensor, rng: np.random.Generator, max_shift: int
) -> tuple[Tensor, Tensor]:
    """Shift each image (B, 3, h, w) by up to `max_shift` pixels, and mirror half of them, at random.

    Labels (B, K, h / 2, w / 2) are shifted alike; what comes in at a border is `IGNORED`.
    """
    shifted, shifted_labels = torch.empty_like(images), torch.empty_like(labels)
    half = max_shift // 2
    padded = nn.functional.pad(images.float(), [max_shift] * 4, mode="replicate").to(images.dtype)
    padded_labels = nn.functional.pad(labels, [half] * 4, value=IGNORED)
    height, width = images.shape[2:]
    for number in range(len(images)):
        down, across = (int(d) for d in rng.integers(0, 2 * half + 1, 2)) if half else (0, 0)
        window = padded[number, :, 2 * down : 2 * down + height, 2 * across : 2 * across + width]
        label_window = padded_labels[number, :, down : down + height // 2, across : across + width // 2]
        mirrored = bool(rng.integers(2))
        shifted[number] = window.flip(2) if mirrored else window
        shifted_labels[number] = label_window.flip(2) if mirrored else label_window
    return shifted, shifted_labels


def mixed_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Autocast to bfloat16 where the hardware supports it."""
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16)
    bfloat16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return torch.autocast("cpu", torch.bfloat16) if bfloat16 else nullcontext()
