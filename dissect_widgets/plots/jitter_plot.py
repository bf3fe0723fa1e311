"""A unit as a detector: its max activation on images with a concept and without (PNAS 2020, Fig. 1f).

>>> values = dw.find_max_activations(net, "conv5_3", photos)[:, 150]
>>> jitter(values, shown, "airplane", dw.classify_by_max_activation(values, shown)).show()
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from scipy.stats import gaussian_kde

from dissect_widgets.core.dissection.max_activation import MaxActivationClassifier
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.theme import CATEGORY_COLORS, INK, figure, text

_COLORS = (CATEGORY_COLORS["object"], CATEGORY_COLORS["part"])


def jitter(
    max_activations: ArrayLike,
    truth: ArrayLike,
    concept: str,
    classifier: MaxActivationClassifier,
    *,
    title: str = "",
) -> go.Figure:
    """Max activations of a unit as dots, with their density, and the threshold between the two groups.

    Parameters
    ----------
    max_activations
        (n,), max activation of the unit on each image; see `find_max_activations`.
    truth
        bool (n,), whether each image shows the concept.
    concept
        Its name.
    classifier
        The threshold and its accuracy; see `classify_by_max_activation`.
    title
        By default the concept and the balanced accuracy.

    Returns
    -------
    go.Figure
        Dots and density for both groups, the concept's above, and the threshold as a line.

    Raises
    ------
    SettingError
        If the two arrays have different shapes.
    """
    values, positive = np.asarray(max_activations, np.float64), np.asarray(truth, bool)
    if values.shape != positive.shape or values.ndim != 1:
        raise SettingError(
            f"max_activations has shape {values.shape}, truth {positive.shape}; both must be (n,)."
        )
    words = f"{concept}: balanced accuracy {100 * classifier.balanced_accuracy:.1f} %"
    drawn = figure(title or words, x="peak activation", y="")
    groups = ((f"no {concept}", values[~positive]), (concept, values[positive]))
    for row, ((name, group), color) in enumerate(zip(groups, _COLORS[::-1], strict=True)):
        _group(drawn, row, text(f"{name} ({len(group)})"), group, color)
    drawn.add_vline(x=classifier.threshold, line={"color": INK, "dash": "dash"})
    ticks = {"tickvals": [0.2, 1.2], "ticktext": [text(name) for name, _ in groups]}
    drawn.update_yaxes(**ticks, showgrid=False, range=[-0.1, 2.0], zeroline=False)
    drawn.update_layout(showlegend=False, margin_l=110)
    return drawn


def _group(drawn: go.Figure, row: int, name: str, values: NDArray[np.float64], color: str) -> None:
    spread = np.random.default_rng(row).uniform(0.0, 0.34, len(values))
    dots = {"color": color, "size": 4, "opacity": 0.45}
    hover = "%{x:.3g}<extra></extra>"
    drawn.add_scatter(x=values, y=row + spread, mode="markers", marker=dots, name=name, hovertemplate=hover)
    if len(values) < 3 or np.ptp(values) == 0:
        return
    place = np.linspace(values.min(), values.max(), 200)
    density = gaussian_kde(values)(place)
    base, height = np.full(200, row + 0.4), row + 0.4 + 0.5 * density / density.max()
    curve = {"x": place, "mode": "lines", "name": name, "hoverinfo": "skip"}
    drawn.add_scatter(**curve, y=base, line={"width": 0})
    drawn.add_scatter(**curve, y=height, line={"color": color, "width": 1.5}, fill="tonexty")
