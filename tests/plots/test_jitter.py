"""Figure 1f."""

from __future__ import annotations

import numpy as np
import pytest

from dissect_widgets.core.dissection.max_activation import classify_by_max_activation
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.jitter_plot import jitter


def test_dots_density_and_threshold() -> None:
    peaks = np.array([0.1, 0.2, 0.3, 0.15, 5.0, 6.0, 7.0])
    truth = np.array([False] * 4 + [True] * 3)
    classifier = classify_by_max_activation(peaks, truth)
    drawn = jitter(peaks, truth, "<b>airplane", classifier)
    dots = [trace for trace in drawn.data if trace.mode == "markers"]
    assert [sorted(trace.x) for trace in dots] == [[0.1, 0.15, 0.2, 0.3], [5.0, 6.0, 7.0]]
    assert all(row <= y < row + 0.4 for row, trace in enumerate(dots) for y in trace.y)
    curves = [trace for trace in drawn.data if trace.fill]
    for curve, group in zip(curves, (peaks[:4], peaks[4:]), strict=True):
        assert group.min() - 1 < curve.x[np.argmax(curve.y)] < group.max() + 1
    assert drawn.layout.shapes[0].x0 == classifier.threshold == 2.65
    assert "&lt;b&gt;airplane" in drawn.layout.title.text and "100.0 %" in drawn.layout.title.text


def test_small_groups_and_bad_shapes() -> None:
    peaks, truth = np.array([1.0, 2.0, 2.0]), np.array([True, False, False])
    drawn = jitter(peaks, truth, "dog", classify_by_max_activation(peaks, truth), title="unit 3")
    assert not [trace for trace in drawn.data if trace.fill] and drawn.layout.title.text == "unit 3"
    with pytest.raises(SettingError, match="shape"):
        jitter(peaks, truth[:2], "dog", classify_by_max_activation(peaks, truth))
