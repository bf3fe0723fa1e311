"""Where in the image each pixel of a network's input comes from, as pictures through `preprocess` show it.

A function that keeps the size of the image and commutes with any order of its pixels changes values alone.
Else ramps along x and y tell the place of a pixel, once its values are understood. Levels, images of one
gray, show how values are changed where that does not depend on the rest of the image: normalization, gamma,
the weights of a window. Where it does (standardized images), changes of gain and offset are understood, by
ramps that rise with the square of the distance from an edge: their vertex stays where that edge is.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.polynomial import Polynomial

from dissect_widgets.core.data.arrays import Bools, Float64s
from dissect_widgets.core.data.preprocessing import Preprocessing

_LOW, _HIGH = 0.2, 0.8  # of ramps; levels reach a little further
_LEVELS: Final = np.rint(255 * (0.5 - 0.37 * np.cos(np.pi * (np.arange(11) + 0.5) / 11))) / 255
_AT_A_TIME: Final = 4


class Positions(NamedTuple):
    """Where the pixels of an input (h, w) lie in the image, as fractions of its width and height."""

    x: Float64s
    """float64 (channels, h, w), 0 at the left edge and 1 at the right."""
    y: Float64s
    """float64 (channels, h, w), 0 at the upper edge and 1 at the lower."""
    shown: Bools
    """bool (h, w), which pixels change with the image."""


def changes_values_alone(preprocessing: Preprocessing, image_size: tuple[int, int]) -> bool:
    """Whether images (H, W) keep their size, and another order of their pixels is that of the input's."""
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (3, image_size[0] * image_size[1]), generator=generator) / 255
    order = torch.randperm(pixels.shape[1], generator=generator)
    two = torch.stack([pixels, pixels[:, order]]).view(2, 3, *image_size)
    with torch.no_grad():
        given = preprocessing(two).float().cpu().nan_to_num(0, 0, 0)
    if given.shape[2:] != image_size:
        return False
    plain, mixed = given.flatten(2)
    return bool((plain[:, order] - mixed).abs().max() <= 1e-4 * (plain.max() - plain.min()))


def find_positions(preprocessing: Preprocessing, image_size: tuple[int, int]) -> Positions | None:
    """Where each pixel comes from, for images (H, W); None if its values do not tell."""
    show = _Show(preprocessing, image_size)
    ramps = show(_LOW + (_HIGH - _LOW) * np.stack([show.x, show.y, 1 - show.x, 1 - show.y, show.x**2]))
    return _by_levels(show, ramps) or _by_squares(show, ramps[:2])


