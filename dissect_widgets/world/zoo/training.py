"""Train a member of the zoo: steps that can be stopped at any moment, and go on to the same end.

What happens in a step depends on the recipe and on the number of the step alone. On a CPU a run that was
stopped ends in the same bits as one that was not; on CUDA, as far as the kernels are deterministic.

>>> run = Run(member, train, Path("runs/zoo/alexnet-scenes"), data_digest=digest)
>>> while not run.run(seconds=60):
...     print(run.step)
>>> run.finish(held_out)                   # figures; writes network.safetensors
"""

from __future__ import annotations

import io
import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from dissect_widgets.errors import SavedError, SettingError, shown
from dissect_widgets.world.zoo.base import Batch, Member, floating
from dissect_widgets.world.zoo.files import read, write, write_bytes

NETWORK: Final = "network.safetensors"
"""File of a finished network in the folder of a run."""
DRAFT: Final = "draft.safetensors"
"""File of one that is not finished."""
ABOUT: Final = "about.json"
"""File of what does not belong to a network: the seconds that it took, and where."""
_PER_STEP: Final = 1_000_003  # a prime: seeds of steps of different runs do not meet
_REPORT: Final = 50  # steps between two looks at the loss, for which a GPU must be waited for

Progress = Callable[[int, float], None]
"""Called now and then with the number of steps that are taken, and the last loss."""


