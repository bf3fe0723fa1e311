import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from dissect_widgets.core.data.storage import FileArray, Workspace
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.statistics.iou import Counts, LabelTally, count_active
from dissect_widgets.core.statistics.quantile import TopSamples
from dissect_widgets.errors import StorageError
from tests.small_images import ArrayImages

UNITS, SIZE, PIXELS = 5, (11, 13), 143
CAPACITY = 200


class Oracle(NamedTuple):
    """Everything as boolean masks, one by one."""

    activations: NDArray[np.float32]  # (units, images, rows, columns)
    labels: NDArray[np.int64]  # (images, channels, rows, columns)
    vocabulary: Vocabulary

    def category(self, concept: int) -> str:
        return self.vocabulary[concept].category

    def concept_mask(self, concept: int) -> NDArray[np.bool_]:
        return (self.labels == concept).any(1)

    def concept_area(self, images: Sequence[int]) -> list[int]:
        concepts = range(1, len(self.vocabulary))
        return [0] + [int(self.concept_mask(c)[list(images)].sum()) for c in concepts]

    def has_category(self, image: int, category: str) -> bool:
        present = set(self.labels[image].ravel().tolist()) - {0}
        return any(self.category(concept) == category for concept in present)

    def counts(self, thresholds: NDArray[np.float32], images: Sequence[int]) -> Counts:
        levels, categories = len(thresholds), self.vocabulary.categories
        intersection = np.zeros((levels, UNITS, len(self.vocabulary)), np.int64)
        area = np.zeros((levels, UNITS), np.int64)
        in_category = np.zeros((levels, UNITS, len(categories)), np.int64)
        for level in range(levels):
            for unit in range(UNITS):
                mask = self.activations[unit] > thresholds[level, unit]
                mask[[i for i in range(len(mask)) if i not in images]] = False
                area[level, unit] = mask.sum()
                for concept in range(1, len(self.vocabulary)):
                    intersection[level, unit, concept] = (mask & self.concept_mask(concept)).sum()
                for number, category in enumerate(categories):
                    in_category[level, unit, number] = sum(
                        mask[i].sum() for i in images if self.has_category(i, category)
                    )
        return Counts(intersection, area, in_category)


@pytest.fixture
def oracle(images: ArrayImages) -> Oracle:
    labels = images.labels.copy()
    labels[2, 0, :4, :5] = labels[2, 1, :4, :5] = 2  # the same concept in both channels
    labels[3, 1] = 0
    labels[3, 0] = np.where(labels[3, 0] > 2, 0, labels[3, 0])  # an image of objects alone
    random = np.random.default_rng(4)
    activations = random.standard_normal((UNITS, len(labels), *SIZE)).astype(np.float32)
    activations[3] = random.integers(-1, 2, activations[3].shape)
    activations[4] = np.maximum(activations[4] - 3, 0)
    activations[1] += labels[:, 0] == 3
    return Oracle(activations, labels, images.vocabulary)


def samples_of(oracle: Oracle, images: Iterable[int], **options: object) -> TopSamples:
    """All samples of some images, in batches of one image."""
    top = TopSamples(UNITS, CAPACITY, position_dtype=np.dtype(np.uint16), **options)
    for image in images:
        values = oracle.activations[:, image].reshape(UNITS, -1)
        positions = np.tile(np.arange(PIXELS) + image * PIXELS, UNITS)
        top.add(np.full(UNITS, PIXELS, np.int64), values.reshape(-1), positions)
    top.consolidate()
    return top


def tally_of(oracle: Oracle, images: Iterable[int], workspace: Workspace | None = None) -> LabelTally:
    total, channels = oracle.labels.shape[:2]
    tally = LabelTally(oracle.vocabulary, total, channels, SIZE, workspace=workspace)
    for image in images:
        tally.add(image, oracle.labels[image])
    return tally


def thresholds_of(top: TopSamples) -> NDArray[np.float32]:
    return np.stack([top.threshold(CAPACITY), top.threshold(23)])


def check(oracle: Oracle, top: TopSamples, tally: LabelTally, images: Sequence[int]) -> None:
    thresholds = thresholds_of(top)
    counts = count_active(top, thresholds, tally)
    expected = oracle.counts(thresholds, images)
    for found, wanted in zip(counts, expected, strict=True):
        assert found.dtype == np.int64
        assert found.shape == wanted.shape
        assert np.array_equal(found, wanted)
    check_labels(oracle, tally, images)


def check_labels(oracle: Oracle, tally: LabelTally, images: Sequence[int]) -> None:
    assert tally.concept_area.dtype == np.int64
    assert tally.concept_area.tolist() == oracle.concept_area(images)
    assert tally.done.tolist() == [i in images for i in range(len(oracle.labels))]
    for image in range(len(oracle.labels)):
        assert tally.in_category[image].tolist() == [
            image in images and oracle.has_category(image, c) for c in oracle.vocabulary.categories
        ]


