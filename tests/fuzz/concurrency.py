"""Several threads, tasks and loaders with one network: every result must be that of one thread, bit by bit.

    python -m tests.fuzz.concurrency --seed 1

A network that a training loop changes meanwhile may be refused by name. Nothing may be left behind: no hook,
no mode, no lock, no filter of warnings, no random state.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import os
import random as python_random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.errors import DissectError
from tests.core.small_generators import Rules
from tests.fuzz.harness import LeftBehind, Wrong, main
from tests.fuzz.thread_calls import (
    CALLS,
    LATENTS,
    LAYERS,
    Branching,
    all_alone,
    alone,
    bits,
    classifier,
    generator,
    network,
)
from tests.small_images import ArrayImages

Job = Callable[[], Any]
_OF_NETWORK = [name for name in CALLS if name not in ("edit", "paint", "count", "dissect_generator")]
_OF_GENERATOR = ["edit", "paint", "count", "dissect_generator"]


def together(jobs: Sequence[Job]) -> list[Any]:
    """Do all at once, each in a thread; what each returns, or the error that it raises."""
    barrier, found = threading.Barrier(len(jobs)), [None] * len(jobs)

    def work(place: int) -> None:
        barrier.wait()
        try:
            found[place] = jobs[place]()
        except BaseException as error:
            found[place] = error

    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextmanager
def nothing_left(*networks: nn.Module) -> Iterator[None]:
    """LeftBehind if hooks, modes, locks, filters or random states are not afterwards as they were."""
    sys.setswitchinterval(1e-5)
    before = _state(networks)
    yield
    after = _state(networks)
    for name, value in before.items():
        if value != after[name]:
            raise LeftBehind(f"{name}: {str(value)[:100]} before, {str(after[name])[:100]} afterwards")
    with suppress(ImportError):
        lock = importlib.import_module("dissect_widgets.core.network.lock")
        used = importlib.import_module("dissect_widgets.core.network.evaluation")
        if lock._claims or used._used:
            raise LeftBehind("a claim or a mode is held")


def _state(networks: Sequence[nn.Module]) -> dict[str, Any]:
    modules = [module for net in networks for module in net.modules()]
    return {
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in modules],
        "modes": [module.training for module in modules],
        "attributes": [sorted(vars(module)) for module in modules],
        "gradients": [p.grad is None and p.requires_grad for net in networks for p in net.parameters()],
        "filters": list(warnings.filters),
        "torch": torch.get_rng_state().tolist(),
        "numpy": np.random.get_state()[1].tolist(),
        "random": python_random.getstate(),
        "call": (nn.Module.__call__.__qualname__, nn.Module.__getattr__.__qualname__),
    }


def require(name: str, layer: str, found: Any) -> None:
    """Wrong, or the error itself, unless a call gave what it gives alone."""
    if isinstance(found, BaseException):
        if isinstance(found, DissectError):
            raise Wrong(f"{name} of {layer} is refused for no reason: {found}") from found
        raise found
    if bits(found) != alone(name, layer):
        raise Wrong(f"{name} of {layer} gives something else")


def run_all(chosen: Sequence[tuple[str, str]], net: nn.Module, gen: nn.Module, times: int = 2) -> None:
    """Calls by name and layer, all at once, each several times."""
    with nothing_left(net, gen):
        jobs = [
            lambda name=name, layer=layer: [CALLS[name](net, gen, layer) for _ in range(times)]
            for name, layer in chosen
        ]
        for (name, layer), found in zip(chosen, together(jobs), strict=True):
            for each in found if isinstance(found, list) else [found]:
                require(name, layer, each)


def same_call(random: Random, folder: Path) -> None:
    """Two threads make the same call."""
    name, layer = random.choice(list(CALLS)), random.choice(LAYERS)
    run_all([(name, layer)] * 2, network(), generator())


def same_call_three(random: Random, folder: Path) -> None:
    """Three threads make the same call."""
    name, layer = random.choice(list(CALLS)), random.choice(LAYERS)
    run_all([(name, layer)] * 3, network(), generator())


def other_layers(random: Random, folder: Path) -> None:
    """The same call on other layers."""
    name = random.choice(_OF_NETWORK)
    run_all([(name, layer) for layer in random.sample(LAYERS, 3)], network(), generator())


def other_functions(random: Random, folder: Path) -> None:
    """Three calls, of whatever there is."""
    run_all([(n, random.choice(LAYERS)) for n in random.sample(list(CALLS), 3)], network(), generator())


def painter_beside(random: Random, folder: Path) -> None:
    """A painter is used while the generator is dissected and edited."""
    names = ["paint", *random.sample(_OF_GENERATOR, 2)]
    run_all([(name, "mix") for name in names], network(), generator())


def explorer_beside(random: Random, folder: Path) -> None:
    """An explorer is used while units are ranked and images attacked."""
    names = ["explore", "rank", random.choice(["attack", "descend"])]
    run_all([(name, random.choice(LAYERS)) for name in names], network(), generator())


def training_mode(random: Random, folder: Path) -> None:
    """The network is in training mode, which each call leaves as it was."""
    net, gen = network().train(), generator()
    names = random.choices(["dissect", "list_layers", "check", "highest"], k=3)
    run_all([(name, random.choice(LAYERS)) for name in names], net, gen)


def in_tasks(random: Random, folder: Path) -> None:
    """Tasks of asyncio."""
    net, gen = network(), generator()
    chosen = [(name, random.choice(LAYERS)) for name in random.choices(list(CALLS), k=3)]

    async def work() -> list[Any]:
        jobs = [asyncio.to_thread(CALLS[name], net, gen, layer) for name, layer in chosen]
        return await asyncio.gather(*jobs, return_exceptions=True)

    with nothing_left(net, gen):
        for (name, layer), found in zip(chosen, asyncio.run(work()), strict=True):
            require(name, layer, found)


def in_a_pool(random: Random, folder: Path) -> None:
    """A pool of two threads with six calls."""
    net, gen = network(), generator()
    chosen = [(name, random.choice(LAYERS)) for name in random.choices(list(CALLS), k=6)]
    with nothing_left(net, gen), ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(CALLS[name], net, gen, layer) for name, layer in chosen]
        for (name, layer), future in zip(chosen, futures, strict=True):
            require(name, layer, future.exception() or future.result())


def wrapped(random: Random, folder: Path) -> None:
    """One thread has the network, others have it in wrappers."""
    net, gen = network(), generator()
    forms = [net, nn.DataParallel(net).eval(), torch.compile(net, backend="eager")]
    chosen = [(random.choice(_OF_NETWORK), random.choice(LAYERS)) for _ in forms]
    with nothing_left(net, gen):
        jobs = [
            lambda form=form, name=name, layer=layer: CALLS[name](form, gen, layer)
            for form, (name, layer) in zip(forms, chosen, strict=True)
        ]
        for (name, layer), found in zip(chosen, together(jobs), strict=True):
            require(name, layer, found)


class _Whole(nn.Module):
    """A network that contains another."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def part_and_whole(random: Random, folder: Path) -> None:
    """One thread has a network, another one that contains it, a third a copy that shares its modules."""
    net, gen = network(), generator()
    whole, alike = _Whole(net), copy.copy(net)
    chosen = [(random.choice(["dissect", "rank", "ablate", "highest"]), random.choice(LAYERS)) for _ in "123"]
    with nothing_left(whole, gen):
        (a, b, c) = chosen
        jobs: list[Job] = [
            lambda: CALLS[a[0]](net, gen, a[1]),
            lambda: dw.find_max_activations(whole, f"inner.{b[1]}", ArrayImages(), batch_size=4),
            lambda: CALLS[c[0]](alike, gen, c[1]),
        ]
        one, two, three = together(jobs)
        require(*a, one)
        require("highest", b[1], two)
        require(*c, three)


