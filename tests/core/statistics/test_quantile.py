import errno
import gc
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dissect_widgets.core.data.storage import FileArray, FileWriter, MemoryWriter, State, Workspace
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.core.statistics.quantile import TopSamples, exact_floor
from dissect_widgets.errors import DissectError, StorageError

UNITS, TOTAL = 5, 61
UINT = np.dtype(np.uint32)
FLOAT = np.dtype(np.float32)


def population(total: int = TOTAL, seed: int = 0) -> NDArray[np.float32]:
    """Samples (5, total): many ties, all negative, constant, nearly always zero, all different."""
    random = np.random.default_rng(seed)
    return np.stack(
        [
            random.integers(-2, 3, total),
            -1 - random.random(total),
            np.full(total, 0.25),
            np.where(np.arange(total) % 29 == 17, random.random(total), 0),
            random.standard_normal(total),
        ]
    ).astype(np.float32)


def slow_threshold(samples: Sequence[float], capacity: int) -> float:
    """The definition: of the sample values with no more than `capacity` samples above, the smallest."""
    return min(t for t in set(samples) if sum(s > t for s in samples) <= capacity)


def slow_thresholds(samples: NDArray[np.float32], capacity: int) -> list[float]:
    return [slow_threshold(row.tolist(), capacity) for row in samples]


def slow_active(samples: NDArray[np.float32], capacity: int) -> list[set[tuple[float, int]]]:
    """All (value, position) strictly above the threshold, of each unit."""
    thresholds = slow_thresholds(samples, capacity)
    return [
        {(value, at) for at, value in enumerate(row.tolist()) if value > t}
        for row, t in zip(samples, thresholds, strict=True)
    ]


def active(top: TopSamples, thresholds: Sequence[float]) -> list[set[tuple[float, int]]]:
    found = []
    for unit, value, position in top.samples():
        above = [
            pair for pair in zip(value.tolist(), position.tolist(), strict=True) if pair[0] > thresholds[unit]
        ]
        assert len(above) == len(set(above)), "a sample is kept twice"
        found.append(set(above))
    return found


def feed(
    top: TopSamples, samples: NDArray[np.float32], columns: Sequence[int], *, filtered: bool = False
) -> None:
    """Add some columns of the population; `filtered` as callers do it, only what exceeds the bound."""
    at = np.asarray(columns, np.int64)
    keep = [row[at] > bound if filtered else at >= 0 for row, bound in zip(samples, top.bound, strict=True)]
    top.add(
        np.array([k.sum() for k in keep], np.int64),
        np.concatenate([row[at][k] for row, k in zip(samples, keep, strict=True)]),
        np.concatenate([at[k] for k in keep]) if top.position_dtype is not None else None,
    )


def check(top: TopSamples, samples: NDArray[np.float32], capacity: int) -> None:
    thresholds = top.threshold(capacity)
    assert thresholds.dtype == np.float32
    assert thresholds.tolist() == slow_thresholds(samples, capacity)
    assert active(top, thresholds.tolist()) == slow_active(samples, capacity)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.bin")}


def named(state: State) -> set[str]:
    return {array.path.name for array in state.values() if isinstance(array, FileArray)}


def values_in_memory(state: State) -> list[NDArray[np.float32]]:
    return [a for key, a in state.items() if key.endswith("value") and isinstance(a, np.ndarray)]


