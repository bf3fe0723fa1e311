"""What a class needs: the units that are most important to it, and ablations of sets of them."""

from __future__ import annotations

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.dissection.layer_result import Best, LayerDissection
from dissect_widgets.plots.roles import class_scatter
from dissect_widgets.plots.shared_units import interpretability_bars
from dissect_widgets.plots.theme import category_color
from dissect_widgets.reports.figures import Section, chart, count, named, table
from dissect_widgets.widgets.unit_browser.data import UnitData

_PLACES = ("most important unit", "second", "third", "fourth")


def needs_section(data: UnitData, importance: UnitImportance | None, sets: SetEffects | None) -> Section:
    """The most important units of each class, and accuracy without sets of them and with only them."""
    pieces = []
    if importance is not None:
        layer = data.dissection[importance.layer]
        best = layer.best(level=data.level, denominator=data.denominator)
        if importance.present_classes:
            place = data.dissection.layer_names.index(importance.layer)
            pieces += [_explanation(importance), _units(importance, layer, place, best)]
            pieces.append(chart(interpretability_bars(importance, best.iou, min(TOP, importance.units))))
        else:
            pieces.append(
                "<p>The images are not of two or more classes, so importance to a class is not defined.</p>"
            )
    if sets is not None:
        note = f"Sets of the most important units of each class, over {count(sets.images, 'image')}."
        pieces += [chart(class_scatter(sets, size), note) for size in sets.sizes]
    return Section("classes", "What a class needs", "".join(pieces))


def _explanation(importance: UnitImportance) -> str:
    measure = "balanced accuracy" if importance.measure == "accuracy" else "log-odds"
    return (
        f"<p>Each of the {count(importance.units, 'unit')} of {named(importance.layer)} was ablated alone, "
        f"over {count(importance.images, 'image')}. Here are the units without which each class loses "
        f"most {measure}: the concept that the unit matches best, and what the class loses without it. "
        "Balanced accuracy is 50&nbsp;% by chance. Choose a unit to see it in the browser above.</p>"
    )


def _units(importance: UnitImportance, layer: LayerDissection, place: int, best: Best) -> str:
    """Table of classes with their most important units."""
    top = min(TOP, importance.units)
    rows = []
    for name in sorted(importance.present_classes, key=str.casefold):
        c = importance.classes.index(name)
        units = importance.top_units(name)[:top]
        cells = [_unit(importance, layer, place, best, int(unit), c) for unit in units]
        rows.append([named(name), f"{100 * importance.accuracy.before[c]:.1f}&nbsp;%", *cells])
    return table(["class", "balanced accuracy", *_PLACES[:top]], rows, kind="tall needs")


def _unit(
    importance: UnitImportance, layer: LayerDissection, place: int, best: Best, unit: int, c: int
) -> str:
    """Cell of a unit, with what the class loses without it; the measure of the ranking first.

    `place` is that of the layer in the dissection.
    """
    concept = layer.vocabulary[int(best.concept[unit])]
    has_concept = best.iou[unit] > 0
    color = category_color(concept.category, layer.vocabulary.categories) if has_concept else "transparent"
    lost = [
        f"<span>{100 * importance.loss[unit, c]:z.1f} % accuracy</span>",
        f"<span>{importance.odds_loss[unit, c]:z.2f} log-odds</span>",
    ]
    lost = lost if importance.measure == "accuracy" else lost[::-1]
    name = named(concept.name if has_concept else "no concept")
    return (
        f'<a href="#units" data-layer="{place}" data-unit="{unit}">'
        f'<i class="dot" style="background:{color}"></i>{name}</a>'
        f"<small>unit {unit}, IoU {best.iou[unit]:.3f}</small><small>{lost[0]}, {lost[1]}</small>"
    )
