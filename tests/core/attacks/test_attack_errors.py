"""Attacks that are refused, that break, and that are interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.errors import (
    ActivationError,
    ConceptError,
    DataError,
    LayerError,
    ProofError,
    SettingError,
)
from tests.core.small_classifiers import (
    CLASSES,
    QUICK,
    Pictures,
    Rule,
    Smooth,
    attack,
    classifier,
    normalized,
)

STEPS = dw.ProjectedGradient(radius=0.03, steps=6)
BOTH = pytest.mark.parametrize("method", [QUICK, STEPS], ids=["cw", "pgd"])


def cut(net: Smooth, x: Tensor) -> Tensor:
    with torch.no_grad():
        x = torch.nn.functional.softplus(net.conv(x)).flatten(1)
    return nn.functional.linear(x, net.fc.weight, net.fc.bias)


class PartialForward(Smooth):
    """A network that asks for gradients in its last layer only."""

    def forward(self, x: Tensor) -> Tensor:
        return cut(self, x)


@BOTH
@pytest.mark.parametrize("frozen", [False, True])
def test_gradients_that_the_network_cuts_off(frozen: bool, method: Any) -> None:
    net = classifier(PartialForward).requires_grad_(not frozen)
    with pytest.raises(SettingError, match=r"no gradient in the image.*`preprocess` cuts it off"):
        attack(net, Pictures(), method=method, preprocess=normalized)


CUTS: list[Callable[[Tensor], Tensor]] = [
    lambda x: normalized(x).detach(),
    lambda x: torch.from_numpy(x.detach().numpy() * 2),
    lambda x: torch.from_numpy(x.numpy() * 2),
    lambda x: (x * 255).round() / 255,
]


@BOTH
@pytest.mark.parametrize("preprocess", CUTS, ids=["detach", "numpy", "numpy that complains", "rounding"])
def test_gradients_that_preprocess_cuts_off(preprocess: Any, method: Any) -> None:
    def run(module: nn.Module, inputs: Any) -> None:
        raise AssertionError("the network has run")

    net = classifier(Smooth)
    handle = net.register_forward_pre_hook(run)
    with pytest.raises(ProofError, match="passes gradients, which an attack follows, but it cuts them off"):
        attack(net, Pictures(), method=method, preprocess=preprocess)
    handle.remove()


def test_bad_input_is_refused() -> None:
    net, data = classifier(), Pictures()
    for images, message in (
        ([0, 7], "images: 7 does not exist; the data have images 0 to 6"),
        ([-1], "images: -1 does not exist"),
        ([3, 1, 3], "images: one is given twice"),
        ([], "images: there are none"),
    ):
        with pytest.raises(SettingError, match=message):
            attack(net, data, images=images)
    with pytest.raises(DataError, match="no images in the data"):
        attack(net, [])
    with pytest.raises(SettingError, match=r"training mode \(module 'itself'"):
        attack(classifier().train(), data)
    half = classifier()
    half.get_submodule("fc").train()
    with pytest.raises(SettingError, match=r"training mode \(module 'fc'"):
        attack(half, data)
    with pytest.raises(ConceptError, match=r"no class 'cwo'. Did you mean 'cow'"):
        attack(net, data, "cwo")
    with pytest.raises(SettingError, match="no class 7; classes are 0 to 6"):
        attack(net, data, 7)
    with pytest.raises(SettingError, match="2 targets for 7 images"):
        attack(net, data, [1, 2])
    with pytest.raises(SettingError, match="8 names, but the network has 7 classes"):
        attack(net, data, classes=[*CLASSES, "hen"])
    with pytest.raises(SettingError, match="'ant' is there more than once"):
        attack(net, data, classes=["ant"] * 7)
    with pytest.raises(SettingError, match="a single class"):
        attack(classifier(lambda: Rule(lambda x: x.mean((1, 2, 3))[:, None])), list(data.images))
    with pytest.raises(LayerError, match=r"outputs \(8, 3, 11, 13\) for 8 images"):
        attack(classifier(lambda: Rule(lambda x: x * 2)), data)


def test_pictures_that_cannot_be_used() -> None:
    net = classifier()
    for value, message in (
        (1.01, r"5.jpg has values from .* to 1\.01"),
        (-0.5, r"5.jpg has values from -0\.5"),
    ):
        data = Pictures()
        data.images[5, 1, 2, 3] = value
        with pytest.raises(DataError, match=message):
            attack(net, data)
        assert attack(net, data, images=[1, 6]).names == ("1.jpg", "6.jpg")
    data.images[5, 1, 2, 3] = torch.nan
    with pytest.raises(DataError, match=r"5.jpg has values"):
        attack(net, data)
    with pytest.raises(DataError, match=r"image 1 has shape \(3, 5, 6\)"):
        attack(net, [data.images[0], torch.zeros(3, 5, 6)], classes=CLASSES)


def test_an_image_may_not_be_told_as_its_target_already() -> None:
    net, data = classifier(), Pictures()
    with torch.no_grad():
        now = net(normalized(data.images)).argmax(1).tolist()
    targets = [(k + 1) % 7 for k in now]
    targets[4] = now[4]
    message = f"'4.jpg' is predicted as '{CLASSES[now[4]]}' already, which cannot be its target class"
    for target in (targets, [CLASSES[k] for k in targets], np.array(targets)):
        with pytest.raises(SettingError, match=message):
            attack(net, data, target)
    with pytest.raises(SettingError, match=message):
        attack(net, data, [targets[6], targets[4]], images=[6, 4])
    alone = f"All 1 images are predicted as '{CLASSES[now[4]]}' already, such as '4.jpg'"
    with pytest.raises(DataError, match=alone):
        attack(net, data, CLASSES[now[4]], images=[4])
    with pytest.raises(SettingError, match=r"'4.jpg' is predicted as"):
        attack(net, data, [now[4]], images=[4])


def marked(value: float, images: list[int]) -> Pictures:
    """Pictures of which some have a pixel of exactly this value, and the others have white there."""
    data = Pictures()
    data.images[:, 0, 0, 0] = 1.0
    data.images[images, 0, 0, 0] = value
    return data


class Breaking(Smooth):
    """Puts out no numbers for a pixel that is near, but not at a value."""

    what, near = torch.nan, 1e-4

    def forward(self, x: Tensor) -> Tensor:
        away = (x[:, 0, 0, 0] * 0.25 + 0.45 - 0.25).abs()
        bad = ((away >= self.near) & (away < 0.2))[:, None] & (torch.arange(7) == 4)
        return torch.where(bad, self.what, super().forward(x))


def breaking(what: float, near: float = 1e-4) -> nn.Module:
    net = classifier(Breaking)
    assert isinstance(net, Breaking)
    net.what, net.near = what, near
    return net


def test_scores_that_are_no_numbers() -> None:
    data = marked(0.25, [1, 5])
    for what in (torch.nan, torch.inf, -torch.inf):
        net = breaking(what, near=0.0)
        with pytest.raises(ActivationError, match=r"scores of image '1.jpg' are not finite"):
            attack(net, data, batch_size=3)
        assert attack(net, data, images=[0, 2]).success.all()


@BOTH
@pytest.mark.parametrize("what", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("target", [None, "nearest"])
def test_images_that_break_leave_the_others_alone(target: Any, what: float, method: Any) -> None:
    net, data, others = breaking(what), marked(0.25, [1, 5]), [0, 2, 3, 4, 6]
    found = attack(net, data, target, method, batch_size=3)
    assert found.broken.tolist() == [False, True, False, False, False, True, False]
    assert found.finished.tolist() == (~found.broken).tolist()
    assert not found.success[found.broken].any() and found.success[others].sum() > 2
    assert torch.equal(found.adversarial[found.broken], found.clean[found.broken])
    assert (found.scores_adversarial[found.broken] == found.scores_clean[found.broken]).all()
    assert np.isfinite(found.scores_adversarial).all() and np.isnan(found.l2[found.broken]).all()
    if method is QUICK:  # they leave with the step in which they break
        assert attack(net, data, target, method, images=[1, 5]).passes == 2 * 2
    alone = attack(net, data, target, method, images=others, batch_size=3)
    assert torch.allclose(found.adversarial[others], alone.adversarial, atol=1e-4)
    assert (found.success[others] == alone.success).all()


@BOTH
def test_gradients_that_are_no_numbers_break_an_image(method: Any) -> None:
    """A root has none where there is nothing to draw it from."""

    def rule(x: Tensor) -> Tensor:
        place = x.mean((1, 2, 3))
        return torch.stack([place - 0.3 + ((place - 0.495) * (place > 0.495)).sqrt(), 0 * place], 1)

    net, data = classifier(lambda: Rule(rule)), [torch.full((3, 11, 13), value) for value in (0.5, 0.9)]
    found = attack(net, data, method=method, preprocess=None)
    assert found.broken.tolist() == [True, False] and found.finished.tolist() == [False, True]
    assert not found.success.any()


@BOTH
def test_what_broke_on_the_way_stays_broken(method: Any) -> None:
    """In a strip on the way to the goal, one pixel has no gradient, but all others have."""

    def rule(x: Tensor) -> Tensor:
        place, corner = x[:, 1:].mean((1, 2, 3)), x[:, 0, 0, 0]
        outside = ((place - 0.49).abs() > 0.004).float()
        return torch.stack([20 * (place - 0.48) + (corner * outside).sqrt() / 100, 0 * place], 1)

    method = dw.ProjectedGradient(0.06, 20, 0.003, random_start=False) if method is STEPS else method
    found = attack(
        classifier(lambda: Rule(rule)), [torch.full((3, 11, 13), 0.5)], method=method, preprocess=None
    )
    assert found.broken.all() and not found.finished.any() and not found.success.any()
    assert torch.equal(found.adversarial, found.clean)


@pytest.mark.parametrize(
    "method",
    [
        dw.CarliniWagner(steps=9, searches=1, learning_rate=0.012, initial_constant=500.0, abort_early=False),
        dw.ProjectedGradient(steps=9, step_size=0.006, random_start=False),
    ],
    ids=["cw", "pgd"],
)
def test_what_was_found_before_it_broke_stays(method: Any) -> None:
    def rule(x: Tensor) -> Tensor:
        place = x.mean((1, 2, 3))
        scores = torch.stack([(place - 0.48) * 100, 0 * place], 1)
        return torch.where(place[:, None] < 0.473, torch.nan, scores)

    data = [torch.full((3, 11, 13), 0.5)]
    found = attack(classifier(lambda: Rule(rule)), data, method=method, preprocess=None)
    assert found.broken.all() and not found.finished.any() and found.success.all()
    assert found.adversarial.mean().item() == pytest.approx(0.476, abs=1e-4)