def own_passes(random: Random, folder: Path) -> None:
    """A person runs the network, and others, in a thread of their own."""
    net, gen, other = network(keeps=False), generator(), network(keeps=False, seed=4)
    images, stop = ArrayImages().images, threading.Event()
    with torch.no_grad():
        wanted = [each(images).clone() for each in (net, other)] + [gen(LATENTS).clone()]
    wrong: list[Any] = []

    def passes() -> None:
        while not stop.is_set():
            try:
                with torch.no_grad():
                    found = [each(images) for each in (net, other)] + [gen(LATENTS)]
                wrong.extend(n for n, w in enumerate(wanted) if not torch.equal(found[n], w))
            except BaseException as error:
                wrong.append(error)

    thread = threading.Thread(target=passes)
    with nothing_left(net, gen, other):
        thread.start()
        try:
            for name in random.choices(list(CALLS), k=4):
                layer = random.choice(LAYERS)
                require(name, layer, CALLS[name](net, gen, layer))
        finally:
            stop.set()
            thread.join()
        if wrong:
            raise Wrong(f"a person's pass was disturbed {len(wrong)} times: {wrong[0]!r}")


def trained_meanwhile(random: Random, folder: Path) -> None:
    """Another thread trains the network, loads weights, or switches its mode: right, or refused by name."""
    net, gen = network(), generator()
    name, layer = random.choice(_OF_NETWORK), random.choice(LAYERS)
    alone(name, layer)
    kind, wait = random.choice(["train", "weights", "step", "module", "data"]), random.random() * 0.06
    other = network(seed=8)

    def disturb() -> None:
        time.sleep(wait)
        if kind == "train":
            net.train()
        elif kind == "weights":
            net.load_state_dict(other.state_dict())
        elif kind == "module":
            net.late = other.late
        elif kind == "data":
            net.head.weight.data = other.head.weight.data
        else:
            torch.optim.SGD([net.late.weight], lr=0.1).zero_grad()
            with torch.no_grad():
                net.late.weight += 0.1

    found, _ = together([lambda: CALLS[name](net, gen, layer), disturb])
    if isinstance(found, BaseException):
        raise found
    changed = network()
    if kind == "weights":
        changed.load_state_dict(other.state_dict())
    elif kind == "module":
        changed.late = other.late
    elif kind == "data":
        changed.head.weight.data = other.head.weight.data
    elif kind == "step":
        with torch.no_grad():
            changed.late.weight += 0.1
    if bits(found) not in (alone(name, layer), bits(CALLS[name](changed, gen, layer))):
        raise Wrong(f"{name} of {layer}, {kind} after {1000 * wait:.0f} ms: neither of before nor of after")