@pytest.mark.parametrize(
    ("level", "total", "expected"),
    [
        (0.01, 100, 1),
        (0.01, 99, 0),
        (0.29, 100, 29),  # 0.29 * 100 is 28.999999999999996
        (0.07, 100, 7),  # 0.07 * 100 is 7.000000000000001
        (0.005, 60_000 * 112 * 112, 60_000 * 112 * 112 // 200),
        (0.01, 10**19 + 99, 10**17),
        (1e-05, 100_000, 1),
        (1e-05, 99_999, 0),
        (1e-300, 10**18, 0),
        (0.5, 7, 3),
        (0.01, 0, 0),
    ],
)
def test_exact_floor(level: float, total: int, expected: int) -> None:
    assert exact_floor(level, total) == expected


@settings(deadline=None, max_examples=60, database=None)
@given(st.integers(0, 1000), st.integers(0, 2**62))
def test_exact_floor_takes_the_level_as_it_is_written(thousandths: int, total: int) -> None:
    assert exact_floor(thousandths / 1000, total) == thousandths * total // 1000


@pytest.mark.parametrize("capacity", [0, 1, 3, 20, TOTAL - 2, TOTAL - 1])
@pytest.mark.parametrize("consolidated", [False, True])
def test_threshold_is_the_definition(capacity: int, consolidated: bool) -> None:
    samples = population()
    top = TopSamples(UNITS, capacity, position_dtype=UINT)
    for part in np.split(np.arange(TOTAL), [7, 8, 40]):
        feed(top, samples, part)
    if consolidated:
        top.consolidate()
        assert len(top) <= UNITS * capacity
    else:
        assert len(top) == UNITS * TOTAL
    check(top, samples, capacity)


def test_nearly_silent_unit_has_threshold_zero_and_a_small_region() -> None:
    samples = population()
    top = TopSamples(UNITS, 10, position_dtype=UINT)
    feed(top, samples, range(TOTAL))
    thresholds = top.threshold(10)
    assert thresholds[3] == 0
    assert {position for _, position in active(top, thresholds.tolist())[3]} == {17, 46}
    assert thresholds[2] == 0.25
    assert active(top, thresholds.tolist())[2] == set()


@pytest.mark.parametrize("capacity", [0, 1, 4, 9, 12])
@pytest.mark.parametrize("consolidated", [False, True])
def test_threshold_of_a_smaller_capacity(capacity: int, consolidated: bool) -> None:
    samples = population()
    top = TopSamples(UNITS, 12, position_dtype=UINT)
    feed(top, samples, range(TOTAL))
    if consolidated:
        top.consolidate()
    check(top, samples, capacity)


@settings(deadline=None, max_examples=120, database=None)
@given(st.data())
def test_any_split_order_and_merge_gives_the_same(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 30))
    value = st.sampled_from([-1e30, -1.5, -1.0, 0.0, 1e-40, 0.5, 1.0, 1.0000001, 3e38])
    rows = [data.draw(st.lists(value, min_size=total, max_size=total)) for _ in range(2)]
    samples = np.array(rows, np.float32)
    capacity = data.draw(st.integers(0, total - 1))
    order = data.draw(st.permutations(range(total)))
    cuts = sorted(data.draw(st.lists(st.integers(0, total), max_size=5)))
    count = data.draw(st.integers(1, 3))
    shards = [TopSamples(2, capacity, position_dtype=UINT) for _ in range(count)]
    for part in np.split(np.array(order), cuts):
        shard = shards[data.draw(st.integers(0, count - 1))]
        feed(shard, samples, part, filtered=True)
        if data.draw(st.booleans()):
            shard.consolidate()
    first, *others = data.draw(st.permutations(shards))
    for other in others:
        first.merge(other)
    check(first, samples, capacity)
    check(first, samples, data.draw(st.integers(0, capacity)))


def test_bound_rises_and_filtering_by_it_changes_nothing() -> None:
    samples = population(seed=1)
    full, filtered = (TopSamples(UNITS, 6, position_dtype=UINT) for _ in range(2))
    seen: list[int] = []
    for part in np.split(np.random.default_rng(2).permutation(TOTAL), 8 + 9 * np.arange(6)):
        feed(full, samples, part)
        feed(filtered, samples, part, filtered=True)
        filtered.consolidate()
        seen += part.tolist()
        assert filtered.bound.tolist() == slow_thresholds(samples[:, seen], 6)
    full.consolidate()
    assert full.bound.tolist() == filtered.bound.tolist()
    for (_, value, position), (_, other, place) in zip(full.samples(), filtered.samples(), strict=True):
        assert dict(zip(position, value, strict=True)) == dict(zip(place, other, strict=True))


@pytest.mark.parametrize("raised", [False, True])
def test_samples_below_the_bound_may_come(raised: bool) -> None:
    samples = np.array([[12, 11, 10, 10, 1, 2, 3]], np.float32)
    top = TopSamples(1, 3, position_dtype=UINT)
    feed(top, samples, range(4))
    if raised:  # by what another process has seen
        top.raise_bound(np.array([10], np.float32))
    top.consolidate()
    assert top.bound == 10
    feed(top, samples, range(4, 7))
    check(top, samples, 3)


def test_bits_of_a_zero_threshold_do_not_depend_on_the_order() -> None:
    samples = np.array([[0.0, -0.0, 1.0]], np.float32)
    signs = set()
    for order in ([0, 1, 2], [1, 0, 2], [1, 2, 0]):
        top = TopSamples(1, 1, position_dtype=UINT)
        feed(top, samples, order)
        signs.add(top.threshold(1).tobytes())
    assert len(signs) == 1


