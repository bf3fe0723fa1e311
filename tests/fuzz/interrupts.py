"""Ctrl-C, once or twice, at any moment of everything that runs a network.

What comes of it is an `Interrupted`, a KeyboardInterrupt, or the right result. Afterwards the network is as
it was, and the same call, in the same process, ends in the same bits.

    python -m tests.fuzz.interrupts --seed 3 --count 200
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import torch

import dissect_widgets as dw
from tests.core.small_classifiers import Pictures, classifier, normalized
from tests.core.small_generators import LATENT_DIM, Rules, progressive
from tests.fuzz import scenarios
from tests.fuzz.harness import Attempt, LeftBehind, Wrong, main

CALLS: dict[str, Callable[[], Any]] = {}
SECONDS: dict[str, float] = {}
RESULTS: dict[str, Any] = {}
NETWORKS: list[torch.nn.Module] = [scenarios.NET]


class Labeled(Pictures):
    """Pictures that say their class."""

    targets = (0, 1, 2, 4, 6, 5, 3)


def warm() -> None:
    """Make the calls, and note their results."""
    torch.set_num_threads(1)
    net, generator = classifier(), progressive().eval()
    NETWORKS.extend([net, generator])
    data = dw.ClassifierData(net, Labeled(), preprocess=normalized, batch_size=2)
    z = dw.latents(7, seed=2, latent_dim=LATENT_DIM)
    edits = [dw.Edit("layer4", [0, 1]), dw.Edit("layer2", range(6))]
    method = dw.CarliniWagner(steps=6, searches=2, learning_rate=0.02, initial_constant=0.2)
    CALLS.update(
        {
            "dissect": lambda: scenarios.dissect(None),
            "dissect in temporary files": lambda: scenarios.dissect(None, memory=64),
            "rank_units": lambda: dw.rank_units(data, "conv", progress=False),
            "ablate_units": lambda: dw.ablate_units(data, "conv", [[1], [2, 3]], progress=False),
            "attack": lambda: dw.attack(data, method=method, progress=False),
            "count_pixels": lambda: dw.count_pixels(
                generator, z, edits, Rules(), batch_size=2, progress=False
            ),
            "edit": lambda: dw.edit(generator, z, edits[0]),
        }
    )
    for name, call in CALLS.items():
        RESULTS[name] = call()
        started = time.monotonic()
        call()
        SECONDS[name] = time.monotonic() - started


def same(one: Any, other: Any) -> bool:
    """Whether two results are the same in all bits; of attacks, whose last batch may be another, nearly."""
    if isinstance(one, dw.AttackResult):
        close = torch.allclose(one.adversarial, other.adversarial, atol=1e-4)
        return close and bool((one.success == other.success).all() and one.finished.all())
    return scenarios.bits(plain(one)) == scenarios.bits(plain(other))


def plain(result: Any) -> Any:
    """Fields of a result, but for measures of time."""
    if not hasattr(result, "__dataclass_fields__"):
        return result
    names = set(result.__dataclass_fields__) - {"provenance", "seconds"}
    return {name: plain(getattr(result, name)) for name in names}


def at_any_moment(name: str) -> Attempt:
    """Interrupt a call."""

    def attempt(random: Random, folder: Path) -> None:
        twice, wait = random.random() < 0.3, random.random() * SECONDS[name]
        moment = f"{name} after {wait * 1000:.1f} ms{', twice' if twice else ''}"
        modes = [[module.training for module in net.modules()] for net in NETWORKS]

        def ring(_signal: int, _frame: Any) -> None:
            signal.raise_signal(signal.SIGINT)
            if twice:
                signal.raise_signal(signal.SIGINT)

        signal.signal(signal.SIGALRM, ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, max(wait, 1e-4))
            found = CALLS[name]()
            signal.setitimer(signal.ITIMER_REAL, 0)
            if not same(found, RESULTS[name]):
                raise Wrong(f"{moment}: the interrupted call had another result")
        except KeyboardInterrupt:
            pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        check(moment, modes)
        if not same(CALLS[name](), RESULTS[name]):
            raise Wrong(f"{moment}: the same call again has another result")
        check(moment, modes)
        if dw.interrupted():
            raise LeftBehind(f"{moment}: {dw.interrupted()!r} is held after the same call has ended")

    return attempt


def check(moment: str, modes: list[list[bool]]) -> None:
    """Whether networks and signals are as they were."""
    for net in NETWORKS:
        for name, module in net.named_modules():
            if module._forward_hooks or module._forward_pre_hooks:
                raise LeftBehind(f"{moment}: a hook stays at {name!r}")
        if any(parameter.grad is not None for parameter in net.parameters()):
            raise LeftBehind(f"{moment}: gradients stay")
    if modes != [[module.training for module in net.modules()] for net in NETWORKS]:
        raise LeftBehind(f"{moment}: another mode")
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        raise LeftBehind(f"{moment}: another handler of signals")


KINDS = {
    name: at_any_moment(name)
    for name in (
        "dissect",
        "dissect in temporary files",
        "rank_units",
        "ablate_units",
        "attack",
        "count_pixels",
        "edit",
    )
}

if __name__ == "__main__":
    main("interrupts", KINDS, warm=warm, count=140, seconds=60, may_refuse=False)
