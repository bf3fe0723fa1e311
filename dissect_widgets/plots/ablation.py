"""Pixels of a concept that a generator still draws when its units are removed (PNAS 2020, Fig. 4a).

>>> counts = dw.count_pixels(generator, latents, sets, segmenter)
>>> removal_curve(counts, [2, 4, 8, 20], "tree", others=["sky", "building"]).show()
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.editing.pixel_counts import PixelCounts
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.theme import INK, SERIES_COLORS, faint, figure, text

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "triangle-down", "star")
_WIDE, _THIN = 3.0, 1.25


def removal_curve(
    counts: PixelCounts,
    numbers: Sequence[int],
    concept: str | Concept,
    others: Sequence[str | Concept] = (),
) -> go.Figure:
    """Change of a concept's pixels when sets of units of growing size are removed.

    Parameters
    ----------
    counts
        Pixels under each set of edits.
    numbers
        How many units each set removes.
    concept
        Whose units they are.
    others
        Concepts to compare with; these should not change.

    Returns
    -------
    go.Figure
        A line for each concept from 0 units on, in %, and the 99 % interval of its mean as a band. The
        legend lists the lines as they end, the highest first.

    Raises
    ------
    SettingError
        If there is not one number for each set, one is negative or duplicated, or no image has the
        concept.
    ConceptError
        If a concept was not counted.
    """
    sets, images, _ = counts.after.shape
    removed = np.array(numbers, np.int64)
    if removed.shape != (sets,):
        raise SettingError(f"{removed.size} numbers for {sets} sets of edits; each set needs one.")
    if len(set(removed.tolist())) < sets or (removed < 0).any():
        raise SettingError(f"numbers is {removed.tolist()}; allowed are different numbers from 0 on.")
    shown = list(dict.fromkeys(_find(counts, name) for name in [concept, *others]))
    names = [each.name for each in shown]
    mean_of = f"mean of {images} image{'s' * (images != 1)}, and its 99 % interval"
    drawn = figure(
        f"Pixels of {names[0]} as units are removed", x=f"units removed<br>{mean_of}", y="change of pixels"
    )
    start = [] if 0 in removed else [0]
    order = np.argsort(removed)
    x = np.concatenate([start, removed[order]]).astype(int)
    ends = []
    for position, each in enumerate(shown):
        mean, half = counts.change(*each)
        y, spread = (np.concatenate([np.zeros(len(start)), 100 * part[order]]) for part in (mean, half))
        ends.append(float(y[-1]))
        label = each.name if names.count(each.name) == 1 else f"{each.name} ({each.category})"
        color = SERIES_COLORS[position % len(SERIES_COLORS)]
        known = np.isfinite(spread)  # unknown of a single image
        drawn.add_scatter(
            x=np.concatenate([x[known], x[known][::-1]]),
            y=np.concatenate([(y + spread)[known], (y - spread)[known][::-1]]),
            name="99 % interval",
            meta="band",
            legendgroup=str(position),
            showlegend=False,
            fill="toself",
            fillcolor=faint(color),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
        )
        drawn.add_scatter(
            x=x,
            y=y,
            name=text(label),
            meta="line",
            legendgroup=str(position),
            mode="lines+markers",
            line={"color": color, "width": _THIN if position else _WIDE},
            marker={"size": 5 if position else 7, "symbol": _SYMBOLS[position % len(_SYMBOLS)]},
            hovertext=[text(_describe(*point, label)) for point in zip(x, y, spread, strict=True)],
            hoverinfo="text",
        )
    # The legend is next to the ends of the lines, in their order, so that names never overlap.
    ranks = np.argsort(np.argsort(-np.array(ends), kind="stable"))
    for number, trace in enumerate(drawn.data):
        trace.legendrank = 1 + int(ranks[number // 2])
    drawn.update_xaxes(rangemode="tozero", dtick=1 if x[-1] <= 10 else None)
    drawn.update_yaxes(ticksuffix=" %", zerolinecolor=INK)
    legend = {"orientation": "v", "x": 1.02, "xanchor": "left", "y": 1, "yanchor": "top"}
    return drawn.update_layout(legend=legend, showlegend=len(shown) > 1)


def _find(counts: PixelCounts, concept: str | Concept) -> Concept:
    vocabulary = Vocabulary(counts.concepts)
    return vocabulary[vocabulary.find(concept)]


def _describe(units: int, percent: float, half: float, name: str) -> str:
    """A point of a line in words."""
    without = f"{units or 'no'} unit{'s' if units > 1 else ''} removed"
    if round(abs(percent), 1) == 0:
        change = f"as many pixels of {name}"
    else:
        change = f"{abs(percent):.1f} % {'more' if percent > 0 else 'fewer'} pixels of {name}"
    return f"{without}: {change}" + (f" (± {half:.1f} %)" if np.isfinite(half) and units else "")
