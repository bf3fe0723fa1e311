"""Checkpoints that something has happened to, files of others beside them, and two runs into one place."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dissect_widgets import dissect
from dissect_widgets.core.data.interrupt import Interrupted
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.sealed import seal
from dissect_widgets.core.dissection.settings import Resources
from dissect_widgets.core.files.lock import locked
from dissect_widgets.errors import SavedError
from tests.core.oracle import same
from tests.small_images import ArrayImages, StoppingImages
from tests.small_networks import TinyNet


def run(net: TinyNet, data: ArrayImages, out: Path, memory: int = 2**30) -> Dissection:
    return dissect(net, "mix", data, level=0.2, out=out, resources=Resources(memory=memory), progress=False)


@pytest.fixture(params=[2**30, 0], ids=["in memory", "in files"])
def interrupted(tiny: TinyNet, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, int]:
    """Where a run was interrupted, and how much memory it may use."""
    with pytest.raises(Interrupted):
        run(tiny, StoppingImages(at=5), tmp_path / "out", request.param)
    return tmp_path / "out", request.param


def test_a_flipped_bit_is_noticed(tiny: TinyNet, interrupted: tuple[Path, int]) -> None:
    out, memory = interrupted
    chance, partial = Random(2), out.with_name("out.partial")
    whole = run(tiny, ArrayImages(), out.with_name("other"))
    kept = Path(shutil.copytree(partial, out.with_name("kept")))
    files = [path for path in partial.iterdir() if path.stat().st_size]
    assert len(files) > 3
    refused = 0
    for path in files * 3:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(kept, partial)
        content = bytearray(path.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        try:
            found = run(tiny, ArrayImages(), out, memory)
        except SavedError as error:
            refused += 1
            assert str(partial) in str(error) and "emove" in str(error)
        else:  # where the label map of an image is that is still to come
            same(found["mix"], whole["mix"])
    assert refused >= len(files) * 3 - 2


EDITS: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("no format", lambda c: c.pop("format") and None),
    ("an earlier format", lambda c: c | {"format": 1}),
    ("done of text", lambda c: c["about"].update(done="8")),
    ("done more than are", lambda c: c["about"].update(done=9)),
    ("done less than none", lambda c: c["about"].update(done=-1)),
    ("skipped of numbers", lambda c: c["about"].update(skipped=[[1, 2]])),
    ("arrays elsewhere", lambda c: c | {"arrays": "../arrays-1.bin"}),
    ("arrays missing", lambda c: c | {"arrays": "arrays-99.bin"}),
    ("digest of another", lambda c: c | {"arrays_digest": "0" * 64}),
    ("files of a list", lambda c: c | {"files": []}),
    ("key of text", lambda c: c["about"].update(key="mine")),
]


@pytest.mark.parametrize("change", [e[1] for e in EDITS], ids=[e[0] for e in EDITS])
def test_what_cannot_be_is_refused(
    tiny: TinyNet, tmp_path: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    with pytest.raises(Interrupted):
        run(tiny, StoppingImages(at=5), tmp_path / "out")
    path = tmp_path / "out.partial" / "checkpoint.json"
    content = json.loads(path.read_text())
    del content["digest"]
    path.write_bytes(seal(change(content) or content, "it"))
    with pytest.raises(SavedError, match=r"out\.partial"):
        run(tiny, ArrayImages(), tmp_path / "out")


def test_files_of_a_person_stay(tiny: TinyNet, interrupted: tuple[Path, int]) -> None:
    out, memory = interrupted
    partial = out.with_name("out.partial")
    names = ["notes.txt", "17.bin", "mine.bin", "checkpoint.new", "sub/arrays-1.bin"]
    (partial / "sub").mkdir()
    for name in names:
        (partial / name).write_text(name)
    run(tiny, ArrayImages(), out, memory)
    left = {str(p.relative_to(partial)): p.read_text() for p in partial.rglob("*") if p.is_file()}
    assert left == {name: name for name in names}


def test_a_kill_while_the_checkpoint_is_removed(
    tiny: TinyNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is there; whatever was removed until then, the same call ends well."""
    out, kept = tmp_path / "out", tmp_path / "kept"
    whole = run(tiny, ArrayImages(), tmp_path / "other")
    unlink, removed = Path.unlink, []

    def killed(self: Path, missing_ok: bool = False) -> None:
        if self.parent.name == "out.partial":
            removed.append(self.name)
            if len(removed) > removals:
                raise KeyboardInterrupt
        unlink(self, missing_ok)

    with pytest.raises(Interrupted):
        run(tiny, StoppingImages(at=5), out, 0)
    shutil.copytree(tmp_path / "out.partial", kept)
    for removals in range(30):  # noqa: B007 - read by `killed`
        shutil.rmtree(tmp_path / "out.partial", ignore_errors=True)
        shutil.copytree(kept, tmp_path / "out.partial")
        removed.clear()
        monkeypatch.setattr(Path, "unlink", killed)
        try:
            run(tiny, ArrayImages(), out, 0)
        except KeyboardInterrupt:
            monkeypatch.undo()
            same(run(tiny, ArrayImages(), out, 0)["mix"], whole["mix"])
            assert not (tmp_path / "out.partial").exists()
        else:
            break
    assert removals > 3 and not (tmp_path / "out.partial").exists()


def hold(out: Path, ready: Any, done: Any) -> None:
    with locked(out):
        ready.set()
        done.wait(60)


def test_a_second_run_is_told_who_holds_the_place(tiny: TinyNet, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path / "out", ready, done))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(SavedError, match=rf"process {other.pid} on .* since '20"):
            run(tiny, ArrayImages(), tmp_path / "out")
        with pytest.raises(SavedError, match=rf"process {other.pid}"):
            run(tiny, ArrayImages(), tmp_path / "." / "x" / ".." / "out")
    finally:
        done.set()
        other.join()
    found = run(tiny, ArrayImages(), tmp_path / "out")
    assert found.images == 9 and os.listdir(tmp_path) == ["out"]


def test_two_threads_save_into_one_place(tiny: TinyNet, tmp_path: Path) -> None:
    found, errors = run(tiny, ArrayImages(), tmp_path / "made"), []

    def save() -> None:
        for _ in range(5):
            try:
                found.save(tmp_path / "out")
            except SavedError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=save) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(Dissection.load(tmp_path / "out")["mix"], found["mix"])
    assert all("another thread of this process" in error for error in errors)
    assert sorted(os.listdir(tmp_path)) == ["made", "out"]
