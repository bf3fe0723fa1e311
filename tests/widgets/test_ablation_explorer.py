"""The ablation explorer without a page: traits, what it measures, what it answers."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from traitlets import TraitError

import dissect_widgets as dw
from dissect_widgets.errors import DataError, SettingError
from tests.core.ablation.networks import Images, made, naive
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet
from tests.widgets.messages import ask


@pytest.fixture
def explorer(net: nn.Module, data: Images) -> dw.AblationExplorer:
    importance = dw.rank_units(dw.ClassifierData(net, Images(17)), "conv", progress=False)
    return dw.AblationExplorer(dw.ClassifierData(net, data), importance, progress=False)


def expected(net: nn.Module, data: Images, removed: list[int]) -> np.ndarray:
    return naive(net, "conv", data.images, removed, 1).argmax(1).numpy()


def test_what_is_shown_is_what_the_naive_loop_says(
    explorer: dw.AblationExplorer, net: nn.Module, data: Images
) -> None:
    assert (explorer.class_name, explorer.mode, explorer.n, explorer.units) == ("ant", "remove", 0, [])
    before, truth = expected(net, data, []), np.array(data.targets)
    assert (
        explorer._result["changed_count"] == 0
        and explorer._result["class_accuracy"][0] == explorer._result["class_accuracy"][1]
    )
    explorer.class_name, explorer.units = "gnu", [3, 1]
    for mode, removed in (("remove", [1, 3]), ("keep", [0, 2, 4])):
        explorer.mode = mode
        after = expected(net, data, removed)
        assert (explorer.predicted == after).all()
        own, other = truth == 6, truth != 6
        balanced = [
            ((predicted_classes[own] == 6).mean() + (predicted_classes[other] != 6).mean()) / 2
            for predicted_classes in (before, after)
        ]
        result = explorer._result
        assert result["class_accuracy"] == pytest.approx(balanced)
        assert result["overall_accuracy"] == pytest.approx(
            [(before == truth).mean(), (after == truth).mean()]
        )
        assert result["measured"] == ["gnu", mode, [1, 3]]
        assert sorted(explorer.flipped) == np.flatnonzero(before != after).tolist()
        assert result["changed_count"] == len(explorer.flipped) > 0
        of_class = [data.targets[i] == 6 for i in explorer.flipped]
        assert of_class == sorted(of_class, reverse=True), "its own come first"
        for image, was, now, true in result["changed_images"]:
            names = (data.classes[before[image]], data.classes[after[image]], data.classes[truth[image]])
            assert (was, now, true) == names
        for name, was, now in result["changed_classes"]:
            c = data.classes.index(name)
            assert c != 6 and was != now
            found = [((t[truth == c] == c).mean() + (t[truth != c] != c).mean()) / 2 for t in (before, after)]
            assert [was, now] == pytest.approx(found)


def test_n_follows_the_ranking_and_the_ranking_the_class(explorer: dw.AblationExplorer) -> None:
    importance = explorer.importance
    explorer.n = 2
    assert explorer.units == importance.top_units("ant")[:2].tolist()
    explorer.class_name = "cow"
    assert explorer.n == 2 and explorer.units == importance.top_units("cow")[:2].tolist()
    assert explorer._ranked["units"] == importance.top_units("cow").tolist()
    assert explorer._ranked["loss"][0] == pytest.approx(importance.loss[:, 2].max(), abs=1e-5)
    last = int(importance.top_units("cow")[-1])
    explorer.units = [last]
    assert explorer.n is None
    explorer.class_name = "ant"
    assert explorer.units == [last], "units that were picked by hand stay"
    explorer.units = importance.top_units("ant")[:3][::-1].tolist()
    assert explorer.n == 3
    explorer.n = 0
    assert explorer.units == [] and explorer._result["changed_count"] == 0


def test_each_change_is_measured_once(explorer: dw.AblationExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[int]] = []
    predict = explorer.data.held.predict

    def count(removed: list[int]) -> Any:
        calls.append(removed)
        return predict(removed)

    monkeypatch.setattr(explorer.data.held, "predict", count)
    for change in ({"n": 2}, {"units": [4]}, {"mode": "keep"}, {"class_name": "elk"}, {"n": 2}, {"n": 0}):
        calls.clear()
        for name, value in change.items():
            setattr(explorer, name, value)
        assert len(calls) == 1, change
    for units in (explorer.order[:2].tolist()[::-1], explorer.order[2:].tolist()[::-1]):
        calls.clear()
        explorer.units = units
        assert len(calls) == 1


def test_first_values(net: nn.Module, data: Images) -> None:
    importance = dw.rank_units(dw.ClassifierData(net, data), "conv", progress=False)
    by_n = dw.AblationExplorer(
        dw.ClassifierData(net, data), importance, class_name="elk", mode="keep", n=2, progress=False
    )
    assert by_n.units == importance.top_units("elk")[:2].tolist() and by_n._result["measured"][1] == "keep"
    by_units = dw.AblationExplorer(
        dw.ClassifierData(net, data), importance, class_name="elk", units=[4, 0, 1, 2], progress=False
    )
    assert by_units._result["measured"] == ["elk", "remove", [0, 1, 2, 4]]
    assert "conv: without 4 units" in repr(by_units)


def test_bad_values_are_refused(explorer: dw.AblationExplorer, net: nn.Module, data: Images) -> None:
    with pytest.raises(TraitError, match=r"class_name is 'cwo'. Did you mean 'cow'"):
        explorer.class_name = "cwo"
    with pytest.raises(TraitError, match="'dog'"):  # it has no image
        explorer.class_name = "dog"
    with pytest.raises(TraitError, match=r"mode is 'removed'.*'remove'"):
        explorer.mode = "removed"
    with pytest.raises(TraitError, match="units: 5 does not exist; conv has units 0 to 4"):
        explorer.units = [5]
    with pytest.raises(TraitError, match="duplicated"):
        explorer.units = [1, 1]
    with pytest.raises(TraitError, match="n is 6; conv has 5 units"):
        explorer.n = 6
    assert explorer.units == []
    with pytest.raises(SettingError, match="7 names, but the network has 10"):
        dw.AblationExplorer(dw.ClassifierData(made(Wider), data), explorer.importance, progress=False)


def test_one_class_alone_has_no_balanced_accuracy(net: nn.Module, data: Images) -> None:
    classifier = dw.ClassifierData(net, data, targets=[2] * len(data))
    importance = dw.rank_units(classifier, "conv", progress=False)
    with pytest.raises(DataError, match="two or more classes"):
        dw.AblationExplorer(classifier, importance, progress=False)


class Wider(nn.Module):
    """More classes than the ranking's network."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.conv.weight.data.fill_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x).mean((2, 3))] * 2, 1)


