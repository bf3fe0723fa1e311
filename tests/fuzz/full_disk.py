"""Every operation on files fails, or is interrupted; and disks that are full indeed.

A full disk is refused as StorageError, another error of the system as one that names the file, an interrupt
as such. The earlier or the new result is at its place; and the same call, in the same process, ends in the
same bits: no hook, lock, thread or open file stays.

    python -m tests.fuzz.full_disk --seed 3

Real disks are small ones in memory, which only root may mount; elsewhere they are left out, and that is said.
"""

from __future__ import annotations

import errno
import gc
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import traceback
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from safetensors import SafetensorError

import dissect_widgets as dw
from dissect_widgets.errors import DissectError, StorageError
from tests.fuzz.file_operations import Operation, watched
from tests.fuzz.harness import Attempt, LeftBehind, main
from tests.fuzz.prepared import PREPARED, Prepared, names, prepare, temporary_files_in
from tests.fuzz.scenarios import NET

FULL = (errno.ENOSPC, errno.EDQUOT)
OTHER = (errno.EIO, errno.EROFS)
NO_SPACE_NEEDED = ("unlink", "remove", "rmdir", "flock", "read", "scan", "list", "chmod", "utime")
REAL_DISKS = 50
disk_usage = shutil.disk_usage
THREADS: list[threading.Thread] = []
"""Those that there were before a case."""


def cases() -> list[tuple[str, Attempt]]:
    """Each operation of each scenario fails in each way that it can fail in."""
    found: list[tuple[str, Attempt]] = []
    for prepared in PREPARED:
        for one in prepared.operations:
            if one.name not in NO_SPACE_NEEDED:
                found.append(("full disk", failing(prepared, one.number, FULL)))
            if one.name != "flock" and (one.number % 3 == 0 or one.name in ("unlink", "rmdir")):
                found.append(("other errors", failing(prepared, one.number, OTHER)))
            if one.writes or one.number % 5 == 0:
                found.append(("interrupt", interrupted(prepared, one.number)))
    found += [
        ("real disk", on_a_real_disk(prepared))
        for prepared in (PREPARED * REAL_DISKS)[: REAL_DISKS if may_mount() else 0]
    ]
    return found


def failing(prepared: Prepared, number: int, codes: tuple[int, ...] = FULL) -> Attempt:
    """An operation fails: once, or all from then on, as on a disk that stays full."""

    def attempt(random: Random, folder: Path) -> None:
        work = prepared.copy(folder)
        code = random.choice(codes)
        stays, phase = code in FULL and random.random() < 0.5, random.choice(("before", "half"))
        is_full: list[bool] = []

        def fail(one: Operation, now: str) -> None:
            fails = one.number == number or (
                stays and one.number > number and one.name not in NO_SPACE_NEEDED
            )
            halves = one.name in ("write", "safetensors", "torch.save")
            if fails and now == (phase if halves else "before"):
                is_full.append(code in FULL)
                raise error_of(one, code)

        def usage(path: object) -> object:
            found = disk_usage(path)
            return found._replace(free=0) if any(is_full) else found

        moment = f"{prepared.scenario.name}: {errno.errorcode[code]} {phase} operation {number}"
        with patch.object(shutil, "disk_usage", usage):
            error = act(prepared, work, fail)
        prepared.check_state(work, moment)
        if code in FULL and error is not None and not isinstance(error, StorageError):
            raise error
        if error is not None and not isinstance(error, DissectError):
            named = isinstance(error, OSError) and (error.filename or str(work) in str(error))
            if not named:
                raise error
        again_in_the_same_process(prepared, work, moment)
        if error is not None:
            raise error if isinstance(error, DissectError) else StorageError(str(error))

    return attempt


def error_of(one: Operation, code: int) -> Exception:
    """An error as it comes out of an operation."""
    if one.name == "safetensors":
        return SafetensorError(f"Error while serializing: I/O error: {os.strerror(code)} (os error {code})")
    if one.name == "torch.save":
        return RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534")
    path = None if one.name in ("write", "fsync", "posix_fallocate", "flock", "ftruncate") else one.path
    return OSError(code, os.strerror(code), path) if path else OSError(code, os.strerror(code))


