"""Several processes, threads and readers at one result, at once.

Of runs into one `out` exactly one goes on at a time; the others are told who holds it, by number and host.
A run that dies is taken over. Who loads a result while it is saved again gets the earlier or the new one.

    python -m tests.fuzz.processes --seed 3 --count 60
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import torch
from torch import Tensor

import dissect_widgets as dw
from dissect_widgets.errors import SavedError
from tests.fuzz.harness import LeftBehind, Lost, Wrong, main, own_locks
from tests.fuzz.prepared import names
from tests.fuzz.scenarios import bits
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

NET = seeded(TinyNet()).eval()
MEMORY = (2**30, 64)
WHOLE: list[str] = []


class SlowImages(ArrayImages):
    """Images that take their time."""

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        time.sleep(0.05)
        return super().__getitem__(index)


DATA = SlowImages(6)
_WAIT = 0.3
"""Seconds that a run may wait for one that is just ending."""


class Ended(NamedTuple):
    """How one of several ended."""

    who: int
    status: int
    """0 for a result, 3 for a refusal, 1 for another error, -9 for a kill."""
    said: str
    began: float
    done: float


def warm() -> None:
    """What a run alone comes to."""
    torch.set_num_threads(1)
    WHOLE.append(bits(dissect(None)))
    WHOLE.append(bits(dissect(None, level=0.1)))


def dissect(out: Path | None, memory: int = 2**30, level: float = 0.2) -> dw.Dissection:
    """A run of more than half a second."""
    return dw.dissect(
        NET,
        "mix",
        DATA,
        level=level,
        out=out,
        progress=False,
        resources=dw.Resources(checkpoint_seconds=0, batch_size=2, memory=memory),
    )


def start(folder: Path, work: Callable[[], object], delay: float = 0.0) -> int:
    """Do something in a process, which notes in a file how it ended."""
    child = os.fork()
    if child == 0:
        status, said, began = 1, "", 0.0
        try:
            own_locks()
            time.sleep(delay)
            began = time.time()
            work()
            status = 0
        except SavedError as error:
            status, said = 3, str(error)
        except BaseException:
            said = traceback.format_exc()
        finally:
            (folder / f"{os.getpid()}.ended").write_text(f"{status}\n{began}\n{time.time()}\n{said}")
            os._exit(status)
    return child


def wait(folder: Path, children: list[int]) -> list[Ended]:
    """Wait for all of them."""
    found = []
    for child in children:
        _, status = os.waitpid(child, 0)
        path = folder / f"{child}.ended"
        if not path.exists():
            found.append(Ended(child, -os.WTERMSIG(status), "", 0, 0))
            continue
        code, began, done, said = path.read_text().split("\n", 3)
        found.append(Ended(child, int(code), said, float(began), float(done)))
    return found


def check_runs(folder: Path, ended: list[Ended]) -> None:
    """One had a result, others were told by whom it is held; what is there now is right."""
    for one in ended:
        if one.status == 1:
            raise RuntimeError(f"one of {len(ended)} ended in {one.said}")
    pids = [str(one.who) for one in ended]
    for one in ended:
        if one.status == 3:
            told = any(f"process {pid} on " in one.said for pid in pids)
            if not told or socket.gethostname() not in one.said:
                raise Wrong(f"the refusal does not say who holds it: {one.said}")
    results = sorted((one.began, one.done) for one in ended if one.status == 0)
    if not results:
        raise Lost(f"none of {len(ended)} had a result: {[one.said for one in ended]}")
    if any(later[0] + _WAIT < earlier[1] for earlier, later in pairwise(results)):
        raise Wrong(f"two ran at the same time: {results}")
    check_result(folder)


def check_result(folder: Path) -> None:
    """Whether the result is right, and nothing else is there."""
    if bits(dw.load(folder / "out")) != WHOLE[0]:
        raise Wrong("the result has other bits")
    more = {
        name for name in names(folder) if "/" not in name and name != "out" and not name.endswith(".ended")
    }
    if more:
        raise LeftBehind(f"{sorted(more)} stay")


def at_once(count: int) -> Callable[[Random, Path], None]:
    """Several are started at the same moment."""

    def attempt(random: Random, folder: Path) -> None:
        memory = random.choice(MEMORY)
        earlier = random.random() < 0.3
        if earlier:
            dissect(None, level=0.1).save(folder / "out")
        children = [start(folder, lambda: dissect(folder / "out", memory)) for _ in range(count)]
        check_runs(folder, wait(folder, children))

    return attempt


def staggered(random: Random, folder: Path) -> None:
    """Three, one after another by up to half a run."""
    memory = random.choice(MEMORY)
    delays = [0.0, random.random() * 0.6, random.random() * 0.6]
    children = [start(folder, lambda: dissect(folder / "out", memory), delay) for delay in delays]
    check_runs(folder, wait(folder, children))


def one_is_killed(random: Random, folder: Path) -> None:
    """The one that runs is killed; another, which tries again and again, takes over."""
    memory = random.choice(MEMORY)

    def insist() -> None:
        for _ in range(200):
            try:
                dissect(folder / "out", memory)
                return
            except SavedError as error:
                if "another run" not in str(error):
                    raise
                time.sleep(0.01)
        raise RuntimeError("it is never taken over")

    first = start(folder, lambda: dissect(folder / "out", memory))
    second = start(folder, insist, 0.05)
    time.sleep(0.05 + random.random() * 0.5)
    os.kill(first, random.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGINT)))
    ended = wait(folder, [first, second])
    if ended[1].status != 0:
        raise RuntimeError(ended[1].said)
    if bits(dw.load(folder / "out")) != WHOLE[0]:
        raise Wrong("the result has other bits")
    dissect(folder / "out", memory)  # the one that was killed may have been the last to run
    check_result(folder)


def different_runs(random: Random, folder: Path) -> None:
    """Two runs of something else into one place: the second is told so, or comes after."""
    levels = [0.2, 0.1]
    children = [
        start(folder, lambda level=level: dissect(folder / "out", level=level), random.random() * 0.1)
        for level in levels
    ]
    ended = wait(folder, children)
    for one in ended:
        if one.status == 1:
            raise RuntimeError(one.said)
    if bits(dw.load(folder / "out")) not in WHOLE:
        raise Wrong("the result is of neither")
    if [one.status for one in ended].count(0) == 0:
        raise Lost("none had a result")


def threads(random: Random, folder: Path) -> None:
    """Two threads of one process."""
    found: list[object] = []

    def work() -> None:
        try:
            found.append(bits(dissect(folder / "out")))
        except BaseException as error:
            found.append(error)

    both = [threading.Thread(target=work) for _ in range(2)]
    for thread in both:
        thread.start()
        time.sleep(random.random() * 0.05)
    for thread in both:
        thread.join()
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, SavedError):
            raise one
        if isinstance(one, str) and one != WHOLE[0]:
            raise Wrong("a thread had another result")
    if not any(isinstance(one, str) for one in found):
        raise Lost(f"none had a result: {found}")
    check_result(folder)


def reader(random: Random, folder: Path) -> None:
    """A result is loaded again and again while it is saved again and again."""
    one, other = dissect(None), dissect(None, level=0.1)
    one.save(folder / "out")

    def write() -> None:
        for number in range(12):
            (one if number % 2 else other).save(folder / "out")

    child = start(folder, write)
    loads = 0
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        try:
            state = bits(dw.load(folder / "out"))
        except SavedError as error:
            raise Lost(f"load number {loads} while it is saved: {error}") from error
        if state not in WHOLE:
            raise Wrong("a mixture of two results was loaded")
        loads += 1
    (ended,) = wait(folder, [child])
    if ended.status != 0:
        raise RuntimeError(ended.said)
    check_result(folder)


def writers(random: Random, folder: Path) -> None:
    """Two processes save, and write a report, again and again to one place."""
    one = dissect(None)

    def write() -> None:
        for _ in range(6):
            one.save(folder / "out")
            dw.write_report(one, folder / "out" / "report.html", exemplars=0)
            time.sleep(random.random() * 0.01)

    ended = wait(folder, [start(folder, write), start(folder, write)])
    for each in ended:
        if each.status == 1:
            raise RuntimeError(each.said)
    check_result(folder)
    (folder / "out" / "report.html").read_text("utf-8").index("</html>")


KINDS = {
    "two at once": at_once(2),
    "three at once": at_once(3),
    "three staggered": staggered,
    "one is killed": one_is_killed,
    "different runs": different_runs,
    "two threads": threads,
    "load while it is saved": reader,
    "two save": writers,
}

if __name__ == "__main__":
    main("several processes", KINDS, warm=warm, count=80, seconds=60, may_refuse=False)
