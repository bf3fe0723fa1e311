"""The concepts that the units of a layer match, and the number of units of each (PNAS 2020, Fig. 1d).

>>> concept_bars(dissection["features.12"]).show()
"""

from __future__ import annotations

import plotly.graph_objects as go

from dissect_widgets.core.dissection.layer_result import MIN_IOU, Denominator, LayerDissection
from dissect_widgets.plots.theme import category_color, figure, legend_above, text


def concept_bars(
    layer: LayerDissection,
    *,
    min_iou: float = MIN_IOU,
    level: float | None = None,
    denominator: Denominator = "all",
) -> go.Figure:
    """Bar chart of the detectors of a layer by concept.

    Parameters
    ----------
    layer
        A dissected layer.
    min_iou, level, denominator
        See `LayerDissection.detectors`.

    Returns
    -------
    go.Figure
        A trace for each category, with a bar for each concept; the most frequent first.
    """
    unique = layer.unique_detectors(min_iou=min_iou, level=level, denominator=denominator)
    counts = layer.count_detectors(min_iou=min_iou, level=level, denominator=denominator)
    title = f"{layer.name}: {counts['all'].detectors} detectors of {counts['all'].unique} concepts"
    bars = figure(title, x="", y="units")
    several = len({name for name, _ in unique}) < len(unique)  # the same name in two categories
    for category in layer.vocabulary.categories:
        units = {c.name: count for c, count in unique.items() if c.category == category}
        if not units:
            continue
        labels = [text(f"{name} ({category})" if several else name) for name in units]
        bars.add_bar(
            name=text(f"{category} ({len(units)} concepts, {sum(units.values())} units)"),
            x=labels,
            y=list(units.values()),
            customdata=list(units),
            marker_color=category_color(category, layer.vocabulary.categories),
            hovertemplate="%{x}: %{y} units<extra></extra>",
        )
    bars.update_xaxes(tickangle=-45, tickmode="linear", showgrid=False, type="category")
    return legend_above(bars.update_layout(margin_b=110))
