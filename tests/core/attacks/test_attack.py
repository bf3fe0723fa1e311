"""The attack of Carlini and Wagner finds what a plain search for one picture after another does."""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.attacks.base import AttackState
from dissect_widgets.core.attacks.targets import AttackTarget
from dissect_widgets.errors import SettingError
from tests.core.small_classifiers import Pictures, Plane, Rule, attack, classifier, margins, normalized


class Plain(NamedTuple):
    """What a plain search came to."""

    best: Tensor | None
    passes: int
    constants: list[float]


def plain(net: nn.Module, picture: Tensor, own: int, targeted: bool, s: dw.CarliniWagner) -> Plain:
    """Section VI of the paper, and the early end of its code, for one picture, in double precision."""
    net, picture = copy.deepcopy(net).double(), picture.double()
    low, high, constant = 0.0, math.inf, s.initial_constant
    best, least, passes, constants = None, math.inf, 0, []
    for _ in range(s.searches):
        w = torch.atanh(0.999999 * (2 * picture - 1)).requires_grad_()
        adam = torch.optim.Adam([w], lr=s.learning_rate)
        reached, previous = False, math.inf
        constants.append(constant)
        for step in range(s.steps):
            moved = 0.5 * (torch.tanh(w) + 1)
            scores = net(normalized(moved[None]))[0]
            other = torch.stack([scores[k] for k in range(len(scores)) if k != own]).max()
            margin = other - scores[own] if targeted else scores[own] - other
            distance = ((moved - picture) ** 2).sum()
            loss = distance + constant * torch.relu(margin + s.confidence)
            passes += 1
            if margin < 0 and margin <= -s.confidence:
                reached = True
                if distance < least:
                    best, least = moved.detach(), distance.item()
            (w.grad,) = torch.autograd.grad(loss, w)
            adam.step()
            if s.abort_early and step % math.ceil(s.steps / 10) == 0:
                if not loss <= 0.9999 * previous:
                    break
                previous = loss.item()
        low, high = (low, constant) if reached else (constant, high)
        constant = constant * 10 if math.isinf(high) else (low + high) / 2
    return Plain(best, passes, constants)


CASES: list[tuple[Any, dict[str, Any]]] = [
    (None, {"initial_constant": 0.3, "learning_rate": 0.01, "steps": 60}),
    (None, {"initial_constant": 0.05, "confidence": 1.5, "abort_early": False}),
    ("nearest", {"initial_constant": 0.1, "learning_rate": 0.02, "abort_early": False}),
    ([1, 0, 6, 2, 3, 4, 5], {"initial_constant": 0.02, "confidence": 1.0, "steps": 33}),
]


@pytest.mark.parametrize(("target", "settings"), CASES, ids=["leave", "far", "nearest", "become"])
def test_pictures_equal_a_plain_search(target: Any, settings: dict[str, Any]) -> None:
    net, data = classifier(), Pictures()
    method = dw.CarliniWagner(**{"steps": 30, "searches": 4, "learning_rate": 0.03} | settings)
    found = attack(net, data, target, method, batch_size=3)
    own = found.predicted_clean if target is None else found.targets
    searches = [
        plain(net, picture, int(k), target is not None, method)
        for picture, k in zip(data.images, own, strict=True)
    ]
    assert found.success.tolist() == [search.best is not None for search in searches]
    assert found.success.all() and found.finished.all() and not found.broken.any()
    for search, after in zip(searches, found.adversarial, strict=True):
        assert search.best is not None and torch.allclose(after.double(), search.best, atol=1e-4)
    assert found.passes == sum(search.passes for search in searches)
    if method.abort_early:  # searches end apart, and so do not leave together
        assert len({search.passes for search in searches}) > 3
    signs = [set(np.sign(np.diff(search.constants))) for search in searches]
    assert {-1, 1} in signs  # constants go up and down
    with torch.no_grad():
        scores = net(normalized(found.adversarial))
    reached = margins(scores, own.tolist(), targeted=target is not None)
    assert max(reached) <= -method.confidence + 1e-5 and max(reached) < 0
    assert found.scores_adversarial == pytest.approx(scores.numpy(), abs=1e-4)


@pytest.mark.parametrize("confidence", [0.0, 0.4])
def test_the_way_to_a_plane_is_straight(confidence: float) -> None:
    """The least change that crosses a plane is known: the distance to it."""
    net, data = classifier(lambda: Plane(0.0)), Pictures(4)
    data.images = 0.5 + (data.images - 0.5) * 0.4  # far from black and white
    method = dw.CarliniWagner(confidence, steps=200, searches=6, learning_rate=4e-3, abort_early=False)
    found = attack(net, data, method=method, classes=["no", "yes"], preprocess=None)
    assert found.success.all() and set(found.predicted_clean) == {0, 1}
    with torch.no_grad():
        score = net(data.images)[:, 1].abs().numpy()
        expected = (score + confidence) / float(net.get_parameter("normal").norm())
    assert (found.l2 > expected * 0.9999).all() and (found.l2 < expected * 1.02).all()
    for row in range(4):
        step, normal = found.perturbation[row].flatten(), net.get_parameter("normal").detach().flatten()
        assert abs(torch.cosine_similarity(step, normal, dim=0)) > 0.99


