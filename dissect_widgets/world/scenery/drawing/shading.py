"""Rasterization: which regions cover each pixel, how much of it, and its color.

Outlines are rastered four times finer than the image, each way. A pixel inside one region takes the
color of its middle; one on a border takes the mean over its regions, each by the share it covers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dissect_widgets.core.data.arrays import Float32s
from dissect_widgets.world.scenery.drawing.canvas import Canvas, Region
from dissect_widgets.world.scenery.drawing.light import Light, haze
from dissect_widgets.world.scenery.drawing.patterns import PATTERNS, noise
from dissect_widgets.world.scenery.names import number_of

FINE: Final = 4
"""Samples to a pixel, each way."""

COLUMNS: Final = (
    "red",
    "green",
    "blue",
    "red2",
    "green2",
    "blue2",
    "m0",
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m7",
    "m8",
    "middle_u",
    "middle_v",
    "scale_u",
    "scale_v",
    "level",
    "shade_u",
    "shade_v",
    "shade_uu",
    "shade_vv",
    "rough",
    "grain_u",
    "grain_v",
    "seed_u",
    "seed_v",
    "period_u",
    "period_v",
    "blend",
    "haze",
)
"""Names of the numbers of a region; see `Canvas.draw`."""

_BOUNDS: Final = (np.float32(-1e5), np.float32(1e5))


class Cover(NamedTuple):
    """Pairs of a pixel and a region that covers some of it."""

    pixel: NDArray[np.int64]
    """(n,), row * size + column, in rising order."""
    region: NDArray[np.int64]
    """(n,)"""
    share: Float32s
    """(n,), of the pixel, in (0, 1]; they sum to 1 for every pixel."""


def cover(regions: list[Region], size: int) -> Cover:
    """Find the visible regions of each pixel."""
    fine = size * FINE
    raster = Image.new("I", (fine, fine))
    pen = ImageDraw.Draw(raster)
    for number, drawn in enumerate(regions):
        pen.polygon([(x * fine - 0.5, y * fine - 0.5) for x, y in drawn.outline], fill=number)
    blocks = np.asarray(raster).reshape(size, FINE, size, FINE).transpose(0, 2, 1, 3).reshape(size * size, -1)
    first = blocks[:, 0]
    mixed = (blocks != first[:, None]).any(1)
    inside = np.flatnonzero(~mixed)
    border = np.flatnonzero(mixed)
    pairs, counts = np.unique(border[:, None] * len(regions) + blocks[border], return_counts=True)
    pixel = np.concatenate([inside, pairs // len(regions)])
    region = np.concatenate([first[inside].astype(np.int64), pairs % len(regions)])
    share = np.concatenate([np.ones(len(inside), np.float32), counts.astype(np.float32) / FINE**2])
    order = np.argsort(pixel, kind="stable")
    return Cover(pixel[order], region[order], share[order])


def shade(canvas: Canvas, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Draw a canvas.

    Returns
    -------
    tuple
        uint8 (size, size, 3), the image; int16 (4, size, size), object, part, material and texture of
        the region that covers most of each pixel; ties go to the one drawn first.
    """
    seen = cover(canvas.regions, size)
    numbers = np.array([region.numbers for region in canvas.regions], np.float32).T
    labels = np.array([region.labels for region in canvas.regions], np.int16)
    colors, shown = _colors(seen, numbers, labels[:, 3], canvas.light, size)
    starts = np.flatnonzero(np.diff(seen.pixel, prepend=-1))
    image = np.stack([np.bincount(seen.pixel, channel * seen.share) for channel in colors.T], 1).astype(
        np.float32
    )  # bincount adds one by one, in order, on every machine
    # the largest share of a pixel; ties go to the first pair of the pixel
    strongest = np.maximum.reduceat(seen.share, starts)
    at_most = np.flatnonzero(seen.share == np.repeat(strongest, np.diff(starts, append=len(seen.pixel))))
    winner = at_most[np.flatnonzero(np.diff(seen.pixel[at_most], prepend=-1))]
    concepts = labels[seen.region[winner]]
    concepts[~shown[winner], 3] = 0
    return _grade(image, canvas.light).reshape(size, size, 3), concepts.T.reshape(4, size, size)


