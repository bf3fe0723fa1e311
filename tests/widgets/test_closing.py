"""A closed widget leaves nothing: no widget, no object, no thread, no timer, no observer of another one."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances as live
from torch import nn

import dissect_widgets as dw
from dissect_widgets.errors import LayerError
from tests.core.ablation.networks import Images
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet
from tests.widgets.painted import small_painter

Makers = dict[str, Callable[[], Any]]


@pytest.fixture
def makers(tiny: TinyNet, images: ArrayImages, net: nn.Module, data: Images) -> Makers:
    dissection = dw.dissect(tiny, ["pool", "mix"], images, level=0.2, progress=False)
    classifier = dw.ClassifierData(net, data)
    importance = dw.rank_units(classifier, "conv", progress=False)

    def comparison() -> dw.LayerComparison:
        made = dw.LayerComparison(dissection)
        made.open_units("pool", category="object")
        return made

    return {
        "browser": lambda: dw.UnitBrowser(dissection, unit=1),
        "explorer": lambda: dw.AblationExplorer(classifier, importance, progress=False),
        "attack": lambda: dw.AttackDiff(classifier, "conv"),
        "comparison": comparison,
        "painter": small_painter,
    }


@pytest.mark.parametrize("name", ["browser", "explorer", "attack", "comparison", "painter"])
def test_nothing_is_left(makers: Makers, name: str) -> None:
    before, threads = set(live), threading.active_count()
    others = [one for one in gc.get_objects() if isinstance(type(one), type(ipywidgets.Widget))]
    widget = makers[name]()
    assert len(set(live) - before) >= 2, "it and its layout"
    kind = type(widget)
    widget.close()
    widget.close()
    assert set(live) == before and threading.active_count() == threads
    del widget
    gc.collect()
    known = set(map(id, others))  # which a test before this one has left, perhaps by a traceback
    assert not [one for one in gc.get_objects() if type(one) is kind and id(one) not in known]


def test_objects_of_a_comparison_are_given_back(makers: Makers) -> None:
    makers["comparison"]().close()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(3):
        makers["comparison"]().close()
    gc.collect()
    assert len(gc.get_objects()) - before < 150, "it was a thousand for each"


def test_what_was_given_stays_open(makers: Makers) -> None:
    browser = makers["browser"]()
    layout = ipywidgets.Layout(width="500px")
    comparison = dw.LayerComparison(browser.dissection, browser=browser)
    comparison.layout = browser.layout = layout
    comparison.close()
    assert browser.comm is not None and layout.comm is not None
    browser.unit = 2
    browser.close()
    assert layout.comm is None


def test_a_running_attack_ends(makers: Makers) -> None:
    diff = makers["attack"]()
    diff.method = dw.CarliniWagner(steps=100_000, searches=9, abort_early=False)
    diff.start()
    diff.close()
    assert not diff.running and diff.comm is None


def test_a_widget_that_could_not_be_made_leaves_nothing(net: nn.Module, data: Images) -> None:
    before = set(live)
    with pytest.raises(LayerError):
        dw.AttackDiff(dw.ClassifierData(net, data), "no such layer")
    with pytest.raises(TypeError):
        dw.AttackDiff(dw.ClassifierData(net, data), "conv", no_such=1)
    gc.collect()
    assert set(live) == before