def test_an_attempt_tells_how_far_it_is() -> None:
    heard: list[tuple[float, int]] = []

    def advance(share: float, done: int) -> bool:
        heard.append((share, done))
        return len(heard) == 2

    state = AttackState(
        Rule(normalized),
        torch.zeros(5, 3, 2, 2),
        AttackTarget(torch.zeros(5, dtype=torch.long), True),
        range(5),
        seed=0,
        at_once=3,
        device=torch.device("cpu"),
        advance=advance,
    )
    state.keep(3, torch.ones(3, 2, 2))
    state.keep(4, torch.ones(3, 2, 2), finished=False)
    state.broken[0] = True
    for under_way in (0.0, 0.5, 1.0, 9.0):
        state.report(under_way)
        assert state.stopped == (len(heard) > 1)  # once stopped, it stays so
    assert heard == [(0.4, 2), (0.5, 2), (0.6, 2), (1.0, 2)]
    state.keep(2, None)
    assert state.success.tolist() == [False, False, False, True, True]
    assert state.finished.tolist() == [False, False, True, True, False]
    assert state.best.mean((1, 2, 3)).tolist() == [0, 0, 0, 1, 1] and not state.images.any()


def attempted(net: nn.Module, images: Tensor, goal: AttackTarget, method: Any) -> AttackState:
    state = AttackState(
        net,
        images,
        goal,
        range(len(images)),
        seed=0,
        at_once=3,
        device=torch.device("cpu"),
        advance=lambda share, done: False,
    )
    with torch.enable_grad():
        method.attack(state)
    return state


def test_black_and_white_can_be_attacked() -> None:
    net, data = classifier(), Pictures(3)
    data.images = data.images.round()
    method = dw.CarliniWagner(
        steps=90, searches=2, learning_rate=0.1, initial_constant=10.0, abort_early=False
    )
    found = attack(net, data, method=method)
    assert found.success.all() and found.adversarial.min() >= 0 and found.adversarial.max() <= 1


METHODS = [
    dw.CarliniWagner(steps=20, searches=3, learning_rate=0.02, initial_constant=0.2),
    dw.ProjectedGradient(radius=0.03, steps=5),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_a_tie_is_no_success(method: Any) -> None:
    def rule(x: Tensor) -> Tensor:
        score = torch.relu(x.mean((1, 2, 3)) - 0.49) * 50
        return torch.stack([score, 0 * score], 1)

    data = torch.full((2, 3, 11, 13), 0.5)
    state = attempted(Rule(rule), data, AttackTarget(torch.tensor([0, 0]), False), method)
    assert not state.success.any() and state.finished.all() and torch.equal(state.best, data)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("steps", 0),
        ("steps", 2.0),
        ("searches", 0),
        ("searches", "5"),
        ("learning_rate", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", math.inf),
        ("learning_rate", math.nan),
        ("initial_constant", 0.0),
        ("initial_constant", math.inf),
        ("confidence", -0.1),
        ("confidence", math.nan),
        ("confidence", math.inf),
    ],
)
def test_settings_out_of_range(name: str, bad: Any) -> None:
    with pytest.raises(SettingError, match=f"{name} is {bad!r}; allowed"):
        dw.CarliniWagner(**{name: bad})


@pytest.mark.parametrize(("rate", "steps"), [(1e-9, 3), (3e-7, 3), (1e-5, 20)])
def test_an_early_end_is_where_less_than_a_ten_thousandth_is_gained(rate: float, steps: int) -> None:
    net, data = classifier(lambda: Plane(0.0)), Pictures(1)
    method = dw.CarliniWagner(steps=20, searches=1, learning_rate=rate, initial_constant=1.0)
    found = attack(net, data, method=method, classes=["no", "yes"], preprocess=None)
    assert found.passes == steps  # the first look is after one step, the second after three


def test_the_network_reads_full_batches_as_long_as_images_wait() -> None:
    sizes: list[int] = []

    def noted(pictures: Tensor) -> Tensor:
        if pictures.requires_grad:
            sizes.append(len(pictures))
        return normalized(pictures)

    method = dw.CarliniWagner(steps=20, searches=3, learning_rate=0.02, initial_constant=0.2)
    found = attack(classifier(), Pictures(23), method=method, preprocess=noted, batch_size=5)
    own = sizes[1:]  # the first shows that a gradient passes
    assert sum(own) == found.passes and own == sorted(own, reverse=True)
    assert own.count(5) > 0.8 * len(own) and max(own) == 5


def test_least_settings() -> None:
    net, data = classifier(), Pictures(2)
    least = dw.CarliniWagner(steps=1, searches=1, learning_rate=1e-9)
    found = attack(net, data, method=least)
    assert found.passes == 2 and found.finished.all() and not found.success.any()


@pytest.mark.parametrize("target", [None, "nearest"])
def test_no_farther_than_foolbox(target: str | None) -> None:
    foolbox = pytest.importorskip("foolbox")
    net, data = classifier(), Pictures()
    shared: dict[str, Any] = {"confidence": 0.2, "steps": 40}
    method = dw.CarliniWagner(
        searches=5, learning_rate=0.02, initial_constant=0.05, abort_early=False, **shared
    )
    found = attack(net, data, target, method)
    theirs = foolbox.attacks.L2CarliniWagnerAttack(
        binary_search_steps=5, stepsize=0.02, initial_const=0.05, abort_early=False, **shared
    )
    whole = nn.Sequential(Rule(normalized), net).eval()
    if target is None:
        criterion = foolbox.criteria.Misclassification(torch.from_numpy(found.predicted_clean))
    else:
        criterion = foolbox.criteria.TargetedMisclassification(torch.from_numpy(found.targets))
    model = foolbox.PyTorchModel(whole, bounds=(0, 1), device="cpu")
    _, pictures, there = theirs(model, data.images, criterion, epsilons=None)
    assert there.all() and found.success.all()
    l2 = (pictures - data.images).flatten(1).norm(dim=1).numpy()
    assert (found.l2 <= l2 * 1.02).all() and (found.l2 >= l2 * 0.98).all()
