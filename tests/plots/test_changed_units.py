"""The figure of changes by importance: numbers in their places."""

from __future__ import annotations

import numpy as np
import pytest

from dissect_widgets.core.attacks.unit_changes import ChangeByImportance, Estimate
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.changed_units import change_bars


def change(images: int = 9) -> ChangeByImportance:
    rng = np.random.default_rng(0)
    source, target, a, b = rng.uniform(0.1, 2, (4, 7))
    nothing = Estimate(0.0, 0.0)
    return ChangeByImportance(
        layer="conv<3>",
        images=images,
        top=2,
        source=source,
        source_interval=a,
        target=target,
        target_interval=b,
        source_top=nothing,
        target_top=nothing,
        others=Estimate(0.25, 0.125 if images > 1 else float("nan")),
        source_times=nothing,
        target_times=nothing,
    )


def test_bars_and_band() -> None:
    result = change()
    figure = change_bars(result, ranks=5)
    before, after, band, others = figure.data
    assert (before.name, after.name) == ("important to the clean class", "important to the adversarial class")
    assert list(before.x) == list(after.x) == [1, 2, 3, 4, 5]
    assert list(before.y) == result.source[:5].tolist() and list(after.y) == result.target[:5].tolist()
    assert list(before.error_y.array) == result.source_interval[:5].tolist()
    assert list(after.error_y.array) == result.target_interval[:5].tolist()
    assert before.marker.color != after.marker.color
    assert sorted(band.y) == [0.125, 0.125, 0.375, 0.375] and list(others.y) == [0.25, 0.25]
    assert (
        before.hovertext[2]
        == f"clean class, rank 3: {result.source[2]:.3g} ± {result.source_interval[2]:.2g}"
    )
    assert "conv&lt;3&gt;" in figure.layout.title.text and "9 images" in figure.layout.title.text


def test_one_image_has_no_interval() -> None:
    figure = change_bars(change(images=1), ranks=1)
    assert [trace.type for trace in figure.data] == ["bar", "bar", "scatter"]


@pytest.mark.parametrize("ranks", [0, 8])
def test_ranks_that_are_not_there(ranks: int) -> None:
    with pytest.raises(SettingError, match=f"ranks is {ranks}; allowed is 1 to 7"):
        change_bars(change(), ranks=ranks)
