"""Render scenes and single objects as images with a label for every pixel.

>>> church = render("church", seed=7)
>>> church.image                                  # uint8 (128, 128, 3)
>>> church.labels[CATEGORIES.index("object")]     # int16 (128, 128), indices into VOCABULARY
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.concepts.colors import COLOR_NAMES, name_bytes
from dissect_widgets.errors import ConceptError, SettingError, nearest, shown
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shading import shade
from dissect_widgets.world.scenery.names import number_of
from dissect_widgets.world.scenery.registry import SCENE_FUNCTIONS, SINGLE_OBJECTS
from dissect_widgets.world.scenery.scenes.single_objects import draw_single_object
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, VOCABULARY

SIZES: Final = (16, 1024)
"""Smallest and largest size of an image."""


class LabeledImage(NamedTuple):
    """An image and the labels of its pixels."""

    image: NDArray[np.uint8]
    """uint8 (size, size, 3), sRGB."""
    labels: NDArray[np.int16]
    """int16 (6, size, size), a channel for each of `CATEGORIES`: 0 for no concept, else an index into
    `VOCABULARY`."""
    scene: str
    """Name of the scene; "" for a single object."""


def render(scene: str, seed: int, size: int = 128) -> LabeledImage:
    """Render a scene; the same arguments always give the same bytes.

    Parameters
    ----------
    scene
        One of `SCENES`.
    seed
        Number of the image, 0 or more.
    size
        Width and height in pixels, from 16 to 1024. The composition does not depend on it.

    Raises
    ------
    ConceptError
        If there is no such scene.
    SettingError
        If the seed is negative, or the size cannot be drawn.
    """
    if scene not in SCENE_FUNCTIONS:
        raise ConceptError(f"The world has no scene {shown(scene)}.{nearest(scene, SCENE_FUNCTIONS)}")
    return labeled_image(SCENE_FUNCTIONS[scene](Rng(_checked_seed(scene, seed))), scene, checked_size(size))


def render_object(kind: str, seed: int, size: int = 128) -> LabeledImage:
    """Render a single object of `OBJECT_KINDS`, large, on a random ground, without a scene label.

    See `render` for seed, size and errors.
    """
    if kind not in SINGLE_OBJECTS:
        raise ConceptError(f"The world has no single object {shown(kind)}.{nearest(kind, SINGLE_OBJECTS)}")
    rng = Rng(_checked_seed(f"single {kind}", seed))
    return labeled_image(draw_single_object(kind, SINGLE_OBJECTS[kind], rng), "", checked_size(size))


def labeled_image(canvas: Canvas, scene: str, size: int) -> LabeledImage:
    """Image and labels of a canvas, with the color names of its pixels, and its scene in every pixel."""
    image, drawn = shade(canvas, size)
    first = number_of(COLOR_NAMES[0], "color")
    colors = name_bytes(image) + first
    scenes = np.full((size, size), VOCABULARY.index(scene, "scene") if scene else 0)
    labels = np.concatenate([drawn, colors[None], scenes[None]], dtype=np.int16, casting="same_kind")
    assert len(labels) == len(CATEGORIES)
    return LabeledImage(image, labels, scene)


def _checked_seed(name: str, seed: int) -> str:
    """Seed of the random generator; SettingError if `seed` is negative or not an integer."""
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
        raise SettingError(f"The seed is {shown(seed)}; allowed are integers from 0.")
    return f"{name}:{int(seed)}"


def checked_size(size: int) -> int:
    """Size of an image; SettingError if it is not allowed."""
    whole = isinstance(size, (int, np.integer)) and not isinstance(size, bool)
    if not whole or not SIZES[0] <= size <= SIZES[1]:
        raise SettingError(f"The size is {shown(size)}; allowed are integers from {SIZES[0]} to {SIZES[1]}.")
    return int(size)
