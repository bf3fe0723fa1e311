"""Attacks through `dissect_widgets.attack`, and what their results tell."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import dissect_widgets as dw
from dissect_widgets.core.attacks.run import choose_targets, read_images, run_attack
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.errors import DataError, SettingError
from tests.core.small_classifiers import CLASSES, QUICK, Pictures, Rule, attack, classifier, normalized


def by_hand(**changes: Any) -> dw.AttackResult:
    """Four images of five classes: two that became what they were to, two that did not."""
    before = torch.full((4, 3, 2, 5), 0.5)
    after = before.clone()
    after[0, 1, 1, 3] += 0.3
    after[0, 2, 0, 4] -= 0.4
    after[2, 0, 0, 0] = 0.375
    scores = np.zeros((4, 5), np.float32)
    scores[range(4), [1, 2, 3, 4]] = [1, 2, 3, 4]
    changed = scores.copy()
    changed[0], changed[2] = [0, 1, 0, 0, 2], [7, 0, 0, 0, 0]
    fields: dict[str, Any] = {
        "model": "Net",
        "method": "Method()",
        "classes": ("ant", "bee", "cow", "dog", "elk"),
        "names": ("a.jpg", "b.jpg", "c.jpg", "d.jpg"),
        "images": np.array([3, 9, 4, 0]),
        "clean": before,
        "adversarial": after,
        "targets": np.array([4, 0, -1, 2]),
        "scores_clean": scores,
        "scores_adversarial": changed,
        "success": np.array([True, False, True, False]),
        "finished": np.array([True, True, False, False]),
        "broken": np.array([False, False, False, True]),
        "passes": 12,
        "seconds": 1.5,
    }
    return dw.AttackResult(**fields | changes)


def test_norms_and_predictions() -> None:
    found = by_hand()
    assert len(found) == 4 and found.success_rate == 0.5
    assert found.l2 == pytest.approx([0.5, np.nan, 0.125, np.nan], nan_ok=True)
    assert found.linf == pytest.approx([0.4, np.nan, 0.125, np.nan], nan_ok=True)
    assert found.median_l2 == pytest.approx(0.3125)
    assert found.predicted_clean.tolist() == [1, 2, 3, 4]
    assert found.predicted_adversarial.tolist() == [4, 2, 0, 4]
    assert found.perturbation[2, 0, 0, 0] == -0.125 and found.perturbation[0, 1, 1, 3] > 0.29
    for which, scores in (("clean", found.scores_clean), ("adversarial", found.scores_adversarial)):
        rows = [[np.exp(v) / sum(np.exp(row)) for v in row] for row in scores.astype(float)]
        np.testing.assert_allclose(found.probabilities(which), rows, rtol=1e-12)
    assert (found.probabilities() == found.probabilities("adversarial")).all()
    huge = by_hand(scores_adversarial=found.scores_adversarial * 1e4).probabilities()
    assert huge[0].tolist() == [0, 0, 0, 0, 1]
    with pytest.raises(SettingError, match="which is 'now'; it may be 'clean' or 'adversarial'"):
        found.probabilities("now")
    assert repr(found) == "<AttackResult: 2 of 4 images of Net, median L2 0.313, by Method()>"


def test_nothing_that_succeeded() -> None:
    found = by_hand(success=np.zeros(4, bool))
    with warnings.catch_warnings(action="error"):
        assert np.isnan(found.median_l2)
    assert np.isnan(found.l2).all() and found.success_rate == 0
    assert "0 of 4 images" in repr(found)
    none = by_hand().select([])
    assert len(none) == 0 and np.isnan(none.success_rate) and np.isnan(none.median_l2)
    assert none.names == () and none.clean.shape == (0, 3, 2, 5) and len(none.to_frame()) == 0


def test_the_table() -> None:
    found = by_hand()
    frame = found.to_frame()
    assert frame["image"].tolist() == [3, 9, 4, 0] and frame["name"].tolist() == list(found.names)
    assert frame["clean"].tolist() == ["bee", "cow", "dog", "elk"]
    assert frame["target"].tolist() == ["elk", "ant", "", "cow"]
    assert frame["adversarial"].tolist() == ["elk", "cow", "ant", "elk"]
    assert frame["success"].tolist() == [True, False, True, False]
    assert frame["finished"].tolist() == [True, True, False, False]
    assert frame["L2"].tolist() == pytest.approx([0.5, np.nan, 0.125, np.nan], nan_ok=True)
    assert frame["L-infinity"].tolist() == pytest.approx([0.4, np.nan, 0.125, np.nan], nan_ok=True)
    first = found.probabilities("clean")[0, 1], found.probabilities("adversarial")[0, 4]
    assert (frame["clean probability"][0], frame["adversarial probability"][0]) == first
    assert frame["adversarial probability"][2] == found.probabilities()[2, 0]


def test_parts_and_their_sum() -> None:
    found = by_hand()
    for chosen in ([2, 0], np.array([2, 0])):
        some = found.select(chosen)
        assert some.names == ("c.jpg", "a.jpg") and some.images.tolist() == [4, 3]
        assert some.targets.tolist() == [-1, 4] and some.finished.tolist() == [False, True]
        assert some.l2 == pytest.approx([0.125, 0.5]) and some.passes == 12
        assert (
            torch.equal(some.adversarial, found.adversarial[[2, 0]]) and some.broken.tolist() == [False] * 2
        )
        assert some.predicted_adversarial.tolist() == [0, 4] and some.predicted_clean.tolist() == [3, 1]
    odd = found.select(np.array([False, True, False, True]))
    assert odd.names == ("b.jpg", "d.jpg") and odd.broken.tolist() == [False, True]
    whole = some.join(odd)
    assert whole.passes == 24 and whole.seconds == 3 and whole.names[1:3] == ("a.jpg", "b.jpg")
    order = whole.select([1, 2, 0, 3])
    assert order.to_frame().equals(found.to_frame())
    assert torch.equal(order.clean, found.clean) and torch.equal(order.adversarial, found.adversarial)


def test_a_class_by_name_and_by_number(capsys: pytest.CaptureFixture[str]) -> None:
    net, data = classifier(), Pictures()
    found, again, numpy = (attack(net, data, target) for target in ("cow", 2, np.int64(2)))
    printed = capsys.readouterr().out
    with torch.no_grad():
        scores = net(normalized(data.images))
    already = scores.argmax(1) == 2
    assert 0 < already.sum() < 6
    assert (
        printed.count(
            f"{int(already.sum())} images are left out, because they are predicted as 'cow' already"
        )
        == 3
    )
    assert found.images.tolist() == torch.nonzero(~already)[:, 0].tolist()
    assert found.names == tuple(f"{image}.jpg" for image in found.images)
    assert torch.equal(found.clean, data.images[~already]) and torch.equal(
        found.adversarial, again.adversarial
    )
    assert torch.equal(found.adversarial, numpy.adversarial)
    assert (found.targets == 2).all() and found.success.any()
    assert (found.predicted_adversarial[found.success] == 2).all()
    assert np.allclose(found.scores_clean, scores[~already], atol=1e-5)
    assert found.classes == CLASSES and found.model == "Smooth" and found.method == repr(QUICK)


def test_each_its_own_and_random() -> None:
    net, data = classifier(), Pictures()
    names = ["ant", "bee", "gnu", "cow", "elk", "bee", "dog"]
    found = attack(net, data, names, images=[3, 0, 5, 1, 6, 4, 2])
    assert found.targets.tolist() == [CLASSES.index(name) for name in names]
    assert found.images.tolist() == [3, 0, 5, 1, 6, 4, 2]
    assert (
        found.predicted_adversarial == found.targets
    ).tolist() == found.success.tolist() and found.success.any()
    random, other = attack(net, data, "random"), attack(net, data, "random", seed=1)
    assert (random.targets != random.predicted_clean).all() and (random.targets != other.targets).any()
    some = attack(net, data, "random", images=[5, 2])
    assert some.targets.tolist() == random.targets[[5, 2]].tolist()


def test_data_without_names() -> None:
    net, data = classifier(), [(image, 4) for image in Pictures(3).images]
    found = attack(net, data, "class 6")
    assert found.classes == tuple(f"class {k}" for k in range(7)) and found.names[0] == "image 0"
    assert (found.targets == 6).all()
    named = attack(net, data, "gnu", classes=CLASSES)
    assert named.classes == CLASSES and torch.equal(named.adversarial, found.adversarial)
    other = attack(net, Pictures(3), "GNU", classes=[name.upper() for name in CLASSES])
    assert other.classes[6] == "GNU" and torch.equal(other.adversarial, found.adversarial)


def constant(x: Tensor) -> Tensor:
    """Scores that nothing changes."""
    return torch.tensor([3.0, 1.0, 2.0]) + 0 * x.mean((1, 2, 3))[:, None]


@pytest.mark.parametrize("method", [QUICK, dw.ProjectedGradient(steps=3)], ids=["cw", "pgd"])
@pytest.mark.parametrize("target", [None, "nearest"])
def test_attacks_that_cannot_succeed_fail(method: Any, target: Any) -> None:
    data = list(Pictures().images)
    found = attack(classifier(lambda: Rule(constant)), data, target, method, batch_size=3)
    assert not found.success.any() and found.finished.all() and not found.broken.any()
    assert (
        torch.equal(found.adversarial, found.clean) and (found.scores_adversarial == found.scores_clean).all()
    )
    assert np.isnan(found.l2).all() and np.isnan(found.median_l2) and found.success_rate == 0
    assert found.targets.tolist() == [-1 if target is None else 2] * 7


def test_some_fail_where_the_radius_is_small() -> None:
    net, data = classifier(), Pictures()
    found = attack(net, data, method=dw.ProjectedGradient(radius=0.01), batch_size=3)
    failed = ~found.success
    assert 0 < failed.sum() < 7 and np.isnan(found.l2[failed]).all() and (found.l2[found.success] > 0).all()
    assert torch.equal(found.adversarial[failed], found.clean[failed]) and found.finished.all()
    assert (found.scores_adversarial[failed] == found.scores_clean[failed]).all()
    assert found.median_l2 == np.median(found.l2[found.success])


@pytest.mark.parametrize("what", [1.0, torch.nan])
def test_what_does_not_hold_when_read_again_is_no_success(what: float) -> None:
    """The network stays with its class, or breaks, where no gradient is asked for."""
    calls = 0

    def rule(x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        score = (x.mean((1, 2, 3)) - 0.4) * 10
        if not torch.is_grad_enabled():
            score = score.clamp(min=0.5) * (1.0 if calls < 5 else what)
        return torch.stack([score, 0 * score], 1)

    data = [torch.full((3, 11, 13), 0.5 + 0.01 * i) for i in range(3)]
    found = attack(classifier(lambda: Rule(rule)), data, batch_size=2, preprocess=None)
    assert not found.success.any() and torch.equal(found.adversarial, found.clean) and calls > 5
    assert (found.scores_adversarial == found.scores_clean).all()


def test_the_network_is_left_as_it_was() -> None:
    net, data = classifier(), Pictures(3)
    net.get_parameter("conv.weight").requires_grad_(False)
    mark = torch.ones(7)
    net.get_parameter("fc.bias").grad = mark
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    images = data.images.clone()
    for method in (QUICK, dw.ProjectedGradient(steps=3)):
        for frozen in (False, True):
            if frozen:
                net.requires_grad_(False)
            with torch.no_grad():  # as in many a notebook
                found = attack(net, data, method=method)
            assert found.success.any()
            parameters = dict(net.named_parameters())
            assert [n for n, p in parameters.items() if p.grad is not None] == ["fc.bias"]
            assert parameters["fc.bias"].grad is mark and (mark == 1).all()
            wants = [] if frozen else ["conv.bias", "fc.weight", "fc.bias"]
            assert [n for n, p in parameters.items() if p.requires_grad] == wants
            assert not any(module.training for module in net.modules())
            assert not any(m._forward_hooks or m._backward_hooks for m in net.modules())
            assert all(torch.equal(value, weights[name]) for name, value in net.state_dict().items())
            assert not found.adversarial.requires_grad and not found.clean.requires_grad
        net.requires_grad_(True).get_parameter("conv.weight").requires_grad_(False)
    assert torch.equal(data.images, images)


def test_in_place_steps_change_no_picture() -> None:
    net, data = classifier(), Pictures()
    images = data.images.clone()
    expected = attack(net, data, batch_size=3)
    found = attack(net, data, batch_size=3, preprocess=lambda x: x.sub_(0.45).div_(0.25))
    assert torch.equal(found.clean, images) and torch.equal(data.images, images)
    assert torch.allclose(found.adversarial, expected.adversarial, atol=1e-5)


def test_it_stops_when_told_to() -> None:
    net, data = classifier(), Pictures()
    source = ClassifierData(
        net, data, targets="predicted", classes=CLASSES, preprocess=normalized, batch_size=3
    )
    read, targets = choose_targets(source, read_images(source, None), None, 0, print)
    heard: list[tuple[float, int]] = []

    def until(stop: float) -> dw.AttackResult:
        heard.clear()

        def advance(share: float, done: int) -> bool:
            heard.append((share, done))
            return share >= stop

        return run_attack(source, read, targets, QUICK, advance=advance)

    whole = until(2.0)
    assert whole.finished.all() and heard[-1] == (1.0, 7)
    assert len(heard) > 20 and {n for _, n in heard} <= set(range(8))
    assert all(0 < share <= 1 for share, _ in heard)
    found = until(0.4)
    assert heard[-2][0] < 0.4 <= heard[-1][0] and found.passes < whole.passes
    assert 0 < found.finished.sum() < 7 and found.finished.sum() == heard[-1][1]
    assert torch.allclose(found.adversarial[found.finished], whole.adversarial[found.finished], atol=1e-5)
    late = found.success & ~found.finished  # these have the best so far
    assert (found.l2[late] >= whole.l2[late] - 1e-6).all() and late.any()
    assert not found.success[6] and torch.equal(found.adversarial[6], data.images[6])
    first = until(0.0)
    assert len(heard) == 1 and first.passes == 3 and not first.finished.any()


def test_images_a_little_out_of_range() -> None:
    """Resized pictures may be a rounding error over 1."""
    net, data = classifier(), Pictures(3)
    data.images[1, 0, 0, :2] = torch.tensor([1 + 9e-7, -9e-7])
    found = attack(net, data)
    assert (
        found.success.all()
        and not found.broken.any()
        and found.adversarial.max() <= 1
        and found.adversarial.min() >= 0
    )


def test_the_method_by_default() -> None:
    found = attack(classifier(lambda: Rule(constant)), list(Pictures(1).images), method=None)
    assert found.method == repr(dw.CarliniWagner()) and found.finished.all()


def test_all_left_out() -> None:
    data = list(Pictures(3).images)
    with pytest.raises(DataError, match="All 3 images are predicted as 'class 0' already, such as"):
        attack(classifier(lambda: Rule(constant)), data, 0)
