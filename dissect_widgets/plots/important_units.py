"""The units that a class needs most, with the pictures that excite them most (PNAS 2020, Fig. 2a).

>>> important_units("ski resort", train, val, dissection).show()
"""

from __future__ import annotations

import io
from base64 import b64encode

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import NDArray
from PIL import Image

from dissect_widgets.core.importance import TOP, UnitImportance
from dissect_widgets.core.layer_result import Denominator, LayerDissection
from dissect_widgets.core.result import Dissection
from dissect_widgets.core.upsample import Upsampler
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.theme import OUTLINE, figure, text

Pixels = NDArray[np.uint8]

_SIDE = 160  # height of a picture, in pixels
_GAP = 4
_SHADE = 0.5  # brightness of what lies outside of the region, as in maps.js
_LABEL, _SPACE = 24, 12  # height of the line above a row, and of the space below it
_MARGIN = 48


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
    """Units whose removal costs a class most, with their exemplars.

    Parameters
    ----------
    name
        A class.
    train
        The importance that units are chosen by.
    val
        Importance of the same units over other images.
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
        If `top` or `count` is not a number of units or pictures, or the layer has other units.
    """
    layer = dissection[train.layer]
    if not layer.units == train.units == val.units:
        raise SettingError(
            f"{layer.name} has {layer.units} units, but the importance is of {train.units} and {val.units}; "
            "they must be of the same layer."
        )
    if not 1 <= top <= train.units:
        raise SettingError(f"top is {top}; allowed is 1 to {train.units}, the units of {layer.name}.")
    if count < 1:
        raise SettingError(f"count is {count}; there must be at least one picture of each unit.")
    units = train.ranking(name)[:top].tolist()
    best = layer.best(level=level, denominator=denominator)
    row = _LABEL + _SIDE + _SPACE
    full = row * len(units)
    drawn = figure(f"{name}: most important units of {layer.name}", x="", y="", height=full + _MARGIN)
    drawn.update_layout(margin={"l": 12, "r": 12, "t": _MARGIN, "b": 0})
    drawn.update_xaxes(visible=False).update_yaxes(visible=False)
    for number, unit in enumerate(units):
        concept = layer.vocabulary[int(best.concept[unit])]
        known = f'"{concept.name}" ({concept.category})' if best.iou[unit] > 0 else "(no concept)"
        place = {"x": 0, "xref": "paper", "xanchor": "left", "yref": "paper", "yanchor": "top"}
        drawn.add_annotation(
            text=text(f"unit {unit} {known}, {_lost(name, unit, train, val)}"),
            **place,
            y=1 - number * row / full,
            showarrow=False,
            font_size=13,
        )
        strip = exemplar_strip(dissection, layer, unit, count, level=level)
        if strip is None:
            continue
        drawn.add_layout_image(
            source=_source(strip),
            **place,
            y=1 - (number * row + _LABEL) / full,
            sizex=1,
            sizey=_SIDE / full,
            sizing="contain",
        )
    return drawn


def exemplar_strip(
    dissection: Dissection, layer: LayerDissection, unit: int, count: int, *, level: float | None = None
) -> Pixels | None:
    """First exemplars of a unit side by side, dark where its map is not above its threshold.

    Returns
    -------
    ndarray
        uint8 (160, width, 4), the gaps between pictures transparent; None if the unit has no exemplar.
    """
    there = layer.exemplar_image[unit, :count] >= 0
    if not there.any():
        return None
    numbers = layer.exemplar_image[unit, :count][there].tolist()
    height, width = dissection.picture_size
    size = (_SIDE, max(1, round(_SIDE * width / height)))
    maps = torch.from_numpy(layer.exemplar_map[unit, :count][there].astype(np.float32))
    values = Upsampler(layer.exemplar_grid, size, dissection.picture_size, maps.device)(maps).numpy()
    strip = np.zeros((_SIDE, len(numbers) * (size[1] + _GAP) - _GAP, 4), np.uint8)
    threshold = layer.threshold[layer.level_index(level), unit]
    for place, image in enumerate(numbers):
        picture = Image.open(io.BytesIO(dissection.pictures[image])).convert("RGB")
        pixels = np.asarray(picture.resize(size[::-1], Image.Resampling.BILINEAR))
        left = place * (size[1] + _GAP)
        strip[:, left : left + size[1], :3] = _lit(pixels, values[place] > threshold)
        strip[:, left : left + size[1], 3] = 255
    return strip


def _lit(pixels: Pixels, region: NDArray[np.bool_]) -> Pixels:
    """Pixels (h, w, 3), dark outside of a region (h, w), with its border drawn."""
    padded = np.pad(region, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    lit = np.where(region[..., None], pixels, pixels * _SHADE).astype(np.uint8)
    lit[region & ~inner] = OUTLINE
    return lit


def _lost(name: str, unit: int, train: UnitImportance, val: UnitImportance) -> str:
    """What the class loses without the unit, over either set of images."""
    both = [(told, told.class_number(name)) for told in (train, val)]
    accuracy = [f"{100 * told.loss[unit, c]:z.1f} %" for told, c in both]
    odds = [f"{told.odds_loss[unit, c]:z.2f}" for told, c in both]
    return (
        f"accuracy lost: train {accuracy[0]}, val {accuracy[1]}; "
        f"log-odds lost: train {odds[0]}, val {odds[1]}"
    )


def _source(strip: Pixels) -> str:
    buffer = io.BytesIO()
    Image.fromarray(strip).save(buffer, "WEBP", quality=85)
    return "data:image/webp;base64," + b64encode(buffer.getvalue()).decode()
