import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_widgets.concepts.colors import BALLS, COLOR_NAMES, DISPLAY_RGB, LIGHTNESS_WEIGHT, name_colors
from dissect_widgets.errors import SettingError

LEVELS = torch.arange(32, dtype=torch.uint8) * 8 + 4
# Every bin as one pixel of a (3, 32, 1024) picture, in the order of R, G, B.
ALL_BINS = torch.stack(torch.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij")).reshape(3, 32, 1024)


def name_of(rgb: tuple[int, int, int]) -> str:
    return COLOR_NAMES[int(name_colors(torch.tensor(rgb, dtype=torch.uint8).reshape(3, 1, 1)))]


def slow_name(rgb: tuple[float, float, float]) -> int:
    """The documented rule, one pixel at a time, with the textbook's formulas and white point."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)

    def root(value: float) -> float:
        return math.pow(value, 1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116

    r, g, b = map(linear, rgb)
    x = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
    y = root(0.2126729 * r + 0.7151522 * g + 0.0721750 * b)
    z = root((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883)
    lab = (116 * y - 16, 500 * (x - y), 200 * (y - z))
    best, code = math.inf, -1
    for name, *anchor, reach in BALLS:
        steps = [there - here for there, here in zip(anchor, lab, strict=True)]
        gap = math.hypot(LIGHTNESS_WEIGHT * steps[0], steps[1], steps[2]) - reach
        if gap < best:
            best, code = gap, COLOR_NAMES.index(name)
    return code


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((255, 0, 0), "red"),
        ((0, 255, 0), "green"),
        ((0, 0, 255), "blue"),
        ((120, 180, 235), "blue"),
        ((255, 255, 0), "yellow"),
        ((255, 165, 0), "orange"),
        ((255, 105, 180), "pink"),
        ((255, 192, 203), "pink"),
        ((128, 0, 128), "purple"),
        ((110, 75, 50), "brown"),
    ],
)
def test_names_known_colors(rgb: tuple[int, int, int], name: str) -> None:
    assert name_of(rgb) == name


def test_legend_colors_bear_their_own_names() -> None:
    assert DISPLAY_RGB.shape == (11, 3) and DISPLAY_RGB.dtype == np.uint8
    assert [name_of(tuple(rgb)) for rgb in DISPLAY_RGB.tolist()] == list(COLOR_NAMES)


def test_lookup_equals_the_slow_rule_at_every_bin_center() -> None:
    centers = [(8 * i + 3.5) / 255 for i in range(32)]
    slow = [slow_name((r, g, b)) for r in centers for g in centers for b in centers]
    assert name_colors(ALL_BINS).flatten().tolist() == slow


def test_each_pixel_is_named_by_its_own_channels() -> None:
    seed = torch.Generator().manual_seed(0)
    pictures = torch.randint(256, (2, 3, 11, 13), dtype=torch.uint8, generator=seed)
    codes = name_colors(pictures)
    assert codes.shape == (2, 11, 13) and codes.dtype == torch.int64
    for n, y, x in [(0, 0, 0), (0, 10, 3), (1, 4, 12), (1, 10, 12)]:
        assert COLOR_NAMES[codes[n, y, x]] == name_of(tuple(pictures[n, :, y, x].tolist()))
    assert torch.equal(name_colors(pictures[1]), codes[1])
    assert torch.equal(name_colors(pictures[:, None]), codes[:, None])
    assert name_colors(pictures[:0]).shape == (0, 11, 13)
    assert name_colors(pictures[:0].float()).shape == (0, 11, 13)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_floats_equal_uint8_at_all_levels(dtype: torch.dtype) -> None:
    ramp = torch.arange(256, dtype=torch.uint8)
    pictures = torch.stack([ramp, ramp.flip(0), ramp.roll(77)]).reshape(3, 4, 64)
    assert torch.equal(name_colors(pictures.to(dtype) / 255), name_colors(pictures))


def test_rounding_errors_beyond_the_range_are_taken_to_the_ends() -> None:
    assert name_colors(torch.full((3, 1, 1), 1 + 5e-7)).item() == COLOR_NAMES.index("white")
    assert name_colors(torch.full((3, 1, 1), -5e-7)).item() == COLOR_NAMES.index("black")


@pytest.mark.parametrize("shape", [(4, 5, 6), (3, 5), (5, 6, 3), (1, 1, 6, 7)])
def test_wrong_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SettingError, match=re.escape(f"shape {shape}; allowed is (..., 3, h, w)")):
        name_colors(torch.zeros(shape))


@pytest.mark.parametrize("value", [1.001, -0.001, 255.0, math.nan, math.inf])
def test_values_out_of_range_are_refused(value: float) -> None:
    pictures = torch.full((3, 4, 5), 0.5)
    pictures[1, 2, 3] = value
    with pytest.raises(SettingError, match=rf"{value:g}.*\[0, 1\]"):
        name_colors(pictures)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_other_types_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises(SettingError, match=f"{dtype}.*uint8"):
        name_colors(torch.zeros(3, 2, 2, dtype=dtype))


@pytest.mark.real
def test_agrees_with_the_published_table(real: Path) -> None:
    table = torch.from_numpy(np.load(real / "w2color.npy").astype(np.int64))
    assert (name_colors(ALL_BINS).reshape(32, 32, 32) == table).double().mean() >= 0.85

    photos = sorted((real / "photos").glob("*.jpg"))
    assert len(photos) == 200
    same = total = 0
    for photo in photos:
        pixels = torch.from_numpy(np.array(Image.open(photo).convert("RGB"))[::4, ::4])
        red, green, blue = (pixels.long() // 8).unbind(-1)
        agrees = name_colors(pixels.permute(2, 0, 1)) == table[red, green, blue]
        same, total = same + int(agrees.sum()), total + agrees.numel()
    assert same / total >= 0.90
