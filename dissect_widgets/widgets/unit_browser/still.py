"""The still of a unit browser: the units that are open, and the first of those that are listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.dissection.layer_result import MIN_IOU, LayerDissection
from dissect_widgets.plots.colors import category_color
from dissect_widgets.plots.exemplars import exemplars, lit
from dissect_widgets.widgets.shared.sheet import INK, LINE, MARGIN, SOFT, WIDTH, Sheet, stack
from dissect_widgets.widgets.shared.still import SCALE, Still
from dissect_widgets.widgets.unit_browser.data import UnitData

CARDS: Final = 6
"""Units in a row of the list."""
_GAP: Final = 8
_CONCEPTS: Final = 4
_DETAIL: Final = 328
_LIST: Final = (WIDTH - 2 * MARGIN - (CARDS - 1) * _GAP) / CARDS


@dataclass(frozen=True)
class Open:
    """A unit that is shown in detail."""

    unit: int
    threshold: float | None
    """Activation above which masks are lit; None for t_u."""


def browser_still(data: UnitData, layer: LayerDissection, opened: list[Open], listed: list[int]) -> Still:
    """The still of a browser.

    Parameters
    ----------
    data
        What the browser shows.
    layer
        The layer that is shown.
    opened
        Units in detail, at most two.
    listed
        Units that match the filters, in order.
    """
    named = [f"Unit {one.unit} of {layer.name}: {in_words(data, layer, one.unit)}" for one in opened]
    best = data.best(layer.name)
    concepts = best.concept[best.iou > MIN_IOU]
    detectors = (
        f"{len(concepts)} of {layer.units} units of {layer.name} are detectors of "
        f"{len(np.unique(concepts))} concepts"
    )
    lines = [*named[1:], *([f"{detectors} (IoU above {MIN_IOU})."] if named else [])]
    if len(listed) < layer.units:
        match = "1 unit matches" if len(listed) == 1 else f"{len(listed)} units match"
        lines.append(f"{match} the search and the filters.")
    lines += [_threshold_line(data, layer, one) for one in opened]
    title = named[0] if named else f"{detectors} (IoU above {MIN_IOU})"
    sheets = [_details(data, layer, opened)] if opened else []
    rows = 1 if opened else 2
    return Still(title, tuple(lines), stack([*sheets, _list(data, layer, listed[: rows * CARDS], opened)]))


def in_words(data: UnitData, layer: LayerDissection, unit: int) -> str:
    """Best concept and IoU of a unit."""
    concept, iou = _best(data, layer, unit)
    return f"{concept.name} ({concept.category}), IoU {iou:.3f}" if iou > 0 else "no concept"


def _best(data: UnitData, layer: LayerDissection, unit: int) -> tuple[Concept, float]:
    best = data.best(layer.name)
    return layer.vocabulary[int(best.concept[unit])], float(best.iou[unit])


def _threshold(data: UnitData, layer: LayerDissection, one: Open) -> float:
    own = layer.threshold[layer.level_index(data.level), one.unit]
    return float(own if one.threshold is None else one.threshold)


def _threshold_line(data: UnitData, layer: LayerDissection, one: Open) -> str:
    level = layer.levels[layer.level_index(data.level)]
    own = _threshold(data, layer, Open(one.unit, None))
    moved = "" if one.threshold is None else f", shown above {one.threshold:.3g}"
    return (
        f"Unit {one.unit}: top {100 * level:g} % of activations above {own:.3g}{moved}, "
        f"max activation {layer.highest[one.unit]:.3g}."
    )


def _details(data: UnitData, layer: LayerDissection, opened: list[Open]) -> Image.Image:
    sheet = Sheet(_DETAIL)
    width = (WIDTH - MARGIN * (len(opened) + 1)) / len(opened)
    for place, one in enumerate(opened):
        left = MARGIN + place * (width + MARGIN)
        _heading(sheet, data, layer, one.unit, left, width)
        if len(opened) == 1:
            _gallery(sheet, data, layer, one, (left, 50, 470), 3)
            _concepts(sheet, data, layer, one.unit, (left + 490, 62, width - 490), 8)
        else:
            _gallery(sheet, data, layer, one, (left, 50, width), 3, rows=1)
            _concepts(sheet, data, layer, one.unit, (left, 194, width), _CONCEPTS)
    return sheet.picture


def _heading(
    sheet: Sheet, data: UnitData, layer: LayerDissection, unit: int, left: float, width: float
) -> None:
    concept, iou = _best(data, layer, unit)
    x = left + sheet.text(left, 24, f"unit {unit}", size=16, bold=True) + 14
    if iou > 0:
        sheet.dot(x + 4, 24, 4.5, category_color(concept.category, layer.vocabulary.categories))
        x += 14
        x += sheet.text(x, 24, concept.name, size=16, width=max(left + width - x - 170, 40)) + 8
        x += sheet.text(x, 25, concept.category, size=12, color=SOFT, width=80) + 8
    said = f"IoU {iou:.3f}" if iou > 0 else "no concept"
    sheet.text(left + width, 24, said, size=14, color=SOFT, anchor="r")


def _gallery(
    sheet: Sheet,
    data: UnitData,
    layer: LayerDissection,
    one: Open,
    where: tuple[float, float, float],
    columns: int,
    rows: int = 2,
) -> None:
    """Exemplars in rows, lit above the threshold, in a box of a place and width."""
    left, top, width = where
    most = (_DETAIL - MARGIN - top - (rows - 1) * 6) / 2  # height of an image
    image_height, image_width = data.dissection.image_size
    each = min((width - (columns - 1) * 6) / columns, most * image_width / image_height)
    height = each * image_height / image_width
    pixels, values = exemplars(data.dissection, layer, one.unit, rows * columns, round(height * SCALE))
    threshold = _threshold(data, layer, one)
    for number, (image, value) in enumerate(zip(pixels, values, strict=True)):
        row, column = divmod(number, columns)
        lighted = Image.fromarray(lit(image, value > threshold, SCALE))
        sheet.image(lighted, left + column * (each + 6), top + row * (height + 6), each, height)
    if not len(pixels):
        sheet.text(left, top + 12, "No exemplars were kept.", color=SOFT)


def _concepts(
    sheet: Sheet,
    data: UnitData,
    layer: LayerDissection,
    unit: int,
    where: tuple[float, float, float],
    count: int,
) -> None:
    left, top, width = where
    concepts = data.detail(data.dissection.layer_names.index(layer.name), unit)["concepts"][:count]
    sheet.text(left, top, "Best concepts by IoU", size=12, color=SOFT)
    for row, (name, category, iou) in enumerate(concepts):
        y = top + 26 + 27 * row
        color = category_color(category, layer.vocabulary.categories)
        sheet.text(left, y - 5, name, width=width - 50)
        sheet.text(left + width, y - 5, f"{iou:.3f}", color=SOFT, anchor="r")
        sheet.bar(left, y + 8, width, iou / concepts[0][2], color, height=5)
    if not concepts:
        sheet.text(left, top + 26, "It overlaps with no concept.", color=SOFT)


def _list(data: UnitData, layer: LayerDissection, units: list[int], opened: list[Open]) -> Image.Image:
    image_height, image_width = data.dissection.image_size
    height = min(_LIST * image_height / image_width, 1.2 * _LIST)
    row_height = height + 44
    sheet = Sheet(34 + row_height * max(1, -(-len(units) // CARDS)) + 6)
    sheet.text(MARGIN, 18, f"{layer.name} of {data.dissection.model}", size=12, color=SOFT, width=WIDTH - 40)
    for number, unit in enumerate(units):
        row, column = divmod(number, CARDS)
        x, y = MARGIN + column * (_LIST + _GAP), 34 + row * row_height
        one = Open(unit, None)
        pixels, values = exemplars(data.dissection, layer, unit, 1, round(height * SCALE))
        for image, value in zip(pixels, values, strict=True):
            lighted = Image.fromarray(lit(image, value > _threshold(data, layer, one), SCALE))
            fit = min(_LIST, height * image_width / image_height)
            sheet.image(lighted, x + (_LIST - fit) / 2, y, fit, fit * image_height / image_width)
        if unit in [shown.unit for shown in opened]:
            sheet.box(x - 3, y - 3, _LIST + 6, row_height - 2, outline="#1976d2", radius=4)
        concept, iou = _best(data, layer, unit)
        color = category_color(concept.category, layer.vocabulary.categories) if iou > 0 else LINE
        sheet.dot(x + 4, y + height + 12, 3.5, color)
        name = concept.name if iou > 0 else "no concept"
        sheet.text(x + 12, y + height + 12, name, size=12, color=INK, width=_LIST - 14)
        sheet.text(x + 12, y + height + 28, f"unit {unit}", size=11, color=SOFT)
        if iou > 0:
            sheet.text(x + _LIST - 2, y + height + 28, f"{iou:.3f}", size=11, color=SOFT, anchor="r")
    if not units:
        sheet.text(MARGIN, 60, "No unit matches.", color=SOFT)
    return sheet.picture
