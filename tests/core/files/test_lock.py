"""One run for each output: processes, threads, copies of a process; nothing is left."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dissect_widgets.core.files import lock
from dissect_widgets.core.files.lock import locked
from dissect_widgets.errors import SavedError

HOLD = """
import sys
from pathlib import Path
from dissect_widgets.core.files.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other(tmp_path: Path):
    """Another process that holds the output "out"."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_told_who_holds_it(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(SavedError, match=f"another run: process {other.pid} on .* since"),
        locked(tmp_path / "out"),
    ):
        pass
    with locked(tmp_path / "out2"):
        pass
    other.communicate("\n")
    with locked(tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_holds_nothing(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    (left,) = tmp_path.iterdir()
    assert json.loads(left.read_text())["pid"] == other.pid
    with locked(tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_threads_exclude_one_another_and_one_thread_enters_again(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def enter() -> None:
        try:
            with locked(tmp_path / "out"):
                pass
        except SavedError as error:
            errors.append(error)

    with locked(tmp_path / "out"), locked(tmp_path / "out"):
        with locked(tmp_path / "out"):
            pass
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert len(errors) == 1 and "another thread of this process" in str(errors[0])
    enter()
    assert len(errors) == 1 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_errors_free_it(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), locked(tmp_path / "new" / "folder" / "out"):
        raise error
    assert list(tmp_path.iterdir()) == [], "nor is a folder left that was made for it"
    with locked(tmp_path / "out"):
        pass


def test_a_copy_of_the_process_does_not_hold_it(tmp_path: Path) -> None:
    with locked(tmp_path / "out"):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with locked(tmp_path / "out"):
                    pass
            except SavedError:
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(list(tmp_path.iterdir())) == 1, "and does not remove it"
        with pytest.raises(SavedError):
            subprocess_holds(tmp_path / "out")


def subprocess_holds(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", HOLD, str(path)], input="\n", capture_output=True, text=True)
    if "SavedError" in done.stderr:
        raise SavedError


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_file_systems_that_cannot_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(tmp_path / "out"):
        lock._held.clear()  # as another process would see it
        with pytest.raises(SavedError, match="another run"), locked(tmp_path / "out"):
            pass
    with locked(tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_other_errors_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(SavedError, match="out cannot be locked"), locked(tmp_path / "out"):
        pass
    assert not lock._held


def test_the_lock_is_in_the_output_where_nothing_may_be_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path and access(path, mode))
    with locked(tmp_path / "out"):
        assert [path.name for path in (tmp_path / "out").iterdir()] == [".dw-lock"]
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "x y", "-"])
def test_any_name_can_be_locked(tmp_path: Path, name: str) -> None:
    with locked(tmp_path / name):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
