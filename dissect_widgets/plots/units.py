"""Units with their exemplars, the images that activate them most (PNAS 2020, Fig. 1b, 1c, 2a, 3b, 3e).

>>> layer = dissection["conv5_3"]
>>> unit_rows(dissection, layer.name, layer.detectors()[:5]).show()
>>> filter_view(dissection, layer.name, unit=150).show()
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from dissect_widgets.core.data.arrays import UInt8s
from dissect_widgets.core.dissection.layer_result import Denominator, LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.exemplars import exemplars, lit
from dissect_widgets.plots.images import image_rows
from dissect_widgets.plots.theme import figure, sentence

_SIDE = 160  # height of an image, in pixels
_GAP = 4
_LABEL, _SPACE = 24, 12  # height of the line above a row, and of the space below it
_MARGIN = 48


def unit_rows(
    dissection: Dissection,
    layer: str,
    units: Sequence[int],
    count: int = 5,
    *,
    lines: Sequence[str] = (),
    title: str = "",
    level: float | None = None,
    denominator: Denominator = "all",
) -> go.Figure:
    """Units below each other, each with its exemplars.

    Parameters
    ----------
    dissection
        Of the layer, among others.
    layer
        Its name.
    units
        Which to show, in this order.
    count
        Exemplars of each, at most.
    lines
        Written above each; by default its number, concept and IoU.
    title
        Of the figure.
    level, denominator
        See `LayerDissection.iou`; regions are cut at the threshold of this level.

    Returns
    -------
    go.Figure
        A line of text and a strip of exemplars for each unit; dark is where its map is not above its
        threshold.

    Raises
    ------
    LayerError
        If the layer was not dissected.
    SettingError
        If there are no units, one is not of the layer, there is not one line for each, or `count` is not
        positive.
    """
    dissected = dissection[layer]
    chosen = dissected.checked_units(units)
    if not chosen:
        raise SettingError("There are no units to show.")
    if len(lines) not in (0, len(chosen)):
        raise SettingError(f"There are {len(lines)} lines for {len(chosen)} units; each needs one, or none.")
    if count < 1:
        raise SettingError(f"count is {count}; there must be at least one image of each unit.")
    iou = dissected.best(level=level, denominator=denominator).iou
    captions = [
        f"{named(dissected, u, level=level, denominator=denominator)}, IoU {iou[u]:.3f}" for u in chosen
    ]
    row = _LABEL + _SIDE + _SPACE
    full, top = row * len(chosen), _MARGIN if title else _SPACE
    drawn = figure(title, x="", y="", height=full + top)
    drawn.update_layout(margin={"l": 12, "r": 12, "t": top, "b": 0})
    drawn.update_xaxes(visible=False).update_yaxes(visible=False)
    place = {"x": 0, "xref": "paper", "xanchor": "left", "yref": "paper", "yanchor": "top"}
    for number, (unit, line) in enumerate(zip(chosen, lines or captions, strict=True)):
        drawn.add_annotation(
            text=sentence(line), **place, y=1 - number * row / full, showarrow=False, font_size=13
        )
        strip = exemplar_strip(dissection, dissected, unit, count, level=level)
        if strip is not None:
            where = {"y": 1 - (number * row + _LABEL) / full, "sizex": 1, "sizey": _SIDE / full}
            drawn.add_layout_image(source=_source(strip), **place, **where, sizing="contain")
    return drawn


def filter_view(
    dissection: Dissection, layer: str, unit: int, *, exemplar: int = 0, level: float | None = None
) -> go.Figure:
    """What a single filter responds to in an image: its activation, and the region above its threshold.

    Parameters
    ----------
    dissection, layer, level
        See `unit_rows`.
    unit
        A unit of the layer.
    exemplar
        Which of its exemplars; 0 is the one with the greatest max activation.

    Returns
    -------
    go.Figure
        The image, the activation between its least and greatest value there, and the image with the
        region outlined (PNAS 2020, Fig. 1b).

    Raises
    ------
    LayerError, SettingError
        If there is no such layer, unit or exemplar.
    """
    dissected = dissection[layer]
    (unit,) = dissected.checked_units([unit])
    count = int((dissected.exemplar_image[unit] >= 0).sum())
    if not 0 <= exemplar < count:
        raise SettingError(f"There is no exemplar {exemplar}; unit {unit} of {layer} has {count}, from 0.")
    pixels, values = exemplars(dissection, dissected, unit, exemplar + 1, _SIDE)
    image, value = pixels[exemplar].astype(np.float32) / 255, values[exemplar]
    threshold = float(dissected.threshold[dissected.level_index(level), unit])
    spread = value.max() - value.min()
    glow = (value - value.min()) / (spread if spread > 0 else 1)
    columns = [column.transpose(2, 0, 1)[None] for column in (image, glow[..., None].repeat(3, 2), image)]
    share = 100 * dissected.levels[dissected.level_index(level)]
    return image_rows(
        columns,
        ["image", f"activation of unit {unit}", f"above its top {share:g} %"],
        where=[None, None, value > threshold],
        title=f"{layer}: {named(dissected, unit, level=level)}",
    )


def exemplar_strip(
    dissection: Dissection, layer: LayerDissection, unit: int, count: int, *, level: float | None = None
) -> UInt8s | None:
    """First exemplars of a unit side by side, dark where its map is not above its threshold.

    Returns
    -------
    ndarray
        uint8 (160, width, 4), the gaps between images transparent; None if the unit has no exemplar.
    """
    pixels, values = exemplars(dissection, layer, unit, count, _SIDE)
    if not len(pixels):
        return None
    width = pixels.shape[2]
    strip = np.zeros((_SIDE, len(pixels) * (width + _GAP) - _GAP, 4), np.uint8)
    threshold = layer.threshold[layer.level_index(level), unit]
    for position, (image, value) in enumerate(zip(pixels, values, strict=True)):
        left = position * (width + _GAP)
        strip[:, left : left + width, :3] = lit(image, value > threshold)
        strip[:, left : left + width, 3] = 255
    return strip


def named(
    layer: LayerDissection, unit: int, *, level: float | None = None, denominator: Denominator = "all"
) -> str:
    """A unit in words: its number and best concept."""
    best = layer.best(level=level, denominator=denominator)
    concept = layer.vocabulary[int(best.concept[unit])]
    return f"unit {unit} " + (
        f'"{concept.name}" ({concept.category})' if best.iou[unit] > 0 else "(no concept)"
    )


def _source(strip: UInt8s) -> str:
    buffer = io.BytesIO()
    Image.fromarray(strip).save(buffer, "WEBP", quality=85)
    return "data:image/webp;base64," + b64encode(buffer.getvalue()).decode()
