"""Units that are important to many classes: how interpretable they are, and which classes share them.

PNAS 2020, Fig. 2e, and SI.

>>> interpretability_bars(importance, dissection["conv5_3"].best().iou).show()
>>> combination_dots(importance).show()
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.theme import CATEGORY_COLORS, INK, figure, text

_BLUE = CATEGORY_COLORS["object"]
_MOST = 7  # units that are important to at least so many classes share a bar
_LARGEST_DOT = 18.0  # pixels
_COLUMNS = 40  # a figure of more is made wider than the page


def interpretability_bars(importance: UnitImportance, iou: ArrayLike, top: int = TOP) -> go.Figure:
    """How well units match concepts, by the number of classes that need them (PNAS 2020, Fig. 2e).

    Parameters
    ----------
    importance
        Units by classes.
    iou
        (units,), best IoU of each unit; see `LayerDissection.best`.
    top
        Units of a class that count as its most important.

    Returns
    -------
    go.Figure
        A bar for each number of classes to which any unit is important: mean IoU of these units, with
        the standard error σ/√n, where σ is their standard deviation (of n, not of n - 1).

    Raises
    ------
    SettingError
        If `iou` is of another number of units, or `top` is more than there are units.
    """
    match = np.asarray(iou, np.float64)
    if match.shape != (importance.units,):
        raise SettingError(
            f"iou has shape {match.shape}; it must be ({importance.units},), the units of {importance.layer}."
        )
    counts = np.minimum(importance.important_to(top), _MOST)
    bins = np.unique(counts)
    members = [match[counts == number] for number in bins]
    title = f"{importance.layer}: how well units match concepts, by the number of classes that need them"
    needs = f"classes for which a unit is among the {top} most important"
    drawn = figure(title, x=needs, y="mean best IoU ± standard error")
    drawn.add_bar(
        x=[f"≥ {_MOST}" if number == _MOST else str(number) for number in bins],
        y=[group.mean() for group in members],
        error_y={"array": [group.std() / np.sqrt(len(group)) for group in members], "color": INK, "width": 6},
        marker_color=_BLUE,
        text=[f"n = {len(group)}" for group in members],
        textposition="inside",
        insidetextanchor="start",
        textangle=0,
        constraintext="none",
        insidetextfont={"color": "white"},
        hovertemplate="%{x} classes: IoU %{y:.3f}<extra>%{text}</extra>",
    )
    drawn.update_xaxes(type="category", showgrid=False)
    return drawn


def combination_dots(
    importance: UnitImportance, top: int = TOP, concepts: Sequence[str] | None = None
) -> go.Figure:
    """Units that several classes share among their most important ones (PNAS 2020, SI).

    Parameters
    ----------
    importance
        Units by classes.
    top
        Units of a class that count as its most important.
    concepts
        A name for each unit, such as that of its best concept.

    Returns
    -------
    go.Figure
        A row for each class, a column for each unit of two classes or more, the most shared first; the
        area of a dot is what the class loses without the unit: accuracy, or log-odds if the units are
        ranked by these.

    Raises
    ------
    SettingError
        If there is not one concept for each unit, or `top` is more than there are units.
    """
    if concepts is not None and len(concepts) != importance.units:
        raise SettingError(
            f"{len(concepts)} concepts for the {importance.units} units of {importance.layer}; each unit "
            "needs one."
        )
    counts = importance.important_to(top)
    shared = [int(u) for u in np.argsort(-counts, kind="stable") if counts[u] >= 2]
    labels = {u: text(f"{u} {concepts[u]}") if concepts is not None else f"unit {u}" for u in shared}
    sets = importance.combinations(top)
    pairs = [
        (name, u, float(importance.score_drop[u, importance.classes.index(name)]))
        for name in sorted(sets, key=str.casefold)
        for u in sets[name]
        if u in labels
    ]
    rows = list(dict.fromkeys(text(name) for name, _, _ in pairs))
    measure = importance.measure
    title = (
        f"{importance.layer}: units among the {top} most important of several classes; area: {measure} lost"
    )
    drawn = figure(title, x="", y="", height=190 + 18 * len(rows))
    if not pairs:
        none = f"No unit is among the {top} most important of two classes."
        drawn.add_annotation(text=none, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
        return drawn.update_xaxes(visible=False).update_yaxes(visible=False)
    losses = [loss for _, _, loss in pairs]
    value = ".1%" if measure == "accuracy" else ".2f"
    drawn.add_scatter(
        x=[labels[u] for _, u, _ in pairs],
        y=[text(name) for name, _, _ in pairs],
        customdata=losses,
        mode="markers",
        marker={
            "color": _BLUE,
            "opacity": 0.85,
            "line": {"width": 0},
            "size": losses,
            "sizemode": "area",
            "sizeref": 2 * max(losses) / _LARGEST_DOT**2,
            "sizemin": 2,
        },
        hovertemplate=f"%{{y}}, %{{x}}: %{{customdata:{value}}} lost<extra></extra>",
    )
    axis = {"type": "category", "tickmode": "linear", "automargin": True, "categoryorder": "array"}
    columns = list(labels.values())
    drawn.update_xaxes(**axis, categoryarray=columns, range=[-0.6, len(columns) - 0.4], tickangle=-45)
    if len(columns) > _COLUMNS:
        drawn.update_layout(width=200 + 18 * len(columns))
    drawn.update_yaxes(**axis, categoryarray=rows, range=[len(rows) - 0.4, -0.6])
    return drawn