def test_add_consolidates_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TopSamples, "_set_limit", lambda self: setattr(self, "_limit", 40))
    samples = population(seed=3)
    top = TopSamples(UNITS, 4, position_dtype=UINT)
    sizes = []
    for column in range(TOTAL):
        feed(top, samples, [column])
        sizes.append(len(top))
    assert max(sizes) <= 40
    assert (np.diff(sizes) < 0).sum() > 3
    check(top, samples, 4)


def test_few_samples_are_not_consolidated_at_every_step() -> None:
    samples = population()
    top = TopSamples(UNITS, 2)
    feed(top, samples, range(TOTAL))
    assert len(top) == UNITS * TOTAL
    assert np.isneginf(top.bound).all()


def test_spilling_into_a_workspace_changes_nothing(tmp_path: Path) -> None:
    samples = population(seed=4)
    work = Workspace(tmp_path / "work", temporary=True)
    spilled = TopSamples(UNITS, 9, position_dtype=UINT, workspace=work, memory=64)
    plain = TopSamples(UNITS, 9, position_dtype=UINT)
    for number, part in enumerate(np.split(np.arange(TOTAL), [3, 4, 20, 33, 50])):
        for top in (spilled, plain):
            feed(top, samples, part, filtered=True)
            if number in (2, 4):
                top.consolidate()
        state = spilled.state()
        assert files(work.folder) == named(state), "a file is missing, or was left behind"
        assert sum(array.nbytes for array in values_in_memory(state)) <= 64
    assert len(named(state)) == 2
    assert spilled.bound.tolist() == plain.bound.tolist()
    for (_, value, position), (_, other, place) in zip(spilled.samples(), plain.samples(), strict=True):
        assert (value.tolist(), position.tolist()) == (other.tolist(), place.tolist())
    check(spilled, samples, 9)


def test_settle_writes_what_is_in_memory(tmp_path: Path) -> None:
    samples = population()
    work = Workspace(tmp_path, temporary=False)
    top = TopSamples(UNITS, 9, position_dtype=UINT, workspace=work)
    top.flush()
    assert not files(tmp_path)
    for part in (range(20), range(20, 50), range(50, TOTAL)):
        feed(top, samples, part)
    before = [(value.tolist(), position.tolist()) for _, value, position in top.samples()]
    assert not files(tmp_path)
    top.flush()
    assert len(files(tmp_path)) == 2
    assert [(value.tolist(), position.tolist()) for _, value, position in top.samples()] == before
    top.flush()
    assert len(files(tmp_path)) == 2
    assert len(top) == UNITS * TOTAL
    check(top, samples, 9)
    in_memory = TopSamples(UNITS, 9)
    feed(in_memory, samples, range(TOTAL))
    in_memory.flush()
    assert not named(in_memory.state())


def test_consolidation_takes_the_files_of_a_merged_shard(tmp_path: Path) -> None:
    samples = population(seed=5)
    shards = [
        TopSamples(
            UNITS, 9, position_dtype=UINT, workspace=Workspace(tmp_path / name, temporary=False), memory=64
        )
        for name in ("a", "b")
    ]
    feed(shards[0], samples, range(0, TOTAL, 2))
    feed(shards[1], samples, range(1, TOTAL, 2))
    shards[0].merge(shards[1])
    assert not files(tmp_path / "b")
    assert files(tmp_path / "a") == named(shards[0].state())
    check(shards[0], samples, 9)


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("consolidated", [False, True])
def test_state_goes_on(tmp_path: Path, on_disk: bool, consolidated: bool) -> None:
    samples = population(seed=6)
    work = Workspace(tmp_path, temporary=False)
    first = TopSamples(UNITS, 7, position_dtype=UINT, workspace=work)
    feed(first, samples, range(25))
    if consolidated:
        first.consolidate()
    feed(first, samples, range(25, 40), filtered=True)
    if on_disk:
        first.flush()
    state = first.state()
    assert bool(named(state)) == on_disk
    second = TopSamples(UNITS, 7, position_dtype=UINT, workspace=work)
    second.load_state(state)
    assert (len(second), second.bound.tolist()) == (len(first), first.bound.tolist())
    check(second, samples[:, :40], 7)
    feed(second, samples, range(40, TOTAL), filtered=True)
    second.consolidate()
    check(second, samples, 7)


