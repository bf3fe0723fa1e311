"""The still of an ablation explorer: accuracies, the curve, the chosen units, what changes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageOps

from dissect_widgets.widgets.ablation_explorer.data import AblationData
from dissect_widgets.widgets.shared.sheet import (
    ACCENT,
    BETTER,
    INK,
    LINE,
    MARGIN,
    SHADE,
    SOFT,
    WIDTH,
    WORSE,
    Sheet,
    stack,
)
from dissect_widgets.widgets.shared.still import SCALE, Still

_OVERALL: Final = "#9aa4ae"
_TILE: Final = 172
_CHART: Final = (MARGIN + 44, 138, 400, 150)  # left, top, width, height
_LIST: Final = 500
_ROWS: Final = 10
_IMAGES: Final = 7
_NAMED: Final = 20
"""Units that the text names."""


@dataclass(frozen=True)
class Edited:
    """An edit of a network."""

    class_name: str
    mode: str
    units: tuple[int, ...]


def explorer_still(
    data: AblationData,
    edited: Edited,
    result: dict[str, Any],
    concept_of: Callable[[int], tuple[str, str]] | None,
) -> Still:
    """The still of an explorer.

    Parameters
    ----------
    data, edited
        What the explorer measures, and the present edit.
    result
        What the page shows of it; see `AblationData.effect`.
    concept_of
        Concept of a unit, and the color of its category, if the layer is dissected.
    """
    before, after = result["class_accuracy"]
    overall = result["overall_accuracy"]
    layer, units = data.importance.layer, data.importance.units
    count = len(edited.units)
    did = "without" if edited.mode == "remove" else "with only"
    changes = f"{percent(before)} to {percent(after)}" if count or edited.mode == "keep" else percent(before)
    title = (
        f"{edited.class_name}: balanced accuracy {changes}, {did} {count} of the {units} units of {layer}"
        if count or edited.mode == "keep"
        else f"{edited.class_name}: balanced accuracy {changes}, with all {units} units of {layer}"
    )
    images = len(data.held.targets)
    lines = [
        f"All classes: accuracy {percent(overall[0])} to {percent(overall[1])}.",
        f"The prediction changes for {result['changed_count']} of {images} images.",
    ]
    if count:
        order = data.importance.top_units(edited.class_name).tolist()
        chosen = sorted(edited.units, key=order.index)
        named = ", ".join(map(str, chosen[:_NAMED])) + (" ..." if count > _NAMED else "")
        lines.append(f"Units {'removed' if edited.mode == 'remove' else 'kept'}: {named}.")
    if result["changed_classes"]:
        listed = "; ".join(f"{name} {percent(a)} to {percent(b)}" for name, a, b in result["changed_classes"])
        lines.append(f"Other classes that change most: {listed}.")
    first = Sheet(_CHART[1] + _CHART[3] + 50)
    title_of = f"{edited.class_name}, {did} {count} of {units} units"
    first.text(MARGIN, 24, title_of, size=16, bold=True, width=460)
    _tile(first, MARGIN, edited.class_name, before, after, 0.5)
    _tile(first, MARGIN + _TILE + 24, "all classes", overall[0], overall[1], 1 / len(data.importance.classes))
    _curve(first, data, edited, after, overall[1])
    _ranked(first, data, edited, concept_of)
    return Still(title, tuple(lines), stack([first.picture, _changes(data, result).picture]))


def percent(value: float | None) -> str:
    """A share as a percentage; a question mark where it is not known."""
    return "?" if value is None else f"{100 * value:.1f} %"


def _tile(
    sheet: Sheet, x: float, name: str, before: float | None, after: float | None, chance: float
) -> None:
    sheet.text(x, 54, name, size=12, color=SOFT, width=_TILE)
    wide = sheet.text(x, 78, percent(after), size=20, bold=True)
    sheet.text(x + wide + 10, 80, f"was {percent(before)}", size=12, color=SOFT)
    sheet.bar(x, 102, _TILE, after or 0, ACCENT)
    for value, color in ((before, INK), (chance, SOFT)):
        if value is not None:
            sheet.box(x + _TILE * value - 1, 95, 2, 14, fill=color)


def _curve(
    sheet: Sheet, data: AblationData, edited: Edited, accuracy: float | None, overall: float | None
) -> None:
    """Accuracy along the ranking, if it was measured, and where the present edit is."""
    left, top, width, height = _CHART
    units = data.importance.units

    def place(count: int, value: float) -> tuple[float, float]:
        return left + math.sqrt(count / units) * width, top + (1 - value) * height

    for value in (0, 0.25, 0.5, 0.75, 1):
        y = place(0, value)[1]
        sheet.line([(left, y), (left + width, y)], "#aab2bb" if value == 0.5 else LINE)
        sheet.text(left - 6, y, f"{100 * value:g} %", size=11, color=SOFT, anchor="r")
    sheet.text(left + width - 2, place(0, 0.5)[1] + 8, "chance", size=10, color=SOFT, anchor="r")
    ticks = [tick for tick in (0, 1, 4, 10, 25, 50, 100, 200, 400, 800) if tick < units * 0.8]
    for count in [*ticks, units]:
        sheet.text(place(count, 0)[0], top + height + 12, str(count), size=11, color=SOFT, anchor="m")
    did = "removed" if edited.mode == "remove" else "kept, all others removed"
    sheet.text(
        left + width / 2,
        top + height + 32,
        f"most important units {did}",
        size=12,
        color=SOFT,
        anchor="m",
    )
    curve = data.measured_curve(edited.class_name)
    if curve is not None:
        for values, color in (("overall_accuracy", _OVERALL), ("class_accuracy", ACCENT)):
            pairs = zip(curve["sizes"], curve[edited.mode][values], strict=True)
            line = [place(count, value) for count, value in pairs if value is not None]
            if len(line) > 1:
                sheet.line(line, color, width=2)
    x = place(len(edited.units), 0)[0]
    sheet.line([(x, top), (x, top + height)], "#aab2bb")
    for now, color in ((overall, _OVERALL), (accuracy, ACCENT)):
        if now is not None:
            sheet.dot(*place(len(edited.units), now), 5, color)


def _ranked(
    sheet: Sheet,
    data: AblationData,
    edited: Edited,
    concept_of: Callable[[int], tuple[str, str]] | None,
) -> None:
    """First units of the ranking, the chosen ones marked."""
    ranked, right = data.ranked(edited.class_name), WIDTH - MARGIN
    sheet.text(_LIST, 24, "Most important units", size=12, color=SOFT)
    sheet.text(right, 24, "loss alone, %", size=12, color=SOFT, anchor="r")
    for row, (unit, loss) in enumerate(zip(ranked["units"][:_ROWS], ranked["loss"], strict=False)):
        y = 50 + 28 * row
        is_chosen = unit in edited.units
        if is_chosen:
            color = WORSE if edited.mode == "remove" else BETTER
            sheet.box(_LIST - 8, y - 12, right - _LIST + 16, 24, fill=SHADE, radius=4)
            if edited.mode == "remove":
                for end in (-4, 4):
                    sheet.line([(_LIST, y - end), (_LIST + 8, y + end)], color, width=1.5)
            else:
                sheet.line([(_LIST - 1, y), (_LIST + 3, y + 4), (_LIST + 9, y - 4)], color, width=1.5)
        sheet.text(_LIST + 42, y, str(unit), color=SOFT, anchor="r")
        if concept_of is not None:
            name, color = concept_of(unit)
            sheet.dot(_LIST + 56, y, 4.5, color)
            sheet.text(_LIST + 68, y, name, width=right - _LIST - 68 - 56)
        sheet.text(right, y, f"{100 * loss:.2f}", color=SOFT, anchor="r")


def _changes(data: AblationData, result: dict[str, Any]) -> Sheet:
    """Images whose prediction changes."""
    changed: Sequence[Any] = result["changed_images"][:_IMAGES]
    side = (WIDTH - 2 * MARGIN - (_IMAGES - 1) * 10) / _IMAGES
    sheet = Sheet(34 + (side + 54 if changed else 8))
    count, images = result["changed_count"], len(data.held.targets)
    said = f"The prediction changes for {count} of {images} images" if count else "No prediction changes"
    sheet.text(MARGIN, 20, said, size=12, color=SOFT)
    for place, (image, before, after, truth) in enumerate(changed):
        x = MARGIN + place * (side + 10)
        photo = Image.open(io.BytesIO(data.held.jpegs[image])).convert("RGB")
        square = ImageOps.fit(photo, (round(side * SCALE),) * 2, Image.Resampling.LANCZOS)
        sheet.image(square, x, 38, side, side)
        for line, (name, mark) in enumerate(((before, ""), (after, "now "))):
            color = BETTER if name == truth else SOFT if line == 0 else INK
            sheet.text(x, 38 + side + 13 + 17 * line, mark + name, size=11, color=color, width=side)
    return sheet
