"""Roles of units in a classifier: accuracy without some of them (PNAS 2020, Fig. 2c, 2d, SI).

>>> set_curves(effects, "ski resort").show()
>>> class_scatter(effects, 20).show()
>>> correlation_bars(importance).show()
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.data.arrays import Float64s
from dissect_widgets.plots.theme import CATEGORY_COLORS, INK, faint, figure, legend_above, text

_BLUE, _ORANGE, _GREEN = (CATEGORY_COLORS[name] for name in ("object", "part", "material"))
_CHANCE = 0.5
_BINS = 40  # of correlations, from -1 to 1


def set_curves(effects: SetEffects, name: str) -> go.Figure:
    """Accuracy of a class when sets of units of growing size are removed (PNAS 2020, Fig. 2c).

    Parameters
    ----------
    effects
        Sets of several sizes.
    name
        A class whose sets were tried.

    Returns
    -------
    go.Figure
        Balanced accuracy without the most important units, without the least important, and without
        random ones: their mean, and one standard deviation over the random sets as a band.

    Raises
    ------
    ConceptError
        If no sets were tried for the class.
    """
    c, order = effects.class_index(name), np.argsort(effects.sizes)
    sizes = np.array(effects.sizes)[order]
    most, least = (effects.class_accuracy[kind][c, order] for kind in ("remove most", "remove least"))
    random = effects.class_accuracy["remove random"][:, c, order]
    mean, spread = random.mean(0), random.std(0)
    title = f"{effects.layer}: accuracy of {name} without sets of units"
    drawn = figure(title, x=f"units removed (of {effects.units})", y="balanced accuracy")
    edge = np.concatenate([mean + spread, (mean - spread)[::-1]])
    band = {
        "fill": "toself",
        "fillcolor": faint(INK),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "mode": "lines",
    }
    drawn.add_scatter(x=np.concatenate([sizes, sizes[::-1]]), y=edge, name="± 1 σ", showlegend=False, **band)
    label = f"random units removed (mean of {effects.repeats} sets ± 1 σ)"
    curves = (
        (label, mean, INK),
        ("least important removed", least, _BLUE),
        ("most important removed", most, _ORANGE),
    )
    for label, values, color in curves:
        drawn.add_scatter(
            x=sizes,
            y=values,
            name=label,
            mode="lines+markers",
            line={"color": color},
            marker={"size": 5},
            hovertemplate="%{x} units: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    before = float(effects.before[c])
    drawn.add_hline(_CHANCE, line=_line("dash"), **_label("chance", "bottom left"))
    drawn.add_hline(before, line=_line("dot"), **_label(f"unchanged, {_percent(before)}", "top right"))
    everything = np.concatenate([edge, most, least, [_CHANCE, before]])
    lowest, highest = everything.min() - 0.04, min(everything.max() + 0.04, 1.06)  # the band may leave [0, 1]
    drawn.update_yaxes(range=[lowest, highest], tickformat=".0%")
    return legend_above(drawn)


def class_scatter(effects: SetEffects, size: int) -> go.Figure:
    """Accuracy of every class without its most important units, and with these alone (PNAS 2020, Fig. 2d).

    Parameters
    ----------
    effects
        Sets of the classes to show.
    size
        Number of the most important units, one of `effects.sizes`.

    Returns
    -------
    go.Figure
        A row for each class, in alphabetical order, with three dots; their means are in the legend.

    Raises
    ------
    SettingError
        If no sets of this size were tried.
    """
    at = effects.size_index(size)
    order = np.argsort([name.casefold() for name in effects.classes], kind="stable")
    series = (
        ("unchanged", effects.before, _BLUE, "circle-open", 11),
        (
            f"{size} most important removed",
            effects.class_accuracy["remove most"][:, at],
            _ORANGE,
            "x-thin-open",
            9,
        ),
        (f"only these {size} left", effects.class_accuracy["keep most"][:, at], _GREEN, "diamond", 5),
    )
    title = f"{effects.layer}: accuracy of each class without its {size} most important units"
    title += ", and with only these"
    drawn = figure(title, x="balanced accuracy", y="", height=160 + 18 * len(order))
    for label, values, color, symbol, pixels in series:
        drawn.add_scatter(
            x=values[order],
            y=[text(effects.classes[c]) for c in order],
            name=f"{label} (mean {_percent(float(values.mean()))})",
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": pixels, "line": {"width": 2, "color": color}},
            hovertemplate="%{y}: %{x:.1%}<extra>" + label + "</extra>",
        )
    drawn.add_vline(_CHANCE, line=_line("dash"), **_label("chance", "bottom right"))
    everything = np.concatenate([[_CHANCE], *(row[1] for row in series)])
    drawn.update_xaxes(tickformat=".0%", range=[everything.min() - 0.02, everything.max() + 0.02])
    drawn.update_yaxes(type="category", tickmode="linear", automargin=True, range=[len(order) + 0.2, -0.6])
    return legend_above(drawn)


def correlation_bars(importance: UnitImportance, top: int = TOP) -> go.Figure:
    """Correlations of units with classes that they are important to, and with others (PNAS 2020, SI).

    Parameters
    ----------
    importance
        Units by classes. Classes without images are left out, and pairs without a correlation.
    top
        Units of a class that count as its most important.

    Returns
    -------
    go.Figure
        Two histograms, each of shares of its own pairs, and a line at the median of each.
    """
    among = np.zeros(importance.correlation.shape, np.bool_)
    for name, units in importance.combinations(top).items():
        among[units, importance.classes.index(name)] = True
    known = importance.present & np.isfinite(importance.correlation)
    groups: list[tuple[str, Float64s, str]] = [
        ("all other pairs", importance.correlation[known & ~among], INK),
        (
            f"unit is among the {top} most important of the class",
            importance.correlation[known & among],
            _BLUE,
        ),
    ]
    drawn = figure(
        f"{importance.layer}: correlation of a unit's peak with the probability of a class",
        x="correlation",
        y="share of pairs",
    )
    edges = np.linspace(-1, 1, _BINS + 1)
    tallest = 0.0
    for label, values, color in groups:
        share = np.histogram(values, edges)[0] / max(len(values), 1)
        tallest = max(tallest, float(share.max()))
        drawn.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=share,
            width=2 / _BINS,
            name=f"{label} ({len(values)} pairs)",
            marker={"color": color, "opacity": 0.6, "line": {"width": 0}},
            hovertemplate="%{x:.3f}: %{y:.1%}<extra></extra>",
        )
    medians = [(float(np.median(values)), color) for _, values, color in groups if len(values)]
    for number, (median, color) in enumerate(sorted(medians)):
        side = "top left" if number == 0 and len(medians) == 2 else "top right"
        drawn.add_vline(median, line=_line("dash", color), **_label(f"median {median:.2f}", side, color))
    drawn.update_xaxes(range=[-1, 1])
    drawn.update_yaxes(tickformat=".0%", range=[0, 1.12 * tallest or 1])
    drawn.update_layout(barmode="overlay", bargap=0)
    return legend_above(drawn)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _line(dash: str, color: str = INK) -> dict[str, object]:
    return {"color": color, "dash": dash, "width": 1.5}


def _label(words: str, position: str, color: str = INK) -> dict[str, object]:
    return {"annotation": {"text": words, "font": {"color": color}}, "annotation_position": position}
