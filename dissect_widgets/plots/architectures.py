"""The layers of a network as boxes: how many units, on how large a map (PNAS 2020, Fig. 1a, 3a).

>>> architecture(dw.list_layers(net, images), ["conv1_1", "conv5_3"]).show()
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dissect_widgets.core.network.layers import LayerInfo
from dissect_widgets.errors import LayerError, nearest, shown
from dissect_widgets.plots.theme import CATEGORY_COLORS, figure, text

_GAP = 0.35  # between boxes, as a share of their mean width


def architecture(
    layers: Sequence[LayerInfo], names: Sequence[str] | None = None, *, title: str = ""
) -> go.Figure:
    """Boxes for layers, from input to output.

    Parameters
    ----------
    layers
        As `list_layers` returns them.
    names
        Which to show; by default all.
    title
        Of the figure.

    Returns
    -------
    go.Figure
        A box for each layer: its height grows with that of the map, its width with the number of units, both
        as the square root; the numbers are above it, its name below.

    Raises
    ------
    LayerError
        If a layer is not among them, or there are no layers.
    """
    known = {layer.name: layer for layer in layers}
    for name in names or ():
        if name not in known:
            raise LayerError(f"There is no layer {shown(name)}.{nearest(name, known)}")
    chosen = [known[name] for name in (known if names is None else names)]
    if not chosen:
        raise LayerError("There are no layers to show.")
    heights = np.sqrt([layer.height for layer in chosen])
    widths = np.sqrt([layer.units for layer in chosen])
    gap = _GAP * widths.mean()
    centers = np.cumsum(widths + gap) - widths / 2
    drawn = figure(title, x="", y="", height=300)
    drawn.add_bar(
        x=centers,
        y=heights,
        base=-heights / 2,
        width=widths,
        marker={"color": CATEGORY_COLORS["object"], "opacity": 0.8, "line": {"width": 0}},
        hovertext=[
            text(f"{layer.name} ({layer.module}): {layer.units} units, {layer.height} x {layer.width}")
            for layer in chosen
        ],
        hoverinfo="text",
    )
    labels = {"tickvals": centers, "ticktext": [text(layer.name) for layer in chosen], "tickangle": -45}
    drawn.update_xaxes(
        **labels, showgrid=False, zeroline=False, range=[0, centers[-1] + widths[-1] / 2 + gap]
    )
    style = {"yanchor": "bottom", "showarrow": False, "font_size": 11}
    for layer, center, height in zip(chosen, centers, heights, strict=True):
        size = f"{layer.units}<br>{layer.height} x {layer.width}"
        drawn.add_annotation(text=size, x=center, y=height / 2, **style)
    drawn.add_annotation(
        text="units<br>map", x=0, y=heights[0] / 2, xref="paper", xanchor="right", align="right", **style
    )
    reach = heights.max() / 2
    drawn.update_yaxes(visible=False, range=[-1.1 * reach, 1.5 * reach])
    return drawn.update_layout(margin={"l": 40, "b": 80, "t": 48 if title else 12}, showlegend=False)