def interrupted(prepared: Prepared, number: int) -> Attempt:
    """Ctrl-C comes at an operation: as a signal, which may be held back, or at once."""

    def attempt(random: Random, folder: Path) -> None:
        work = prepared.copy(folder)
        at_once, phase, came = random.random() < 0.5, random.choice(("before", "after")), []

        def interrupt(one: Operation, now: str) -> None:
            opens = one.name in ("read", "create")  # after that, Python itself loses the open file
            if one.number == number and now == ("before" if opens else phase) and not came:
                came.append(one)
                if at_once:
                    raise KeyboardInterrupt
                signal.raise_signal(signal.SIGINT)

        how = "KeyboardInterrupt" if at_once else "SIGINT"
        moment = f"{prepared.scenario.name}: {how} {phase} operation {number}"
        error = act(prepared, work, interrupt)
        if error is not None and not isinstance(error, KeyboardInterrupt):
            raise error
        prepared.check_state(work, moment)
        again_in_the_same_process(prepared, work, moment)

    return attempt


def on_a_real_disk(prepared: Prepared) -> Attempt:
    """The disk has room for some of it; then more."""

    def attempt(random: Random, folder: Path) -> None:
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
        try:
            work = prepared.copy(disk)
            used = 4096 * sum(-(-path.lstat().st_size // 4096) + 1 for path in work.rglob("*"))
            size = used + int(random.random() * 2 * (prepared.bytes + 4096 * len(prepared.names)))
            resize(disk, size)
            error = act(prepared, work, lambda one, phase: None)
            moment = f"{prepared.scenario.name}: disk of {size} bytes, {used} of them used"
            prepared.check_state(work, moment)
            if error is not None and not isinstance(error, StorageError):
                raise error
            resize(disk, 64 * 2**20)
            again_in_the_same_process(prepared, work, moment)
            if error is not None:
                raise error
        finally:
            subprocess.run(["umount", "-l", disk], check=True)

    return attempt


def resize(disk: Path, size: int) -> None:
    """Make a disk larger or smaller."""
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True, capture_output=True)


def may_mount() -> bool:
    """Whether disks can be mounted here; it is said if not."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
            return True
    print(f"No real disks: mounting is not allowed here ({done.stderr.decode().strip()}).")
    return False


def act(prepared: Prepared, work: Path, event: Any) -> BaseException | None:
    """Do it; returns how it failed."""
    THREADS[:] = threading.enumerate()
    try:
        with temporary_files_in(work), watched(work, event):
            prepared.scenario.act(work)
    except BaseException as error:
        error.add_note("".join(traceback.format_exception(error)))
        one: BaseException | None = error
        while one is not None:  # or the frames would keep files open
            one.__traceback__, one = None, one.__cause__ or one.__context__
        return error
    return None


def again_in_the_same_process(prepared: Prepared, work: Path, moment: str) -> None:
    """Nothing is half written, nothing of the process has changed, and the same call works."""
    half = {
        name
        for name in names(work) - names(prepared.template) - prepared.names
        if not name.split("/")[0].endswith((".partial", ".dw-lock")) and not name.startswith("tmp/")
    }
    check_process(moment)
    prepared.check_again(work, moment)
    if dw.interrupted():
        raise LeftBehind(f"{moment}: {dw.interrupted()!r} is held after the same call has ended")
    check_process(moment, work)
    if half and "unlink" not in moment:
        raise LeftBehind(f"{moment}: {sorted(half)} stay until the next run")


def check_process(moment: str, work: Path | None = None) -> None:
    """Whether the network, threads and signals are as they were, and no file in a folder is open."""
    gc.collect()
    found = {
        "hooks": [n for n, m in NET.named_modules() if m._forward_hooks or m._forward_pre_hooks],
        "training": [name for name, module in NET.named_modules() if module.training],
        "threads": [thread for thread in threading.enumerate() if thread not in THREADS],
        "handler of SIGINT": signal.getsignal(signal.SIGINT) is not signal.default_int_handler,
        "open files": [path for path in open_files() if work is not None and path.startswith(str(work))],
    }
    changed = {name: value for name, value in found.items() if value}
    if changed:
        raise LeftBehind(f"{moment}: {changed}")


def open_files() -> list[str]:
    """Paths of all open files of this process."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            found.append(os.readlink(path))
        except OSError:
            continue
    return found


if __name__ == "__main__":
    main("full disks and interrupts", cases=cases, warm=prepare, seconds=60)
