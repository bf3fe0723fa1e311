"""Peaks and units as classifiers, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dissect_widgets.core.dissection.max_activation import (
    choose_unit,
    classify_by_max_activation,
    find_max_activations,
)
from dissect_widgets.errors import ActivationError, LayerError, SettingError
from tests.core import oracle
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet


@pytest.mark.parametrize("batch_size", [1, 4, 9])
def test_peaks_are_the_greatest_activations(tiny: TinyNet, images: ArrayImages, batch_size: int) -> None:
    expected = oracle.outputs(tiny, "mix", images.images, batch_size).max((2, 3))
    done_images: list[int] = []
    peaks = find_max_activations(
        tiny, "mix", images, batch_size=batch_size, progress=lambda done, total: done_images.append(done)
    )
    assert peaks.shape == (9, 5) and (peaks == expected).all()
    assert done_images[-1] == 9 and tiny.training
    plain = find_max_activations(tiny, "mix", [image for image, _ in images], batch_size=batch_size)
    assert (plain == peaks).all()


def test_bad_layers_and_activations(tiny: TinyNet, images: ArrayImages) -> None:
    with pytest.raises(LayerError, match="'mix'"):
        find_max_activations(tiny, "mixx", images)
    with torch.no_grad():
        tiny.left.weight[3] = float("nan")
    with pytest.raises(ActivationError, match="unit 3"):
        find_max_activations(tiny, "mix", images)


def test_a_map_that_falls_to_minus_infinity_is_an_error(tiny: TinyNet, images: ArrayImages) -> None:
    tiny.mix = torch.nn.Identity()
    tiny.mix.register_forward_hook(lambda m, i, out: out.index_fill(2, torch.tensor([0]), float("-inf")))
    with pytest.raises(ActivationError, match="-inf"):
        find_max_activations(tiny, "mix", images)


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=12))
def test_the_threshold_is_the_best(pairs: list[tuple[int, bool]]) -> None:
    peaks, truth = np.array([p for p, _ in pairs], float), np.array([t for _, t in pairs])
    if truth.all() or not truth.any():
        return
    classifier = classify_by_max_activation(peaks, truth)
    cuts = np.concatenate([[-10], np.unique(peaks), (np.unique(peaks)[1:] + np.unique(peaks)[:-1]) / 2])
    scores = [((peaks[truth] > cut).mean() + (peaks[~truth] <= cut).mean()) / 2 for cut in cuts]
    assert classifier.balanced_accuracy == pytest.approx(max(scores))
    again = classify_by_max_activation(peaks, truth, threshold=classifier.threshold)
    assert again == classifier
    assert classifier.recall == (peaks[truth] > classifier.threshold).mean()


def test_bad_peaks() -> None:
    with pytest.raises(SettingError, match="shape"):
        classify_by_max_activation([1.0, 2.0], [True])
    with pytest.raises(SettingError, match=r"activations\[1\] is NaN"):
        classify_by_max_activation([1.0, np.nan], [True, False])
    with pytest.raises(SettingError, match="All images"):
        classify_by_max_activation([1.0, 2.0], [True, True])


def test_a_unit_is_chosen_on_one_half_and_judged_on_the_other() -> None:
    random = np.random.default_rng(3)
    truth = random.random(31) < 0.4
    peaks = random.normal(size=(31, 7)) + np.outer(truth, [0, 0.5, 1, 4, 0.2, 3.5, 5])
    peaks[:, 6] = random.normal(size=31)
    units = [5, 0, 3, 6]
    kinds = [[i for i in range(31) if truth[i] == kind] for kind in (True, False)]
    chosen_on = sorted(i for own in kinds for i in own[::2])
    judged_on = sorted(i for own in kinds for i in own[1::2])
    classifiers = [classify_by_max_activation(peaks[chosen_on, unit], truth[chosen_on]) for unit in units]
    best = int(np.argmax([one.balanced_accuracy for one in classifiers]))
    choice = choose_unit(peaks, truth, units)
    assert choice.unit == units[best] in (5, 3) and np.flatnonzero(choice.judged).tolist() == judged_on
    cut = classifiers[best].threshold
    right = [(peaks[i, choice.unit] > cut) == truth[i] for i in judged_on]
    recall = np.mean([ok for ok, i in zip(right, judged_on, strict=True) if truth[i]])
    negative = np.mean([ok for ok, i in zip(right, judged_on, strict=True) if not truth[i]])
    assert choice.classifier.threshold == cut
    assert choice.classifier.balanced_accuracy == pytest.approx((recall + negative) / 2)


def test_nothing_to_choose() -> None:
    peaks, truth = np.zeros((5, 3)), np.array([1, 1, 0, 0, 0], bool)
    with pytest.raises(SettingError, match="no units to choose from"):
        choose_unit(peaks, truth, [])
    with pytest.raises(SettingError, match=r"shape \(5,\); it must be \(5, units\)"):
        choose_unit(peaks[:, 0], truth, [0])
    with pytest.raises(SettingError, match="with and without it are needed"):
        choose_unit(peaks, np.array([1, 0, 0, 0, 0], bool), [0])
