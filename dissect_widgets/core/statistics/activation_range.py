"""Least and greatest activation of each unit."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from dissect_widgets.core.data.arrays import AnyArray, Float32s
from dissect_widgets.core.data.storage import State
from dissect_widgets.core.statistics.base import LayerSpec, MapBatch, Spill, Statistic
from dissect_widgets.core.statistics.iou import LabelTally


class ActivationRange(Statistic):
    """Least and greatest sample of the maps of each unit, float32 (units,)."""

    prefix: ClassVar[str] = ""  # its arrays were always called "lowest" and "highest"

    def __init__(self, units: int) -> None:
        self.lowest: Float32s = np.full(units, np.inf, np.float32)
        self.highest: Float32s = np.full(units, -np.inf, np.float32)

    @classmethod
    def from_spec(cls, spec: LayerSpec, spill: Spill) -> Self:
        """See `Statistic`."""
        return cls(spec.units)

    def add(self, batch: MapBatch) -> None:
        """See `Statistic`."""
        self.lowest = np.minimum(self.lowest, batch.lowest.min(0))
        self.highest = np.maximum(self.highest, batch.highest.max(0))

    def merge(self, other: Self) -> None:
        """See `Statistic`."""
        self.lowest = np.minimum(self.lowest, other.lowest)
        self.highest = np.maximum(self.highest, other.highest)

    def result(self, labels: LabelTally) -> dict[str, AnyArray]:
        """See `Statistic`."""
        return {"lowest": self.lowest, "highest": self.highest}

    def state(self) -> State:
        """See `Statistic`."""
        return {"lowest": self.lowest, "highest": self.highest}

    def load_state(self, state: State) -> None:
        """See `Statistic`."""
        self.lowest, self.highest = np.array(state["lowest"][:]), np.array(state["highest"][:])
