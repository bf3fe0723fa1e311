"""The attack by projected gradient descent is what plain loops over one picture make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.attacks.base import AttackState
from dissect_widgets.core.attacks.targets import AttackTarget
from dissect_widgets.errors import SettingError
from tests.core.small_classifiers import Pictures, Plane, Rule, attack, classifier, margins, normalized


def plain(
    net: nn.Module, picture: Tensor, start: Tensor, own: int, targeted: bool, method: dw.ProjectedGradient
) -> tuple[Tensor | None, list[float]]:
    """The best picture and all margins on the way, of one picture in double precision."""
    net, picture = net.double(), picture.double()
    size = method.step_size or 2.5 * method.radius / method.steps
    moved, best = (picture + start).clamp(0, 1), None
    seen: list[float] = []
    for _ in range(method.steps + 1):
        moved = moved.detach().requires_grad_()
        scores = net(normalized(moved[None]))
        sure = scores.softmax(1)[0, own].log()
        (margin,) = margins(scores, [own], targeted=targeted)
        if margin < min([0.0, *seen]):
            best = moved.detach()
        seen.append(margin)
        (slope,) = torch.autograd.grad(sure, moved)
        step = moved + size * slope.sign() * (1 if targeted else -1)
        moved = torch.minimum(torch.maximum(step, picture - method.radius), picture + method.radius)
        moved = moved.clamp(0, 1)
    return best, seen


def begin(number: int, radius: float, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng((seed, number)).uniform(-radius, radius, (3, 11, 13)))


@pytest.mark.parametrize(("target", "chance"), [(None, True), (None, False), ("nearest", True)])
def test_pictures_equal_a_plain_loop(target: Any, chance: bool) -> None:
    net, data = classifier(), Pictures()
    method = dw.ProjectedGradient(radius=0.01, steps=6, step_size=0.008, random_start=chance)
    found = attack(net, data, target, method, batch_size=3)
    own = found.predicted_clean if target is None else found.targets
    first = set()
    for row in range(7):
        start = begin(row, 0.01) if chance else torch.zeros(())
        best, seen = plain(net, data.images[row], start, int(own[row]), target is not None, method)
        assert found.success[row] == (best is not None)
        expected = data.images[row].double() if best is None else best
        assert torch.allclose(found.adversarial[row].double(), expected, atol=1e-5)
        first.add(seen.index(min(seen)))
    assert found.success.sum() == 4 and len(first) > 2  # the best is not always the last
    assert found.passes == 7 * 7 and found.finished.all() and not found.broken.any()


def test_the_best_on_the_way_is_kept() -> None:
    """Steps that are too long leap over the valley where the goal is reached, and back."""

    def rule(x: Tensor) -> Tensor:
        place = x.mean((1, 2, 3))
        return torch.stack([(place - 0.5).square() * 400 - 0.04, 0 * place], 1)

    data = [torch.full((3, 11, 13), 0.6), torch.full((3, 11, 13), 0.53)]
    method = dw.ProjectedGradient(radius=0.2, steps=7, step_size=0.065, random_start=False)
    found = attack(classifier(lambda: Rule(rule)), data, method=method, preprocess=None)
    # 0.6 -> 0.535 -> 0.47 -> 0.535 ...; 0.53 -> 0.465 -> 0.53 ...
    assert found.success.tolist() == [False, False] and (found.adversarial == found.clean).all()
    data[0] += 0.025  # 0.625 -> 0.56 -> 0.495 (inside) -> 0.43 or 0.56
    found = attack(classifier(lambda: Rule(rule)), data, method=method, preprocess=None)
    assert found.success.tolist() == [True, False]
    assert found.adversarial[0].mean().item() == pytest.approx(0.495, abs=1e-5)


@pytest.mark.parametrize("chance", [True, False])
def test_a_plane_is_left_by_the_corner(chance: bool) -> None:
    net, data = classifier(lambda: Plane(0.0)), Pictures(4)
    method = dw.ProjectedGradient(radius=0.05, steps=5, random_start=chance)
    found = attack(net, data, method=method, classes=["no", "yes"], preprocess=None)
    away = net.get_parameter("normal").detach().sign()
    assert found.success.all() and set(found.predicted_clean) == {0, 1}
    for row in range(4):
        sign = -1 if found.predicted_clean[row] == 1 else 1
        assert torch.allclose(found.adversarial[row], data.images[row] + sign * 0.05 * away, atol=1e-6)
    assert found.linf == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("settings", [{}, {"steps": 1}, {"step_size": 1.0}, {"radius": 1.0, "steps": 3}])
def test_no_pixel_goes_too_far(settings: dict[str, Any]) -> None:
    net, data = classifier(), Pictures()
    data.images = ((data.images - 0.5) * 2 + 0.5).clamp(0, 1)  # black and white as well
    method = dw.ProjectedGradient(**{"radius": 0.1, "steps": 3} | settings)
    found = attack(net, data, method=method)
    assert found.success.all() and found.adversarial.min() >= 0 and found.adversarial.max() <= 1
    assert found.perturbation.abs().max() <= method.radius + 1e-6
    assert (found.linf > 0).all()


def test_where_an_image_begins_is_its_own() -> None:
    """A single step that is almost nothing leaves pictures where they began."""
    net, data = classifier(), Pictures()

    def first(seed: int = 0, **options: Any) -> Any:
        method = dw.ProjectedGradient(radius=0.9, steps=1, step_size=1e-9)
        return attack(net, data, method=method, seed=seed, **options)

    found = first(batch_size=3)
    places = np.flatnonzero(found.success)
    assert len(places) >= 3
    for row in places:
        expected = (data.images[row] + begin(int(row), 0.9)).clamp(0, 1)
        assert torch.allclose(found.adversarial[row].double(), expected, atol=1e-6)
    again = first(images=places[::-1].tolist(), batch_size=50)
    assert torch.allclose(again.adversarial, found.adversarial[places[::-1].copy()], atol=1e-6)
    assert torch.equal(first().adversarial, first().adversarial)
    other = first(seed=1)
    for row in np.flatnonzero(other.success):
        expected = (data.images[row] + begin(int(row), 0.9, seed=1)).clamp(0, 1)
        assert torch.allclose(other.adversarial[row].double(), expected, atol=1e-6)
    assert other.success.any()


def test_it_can_be_stopped_between_steps() -> None:
    net, data, calls = classifier(), normalized(Pictures().images), 0
    heard: list[tuple[float, int]] = []

    def advance(share: float, done: int) -> bool:
        nonlocal calls
        calls += 1
        heard.append((share, done))
        return calls == 8

    state = AttackState(
        net,
        data,
        AttackTarget(torch.zeros(7, dtype=torch.long), True),
        range(7),
        seed=0,
        at_once=3,
        device=torch.device("cpu"),
        advance=advance,
    )
    dw.ProjectedGradient(steps=4, radius=0.1).attack(state)
    assert state.finished.tolist() == [True] * 3 + [False] * 4 and state.passes == 8 * 3
    shares = [share for share, _ in heard]
    assert shares == sorted(shares) and shares[0] == 0
    assert (
        shares[7] == pytest.approx((3 + 3 * 2 / 5) / 7) and [done for _, done in heard] == [0] * 5 + [3] * 3
    )


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("radius", 0.0),
        ("radius", 1.01),
        ("radius", -0.1),
        ("radius", float("nan")),
        ("steps", 0),
        ("steps", 2.0),
        ("step_size", 0.0),
        ("step_size", 1.5),
        ("step_size", -1.0),
    ],
)
def test_settings_out_of_range(name: str, bad: Any) -> None:
    with pytest.raises(SettingError, match=f"{name} is {bad!r}; allowed"):
        dw.ProjectedGradient(**{name: bad})
