"""Claims of networks: one thread at a time, in order, no deadlock, nothing kept."""

from __future__ import annotations

import gc
import os
import signal
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import nn

from dissect_widgets.core.network import lock
from dissect_widgets.core.network.fixed_noise import with_fixed_noise
from dissect_widgets.core.network.lock import Shared, exclusively
from dissect_widgets.errors import BusyError
from tests.small_networks import TinyNet

LONG = 20.0  # seconds after which a test fails that would never end


@pytest.fixture(autouse=True)
def nothing_is_held() -> Any:
    yield
    assert not lock._claims


class Thread(threading.Thread):
    """A thread whose error is raised where it is joined."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work, self.error = work, None
        self.start()

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:
            self.error = error

    def end(self) -> None:
        self.join(LONG)
        assert not self.is_alive(), "it never ends"
        if self.error is not None:
            raise self.error


class Holder(Thread):
    """Holds a claim until it is let go."""

    def __init__(self, *things: Any, then: Callable[[], Any] = lambda: None) -> None:
        self.things, self.then = things, then
        self.has, self.go = threading.Event(), threading.Event()
        super().__init__(self.hold)

    def hold(self) -> None:
        with exclusively(*self.things):
            self.has.set()
            assert self.go.wait(LONG)
            self.then()


def waits(count: int) -> None:
    """Wait until so many claims are waited for."""
    pause = threading.Event()
    for _ in range(2000):
        if sum(claim.state == "waits" for claim in lock._claims) >= count:
            return
        pause.wait(0.01)
    raise AssertionError("nobody waits")


def made() -> TinyNet:
    with torch.random.fork_rng():
        return TinyNet().eval()


@pytest.mark.parametrize(
    ("one", "two", "excluded"),
    [
        (lambda net: net, lambda net: net, True),
        (lambda net: net, lambda net: net.stem, True),
        (lambda net: net.head, lambda net: net, True),
        (lambda net: net, lambda net: nn.Sequential(nn.Flatten(), net.left), True),
        (lambda net: net, lambda net: nn.DataParallel(net), True),
        (lambda net: net, lambda net: with_fixed_noise(net), True),
        (lambda net: net.left, lambda net: net.right, False),
        (lambda net: net, lambda net: made(), False),
        (lambda net: net, lambda net: Shared("something"), False),
    ],
)
def test_networks_that_share_modules_exclude_one_another(
    one: Callable[[TinyNet], Any], two: Callable[[TinyNet], Any], excluded: bool
) -> None:
    net = made()
    first = Holder(one(net))
    assert first.has.wait(LONG)
    second = Holder(two(net))
    if excluded:
        waits(1)
        assert not second.has.is_set()
        first.go.set()
    assert second.has.wait(LONG)
    for holder in (first, second):
        holder.go.set()
        holder.end()


def test_first_come_first_served_but_for_those_that_nobody_before_keeps_waiting() -> None:
    one, two, other = made(), made(), made()
    order: list[str] = []
    first = Holder(one)
    assert first.has.wait(LONG)
    threads = []
    for place, (name, things) in enumerate(
        {"both": (one, two), "two": (two,), "one": (one,), "again": (one, two)}.items()
    ):
        holder = Holder(*things, then=lambda name=name: order.append(name))
        holder.go.set()
        threads.append(holder)
        waits(place + 1)
    free = Holder(other, then=lambda: order.append("other"))
    free.go.set()
    free.end()
    assert order == ["other"], "nobody before it wants its network"
    first.go.set()
    for thread in [first, *threads]:
        thread.end()
    assert order[1] == "both" and order[4] == "again" and set(order[2:4]) == {"two", "one"}


def test_a_thread_may_claim_again_what_it_has_though_others_wait() -> None:
    net = made()
    with exclusively(net):
        other = Holder(net)
        other.go.set()
        waits(1)
        with exclusively(net.stem), exclusively(net, net.left), exclusively(net):
            assert not other.has.is_set()
    other.end()


def test_who_has_something_does_not_wait_for_who_waits_for_that() -> None:
    one, two = made(), made()
    with exclusively(one):
        other = Holder(one, two)
        other.go.set()
        waits(1)
        with exclusively(two):  # is free, though another came before
            pass
    other.end()


def test_a_deadlock_is_refused_by_name() -> None:
    one, two = made(), nn.Sequential(nn.ReLU())
    with exclusively(one):
        second = threading.Event()

        def work() -> None:
            with exclusively(two):
                second.set()
                with exclusively(one):
                    pass

        thread = Thread(work)
        assert second.wait(LONG)
        waits(1)
        with pytest.raises(BusyError, match=r"network Sequential, .*waits for the network TinyNet"):
            exclusively(two).__enter__()
    thread.end()


def test_a_deadlock_of_three_is_refused() -> None:
    nets = [made() for _ in "123"]
    has = [threading.Event() for _ in nets]

    def work(place: int) -> None:
        with exclusively(nets[place]):
            has[place].set()
            assert all(event.wait(LONG) for event in has)
            with exclusively(nets[(place + 1) % 3]):
                pass

    threads = [Thread(lambda place=place: work(place)) for place in range(3)]  # type: ignore[misc]
    for thread in threads:
        thread.join(LONG)
    errors = [thread.error for thread in threads if thread.error is not None]
    assert len(errors) == 1 and isinstance(errors[0], BusyError)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_nothing_is_held_after_an_error(error: type[BaseException]) -> None:
    net = made()
    with pytest.raises(error), exclusively(net):
        raise error
    holder = Holder(net)
    holder.go.set()
    holder.end()


def test_who_waits_can_be_interrupted_and_others_go_on() -> None:
    net = made()
    first = Holder(net)
    assert first.has.wait(LONG)
    timer = Thread(lambda: (waits(1), os.kill(os.getpid(), signal.SIGINT)))
    with pytest.raises(KeyboardInterrupt), exclusively(net):
        pass
    timer.end()
    last = Holder(net)
    last.go.set()
    waits(1)
    first.go.set()
    for holder in (first, last):
        holder.end()


def test_who_is_not_called_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt may hit the thread that lets a claim go before it has called the next."""
    monkeypatch.setattr(lock, "_LOOK_AGAIN", 0.01)
    net = made()
    with exclusively(net):
        other = Holder(net)
        other.go.set()
        waits(1)
        lock._claims[0].state = "over"
        other.end()
        lock._claims.clear()


def test_no_network_is_kept_alive() -> None:
    net = made()
    with exclusively(net), lock.known_parts(net, net.modules()):
        pass
    alive = weakref.ref(net)
    del net
    gc.collect()
    assert alive() is None and not lock._known.parts


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_process_has_what_its_thread_has_and_nothing_of_others() -> None:
    net, mine = made(), made()
    holder = Holder(net)
    assert holder.has.wait(LONG)
    with exclusively(mine):
        child = os.fork()
        if not child:
            code = 1
            with suppress(BaseException):
                signal.alarm(5)
                with exclusively(net):
                    code = 0 if len(lock._claims) == 2 else 2
            os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
    holder.go.set()
    holder.end()