class _Failing(Branching):
    """Fails in some pass."""

    def __init__(self, passes: int) -> None:
        super().__init__()
        self.left_passes = passes

    def forward(self, x: Tensor) -> Tensor:
        self.left_passes -= 1
        if not self.left_passes:
            raise ZeroDivisionError("of the network")
        return super().forward(x)


def failing(random: Random, folder: Path) -> None:
    """The network fails once, in one of the threads; the others are right, and all goes on afterwards."""
    with torch.random.fork_rng():
        net, gen = _Failing(random.randint(1, 25)), generator()
    net.load_state_dict(network().state_dict())
    net.eval()
    chosen = [(random.choice(_OF_NETWORK), random.choice(LAYERS)) for _ in "123"]
    with nothing_left(net, gen):
        found = together([lambda n=n, layer=layer: CALLS[n](net, gen, layer) for n, layer in chosen])
        failed = [each for each in found if isinstance(each, BaseException)]
        if not all(isinstance(e, (ZeroDivisionError, DissectError)) for e in failed):
            raise failed[0]
        for (name, layer), each in zip(chosen, found, strict=True):
            if not isinstance(each, BaseException):
                require(name, layer, each)
        name, layer = chosen[0]
        net.left_passes = -1
        dw.interrupted().drop()
        require(name, layer, CALLS[name](net, gen, layer))


