"""The sample leaves files of others alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_widgets.datasets import MaskFolder, write_sample
from dissect_widgets.errors import SavedError


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_sample_is_written_again(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "set", images=2)
    first = contents(folder)
    (folder / "notes.txt").write_text("mine")
    assert write_sample(folder, images=2) == folder == tmp_path / "set"
    assert contents(folder) == first | {"notes.txt": b"mine"}
    write_sample(folder, images=3, seed=2)
    assert len(MaskFolder(folder / "images", folder / "masks", folder / "classes.csv")) == 3


@pytest.mark.parametrize("name", ["images/0.jpg", "masks/me.png", "classes.csv", "scenes.csv", "images"])
def test_files_of_others_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(SavedError, match="not of a sample"):
        write_sample(tmp_path, images=2)
    assert contents(tmp_path) == {name: b"mine"}


def test_a_folder_with_other_files_may_get_a_sample(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write_sample(tmp_path, images=1)
    assert (tmp_path / "notes.txt").read_text() == "mine" and (tmp_path / "images" / "0.jpg").exists()
