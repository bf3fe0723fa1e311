"""Dissections on disk: what comes back, and what is refused."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissect_widgets import dissect, load
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.errors import SavedError, StorageError
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet


def contents(folder: Path) -> dict[str, bytes]:
    """Files of a folder, at any depth."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> Dissection:
    images.names[2] = "<b>two</b>.jpg"
    return dissect(
        tiny, ["pool", "mix"], images, level=(0.2, 0.05), settings=Settings(exemplars=3), progress=False
    )


def test_what_is_saved_comes_back(dissection: Dissection, tmp_path: Path) -> None:
    again = load(dissection.save(tmp_path / "deep" / "run"))
    for field in set(Dissection.__slots__) - {"layers", "images_in_category"}:
        assert getattr(again, field) == getattr(dissection, field), field
    assert (again.images_in_category == dissection.images_in_category).all()
    for layer, saved in zip(dissection.layers, again.layers, strict=True):
        for field in LayerDissection.__slots__:
            one, other = getattr(layer, field), getattr(saved, field)
            if isinstance(one, np.ndarray):
                assert one.dtype == other.dtype and (one == other).all() and not other.flags.writeable
            else:
                assert one == other
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run"], "nothing is left beside it"


def test_saving_replaces_a_dissection_and_nothing_else(dissection: Dissection, tmp_path: Path) -> None:
    dissection.save(tmp_path / "run")
    dissection.save(tmp_path / "run")
    assert load(tmp_path / "run").images == 9
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "monday.txt").write_text("dear diary")
    with pytest.raises(SavedError, match="diary holds files that are not a dissection"):
        dissection.save(tmp_path / "diary")
    with pytest.raises(SavedError, match=r"monday\.txt' is a file"):
        dissection.save(tmp_path / "diary" / "monday.txt")
    assert (tmp_path / "diary" / "monday.txt").read_text() == "dear diary"


def test_a_dissection_that_cannot_be_replaced_stays(
    dissection: Dissection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dissection.save(tmp_path / "run")
    before = contents(tmp_path)

    def fails(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(SavedError, match=r"dissection\.json could not be written: Permission denied"):
        replace(dissection, model="another").save(tmp_path / "run")
    monkeypatch.undo()
    assert contents(tmp_path) == before and load(tmp_path / "run").model == dissection.model


def test_a_place_that_cannot_be_used_is_said_before_the_work(
    tiny: TinyNet, images: ArrayImages, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("x")
    read: list[int] = []
    images.__class__ = type("Watched", (ArrayImages,), {"__getitem__": lambda self, i: read.append(i)})
    with pytest.raises(SavedError, match="is a file"):
        dissect(tiny, "mix", images, out=tmp_path / "mine", progress=False)
    assert not read


def test_a_full_disk_leaves_what_was_there(
    dissection: Dissection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dissection.save(tmp_path / "run")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = contents(tmp_path)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="The disk is full"):
        replace(dissection, model="another").save(tmp_path / "run")
    monkeypatch.undo()
    assert contents(tmp_path) == before
    assert load(tmp_path / "run").images == 9
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_incomplete_damaged_and_foreign_folders(dissection: Dissection, tmp_path: Path) -> None:
    with pytest.raises(SavedError, match="does not hold a dissection"):
        load(tmp_path)
    folder = dissection.save(tmp_path / "run")
    (layer,), (common,) = folder.glob("layer-1.*"), folder.glob("common.*")
    layer.rename(folder / "elsewhere")
    with pytest.raises(SavedError, match=r"incomplete: layer-1\.[0-9a-f]{16}\.safetensors is missing"):
        load(folder)
    (folder / "elsewhere").rename(layer)
    content = common.read_bytes()
    common.write_bytes(content[:-3])
    with pytest.raises(SavedError, match=r"common\..*safetensors is damaged: it has \d+ bytes"):
        load(folder)
    common.write_bytes(b"\xff" * len(content))
    with pytest.raises(SavedError, match="is damaged: its digest"):
        load(folder)
    common.write_bytes(content)
    about = json.loads((folder / "dissection.json").read_text())
    (folder / "dissection.json").write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(SavedError, match=r"written in format 99, .* reads formats 1 and 2"):
        load(folder)
    (folder / "dissection.json").write_text(json.dumps(about)[:100])
    with pytest.raises(SavedError, match=r"dissection\.json is damaged"):
        load(folder)


def test_frame_has_a_row_for_each_unit(dissection: Dissection) -> None:
    frame = dissection.to_frame()
    assert len(frame) == 4 + 5 and frame["layer"].tolist() == ["pool"] * 4 + ["mix"] * 5
    layer = dissection["mix"]
    iou = layer.iou()
    row = frame.iloc[4 + 2]
    assert row["iou"] == iou[2].max()
    assert row["concept"] == dissection.vocabulary[int(iou[2].argmax())].name
    assert row["exemplar"] == dissection.names[layer.exemplar_image[2, 0]]
    assert row["detector"] == (iou[2].max() > 0.04)
    assert (dissection.to_frame(level=0.05)["threshold"] >= frame["threshold"]).all()


def test_results_are_frozen(dissection: Dissection) -> None:
    with pytest.raises(AttributeError):
        dissection.model = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        dissection["mix"].threshold[0, 0] = 0


def test_unknown_layer_level_category_concept(dissection: Dissection) -> None:
    with pytest.raises(LookupError, match=r"'mixx' was not dissected.*'mix'"):
        dissection["mixx"]
    layer = dissection["mix"]
    with pytest.raises(ValueError, match=r"level 0\.3 was not computed.*0\.2"):
        layer.iou(level=0.3)
    with pytest.raises(ValueError, match=r"no category 'objekt'.*'object'"):
        layer.detectors(category="objekt")
    with pytest.raises(LookupError, match=r"no concept 'thing9'.*'thing 3'"):
        layer.detectors("thing9")
    with pytest.raises(ValueError, match=r"denominator is 'al'.*'all'"):
        layer.iou(denominator="al")  # type: ignore[arg-type]


def test_detectors_and_counts_by_hand(dissection: Dissection) -> None:
    layer = dissection["mix"]
    for denominator in ("all", "category"):
        for level in (0.2, 0.05):
            iou = layer.iou(level=level, denominator=denominator)  # type: ignore[arg-type]
            names = [c.category for c in dissection.vocabulary]
            top = [max(range(1, 8), key=lambda c, u=u: (iou[u, c], -c)) for u in range(5)]  # type: ignore[misc]
            limit = float(np.median(iou.max(1)))
            options: dict[str, Any] = {"min_iou": limit, "level": level, "denominator": denominator}
            strong = [u for u in range(5) if iou[u, top[u]] > limit]
            assert layer.detectors(**options).tolist() == sorted(strong, key=lambda u: (-iou[u, top[u]], u))
            counts = layer.count_detectors(**options)
            for category in ("object", "material", "scene"):
                own = [top[u] for u in strong if names[top[u]] == category]
                assert counts[category] == (len(own), len(set(own)))
            assert counts["all"] == (len(strong), len({top[u] for u in strong}))
            assert sum(layer.unique_detectors(**options).values()) == len(strong)
            by_category = layer.count_detectors(convention="category", **options)
            members = [c for c in range(8) if names[c] == "material"]
            best = [max(members, key=lambda c, u=u: (iou[u, c], -c)) for u in range(5)]  # type: ignore[misc]
            hits = [best[u] for u in range(5) if iou[u, best[u]] > limit]
            assert by_category["material"] == (len(hits), len(set(hits)))
            assert by_category["all"].detectors == len(strong)
