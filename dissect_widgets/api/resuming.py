"""Interrupted runs in one place: the same call resumes one, and people see, resume and drop what is held.

>>> dw.interrupted()                             # what, how far, how large
>>> dw.interrupted().resume()                    # the only one, or dw.interrupted()[1].resume()
>>> dw.interrupted().drop()                      # frees the memory of all
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any, TypeVar

from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, readable_bytes
from dissect_widgets.errors import SettingError

Result = TypeVar("Result")
Hold = Callable[[InterruptedRun], None]
"""Called with what a run has found, if an error other than an interrupt ends it and nothing need be lost."""

_held: dict[str, InterruptedRun] = {}
"""The last interrupted run of each function."""
_mutex = threading.Lock()


class InterruptedRuns(tuple[InterruptedRun, ...]):
    """The interrupted runs that are held in memory, one of each function at most."""

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        """Bytes that they take in memory and in temporary files."""
        return sum(run.nbytes for run in self)

    def resume(self) -> Any:
        """Go on with the only one, and return what its call would have returned; see `InterruptedRun.resume`.

        Raises
        ------
        SettingError
            If there is none, or more than one.
        """
        if len(self) != 1:
            known = "".join(f" [{place}] {run.call} of {run.of}." for place, run in enumerate(self))
            raise SettingError(
                f"There are {len(self)} interrupted runs; choose one by its number.{known}"
                if self
                else "There is no interrupted run."
            )
        return self[0].resume()

    def drop(self) -> None:
        """Forget all of them, and free their memory and temporary files."""
        for run in self:
            run.drop()

    def __repr__(self) -> str:
        if not self:
            return "<no interrupted runs>"
        rows = [
            f"[{place}] {run.call} of {run.of}: {run.progress}, {readable_bytes(run.nbytes)}"
            for place, run in enumerate(self)
        ]
        return "\n".join(rows)

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No interrupted runs.</p>"
        rows = [
            (str(place), run.call, run.of, run.progress, readable_bytes(run.nbytes))
            for place, run in enumerate(self)
        ]
        head, *body = (
            f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in row)}</tr>"
            for tag, row in [("th", ("", "call", "of", "done", "size")), *(("td", row) for row in rows)]
        )
        return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def interrupted() -> InterruptedRuns:
    """List the runs that were interrupted and are held in memory: what, how far, and how large.

    The same call resumes one of them; so does `resume`, which a script can use. A run is held until it is
    finished or dropped, or until another run of the same function is interrupted. A dissection with `out=`
    is not held: its checkpoints are in `<out>.partial`, and the same call resumes from them.

    Returns
    -------
    InterruptedRuns
        A tuple that shows as a table; `drop()` and `resume()` of it, or of each.
    """
    return InterruptedRuns(run for run in tuple(_held.values()) if run.state is not None)


def resumable(
    call: str, work: Callable[[InterruptedRun | None, Hold], Result], begun: InterruptedRun | None = None
) -> Result:
    """Do some work: resume what is held of it, and hold it if it is interrupted.

    Parameters
    ----------
    call
        Name of the function that does it.
    work
        Called with an interrupted run, which it resumes if it is the same, and with what holds a run if it
        ends in another error.
    begun
        The run to resume; by default the last that was interrupted of this function.
    """

    def hold(run: InterruptedRun) -> None:
        run.call = call
        run._again = lambda: resumable(call, work, run)
        with _mutex:
            before = _held.pop(call, None)
            if run.state is not None:
                _held[call] = run
        if before is not None and before is not run:
            before.drop()

    try:
        return work(_held.get(call) if begun is None else begun, hold)
    except Interrupted as interrupt:
        hold(interrupt.run)
        # the frames of tracebacks would keep the state in memory after a `drop`
        interrupt.__context__ = None
        raise interrupt.with_traceback(None) from None
    finally:
        with _mutex:
            held = _held.get(call)
            if held is not None and held.state is None:  # it was resumed
                del _held[call]


def printed_by(bar: Any) -> Callable[[str], None]:
    """What prints a line above a bar; of names in it, what no terminal should get is written as in Python."""
    return lambda line: bar.write("".join(c if c.isprintable() else repr(c)[1:-1] for c in line))


class Advance:
    """Moves a bar; its rate is of what this run does, not of an earlier one that it resumes."""

    def __init__(self, bar: Any) -> None:
        self.bar, self.begun = bar, False

    def __call__(self, done: int, total: int) -> None:
        """Move to `done`."""
        if not self.begun:
            self.bar.initial = self.bar.n = done
            self.begun = True
        self.bar.update(done - self.bar.n)