def test_the_probe_set_has_all_that_is_tested(oracle: Oracle) -> None:
    assert len(oracle.vocabulary) - 1 == 7
    assert [sum(c.category == k for c in oracle.vocabulary) for k in oracle.vocabulary.categories] == [
        4,
        2,
        1,
    ]
    assert not oracle.labels[1].any()
    assert oracle.has_category(3, "object") and not oracle.has_category(3, "material")
    both = (oracle.labels[:, 0] == oracle.labels[:, 1]) & (oracle.labels[:, 0] > 0)
    assert both.sum() > 20
    assert not (oracle.labels == 7).any(), "no image carries the scene"


def test_counts_are_those_of_boolean_masks(oracle: Oracle) -> None:
    images = range(9)
    top, tally = samples_of(oracle, images), tally_of(oracle, images)
    check(oracle, top, tally, images)
    counts = count_active(top, thresholds_of(top), tally)
    assert not counts.intersection[:, :, 0].any()
    assert not counts.intersection[:, :, 7].any()
    assert not counts.area_in_category[:, :, 2].any()
    assert counts.area[0, 0] == CAPACITY
    assert counts.area[1, 0] == 23
    assert (counts.area[0] > counts.area[1]).sum() >= 3


def test_thresholds_of_ones_own(oracle: Oracle) -> None:
    top, tally = samples_of(oracle, range(9)), tally_of(oracle, range(9))
    thresholds = top.bound + np.array([[0], [0.25], [100]], np.float32)
    expected = oracle.counts(thresholds, range(9))
    for found, wanted in zip(count_active(top, thresholds, tally), expected, strict=True):
        assert np.array_equal(found, wanted)
        assert not found[2].any()


def test_some_images_alone(oracle: Oracle) -> None:
    images = [7, 1, 4]
    check(oracle, samples_of(oracle, images), tally_of(oracle, images), images)


def test_the_same_concept_in_three_channels_counts_once() -> None:
    vocabulary = Vocabulary([Concept("a", "object"), Concept("b", "object"), Concept("c", "part")])
    labels = np.array([[[1, 2, 0, 3]], [[1, 1, 0, 1]], [[2, 2, 0, 1]], [[1, 1, 0, 3]]])  # (4, 1, 4)
    tally = LabelTally(vocabulary, 2, 4, (1, 4))
    before = labels.copy()
    tally.add(1, labels)
    assert np.array_equal(labels, before)
    # per pixel: {a, b}, {a, b}, {}, {a, c}
    assert tally.concept_area.tolist() == [0, 3, 2, 1]
    assert tally.in_category.tolist() == [[False, False], [True, True]]
    for pixel, present in enumerate([[0, 0, 1, 2], [0, 0, 1, 2], [0, 0, 0, 0], [0, 0, 1, 3]]):
        at = np.array([1]), np.array([pixel])
        assert sorted(int(tally.at(channel, *at)[0]) for channel in range(4)) == present


def test_labels_at_pixels(oracle: Oracle) -> None:
    tally = tally_of(oracle, range(9))
    random = np.random.default_rng(5)
    image, pixel = random.integers(0, 9, 100), random.integers(0, PIXELS, 100)
    rows, columns = np.unravel_index(pixel, SIZE)
    assert np.array_equal(tally.at(0, image, pixel), oracle.labels[image, 0, rows, columns])
    first, second = oracle.labels[image, :, rows, columns].T
    assert np.array_equal(tally.at(1, image, pixel), np.where(first == second, 0, second))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("on_disk", [False, True])
def test_shards_merge_in_any_order(
    oracle: Oracle, tmp_path: Path, order: tuple[int, ...], on_disk: bool
) -> None:
    shards = [[8, 0, 3], [5], [1, 2, 4, 6]]  # image 7 is missing
    parts = []
    for number, images in enumerate(shards):
        work = Workspace(tmp_path / str(number), temporary=False) if on_disk else None
        samples = (
            samples_of(oracle, images, workspace=work, memory=64) if work else samples_of(oracle, images)
        )
        parts.append((samples, tally_of(oracle, images, work)))
    (top, tally), *others = (parts[i] for i in order)
    for samples, labels in others:
        top.merge(samples)
        tally.merge(labels)
    check(oracle, top, tally, sorted(image for images in shards for image in images))


def test_the_same_image_in_two_shards_is_refused(oracle: Oracle) -> None:
    first, second = tally_of(oracle, [0, 4, 5]), tally_of(oracle, [4, 7])
    before = first.concept_area.copy()
    with pytest.raises(ValueError, match="Two shards hold the same image"):
        first.merge(second)
    assert np.array_equal(first.concept_area, before)
    assert first.done.sum() == 3


