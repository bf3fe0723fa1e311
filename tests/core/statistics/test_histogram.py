import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dissect_widgets.core.statistics.histogram import BINS, Histogram

UNITS = 5


def samples(total: int = 60, seed: int = 0) -> NDArray[np.float32]:
    """Samples (5, total): around zero, zeros alone, growing, negative integers, tiny."""
    random = np.random.default_rng(seed)
    return np.stack(
        [
            random.standard_normal(total),
            np.zeros(total),
            np.arange(total) ** 3 * random.choice([-1, 1], total),
            -random.integers(0, 65, total),
            random.standard_normal(total) * 1e-12,
        ]
    ).astype(np.float32)


def slow_exponent(largest: float) -> int:
    """Exponent of the smallest width, a power of two, with all samples within 64 widths."""
    exponent = -100
    while not largest < 64 * 2.0**exponent:
        exponent += 1
    return exponent


def check(histogram: Histogram, values: NDArray[np.float32]) -> None:
    assert histogram.counts.shape == (len(values), BINS) == (len(values), 128)
    assert histogram.counts.dtype == np.int64
    for unit, row in enumerate(values.tolist()):
        exponent = slow_exponent(max(abs(value) for value in row))
        assert histogram.exponent[unit] == exponent
        expected = [0] * 128
        for value in row:
            expected[math.floor(value / 2.0**exponent) + 64] += 1
        assert histogram.counts[unit].tolist() == expected


def filled(*parts: NDArray[np.float32]) -> Histogram:
    histogram = Histogram(len(parts[0]))
    for part in parts:
        histogram.count(torch.from_numpy(np.ascontiguousarray(part)))
    return histogram


def test_one_pass() -> None:
    check(filled(samples()), samples())


@pytest.mark.parametrize("order", ["growing", "falling", "shuffled"])
def test_ranges_that_grow_in_any_order(order: str) -> None:
    values = samples()
    by_size = np.argsort(abs(values).max(0))
    at = {"growing": by_size, "falling": by_size[::-1], "shuffled": np.random.default_rng(1).permutation(60)}
    parts = np.split(values[:, at[order]], [1, 2, 9, 40], 1)
    check(filled(*parts), values)


@pytest.mark.parametrize("value", [1.0, 64.0, 63.999996, -64.0, -63.999996, 0.5, -1e-20, 1e20, 2.0**-94])
def test_widths_at_powers_of_two(value: float) -> None:
    values = np.array([[value, 0]], np.float32)
    histogram = filled(values)
    check(histogram, values)
    width = 2.0 ** histogram.exponent[0]
    assert 32 * width <= abs(np.float32(value)) < 64 * width


def test_bins_meet_at_zero() -> None:
    histogram = filled(np.array([[-0.001, 0.0, -0.0, 0.001, 63]], np.float32))
    assert histogram.counts[0, 63] == 1
    assert histogram.counts[0, 64] == 3


def test_zeros_alone_stay_in_the_smallest_bin_until_others_come() -> None:
    histogram = filled(np.zeros((UNITS, 7), np.float32))
    assert (histogram.exponent == -100).all()
    assert (histogram.counts[:, 64] == 7).all()
    assert histogram.counts.sum() == 7 * UNITS
    histogram.count(torch.from_numpy(samples()))
    check(histogram, np.concatenate([np.zeros((UNITS, 7), np.float32), samples()], 1))


def test_merge_of_different_widths() -> None:
    small, large = samples(20), samples(40, seed=1) * np.float32(1000)
    large[2] /= 10**8  # for one unit it is the other way round
    first, second = filled(small), filled(large)
    assert (first.exponent[[0, 3, 4]] < second.exponent[[0, 3, 4]]).all()
    assert first.exponent[2] > second.exponent[2]
    before = second.counts.copy(), second.exponent.copy()
    first.merge(second)
    check(first, np.concatenate([small, large], 1))
    assert np.array_equal(second.counts, before[0])
    assert np.array_equal(second.exponent, before[1])
    second.merge(filled(small))
    check(second, np.concatenate([small, large], 1))


@settings(deadline=None, max_examples=80, database=None)
@given(st.data())
def test_any_split_order_and_merge_gives_the_same(data: st.DataObject) -> None:
    number = st.one_of(
        st.floats(-1e6, 1e6, width=32, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-20),
        st.sampled_from([0.0, 1.0, -1.0, 64.0, -64.0, 0.03125, -4096.0]),
    )
    total = data.draw(st.integers(1, 15))
    rows = [data.draw(st.lists(number, min_size=total, max_size=total)) for _ in range(2)]
    values = np.array(rows, np.float32)
    order = np.array(data.draw(st.permutations(range(total))))
    cuts = sorted(data.draw(st.lists(st.integers(0, total), max_size=4)))
    shards = [Histogram(2) for _ in range(data.draw(st.integers(1, 3)))]
    for part in np.split(values[:, order], cuts, 1):
        if part.shape[1]:
            shards[data.draw(st.integers(0, len(shards) - 1))].count(torch.from_numpy(part.copy()))
    first, *others = data.draw(st.permutations(shards))
    for other in others:
        first.merge(other)
    check(first, values)


def test_order_does_not_matter_over_the_whole_range_of_floats() -> None:
    values = np.array([[-1e-30, 3e38]], np.float32)
    assert np.array_equal(filled(values).counts, filled(values[:, :1], values[:, 1:]).counts)


def test_state_goes_on() -> None:
    values = samples()
    first = filled(values[:, :11])
    second = Histogram(UNITS)
    second.load_state(first.state())
    check(second, values[:, :11])
    second.count(torch.from_numpy(values[:, 11:].copy()))
    check(second, values)
    check(first, values[:, :11])


def test_values_of_any_layout() -> None:
    values = samples()
    histogram = Histogram(UNITS)
    histogram.count(torch.from_numpy(values.T.copy()).T)
    check(histogram, values)
