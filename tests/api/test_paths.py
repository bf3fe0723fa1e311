"""Every function that takes a path means by it what a person means, or refuses it by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dissect_widgets as dw
from dissect_widgets.datasets import load_photo
from dissect_widgets.errors import DissectError
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

PAINTER = SimpleNamespace(_image=b"png", edits_as_text=lambda: "{}", load_text=lambda text, origin: None)
NET = seeded(TinyNet()).eval()
Call = Callable[[Any], object]


def dissected(**options: Any) -> dw.Dissection:
    return dw.dissect(NET, "stem", ArrayImages(4), level=0.2, progress=False, **options)


@pytest.fixture(scope="module")
def dissection() -> dw.Dissection:
    return dissected()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder and the home, with files of a person."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder/notes.txt", "new.new", "mine.new"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to_new").symlink_to("new")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


FILES: dict[str, Callable[[dw.Dissection], Call]] = {
    "write_report": lambda d: lambda path: dw.write_report(d, path, exemplars=1),
    "write_netdissect_csv": lambda d: lambda path: dw.write_netdissect_csv(d.layers[0], path),
    "save_image": lambda d: lambda path: dw.NeuronPainter.save_image(PAINTER, path),  # type: ignore[arg-type]
    "save_edits": lambda d: lambda path: dw.NeuronPainter.save_edits(PAINTER, path),  # type: ignore[arg-type]
}
FOLDERS: dict[str, Callable[[dw.Dissection], Call]] = {
    "save": lambda d: d.save,
    "dissect": lambda d: lambda path: dissected(out=path),
    "write_sample": lambda d: lambda path: dw.write_sample(path, images=1),
}
READS: dict[str, Callable[[dw.Dissection], Call]] = {
    "load": lambda d: dw.load,
    "read_netdissect_csv": lambda d: dw.read_netdissect_csv,
    "load_edits": lambda d: lambda path: dw.NeuronPainter.load_edits(PAINTER, path),  # type: ignore[arg-type]
    "PhotoFolder": lambda d: dw.PhotoFolder,
    "MaskFolder": lambda d: lambda path: dw.MaskFolder(path, "folder", "file"),
    "masks": lambda d: lambda path: dw.MaskFolder("folder", path, "file"),
    "classes": lambda d: lambda path: dw.MaskFolder("folder", "folder", path),
    "load_photo": lambda d: load_photo,
    "load_model": lambda d: lambda path: dw.models.weight_files.read_weights(path),
    "load_generator": lambda d: dw.load_generator,
    "load_classifier": lambda d: dw.world.load_classifier,
    "load_public_segmenter": lambda d: dw.load_public_segmenter,
}
BAD = [
    "",
    b"x",
    3,
    "a\0b",
    "x\ud800",
    "~nobody-has-this/x",
    "file/x",
    "loop",
    "loop/x",
    "pipe",
    "x" * 300,
    "y/" * 2600,
]


def here(stage: Path) -> dict[str, bytes]:
    plain = {path for path in stage.rglob("*") if path.is_file() and not path.is_symlink()}
    return {
        str(path.relative_to(stage)): path.read_bytes() if path in plain else b"" for path in stage.rglob("*")
    }


@pytest.mark.parametrize("name", [*FILES, *FOLDERS, *READS])
def test_paths_that_nobody_can_mean(stage: Path, dissection: dw.Dissection, name: str) -> None:
    call, before = (FILES | FOLDERS | READS)[name](dissection), here(stage)
    for path in [*BAD, "file" if name in FOLDERS or name == "load" else "folder"]:
        with pytest.raises(DissectError) as raised:
            call(path)
        assert 0 < len(str(raised.value)) < 1000
        assert here(stage) == before, path


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("~/new", "new"),
        ("to_new", "new"),
        ("a/b/new", "a/b/new"),
        ("folder/../new", "new"),
        ("x" * 255, "x" * 255),
    ],
    ids=["home", "link", "missing folders", "up", "long"],
)
def test_paths_that_a_person_means(
    stage: Path, dissection: dw.Dissection, name: str, path: str, meant: str
) -> None:
    before = here(stage)
    (FILES | FOLDERS)[name](dissection)(path)
    goal, now = stage / meant, here(stage)
    assert goal.is_file() if name in FILES else any(goal.iterdir())
    assert {known: now[known] for known in before} == before
    new = {known.split("/")[0] for known in now.keys() - before.keys()}
    assert new == {meant.split("/")[0]}


def test_the_current_folder(stage: Path, dissection: dw.Dissection, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DissectError, match="left alone"):
        dissection.save(".")
    (stage / "empty").mkdir()
    monkeypatch.chdir(stage / "empty")
    assert dissection.save(".") == dissection.save(".") == stage / "empty"
    assert dw.load(".").layers[0].units == dissection.layers[0].units
