"""Train many members in several processes beside one another, while data sets are still being drawn.

>>> for report in train_all(members, Path("runs/zoo"), device="cuda", jobs=12, workers=16):
...     print(report.name, report.figures)
"""

from __future__ import annotations

import math
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from dissect_widgets.errors import DissectError
from dissect_widgets.world.zoo.base import Member
from dissect_widgets.world.zoo.data import SPLITS
from dissect_widgets.world.zoo.library import Library
from dissect_widgets.world.zoo.worker import Job, Report, work

Watch = Callable[[str, int, float], None]
"""Called now and then with a member, how many steps it has taken, and its loss."""


def train_all(
    members: Sequence[Member],
    folder: Path,
    *,
    device: str = "cpu",
    jobs: int = 1,
    workers: int = 1,
    threads: int = 1,
    seconds: float = math.inf,
    tiny: bool = False,
    data: Path | None = None,
    watch: Watch = lambda name, step, loss: None,
) -> Iterator[Report]:
    """Train members by their priority, and those that others begin with before these.

    Parameters
    ----------
    members
        What to train.
    folder
        For runs, a folder for each.
    device
        Where to train.
    jobs
        Processes that train.
    workers
        Processes that draw.
    threads
        Of each process that trains.
    seconds
        Time after which to stop; what is not finished then can go on later.
    tiny
        Whether to draw a few pictures only.
    data
        Folder of the data sets, by default within the other.
    watch
        Called as networks learn.

    Yields
    ------
    Report
        What became of each, as it ends.
    """
    ends = time.time() + seconds
    library = Library(data or folder / "data", tiny)
    queue = sorted(members, key=lambda member: member.priority)
    drawn = _Drawn(library, [member.task.data for member in queue], workers)
    crew = [_Hand(library, device, threads) for _ in range(min(jobs, len(queue)))]
    try:
        while queue or any(hand.member for hand in crew):
            for member, error in drawn.failed(queue):
                queue.remove(member)
                yield Report(member.name, {}, 0, False, error)
            if time.time() > ends:
                queue = []
            for hand in crew:
                ready = (
                    []
                    if hand.member
                    else trainable(queue, _unfinished(queue, crew), drawn.digests, hand.data)
                )
                if ready and hand.alive:
                    queue.remove(ready[0])
                    digest = drawn.digests[ready[0].task.data]
                    hand.give(Job(ready[0], folder, digest, ends))
            yield from _heard(crew, watch)
            if not any(hand.alive for hand in crew):
                break
    finally:
        for hand in crew:
            hand.dismiss()


class _Drawn:
    """Data sets that are drawn in a thread, and which of them are there."""

    def __init__(self, library: Library, names: Sequence[str], workers: int) -> None:
        self.digests: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        self._library, self._workers = library, workers
        self._names: list[str] = []
        for name in dict.fromkeys(names):
            try:
                library.sources(name)
                self._names.append(name)
            except DissectError as error:
                self._errors[name] = _text(error)
        self._complete: set[tuple[str, str]] = set()
        threading.Thread(target=self._draw, daemon=True).start()

    def failed(self, queue: Sequence[Member]) -> list[tuple[Member, str]]:
        """Members whose data could not be drawn, and why."""
        return [(m, self._errors[m.task.data]) for m in queue if m.task.data in self._errors]

    def _draw(self) -> None:
        try:
            self._library.draw(self._names, workers=self._workers, ended=self._ended)
        except Exception as error:
            self._errors |= {name: _text(error) for name in self._names if name not in self.digests}

    def _ended(self, source: str, split: str, error: Exception | None) -> None:
        if error is None:
            self._complete.add((source, split))
        for name in self._names:
            sources = {own.name for own in self._library.sources(name)}
            if error is not None and source in sources:
                self._errors[name] = _text(error)
            if name not in self.digests and {(s, p) for s in sources for p in SPLITS} <= self._complete:
                self.digests[name] = self._library.digest(name)


class _Hand:
    """A process that trains, and what it is at."""

    def __init__(self, library: Library, device: str, threads: int) -> None:
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=work, args=(other, library, device, threads), daemon=True
        )
        self.process.start()
        other.close()
        self.member: Member | None = None
        self.data = ""
        self.alive = True

    def give(self, job: Job) -> None:
        """Let it train a member."""
        self.pipe.send(job)
        self.member, self.data = job.member, job.member.task.data

    def hear(self, watch: Watch) -> Report | None:
        """Take what it says; a report if a member has ended."""
        assert self.member is not None
        name = self.member.name
        try:
            said: Any = self.pipe.recv()
        except EOFError:
            self.process.join(1)
            self.alive, self.member = False, None
            return Report(name, {}, 0, False, f"Its process ended (exit code {self.process.exitcode}).")
        if not isinstance(said, Report):
            watch(name, *said)
            return None
        self.member = None
        return said

    def dismiss(self) -> None:
        """End the process."""
        if self.alive and self.member is None:
            self.pipe.send(None)
            self.process.join(2)
        if self.process.is_alive():
            self.process.terminate()


def _unfinished(queue: Sequence[Member], crew: Sequence[_Hand]) -> set[str]:
    """Members that are not finished: those that wait, and those that are being trained."""
    return {member.name for member in queue} | {hand.member.name for hand in crew if hand.member}


def trainable(
    queue: Sequence[Member], unfinished: Set[str], drawn: Collection[str], data: str
) -> list[Member]:
    """Members that can be trained now, by priority.

    Parameters
    ----------
    queue
        Members that wait.
    unfinished
        Names of all members that wait or are being trained; what begins with one of them has to wait.
    drawn
        Data sets that are drawn.
    data
        Data set that was learned from last; ties go to members that learn from it again.
    """
    ready = [member for member in queue if member.task.data in drawn and member.begins not in unfinished]
    return sorted(ready, key=lambda member: (member.priority, member.task.data != data))


def _heard(crew: Sequence[_Hand], watch: Watch) -> Iterator[Report]:
    """Reports of what has ended, after at most a tenth of a second."""
    busy: dict[Connection, _Hand] = {hand.pipe: hand for hand in crew if hand.member and hand.alive}
    if not busy:
        time.sleep(0.1)
        return
    for pipe in wait(list(busy), timeout=0.1):
        report = busy[pipe].hear(watch)  # type: ignore[index]
        if report is not None:
            yield report


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, DissectError) else "".join(traceback.format_exception(error)[-6:])
