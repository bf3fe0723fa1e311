"""A network's layers, and below them the concepts of one layer: PNAS 2020, Fig. 1e over Fig. 1d."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dissect_widgets.core.dissection.layer_result import MIN_IOU, Denominator
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.plots.concepts import concept_bars
from dissect_widgets.plots.layers import Count, layer_bars


def overview(
    dissection: Dissection,
    layer: str,
    *,
    count: Count = "unique",
    min_iou: float = MIN_IOU,
    level: float | None = None,
    denominator: Denominator = "all",
) -> go.Figure:
    """Detectors across layers, and the concepts of one layer, in one figure.

    Parameters
    ----------
    dissection, count
        See `layer_bars`.
    layer
        Whose concepts are shown below.
    min_iou, level, denominator
        See `LayerDissection.detectors`.

    Returns
    -------
    go.Figure
        The traces of `layer_bars`, named "layers", then those of `concept_bars`, named "concepts" in
        their `meta`.
    """
    above = layer_bars(dissection, count=count, min_iou=min_iou, level=level, denominator=denominator)
    below = concept_bars(dissection[layer], min_iou=min_iou, level=level, denominator=denominator)
    titles = [chart.layout.title.text for chart in (above, below)]
    both = make_subplots(rows=2, vertical_spacing=0.2, subplot_titles=titles)
    both.add_traces([bar.update(meta="layers") for bar in above.data], rows=1, cols=1)
    both.add_traces([bar.update(meta="concepts", showlegend=False) for bar in below.data], rows=2, cols=1)
    shared = {key: above.layout[key] for key in ("font", "paper_bgcolor", "plot_bgcolor", "hoverlabel")}
    both.update_layout(
        **shared,
        height=600,
        autosize=True,
        barmode="stack",
        bargap=0.25,
        showlegend=True,
        margin={"l": 60, "r": 20, "t": 40, "b": 90},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        xaxis=above.layout.xaxis.update(title=None),
        yaxis=above.layout.yaxis.update(anchor="x"),
        xaxis2=below.layout.xaxis,
        yaxis2=below.layout.yaxis.update(anchor="x2"),
    )
    both.update_xaxes(domain=[0, 1])
    both.update_layout(yaxis_domain=[0.6, 1], yaxis2_domain=[0, 0.37], yaxis_anchor="x", yaxis2_anchor="x2")
    both.update_layout(xaxis_anchor="y", xaxis2_anchor="y2")
    both.update_annotations(x=0, xanchor="left", font_size=14)
    return both
