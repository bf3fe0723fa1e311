"""The still of a painter: the image without and with the strokes, and the strokes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PIL import Image

from dissect_widgets.widgets.neuron_painter.strokes import Stroke
from dissect_widgets.widgets.shared.sheet import BETTER, INK, MARGIN, SOFT, WIDTH, WORSE, Sheet
from dissect_widgets.widgets.shared.still import Still

_SIDE: Final = 262
_GAP: Final = 12
_ROWS: Final = 10
_NAMED: Final = 12
"""Strokes that the text names."""


def painter_still(
    layer: str, sample: str, original: Image.Image, painted: Image.Image, strokes: Sequence[Stroke]
) -> Still:
    """The still of a painter.

    Parameters
    ----------
    layer
        The layer that is edited.
    sample
        What is painted on: "sample 7", or "an image".
    original, painted
        The image without and with the strokes.
    strokes
        All of them, in order.
    """
    on = sum(stroke.on for stroke in strokes)
    painting = f"{len(strokes)} stroke{'' if len(strokes) == 1 else 's'} on {sample}"
    off = f", {len(strokes) - on} of them off" if on < len(strokes) else ""
    title = (
        f"Painted with units of {layer}: {painting}{off}"
        if strokes
        else f"{sample[0].upper()}{sample[1:]}, not painted on"
    )
    lines = tuple(f"{in_words(stroke)}." for stroke in strokes[:_NAMED])
    if len(strokes) > _NAMED:
        lines += (f"And {len(strokes) - _NAMED} more strokes.",)
    width, height = original.size
    fit = min(_SIDE / width, 1.3 * _SIDE / height)
    sheet = Sheet(46 + max(fit * height, 200) + MARGIN)
    where = "Sample, and where the strokes are" if strokes else "Sample"
    for place, (name, image) in enumerate(((where, original), ("Painted", painted))):
        x = MARGIN + place * (_SIDE + _GAP)
        sheet.text(x, 24, name, size=12, color=SOFT)
        sheet.image(image, x, 42, fit * width, fit * height)
    for number, stroke in enumerate(strokes, 1):
        _path(sheet, number, stroke, (MARGIN, 42, fit * width, fit * height))
    _list(sheet, strokes)
    return Still(title, lines, sheet.picture)


def in_words(stroke: Stroke) -> str:
    """A stroke in a few words."""
    did = "Draw" if stroke.mode == "draw" else "Erase"
    return f"{did} {stroke.concept} ({len(stroke.units)} units){'' if stroke.on else ', switched off'}"


def _color(stroke: Stroke) -> str:
    return SOFT if not stroke.on else BETTER if stroke.mode == "draw" else WORSE


def _path(sheet: Sheet, number: int, stroke: Stroke, box: tuple[float, float, float, float]) -> None:
    """Where the brush went, with the number of the stroke."""
    left, top, width, height = box
    points = [(left + x * width, top + y * height) for x, y in stroke.points]
    if not points:
        return
    if len(points) > 1:
        sheet.line(points, "white", width=5)
        sheet.line(points, _color(stroke), width=3)
    x, y = points[0]
    sheet.dot(x, y, 9, "white")
    sheet.dot(x, y, 8, _color(stroke))
    sheet.text(x, y, str(number), size=10, color="white", bold=True, anchor="m")


def _list(sheet: Sheet, strokes: Sequence[Stroke]) -> None:
    left = MARGIN + 2 * (_SIDE + _GAP) + 6
    right = WIDTH - MARGIN
    sheet.text(left, 24, f"{len(strokes)} stroke{'' if len(strokes) == 1 else 's'}", size=12, color=SOFT)
    first = max(len(strokes) - _ROWS, 0)
    for row, stroke in enumerate(strokes[first:]):
        y = 52 + 23 * row
        sheet.dot(left + 8, y, 8, _color(stroke))
        number = str(first + row + 1)
        sheet.text(left + 8, y, number, size=10, color="white", bold=True, anchor="m")
        sign = "+" if stroke.mode == "draw" else "-"
        sheet.text(left + 22, y, sign, size=15, color=_color(stroke), bold=True)
        sheet.text(left + 36, y, stroke.concept, color=INK if stroke.on else SOFT, width=74)
        units = f"{len(stroke.units)} units" if stroke.on else "off"
        sheet.text(right, y, units, size=11, color=SOFT, anchor="r")
    if not strokes:
        sheet.text(left, 52, "None yet.", color=SOFT)