class _AsSegmenter:
    """Labels images by a network."""

    vocabulary = Rules.vocabulary

    def __init__(self, net: nn.Module) -> None:
        self.net = net

    def __call__(self, images: Tensor, /) -> Tensor:
        scores = self.net(images)
        return (scores.argmax(1) % 6 + 1)[:, None, None, None].expand(-1, 1, 4, 5)


def both_orders(random: Random, folder: Path) -> None:
    """One thread dissects A with labels by B, another B with labels by A."""
    a, b = network(), network(seed=4)

    def job(one: nn.Module, two: nn.Module) -> Job:
        def work() -> Any:
            data = list(ArrayImages().images)
            found = dw.dissect(one, ["mix"], data, segmenter=_AsSegmenter(two), progress=False)
            return found.layers[0].intersection, found.layers[0].threshold

        return work

    jobs = [job(a, b), job(b, a)]
    wanted = [bits(work()) for work in jobs]
    with nothing_left(a, b):
        for found, want in zip(together(jobs), wanted, strict=True):
            if isinstance(found, BaseException):
                raise Wrong(f"fails: {found!r}") from found
            if bits(found) != want:
                raise Wrong("another dissection")


def fixed_noise(random: Random, folder: Path) -> None:
    """Networks that draw at random, with fixed noise; others draw from the same generators."""

    class Noisy(Branching):
        def forward(self, x: Tensor) -> Tensor:
            x = super().forward(x)
            time.sleep(0)
            return x + torch.rand_like(x) + float(np.random.rand()) + python_random.random()

    with torch.random.fork_rng():
        net = Noisy().eval()
    net.load_state_dict(network().state_dict())
    nets = [dw.with_fixed_noise(net, seed) for seed in (1, 2)] + [network()]

    def job(place: int) -> Job:
        data = dw.ClassifierData(nets[place], Rescaled(), preprocess=lambda x: x * 2 - 1, batch_size=4)
        return lambda: dw.rank_units(data, LAYERS[place], progress=False).odds_loss

    wanted = [bits(job(place)()) for place in range(3)]
    with nothing_left(net):
        for found, want in zip(together([job(place) for place in range(3)]), wanted, strict=True):
            if isinstance(found, BaseException):
                raise Wrong(f"fails: {found!r}") from found
            if bits(found) != want:
                raise Wrong("other noise")


class Rescaled(ArrayImages):
    """Images with classes."""

    vocabulary: Any = None

    def __init__(self) -> None:
        super().__init__(12)
        del self.vocabulary

    def __getitem__(self, index: int) -> Any:
        return self.images[index], index % 6


def with_workers(random: Random, folder: Path) -> None:
    """Loaders that fork while other threads hold the network."""
    net, gen = network(), generator()
    jobs: list[Job] = [
        lambda: dw.rank_units(classifier(net, workers=2), "mix", progress=False),
        lambda: [CALLS["rank"](net, gen, "late") for _ in range(3)],
        lambda: dw.find_max_activations(net, "mix", ArrayImages(), batch_size=4, workers=2),
    ]
    with nothing_left(net, gen):
        one, two, three = together(jobs)
        require("rank", "mix", one if isinstance(one, BaseException) else (one.loss, one.odds_loss))
        for each in two if isinstance(two, list) else [two]:
            require("rank", "late", each)
        require("highest", "mix", three)


def forked(random: Random, folder: Path) -> None:
    """The process is forked while another thread is in a pass; the child uses the network."""
    net, gen = network(), generator()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            CALLS["highest"](net, gen, "mix")

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(random.random() * 0.05)
    child = os.fork()
    if not child:
        code = 1
        with suppress(BaseException):
            signal.alarm(8)
            require("ablate", "mix", CALLS["ablate"](network(), gen, "mix"))
            require("highest", "late", CALLS["highest"](network(), gen, "late"))
            code = 0
        os._exit(code)
    _, status = os.waitpid(child, 0)
    stop.set()
    thread.join()
    if status:
        raise Wrong(f"the child ended with {status}")


