"""Files exist in full or not at all, and nobody else's is touched."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dissect_widgets.core.files.atomic_write import replacing, temporary_path
from dissect_widgets.core.files.process import is_alive, machine, this_process
from dissect_widgets.errors import SavedError, StorageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("before")
    with replacing(path) as new:
        new.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after" and names(tmp_path) == ["x.json"]


def test_a_file_of_the_user_survives(tmp_path: Path) -> None:
    (tmp_path / "x.new").write_text("mine")
    with replacing(tmp_path / "x.json") as new:
        new.write_text("all of it")
    assert (tmp_path / "x.new").read_text() == "mine"
    assert names(tmp_path) == ["x.json", "x.new"]


def test_targets_that_differ_in_their_suffix_do_not_meet(tmp_path: Path) -> None:
    with replacing(tmp_path / "x.json") as one, replacing(tmp_path / "x.png") as two:
        one.write_text("json")
        two.write_text("png")
    assert (tmp_path / "x.json").read_text() == "json" and (tmp_path / "x.png").read_text() == "png"


def test_writers_of_one_target_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with replacing(path) as one, replacing(path) as two:
        one.write_text("first")
        two.write_text("second")
    assert path.read_text() == "first" and names(tmp_path) == ["x.json"], "the last to end counts"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("written", [False, True])
def test_nothing_is_left_after_an_error(tmp_path: Path, error: type[BaseException], written: bool) -> None:
    path = tmp_path / "x.json"
    path.write_text("before")
    with pytest.raises(error), replacing(path) as new:
        if written:
            new.write_text("half of")
        raise error
    assert path.read_text() == "before" and names(tmp_path) == ["x.json"]


def test_nothing_is_left_where_the_target_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    with (
        pytest.raises(SavedError, match="json could not be written"),
        replacing(tmp_path / "x.json") as new,
    ):
        new.write_text("all of it")
    assert names(tmp_path) == ["x.json"]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with replacing(tmp_path / "x") as new:
        new.write_text("")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o444])
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    (tmp_path / "x").write_text("")
    (tmp_path / "x").chmod(mode)
    with replacing(tmp_path / "x") as new:
        new.write_text("new")
    assert (tmp_path / "x").stat().st_mode & 0o777 == mode and (tmp_path / "x").read_text() == "new"


@pytest.mark.parametrize("exists", [False, True])
def test_a_link_stays_a_link(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/file")
    if exists:
        (tmp_path / "far" / "file").write_text("before")
    with replacing(tmp_path / "link") as new:
        new.write_text("after")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "far" / "file").read_text() == "after"
    assert names(tmp_path) == ["far", "link"] and names(tmp_path / "far") == ["file"]


def test_missing_folders_are_made_and_after_an_error_gone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.json"
    with pytest.raises(ValueError), replacing(path) as new:
        new.write_text("half of")
        raise ValueError
    assert names(tmp_path) == []
    with replacing(path) as new:
        new.write_text("all of it")
    assert path.read_text() == "all of it"
    with pytest.raises(ValueError), replacing(tmp_path / "a" / "c" / "y") as new:
        raise ValueError
    assert names(tmp_path / "a") == ["b"]


def test_more_folders_are_made_than_functions_may_call_one_another(tmp_path: Path) -> None:
    path, limit = Path(str(tmp_path) + "/y" * 400 + "/x"), sys.getrecursionlimit()
    sys.setrecursionlimit(350)
    try:
        with replacing(path) as new:
            new.write_text("all of it")
    finally:
        sys.setrecursionlimit(limit)
    assert path.read_text() == "all of it"


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127 + "x", ".hidden", " ", "a\nb"])
def test_any_name_can_be_written(tmp_path: Path, name: str) -> None:
    with replacing(tmp_path / name) as new:
        new.write_text("all of it")
    assert names(tmp_path) == [name]


def test_the_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("before")
    with pytest.raises(StorageError, match="disk is full"), replacing(tmp_path / "x") as new:
        new.write_text("half of")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == ["x"] and (tmp_path / "x").read_text() == "before"


def left_by(path: Path, process: str) -> Path:
    """Name of what a process would have left of a save of a path."""
    ours = temporary_path(path).name
    return path.with_name(ours.replace(this_process(), process))


def test_leftovers_of_killed_saves_go_with_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    pid = subprocess.Popen([sys.executable, "-c", ""])
    pid.wait()
    dead = left_by(path, f"{machine()}-{pid.pid}-17")
    reused = left_by(path, f"{machine()}-{os.getpid()}-1")
    living = left_by(path, this_process())
    elsewhere, old = left_by(path, "00000000-1-1"), left_by(path, "00000000-2-2")
    of_another = left_by(tmp_path / "y.json", f"{machine()}-{pid.pid}-17")
    for file in (dead, reused, living, elsewhere, of_another):
        file.write_text("half of")
    (old / "pictures").mkdir(parents=True)
    for folder in (old / "pictures", old):
        os.utime(folder, (1e9, 1e9))
    foreign = [
        tmp_path / name for name in ("x.new", ".x.json.dw-new", f".{dead.name}", dead.name + "~", "z.dw-new")
    ]
    for file in foreign:
        file.write_text("mine")
    with replacing(path) as new:
        new.write_text("all of it")
    expected = [path, living, elsewhere, of_another, *foreign]
    assert names(tmp_path) == sorted(file.name for file in expected)


def test_a_link_among_leftovers_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("mine")
    left_by(tmp_path / "x", f"{machine()}-{os.getpid()}-1").symlink_to("mine")
    with replacing(tmp_path / "x") as new:
        new.write_text("")
    assert names(tmp_path) == ["mine", "x"] and names(tmp_path / "mine") == ["x"]


def test_an_interrupt_while_it_is_removed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, calls = Path.unlink, 0

    def interrupted(path: Path, missing_ok: bool = False) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "x") as new:
        new.write_text("half of")
        raise ValueError
    assert names(tmp_path) == []


def test_processes_are_known_again() -> None:
    assert is_alive(this_process()) is True
    assert is_alive(f"{machine()}-{os.getppid()}-1") is False, "another that has its number"
    for unknown in ("", "x", "00000000-1-1", f"{machine()}-0-0", f"{machine()}--1-2", "a-b-c-d"):
        assert is_alive(unknown) is None
