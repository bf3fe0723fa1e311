"""The contract that every statistic keeps: shards merge to the same bits, and a state resumes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
import torch
from torch import Tensor

import dissect_widgets as dw
from dissect_widgets.core.data.arrays import AnyArray, Int64s
from dissect_widgets.core.data.storage import State
from dissect_widgets.core.dissection import layer_statistics
from dissect_widgets.core.dissection.layer_statistics import STATISTICS, LayerStatistics
from dissect_widgets.core.dissection.run import Interrupted
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.statistics.base import LayerSpec, MapBatch, Spill, Statistic, checked_batch
from dissect_widgets.core.statistics.iou import LabelTally
from dissect_widgets.errors import SavedError
from tests.core.oracle import outputs
from tests.small_images import ArrayImages, StoppingImages
from tests.small_networks import TinyNet

UNITS, IMAGES, IMAGE, LABELS = 5, 13, (20, 28), (11, 13)
VOCABULARY = dw.Vocabulary([("tree", "object"), ("sky", "object"), ("red", "color")])
GRID = Grid.half_pixel(4, 7, IMAGE)


def spec_of(population: Any = "upsampled") -> LayerSpec:
    return LayerSpec(UNITS, GRID, IMAGE, LABELS, IMAGES, (0.1, 0.03), population, exemplars=3)


def maps_of_all() -> Tensor:
    """float32 (13, 5, 4, 7); the last unit is always zero, others tie now and then."""
    maps = torch.randn(IMAGES, UNITS, 4, 7, generator=torch.Generator().manual_seed(4)).mul(8).round().div(8)
    maps[:, -1] = 0
    return maps


def add(statistics: LayerStatistics | Statistic, maps: Tensor, images: Sequence[int]) -> None:
    numbers = np.asarray(images, np.int64)
    statistics.add(checked_batch("layer", numbers, maps[torch.from_numpy(numbers)], str))


def all_labels() -> LabelTally:
    tally = LabelTally(VOCABULARY, IMAGES, 2, LABELS)
    random = np.random.default_rng(1)
    for image in range(IMAGES):
        tally.add(image, random.integers(0, len(VOCABULARY), (2, *LABELS)))
    return tally


def same(one: dict[str, AnyArray], other: dict[str, AnyArray]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].dtype == other[name].dtype, name
        assert one[name].shape == other[name].shape and one[name].tobytes() == other[name].tobytes(), name


@pytest.mark.parametrize("population", ["upsampled", "raw"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("statistic", STATISTICS)
def test_any_split_in_any_order_gives_the_same_bits(
    statistic: type[Statistic], seed: int, population: Any
) -> None:
    maps, spec, labels = maps_of_all(), spec_of(population), all_labels()
    whole = statistic.from_spec(spec, Spill())
    for first in range(0, IMAGES, 4):
        add(whole, maps, range(first, min(first + 4, IMAGES)))
    random = np.random.default_rng(seed)
    shards = [statistic.from_spec(spec, Spill()) for _ in range(3)]
    for image in random.permutation(IMAGES).tolist():
        add(shards[int(random.integers(3))], maps, [image])
    merged, *others = [shards[i] for i in random.permutation(3)]
    for shard in others:
        merged.merge(shard)
    same(merged.result(labels), whole.result(labels))


@pytest.mark.parametrize("population", ["upsampled", "raw"])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_state_resumes(statistic: type[Statistic], population: Any) -> None:
    maps, spec, labels = maps_of_all(), spec_of(population), all_labels()
    whole, first, second = (statistic.from_spec(spec, Spill()) for _ in range(3))
    add(whole, maps, range(IMAGES))
    add(first, maps, range(6))
    saved = {name: np.array(array[:]) for name, array in first.state().items()}  # as a checkpoint holds it
    second.load_state(dict(saved))
    add(second, maps, range(6, IMAGES))
    same(second.result(labels), whole.result(labels))
    assert set(second.exemplar_images().tolist()) == set(whole.exemplar_images().tolist())


@pytest.mark.parametrize("population", ["upsampled", "raw"])
def test_names_in_checkpoints_stay(population: Any) -> None:
    """A run that was interrupted before must find its arrays again."""
    statistics = LayerStatistics(spec_of(population), Spill())
    add(statistics, maps_of_all(), [3])
    names = {"lowest", "highest", "histogram.counts", "histogram.exponent"}
    names |= {"exemplars.peak", "exemplars.image", "exemplars.maps"}
    names |= {"active.bound", "active.0.offsets", "active.0.value", "active.0.position"}
    if population == "raw":
        names |= {"raw.bound", "raw.0.offsets", "raw.0.value"}
    assert set(statistics.state()) >= names


class Positive(Statistic):
    """Counts positions above zero; a statistic as somebody might add it."""

    prefix: ClassVar[str] = "positive."

    def __init__(self, units: int) -> None:
        self.count: Int64s = np.zeros(units, np.int64)

    @classmethod
    def from_spec(cls, spec: LayerSpec, spill: Spill) -> Self:
        return cls(spec.units)

    def add(self, batch: MapBatch) -> None:
        self.count += (batch.maps > 0).sum((0, 2, 3)).cpu().numpy()

    def merge(self, other: Self) -> None:
        self.count += other.count

    def result(self, labels: LabelTally) -> dict[str, AnyArray]:
        return {"positive": self.count}

    def state(self) -> State:
        return {"count": self.count}

    def load_state(self, state: State) -> None:
        self.count = np.array(state["count"][:])


def test_an_added_statistic_is_resumed_and_saved(
    tiny: TinyNet, images: ArrayImages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plain = dw.dissect(tiny, "mix", images, level=0.2, progress=False)["mix"]
    monkeypatch.setattr(layer_statistics, "STATISTICS", (*STATISTICS, Positive))
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        dw.dissect(tiny, "mix", StoppingImages(at=5), level=0.2, out=out, progress=False)
    dw.dissect(tiny, "mix", images, level=0.2, out=out, progress=False)
    monkeypatch.undo()
    layer = dw.load(out)["mix"]  # also where nobody knows the statistic
    wanted = (outputs(tiny, "mix", images.images) > 0).sum((0, 2, 3))
    assert layer.extra.keys() - plain.extra.keys() == {"positive"}
    assert layer.extra["positive"].dtype == np.int64 and (layer.extra["positive"] == wanted).all()
    assert not layer.extra["positive"].flags.writeable
    assert (layer.threshold == plain.threshold).all() and (layer.intersection == plain.intersection).all()


def test_a_checkpoint_without_an_added_statistic_is_refused(
    tiny: TinyNet, images: ArrayImages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        dw.dissect(tiny, "mix", StoppingImages(at=5), out=tmp_path / "out", progress=False)
    monkeypatch.setattr(layer_statistics, "STATISTICS", (*STATISTICS, Positive))
    with pytest.raises(SavedError, match=r"out\.partial lacks 'count', which this version computes"):
        dw.dissect(tiny, "mix", images, out=tmp_path / "out", progress=False)


def test_two_statistics_of_one_name_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_statistics, "STATISTICS", (Positive, Positive))
    statistics = LayerStatistics(spec_of(), Spill())
    with pytest.raises(AssertionError, match=r"'positive\.count' in a checkpoint"):
        statistics.state()
    with pytest.raises(AssertionError, match="two statistics have the result 'positive'"):
        statistics.result(all_labels())
