"""Interrupts that wait for a good moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


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
