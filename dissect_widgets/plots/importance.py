"""The most important units of a class, with their exemplars (PNAS 2020, Fig. 2a).

>>> important_units("ski resort", train, val, dissection).show()
"""

from __future__ import annotations

import plotly.graph_objects as go

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.core.dissection.layer_result import Denominator
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.units import named, unit_rows


def important_units(
    name: str,
    train: UnitImportance,
    val: UnitImportance,
    dissection: Dissection,
    top: int = TOP,
    count: int = 5,
    *,
    level: float | None = None,
    denominator: Denominator = "all",
) -> go.Figure:
    """The units whose removal costs a class most accuracy, with their exemplars.

    Parameters
    ----------
    name
        A class.
    train
        The importance that units are chosen by.
    val
        Importance of the same units on other images.
    dissection
        Of the layer that the importance is of, among others.
    top
        Number of units.
    count
        Exemplars of each, at most.
    level, denominator
        See `LayerDissection.iou`; regions are cut at the threshold of this level.

    Returns
    -------
    go.Figure
        A line of text and a strip of exemplars for each unit, the most important first.

    Raises
    ------
    ConceptError
        If there is no such class, or it has no images.
    LayerError
        If the layer was not dissected.
    SettingError
        If `top` or `count` is not a number of units or images, or the layer has other units.
    """
    layer = dissection[train.layer]
    if not layer.units == train.units == val.units:
        raise SettingError(
            f"{layer.name} has {layer.units} units, but the importance is of {train.units} and {val.units}; "
            "they must be of the same layer."
        )
    if not 1 <= top <= train.units:
        raise SettingError(f"top is {top}; allowed is 1 to {train.units}, the units of {layer.name}.")
    units = train.top_units(name)[:top].tolist()
    lines = [
        f"{named(layer, unit, level=level, denominator=denominator)}, {_lost(name, unit, train, val)}"
        for unit in units
    ]
    return unit_rows(
        dissection,
        layer.name,
        units,
        count,
        lines=lines,
        title=f"{name}: most important units of {layer.name}",
        level=level,
    )


def _lost(name: str, unit: int, train: UnitImportance, val: UnitImportance) -> str:
    """What the class loses without the unit, on both sets of images."""
    both = [(importance, importance.class_number(name)) for importance in (train, val)]
    accuracy = [f"{100 * importance.loss[unit, c]:z.1f} %" for importance, c in both]
    odds = [f"{importance.odds_loss[unit, c]:z.2f}" for importance, c in both]
    return (
        f"accuracy lost: train {accuracy[0]}, val {accuracy[1]}; "
        f"log-odds lost: train {odds[0]}, val {odds[1]}"
    )