def _colors(
    seen: Cover, numbers: Float32s, textures: NDArray[np.int16], light: Light, size: int
) -> tuple[Float32s, NDArray[np.bool_]]:
    """Color float32 (n, 3) of each pair, and bool (n,) whether its texture can be seen."""
    n = {name: column[seen.region] for name, column in zip(COLUMNS, numbers, strict=True)}
    x = ((seen.pixel % size).astype(np.float32) + np.float32(0.5)) / np.float32(size)
    y = ((seen.pixel // size).astype(np.float32) + np.float32(0.5)) / np.float32(size)
    nearness = np.maximum(n["m6"] * x + n["m7"] * y + n["m8"], np.float32(1e-5))  # 1 / depth
    u = np.clip((n["m0"] * x + n["m1"] * y + n["m2"]) / nearness, *_BOUNDS)  # planes may be seen edge on
    v = np.clip((n["m3"] * x + n["m4"] * y + n["m5"]) / nearness, *_BOUNDS)
    pixel_u, pixel_v = (
        (np.abs(n[a] - place * n["m6"]) + np.abs(n[b] - place * n["m7"])) / (nearness * np.float32(size))
        for a, b, place in (("m0", "m1", u), ("m3", "m4", v))
    )
    own_u = np.clip((u - n["middle_u"]) * n["scale_u"], -1, 1)  # the middle of a border pixel may lie outside
    own_v = np.clip((v - n["middle_v"]) * n["scale_v"], -1, 1)
    bright = (
        n["level"]
        + n["shade_u"] * own_u
        + n["shade_v"] * own_v
        + n["shade_uu"] * own_u * own_u
        + n["shade_vv"] * own_v * own_v
    )
    grain = np.maximum(pixel_u * n["grain_u"], pixel_v * n["grain_v"])
    amount = n["rough"] * np.clip(np.float32(1.25) - grain, np.float32(0.25), 1)
    bright *= 1 + amount * noise(u * n["grain_u"] + n["seed_u"], v * n["grain_v"] + n["seed_v"])
    colors = np.stack([n["red"], n["green"], n["blue"]], 1)
    others = np.stack([n["red2"], n["green2"], n["blue2"]], 1)
    colors += (others - colors) * (n["blend"] * np.clip(own_v + 1, 0, 2) / 2)[:, None]
    pixel = np.maximum(pixel_u * n["period_u"], pixel_v * n["period_v"])
    clear = np.clip(np.float32(1.8) - 4 * pixel, 0, 1)  # a repetition needs two pixels to be seen
    which = textures[seen.region]
    for name, pattern in PATTERNS.items():
        at = np.flatnonzero((which == number_of(name, "texture")) & (clear > 0))
        if len(at):
            share = pattern(u[at] * n["period_u"][at], v[at] * n["period_v"][at], pixel[at])
            share = np.float32(0.4) + (share - np.float32(0.4)) * clear[at]
            colors[at] += (others[at] - colors[at]) * share[:, None]
    far = which.astype(bool) & (clear <= 0)
    colors[far] += (others[far] - colors[far]) * np.float32(0.4)
    colors *= np.maximum(bright, 0)[:, None]
    fog = n["haze"] / nearness
    fog = fog / (1 + fog)
    colors += (np.array(haze(light), np.float32) - colors) * fog[:, None]
    return colors, np.asarray(clear > 0.5)


def _grade(image: Float32s, light: Light) -> NDArray[np.uint8]:
    red, green, blue = image.T
    gray = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    image = gray[:, None] + (image - gray[:, None]) * np.float32(light.saturation)
    image = (image * np.array(light.gain, np.float32) - np.float32(0.5)) * np.float32(light.contrast)
    levels: NDArray[np.uint8] = (np.clip(image + np.float32(0.5), 0, 1) * 255 + np.float32(0.5)).astype(
        np.uint8
    )
    return levels
