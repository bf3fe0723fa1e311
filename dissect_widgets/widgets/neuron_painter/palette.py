"""Concepts to paint with: the units of a layer that match each best, and a thumbnail."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from PIL import Image

from dissect_widgets.core.data.arrays import Float64s
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.dissection.layer_result import MIN_IOU, LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.errors import ConceptError

_SIDE: Final = 44
_MOST: Final = 14
_LEAST: Final = 0.01
"""Least pixels of a concept, as a share of the most frequent: rarer ones match units at random."""
_CATEGORIES: Final = ("object", "part")


class Paint(NamedTuple):
    """A concept to paint with."""

    name: str
    """Its name, with the category where several concepts have the name."""
    concept: Concept
    units: tuple[int, ...]
    """All units of the layer, by IoU."""
    level: tuple[float, ...]
    """Their thresholds t_u."""
    iou: float
    """IoU of the first of them."""


def mix_palette(layer: LayerDissection, concepts: Sequence[str | Concept] | None = None) -> dict[str, Paint]:
    """Paints by name: of some concepts, or of the objects and parts that units match best.

    Raises
    ------
    ConceptError
        If a concept is unknown, or no concept has a unit with an IoU above 0.04.
    """
    vocabulary, best = layer.vocabulary, layer.iou().max(0)
    numbers = _best(layer, best) if concepts is None else [vocabulary.find(concept) for concept in concepts]
    if not numbers:
        raise ConceptError(f"No unit of {layer.name} matches an object or part; name the `concepts`.")
    names = [vocabulary[number].name for number in numbers]
    paints = {}
    for number in numbers:
        concept = vocabulary[number]
        order = layer.ranked(*concept)
        is_ambiguous = names.count(concept.name) > 1
        name = f"{concept.name} ({concept.category})" if is_ambiguous else concept.name
        level = layer.threshold[0, order].tolist()
        paints[name] = Paint(name, concept, tuple(order.tolist()), tuple(level), float(best[number]))
    return paints


def thumbnail(dissection: Dissection, layer: LayerDissection, unit: int) -> str:
    """The part of its first exemplar where a unit is most active, as a data URL; "" without exemplars."""
    image = int(layer.exemplar_image[unit, 0]) if layer.exemplar_image.shape[1] else -1
    if image < 0:
        return ""
    photo = Image.open(io.BytesIO(dissection.thumbnails[image])).convert("RGB")
    activation_map, grid = layer.exemplar_map[unit, 0], layer.exemplar_grid
    row, column = np.unravel_index(int(activation_map.argmax()), activation_map.shape)
    height, width = dissection.image_size
    x = (grid.left + column * grid.step_x + 0.5) / width * photo.width
    y = (grid.top + row * grid.step_y + 0.5) / height * photo.height
    side = round(min(photo.size) * 0.45)
    left = int(np.clip(x - side / 2, 0, photo.width - side))
    top = int(np.clip(y - side / 2, 0, photo.height - side))
    part = photo.crop((left, top, left + side, top + side)).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    part.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def page_palette(
    palette: dict[str, Paint], dissection: Dissection, layer: LayerDissection
) -> list[dict[str, Any]]:
    """Palette as the page shows it."""
    return [
        {
            "name": paint.name,
            "category": paint.concept.category,
            "iou": round(paint.iou, 4),
            "thumb": thumbnail(dissection, layer, paint.units[0]),
        }
        for paint in palette.values()
    ]


def _best(layer: LayerDissection, best: Float64s) -> list[int]:
    vocabulary = layer.vocabulary
    is_frequent = layer.concept_area >= _LEAST * layer.concept_area.max()
    chosen = [
        number
        for number in np.argsort(-best, kind="stable").tolist()
        if best[number] > MIN_IOU and is_frequent[number] and vocabulary[number].category in _CATEGORIES
    ]
    return chosen[:_MOST]