class Run:
    """The training of a member in a folder.

    Parameters
    ----------
    member
        What to train.
    data
        What it learns from, on the device where it is trained.
    folder
        For the checkpoint, the snapshots and the network.
    data_digest
        Digest of the data set.
    begin
        Weights that it begins with, wherever names and shapes agree.
    begin_digest
        Digest of these.

    Raises
    ------
    SavedError
        If there is a checkpoint in the folder that is damaged, or of another recipe.
    """

    def __init__(
        self,
        member: Member,
        data: Batch,
        folder: Path,
        *,
        data_digest: str = "",
        begin: Mapping[str, Tensor] | None = None,
        begin_digest: str = "",
    ) -> None:
        self.member, self.data, self.folder = member, data, folder
        self.device = next(iter(data.values())).device
        self.step, self.seconds = 0, 0.0
        net = member.task.build(member.budget.seed)
        if begin is not None:
            _begin_with(net, begin)
        self.recipe = recipe_of(member, net, data_digest, begin_digest)
        self.net = net.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.weights = [w for w in self.net.parameters() if w.requires_grad]
        self.optimizer = _adam(self.weights, member)
        self.current = [v for v in self.net.state_dict().values() if v.is_floating_point()]
        self.average = [value.detach().clone() for value in self.current]
        self.rng = torch.Generator(self.device)
        self.pool = _pool(member, data)
        self._order: tuple[int, Tensor] = (-1, self.pool)
        self._restore()

    @property
    def finished(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self.member.budget.steps

    def run(
        self,
        progress: Progress = lambda step, loss: None,
        *,
        seconds: float = math.inf,
        save_every: float = 60.0,
    ) -> bool:
        """Take the steps that are left, at most for some seconds; returns whether all are taken.

        Raises
        ------
        StorageError
            If there is no room for a checkpoint.
        SettingError
            If the loss is not finite.
        """
        begun = saved = time.monotonic()
        before = self.seconds
        with _reproducible(self.device):
            self._keep_snapshot()
            while not self.finished and time.monotonic() - begun < seconds:
                loss = self._take_step()
                self._keep_snapshot()
                if self.step % _REPORT == 0 or self.finished:
                    progress(self.step, self._checked(float(loss)))
                    self.seconds = before + time.monotonic() - begun
                if time.monotonic() - saved > save_every:
                    self.save()
                    saved = time.monotonic()
            self.seconds = before + time.monotonic() - begun
        self.save()
        return self.finished

    def finish(self, held_out: Batch) -> dict[str, float]:
        """Figures of the network as it is shipped, which is written into the folder.

        A network whose steps are not all taken is written as a draft. Snapshots get figures of their own.
        """
        trained = self.averaged()
        figures = self._figures(trained, held_out)
        snapshots = {}
        if self.finished:
            for step, weights in self._snapshots():
                snapshots[str(step)] = self._figures(weights, held_out)
        note = {
            "recipe": self.recipe,
            "figures": figures,
            "snapshots": snapshots,
            "step": self.step,
        }
        about = {"seconds": round(self.seconds, 1), "device": _device_name(self.device)}
        write_bytes(self.folder / ABOUT, json.dumps(about).encode())
        write(self.folder / (NETWORK if self.finished else DRAFT), trained, note)
        if self.finished:
            (self.folder / DRAFT).unlink(missing_ok=True)
        return figures

    def averaged(self) -> dict[str, Tensor]:
        """The averaged weights, as they are shipped: rounded to fp16."""
        state = self.net.state_dict()
        averages = iter(self.average)
        rounded = {}
        for name, value in state.items():
            rounded[name] = next(averages).half().float() if value.is_floating_point() else value.clone()
        return rounded

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "recipe": self.recipe,
            "step": self.step,
            "seconds": self.seconds,
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_bytes(self.folder / "checkpoint.pt", buffer.getvalue())

    def _restore(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            recipe = state["recipe"]
        except Exception as error:
            raise SavedError(f"{path} is damaged ({error}). Delete it to begin anew.") from error
        check_recipe(self.member.name, recipe, self.recipe, path)
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        for kept, value in zip(self.average, state["average"], strict=True):
            kept.copy_(value)
        self.step, self.seconds = state["step"], state["seconds"]

    def _take_step(self) -> Tensor:
        budget = self.member.budget
        for group in self.optimizer.param_groups:
            group["lr"] = budget.rate * schedule(self.step / budget.steps)
        seed = budget.seed * _PER_STEP + self.step
        torch.manual_seed(seed)  # of dropout
        self.rng.manual_seed(seed)
        batch = self._batch()
        with fast(self.device):
            loss = self.member.task.loss(self.net, batch, self.rng)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.weights, 5.0, foreach=True)
        self.optimizer.step()
        self.step += 1
        keep = min(budget.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.current, 1 - keep)
        return loss.detach()

    def _batch(self) -> Batch:
        size = min(self.member.budget.batch, len(self.pool))
        epoch, place = divmod(self.step * size, len(self.pool) - len(self.pool) % size)
        if self._order[0] != epoch:
            rng = np.random.default_rng((self.member.budget.seed, epoch))
            order = torch.from_numpy(rng.permutation(len(self.pool))).to(self.device)
            self._order = epoch, self.pool[order]
        chosen = self._order[1][place : place + size]
        return floating({name: array[chosen] for name, array in self.data.items()})

    def _checked(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise SettingError(
                f"{self.member.name}: the loss is {loss} after {self.step} steps; the rate "
                f"{self.member.budget.rate} is too high."
            )
        return loss

    def _figures(self, weights: Mapping[str, Tensor], held_out: Batch) -> dict[str, float]:
        net = self.member.task.build(self.member.budget.seed)
        net.load_state_dict(dict(weights))
        net = net.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        with torch.inference_mode(), _reproducible(self.device):
            figures = self.member.task.figures(net, held_out)
        return {name: round(float(value), 4) for name, value in figures.items()}

    def _keep_snapshot(self) -> None:
        if self.step in self.member.snapshots:
            path = self.folder / "snapshots" / f"{self.step:06d}.safetensors"
            write(path, self.averaged(), {"step": self.step, "recipe": self.recipe})

    def _snapshots(self) -> Iterator[tuple[int, dict[str, Tensor]]]:
        for step in self.member.snapshots:
            yield step, read(self.folder / "snapshots" / f"{step:06d}.safetensors")[0]


def recipe_of(member: Member, net: nn.Module, data_digest: str, begin_digest: str) -> dict[str, Any]:
    """All that a network is made from, as its note has it."""
    shapes = {name: list(value.shape) for name, value in net.state_dict().items()}
    return {
        "name": member.name,
        "network": shapes,
        "task": re.sub(r" at 0x[0-9a-f]+", "", repr(member.task)),
        "budget": member.budget._asdict(),
        "data": data_digest,
        "begins": begin_digest,
        "snapshots": list(member.snapshots),
    }


def check_recipe(name: str, before: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> None:
    """Refuse what is of another recipe.

    Raises
    ------
    SavedError
        If they differ; it says in what.
    """
    changed = [part for part in now if before.get(part) != now[part]]
    if changed:
        part = changed[0]
        values = "" if part == "network" else f" (it was {before.get(part)}, and is {now[part]})"
        raise SavedError(
            f"The recipe of {shown(name)} has changed since {path} was written, in "
            f"{', '.join(changed)}{values}. "
            "Choose another folder, or delete the old one."
        )


def schedule(done: float) -> float:
    """Share of the highest learning rate when a share of the steps is done."""
    return min(done * 20, 1.0) * 0.5 * (1 + math.cos(math.pi * done)) + 1e-3


def fast(device: torch.device) -> AbstractContextManager[Any]:
    """Half precision where a machine is good at it."""
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16)
    bfloat16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return torch.autocast("cpu", torch.bfloat16) if bfloat16 else nullcontext()


@contextmanager
def _reproducible(device: torch.device) -> Iterator[None]:
    """Kernels that repeat themselves; the global generators are left as they were."""
    devices = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=devices),
        torch.backends.cudnn.flags(enabled=True, deterministic=True, benchmark=False),
    ):
        yield


def _adam(weights: list[nn.Parameter], member: Member) -> torch.optim.Optimizer:
    if not weights:
        raise SettingError(f"{member.name}: the network has no weights.")
    return torch.optim.AdamW(weights, member.budget.rate, weight_decay=member.budget.decay, fused=True)


def _pool(member: Member, data: Batch) -> Tensor:
    """Numbers of the pictures that the task learns from: all, or those that its `chosen` gives."""
    chosen = getattr(member.task, "chosen", None)
    first = next(iter(data.values()))
    everything = torch.arange(len(first), device=first.device)
    return everything if chosen is None else everything[chosen(data)]


def _begin_with(net: nn.Module, weights: Mapping[str, Tensor]) -> None:
    state = net.state_dict()
    same = {
        name: value for name, value in weights.items() if name in state and value.shape == state[name].shape
    }
    net.load_state_dict(same, strict=False)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
