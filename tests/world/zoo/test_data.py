"""Data sets of the zoo: drawn once, resumed, the same by any number of processes; splits that never meet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from dissect_widgets.errors import ConceptError, SettingError
from dissect_widgets.world.captions import decode
from dissect_widgets.world.rendering import render, render_object
from dissect_widgets.world.scenery.vocabulary import SCENES
from dissect_widgets.world.zoo import data
from dissect_widgets.world.zoo.drawing import Arrays, Source, draw


def few(offset: int, split: str, piece: int) -> Arrays:
    """Three rows of numbers."""
    rows = np.arange(3 * piece, 3 * piece + 3) + offset + 100 * (split == "val")
    return {"numbers": rows, "squares": np.stack([rows**2] * 2, 1).astype(np.float32)}


def sample(offset: int, split: str) -> Arrays:
    return {name: rows[:1] for name, rows in few(offset, split, 0).items()}


def source(offset: int = 0) -> Source:
    return Source("few", partial(few, offset), partial(sample, offset), {"train": 5, "val": 2}, 3)


def both(offset: int = 0) -> Sequence[tuple[Source, str]]:
    return [(source(offset), "train"), (source(offset), "val")]


def test_it_is_drawn_once_and_resumed(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    draw(both(), tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (21, 21) and len(steps) == 7
    arrays = source().arrays(tmp_path, "val")
    assert arrays["numbers"].tolist() == list(range(100, 106)) and arrays["squares"].shape == (6, 2)
    draw(both(), tmp_path, progress=lambda done, total: pytest.fail("nothing is missing"))
    note = source().place(tmp_path, "train") / "about.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"done": [0, 3]}))
    steps.clear()
    draw(both(), tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert [done for done, _ in steps] == [15, 18, 21]
    assert source().arrays(tmp_path, "train")["numbers"].tolist() == list(range(15))


def test_it_is_drawn_anew_when_it_changes(tmp_path: Path) -> None:
    draw(both(), tmp_path)
    assert source(0).digest("val") != source(7).digest("val") != source(7).digest("train")
    draw(both(7), tmp_path)
    assert source().arrays(tmp_path, "train")["numbers"].tolist() == list(range(7, 22))


@pytest.mark.slow
def test_several_processes_draw_the_same(tmp_path: Path) -> None:
    draw(both(), tmp_path / "one")
    draw(both(), tmp_path / "two", workers=2)
    for split in ("train", "val"):
        one, two = (source().arrays(tmp_path / name, split) for name in ("one", "two"))
        assert all((one[name] == two[name]).all() for name in one)


def test_scenes_and_objects_are_the_pictures_of_the_world() -> None:
    scenes = data.DATA_SETS["scenes"].source.sample("val")
    objects = data.DATA_SETS["objects"].source.sample("train")
    first = data.SEEDS["val"]
    assert (scenes["images"][4].transpose(1, 2, 0) == render(SCENES[4], first, 96).image).all()
    assert scenes["targets"].tolist() == list(range(6))
    assert (objects["images"][2].transpose(1, 2, 0) == render_object("boat", 0, 96).image).all()
    assert all(decode(tokens) for five in scenes["tokens"] for tokens in five)


@pytest.mark.parametrize("name", ["pairs", "clips"])
def test_pairs_and_clips_have_what_they_need(name: str) -> None:
    arrays = data.DATA_SETS[name].source.sample("train")
    again = data.DATA_SETS[name].source.sample("train")
    assert all((arrays[key] == again[key]).all() for key in arrays)
    if name == "pairs":
        assert arrays["images"].shape == (6, 2, 3, 96, 96) and arrays["motion"].dtype == np.float32
        assert arrays["motion_classes"].min() >= 0 and arrays["motion_classes"].max() < data.BINS
        return
    assert arrays["images"].shape == (6, 4, 3, 96, 96) and arrays["moved"].shape == (6, 48, 48)
    boxes = arrays["boxes"].astype(int)
    assert (boxes[..., 2:] - boxes[..., :2] == data.PATCH).all() and boxes.min() >= 0 and boxes.max() <= 96


def test_unknown_names_and_splits(tmp_path: Path) -> None:
    with pytest.raises(ConceptError, match=r"no data set 'scene'.*'scenes'"):
        data.load("scene", tmp_path)
    with pytest.raises(SettingError, match=r"split is 'test'"):
        data.load("scenes", tmp_path, "test")
