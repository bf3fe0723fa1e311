"""The painter from Python: its pictures, its history, its files, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from traitlets import TraitError

import dissect_widgets as dw
from dissect_widgets.errors import ConceptError, LayerError, SavedError, SettingError
from dissect_widgets.widgets.neuron_painter.coverage import Coverage
from tests.widgets.messages import ask
from tests.widgets.painted import Lightness, small_dissection, small_generator, small_painter


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


def expected(painter: dw.NeuronPainter, generator: Any) -> np.ndarray:
    """Picture of the edits by a hook and a full pass, with masks and levels put together by hand."""

    def change(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        maps = output.clone()
        for edit in painter.edits:
            if edit["on"]:
                mask = Coverage((8, 8), (16, 16), edit["brush"]).add(edit["points"]).mask() * edit["share"]
                for unit, level in zip(edit["units"], edit["level"], strict=True):
                    maps[0, unit] = maps[0, unit] * (1 - torch.tensor(mask)) + level * torch.tensor(mask)
        return maps

    handle = generator.layer4.register_forward_hook(change)
    with torch.no_grad():
        output = generator(dw.latents(1, painter.seed, latent_dim=7))[0]
    handle.remove()
    return ((output + 1) / 2).clamp(0, 1).mul(255).permute(1, 2, 0).numpy()


def test_strokes_edit_the_picture_one_after_another() -> None:
    painter = small_painter(seed=11)
    generator = small_generator()
    assert np.abs(pixels(painter.image) - expected(painter, generator)).max() <= 0.51
    assert (pixels(painter.image) == pixels(painter.original)).all()
    painter.brush = 0.3
    painter.paint([(0.2, 0.2), (0.6, 0.3)])
    painter.mode, painter.strength, painter.brush = "erase", 0.6, 0.5
    painter.paint([(0.5, 0.6)])
    assert np.abs(pixels(painter.image) - expected(painter, generator)).max() <= 0.51
    assert np.abs(pixels(painter.image) - pixels(painter.original)).max() > 20
    first, second = painter.edits
    paint = painter.palette[painter.concept]
    assert first["units"] == list(paint.units[:3]) and first["level"] == list(paint.level[:3])
    assert second["level"] == [0, 0, 0] and (first["share"], second["share"]) == (1, 0.6)
    painter.strength = 1.25
    painter.paint([(0.9, 0.2)])
    third = painter.edits.pop()
    assert third["level"] == pytest.approx([-0.25 * level for level in paint.level[:3]])
    assert third["share"] == 1
    painter.undo()
    painter.edits = [{**first, "on": False}, second]
    assert np.abs(pixels(painter.image) - expected(painter, generator)).max() <= 0.51
    drawn = dw.edit(generator, dw.latents(1, painter.seed, latent_dim=7), painter.as_edits())[0]
    assert np.abs(drawn.mul(255).permute(1, 2, 0).numpy() - expected(painter, generator)).max() <= 0.51
    assert len(painter.as_edits()) == 1
    painter.seed = 5
    assert np.abs(pixels(painter.image) - expected(painter, generator)).max() <= 0.51


def test_units_come_by_their_iou_and_levels_are_thresholds() -> None:
    painter = small_painter(concepts=["dusk", ("day", "part"), ("day", "object")], n=4)
    assert list(painter.palette) == ["dusk", "day (part)", "day (object)"]
    layer = painter.layer
    column = layer.vocabulary.index("dusk", "object")
    iou = [
        layer.intersection[0, u, column]
        / (layer.area[0, u] + layer.concept_area[column] - layer.intersection[0, u, column])
        for u in range(5)
    ]
    order = sorted(range(5), key=lambda unit: -iou[unit])
    painter.strength = 2.5
    painter.paint([(0.5, 0.5)])
    assert painter.edits[0]["units"] == order[:4]
    assert painter.edits[0]["level"] == pytest.approx([2.5 * layer.threshold[0, unit] for unit in order[:4]])


def test_the_palette_shows_objects_and_parts_that_units_match() -> None:
    painter = small_painter()
    best = painter.layer.iou().max(0)
    names = [entry["name"] for entry in painter._palette]
    assert names == list(painter.palette) and painter.concept == names[0]
    ious = [best[painter.layer.vocabulary.index(*paint.concept)] for paint in painter.palette.values()]
    assert ious == sorted(ious, reverse=True) and min(ious) > 0.04
    assert all(entry["thumb"].startswith("data:image/jpeg;base64,") for entry in painter._palette)


def test_undo_redo_and_reset() -> None:
    painter = small_painter()
    start = painter._image
    painter.paint([(0.3, 0.3)])
    one = painter._image
    painter.paint([(0.7, 0.7)])
    two = painter._image
    assert start != one != two
    painter.undo()
    assert painter._image == one and len(painter.edits) == 1
    painter.undo()
    painter.undo()  # nothing is left
    assert painter._image == start and painter._can == {"undo": False, "redo": True}
    painter.redo()
    painter.redo()
    assert painter._image == two and painter._can == {"undo": True, "redo": False}
    painter.reset()
    assert painter._image == start and painter.edits == []
    painter.undo()
    assert painter._image == two


def test_files_give_the_same_picture_again(tmp_path: Path) -> None:
    painter = small_painter(seed=3)
    painter.paint([(0.3, 0.3), (0.4, 0.9)])
    painter.save_image(tmp_path / "a.png")
    painter.save_edits(tmp_path / "a.json")
    assert (pixels(Image.open(tmp_path / "a.png")) == pixels(painter.image)).all()
    other = small_painter(seed=1)
    other.load_edits(tmp_path / "a.json")
    assert other.seed == 3 and other.edits == painter.edits and other._image == painter._image
    elsewhere = small_painter(layer="layer5")
    with pytest.raises(SavedError, match="another layer"):
        elsewhere.load_edits(tmp_path / "a.json")
    assert elsewhere.edits == [] and elsewhere.seed == 1
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SavedError, match=r"b\.json is damaged"):
        other.load_edits(tmp_path / "b.json")
    assert other.edits == painter.edits


def test_the_page_draws_a_stroke_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = small_painter()

    def page(**question: Any) -> tuple[dict[str, Any], list[bytes]]:
        return ask(painter, monkeypatch, **question)

    brush = {"concept": painter.concept, "mode": "draw", "n": 2, "brush": 0.4, "strength": 1.5}
    start = painter._image
    piece = {"kind": "stroke", "last": False}
    content, buffers = page(**piece, first=True, points=[[0.2, 0.2]], brush=brush)
    assert "error" not in content and painter.edits == [] and painter._image == start
    content, (picture,) = page(**piece, first=False, points=[[0.4, 0.3], [0.7, 0.7]])
    assert bytes(picture) != bytes(buffers[0]) != start
    content, buffers = page(kind="stroke", first=False, last=True, points=[])
    assert not buffers and painter._image == bytes(picture)
    assert painter.n == 2 and painter.edits[0]["points"] == [[0.2, 0.2], [0.4, 0.3], [0.7, 0.7]]
    content, _ = page(kind="stroke", first=False, last=True, points=[])
    assert "interrupted" in content["error"] and len(painter.edits) == 1
    page(kind="switch", index=0, on=False)
    assert painter._image == start
    page(kind="do", what="undo")
    assert painter._image == bytes(picture)
    text = page(kind="save")[0]["text"]
    page(kind="drop", index=0)
    assert painter.edits == []
    page(kind="load", text=text, name="a.json")
    assert painter._image == bytes(picture)
    page(kind="do", what="next")
    assert painter.seed == 2 and len(painter.edits) == 1
    page(kind="seed", seed=9)
    assert painter.seed == 9
    assert "seed" in page(kind="seed", seed=-1)[0]["error"]
    assert "'dance'" in page(kind="dance")[0]["error"]


@pytest.mark.parametrize(
    "changed",
    [
        {"painting": 0},
        {"edits": []},
        {"_image": ""},
        {"n": 99},
        {"n": True},
        {"n": "2"},
        {"brush": 1e308},
        {"brush": float("nan")},
        {"strength": -1.0},
        {"mode": "drew"},
        {"mode": None},
        {"concept": "no such"},
        {"concept": ["day"]},
    ],
)
def test_the_page_sets_traits_of_the_brush_only_and_all_or_none(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    painter = small_painter()
    painter.paint([(0.3, 0.3)])
    before = painter.get_state(), painter.painting
    brush = {"concept": list(painter.palette)[-1], "mode": "erase", "n": 2, "brush": 0.4, "strength": 1.5}
    piece = {"kind": "stroke", "first": True, "last": False, "points": [[0.2, 0.2]]}
    content, buffers = ask(painter, monkeypatch, **piece, brush=brush | changed)
    assert content["error"] and not buffers
    assert (painter.get_state(), painter.painting) == before
    content, buffers = ask(painter, monkeypatch, **piece, brush=brush)
    assert buffers and painter.n == 2 and painter.mode == "erase", "and it goes on"


def test_a_refused_file_changes_nothing(tmp_path: Path) -> None:
    painter = small_painter(seed=3)
    painter.paint([(0.3, 0.3)])
    painter.paint([(0.6, 0.3)])
    painter.undo()
    state = painter.get_state()
    for old, new in (('"on": true', '"on": "false"'), ('"seed": 3', '"seed": 1e308'), ("0.3", "1e308")):
        text = painter.edits_as_text()
        assert old in text
        with pytest.raises(SavedError, match="damaged"):
            painter.load_text(text.replace(old, new), "a.json")
        assert painter.get_state() == state and painter.error == ""
    painter.redo()
    assert len(painter.edits) == 2


def test_a_file_is_one_step_and_drawn_once() -> None:
    painter = small_painter(seed=3)
    painter.paint([(0.3, 0.3)])
    text, image = painter.edits_as_text(), painter._image
    other = small_painter(seed=1)
    other.paint([(0.8, 0.8)])
    drawn: list[int] = []
    draw = other.painting.draw
    other.painting.draw = lambda strokes: drawn.append(1) or draw(strokes)  # type: ignore[method-assign, func-returns-value]
    other.load_text(text, "a.json")
    assert other._image == image and len(drawn) == 2, "without edits, and with them"
    other.undo()
    assert other.edits[0]["points"] == [[0.8, 0.8]] and other.seed == 3


def test_an_interrupt_while_painting_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = small_painter()
    draw = painter.painting.draw

    def interrupted(strokes: Any) -> bytes:
        raise KeyboardInterrupt

    painter.painting.draw = interrupted  # type: ignore[method-assign]
    piece = {"kind": "stroke", "first": True, "last": True, "points": [[0.2, 0.2]]}
    assert "interrupted" in ask(painter, monkeypatch, **piece)[0]["error"]
    painter.painting.draw = draw  # type: ignore[method-assign]
    assert "error" not in ask(painter, monkeypatch, kind="do", what="undo")[0]
    assert painter.error == "" and painter.edits == []


def test_painters_of_one_generator_do_not_mix() -> None:
    generator = small_generator()
    dissection = small_dissection(generator)
    one, two = (dw.NeuronPainter(generator, dissection, layer="layer4", n=3, seed=seed) for seed in (1, 2))
    alone = small_painter(seed=2)
    one.paint([(0.3, 0.3)])
    two.paint([(0.7, 0.7)])
    one.undo()
    alone.paint([(0.7, 0.7)])
    assert two._image == alone._image and two.edits == alone.edits
    assert one.edits == [] and one._image == one._original


def test_what_fails_while_painting_is_said_and_the_edits_stay() -> None:
    painter = small_painter()
    painter.paint([(0.3, 0.3)])
    draw = painter.painting.draw
    painter.painting.draw = lambda strokes: 1 / 0  # type: ignore[method-assign, assignment]
    with pytest.raises(ZeroDivisionError):
        painter.paint([(0.6, 0.6)])
    assert "ZeroDivisionError" in painter.error and len(painter.edits) == 2
    painter.painting.draw = draw  # type: ignore[method-assign]
    painter.mode = "erase"
    painter.paint([(0.6, 0.2)])
    assert painter.error == "" and len(painter.edits) == 3


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", -1, "a whole number from 0 to 4294967295"),
        ("concept", "dask", "dusk"),
        ("mode", "drew", "draw"),
        ("n", 6, "has 5 units"),
        ("brush", 0.0, "brush"),
        ("edits", [{"mode": "draw"}], "`concept`"),
    ],
)
def test_traits_say_what_is_allowed(name: str, value: Any, message: str) -> None:
    painter = small_painter(concepts=["dusk", "night"])
    with pytest.raises(TraitError, match=message):
        setattr(painter, name, value)


def test_what_does_not_fit_together_is_refused() -> None:
    generator = small_generator()
    dissection = small_dissection(generator)
    with pytest.raises(SettingError, match="other weights"):
        dw.NeuronPainter(small_generator(seed=1), dissection)
    with pytest.raises(LayerError, match="layer4"):
        dw.NeuronPainter(generator, dissection, layer="layer44")
    with pytest.raises(ConceptError, match="dusk"):
        dw.NeuronPainter(generator, dissection, concepts=["dask"])
    with pytest.raises(SettingError, match="shape"):
        dw.NeuronPainter(generator, dissection, latent=lambda seed: dw.latents(1, seed, latent_dim=9))
    assert dw.NeuronPainter(generator, dissection).layer.name in ("layer4", "layer5")
    assert Lightness.vocabulary == dissection.vocabulary
