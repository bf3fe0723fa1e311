"""Interrupts that wait for a good moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from dissect_widgets.core.dissection.state import Probe
from dissect_widgets.core.data.storage import Workspace


class Interrupted(KeyboardInterrupt):
    """A run was interrupted between two batches; nothing of it is lost.

    Attributes
    ----------
    probe
        All that was counted so far.
    done
        How many images it has gone through.
    key
        What the run is; only a run with the same key can go on from it.
    workspace
        Where the large arrays of the probe are.
    """

    def __init__(
        self, probe: Probe, done: int, total: int, key: dict[str, Any], workspace: Workspace | None
    ) -> None:
        super().__init__(f"Interrupted after {done} of {total} images. The same call goes on from there.")
        self.probe, self.done, self.key, self.workspace = probe, done, key, workspace


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Hold back Ctrl-C and the notebook's interrupt button inside the block.

    A second interrupt is not held back. Outside of the main thread nothing is.

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

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: waiting
    finally:
        signal.signal(signal.SIGINT, before)