def test_curves_and_pictures_are_answers(
    explorer: dw.AblationExplorer, monkeypatch: pytest.MonkeyPatch, net: nn.Module, data: Images
) -> None:
    curve, _ = ask(explorer, monkeypatch, kind="curve", **{"class": "bee"})
    truth, order = np.array(data.targets), explorer.importance.top_units("bee").tolist()
    assert curve["sizes"][0] == 0 and curve["sizes"][-1] == 5
    for mode in ("remove", "keep"):
        for place, n in enumerate(curve["sizes"]):
            predicted_classes = expected(net, data, order[:n] if mode == "remove" else order[n:])
            own = (
                (predicted_classes[truth == 1] == 1).mean() + (predicted_classes[truth != 1] != 1).mean()
            ) / 2
            assert curve[mode]["class_accuracy"][place] == pytest.approx(own)
            assert curve[mode]["overall_accuracy"][place] == pytest.approx(
                (predicted_classes == truth).mean()
            )
    _, (jpeg,) = ask(explorer, monkeypatch, kind="classified_images", images=[3])
    assert Image.open(io.BytesIO(jpeg)).size == (26, 22)
    content, _ = ask(explorer, monkeypatch, kind="units", layer=0, units=[1], count=2)
    assert "not dissected" in content["error"]


def test_concepts_come_from_the_dissection(
    tiny: TinyNet, images: ArrayImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    dissection = dw.dissect(tiny, ["pool", "mix"], images, settings=dw.Settings(exemplars=3), progress=False)
    pictures = [images[i][0] for i in range(len(images))]
    targets = [i % 6 for i in range(len(images))]
    classifier = dw.ClassifierData(tiny.eval(), pictures, targets=targets)
    importance = dw.rank_units(classifier, "mix", progress=False)
    explorer = dw.AblationExplorer(classifier, importance, dissection=dissection, progress=False)
    assert explorer._facts["layer_index"] == 1
    content, buffers = ask(explorer, monkeypatch, kind="units", layer=1, units=[2, 0], count=2)
    assert len(content["units"]) == len(buffers) == 2
    other = dw.dissect(tiny, ["pool"], images, progress=False)
    explorer = dw.AblationExplorer(classifier, importance, dissection=other, progress=False)
    assert explorer._facts["layer_index"] == -1, "of another layer nothing is known"


def test_what_fails_is_told_to_the_page(
    explorer: dw.AblationExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(explorer.data.held, "predict", None)
        with pytest.raises(TypeError):
            explorer.n = 2
    assert "TypeError" in explorer._result["error"]
    turn = explorer._result["turn"]
    explorer.n = 3
    assert explorer._result["turn"] == turn + 1 and "error" not in explorer._result
    assert explorer._result["measured"][2] == sorted(explorer.importance.top_units("ant")[:3].tolist())
