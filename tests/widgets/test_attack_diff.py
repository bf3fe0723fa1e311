"""The attack diff without a page: traits, threads, what it shows."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from traitlets import TraitError

import dissect_widgets as dw
from dissect_widgets.errors import LayerError, ProofError, SettingError
from tests.core.ablation.networks import Images
from tests.widgets.messages import ask

FAST = dw.CarliniWagner(steps=30, searches=3, learning_rate=0.05, initial_constant=1.0, abort_early=False)


@pytest.fixture(scope="module")
def importance(net: nn.Module) -> Any:
    return dw.rank_units(dw.ClassifierData(net, Images(17)), "conv", progress=False)


@pytest.fixture
def diff(net: nn.Module, data: Images, importance: Any) -> dw.AttackDiff:
    return dw.AttackDiff(dw.ClassifierData(net, data), importance=importance, method=FAST)


def softmax(scores: Tensor) -> np.ndarray:
    odds = np.exp(scores.double().numpy())
    return odds / odds.sum(1, keepdims=True)


def test_a_picture_before_any_attack(diff: dw.AttackDiff, net: nn.Module, data: Images) -> None:
    for image in (0, 5):
        diff.image = image
        picture = np.asarray(Image.open(io.BytesIO(diff._image))).transpose(2, 0, 1) / 255
        assert np.abs(picture - data.images[image].numpy()).max() < 0.0021
        with torch.no_grad():
            shares = softmax(net(data.images[image : image + 1]))[0]
        order = np.argsort(-shares, kind="stable")
        names = [diff.data.classes[k] for k in order]
        shown_classes = diff._original
        assert (shown_classes["class"], shown_classes["nearest"], shown_classes["image"]) == (
            *names[:2],
            image,
        )
        assert shown_classes["names"] == names[:7]
        assert [p for (p,) in shown_classes["probabilities"]] == pytest.approx(shares[order][:7], abs=1e-5)
        assert shown_classes["size"] == list(data.images.shape[2:])
        assert diff.attacked is None and diff._result == {}


def test_the_part_that_the_network_gets_is_shown(net: nn.Module, data: Images) -> None:
    def preprocess(x: Tensor) -> Tensor:
        return nn.functional.interpolate(x[..., 2:20, 4:24], (22, 26), mode="bilinear")

    diff = dw.AttackDiff(dw.ClassifierData(net, data, preprocess=preprocess), layer="conv", method=FAST)
    diff.image = 3
    part = data.images[3, :, 2:20, 4:24]
    picture = np.asarray(Image.open(io.BytesIO(diff._image))).transpose(2, 0, 1) / 255
    assert np.abs(picture - part.numpy()).max() < 0.0021 and diff._original["size"] == [18, 20]
    rows, columns, top, left, step_y, step_x = diff._facts["grid"]
    assert (rows, columns) == (20, 24)  # without padding: the first position is at pixel 1 of 22 x 26
    assert np.allclose([top, step_y], [1.5 * 18 / 22 - 0.5, 18 / 22])
    assert np.allclose([left, step_x], [1.5 * 20 / 26 - 0.5, 20 / 26])
    attacked = diff.run()
    assert attacked is not None and attacked.success[0]
    added = np.frombuffer(diff._perturbation, "<f2").reshape(3, 18, 20)
    delta = (attacked.adversarial - attacked.clean)[0, :, 2:20, 4:24]
    assert np.abs(added - delta.numpy()).max() < 1e-3 * float(delta.abs().max())
    with pytest.raises(ProofError, match="comes out mirrored left to right"):
        dw.AttackDiff(dw.ClassifierData(net, data, preprocess=lambda x: x.flip(-1)), layer="conv")


def test_what_an_attack_shows(diff: dw.AttackDiff, net: nn.Module, data: Images, importance: Any) -> None:
    diff.image = 3
    target = diff._original["nearest"]
    attacked = diff.run()
    assert attacked is diff.attacked and attacked is not None and attacked.success[0]
    assert not diff.running and diff.progress == 0 and not diff.error
    result = diff._result
    assert (result["target"], result["image"], result["success"]) == (target, 3, True)
    added = np.frombuffer(diff._perturbation, "<f2").reshape(data.images.shape[1:])
    delta = (attacked.adversarial - attacked.clean)[0]
    assert np.abs(added - delta.numpy()).max() < 1e-3 * float(delta.abs().max())
    shares = np.linspace(0, 1, 21)
    along = torch.stack([data.images[3] + share * delta for share in shares]).float()
    with torch.no_grad():
        scores, maps = net(along), net.get_submodule("conv")(along - 0.5)
    names = list(diff.data.classes)
    shown_classes = [names.index(name) for name in result["names"]]
    assert result["names"][:2] == [result["source"], target] and len(set(shown_classes)) == len(shown_classes)
    assert set(shown_classes) >= set(scores[[0, -1]].argsort(1, descending=True)[:, :3].flatten().tolist())
    assert np.array(result["probabilities"]) == pytest.approx(softmax(scores)[:, shown_classes].T, abs=1e-5)
    groups = [importance.top_units(name)[:4].tolist() for name in (result["source"], target)]
    assert [group["units"] for group in result["groups"]] == groups
    units = result["units"]
    assert sorted(units) == sorted(set(groups[0] + groups[1]))
    assert np.array(result["max_activations"]) == pytest.approx(
        maps.amax((2, 3))[:, units].T.numpy(), abs=1e-4
    )
    sent = np.frombuffer(diff._maps, "<f2").reshape(21, len(units), *maps.shape[2:])
    assert sent == pytest.approx(maps[:, units].numpy(), abs=2e-2)


def test_units_that_change_most_without_a_ranking(net: nn.Module, data: Images) -> None:
    diff = dw.AttackDiff(dw.ClassifierData(net, data, classes=data.classes), "conv", method=FAST)
    attacked = diff.run()
    assert attacked is not None and attacked.success[0]
    with torch.no_grad():
        both = torch.cat([attacked.clean, attacked.adversarial])
        peaks = net.get_submodule("conv")(both - 0.5).amax((2, 3))
    order = torch.argsort(peaks[1] - peaks[0]).tolist()
    assert [group["units"] for group in diff._result["groups"]] == [order[:4], order[::-1][:4]]


def test_another_picture_or_class_takes_the_attack_away(diff: dw.AttackDiff) -> None:
    diff.run()
    shown = diff._result["target"]
    diff.image = 1
    assert diff.attacked is None and diff._result == {}
    diff.run()
    diff.target = next(n for n in diff.data.classes if n not in (shown, diff._original["class"]))
    assert diff.attacked is None and diff._result == {}
    diff.run()
    assert diff._result["target"] == diff.target


def test_an_attack_is_stopped(diff: dw.AttackDiff, monkeypatch: pytest.MonkeyPatch) -> None:
    diff.method = dw.CarliniWagner(
        steps=10**7, searches=9, learning_rate=0.05, initial_constant=10.0, abort_early=False
    )
    heard: list[float] = []
    enough = threading.Event()

    def hear(change: Any) -> None:
        heard.append(change["new"])
        if len(heard) > 2:
            enough.set()

    diff.observe(hear, "progress")
    diff.start()
    assert diff.running
    assert enough.wait(30)
    assert ask(diff, monkeypatch, kind="stop")[0].keys() == {"id"}
    diff.wait()
    assert not diff.running and diff.attacked is not None
    assert diff.attacked.success[0] and not diff.attacked.finished[0]
    assert diff._result["success"] and not diff._result["finished"]
    assert heard[:3] == sorted(heard[:3]) and heard[2] < 0.5

    # what comes of an attack on another picture than the one that is shown now is not shown
    diff.start()
    diff.image = 2
    diff.wait()
    assert diff.attacked is None and diff._result == {} and not diff.running


def test_an_attack_that_fails(diff: dw.AttackDiff) -> None:
    diff.method = dw.ProjectedGradient(radius=1e-7, steps=2)
    attacked = diff.run()
    assert attacked is not None and not attacked.success[0]
    assert not diff._result["success"] and diff._result["finished"] and diff._perturbation == b""
    assert "units" not in diff._result
    diff.target = diff._original["class"]
    assert diff.run() is None
    assert "already" in diff.error and diff._result == {}
    diff.target = ""
    assert diff.error == ""


@pytest.mark.parametrize(
    ("trait", "value", "message"),
    [
        ("image", 99, "images 0 to"),
        ("target", "nat", "mean 'gnat'|mean 'ant'|mean 'bat'|mean"),
        ("palette", "red-green", "mean 'green-red'"),
        ("unit", 5, "conv has units 0 to 4"),
        ("position", 1.5, "position"),
    ],
)
def test_traits_say_what_is_allowed(diff: dw.AttackDiff, trait: str, value: Any, message: str) -> None:
    before = getattr(diff, trait)
    with pytest.raises(TraitError, match=message):
        setattr(diff, trait, value)
    assert getattr(diff, trait) == before


def test_what_does_not_fit(net: nn.Module, data: Images, importance: Any) -> None:
    with pytest.raises(SettingError, match="Name a layer"):
        dw.AttackDiff(dw.ClassifierData(net, data))
    with pytest.raises(SettingError, match=r"'fc'.*'conv'"):
        dw.AttackDiff(dw.ClassifierData(net, data), "fc", importance=importance)
    with pytest.raises(LayerError, match=r"no layer 'cov'.*'conv'"):
        dw.AttackDiff(dw.ClassifierData(net, data, classes=data.classes), "cov")
    with pytest.raises(SettingError, match="The importance is of other classes"):
        dw.AttackDiff(
            dw.ClassifierData(net, data, classes=[name.upper() for name in data.classes]),
            importance=importance,
        )
    other = SimpleNamespace(layer="fc", units=5, classes=importance.classes)
    with pytest.raises(SettingError, match="The importance is of 5 units; fc has 7"):
        dw.AttackDiff(dw.ClassifierData(net, data), importance=other)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="6 names"):
        dw.AttackDiff(dw.ClassifierData(net, data, classes=data.classes[:6]), "conv")


def test_a_unit_is_told_of_by_the_dissection(diff: dw.AttackDiff, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _ = ask(diff, monkeypatch, kind="units", layer=0, units=[1], count=2)
    assert "not dissected" in answer["error"]
    assert diff._facts["layer_index"] == -1
