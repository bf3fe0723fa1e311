"""The still of a layer comparison: its bars, and the units that a click has opened."""

from __future__ import annotations

from typing import Final

from dissect_widgets.core.dissection.layer_result import Denominator
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.plots.colors import category_color
from dissect_widgets.widgets.shared.sheet import INK, LINE, MARGIN, SHADE, SOFT, WIDTH, Sheet, stack
from dissect_widgets.widgets.shared.still import Still

_CONCEPTS: Final = 24
_ROWS: Final = 8
_TOP: Final = 62
_CHART: Final = 150
_AXIS: Final = 40


def comparison_still(
    dissection: Dissection,
    chosen: str,
    count: str,
    *,
    min_iou: float,
    level: float | None,
    denominator: Denominator,
    browser: Still | None,
) -> Still:
    """The still of a comparison.

    Parameters
    ----------
    dissection, min_iou, level, denominator
        See `LayerComparison`.
    chosen
        Layer whose concepts are shown.
    count
        What bars count, "unique" or "detectors".
    browser
        Still of the browser below the bars, if a click has opened it.
    """
    counts = {
        layer.name: layer.count_detectors(min_iou=min_iou, level=level, denominator=denominator)
        for layer in dissection.layers
    }
    heights = {
        name: {category: int(getattr(number, count)) for category, number in of_layer.items()}
        for name, of_layer in counts.items()
    }
    what = "unique detectors" if count == "unique" else "detectors"
    most = max(heights, key=lambda name: heights[name]["all"])
    best = counts[chosen]["all"]
    title = f"{dissection.model}: {what} of {len(heights)} layers, most in {most} ({heights[most]['all']})"
    if len(heights) == 1:
        title = f"{dissection.model}: {heights[most]['all']} {what} in {most}"
    layer = dissection[chosen]
    line = (
        f"{best.detectors} of {layer.units} units of {chosen} are detectors of {best.unique} concepts "
        f"(IoU above {min_iou:g})."
    )
    names = dissection.vocabulary.categories
    bars = _layer_bars(heights, names, what, chosen).picture
    unique = layer.unique_detectors(min_iou=min_iou, level=level, denominator=denominator)
    shown = [(concept.name, concept.category, number) for concept, number in unique.items()]
    concepts = _concept_bars(shown, names, f"{chosen}: {best.detectors} detectors of {best.unique} concepts")
    below = [browser.picture] if browser else []
    opened = (browser.title, *browser.lines) if browser else ()
    return Still(title, (line, *opened), stack([bars, concepts.picture, *below]))


def _layer_bars(
    heights: dict[str, dict[str, int]], categories: tuple[str, ...], what: str, chosen: str
) -> Sheet:
    """Bars of layers, stacked by category."""
    sheet = Sheet(_TOP + _CHART + 36)
    sheet.text(MARGIN, 24, what.capitalize() + " by layer", size=16, bold=True)
    present = [name for name in categories if any(bar[name] for bar in heights.values())]
    x = float(WIDTH - MARGIN)
    for category in reversed(present):
        x -= sheet.text(x, 24, category, size=12, color=SOFT, anchor="r", width=110) + 12
        sheet.dot(x + 3, 24, 4.5, category_color(category, categories))
        x -= 16
    highest = max(max(bar["all"] for bar in heights.values()), 1)
    bottom, left, width = _TOP + _CHART, MARGIN + _AXIS, WIDTH - 2 * MARGIN - _AXIS
    for value in sorted({0, round(highest / 2), highest}):
        y = bottom - _CHART * value / highest
        sheet.line([(left, y), (WIDTH - MARGIN, y)], LINE)
        sheet.text(left - 8, y, str(value), size=11, color=SOFT, anchor="r")
    each = width / len(heights)
    for place, (layer, bar) in enumerate(heights.items()):
        y, thick = float(bottom), min(each * 0.7, 90)
        middle = left + (place + 0.5) * each
        for category in present:
            height = _CHART * bar[category] / highest
            y -= height
            sheet.box(middle - thick / 2, y, thick, height, fill=category_color(category, categories))
        if bar["all"]:
            sheet.text(middle, y - 9, str(bar["all"]), size=11, color=SOFT, anchor="m")
        is_chosen = layer == chosen
        color = INK if is_chosen else SOFT
        sheet.text(
            middle, bottom + 16, layer, size=11, color=color, bold=is_chosen, width=each - 4, anchor="m"
        )
    return sheet


def _concept_bars(concepts: list[tuple[str, str, int]], categories: tuple[str, ...], title: str) -> Sheet:
    """Units of each concept, in columns."""
    shown = concepts[:_CONCEPTS]
    rows = min(_ROWS, max(len(shown), 1))
    sheet = Sheet(54 + 25 * rows + (22 if len(concepts) > len(shown) else 4))
    sheet.text(MARGIN, 22, title, size=14, bold=True, width=WIDTH - 2 * MARGIN)
    columns = max(1, -(-len(shown) // _ROWS))
    each = (WIDTH - 2 * MARGIN - (columns - 1) * 24) / columns
    most = max((number for _, _, number in shown), default=1)
    for place, (name, category, number) in enumerate(shown):
        column, row = divmod(place, _ROWS)
        x, y = MARGIN + column * (each + 24), 54 + 25 * row
        sheet.text(x, y, name, width=104)
        track = each - 140
        sheet.box(x + 110, y - 5, track, 10, fill=SHADE, radius=2)
        color = category_color(category, categories)
        sheet.box(x + 110, y - 5, track * number / most, 10, fill=color, radius=2)
        sheet.text(x + each, y, str(number), color=SOFT, anchor="r")
    if len(concepts) > len(shown):
        rest = len(concepts) - len(shown)
        sheet.text(MARGIN, 56 + 25 * rows, f"and {rest} concepts with fewer units", size=12, color=SOFT)
    if not shown:
        sheet.text(MARGIN, 54, "No unit is a detector.", color=SOFT)
    return sheet
