"""Work in the background that can be stopped."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

_TIMEOUT = 10.0  # seconds that the end of the process waits for work to stop


class Background:
    """One piece of work at a time, in a thread that checks regularly whether it is to stop."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        # a daemon thread that is still in torch when Python ends would crash the process
        weakref.finalize(self, _end, self._stop, self._threads)

    def start(self, work: Callable[[Callable[[], bool]], None]) -> None:
        """Start work, called with a function that returns whether to stop; earlier work is stopped."""
        self.stop()
        self.wait()
        self._stop.clear()
        self._threads[:] = [threading.Thread(target=work, args=(self._stop.is_set,), daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        """Ask the work to stop."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until no work is running; an interrupt stops the work first."""
        for thread in self._threads:
            try:
                thread.join()
            except KeyboardInterrupt:
                self.stop()
                thread.join()
                raise


def _end(stop: threading.Event, threads: list[threading.Thread]) -> None:
    stop.set()
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(_TIMEOUT)
