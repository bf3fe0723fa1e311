"""The process dies at every operation on files: before, in the middle of a write, and after.

Afterwards the earlier or the new result is at its place and loads; the same call ends in the same bits;
nothing of a person is touched; nothing is left behind, and no process stays.

    python -m tests.fuzz.kills --seed 3 --count 526
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random

import torch

from tests.fuzz.file_operations import Operation, watched
from tests.fuzz.harness import Attempt, LeftBehind, main, own_locks
from tests.fuzz.prepared import PREPARED, Prepared, prepare, temporary_files_in

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def cases() -> list[tuple[str, Attempt]]:
    """Each scenario is killed at each of its operations that write, and a few times at random moments."""
    found: list[tuple[str, Attempt]] = []
    for prepared in PREPARED:
        name = prepared.scenario.name
        for one in prepared.operations:
            if one.writes:
                phases = (
                    ("half", "after") if one.name in ("write", "safetensors", "torch.save") else ("after",)
                )
                for phase in ("before", *phases):
                    found.append((name, at_operation(prepared, one.number, phase)))
        if name.startswith("dissect"):
            found += [(f"{name}, any moment", at_any_moment(prepared)) for _ in range(10)]
    return found


def at_operation(prepared: Prepared, number: int, phase: str) -> Attempt:
    """Die at an operation."""

    def attempt(random: Random, folder: Path) -> None:
        work = prepared.copy(folder)

        def die(one: Operation, now: str) -> None:
            if one.number == number and now == phase:
                if random.random() < 0.5:
                    os.kill(os.getpid(), signal.SIGKILL)
                os._exit(9)

        def act() -> None:
            with watched(work, die), temporary_files_in(work):
                prepared.scenario.act(work)

        victim, _ = in_victim(act)
        after_death(prepared, work, victim, f"killed {phase} operation {number}")

    return attempt


def at_any_moment(prepared: Prepared) -> Attempt:
    """Be killed from outside."""

    def attempt(random: Random, folder: Path) -> None:
        work = prepared.copy(folder)
        which, wait = random.choice(SIGNALS), random.random() * prepared.seconds

        def act() -> None:
            with temporary_files_in(work):
                prepared.scenario.act(work)

        victim, _ = in_victim(act, (which, wait))
        after_death(prepared, work, victim, f"{which.name} after {wait * 1000:.0f} ms")

    return attempt


def after_death(prepared: Prepared, work: Path, victim: int, moment: str) -> None:
    """Look at what a dead process has left, and do the same again, at once, while its own are still dying."""
    prepared.check_state(work, moment)
    prepared.check_again(work, moment)
    check_orphans(victim, prepared.scenario.workers)


def in_victim(act: Callable[[], None], kill: tuple[signal.Signals, float] | None = None) -> tuple[int, int]:
    """Do something in a process that dies; returns its number, and how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            own_locks()
            torch.set_num_threads(1)  # threads of the one that was forked are not there
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            act()
            code = 0
        except KeyboardInterrupt:
            code = 2
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if kill is not None:
        time.sleep(kill[1])
        os.kill(child, kill[0])
    _, status = os.waitpid(child, 0)
    return child, status


def check_orphans(group: int, workers: int) -> None:
    """Wait until all processes of a dead one have ended."""
    end = time.monotonic() + (15 if workers else 0.5)
    while alive := processes_of(group):
        if time.monotonic() > end:
            raise LeftBehind(f"processes {alive} outlive the one that started them")
        time.sleep(0.05)


def processes_of(group: int) -> list[int]:
    """Processes of a group that are not dead."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                _, _, rest = (path / "stat").read_text().rpartition(")")
            except OSError:
                continue
            state, _, of = rest.split()[:3]
            if int(of) == group and state != "Z":
                found.append(int(path.name))
    return found


if __name__ == "__main__":
    main("kills", cases=cases, warm=prepare, seconds=60, may_refuse=False)
