"""What the unit browser shows, as plain data: the widget sends it when asked, the report holds it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from PIL import Image

from dissect_widgets.core.data.arrays import Float64s
from dissect_widgets.core.dissection.layer_result import Best, Denominator, LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.colors import category_color
from dissect_widgets.widgets.shared.messages import Number, Numbers, Question, first_of

TOP_CONCEPTS = 10
_NO_COLOR = "#d8dee4"
LARGE_SIDE = 224
"""Longest side of the images of a unit's detail, in pixels."""


class Images(Question, tag="images"):
    """Images with no side longer than `side`."""

    images: Numbers
    side: Annotated[int, Meta(ge=1, le=2048)]


class Units(Question, tag="units"):
    """First exemplars of units."""

    layer: Number
    units: Numbers
    count: Annotated[int, Meta(ge=0, le=64)]


class Detail(Question, tag="detail"):
    """A unit in detail, with its exemplars from one on."""

    layer: Number
    unit: Number
    first: Number = 0


UnitQuestion = Images | Units | Detail


class UnitData:
    """Tables and images of a dissection, for drawing.

    Parameters
    ----------
    dissection
        The dissection.
    level, denominator
        See `LayerDissection.iou`.
    """

    def __init__(
        self, dissection: Dissection, *, level: float | None = None, denominator: Denominator = "all"
    ) -> None:
        self.dissection, self.level, self.denominator = dissection, level, denominator
        self._best = [layer.best(level=level, denominator=denominator) for layer in dissection.layers]
        self._iou: dict[int, Float64s] = {}

    def about(self) -> dict[str, Any]:
        """Names and sizes, ready for JSON; of concepts, those that are the best of some unit."""
        layers = self.dissection.layers
        used = np.unique(np.concatenate([best.concept for best in self._best]))
        vocabulary = self.dissection.vocabulary
        return {
            "model": self.dissection.model,
            "images": self.dissection.images,
            "image_size": list(self.dissection.image_size),
            "categories": list(vocabulary.categories),
            "concepts": {int(c): list(vocabulary[int(c)]) for c in used},
            "layers": [
                {
                    "name": layer.name,
                    "units": layer.units,
                    "rule": layer.grid.rule,
                    "level": layer.levels[layer.level_index(self.level)],
                    "grid": list(layer.exemplar_grid[:6]),
                    "exemplars": layer.exemplar_image.shape[1],
                }
                for layer in layers
            ],
        }

    def columns(self) -> bytes:
        """Concept, IoU, threshold, minimum and maximum activation of all units, layer by layer.

        Each column is little-endian, int32 for the concept and float32 for the others.
        """
        pieces: list[NDArray[Any]] = []
        for layer, best in zip(self.dissection.layers, self._best, strict=True):
            threshold = layer.threshold[layer.level_index(self.level)]
            pieces.append(best.concept.astype("<i4"))
            pieces += [x.astype("<f4") for x in (best.iou, threshold, layer.lowest, layer.highest)]
        return b"".join(piece.tobytes() for piece in pieces)

    def best(self, layer: str) -> Best:
        """Best concept of each unit of a layer."""
        return self._best[self.dissection.layer_names.index(layer)]

    def concept_and_color(self, layer: str) -> Callable[[int], tuple[str, str]]:
        """A function from units of a layer to their best concepts and the colors of their categories."""
        best, vocabulary = self.best(layer), self.dissection.vocabulary

        def of_unit(unit: int) -> tuple[str, str]:
            if best.iou[unit] <= 0:
                return "no concept", _NO_COLOR
            concept = vocabulary[int(best.concept[unit])]
            return concept.name, category_color(concept.category, vocabulary.categories)

        return of_unit

    def matching(self, layer: str, query: str, category: str, min_iou: float, sort: str) -> list[int]:
        """Units that match a search and filters, in order, as `filters.js` finds them."""
        best, vocabulary = self.best(layer), self.dissection.vocabulary
        concepts = [vocabulary[int(number)] for number in best.concept]
        highest = self.dissection[layer].highest
        words = query.strip().lower()
        numbered = re.fullmatch(r"(?:unit\s*)?(\d+)", words, re.ASCII)

        def is_match(unit: int) -> bool:
            if category and concepts[unit].category != category:
                return False
            if min_iou > 0 and best.iou[unit] <= min_iou:
                return False
            is_named = best.concept[unit] > 0 and words in concepts[unit].name.lower()
            return not words or bool(numbered and int(numbered[1]) == unit) or is_named

        orders: dict[str, Callable[[int], Any]] = {
            "iou": lambda unit: -best.iou[unit],
            "unit": lambda unit: unit,
            "concept": lambda unit: (concepts[unit].name.casefold(), -best.iou[unit]),
            "max_activation": lambda unit: -highest[unit],
        }
        return sorted(filter(is_match, range(len(concepts))), key=orders[sort])

    def exemplars(self, layer: int, unit: int, count: int, first: int = 0) -> dict[str, Any]:
        """Some exemplars of a unit: numbers of images, max activations, maps as little-endian float16."""
        data = self.dissection.layers[layer]
        kept = np.flatnonzero(data.exemplar_image[unit] >= 0)[first : first + count]
        return {
            "images": data.exemplar_image[unit, kept].tolist(),
            "max_activations": [round(float(value), 4) for value in data.exemplar_peak[unit, kept]],
            "maps": data.exemplar_map[unit, kept].astype("<f2").tobytes(),
        }

    def detail(self, layer: int, unit: int) -> dict[str, Any]:
        """Best concepts, histogram and names of exemplars of a unit."""
        data = self.dissection.layers[layer]
        iou = self._layer_iou(layer, data)[unit]
        order = np.argsort(-iou, kind="stable")[:TOP_CONCEPTS]
        images = data.exemplar_image[unit]
        vocabulary = data.vocabulary
        return {
            "concepts": [[*vocabulary[int(c)], round(float(iou[c]), 5)] for c in order if iou[c] > 0],
            "histogram": data.histogram[unit].tolist(),
            "binWidth": float(data.bin_width[unit]),
            "area": int(data.area[data.level_index(self.level), unit]),
            "names": [self.dissection.names[i] for i in images if i >= 0],
        }

    def image(self, image: int, side: int) -> bytes:
        """JPEG of an image with no side longer than `side`."""
        return shrink(self.dissection.thumbnails[image], side)

    def answer(self, question: UnitQuestion) -> tuple[dict[str, Any], list[bytes]]:
        """Content and buffers of the answer to a page: the first of what it asks for, until enough."""
        if isinstance(question, Images):
            _check("image", question.images, len(self.dissection.thumbnails))
            return {}, first_of((self.image(image, question.side) for image in question.images), len)
        _check("layer", [question.layer], len(self.dissection.layers))
        layer, units = question.layer, self.dissection.layers[question.layer].units
        if isinstance(question, Units):
            _check("unit", question.units, units)
            made = (self.exemplars(layer, unit, question.count) for unit in question.units)
            answered = first_of(made, lambda unit: len(unit["maps"]))
            return {"units": answered}, [unit.pop("maps") for unit in answered]
        _check("unit", [question.unit], units)
        return self._detail(layer, question.unit, question.first)

    def _detail(self, layer: int, unit: int, first: int) -> tuple[dict[str, Any], list[bytes]]:
        """What the page shows of a unit in detail, with its exemplars from one on."""
        detail = self.detail(layer, unit)
        total = len(detail["names"])

        def exemplar(number: int) -> tuple[dict[str, Any], bytes]:
            one = self.exemplars(layer, unit, 1, number)
            return one, self.image(one["images"][0], LARGE_SIDE)

        made = (exemplar(number) for number in range(first, total))
        shown = first_of(made, lambda one: len(one[0]["maps"]) + len(one[1]))
        about = {
            "total": total,
            "images": [one["images"][0] for one, _ in shown],
            "max_activations": [one["max_activations"][0] for one, _ in shown],
            "names": detail["names"][first : first + len(shown)],
        }
        return detail | about, [b"".join(one["maps"] for one, _ in shown), *(image for _, image in shown)]

    def _layer_iou(self, number: int, layer: LayerDissection) -> Float64s:
        if number not in self._iou:
            self._iou = {number: layer.iou(level=self.level, denominator=self.denominator)}
        return self._iou[number]


def _check(what: str, numbers: Iterable[int], count: int) -> None:
    """Raise SettingError if the page asks for a number that does not exist."""
    for number in numbers:
        if number >= count:
            raise SettingError(f"The page asked for {what} {number}; there are {count}.")


def shrink(jpeg: bytes, side: int) -> bytes:
    """Resize a JPEG if one of its sides is longer than `side`."""
    image = Image.open(io.BytesIO(jpeg))
    if max(image.size) <= side:
        return jpeg
    image.draft("RGB", (side, side))  # the decoder halves the image as long as it stays larger
    image.thumbnail((side, side), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