@pytest.mark.parametrize(
    ("concepts", "dtype"), [(7, np.uint8), (255, np.uint8), (256, np.uint16), (70_000, np.uint32)]
)
def test_labels_are_kept_in_the_smallest_type(concepts: int, dtype: type) -> None:
    vocabulary = Vocabulary([Concept(f"c{i}", "object" if i % 3 else "part") for i in range(1, concepts + 1)])
    tally = LabelTally(vocabulary, 2, 2, (1, 3))
    assert tally.dtype == dtype
    tally.add(1, np.array([[[concepts, 0, 1]], [[concepts - 1, concepts, 1]]]))
    pixels = np.arange(3)
    assert tally.at(0, np.ones(3, np.int64), pixels).tolist() == [concepts, 0, 1]
    assert tally.at(1, np.ones(3, np.int64), pixels).tolist() == [concepts - 1, concepts, 0]
    assert {c: n for c, n in enumerate(tally.concept_area.tolist()) if n} == {
        concepts: 2,
        concepts - 1: 1,
        1: 1,
    }
    top = TopSamples(1, 3, position_dtype=np.dtype(np.uint8))
    top.add(np.array([3]), np.array([1, 2, 3], np.float32), np.array([3, 4, 5]))
    counts = count_active(top, np.array([[1.5]], np.float32), tally)
    assert {c: n for c, n in enumerate(counts.intersection[0, 0].tolist()) if n} == {concepts: 1, 1: 1}


def test_labels_in_a_file_are_those_in_memory(oracle: Oracle, tmp_path: Path) -> None:
    work = Workspace(tmp_path, temporary=False)
    on_disk, in_memory = tally_of(oracle, range(9), work), tally_of(oracle, range(9))
    assert [path.stat().st_size for path in tmp_path.glob("*.bin")] == [9 * 2 * PIXELS]
    blank = tally_of(oracle, [], work)
    assert not any(blank.at(channel, np.arange(9), np.arange(9)).any() for channel in range(2))
    image, pixel = np.divmod(np.arange(9 * PIXELS), PIXELS)
    for channel in range(2):
        assert np.array_equal(on_disk.at(channel, image, pixel), in_memory.at(channel, image, pixel))
    check(oracle, samples_of(oracle, range(9), workspace=work, memory=64), on_disk, range(9))
    labels = on_disk.state()["labels"]
    assert isinstance(labels, FileArray)
    assert np.array_equal(labels[:], in_memory.state()["labels"][:])


@pytest.mark.parametrize(("before", "after"), [(False, False), (True, True), (True, False), (False, True)])
def test_state_goes_on(oracle: Oracle, tmp_path: Path, before: bool, after: bool) -> None:
    done, rest = [0, 2, 3, 8], [1, 4, 5, 6, 7]
    first = tally_of(oracle, done, Workspace(tmp_path, temporary=False) if before else None)
    state = {
        key: array if isinstance(array, FileArray) else array.copy() for key, array in first.state().items()
    }
    kept = {key: array.copy() for key, array in state.items() if isinstance(array, np.ndarray)}
    second = tally_of(oracle, [], Workspace(tmp_path, temporary=False) if after else None)
    second.load_state(state)
    check_labels(oracle, second, done)
    for image in rest:
        second.add(image, oracle.labels[image])
    check(oracle, samples_of(oracle, range(9)), second, range(9))
    assert all(np.array_equal(state[key], array) for key, array in kept.items())
    again = tally_of(oracle, [])
    again.load_state(second.state())
    check(oracle, samples_of(oracle, range(9)), again, range(9))


def test_room_for_the_labels_is_taken_at_once(
    oracle: Oracle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def allocate(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", allocate, raising=False)
    with pytest.raises(StorageError, match=r"The disk is full: .*1\.bin could not be written"):
        tally_of(oracle, [], Workspace(tmp_path, temporary=False))


def test_flushed_file_can_be_read_without_the_tally(oracle: Oracle, tmp_path: Path) -> None:
    state = tally_of(oracle, range(9), Workspace(tmp_path, temporary=False)).state()
    array = state["labels"]
    assert isinstance(array, FileArray)
    stored = np.frombuffer(array.path.read_bytes(), np.uint8).reshape(9, 2, *SIZE)
    assert np.array_equal(stored[:, 0], oracle.labels[:, 0])


def test_images_without_activation_count_nothing(oracle: Oracle) -> None:
    top = TopSamples(UNITS, CAPACITY, position_dtype=np.dtype(np.uint16))
    counts = count_active(top, np.zeros((2, UNITS), np.float32), tally_of(oracle, range(9)))
    assert [array.shape for array in counts] == [(2, 5, 8), (2, 5), (2, 5, 3)]
    assert not any(array.any() for array in counts)
