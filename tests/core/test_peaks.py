"""Peaks and units as classifiers, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dissect_widgets.core.peaks import classify_by_peak, find_peaks
from dissect_widgets.errors import ActivationError, LayerError, SettingError
from tests.conftest import ArrayImages, TinyNet
from tests.core import oracle


@pytest.mark.parametrize("batch_size", [1, 4, 9])
def test_peaks_are_the_greatest_activations(tiny: TinyNet, images: ArrayImages, batch_size: int) -> None:
    expected = oracle.outputs(tiny, "mix", images.images, batch_size).max((2, 3))
    told: list[int] = []
    peaks = find_peaks(
        tiny, "mix", images, batch_size=batch_size, progress=lambda done, total: told.append(done)
    )
    assert peaks.shape == (9, 5) and (peaks == expected).all()
    assert told[-1] == 9 and tiny.training
    plain = find_peaks(tiny, "mix", [image for image, _ in images], batch_size=batch_size)
    assert (plain == peaks).all()


def test_bad_layers_and_activations(tiny: TinyNet, images: ArrayImages) -> None:
    with pytest.raises(LayerError, match="'mix'"):
        find_peaks(tiny, "mixx", images)
    with torch.no_grad():
        tiny.left.weight[3] = float("nan")
    with pytest.raises(ActivationError, match="unit 3"):
        find_peaks(tiny, "mix", images)


def test_a_map_that_falls_to_minus_infinity_is_an_error(tiny: TinyNet, images: ArrayImages) -> None:
    tiny.mix = torch.nn.Identity()
    tiny.mix.register_forward_hook(lambda m, i, out: out.index_fill(2, torch.tensor([0]), float("-inf")))
    with pytest.raises(ActivationError, match="-inf"):
        find_peaks(tiny, "mix", images)


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=12))
def test_the_threshold_is_the_best(pairs: list[tuple[int, bool]]) -> None:
    peaks, truth = np.array([p for p, _ in pairs], float), np.array([t for _, t in pairs])
    if truth.all() or not truth.any():
        return
    found = classify_by_peak(peaks, truth)
    cuts = np.concatenate([[-10], np.unique(peaks), (np.unique(peaks)[1:] + np.unique(peaks)[:-1]) / 2])
    scores = [((peaks[truth] > cut).mean() + (peaks[~truth] <= cut).mean()) / 2 for cut in cuts]
    assert found.balanced_accuracy == pytest.approx(max(scores))
    again = classify_by_peak(peaks, truth, threshold=found.threshold)
    assert again == found
    assert found.recall == (peaks[truth] > found.threshold).mean()


def test_bad_peaks() -> None:
    with pytest.raises(SettingError, match="shape"):
        classify_by_peak([1.0, 2.0], [True])
    with pytest.raises(SettingError, match=r"peaks\[1\] is NaN"):
        classify_by_peak([1.0, np.nan], [True, False])
    with pytest.raises(SettingError, match="All pictures"):
        classify_by_peak([1.0, 2.0], [True, True])
