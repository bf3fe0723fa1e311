import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dissect_widgets.core.statistics.top_images import TopImages

UNITS, SIZE = 5, (3, 4)


def peaks_of(images: int, seed: int = 0) -> NDArray[np.float32]:
    """Peaks (images, units), with many ties, negatives, and a unit that is always zero."""
    random = np.random.default_rng(seed)
    peaks = random.integers(-3, 3, (images, UNITS)).astype(np.float32) / 2
    peaks[:, 1] = random.standard_normal(images)
    peaks[:, 2] = 0
    return peaks


def map_of(image: int, unit: int) -> NDArray[np.float32]:
    """A map that tells whose it is."""
    return (100 * image + unit + np.arange(12, dtype=np.float32) / 12).reshape(SIZE).astype(np.float32)


def feed(top: TopImages, peaks: NDArray[np.float32], order: list[int]) -> int:
    """Show the images in some order; returns how many maps were asked for."""
    asked = 0
    for image in order:
        units = top.entering(image, peaks[image])
        asked += len(units)
        if len(units):
            maps = np.stack([map_of(image, unit) for unit in units])
            top.enter(image, units, peaks[image, units], maps)
    return asked


def check(top: TopImages, peaks: NDArray[np.float32], count: int) -> None:
    """The ranking is a stable sort of all images by falling peak."""
    images = len(peaks)
    peak, image, maps = top.ranked()
    assert (peak.shape, image.shape, maps.shape) == ((UNITS, count), (UNITS, count), (UNITS, count, *SIZE))
    assert (peak.dtype, image.dtype, maps.dtype) == (np.float32, np.int64, np.float32)
    for unit in range(UNITS):
        expected = sorted(range(images), key=lambda i: -peaks[i, unit])[:count]
        missing = count - len(expected)
        assert image[unit].tolist() == expected + [-1] * missing
        assert peak[unit].tolist() == [peaks[i, unit] for i in expected] + [-np.inf] * missing
        for rank, i in enumerate(expected):
            assert np.array_equal(maps[unit, rank], map_of(i, unit))
        assert not maps[unit, len(expected) :].any()
    assert set(top.images().tolist()) == set(image[image >= 0].tolist())


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("how", ["forward", "backward", "shuffled"])
def test_any_order_gives_the_sorted_images(count: int, how: str) -> None:
    peaks = peaks_of(31)
    order = {
        "forward": list(range(31)),
        "backward": list(range(31))[::-1],
        "shuffled": np.random.default_rng(1).permutation(31).tolist(),
    }[how]
    top = TopImages(UNITS, count, SIZE)
    feed(top, peaks, order)
    check(top, peaks, count)


@settings(deadline=None, max_examples=60, database=None)
@given(st.data())
def test_any_shards_merge_to_the_same(data: st.DataObject) -> None:
    images, count = data.draw(st.integers(1, 20)), data.draw(st.integers(0, 5))
    peaks = peaks_of(images, data.draw(st.integers(0, 99)))
    shards = [TopImages(UNITS, count, SIZE) for _ in range(data.draw(st.integers(1, 4)))]
    for image in data.draw(st.permutations(range(images))):
        feed(shards[data.draw(st.integers(0, len(shards) - 1))], peaks, [image])
    first, *others = data.draw(st.permutations(shards))
    for other in others:
        first.merge(other)
    check(first, peaks, count)


def test_going_on_after_a_merge() -> None:
    peaks = peaks_of(31)
    first, second = (TopImages(UNITS, 4, SIZE) for _ in range(2))
    feed(first, peaks, [30, 1, 8])
    feed(second, peaks, [5, 2, 29, 3, 0])
    first.merge(second)
    feed(first, peaks, [i for i in range(31) if i not in (30, 1, 8, 5, 2, 29, 3, 0)])
    check(first, peaks, 4)


@pytest.mark.parametrize("images", [0, 1, 3])
def test_fewer_images_than_exemplars(images: int) -> None:
    peaks = peaks_of(images)
    top = TopImages(UNITS, 4, SIZE)
    feed(top, peaks, list(range(images)))
    check(top, peaks, 4)


def test_no_exemplars() -> None:
    peaks = peaks_of(7)
    top = TopImages(UNITS, 0, SIZE)
    assert feed(top, peaks, list(range(7))) == 0
    check(top, peaks, 0)
    assert not len(top.images())


def test_only_units_that_enter_are_named() -> None:
    top = TopImages(UNITS, 1, SIZE)
    low = np.zeros(UNITS, np.float32)
    assert top.entering(4, low).tolist() == [0, 1, 2, 3, 4]
    feed(top, np.zeros((9, UNITS), np.float32), [4])
    assert top.entering(5, low).tolist() == [], "of equal peaks the lower image number stays"
    assert top.entering(3, low).tolist() == [0, 1, 2, 3, 4]
    assert top.entering(5, np.array([0, 1e-45, -1, 2, -0.0], np.float32)).tolist() == [1, 3]


def test_images_in_falling_order_of_peak_ask_for_no_more_maps() -> None:
    peaks = np.repeat(-np.arange(31, dtype=np.float32)[:, None], UNITS, 1)
    assert feed(TopImages(UNITS, 4, SIZE), peaks, list(range(31))) == 4 * UNITS


def test_state_goes_on() -> None:
    peaks = peaks_of(31)
    first, second = (TopImages(UNITS, 6, SIZE) for _ in range(2))
    feed(first, peaks, list(range(12)))
    kept = {key: np.array(array) for key, array in first.state().items()}
    second.load_state(first.state())
    feed(second, peaks, list(range(12, 31)))
    check(second, peaks, 6)
    check(first, peaks[:12], 6)
    assert all(np.array_equal(array, kept[key]) for key, array in first.state().items())
