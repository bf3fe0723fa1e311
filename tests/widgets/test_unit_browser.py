"""The unit browser without a page: traits, what is allowed, and what it answers."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from traitlets import TraitError

from dissect_widgets import Dissection, LayerComparison, UnitBrowser, dissect
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.widgets.unit_browser.data import UnitData, shrink
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet
from tests.widgets.messages import ask


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> Dissection:
    return dissect(
        tiny, ["pool", "mix"], images, level=(0.2, 0.05), settings=Settings(exemplars=3), progress=False
    )


@pytest.fixture
def browser(dissection: Dissection) -> UnitBrowser:
    return UnitBrowser(dissection)


def test_traits_and_what_is_allowed(browser: UnitBrowser) -> None:
    assert (browser.layer, browser.unit, browser.min_iou, browser.sort) == ("mix", None, 0, "iou")
    browser.unit = 4
    with pytest.raises(TraitError, match="unit is 5; mix has units 0 to 4"):
        browser.unit = 5
    with pytest.raises(TraitError, match="compare is -1"):
        browser.compare = -1
    with pytest.raises(TraitError, match=r"layer is 'mixx'.*'mix'"):
        browser.layer = "mixx"
    with pytest.raises(TraitError, match=r"category is 'objects'.*'object'"):
        browser.category = "objects"
    with pytest.raises(TraitError, match=r"sort is 'iuo'.*'iou'"):
        browser.sort = "iuo"
    with pytest.raises(TraitError):
        browser.min_iou = 1.5
    assert (browser.layer, browser.unit, browser.category, browser.sort) == ("mix", 4, "", "iou")
    with pytest.raises(TypeError, match="unexpected keyword"):
        UnitBrowser(browser.dissection, unitt=3)  # type: ignore[call-arg]


def test_selection_is_observable_and_resets_what_hangs_on_it(browser: UnitBrowser) -> None:
    seen: list[Any] = []
    browser.observe(lambda change: seen.append((change.name, change.new)), ["unit", "threshold"])
    browser.unit = 2
    browser.threshold = 0.7
    browser.unit = 3
    assert browser.threshold is None
    browser.layer = "pool"
    assert browser.unit is None and browser.compare is None
    assert seen == [("unit", 2), ("threshold", 0.7), ("threshold", None), ("unit", 3), ("unit", None)]


def test_first_values(dissection: Dissection) -> None:
    browser = UnitBrowser(
        dissection, layer="pool", unit=1, category="object", min_iou=0.1, query="th", sort="max_activation"
    )
    assert (browser.layer, browser.unit, browser.category) == ("pool", 1, "object")
    assert (browser.min_iou, browser.query, browser.sort) == (0.1, "th", "max_activation")


@pytest.mark.parametrize("level", [0.2, 0.05])
@pytest.mark.parametrize("denominator", ["all", "category"])
def test_columns_are_those_of_the_result(dissection: Dissection, level: float, denominator: Any) -> None:
    data, start = UnitData(dissection, level=level, denominator=denominator), 0
    raw, about = data.columns(), data.about()
    for layer, described in zip(dissection.layers, about["layers"], strict=True):
        best = layer.best(level=level, denominator=denominator)
        expected = [
            best.concept,
            best.iou,
            layer.threshold[layer.levels.index(level)],
            layer.lowest,
            layer.highest,
        ]
        assert described["units"] == layer.units and described["level"] == level
        for number, column in enumerate(expected):
            kind = "<i4" if number == 0 else "<f4"
            assert (np.frombuffer(raw, kind, layer.units, start) == column.astype(kind)).all()
            start += 4 * layer.units
        assert all(tuple(about["concepts"][int(c)]) == dissection.vocabulary[int(c)] for c in best.concept)
    assert start == len(raw)


def test_answers_units(browser: UnitBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    content, buffers = ask(browser, monkeypatch, kind="units", layer=1, units=[3, 0], count=2)
    layer = browser.dissection["mix"]
    for unit, described, maps in zip([3, 0], content["units"], buffers, strict=True):
        assert described["images"] == layer.exemplar_image[unit, :2].tolist()
        assert described["max_activations"] == pytest.approx(layer.exemplar_peak[unit, :2], abs=1e-4)
        assert maps == layer.exemplar_map[unit, :2].tobytes()


def test_answers_detail(browser: UnitBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    content, (maps, *pictures) = ask(browser, monkeypatch, kind="detail", layer=1, unit=2)
    layer = browser.dissection["mix"]
    assert maps == layer.exemplar_map[2].tobytes() and "maps" not in content
    assert content["images"] == layer.exemplar_image[2].tolist()
    assert pictures == [browser.dissection.thumbnails[i] for i in content["images"]]
    iou = layer.iou()[2]
    expected = sorted(((float(iou[c]), -c) for c in range(8) if iou[c] > 0), reverse=True)
    assert [name for name, _, _ in content["concepts"]] == [layer.vocabulary[-c].name for _, c in expected]
    assert [value for *_, value in content["concepts"]] == pytest.approx([v for v, _ in expected], abs=1e-5)
    assert content["histogram"] == layer.histogram[2].tolist() and content["area"] == layer.area[0, 2]
    assert content["names"] == [f"photo {i}.jpg" for i in layer.exemplar_image[2]]


def test_answers_pictures(browser: UnitBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    image = int(browser.dissection["mix"].exemplar_image[0, 0])
    _, (small,) = ask(browser, monkeypatch, kind="images", images=[image], side=14)
    assert Image.open(io.BytesIO(small)).size == (14, 10)
    _, (whole,) = ask(browser, monkeypatch, kind="images", images=[image], side=28)
    assert whole == browser.dissection.thumbnails[image]


@pytest.mark.parametrize(
    "question",
    [
        {"kind": "weather"},
        {"kind": "images", "images": [99], "side": 9},
        {},
        {"kind": "detail", "layer": 7, "unit": 0},
        {"kind": "detail", "layer": -1, "unit": 0},
        {"kind": "detail", "layer": 0, "unit": 4},
        {"kind": "units", "layer": 1, "units": [5], "count": 1},
        {"kind": "units", "layer": 1, "units": [-1], "count": 1},
        {"kind": "units", "layer": 1, "units": [0] * 257, "count": 1},
        {"kind": "units", "layer": 1, "units": [0], "count": 10**9},
        {"kind": "images", "images": [0] * 10**5, "side": 9},
        {"kind": "images", "images": [True], "side": 9},
        {"kind": "images", "images": [0], "side": 1e9},
        {"kind": "images", "images": [0], "side": 0},
        {"kind": "images", "images": [0], "side": 9, "layer": 0},
    ],
)
def test_errors_are_answers_too(browser: UnitBrowser, monkeypatch: pytest.MonkeyPatch, question: Any) -> None:
    content, buffers = ask(browser, monkeypatch, **question)
    assert content["error"] and not buffers


def test_an_answer_ends_when_it_is_large_and_goes_on_there(
    browser: UnitBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = ask(browser, monkeypatch, kind="detail", layer=1, unit=2)
    monkeypatch.setattr("dissect_widgets.widgets.shared.messages.ENOUGH_BYTES", 1)
    units, maps = ask(browser, monkeypatch, kind="units", layer=1, units=[3, 0], count=2)
    assert len(units["units"]) == len(maps) == 1
    pieces = [ask(browser, monkeypatch, kind="detail", layer=1, unit=2, first=n) for n in range(3)]
    assert b"".join(buffers[0] for _, buffers in pieces) == parts[0]
    assert [buffers[1] for _, buffers in pieces] == parts[1:]
    for name in ("images", "max_activations", "names"):
        assert [content[name][0] for content, _ in pieces] == whole[name]
    assert {content["total"] for content, _ in pieces} == {3}
    assert ask(browser, monkeypatch, kind="detail", layer=1, unit=2, first=3)[0]["images"] == []


def test_a_large_picture_is_shrunk_and_stays_itself() -> None:
    ramp = np.linspace(0, 255, 300)[None, :, None].repeat(200, 0).repeat(3, 2).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, "JPEG", quality=95)
    small = np.asarray(Image.open(io.BytesIO(shrink(buffer.getvalue(), 60))), float)
    assert small.shape == (40, 60, 3)
    assert np.abs(small[:, :, 0] - np.linspace(2, 253, 60)).max() < 8


def test_few_bytes_are_sent_when_it_is_made(browser: UnitBrowser) -> None:
    state = browser.get_state()
    code = len(state.pop("_esm")) + len(state.pop("_css"))
    assert code < 60_000
    assert (
        sum(len(value) if isinstance(value, bytes) else len(str(value)) for value in state.values()) < 3_000
    )


def test_layer_comparison_follows_and_opens(dissection: Dissection) -> None:
    comparison = LayerComparison(dissection, min_iou=0.02)
    assert (comparison.layer, comparison.count) == ("mix", "unique")
    heights = [list(trace.y) for trace in comparison._bars.data]
    comparison.count = "detectors"
    assert [list(trace.y) for trace in comparison._bars.data] != heights
    with pytest.raises(TraitError, match=r"count is 'uniq'.*'unique'"):
        comparison.count = "uniq"
    bar = next(trace for trace in comparison._bars.data if trace.meta == "layers" and trace.name == "object")
    at = [list(pair) for pair in bar.customdata].index(["pool", "object"])
    comparison._clicked(bar, type("Points", (), {"point_inds": [at]}), None)
    assert comparison.layer == "pool" and comparison.browser in comparison._below.children
    assert (comparison.browser.layer, comparison.browser.category, comparison.browser.min_iou) == (
        "pool",
        "object",
        0.02,
    )
    concept = next(trace for trace in comparison._bars.data if trace.meta == "concepts")
    comparison._clicked(concept, type("Points", (), {"point_inds": [0]}), None)
    assert comparison.browser.query == concept.customdata[0] and comparison.browser.category == ""


def test_layer_comparison_uses_a_browser_that_is_there(dissection: Dissection, browser: UnitBrowser) -> None:
    comparison = LayerComparison(dissection, browser=browser)
    comparison.open_units("pool", category="material")
    assert (browser.layer, browser.category) == ("pool", "material")
    assert not comparison._below.children


def test_nothing_is_made_when_it_is_imported() -> None:
    import subprocess
    import sys

    code = "import ipywidgets, dissect_widgets.widgets.unit_browser.unit_browser\n"
    code += "import dissect_widgets.widgets.comparison.layer_comparison\n"
    code += "from ipywidgets import Widget\nprint(len(Widget.widgets) if hasattr(Widget, 'widgets') else 0)"
    printed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "0"
