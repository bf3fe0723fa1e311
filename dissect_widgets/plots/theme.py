"""What all figures share: colors that are safe for color-blind people, legible on light and dark."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from dissect_widgets.plots.colors import CATEGORY_COLORS as CATEGORY_COLORS
from dissect_widgets.plots.colors import OTHER_COLORS
from dissect_widgets.plots.colors import category_color as category_color
from dissect_widgets.plots.names import sentence as sentence
from dissect_widgets.plots.names import text as text

SERIES_COLORS = (*CATEGORY_COLORS.values(), *OTHER_COLORS)
"""Colors of lines that stand for no category, the most important one first."""
INK = "#7b7b7b"
"""Has a contrast of 4 to white and to black."""
_GRID = "rgba(128, 128, 128, 0.25)"


def faint(color: str) -> str:
    """A color "#rrggbb", transparent enough to see lines through it."""
    red, green, blue = bytes.fromhex(color[1:])
    return f"rgba({red}, {green}, {blue}, 0.2)"


def figure(heading: str, *, x: str, y: str, height: int = 380) -> go.Figure:
    """Empty figure with labeled axes; its background is that of the page."""
    axis: dict[str, Any] = {"gridcolor": _GRID, "zerolinecolor": _GRID, "linecolor": _GRID}
    return go.Figure(
        layout={
            "title": {"text": sentence(heading), "font": {"size": 15}, "x": 0, "xref": "paper"},
            "xaxis": axis | {"title": {"text": x}},
            "yaxis": axis | {"title": {"text": y}, "rangemode": "tozero"},
            "height": height,
            "margin": {"l": 60, "r": 20, "t": 48, "b": 60},
            "font": {"color": INK, "family": "system-ui, sans-serif", "size": 12},
            "paper_bgcolor": "rgba(0, 0, 0, 0)",
            "plot_bgcolor": "rgba(0, 0, 0, 0)",
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
            "hoverlabel": {"font": {"size": 12}},
            "bargap": 0.25,
        }
    )


def legend_above(drawn: go.Figure) -> go.Figure:
    """Put the legend on a line of its own, between title and plot."""
    drawn.update_layout(margin_t=78, title={"y": 1, "yanchor": "top", "pad": {"t": 16}})
    return drawn.update_layout(
        showlegend=True, legend={"x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"}
    )
