"""Contact sheets of images, and of their label maps.

>>> contact_sheet()                            # six of each scene
>>> contact_sheet(["church"], count=24, columns=8)
>>> label_sheet(render("church", seed=3))      # an image and its label maps
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dissect_widgets.concepts.colors import DISPLAY_RGB
from dissect_widgets.world.rendering import LabeledImage, render
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, NAMES, SCENES, VOCABULARY

_GAP, _CAPTION = 2, 16
_TEXT, _BACKGROUND = (60, 60, 60), (255, 255, 255)


def contact_sheet(
    scenes: Sequence[str] = SCENES,
    *,
    count: int = 6,
    columns: int = 12,
    size: int = 96,
    first: int = 0,
    draw: Callable[[str, int, int], LabeledImage] = render,
) -> Image.Image:
    """Images of scenes in a grid, with the name of the scene above the first of each.

    Parameters
    ----------
    scenes
        Names of scenes; all by default.
    count
        Number of images of each scene.
    columns
        Number of images in a row.
    size
        Width and height of each image.
    first
        Seed of the first image of each scene.
    draw
        Renders an image; `render_object` for single objects.
    """
    kinds = [(scene, first + number) for scene in scenes for number in range(count)]
    rows = -(-len(kinds) // columns)
    width, height = columns * (size + _GAP) - _GAP, rows * (size + _CAPTION + _GAP)
    sheet = Image.new("RGB", (width, height), _BACKGROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for index, (scene, seed) in enumerate(kinds):
        x, y = index % columns * (size + _GAP), index // columns * (size + _CAPTION + _GAP)
        sheet.paste(Image.fromarray(draw(scene, seed, size).image), (x, y + _CAPTION))
        if seed == first:
            pen.text((x + 1, y + 1), scene, _TEXT, font)
    return sheet


def label_sheet(
    labeled: LabeledImage, labels: NDArray[np.integer[Any]] | None = None, *, size: int = 192
) -> Image.Image:
    """An image and its label maps, in colors, with the names of the largest concepts in each.

    Parameters
    ----------
    labeled
        The image.
    labels
        Labels (K, h, w) of a segmenter, in the order of `CATEGORIES`; by default those of the image.
    size
        Width and height of each map on the sheet.
    """
    labels = labeled.labels[:5] if labels is None else labels
    maps = [("picture", labeled.image)]
    for name, channel in zip(CATEGORIES, labels, strict=False):
        maps.append((name, _tinted(labeled.image, channel, name)))
    sheet = Image.new("RGB", (len(maps) * (size + _GAP) - _GAP, size + _CAPTION), _BACKGROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for index, (name, pixels) in enumerate(maps):
        x = index * (size + _GAP)
        image = Image.fromarray(pixels).resize((size, size), Image.Resampling.NEAREST)
        sheet.paste(image, (x, _CAPTION))
        pen.text((x + 1, 1), name, _TEXT, font)
        if name in CATEGORIES and name != "color":
            _name_regions(pen, font, labels[CATEGORIES.index(name)], (x, _CAPTION), size)
    return sheet


def _tinted(image: NDArray[np.uint8], labels: NDArray[np.integer[Any]], category: str) -> NDArray[np.uint8]:
    """Label map in colors: those of color names, random ones for other concepts, as bright as the image."""
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
    """Write the names of the five largest concepts, each on one of its pixels."""
    concepts, counts = np.unique(labels[labels > 0], return_counts=True)
    for concept in concepts[np.argsort(-counts)][:5]:
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