def test_state_of_nothing() -> None:
    top = TopSamples(UNITS, 7)
    top.load_state(TopSamples(UNITS, 7).state())
    assert len(top) == 0
    assert np.isneginf(top.threshold(7)).all()
    top.consolidate()
    assert len(top) == 0


def test_loading_a_state_leaves_it_as_it_was() -> None:
    samples = population()
    first = TopSamples(UNITS, 3)
    feed(first, samples, range(30))
    state = {key: np.array(array) for key, array in first.state().items()}
    kept = {key: array.copy() for key, array in state.items()}
    second = TopSamples(UNITS, 3)
    second.load_state(state)
    feed(second, samples, range(30, TOTAL))
    second.consolidate()
    assert np.isfinite(second.bound).all()
    assert all(np.array_equal(state[key], kept[key]) for key in kept)


def test_values_alone(tmp_path: Path) -> None:
    samples = population(seed=7)
    work = Workspace(tmp_path, temporary=False)
    shards = [TopSamples(UNITS, 8, workspace=work, memory=64) for _ in range(2)]
    for number, part in enumerate(np.split(np.arange(TOTAL), [5, 30, 44])):
        feed(shards[number % 2], samples, part)
    state = shards[1].state()
    assert not any(key.endswith("position") for key in state)
    shards[1] = TopSamples(UNITS, 8, workspace=work, memory=64)
    shards[1].load_state(state)
    shards[0].merge(shards[1])
    assert shards[0].threshold(8).tolist() == slow_thresholds(samples, 8)
    for (_, value, position), row in zip(shards[0].samples(), samples, strict=True):
        assert sorted(value) == sorted(row[row > slow_threshold(row.tolist(), 8)])
        assert len(position) == 0


def test_bound_from_outside() -> None:
    samples = population(seed=8)
    bound = np.array(slow_thresholds(samples, 5), np.float32)
    shards = [TopSamples(UNITS, None, position_dtype=UINT) for _ in range(2)]
    feed(shards[0], samples, range(20))
    shards[0].raise_bound(np.minimum(bound, 0))
    shards[0].raise_bound(np.full(UNITS, -100, np.float32))
    assert (shards[0].bound == np.minimum(bound, 0)).all(), "a bound never falls"
    shards[0].consolidate()
    feed(shards[0], samples, range(20, 30), filtered=True)
    feed(shards[1], samples, range(30, TOTAL))
    shards[1].raise_bound(bound)
    shards[0].merge(shards[1])
    assert (shards[0].bound == bound).all()
    assert active(shards[0], bound.tolist()) == slow_active(samples, 5)
    assert len(shards[0]) == sum(map(len, slow_active(samples, 5)))
    with pytest.raises(ValueError, match="Asked for 5 samples, but only None are kept"):
        shards[0].threshold(5)


def test_more_than_the_capacity_is_refused() -> None:
    with pytest.raises(ValueError, match="Asked for 4 samples, but only 3 are kept"):
        TopSamples(UNITS, 3).threshold(4)


@pytest.mark.parametrize("other", [(UNITS, 4), (UNITS, None), (UNITS + 1, 3)])
def test_unlike_samples_do_not_merge(other: tuple[int, int | None]) -> None:
    with pytest.raises(ValueError, match="same units and capacity"):
        TopSamples(UNITS, 3).merge(TopSamples(*other))


@settings(deadline=None, max_examples=40, database=None)
@given(st.lists(st.integers(0, 11), max_size=4), st.integers(0, 40), st.integers(0, 40))
def test_writers_join_pieces_and_slices_are_those_of_numpy(lengths: list[int], start: int, stop: int) -> None:
    whole = np.arange(sum(lengths), dtype=np.float64) / 3
    with_scratch = Workspace.scratch()
    writers = MemoryWriter(FLOAT), with_scratch.writer(FLOAT)
    for piece in np.split(whole, np.cumsum(lengths)):
        for writer in writers:
            writer.append(piece.astype(np.float32))
    arrays = [writer.finish() for writer in writers]
    for array in arrays:
        assert len(array) == len(whole)
        for part in (slice(start, stop), slice(None), slice(start, None), slice(None, stop)):
            assert array[part].dtype == np.float32
            assert array[part].tolist() == whole.astype(np.float32)[part].tolist()
    with_scratch.close()


def written(work: Workspace, values: Sequence[float] = (1, 2, 3)) -> FileArray:
    writer = work.writer(FLOAT)
    writer.append(np.array(values, np.float32))
    return writer.finish()


