"""Exemplars of a unit with the region where it is active, as arrays; they need neither plotly nor torch."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from dissect_widgets.core.data.arrays import Bools, Float32s, Float64s, UInt8s
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.plots.colors import OUTLINE

_SHADE = 0.5  # brightness of what lies outside of the region, as in maps.js


def exemplars(
    dissection: Dissection, layer: LayerDissection, unit: int, count: int, height: int
) -> tuple[UInt8s, Float32s]:
    """First exemplars of a unit, and the activation at their pixels.

    Returns
    -------
    tuple
        uint8 (n, height, width, 3) and float32 (n, height, width); n is less than `count` if there are fewer.
    """
    present = layer.exemplar_image[unit, :count] >= 0
    numbers = layer.exemplar_image[unit, :count][present].tolist()
    rows, columns = dissection.image_size
    size = (height, max(1, round(height * columns / rows)))
    pixels = np.zeros((len(numbers), *size, 3), np.uint8)
    for position, number in enumerate(numbers):
        image = Image.open(io.BytesIO(dissection.thumbnails[number])).convert("RGB")
        pixels[position] = np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))
    maps = layer.exemplar_map[unit, :count][present].astype(np.float32)
    return pixels, upsample(maps, layer.exemplar_grid, size, dissection.image_size)


def upsample(maps: Float32s, grid: Grid, size: tuple[int, int], image_size: tuple[int, int]) -> Float32s:
    """Maps float32 (n, h, w) at pixels, float32 (n, *size), of the same bits as those of `Upsampler`."""
    rows, columns = grid.coordinates(size, image_size)
    lines = _between(maps, rows, 1)
    return _between(lines, columns, 2)


def _between(maps: Float32s, coordinates: Float64s, axis: int) -> Float32s:
    first = np.floor(coordinates).astype(np.int64)
    shape = [-1 if other == axis else 1 for other in range(maps.ndim)]
    fraction = (coordinates - first).astype(np.float32).reshape(shape)
    before = maps.take(first, axis)
    after = maps.take(np.minimum(first + 1, maps.shape[axis] - 1), axis)
    return np.asarray(before + fraction * (after - before))


def lit(pixels: UInt8s, region: Bools, thick: int = 1) -> UInt8s:
    """An image, uint8 (h, w, 3), dark outside of a region (h, w) with a border of `thick` pixels."""
    padded = np.pad(region, thick)
    middle, before, after = slice(thick, -thick), slice(None, -2 * thick), slice(2 * thick, None)
    inner = padded[before, middle] & padded[after, middle] & padded[middle, before] & padded[middle, after]
    shaded = np.where(region[..., None], pixels, pixels * _SHADE).astype(np.uint8)
    shaded[region & ~inner] = OUTLINE
    return shaded