def interrupted_wait(random: Random, folder: Path) -> None:
    """Ctrl-C while this thread waits for another, which has the network for long."""
    net, gen = network(), generator()
    release, holds = threading.Event(), threading.Event()

    def slow(_module: nn.Module, _inputs: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            holds.set()
            release.wait(10)

    handle = net.register_forward_pre_hook(slow)
    name, layer = random.choice(_OF_NETWORK), random.choice(LAYERS)
    other: list[Any] = []
    thread = threading.Thread(target=lambda: other.append(CALLS["highest"](net, gen, "mix")))
    thread.start()
    holds.wait()
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        CALLS[name](net, gen, layer)
        raise Wrong("it did not wait, or could not be interrupted")
    except KeyboardInterrupt:
        pass
    with suppress(KeyboardInterrupt):
        time.sleep(0.5)
    release.set()
    thread.join()
    handle.remove()
    dw.interrupted().drop()
    with nothing_left(net, gen):
        require("highest", "mix", other[0])
        require(name, layer, CALLS[name](net, gen, layer))


def interrupted_anywhere(random: Random, folder: Path) -> None:
    """Ctrl-C at any moment while other threads run; they are right, and all goes on afterwards."""
    net, gen = network(), generator()
    name, layer, beside = random.choice(list(CALLS)), random.choice(LAYERS), random.choice(_OF_NETWORK)
    other: list[Any] = []
    thread = threading.Thread(target=lambda: other.extend(CALLS[beside](net, gen, "mix") for _ in "123"))
    with nothing_left(net, gen):
        thread.start()
        timer = threading.Timer(random.random() * 0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with suppress(KeyboardInterrupt):
            for _ in "1234":
                require(name, layer, CALLS[name](net, gen, layer))
            timer.join()
            time.sleep(0.01)
        thread.join()
        dw.interrupted().drop()
        for found in other:
            require(beside, "mix", found)
        if len(other) != 3:
            raise Wrong(f"{beside} ended early in the other thread")
        require(name, layer, CALLS[name](net, gen, layer))


def resumed_twice(random: Random, folder: Path) -> None:
    """A run was interrupted; two threads make its call again."""
    net, gen = network(), generator()
    data = classifier(net)
    shown: list[int] = []

    class Stopping(type(data.data)):  # type: ignore[misc]
        def __getitem__(self, index: int) -> Any:
            shown.append(index)
            if index == 9 and len(shown) < 30:
                signal.raise_signal(signal.SIGINT)
            return super().__getitem__(index)

    stopping = dw.ClassifierData(net, Stopping(), batch_size=4)
    with suppress(KeyboardInterrupt):
        dw.rank_units(stopping, "mix", progress=False)
    shown.extend(range(100))
    with nothing_left(net, gen):
        for found in together([lambda: dw.rank_units(stopping, "mix", progress=False)] * 3):
            require(
                "rank", "mix", found if isinstance(found, BaseException) else (found.loss, found.odds_loss)
            )


KINDS = {
    "same call, 2 threads": same_call,
    "same call, 3 threads": same_call_three,
    "other layers": other_layers,
    "other functions": other_functions,
    "painter beside runs": painter_beside,
    "explorer beside runs": explorer_beside,
    "training mode": training_mode,
    "asyncio": in_tasks,
    "pool": in_a_pool,
    "wrappers": wrapped,
    "part and whole": part_and_whole,
    "a person's passes": own_passes,
    "trained meanwhile": trained_meanwhile,
    "failing network": failing,
    "segmenter, both orders": both_orders,
    "fixed noise": fixed_noise,
    "loaders that fork": with_workers,
    "fork": forked,
    "interrupted wait": interrupted_wait,
    "interrupted anywhere": interrupted_anywhere,
    "resumed twice": resumed_twice,
}


if __name__ == "__main__":
    main("concurrency", KINDS, warm=all_alone, seconds=30)