def test_discard_deletes_unless_the_last_checkpoint_names_the_file(tmp_path: Path) -> None:
    work = Workspace(tmp_path, temporary=False)
    kept, unnamed = written(work), written(work)
    work.checkpoint_names({kept.path.name})
    for array in (kept, unnamed, np.zeros(3, np.float32), None):
        work.discard(array)
    assert files(tmp_path) == {kept.path.name}
    assert kept[:].tolist() == [1, 2, 3]
    work.checkpoint_names(set())
    assert not files(tmp_path)


def test_checkpoint_deletes_only_what_was_discarded(tmp_path: Path) -> None:
    work = Workspace(tmp_path, temporary=False)
    old, new, other = (written(work) for _ in range(3))
    work.checkpoint_names({old.path.name})
    work.discard(old)
    work.checkpoint_names({new.path.name})
    assert files(tmp_path) == {new.path.name, other.path.name}
    work.discard(new)
    assert files(tmp_path) == {new.path.name, other.path.name}


def test_keep_only_clears_what_a_killed_run_has_left(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").write_text("{}")
    work = Workspace(tmp_path, temporary=False)
    kept, _ = written(work), written(work)
    work.keep_only({kept.path.name})
    assert {path.name for path in tmp_path.iterdir()} == {kept.path.name, "checkpoint.json"}
    work.discard(kept)
    assert kept.path.exists(), "the checkpoint names it"


def test_a_new_workspace_does_not_overwrite_old_files(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    first = Workspace(folder, temporary=False)
    old = [written(first, [number]) for number in range(11)]
    (folder / "notes.bin").write_bytes(b"")
    again = Workspace(folder, temporary=False)
    new = written(again, [99])
    assert new.path not in [array.path for array in old]
    assert [array[:].tolist() for array in old] == [[number] for number in range(11)]


@pytest.mark.parametrize("how", ["closed", "forgotten"])
def test_scratch_folder_goes(how: str) -> None:
    work = Workspace.scratch()
    folder = work.folder
    written(work)
    assert files(folder)
    if how == "closed":
        work.close()
        assert not folder.exists()
    del work
    gc.collect()
    assert not folder.exists()


def test_lasting_folder_stays_until_closed(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "run", temporary=False)
    array = written(work)
    del work
    gc.collect()
    assert array[:].tolist() == [1, 2, 3]
    Workspace(tmp_path / "run", temporary=False).close()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_disk_names_the_path_and_what_to_do(tmp_path: Path, number: int) -> None:
    with (
        pytest.raises(StorageError, match=r"part\.bin could not be written.*MB free.*free some") as caught,
        full_disk(tmp_path / "part.bin"),
    ):
        raise OSError(number, os.strerror(number))
    assert isinstance(caught.value, DissectError)
    assert isinstance(caught.value, OSError)
    assert os.strerror(number) in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.__cause__ is not None


def test_full_disk_lets_other_errors_by(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), full_disk(tmp_path):
        raise PermissionError(errno.EACCES, "no")
    with pytest.raises(FileNotFoundError) as caught:
        FileWriter(tmp_path / "nowhere" / "1.bin", FLOAT)
    assert not isinstance(caught.value, StorageError)


def test_full_disk_where_the_folder_is_not_there_yet(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"MB free in /.+\)"), full_disk(tmp_path / "no" / "folder"):
        raise OSError(errno.ENOSPC, "full")


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file on a full disk: a link, so that deleting it does no harm."""
    if not Path("/dev/full").is_char_device():
        pytest.skip("needs /dev/full")
    path = tmp_path / "1.bin"
    path.symlink_to("/dev/full")
    return path


@pytest.mark.parametrize("count", [3, 100_000])
def test_writing_to_a_full_disk_says_so(full: Path, count: int) -> None:
    writer = FileWriter(full, FLOAT)
    with pytest.raises(StorageError, match=r"The disk is full: .*1\.bin could not be written"):
        writer.append(np.ones(count, np.float32))
        writer.finish()


def test_spilling_to_a_full_disk_says_so(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Workspace(full.parent, temporary=False)
    monkeypatch.setattr(work, "path_of_new_file", lambda: full)
    top = TopSamples(UNITS, 5, position_dtype=UINT, workspace=work, memory=64)
    with pytest.raises(StorageError, match=r"The disk is full: .*1\.bin could not be written"):
        feed(top, population(), range(TOTAL))
