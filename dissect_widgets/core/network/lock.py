"""One thread at a time: passes of one network, or of networks that share modules, exclude one another.

>>> with exclusively(model):
...     model(images)                  # no other thread runs it, or a part of it

First come, first served. A thread may claim again what it has, and several networks at once. Claims are held
for a pass, not for a run, so that a widget waits for a moment where a long run goes on in another thread. See
`watch` for what a run relies on between its passes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from torch import nn

from dissect_widgets.errors import BusyError

_LOOK_AGAIN = 0.5
"""Seconds after which who waits looks by itself, if an interrupt has kept another thread from calling it."""


class Shared:
    """Something else than a network that one thread at a time may use."""

    def __init__(self, name: str) -> None:
        self.name = name


RANDOM_NUMBERS = Shared("the global random numbers")
"""Of torch, numpy and `random`; and the filters of warnings, which a process has once as well."""
TRACER = Shared("the tracer of networks")
"""`torch.fx` changes `nn.Module` itself while it traces."""


class _Claim:
    """What one thread has, or waits for."""

    def __init__(self, things: tuple[nn.Module | Shared, ...]) -> None:
        self.things, self.thread = things, threading.get_ident()
        parts = [parts_of(thing) for thing in things]
        self.parts = parts[0] if len(parts) == 1 else frozenset().union(*parts)
        self.state: Literal["waits", "holds", "over"] = "waits"
        self.called: threading.Event | None = None
        """Set once it is let in; None for one that need not wait."""

    def __str__(self) -> str:
        return " and ".join(
            thing.name if isinstance(thing, Shared) else f"the network {type(thing).__name__}"
            for thing in self.things
        )


_claims: list[_Claim] = []
"""All that are held or waited for, in the order in which they came."""
_mutex = threading.RLock()  # a finalizer may end a claim at any moment


class _Known(threading.local):
    """Parts of the networks that a thread is at work with, by the id of the network."""

    def __init__(self) -> None:
        self.parts: dict[int, frozenset[int]] = {}


_known = _Known()


@contextmanager
def exclusively(*things: nn.Module | Shared) -> Iterator[None]:
    """Keep other threads from running networks, or networks that share modules with them, inside the block.

    Raises
    ------
    BusyError
        If this thread would wait for one that waits for it.
    """
    claim = _Claim(things)
    try:
        _request(claim)
        while claim.state == "waits" and claim.called is not None:
            claim.called.wait(_LOOK_AGAIN)
            _admit()
        yield
    finally:
        claim.state = "over"  # in one step, which no interrupt can divide
        _admit()


@contextmanager
def known_parts(model: nn.Module, modules: Iterable[nn.Module]) -> Iterator[None]:
    """Inside the block, the modules of a network are not gathered again for each claim of this thread."""
    before = _known.parts.get(id(model))
    _known.parts[id(model)] = frozenset(map(id, modules))
    try:
        yield
    finally:
        if before is None:
            del _known.parts[id(model)]
        else:
            _known.parts[id(model)] = before


def parts_of(thing: nn.Module | Shared) -> frozenset[int]:
    """What a claim covers: the ids of a network and of all modules in it."""
    if isinstance(thing, Shared):
        return frozenset([id(thing)])
    return _known.parts.get(id(thing)) or frozenset(map(id, thing.modules()))


def _request(claim: _Claim) -> None:
    """Get in line, or in at once; BusyError if that would never end."""
    with _mutex:
        _claims.append(claim)
        if len(_claims) == 1 or not any(_blockers(claim)):
            claim.state = "holds"
            return
        claim.called = threading.Event()
        other = _waits_for_us(claim)
    if other is not None:
        raise BusyError(
            f"This thread would wait for {claim}, which another thread has, and that one waits for {other}, "
            "which this thread has: neither would ever go on. Run one after the other, or give one of them a "
            "copy of the network, copy.deepcopy(model)."
        )


def _blockers(claim: _Claim) -> Iterator[_Claim]:
    """What a claim waits for: those of other threads that hold a part of it, or came before.

    A thread that holds something does not wait for others that wait, as these may wait for it.
    """
    holds = any(each.thread == claim.thread and each.state == "holds" for each in _claims)
    came_before = not holds
    for each in tuple(_claims):
        if each is claim:
            came_before = False
        elif (
            each.thread != claim.thread
            and (each.state == "holds" or (came_before and each.state == "waits"))
            and not each.parts.isdisjoint(claim.parts)
        ):
            yield each


def _waits_for_us(claim: _Claim) -> _Claim | None:
    """What this thread holds and one waits for, of those that the claim would wait for; None if none does."""
    seen: set[int] = set()
    left: list[_Claim] = [claim]
    while left:
        for blocker in _blockers(left.pop()):
            if blocker.thread == claim.thread:
                return blocker
            if blocker.thread not in seen:
                seen.add(blocker.thread)
                left += _waiting(blocker.thread)
    return None


def _waiting(thread: int) -> Iterable[_Claim]:
    return [each for each in _claims if each.thread == thread and each.state == "waits"]


def _admit() -> None:
    """Forget the claims that are over, and let in who waits for none any more."""
    with _mutex:
        if len(_claims) == 1 and _claims[0].state == "over":
            _claims.clear()
            return
        if any(each.state == "over" for each in _claims):
            _claims[:] = [each for each in _claims if each.state != "over"]
        for claim in tuple(_claims):
            if claim.state == "waits" and not any(_blockers(claim)):
                claim.state = "holds"
                if claim.called is not None:
                    claim.called.set()


def _after_fork() -> None:
    """A new process has the thread that forked, and none of the others."""
    global _mutex
    _mutex, mine = threading.RLock(), threading.get_ident()
    _claims[:] = [each for each in _claims if each.thread == mine and each.state == "holds"]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
