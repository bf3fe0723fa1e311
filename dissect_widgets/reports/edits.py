"""What edits do: images of a generator whose units are removed or inserted.

>>> removal = Removal(counts, [2, 4, 8, 20], "tree", others=["sky", "grass"], note="Units of layer4.")
>>> write_report(dissection, "report.html", edits=[removal, Insertion(effects, ["window", "sky"])])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.editing.pixel_counts import PixelCounts
from dissect_widgets.core.editing.placement import PlaceEffects
from dissect_widgets.plots.ablation import removal_curve
from dissect_widgets.plots.contexts import context_bars, place_map
from dissect_widgets.reports.figures import Section, chart


@dataclass(frozen=True, slots=True)
class Removal:
    """Ablation of sets of units of increasing size in a generator; see `removal_curve`."""

    counts: PixelCounts
    """Result of `count_pixels`."""
    numbers: Sequence[int]
    """Number of units in each set."""
    concept: str | Concept
    """The concept that the units match."""
    others: Sequence[str | Concept] = ()
    """Concepts to compare with."""
    note: str = ""
    """A sentence shown below, for example the layer."""

    def figures(self) -> list[go.Figure]:
        """Figures that the report shows."""
        return [removal_curve(self.counts, self.numbers, self.concept, self.others)]


@dataclass(frozen=True, slots=True)
class Insertion:
    """Units inserted at one place after another; see `context_bars` and `place_map`."""

    effects: PlaceEffects
    """Result of `insert_at_places`."""
    contexts: Sequence[str | Concept] = ()
    """Concepts that may have been at a place before; if empty, only the map is shown."""
    note: str = ""
    """A sentence shown below."""

    def figures(self) -> list[go.Figure]:
        """Figures that the report shows."""
        bars = []
        if self.contexts:
            bars.append(context_bars(self.effects.by_context(self.contexts), self.effects.concept.name))
        return [*bars, place_map(self.effects)]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure of your own, such as images before and after edits; see `image_rows`."""

    figure: go.Figure
    """Its title is shown above it."""
    note: str = ""
    """A sentence shown below."""

    def figures(self) -> list[go.Figure]:
        """Figures that the report shows."""
        return [self.figure]


GeneratorEdit = Removal | Insertion | Drawn


def edits_section(edits: Sequence[GeneratorEdit]) -> Section:
    """Figures of edits, in the given order."""
    pieces = []
    for edit in edits:
        *first, last = edit.figures()
        pieces += [*map(chart, first), chart(last, edit.note)]
    return Section("edits", "What edits do", "".join(pieces))
