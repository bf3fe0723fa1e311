"""How much an attack changes units, by their importance to the two classes (PNAS 2020, Fig. 5c).

>>> changes = dw.unit_changes(classifier, "conv5_3", attacked)
>>> change_bars(changes.by_importance(importance)).show()
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dissect_widgets.core.attacks.unit_changes import ChangeByImportance
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.theme import CATEGORY_COLORS, INK, faint, figure, sentence

_SOURCE, _TARGET = CATEGORY_COLORS["part"], CATEGORY_COLORS["object"]
"""Colors of the clean and of the adversarial class; the attack diff has the same."""


def change_bars(change: ChangeByImportance, *, ranks: int = 8) -> go.Figure:
    """Mean absolute change of the max activation of the most important units, against all others.

    Parameters
    ----------
    change
        See `UnitChanges.by_importance`.
    ranks
        How many of the most important units of each class to show.

    Returns
    -------
    go.Figure
        Two bars for each rank, one for the clean and one for the adversarial class, with 99 % intervals;
        a line, and the band of its interval, for all units that are among the most important of neither.

    Raises
    ------
    SettingError
        If there are fewer ranks than that.
    """
    if not 1 <= ranks <= len(change.source):
        raise SettingError(f"ranks is {ranks}; allowed is 1 to {len(change.source)}.")
    drawn = figure(
        f"Change of peaks in {change.layer} under attack, over {change.images} images",
        x="rank of importance to the class",
        y="mean |change of peak|",
    )
    positions = list(range(1, ranks + 1))
    for name, color, values, intervals in (
        ("clean class", _SOURCE, change.source, change.source_interval),
        ("adversarial class", _TARGET, change.target, change.target_interval),
    ):
        drawn.add_bar(
            x=positions,
            y=values[:ranks],
            name=f"important to the {name}",
            marker={"color": color, "line": {"width": 0}},
            error_y={"array": intervals[:ranks], "color": INK, "width": 4},
            hovertext=[
                f"{name}, rank {rank}: {value:.3g}" + (f" ± {half:.2g}" if np.isfinite(half) else "")
                for rank, value, half in zip(positions, values, intervals, strict=False)
            ],
            hoverinfo="text",
        )
    mean, half = change.others
    edge = [0.4, ranks + 0.6]
    if np.isfinite(half):
        drawn.add_scatter(
            x=[*edge, *edge[::-1]],
            y=[mean - half] * 2 + [mean + half] * 2,
            fill="toself",
            fillcolor=faint(INK),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
        )
    drawn.add_scatter(
        x=edge,
        y=[mean, mean],
        mode="lines",
        name="all others",
        line={"color": INK, "dash": "dash"},
        hovertext=sentence(f"all others: {mean:.3g} ± {half:.2g}"),
        hoverinfo="text",
    )
    drawn.update_xaxes(range=edge, dtick=1, showgrid=False)
    return drawn.update_layout(bargroupgap=0.05, legend={"x": 1, "y": 1.0})
