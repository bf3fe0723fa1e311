"""Networks that are alike, but for how finely they divide the same images into classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import nn

from dissect_widgets.core.ablation.importance import Measure
from dissect_widgets.core.data.classifier_data import ClassifierData


class Divided(NamedTuple):
    """A network, and the images with its classes."""

    model: nn.Module
    train: Any
    """Images and classes that units are ranked on."""
    held_out: Any
    """Images and classes that everything else is measured on."""

    def on(self, images: Any) -> ClassifierData:
        """The network on some of them."""
        return ClassifierData(self.model, images)


@dataclass(frozen=True, kw_only=True)
class DivisionStudy:
    """Two networks, "finer" and "coarser", of which the former tells more classes apart."""

    name: str
    networks: Mapping[str, Divided]
    layer: str
    """Layer whose units are removed, in both."""
    measure: Measure = "log-odds"
    """Measure that units are ranked by."""
    shares: tuple[float, ...] = (0.04, 0.08, 0.16, 0.25)
    """Of the units that are removed; the first as large a share as 20 of 512 are."""
    repeats: int = 20
    """Random sets of each size."""
