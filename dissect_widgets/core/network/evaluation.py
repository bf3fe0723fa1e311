"""Evaluation mode for as long as runs need it, in however many threads.

>>> with evaluation(model):
...     run(model, images)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from dissect_widgets.core.network.lock import exclusively, known_parts
from dissect_widgets.core.network.watch import Watch


@dataclass(slots=True)
class _Used:
    """A module in use, the mode that it was in, and how many blocks use it."""

    module: nn.Module
    training: Any
    blocks: int = 0
    is_left: bool = False
    """Whether it stays in the mode that somebody else has put it into."""


_used: dict[int, _Used] = {}
"""Modules in use by their ids."""
_mutex = threading.RLock()


class _Own(threading.local):
    """What this thread is at work with: a watch for each network, by its id."""

    def __init__(self) -> None:
        self.watches: dict[int, Watch] = {}


_own = _Own()


def training_module(model: nn.Module) -> str | None:
    """Name of the first module in training mode, "itself" for the whole model; None if there is none."""
    modules = model.named_modules()
    return next((name or "itself" for name, module in modules if getattr(module, "training", False)), None)


@contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards every module is in the mode it was in.

    Blocks may overlap, in several threads and on networks that share modules: the last of them sets the mode
    back. A module that somebody else has put into another mode meanwhile stays in that.
    """
    if id(model) in _own.watches:  # a block within another
        with torch.no_grad():
            yield
        return
    names = {module: name for name, module in model.named_modules()}
    begun: list[nn.Module] = []
    watch = None
    with known_parts(model, names):
        try:
            _begin(model, list(names), begun)
            watch = _own.watches[id(model)] = Watch(model, names)
            with torch.no_grad():
                yield
        except Exception:
            if watch is not None:
                watch.check(after_pass=False)  # what was changed meanwhile is the better explanation
            raise
        finally:
            _own.watches.pop(id(model), None)
            _end(begun, is_left=watch is not None and watch.mode_was_changed)


def watch_of(model: nn.Module) -> Watch:
    """What tells, later too, whether a network is the same as in the evaluation that this thread is in."""
    return _own.watches[id(model)]


def check_modes() -> None:
    """Raise ProofError, before a pass, if a network at work was put into another mode by something else."""
    for watch in tuple(_own.watches.values()):
        watch.check_mode()


def check_watched() -> None:
    """Raise ProofError, after a pass, if a network at work was changed by something else."""
    for watch in tuple(_own.watches.values()):
        watch.check()


def _begin(model: nn.Module, modules: list[nn.Module], begun: list[nn.Module]) -> None:
    """Note the modes of a network's modules, where they are not in use already, and switch to evaluation."""
    with exclusively(model), _mutex:
        for module in modules:
            used = _used.setdefault(id(module), _Used(module, getattr(module, "training", None)))
            used.blocks += 1
            begun.append(module)
        if any(getattr(module, "training", None) is not False for module in begun):
            model.eval()


def _end(begun: list[nn.Module], *, is_left: bool) -> None:
    """Set the modes back of the modules that nothing uses any more, unless somebody else has changed them."""
    with _mutex:
        for module in begun:
            used = _used[id(module)]
            used.blocks -= 1
            used.is_left |= is_left
            if not used.blocks:
                del _used[id(module)]
                if used.training is None:  # a frozen script, which has no mode
                    module.__dict__.pop("training", None)
                elif not used.is_left and module.training != used.training:
                    module.training = used.training


def _after_fork() -> None:
    global _mutex
    _mutex = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