def _by_levels(show: _Show, ramps: Float64s) -> Positions | None:
    """Positions where a value of the input depends on one value of the image alone."""
    levels = show(np.broadcast_to(_LEVELS[:, None, None], (len(_LEVELS), *show.x.shape)))
    response = levels[-1] - levels[0]
    strength, spans = np.abs(response).max((1, 2)), np.ptp(ramps, axis=(0, 2, 3))
    used = np.flatnonzero((strength > 0.05 * spans) & (strength > 1e-3 * strength.max()))
    shown: Bools = (np.abs(response[used]) > 0.1 * strength[used, None, None]).all(0)
    if not len(used) or not shown.any():
        return None
    levels, response = levels[:, used], np.where(shown, response[used], np.nan)
    shares = (levels - levels[0]) / response  # of the way from the first level to the last
    curves = np.median(shares[:, :, shown][:, :, :: 1 + shown.sum() // 4096], axis=2).T
    if not (np.diff(curves) > 0).all():
        return None
    x, y, right, below, squared = (
        np.stack(
            [_level(*channel) for channel in zip((ramp[used] - levels[0]) / response, curves, strict=True)]
        )
        for ramp in ramps
    )
    # from both sides, so that rounding down cancels
    found = Positions((1 + (x - right) / (_HIGH - _LOW)) / 2, (1 + (y - below) / (_HIGH - _LOW)) / 2, shown)
    if not shown.all():
        return found
    apart = (np.sqrt(np.maximum(0, (squared - _LOW) / (_HIGH - _LOW))) - found.x).mean(0)
    off = max(np.median(np.abs(apart.mean(axis))) for axis in (0, 1))
    # A square bends between pixels, where images are enlarged, and within those that come of many.
    bend = 2 / min(show.x.shape) ** 2 + 0.25 / min(shown.shape) ** 2
    return found if off < (0.006 if show.rounds else 0.0008) + bend else None


class _Show:
    """Gray pictures through `preprocess`, with values of 8 bits where it takes no others.

    These are rounded up or down at random, so that their means are not rounded.
    """

    def __init__(self, preprocessing: Preprocessing, image_size: tuple[int, int]) -> None:
        self.preprocessing, (height, width) = preprocessing, image_size
        self.x = np.broadcast_to((np.arange(width) + 0.5) / width, image_size)
        self.y = np.broadcast_to((np.arange(height)[:, None] + 0.5) / height, image_size)
        self._rng = np.random.default_rng(0)
        self.rounds = True
        self(self.x[None])  # shows what it takes
        if not preprocessing.holds_8_bits:
            self.rounds = False
            levels = [len(np.unique(channel)) for channel in self((128 + self.x[None]) / 255)[0]]
            self.rounds = max(levels) <= 3  # of a ramp between two values of 8 bits

    def __call__(self, values: Float64s) -> Float64s:
        """Input float64 (n, channels, h, w) for pictures (n, H, W) in [0, 1]."""
        if self.rounds:
            values = np.floor(values * 255 + self._rng.random(values.shape)) / 255
        parts = []
        with torch.no_grad():
            for start in range(0, len(values), _AT_A_TIME):
                gray = torch.from_numpy(values[start : start + _AT_A_TIME].astype(np.float32))
                pictures = gray[:, None].expand(-1, 3, -1, -1)
                parts.append(self.preprocessing(pictures).double().cpu().nan_to_num(0, 0, 0).numpy())
        return np.concatenate(parts)


def _level(share: Float64s, curve: Float64s) -> Float64s:
    """Gray that gives a share of the way from the first level to the last, where `curve` are the levels'."""
    span = _LEVELS[-1] - _LEVELS[0]
    if np.abs(_LEVELS[0] + curve * span - _LEVELS).max() < 1e-5:
        return np.asarray(_LEVELS[0] + share * span)
    fine = np.linspace(_LEVELS[0], _LEVELS[-1], 4001)
    shares = Polynomial.fit(_LEVELS, curve, len(_LEVELS) - 1)(fine)
    if not (np.diff(shares) > 0).all():
        shares = np.interp(fine, _LEVELS, curve)  # bends, which a polynomial overshoots
    return np.asarray(np.interp(share, shares, fine))


def _by_squares(show: _Show, ramps: Float64s) -> Positions | None:
    """Positions where each picture is changed by its own gain and offset."""
    spans = np.ptp(ramps, axis=(2, 3)).min(0)
    used = spans > 1e-3 * spans.max()
    squares = show(np.stack([show.x**2, (1 - show.x) ** 2, show.y**2, (1 - show.y) ** 2]))
    if not used.any() or not np.isfinite(squares).all():
        return None
    places = []
    for ramp, first, last in ((ramps[0], *squares[:2]), (ramps[1], *squares[2:])):
        channels = [_between(*channel) for channel in zip(ramp[used], first[used], last[used], strict=True)]
        if any(channel is None for channel in channels):
            return None
        places.append(np.stack([channel for channel in channels if channel is not None]))
    return Positions(places[0], places[1], np.ones(places[0].shape[1:], bool))


def _between(ramp: Float64s, first: Float64s, last: Float64s) -> Float64s | None:
    """Places between two edges, (h, w), from a ramp and the squares of the distances from both.

    None unless gain and offset are all that has changed.
    """
    axis = int(np.ptp(ramp.mean(1)) > np.ptp(ramp.mean(0)))  # along which nothing changes
    profiles = [picture.mean(axis) for picture in (ramp, first, last)]
    count = len(profiles[0])
    if count < 4:
        return None
    inner = np.arange(count)[2:-2] if count > 12 else np.arange(count)  # edges are resized in other ways
    fits = [Polynomial.fit(inner, p[inner], degree) for p, degree in zip(profiles, (1, 2, 2), strict=True)]
    wrong = [np.abs(fit(inner) - p[inner]).max() / np.ptp(p) for fit, p in zip(fits, profiles, strict=True)]
    if not max(wrong) < 0.01:
        return None
    (a0, a1, a2), (b0, b1, b2) = (map(float, fit.convert().coef) for fit in fits[1:])
    start, end = -a1 / (2 * a2), -b1 / (2 * b2)  # of the image, on the input
    step = 1 / (end - start)
    gains = a2 / step**2, b2 / step**2
    offsets = a0 - gains[0] * (start * step) ** 2, b0 - gains[1] * (end * step) ** 2
    place: Float64s = ((first - offsets[0]) / gains[0] - (last - offsets[1]) / gains[1] + 1) / 2
    return place
