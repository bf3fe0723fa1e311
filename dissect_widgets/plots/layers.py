"""How many detectors each layer has, by category (PNAS 2020, Fig. 1e).

>>> layer_bars(dissection, count="unique").show()
"""

from __future__ import annotations

from typing import Literal

import plotly.graph_objects as go

from dissect_widgets.core.dissection.layer_result import MIN_IOU, Convention, Denominator
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.errors import SettingError, nearest, shown
from dissect_widgets.plots.theme import category_color, figure, text

Count = Literal["detectors", "unique"]
COUNTS: dict[str, str] = {"detectors": "detectors (units)", "unique": "unique detectors (concepts)"}


def layer_bars(
    dissection: Dissection,
    *,
    count: Count = "unique",
    convention: Convention = "top",
    min_iou: float = MIN_IOU,
    level: float | None = None,
    denominator: Denominator = "all",
) -> go.Figure:
    """Stacked bar chart of detectors across layers.

    Parameters
    ----------
    dissection
        Of one or more layers.
    count
        "detectors": units. "unique": their distinct concepts, as in the paper's figure.
    convention, min_iou, level, denominator
        See `LayerDissection.count_detectors`.

    Returns
    -------
    go.Figure
        A trace for each category, with a bar for each layer; `customdata` is the layer and category.
    """
    if count not in COUNTS:
        raise SettingError(f"count is {shown(count)}.{nearest(count, COUNTS)}")
    counted = {
        layer.name: layer.count_detectors(
            convention=convention, min_iou=min_iou, level=level, denominator=denominator
        )
        for layer in dissection.layers
    }
    bars = figure(f"{dissection.model}, IoU above {min_iou:g}", x="layer", y=COUNTS[count])
    for category in dissection.vocabulary.categories:
        heights = [getattr(counts[category], count) for counts in counted.values()]
        if not any(heights):
            continue
        bars.add_bar(
            name=text(category),
            x=[text(name) for name in counted],
            y=heights,
            customdata=[[name, category] for name in counted],
            marker_color=category_color(category, dissection.vocabulary.categories),
            hovertemplate="%{x}, " + text(category) + ": %{y}<extra></extra>",
        )
    bars.update_layout(barmode="stack", showlegend=True)
    bars.update_xaxes(showgrid=False, type="category")
    return bars
