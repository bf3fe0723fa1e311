"""Interrupts that wait for a good moment, and runs that go on after one.

A long run asks between two batches whether an interrupt waits. If so, it ends with an `Interrupted`, which
carries an `InterruptedRun`: all that it has found, and what it was, so that only the same run resumes it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from torch import Tensor, nn

from dissect_widgets.errors import SavedError

_taking = threading.Lock()


@dataclass(eq=False, kw_only=True)
class InterruptedRun:
    """A run that was interrupted, and can be resumed.

    Attributes
    ----------
    call
        The function that was called, such as "rank_units".
    of
        What it ran on, for people: layers and the network.
    done, total, unit
        How far it is: so many of so many images, or latents.
    key
        All that decides the result; a run with another key does not resume this one.
    state
        What was found so far, or None once it was dropped or resumed. It is an `AttackResult` of an attack,
        `AblationPredictions` of ablations, and `PixelCounts` or `PlaceEffects` of edits.
    folder
        Where its files are, temporary ones or a checkpoint, if there are any.
    """

    of: str
    done: int
    total: int
    key: Any
    state: Any
    unit: str = "images"
    folder: Path | None = None
    call: str = ""
    _again: Callable[[], Any] | None = None
    _close: Callable[[], None] | None = None
    _required: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory and in files."""
        return memory_of(self.state) + (0 if self.folder is None else _size_of(self.folder))

    @property
    def progress(self) -> str:
        """How far it is, for people."""
        return f"{self.done} of {self.total} {self.unit}"

    def __repr__(self) -> str:
        if self.state is None:
            return f"<InterruptedRun: {self.call} of {self.of}, {self.progress}; not held>"
        return f"<InterruptedRun: {self.call} of {self.of}, {self.progress}, {readable_bytes(self.nbytes)}>"

    def resume(self) -> Any:
        """Go on, and return what the interrupted call would have returned.

        Raises
        ------
        SavedError
            If it was dropped or resumed before; or if weights, images or options have changed since it was
            interrupted, so that it would end in something else.
        Interrupted
            If it is interrupted again.
        """
        if self._again is None or (self.state is None and self.folder is None):
            raise SavedError(f"There is nothing left of {self.call} of {self.of}; call it again.")
        self._required = True
        try:
            return self._again()
        finally:
            self._required = False

    def drop(self) -> None:
        """Forget what was found, and free its memory and its temporary files; checkpoints stay."""
        self.state = self._again = None
        if self._close is not None:
            self._close()
            self._close = self.folder = None

    def matches(self, key: Any) -> bool:
        """Whether a run with this key can go on from here; SavedError if it must and cannot."""
        if self.key == key:
            return self.state is not None  # else its checkpoint is
        if self._required:
            raise SavedError(
                f"{self.call} of {self.of} cannot be resumed: weights, images or options have changed since "
                "it was interrupted. Call it again to start anew."
            )
        return False

    def take(self, key: Any) -> Any:
        """Hand over the state to a run with this key; None for another run, or if it is gone."""
        with _taking:  # of two threads one resumes it
            if not self.matches(key):
                return None
            state, self.state = self.state, None
            self._close = None  # who has it closes its files
        return state


class Interrupted(KeyboardInterrupt):
    """A run was interrupted between two steps; nothing of it is lost.

    >>> try:
    ...     importance = rank_units(classifier, "layer4")
    ... except Interrupted as interrupt:
    ...     importance = interrupt.run.resume()  # or the same call again

    Attributes
    ----------
    run
        What was found so far, how far it is, and `resume` and `drop`.
    """

    def __init__(self, run: InterruptedRun, detail: str = "") -> None:
        super().__init__(f"Interrupted after {run.progress}{detail}. Call again to resume.")
        self.run = run


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Hold back Ctrl-C and the notebook's interrupt button inside the block.

    A second interrupt is not held back. Outside of the main thread nothing is, nor where interrupts are
    ignored or handled by something else than Python.

    Yields
    ------
    callable
        Says whether an interrupt is waiting.
    """
    waiting = False

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal waiting
        if waiting:
            raise KeyboardInterrupt
        waiting = True

    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) in (None, signal.SIG_IGN):
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: waiting
    finally:
        signal.signal(signal.SIGINT, before)


def _size_of(folder: Path) -> int:
    """Bytes of all files in a folder; those that vanish meanwhile do not count."""
    size = 0
    for above, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.stat(os.path.join(above, name)).st_size
    return size


def memory_of(value: Any, _seen: set[int] | None = None) -> int:
    """Bytes of all arrays, tensors and encoded images that a state holds; networks and files do not count."""
    seen = set() if _seen is None else _seen
    if id(value) in seen or value is None or isinstance(value, (nn.Module, np.memmap, Path)):
        return 0
    seen.add(id(value))
    if isinstance(value, (np.ndarray, Tensor)):
        return int(value.nbytes)
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    if isinstance(value, Mapping):
        return sum(memory_of(item, seen) for item in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return sum(memory_of(item, seen) for item in value)
    if not type(value).__module__.startswith("dissect_widgets."):
        return 0
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    fields = [getattr(value, name, None) for name in slots] + list(getattr(value, "__dict__", {}).values())
    return sum(memory_of(field, seen) for field in fields)


def readable_bytes(count: int) -> str:
    """A number of bytes, for people: "3.2 MB"."""
    size = float(count)
    for name in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {name}" if name == "bytes" else f"{size:.3g} {name}"
        size /= 1000
    return f"{size:.3g} GB"
