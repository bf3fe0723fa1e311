"""Who wrote a temporary file or holds a lock, and whether that process still lives."""

from __future__ import annotations

import os
import socket
import sys
from functools import cache
from hashlib import blake2b
from pathlib import Path


@cache
def machine() -> str:
    """Eight hexadecimal digits for this machine since it started, and for the container on it.

    Processes with the same digits see one another under the same numbers.
    """
    parts = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            parts.append(os.readlink(path) if path.endswith("pid") else Path(path).read_text("ascii"))
        except OSError:
            parts.append("")
    return blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=4).hexdigest()


def this_process() -> str:
    """Machine, number and start of this process, as `is_alive` reads it: "1f2e3d4c-812-55031"."""
    pid = os.getpid()
    return f"{machine()}-{pid}-{_start(pid)}"


def is_alive(process: str) -> bool | None:
    """Whether a process that `this_process` named still lives; None if it is not of this machine.

    Another process that has got its number since then is not taken for it, where the system says when
    processes started.
    """
    try:
        where, pid, start = process.split("-")
        number, began = int(pid), int(start)
    except ValueError:
        return None
    if where != machine() or number <= 0 or sys.platform == "win32":  # where a signal 0 ends a process
        return None
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OverflowError, PermissionError):
        pass  # of another person, if it exists
    return _start(number) == began


def _start(pid: int) -> int:
    """When a process started, in the ticks of the system; 0 if it does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0
