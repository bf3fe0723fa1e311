"""The same scene with other surfaces: outlines, objects and parts stay; colors and materials change.

>>> canvas = scene_canvas("kitchen", 7)
>>> changed = other_surfaces(canvas, np.random.default_rng(7))
>>> labeled_image(changed, "kitchen", 96)             # its labels say what it is made of now

It separates shape from surface, as Geirhos et al. do with stylized photos ("ImageNet-trained CNNs are biased
towards texture", ICLR 2019). Light and shadow stay: what was darker within one surface still is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

import numpy as np

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Region
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shading import COLUMNS
from dissect_widgets.world.scenery.drawing.surfaces import (
    LEAVES,
    Surface,
    any_color,
    asphalt,
    brick,
    ceramic,
    earth,
    fabric,
    foliage,
    fur,
    leather,
    marble,
    metal,
    painted,
    paper,
    pick_color,
    plastic,
    roofing,
    stone,
    tiles,
    wood,
)
from dissect_widgets.world.scenery.names import number_of

SURFACES: Final[tuple[Callable[[Rng], Surface], ...]] = (
    wood,
    lambda rng: wood(rng, plank=0.3),
    brick,
    stone,
    lambda rng: stone(rng, blocks=0.5),
    marble,
    metal,
    painted,
    painted,
    plastic,
    ceramic,
    leather,
    paper,
    fabric,
    fabric,
    tiles,
    roofing,
    asphalt,
    fur,
    lambda rng: foliage(rng, pick_color(rng, LEAVES)),
    lambda rng: earth(rng, any_color(rng)),
)
"""Surfaces that anything may have."""

WIDE: Final = 30.0
"""What is wider than this, in meters, is ground, whose patterns have their natural size or twice that."""

_PLACE: Final = {name: number for number, name in enumerate(COLUMNS)}
_COLORS: Final = slice(_PLACE["red"], _PLACE["blue"] + 1)

_SKY: Final = number_of("sky", "object")

_Key = tuple[int, int, int, int, tuple[int, ...]]


class _Skin(NamedTuple):
    """A surface, and how large its pattern is drawn."""

    surface: Surface
    scale: float
    bright: float
    """Brightness of the brightest region that had the old one."""


def other_surfaces(canvas: Canvas, rng: np.random.Generator, *, keep: Collection[str] = ()) -> Canvas:
    """The same canvas with other surfaces; what was of one surface is so again.

    Parameters
    ----------
    canvas
        Stays as it is.
    rng
        Chooses surfaces.
    keep
        Names of objects that keep theirs.
    """
    kept = {number_of(name, "object") for name in keep}
    groups: dict[_Key, list[Region]] = defaultdict(list)
    for region in canvas.regions:
        groups[_key(region)].append(region)
    skins = {key: _skin(regions, rng) for key, regions in groups.items()}
    changed = Canvas(canvas.camera, canvas.light)
    changed.regions = [
        region if region.labels[0] in kept else _dressed(region, skins[_key(region)], canvas)
        for region in canvas.regions
    ]
    return changed


def _key(region: Region) -> _Key:
    """What regions of one surface share: labels, and color but for its brightness; the sky is one."""
    if region.labels[0] == _SKY:
        return (*region.labels, ())
    colors = region.numbers[_COLORS]
    most = max(*colors, 1e-3)
    return (*region.labels, tuple(round(20 * color / most) for color in colors))


def _skin(regions: list[Region], rng: np.random.Generator) -> _Skin:
    """A surface for regions that had one in common."""
    draws = Rng(f"surface:{rng.integers(2**62)}")
    surface = SURFACES[int(rng.integers(len(SURFACES)))](draws)
    extent = max(max(_extent(region)) for region in regions)
    scale = float(rng.uniform(1, 2))
    if extent < WIDE:
        scale = extent / float(rng.uniform(2.5, 7)) / max(surface.period)
    return _Skin(surface, scale, max(max(region.numbers[_COLORS]) for region in regions))


def _extent(region: Region) -> tuple[float, float]:
    """Width and height of an outline in coordinates of its plane."""
    return 2 / region.numbers[_PLACE["scale_u"]], 2 / region.numbers[_PLACE["scale_v"]]


def _dressed(region: Region, skin: _Skin, canvas: Canvas) -> Region:
    """A region with another surface, as bright as it was beside others of its kind."""
    surface, numbers = skin.surface, list(region.numbers)
    light = max(region.numbers[_COLORS]) / max(skin.bright, 1e-3) if region.labels[0] != _SKY else 1.0
    (red, green, blue), (red2, green2, blue2) = (
        [light * c * t for c, t in zip(color, canvas.light.tint, strict=True)]
        for color in (surface.color, surface.second)
    )
    new = {
        "red": red,
        "green": green,
        "blue": blue,
        "red2": red2,
        "green2": green2,
        "blue2": blue2,
        "rough": surface.rough,
        "grain_u": 1 / (surface.grain[0] * skin.scale),
        "grain_v": 1 / (surface.grain[1] * skin.scale),
        "period_u": 1 / (surface.period[0] * skin.scale),
        "period_v": 1 / (surface.period[1] * skin.scale),
        "blend": surface.blend,
    }
    for name, value in new.items():
        numbers[_PLACE[name]] = value
    labels = (
        *region.labels[:2],
        number_of(surface.material, "material"),
        number_of(surface.texture, "texture"),
    )
    return Region(region.outline, tuple(numbers), labels)
