"""Paths as a person means them, or refused by name."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dissect_widgets.core.files.target import beside, input_file, input_folder, output_file, output_folder
from dissect_widgets.errors import DataError, SavedError

Prepare = Callable[..., Path]
ALL = [output_file, output_folder, input_file, input_folder]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder and the home, with a file, a folder, and links to all kinds of things."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for name, goal in {
        "to_file": "file",
        "to_folder": "folder",
        "to_nothing": "nothing",
        "to_it": "to_it",
    }.items():
        (tmp_path / name).symlink_to(goal)
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.mark.parametrize("prepare", ALL)
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "empty"),
        (None, "None; it must be a path"),
        (b"file", "must be a path"),
        (3, "3; it must be a path"),
        (["file"], "must be a path"),
        ("a\0b", "characters"),
        ("a\ud800b", "characters"),
        ("a\udcffb", "characters"),
        ("~nobody-has-this-name/x", "no such home"),
        ("x" * 300, "too long"),
        ("é" * 200, "too long"),
        ("y/" * 2600 + "x", "too long"),
        ("file/x", "file"),
        ("file/x/y", "file"),
        ("to_file/x", "file"),
        ("to_it", "circle"),
        ("one", "circle"),
        ("one/x", "circle"),
        ("pipe", ""),
        ("/dev/null", ""),
        ("/dev/null/x", "file"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_nobody_can_mean_is_refused(here: Path, prepare: Prepare, path: Any, says: str) -> None:
    before = sorted(here.rglob("*"))
    with pytest.raises(SavedError) as raised:
        prepare(path, what="out")
    assert says in str(raised.value) and str(raised.value).startswith("out ") and len(str(raised.value)) < 700
    assert sorted(here.rglob("*")) == before
    with pytest.raises(DataError):
        prepare(path, error=DataError)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("new", "new"),
        ("./new", "new"),
        ("~/new", "new"),
        ("folder/../new", "new"),
        ("to_folder/new", "folder/new"),
        ("to_folder/../new", "new"),
        ("not/there/yet", "not/there/yet"),
        ("to_nothing", "nothing"),
        ("x" * 255, "x" * 255),
        (" ", " "),
        ("$HOME", "$HOME"),
        ("a*?b", "a*?b"),
        (Path("new"), "new"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_outputs_are_where_a_person_means(here: Path, path: Any, found: str) -> None:
    before = sorted(here.rglob("*"))
    assert output_file(path) == output_folder(path) == here / found
    assert sorted(here.rglob("*")) == before, "nothing is made yet"


def test_existing_files_and_folders(here: Path) -> None:
    assert output_file("file") == output_file("to_file") == here / "file"
    assert output_folder(".") == output_folder("folder/..") == output_folder("~") == here
    assert output_folder("folder/") == output_folder("to_folder") == here / "folder"
    assert output_folder("new/") == here / "new"
    assert input_file("file") == Path("file") and input_file("~/file") == here / "file"
    assert input_file("to_file") == Path("to_file") and input_folder("to_folder/") == Path("to_folder")
    assert input_folder(".") == Path() and input_folder("..") == Path("..")
    for path in (".", "..", "folder", "folder/", "to_folder", "new/", "new/.", "~"):
        with pytest.raises(SavedError, match="folder"):
            output_file(path)
    for path in ("file", "to_file", "file/"):
        with pytest.raises(SavedError, match="file"):
            output_folder(path)
        with pytest.raises(SavedError, match=r"file|folder"):
            input_folder(path)


def test_similar_names_are_offered(here: Path) -> None:
    for prepare in (input_file, input_folder):
        with pytest.raises(SavedError, match=r"There is no .* foldr. Did you mean 'folder'"):
            prepare("foldr")
        with pytest.raises(SavedError, match="leads to nothing"):
            prepare("to_nothing")
        with pytest.raises(SavedError, match="There is no"):
            prepare("not/there")


def test_a_socket_is_no_file(here: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for prepare in ALL:
            with pytest.raises(SavedError):
                prepare("socket")


def test_a_deleted_current_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "folder" / "inner")
    (here / "folder" / "inner").rmdir()
    for prepare in ALL:
        with pytest.raises(SavedError):
            prepare("x")
    assert output_file(here / "new") == here / "new"


def test_what_may_not_be_read_or_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root may do everything, the system's answer is replaced."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for prepare, path in [
        (output_file, "file"),
        (output_file, "new"),
        (output_folder, "folder"),
        (output_folder, "a/b"),
        (input_file, "file"),
        (input_folder, "folder"),
    ]:
        with pytest.raises(SavedError, match=r"written|read|protected"):
            prepare(path)


@pytest.mark.parametrize("name", ["x", "x" * 255, "é" * 127, "x" * 246, "x" * 247])
def test_names_beside_fit(tmp_path: Path, name: str) -> None:
    path = beside(tmp_path / name, ".partial")
    path.write_text("")
    assert path.name.endswith(".partial") and path.parent == tmp_path
    assert beside(tmp_path / ("z" + name[1:]), ".partial") != path
    if len(name) < 247 and name.isascii():
        assert path.name == f"{name}.partial"
