"""All that is computed about one layer while images stream by; shards of any split merge exactly."""

from __future__ import annotations

from dissect_widgets.core.data.arrays import AnyArray, Int64s
from dissect_widgets.core.data.storage import Mergeable, State
from dissect_widgets.core.statistics.activation_range import ActivationRange
from dissect_widgets.core.statistics.active_samples import ActiveSamples
from dissect_widgets.core.statistics.base import LayerSpec, MapBatch, Spill, Statistic
from dissect_widgets.core.statistics.exemplars import Exemplars
from dissect_widgets.core.statistics.histogram import Histogram
from dissect_widgets.core.statistics.iou import LabelTally

STATISTICS: tuple[type[Statistic], ...] = (
    ActivationRange,
    Histogram,
    ActiveSamples,
    Exemplars,
)
"""What is computed about every layer; a new statistic is added here, and nowhere else."""


class LayerStatistics(Mergeable):
    """Streamed statistics of one layer.

    Parameters
    ----------
    spec
        Sizes of the layer, and what is asked for.
    spill
        Where arrays go that do not fit into memory.
    """

    def __init__(self, spec: LayerSpec, spill: Spill) -> None:
        self.spec = spec
        self.statistics = [statistic.from_spec(spec, spill) for statistic in STATISTICS]

    def add(self, batch: MapBatch) -> None:
        """Add the maps of some images."""
        batch = batch._replace(maps=batch.maps.contiguous())
        for statistic in self.statistics:
            statistic.add(batch)

    def merge(self, other: LayerStatistics) -> None:
        """Add another shard of the same probe set, which must not be used afterwards."""
        for mine, theirs in zip(self.statistics, other.statistics, strict=True):
            mine.merge(theirs)

    def flush(self) -> None:
        """Write what is large into the workspace."""
        for statistic in self.statistics:
            statistic.flush()

    def exemplar_images(self) -> list[Int64s]:
        """Numbers of the images that are to be kept for display."""
        return [statistic.exemplar_images() for statistic in self.statistics]

    def result(self, labels: LabelTally) -> dict[str, AnyArray]:
        """Arrays of all statistics by name; see `Statistic.result`."""
        arrays: dict[str, AnyArray] = {}
        for statistic in self.statistics:
            for name, array in statistic.result(labels).items():
                assert name not in arrays, f"two statistics have the result {name!r}"
                arrays[name] = array
        return arrays

    def state(self) -> State:
        """Plain arrays from which `load_state` makes it again."""
        state: State = {}
        for statistic in self.statistics:
            for key, array in statistic.state().items():
                name = statistic.prefix + key
                assert name not in state, f"two statistics have the array {name!r} in a checkpoint"
                state[name] = array
        return state

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from; made with the same arguments as that one."""
        for statistic in self.statistics:
            start = statistic.prefix
            statistic.load_state({k.removeprefix(start): a for k, a in state.items() if k.startswith(start)})


def bytes_needed(spec: LayerSpec) -> int:
    """Estimate what the statistics of a layer take that grows with the number of images, in bytes."""
    return sum(statistic.bytes_needed(spec) for statistic in STATISTICS)
