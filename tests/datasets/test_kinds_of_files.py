"""Every kind of PNG and many of TIFF, written number by number: photos and masks are right, or refused."""

from __future__ import annotations

import itertools
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.datasets.masks import MaskTable, read_mask
from dissect_widgets.datasets.photos import read_photo
from dissect_widgets.datasets.tables import ClassTable
from dissect_widgets.errors import DataError

HEIGHT, WIDTH = 11, 13
CONCEPTS = [Concept(str(value), "object") for value in range(2**16)]
TABLE = MaskTable(
    ClassTable(dict(enumerate(CONCEPTS)), None, ""),
    {concept: value + 1 for value, concept in enumerate(CONCEPTS)},
    Path("classes.csv"),
)
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
"""Of interlaced PNG: first column, first row, steps of columns and rows."""


def photo(path: Path) -> np.ndarray:
    """Photo of the original size, (H, W, 3) in [0, 1]."""
    return read_photo(path, (HEIGHT, WIDTH)).pixels.permute(1, 2, 0).numpy()


def png(numbers: np.ndarray, bits: int, color: int, chunks: dict[bytes, bytes], interlaced: bool) -> bytes:
    """A PNG file of numbers (H, W, channels)."""

    def rows(part: np.ndarray) -> bytes:
        digits = ["".join(format(n, f"0{bits}b") for n in row.flat) for row in part if part.size]
        padded = [line + "0" * (-len(line) % 8) for line in digits]
        return b"".join(b"\0" + int(line, 2).to_bytes(len(line) // 8, "big") for line in padded)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    parts = [numbers[y::dy, x::dx] for x, y, dx, dy in PASSES] if interlaced else [numbers]
    size = WIDTH.to_bytes(4, "big") + HEIGHT.to_bytes(4, "big")
    chunks = {b"IHDR": size + bytes([bits, color, 0, 0, interlaced]), **chunks}
    chunks |= {b"IDAT": zlib.compress(b"".join(map(rows, parts))), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks.items())


GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
KINDS = [(GRAY, 1), (GRAY, 2), (GRAY, 4), (GRAY, 8), (GRAY, 16), (RGB, 8), (RGB, 16)]
KINDS += [(PALETTE, 1), (PALETTE, 2), (PALETTE, 4), (PALETTE, 8)]
KINDS += [(GRAY_ALPHA, 8), (GRAY_ALPHA, 16), (RGB_ALPHA, 8), (RGB_ALPHA, 16)]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize(("color", "bits"), KINDS)
def test_png(tmp_path: Path, color: int, bits: int, transparent: bool, interlaced: bool) -> None:
    random, white = np.random.default_rng(bits), 2**bits - 1
    channels = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}[color]
    numbers = random.integers(0, white + 1, (HEIGHT, WIDTH, channels))
    shares, opacity, chunks = numbers / white, np.ones((HEIGHT, WIDTH, 1)), {}
    if color == PALETTE:
        palette, opacities = random.integers(0, 256, (white + 1, 3)), random.integers(0, 256, white + 1)
        chunks[b"PLTE"] = palette.astype(np.uint8).tobytes()
        shares = palette[numbers[:, :, 0]] / 255
        if transparent:
            chunks[b"tRNS"] = opacities.astype(np.uint8).tobytes()
            opacity = opacities[numbers] / 255
    elif color in (GRAY_ALPHA, RGB_ALPHA):
        shares, opacity = shares[:, :, :-1], shares[:, :, -1:]
    elif transparent:  # a color that is transparent
        chunks[b"tRNS"] = numbers[3, 4].astype(">u2").tobytes()
        opacity = 1.0 - (numbers == numbers[3, 4]).all(2, keepdims=True)
    path = tmp_path / "a.png"
    path.write_bytes(png(numbers, bits, color, chunks, interlaced))
    expected = shares * opacity + 1 - opacity
    if color in (GRAY, RGB) and transparent and (color, bits) not in [(GRAY, 8), (GRAY, 16), (RGB, 8)]:
        with pytest.raises(DataError, match="has a transparent color that cannot be compared"):
            photo(path)
    else:
        exact = 1e-6 if (color, bits) == (GRAY, 16) else 0.5 / 255 if bits <= 8 else 3 / 255
        assert np.abs(photo(path) - expected).max() <= exact + 1e-6
    if channels == 1:
        assert np.array_equal(TABLE.labels(read_mask(path)), numbers[:, :, 0] + 1)
    else:
        with pytest.raises(DataError):
            TABLE.labels(read_mask(path))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff(tmp_path: Path, dtype: type, order: str) -> None:
    """Of all that is written, what is read is right; the rest is refused by name."""
    random, white, path = np.random.default_rng(0), np.iinfo(dtype).max, tmp_path / "a.tif"
    refused = set()
    for channels, photometric, planar, tile, compression in itertools.product(
        [1, 2, 3, 4],
        ["minisblack", "miniswhite", "rgb"],
        ["contig", "separate"],
        [None, (16, 16)],
        [None, "zlib"],
    ):
        colors = 3 if photometric == "rgb" else 1
        if channels not in (colors, colors + 1):
            continue
        numbers = random.integers(0, white + 1, (HEIGHT, WIDTH, channels), dtype)
        stored = np.moveaxis(numbers, 2, 0) if planar == "separate" else numbers
        options = {"planarconfig": planar} if channels > 1 else {}
        options |= {"extrasamples": ["unassalpha"]} if channels > colors else {}
        options |= {"photometric": photometric, "tile": tile, "compression": compression}
        tifffile.imwrite(path, stored.squeeze(), byteorder=order, **options)
        shares = numbers / white
        opacity = shares[:, :, colors:] if channels > colors else 1
        color = 1 - shares[:, :, :colors] if photometric == "miniswhite" else shares[:, :, :colors]
        try:
            assert np.abs(photo(path) - (color * opacity + 1 - opacity)).max() <= 3 / 255, options
        except DataError:
            refused.add((channels, photometric, planar))
        if channels == 1 and photometric == "minisblack":
            assert np.array_equal(TABLE.labels(read_mask(path)), numbers[:, :, 0].astype(int) + 1)
        else:
            with pytest.raises(DataError, match=r"a\.tif"):
                TABLE.labels(read_mask(path))
    always = {(1, "minisblack"), (3, "rgb"), (4, "rgb")}
    assert not {kind[:2] for kind in refused if kind[2] == "contig"} & always
