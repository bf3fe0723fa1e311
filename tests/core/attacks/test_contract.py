"""What every method of attack must keep to; see `AttackMethod`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import dissect_widgets as dw
from dissect_widgets.core.attacks.base import AttackMethod
from dissect_widgets.core.attacks.run import choose_targets, read_images, run_attack
from tests.core.small_classifiers import Pictures, attack, classifier, normalized

TARGETS = (None, "nearest")

METHODS: list[Callable[[], AttackMethod]] = [
    lambda: dw.CarliniWagner(steps=20, searches=3, learning_rate=0.02, initial_constant=0.2),
    lambda: dw.ProjectedGradient(radius=0.03, steps=5),
]
"""All methods, with settings of few steps."""

every_method = pytest.mark.parametrize("make", METHODS, ids=lambda make: type(make()).__name__)


@every_method
def test_an_image_is_attacked_as_if_alone(make: Callable[[], AttackMethod]) -> None:
    net, data, method = classifier(), Pictures(), make()
    whole = attack(net, data, method=method, batch_size=3)
    assert whole.success.sum() >= 4
    for size in (1, 2, 50):
        again = attack(net, data, method=method, batch_size=size)
        assert torch.allclose(again.adversarial, whole.adversarial, atol=1e-4)
        assert again.passes == whole.passes and (again.success == whole.success).all()
    some = attack(net, data, method=method, batch_size=3, images=[6, 2])
    assert some.names == ("6.jpg", "2.jpg") and some.images.tolist() == [6, 2]
    assert torch.allclose(some.adversarial, whole.adversarial[[6, 2]], atol=1e-4)
    assert torch.equal(some.clean, data.images[[6, 2]])
    assert (some.targets == -1).all()
    assert (whole.predicted_adversarial != whole.predicted_clean)[whole.success].all()


@every_method
@pytest.mark.parametrize("target", TARGETS)
def test_images_stay_in_range_and_failures_are_clean(make: Callable[[], AttackMethod], target: Any) -> None:
    net, data = classifier(), Pictures()
    data.images[:, :, :4] = 0  # where a step leaves [0, 1]
    data.images[:, :, 4:7] = 1
    result = attack(net, data, target, make(), batch_size=3)
    assert result.finished.all() and not result.broken.any() and result.passes > 0
    assert result.adversarial.min() >= 0 and result.adversarial.max() <= 1
    assert torch.equal(result.adversarial[~result.success], result.clean[~result.success])
    again = attack(net, data, target, make(), batch_size=3)
    assert torch.equal(again.adversarial, result.adversarial), "the same attack gives the same images"


@every_method
def test_it_ends_when_it_is_told_to(make: Callable[[], AttackMethod]) -> None:
    unlabeled = dw.ClassifierData(classifier(), Pictures(), preprocess=normalized, batch_size=2)
    unlabeled = unlabeled.without_labels()
    read, targets = choose_targets(unlabeled, read_images(unlabeled, None), None, 0, print)
    reports: list[tuple[float, int]] = []

    def advance(share: float, done: int) -> bool:
        reports.append((share, done))
        return True

    result = run_attack(unlabeled, read, targets, make(), advance=advance)
    assert len(reports) == 1 and 0 <= reports[0][0] < 1 and not result.finished.all()


@every_method
def test_scores_that_are_not_finite_break_an_image(make: Callable[[], AttackMethod]) -> None:
    def holed(images: Tensor) -> Tensor:
        """The second image breaks as soon as it changes."""
        corner = images[:, 0, 0, 0]
        bad = ((corner - 0.5).abs() < 0.2) & (corner != 0.5) & ((corner - 0.5).abs() > 1e-5)
        return normalized(images).where(~bad[:, None, None, None], torch.nan)

    net, data = classifier(), Pictures()
    data.images[:, 0, 0, 0] = 0.9
    data.images[1, 0, 0, 0] = 0.5
    result = attack(net, data, method=make(), preprocess=holed, batch_size=3)
    others = np.arange(7) != 1
    assert not result.success[1] and torch.equal(result.adversarial[1], data.images[1])
    assert result.finished[others].all() and not result.broken[others].any()


@every_method
def test_settings_are_in_the_repr(make: Callable[[], AttackMethod]) -> None:
    method = make()
    assert repr(method) == repr(make()) and " at 0x" not in repr(method)
    for name, value in vars(method).items():
        assert f"{name}={value!r}" in repr(method)
