"""Layers and concepts: the number of detectors of each layer, by category."""

from __future__ import annotations

from dissect_widgets.core.dissection.layer_result import MIN_IOU
from dissect_widgets.plots.concepts import concept_bars
from dissect_widgets.plots.layers import layer_bars
from dissect_widgets.reports.figures import Section, chart, named, table
from dissect_widgets.widgets.unit_browser.data import UnitData

_MOST_OPEN = 3  # with more layers, all charts but the last layer's are folded


def layers_section(data: UnitData) -> Section:
    """A table of layers, and a chart of the concepts of each."""
    dissection, level, denominator = data.dissection, data.level, data.denominator
    pieces = [
        f"<p>A unit whose best concept has an IoU above {MIN_IOU:g} is a detector. The table has the "
        "detectors of each category, and in brackets the number of unique detectors.</p>",
        _counts(data),
    ]
    if len(dissection.layers) > 1:
        pieces.append(chart(layer_bars(dissection, level=level, denominator=denominator)))
    for place, layer in enumerate(dissection.layers[::-1]):
        folded = place > 0 and len(dissection.layers) > _MOST_OPEN
        pieces.append(chart(concept_bars(layer, level=level, denominator=denominator), folded=folded))
    return Section("layers", "Layers and concepts", "".join(pieces))


def _counts(data: UnitData) -> str:
    categories = [*data.dissection.vocabulary.categories, "all"]
    rows = []
    for layer in data.dissection.layers:
        counts = layer.count_detectors(level=data.level, denominator=data.denominator)
        cells = [f"{counts[c].detectors} ({counts[c].unique})" for c in categories]
        rows.append([named(layer.name), str(layer.units), *cells])
    return table(["layer", "units", *map(named, categories)], rows)
