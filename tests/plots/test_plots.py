"""Figures say what the result says."""

from __future__ import annotations

from typing import Any

import pytest

from dissect_widgets import Concept, Dissection, Vocabulary, dissect
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.concepts import concept_bars
from dissect_widgets.plots.layers import layer_bars
from dissect_widgets.plots.layers_and_concepts import overview
from dissect_widgets.plots.theme import CATEGORY_COLORS, category_color
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet

MIN_IOU = 0.02


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> Dissection:
    names = ["<b>bold</b>", "thing & co", "tree", "tree-top", "snow", "tree", "nowhere"]
    categories = ["object", "object", "object", "part", "material", "material", "scene"]
    images.vocabulary = Vocabulary(map(Concept, names, categories))
    return dissect(tiny, ["stem", "pool", "mix"], images, level=(0.2, 0.05), progress=False)


def plain(label: str) -> str:
    return label.replace("&lt;", "<").replace("&amp;", "&")


@pytest.mark.parametrize("level", [0.2, 0.05])
def test_concept_bars(dissection: Dissection, level: float) -> None:
    layer = dissection["mix"]
    bars = concept_bars(layer, min_iou=MIN_IOU, level=level)
    unique = layer.unique_detectors(min_iou=MIN_IOU, level=level)
    assert unique
    shown: dict[Concept, int] = {}
    for trace in bars.data:
        category = next(c.category for c in unique if trace.name.startswith(f"{c.category} ("))
        assert trace.marker.color == CATEGORY_COLORS[category]
        assert list(trace.y) == sorted(trace.y, reverse=True)
        shown |= {
            Concept(name, category): count for name, count in zip(trace.customdata, trace.y, strict=True)
        }
        assert [plain(x).removesuffix(f" ({category})") for x in trace.x] == list(trace.customdata)
    assert shown == unique
    total = sum(unique.values())
    assert bars.layout.title.text == f"mix: {total} detectors of {len(unique)} concepts"


@pytest.mark.parametrize("count", ["detectors", "unique"])
@pytest.mark.parametrize("convention", ["top", "category"])
def test_layer_bars(dissection: Dissection, count: Any, convention: Any) -> None:
    bars = layer_bars(dissection, count=count, convention=convention, min_iou=MIN_IOU)
    assert bars.layout.barmode == "stack"
    for category in dissection.vocabulary.categories:
        expected = [
            getattr(layer.count_detectors(convention=convention, min_iou=MIN_IOU)[category], count)
            for layer in dissection.layers
        ]
        traces = [trace for trace in bars.data if trace.name == category]
        if any(expected):
            assert [list(t.y) for t in traces] == [expected]
            assert [list(pair) for pair in traces[0].customdata] == [
                [n, category] for n in dissection.layer_names
            ]
        else:
            assert not traces
    with pytest.raises(SettingError, match=r"count is 'uniqe'.*'unique'"):
        layer_bars(dissection, count="uniqe")  # type: ignore[arg-type]


def test_overview_has_both(dissection: Dissection) -> None:
    both = overview(dissection, "mix", min_iou=MIN_IOU)
    above = layer_bars(dissection, min_iou=MIN_IOU)
    below = concept_bars(dissection["mix"], min_iou=MIN_IOU)
    assert [list(t.y) for t in both.data if t.meta == "layers"] == [list(t.y) for t in above.data]
    assert [list(t.y) for t in both.data if t.meta == "concepts"] == [list(t.y) for t in below.data]
    assert {t.xaxis for t in both.data if t.meta == "concepts"} == {"x2"}
    assert both.layout.yaxis.domain[0] > both.layout.yaxis2.domain[1]


def test_names_are_text(dissection: Dissection) -> None:
    for figure in (concept_bars(dissection["mix"], min_iou=0), overview(dissection, "mix", min_iou=0)):
        labels = [x for trace in figure.data for x in trace.x]
        assert not any("<" in label for label in labels)
    escaped = [x for trace in concept_bars(dissection["mix"], min_iou=-1).data for x in trace.x]
    assert any("&lt;b&gt;" in x or "&amp;" in x for x in escaped)


def test_categories_beyond_the_papers_have_colors() -> None:
    categories = ["object", "mood", "weather", "season", "smell"]
    colors = [category_color(c, categories) for c in categories]
    assert len(set(colors[:4])) == 4 and colors[4] == colors[1]
