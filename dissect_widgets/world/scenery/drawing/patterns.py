"""Textures: the share of the second color as a function of the position on a surface.

Each takes places u, v (n,) in repetitions and the size of a pixel there, also in repetitions, and gives
a share (n,) in [0, 1]. Edges are as soft as a pixel, so that nothing flickers or runs into steps.
Only sums, products and comparisons are used, which every machine computes alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from dissect_widgets.core.data.arrays import Float32s
from dissect_widgets.world.scenery.drawing.rng import Rng

NOISE_SIDE = 256
NOISE_STEPS = 16
"""Samples of `noise` to one grain."""


@cache
def noise_tile() -> Float32s:
    """Smooth irregularities that repeat: float32 (256, 256) around 0, mostly within [-1, 1]."""
    rng, total = Rng("noise"), np.zeros((NOISE_SIDE, NOISE_SIDE), np.float32)
    for cells, weight in ((16, 0.55), (32, 0.5), (64, 0.4), (128, 0.3)):
        coarse = np.array([rng.between(-1, 1) for _ in range(cells * cells)], np.float32)
        total += np.float32(weight) * _enlarge(coarse.reshape(cells, cells), NOISE_SIDE // cells)
    return total


def _enlarge(tile: Float32s, factor: int) -> Float32s:
    for axis in (0, 1):
        after = np.roll(tile, -1, axis)
        steps = [tile + (after - tile) * np.float32(i / factor) for i in range(factor)]
        tile = np.stack(steps, axis + 1).reshape(
            (tile.shape[0] * factor, tile.shape[1]) if axis == 0 else (tile.shape[0], tile.shape[1] * factor)
        )
    return tile


def noise(u: Float32s, v: Float32s) -> Float32s:
    """Irregularities at places in grains."""
    column = np.floor(u * NOISE_STEPS).astype(np.int32) & (NOISE_SIDE - 1)
    row = np.floor(v * NOISE_STEPS).astype(np.int32) & (NOISE_SIDE - 1)
    values: Float32s = noise_tile().ravel()[row * NOISE_SIDE + column]
    return values


def fraction(x: Float32s) -> Float32s:
    """Part after the point, in [0, 1)."""
    return np.asarray(x - np.floor(x), np.float32)


def wave(x: Float32s) -> Float32s:
    """Triangle wave of period 1 between 0 and 1: 0 at whole numbers."""
    return np.asarray(1 - np.abs(2 * fraction(x) - 1), np.float32)


def above(x: Float32s, edge: float, pixel: Float32s) -> Float32s:
    """1 where x is above an edge, 0 below, soft within about a pixel."""
    return np.clip((x - np.float32(edge)) / (2 * pixel + np.float32(1e-4)) + np.float32(0.5), 0, 1)


def striped(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Stripes along v."""
    return above(wave(u), 0.5, pixel)


def dotted(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Dots, every other row shifted by half."""
    shift = np.float32(0.5) * (np.floor(v * 1).astype(np.int32) & 1)
    x, y = fraction(u + shift) - np.float32(0.5), fraction(v) - np.float32(0.5)
    away: Float32s = np.sqrt(x * x + y * y)
    return above(np.float32(0.3) - away, 0.0, np.float32(0.5) * pixel)


def chequered(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Squares of a chess board, two to a repetition."""
    x, y = above(wave(u), 0.5, pixel), above(wave(v), 0.5, pixel)
    return x + y - 2 * x * y


def bricked(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Joints between bricks, every other course shifted by half."""
    shift = np.float32(0.5) * (np.floor(v).astype(np.int32) & 1)
    return np.maximum(above(1 - wave(v), 0.78, pixel), above(1 - wave(u + shift), 0.86, pixel))


def woven(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Strands that pass over and under each other."""
    over = above(wave(u), 0.5, pixel), above(wave(v), 0.5, pixel)
    flat = over[0] + over[1] - 2 * over[0] * over[1]
    gaps = np.where(flat > 0.5, wave(2 * u), wave(2 * v))
    return np.clip(above(np.float32(0.3) - gaps, 0.0, 2 * pixel) + np.float32(0.3) * flat, 0, 1)


def zigzagged(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Stripes across that run up and down."""
    return above(wave(v + np.float32(0.5) * wave(u)), 0.5, pixel)


def grid(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Thin lines both ways."""
    return np.maximum(above(1 - wave(u), 0.78, pixel), above(1 - wave(v), 0.78, pixel))


def marbled(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Veins."""
    bend = noise(u * np.float32(0.5), v * np.float32(0.5))
    away = np.abs(wave(u + v * np.float32(0.6) + bend) - np.float32(0.5))
    return np.asarray(np.clip(1 - 3 * away, 0, 1), np.float32)


def scaly(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Rows of round tiles that overlap; the shadow under each."""
    shift = np.float32(0.5) * (np.floor(v).astype(np.int32) & 1)
    x, y = fraction(u + shift) * 2 - 1, fraction(v)
    rim = np.float32(0.95) * (1 - np.sqrt(np.maximum(1 - x * x, 0)))
    return above(np.float32(0.16) - np.abs(y - rim), 0.0, pixel)


def grooved(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Thin dark lines between planks, along v."""
    return above(1 - wave(u), 0.74, pixel)


def flecked(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Large irregular spots."""
    return above(noise(u * np.float32(0.8), v * np.float32(0.8)), 0.12, pixel)


def wrinkled(u: Float32s, v: Float32s, pixel: Float32s) -> Float32s:
    """Folds and ripples across."""
    bend = np.float32(0.35) * noise(u * np.float32(0.3), v * np.float32(0.3))
    return np.asarray(np.clip(2 * np.abs(wave(v + bend) - np.float32(0.5)), 0, 1), np.float32)


PATTERNS: dict[str, Callable[[Float32s, Float32s, Float32s], Float32s]] = {
    "striped": striped,
    "dotted": dotted,
    "chequered": chequered,
    "bricked": bricked,
    "woven": woven,
    "zigzagged": zigzagged,
    "grid": grid,
    "marbled": marbled,
    "scaly": scaly,
    "grooved": grooved,
    "flecked": flecked,
    "wrinkled": wrinkled,
}
