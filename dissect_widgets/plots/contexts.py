"""Where a thing can be inserted into an image, and where not (PNAS 2020, Fig. 4d).

>>> effects = dw.insert_at_places(generator, latents, insertion, segmenter, "door")
>>> context_bars(effects.by_context(["window", "building", "tree", "sky"]), "door").show()
>>> place_map(effects).show()
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dissect_widgets.core.editing.placement import ContextEffect, PlaceEffects
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.theme import CATEGORY_COLORS, INK, figure, text

_BLUE, _ORANGE, _SKY = (CATEGORY_COLORS[name] for name in ("object", "part", "color"))
_NOTHING = "#c4c4c4"  # neither the white nor the black of a page, where cells without a number are seen
_MAP = (320, 480)  # height and width of a map at most, in pixels
_LEFT, _RIGHT = 60, 150


def context_bars(effects: Sequence[ContextEffect], inserted: str) -> go.Figure:
    """How much of a concept is gained at a place, by what was there before.

    Parameters
    ----------
    effects
        See `PlaceEffects.by_context`.
    inserted
        The concept whose units were made active.

    Returns
    -------
    go.Figure
        A bar for each context, the greatest gain first: mean over places, in % of the pixels of an average
        image, and the standard deviation over places as whiskers, as in the paper.

    Raises
    ------
    SettingError
        If there are no effects.
    """
    if not effects:
        raise SettingError("There are no effects to show; name at least one context.")
    each = {effect.concept: effect for effect in effects}  # one bar for each, however often it was named
    ordered = sorted(each.values(), key=lambda effect: (effect.places == 0, -effect.mean))
    names = [effect.concept.name for effect in ordered]
    labels = [
        text(name if names.count(name) == 1 else f"{name} ({effect.concept.category})")
        for name, effect in zip(names, ordered, strict=True)
    ]
    drawn = figure(
        f"Pixels of {inserted} gained at a place, by what was there before",
        x="in % of those in an average image<br>mean, and standard deviation over places",
        y="",
        height=140 + 30 * len(ordered),
    )
    drawn.add_bar(
        x=[100 * effect.mean for effect in ordered],
        y=labels,
        orientation="h",
        marker={"color": _SKY, "line": {"width": 0}},
        error_x={"array": [100 * effect.deviation for effect in ordered], "color": INK, "width": 6},
        hovertext=[
            f"{label}: {_describe(effect, text(inserted))}"
            for label, effect in zip(labels, ordered, strict=True)
        ],
        hoverinfo="text",
    )
    for label, effect in zip(labels, ordered, strict=True):
        if not effect.places:
            drawn.add_annotation(x=0, y=label, text="nowhere", showarrow=False, xanchor="left")
    drawn.update_xaxes(ticksuffix=" %", zerolinecolor=INK)
    drawn.update_yaxes(type="category", tickmode="linear", automargin=True, showgrid=False)
    return drawn.update_yaxes(range=[len(ordered) - 0.4, -0.6])


def place_map(effects: PlaceEffects) -> go.Figure:
    """Pixels gained by an edit at each cell of the layer's map.

    Parameters
    ----------
    effects
        See `insert_at_places`.

    Returns
    -------
    go.Figure
        A heat map of means over images, with the map laid over the image; cells that were not tried stay
        empty.
    """
    means, images = effects.by_cell(), len(effects.before)
    rows, columns = effects.grid
    side = min(_MAP[0] / rows, _MAP[1] / columns)
    name, most = text(effects.concept.name), float(np.nanmax(np.abs(means)))
    drawn = figure(
        f"Pixels of {effects.concept.name} gained, by place", x="column of the map", y="row of the map"
    )
    drawn.add_heatmap(
        z=means,
        zmin=-most or -1,
        zmax=most or 1,
        colorscale=[[0, _ORANGE], [0.5, _NOTHING], [1, _BLUE]],
        colorbar={
            "title": f"pixels gained,<br>mean of {images}<br>image{'s' * (images != 1)}",
            "thickness": 14,
            "outlinewidth": 0,
        },
        hoverongaps=False,
        hovertext=[
            [f"row {row}, column {column}: {_gain(mean, name)}" for column, mean in enumerate(line)]
            for row, line in enumerate(means)
        ],
        hoverinfo="text",
    )
    fit = {"showgrid": False, "zeroline": False, "constrain": "domain"}
    drawn.update_xaxes(**fit, range=[-0.5, columns - 0.5], dtick=1 if columns <= 16 else None)
    drawn.update_yaxes(**fit, range=[rows - 0.5, -0.5], dtick=1 if rows <= 16 else None, scaleanchor="x")
    width, height = max(side * columns, 200), max(side * rows, 120)
    return drawn.update_layout(width=_LEFT + width + _RIGHT, height=48 + height + 60, margin_r=_RIGHT)


def _describe(effect: ContextEffect, inserted: str) -> str:
    """A bar in words."""
    if not effect.places:
        return "in none of the images"
    percent = 100 * effect.mean
    words = f"{abs(percent):.1f} % of an average image's pixels of {inserted} "
    words += "gained" if percent >= 0 else "lost"
    words += f"<br>mean of {effect.places} place{'s' * (effect.places != 1)}"
    if effect.places > 1:
        if np.isfinite(effect.interval):  # not where all places are of one image
            words += f", ± {100 * effect.interval:.1f} % (99 % interval)"
        words += f"<br>standard deviation over places {100 * effect.deviation:.1f} %"
    return words


def _gain(mean: float, name: str) -> str:
    return f"{abs(mean):.1f} pixels of {name} {'gained' if mean >= 0 else 'lost'}"
