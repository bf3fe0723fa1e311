"""Sheets of pictures to look at.

>>> contact_sheet()                            # six of each scene
>>> contact_sheet(["church"], count=24, columns=8)
>>> label_sheet(render("church", seed=3))      # a picture, and its label maps
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dissect_widgets.concepts.colors import DISPLAY_RGB
from dissect_widgets.world.rendering import Picture, render
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, NAMES, SCENES, VOCABULARY

_GAP, _CAPTION = 2, 16
_INK, _PAPER = (60, 60, 60), (255, 255, 255)


def contact_sheet(
    scenes: Sequence[str] = SCENES,
    *,
    count: int = 6,
    columns: int = 12,
    size: int = 96,
    first: int = 0,
    draw: Callable[[str, int, int], Picture] = render,
) -> Image.Image:
    """Pictures side by side, with the name of the scene above the first of each.

    Parameters
    ----------
    scenes
        Names of scenes; all by default.
    count
        Pictures of each scene.
    columns
        Pictures in a row.
    size
        Width and height of each.
    first
        Seed of the first picture of each scene.
    draw
        What draws; `render_object` for single objects.
    """
    kinds = [(scene, first + number) for scene in scenes for number in range(count)]
    rows = -(-len(kinds) // columns)
    width, height = columns * (size + _GAP) - _GAP, rows * (size + _CAPTION + _GAP)
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for place, (scene, seed) in enumerate(kinds):
        x, y = place % columns * (size + _GAP), place // columns * (size + _CAPTION + _GAP)
        sheet.paste(Image.fromarray(draw(scene, seed, size).image), (x, y + _CAPTION))
        if seed == first:
            pen.text((x + 1, y + 1), scene, _INK, font)
    return sheet


def label_sheet(
    picture: Picture, labels: NDArray[np.integer[Any]] | None = None, *, size: int = 192
) -> Image.Image:
    """A picture and its label maps, in colors, with the names of the largest concepts in each.

    Parameters
    ----------
    picture
        What was rendered.
    labels
        Other labels (K, h, w) for it, as a segmenter gives them, in the order of `CATEGORIES`.
    size
        Width and height of each map on the sheet.
    """
    labels = picture.labels[:5] if labels is None else labels
    maps = [("picture", picture.image)]
    maps += [(name, _tinted(picture.image, own, name)) for name, own in zip(CATEGORIES, labels, strict=False)]
    sheet = Image.new("RGB", (len(maps) * (size + _GAP) - _GAP, size + _CAPTION), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for place, (name, pixels) in enumerate(maps):
        x = place * (size + _GAP)
        image = Image.fromarray(pixels).resize((size, size), Image.Resampling.NEAREST)
        sheet.paste(image, (x, _CAPTION))
        pen.text((x + 1, 1), name, _INK, font)
        if name in CATEGORIES and name != "color":
            _name_regions(pen, font, labels[CATEGORIES.index(name)], (x, _CAPTION), size)
    return sheet


def _tinted(image: NDArray[np.uint8], labels: NDArray[np.integer[Any]], category: str) -> NDArray[np.uint8]:
    """Label map in colors: color names in their own, others in any, as bright as the picture."""
    palette = np.zeros((len(VOCABULARY), 3))
    first, names = VOCABULARY.index(NAMES[category][0], category), NAMES[category]
    hues = np.random.default_rng(7).uniform(60, 235, (len(names), 3))
    palette[first : first + len(names)] = DISPLAY_RGB if category == "color" else hues
    if category == "color":
        return np.asarray(palette[labels], np.uint8)
    step = image.shape[0] // labels.shape[0]
    light = image[step // 2 :: step, step // 2 :: step].mean(2, keepdims=True) / 255 * 0.6 + 0.4
    return np.asarray(np.where(labels[..., None] > 0, palette[labels] * light, 245), np.uint8)


def _name_regions(
    pen: ImageDraw.ImageDraw,
    font: object,
    labels: NDArray[np.integer[Any]],
    corner: tuple[int, int],
    size: int,
) -> None:
    """Write the names of the five largest concepts, each on a pixel of its own."""
    found, counts = np.unique(labels[labels > 0], return_counts=True)
    for concept in found[np.argsort(-counts)][:5]:
        rows, columns = np.nonzero(labels == concept)
        middle = np.argmin((rows - np.median(rows)) ** 2 + (columns - np.median(columns)) ** 2)
        scale = size / labels.shape[0]
        x, y = corner[0] + columns[middle] * scale, corner[1] + rows[middle] * scale
        pen.text(
            (min(max(x, corner[0] + 24), corner[0] + size - 24), y),
            VOCABULARY[int(concept)].name,
            (255, 255, 255),
            font,  # type: ignore[arg-type]
            anchor="mm",
            stroke_width=2,
            stroke_fill=(0, 0, 0),
        )
