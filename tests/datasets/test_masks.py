"""Masks of every kind: numbers and colors are those that were written, or refused."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.datasets.mask_folder import MaskFolder
from dissect_widgets.datasets.masks import Mask, MaskTable
from dissect_widgets.datasets.tables import ClassTable, read_class_table
from dissect_widgets.errors import DataError, SettingError

RANDOM = np.random.default_rng(0)
INDICES = RANDOM.choice(np.uint8([0, 1, 2, 5]), (21, 29))
COLORS = {0: (70, 130, 180), 1: (107, 142, 35), 2: (128, 64, 128), 5: (0, 0, 142)}
NAMES = {0: "sky", 1: "tree", 2: "road", 5: "car"}
VALUES = "value,name,category\n" + "".join(f"{v},{name},object\n" for v, name in NAMES.items())
HEX = "name,category,color\n" + "".join(
    f"{name},object,#{r:02x}{g:02X}{b:02x}\n"
    for name, (r, g, b) in zip(NAMES.values(), COLORS.values(), strict=True)
)
BOTH = "value,name,category,red,green,blue\n" + "".join(
    f"{v},{name},object,{','.join(map(str, COLORS[v]))}\n" for v, name in NAMES.items()
)
EXPECTED = np.select([v == INDICES for v in NAMES], list(range(1, 5)))
"""Labels: places in the vocabulary."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    Image.fromarray(RANDOM.integers(0, 256, (21, 29, 3), np.uint8)).save(tmp_path / "images" / "a.png")
    return tmp_path


def opened(folder: Path, table: str = VALUES, **options: object) -> MaskFolder:
    (folder / "classes.csv").write_text(table)
    return MaskFolder(
        folder / "images", folder / "masks", folder / "classes.csv", label_size=(21, 29), size=8, **options
    )


def labels(folder: Path, table: str = VALUES, **options: object) -> np.ndarray:
    return opened(folder, table, **options)[0][1][0].numpy()


def painted(indices: np.ndarray = INDICES) -> np.ndarray:
    """The mask in colors, uint8 (H, W, 3)."""
    return np.uint8([COLORS.get(v, (1, 2, 3)) for v in range(6)])[indices]


@pytest.mark.parametrize("ending", ["png", "tif", "tiff", "bmp", "gif", "TIF", "Bmp"])
@pytest.mark.parametrize("mode", ["L", "P"])
def test_endings_and_modes(folder: Path, ending: str, mode: str) -> None:
    mask = Image.fromarray(INDICES)
    if mode == "P":
        mask.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0, 0, 0, 200, 1, 1, 1, 2, 2, 2])
    options = {"optimize": False} if ending == "gif" else {}
    mask.save(folder / "masks" / f"a.{ending}", **options)
    assert np.array_equal(labels(folder), EXPECTED)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint32, np.int16, np.int8])
def test_numbers_of_other_sizes(folder: Path, dtype: type) -> None:
    for order in "<>" if dtype != np.uint32 else "<":  # Pillow does not read the other
        tifffile.imwrite(folder / "masks" / "a.tif", INDICES.astype(dtype), byteorder=order)
        assert np.array_equal(labels(folder), EXPECTED)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_negative_numbers_are_no_class(folder: Path, dtype: type) -> None:
    """Such as -1 for unlabeled pixels; an older reader took it for the value 0."""
    indices = INDICES.astype(dtype)
    indices[3, 4] = -1
    tifffile.imwrite(folder / "masks" / "a.tif", indices)
    with pytest.raises(DataError, match=r"a\.tif has the value -1; values of masks are 0 to 65535"):
        labels(folder)


def test_numbers_beyond_all_values(folder: Path) -> None:
    indices = INDICES.astype(np.int32)
    indices[3, 4] = 70000
    tifffile.imwrite(folder / "masks" / "a.tif", indices)
    with pytest.raises(DataError, match=r"has the value 70000; values of masks are 0 to 65535\.$"):
        labels(folder)


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("form", ["tif", "png"])
def test_few_bits(folder: Path, bits: int, form: str) -> None:
    """Numbers packed into bytes, which Pillow stretches to 0 ... 255."""
    indices = RANDOM.integers(0, 2**bits, (21, 29))
    padded = np.pad(indices, ((0, 0), (0, -29 % (8 // bits))))
    packed = sum(padded[:, k :: 8 // bits] << (8 - bits * (k + 1)) for k in range(8 // bits)).astype(np.uint8)
    path = folder / "masks" / f"a.{form}"
    path.write_bytes(png_of(packed, bits) if form == "png" else tiff_of(packed, bits, 1))
    table = "value,name,category\n" + "".join(f"{v},thing {v},object\n" for v in range(2**bits))
    assert np.array_equal(labels(folder, table), indices + 1)


def png_of(packed: np.ndarray, bits: int) -> bytes:
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (29).to_bytes(4, "big") + (21).to_bytes(4, "big") + bytes([bits, 0, 0, 0, 0])
    rows = b"".join(b"\0" + row.tobytes() for row in packed)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff_of(packed: np.ndarray, bits: int, photometric: int) -> bytes:
    data = packed.tobytes()
    tags = {256: 29, 257: 21, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: 21, 279: len(data)}
    file = b"II*\0" + (8 + len(data)).to_bytes(4, "little") + data + len(tags).to_bytes(2, "little")
    for tag, value in tags.items():
        file += tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
    return file + bytes(4)


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_where_zero_is_white_numbers_are_not_certain(folder: Path, bits: int) -> None:
    packed = np.zeros((21, (29 * bits + 7) // 8), np.uint8)
    (folder / "masks" / "a.tif").write_bytes(tiff_of(packed, bits, 0))
    with pytest.raises(DataError, match="zero is white, so its numbers are not certain"):
        labels(folder)


@pytest.mark.parametrize("table", [HEX, BOTH])
def test_colors(folder: Path, table: str) -> None:
    Image.fromarray(painted()).save(folder / "masks" / "a.png")
    data = opened(folder, table)
    assert [tuple(concept) for concept in data.vocabulary][1:] == [
        (name, "object") for name in NAMES.values()
    ]
    assert np.array_equal(data[0][1][0].numpy(), EXPECTED)


@pytest.mark.parametrize(
    "cells", ['"70, 130, 180"', '"(70, 130, 180)"', "70 130 180", "[70 130 180]", "#4682b4", "#4682B4"]
)
def test_ways_to_write_a_color(tmp_path: Path, cells: str) -> None:
    (tmp_path / "c.csv").write_text(f"Name,Category,Color\nsky,object,{cells}\n")
    assert read_class_table(tmp_path / "c.csv").colors == {0x4682B4: Concept("sky", "object")}


@pytest.mark.parametrize("order", [[0, 1, 2, 5], [5, 2, 0, 1]])
def test_the_order_of_a_palette_matters_not_to_colors(folder: Path, order: list[int]) -> None:
    mask = Image.fromarray(np.select([v == INDICES for v in order], [0, 1, 2, 3]).astype(np.uint8))
    mask.putpalette([part for value in order for part in COLORS[value]])
    mask.save(folder / "masks" / "a.png")
    assert np.array_equal(labels(folder, HEX), EXPECTED)


def test_a_palette_that_numbers_and_colors_read_otherwise(folder: Path) -> None:
    order = [5, 2, 0, 1]
    mask = Image.fromarray(np.select([v == INDICES for v in order], [0, 1, 2, 5]).astype(np.uint8))
    palette = [COLORS[5], COLORS[2], COLORS[0], (9, 9, 9), (9, 9, 9), COLORS[1]]
    mask.putpalette([part for color in palette for part in color])
    mask.save(folder / "masks" / "a.png")
    with pytest.raises(
        DataError, match=r"palette whose numbers and colors mean different classes in \S+classes\.csv"
    ):
        labels(folder, BOTH)
    assert np.array_equal(labels(folder, HEX), EXPECTED)


def test_a_palette_of_the_classes_colors(folder: Path) -> None:
    mask = Image.fromarray(INDICES)
    mask.putpalette([part for value in range(6) for part in COLORS.get(value, (9, 9, 9))])
    mask.save(folder / "masks" / "a.png")
    assert np.array_equal(labels(folder, BOTH), EXPECTED)
    mask.putpalette([part for value in range(6) for part in (value, 7, 7)])  # of other colors
    mask.save(folder / "masks" / "a.png")
    assert np.array_equal(labels(folder, BOTH), EXPECTED)


def test_an_unknown_color_is_named_with_its_place(folder: Path) -> None:
    pixels = painted()
    pixels[3, 4] = 70, 130, 181
    Image.fromarray(pixels).save(folder / "masks" / "a.png")
    with pytest.raises(
        DataError, match=r"a\.png has the color #4682B5 at column 4, row 3, which is no class's"
    ):
        labels(folder, HEX)
    (rows := HEX.splitlines()).append(",,#4682B5")
    expected = EXPECTED.copy()
    expected[3, 4] = 0
    assert np.array_equal(labels(folder, "\n".join(rows)), expected)


def test_unlabeled_values_of_a_table_of_colors(folder: Path) -> None:
    Image.fromarray(painted()).save(folder / "masks" / "a.png")
    with pytest.raises(SettingError, match=r"unlabeled has the value 5, but \S+ names colors, not values"):
        opened(folder, HEX, unlabeled=[5])
    Image.fromarray(np.where(INDICES == 5, 255, INDICES).astype(np.uint8)).save(folder / "masks" / "a.png")
    for unlabeled in (255, np.int64(255), {255}, np.array([255])):
        assert np.array_equal(labels(folder, unlabeled=unlabeled), np.where(EXPECTED == 4, 0, EXPECTED))


@pytest.mark.parametrize("unlabeled", [1.5, [255, 1.5], "255", ["255"], None])
def test_unlabeled_values_that_are_no_whole_numbers(folder: Path, unlabeled: object) -> None:
    Image.fromarray(INDICES).save(folder / "masks" / "a.png")
    with pytest.raises(SettingError, match=r"unlabeled is .*; it must be whole numbers, 0 to 65535"):
        opened(folder, unlabeled=unlabeled)


def test_colors_without_a_table_of_them(folder: Path) -> None:
    Image.fromarray(painted()).save(folder / "masks" / "a.png")
    with pytest.raises(DataError, match=r"a\.png has the mode RGB.*classes\.csv has no column color"):
        labels(folder)
    table = VALUES.replace("category", "category,color").replace(",object", ",object,reddish")
    with pytest.raises(DataError, match=r"a\.png has the mode RGB.*line 2: 'reddish' is not a color"):
        labels(folder, table)
    Image.fromarray(INDICES).save(folder / "masks" / "a.png")
    assert np.array_equal(labels(folder, table), EXPECTED)  # the numbers stay what they are


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("sky,object,#46G2b4", "line 2: '#46G2b4' is not a color"),
        ("sky,object,", "line 2: '' is not a color"),
        ("sky,object,70 130", "line 2: '70 130' is not a color"),
        ("sky,object,70 130 256", "line 2: '70 130 256' is not a color"),
        ("sky,object,#000000\ncar,object,0 0 0", "line 3: the color #000000 is duplicated"),
        ("sky,,#000000", "line 2: 'sky' has no category"),
    ],
)
def test_tables_of_colors_that_are_wrong(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "c.csv").write_text(f"name,category,color\n{row}\n")
    with pytest.raises(DataError, match=message):
        read_class_table(tmp_path / "c.csv")


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha(folder: Path, mode: str) -> None:
    table = HEX if mode == "RGBA" else VALUES
    channels = painted() if mode == "RGBA" else INDICES[:, :, None]
    alpha = np.full((21, 29, 1), 255, np.uint8)
    Image.fromarray(np.concatenate([channels, alpha], 2)).save(folder / "masks" / "a.png")
    assert np.array_equal(labels(folder, table), EXPECTED)
    alpha[3, 4] = 254
    Image.fromarray(np.concatenate([channels, alpha], 2)).save(folder / "masks" / "a.png")
    with pytest.raises(DataError, match=r"a\.png has a transparent pixel at column 4, row 3"):
        labels(folder, table)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "JPEG2000", "TIFF"])
def test_formats_that_change_values(folder: Path, form: str) -> None:
    """By what is in the file, whatever its ending."""
    options = {"compression": "jpeg"} if form == "TIFF" else {}
    Image.fromarray(INDICES).convert("RGB" if form == "TIFF" else "L").save(
        folder / "masks" / "a.png", form, **options
    )
    with pytest.raises(DataError, match=rf"a\.png is {form}, which changes values; save masks as \.png"):
        labels(folder)


def test_colors_of_sixteen_bits_and_several_frames(folder: Path) -> None:
    path = folder / "masks" / "a.tif"
    tifffile.imwrite(path, painted().astype(np.uint16) * 257, photometric="rgb")
    with pytest.raises(DataError, match="colors of 16 bits"):
        labels(folder, HEX)
    Image.fromarray(INDICES).save(path, save_all=True, append_images=[Image.fromarray(INDICES[::-1])])
    with pytest.raises(DataError, match=r"a\.tif has 2 frames"):
        labels(folder)


def test_what_pillow_does_not_read(folder: Path) -> None:
    tifffile.imwrite(folder / "masks" / "a.tif", INDICES.astype(np.float64))
    with pytest.raises(DataError, match=r"a\.tif is a TIFF file of a kind that Pillow does not read\."):
        labels(folder)


def test_floats_are_no_numbers_of_classes(folder: Path) -> None:
    tifffile.imwrite(folder / "masks" / "a.tif", INDICES.astype(np.float32))
    with pytest.raises(DataError, match=r"a\.tif has the mode F; a mask holds one number a pixel"):
        labels(folder)


def test_digest_follows_colors(folder: Path) -> None:
    Image.fromarray(painted()).save(folder / "masks" / "a.png")
    first = opened(folder, BOTH).digest()
    assert opened(folder, BOTH).digest() == first
    assert opened(folder, BOTH.replace("70,130,180", "70,130,181")).digest() != first
    assert opened(folder, BOTH, mask_orientation="stored").digest() != first


@given(st.data())
def test_colors_are_looked_up_exactly(data: st.DataObject) -> None:
    known = data.draw(st.lists(st.integers(0, 2**24 - 1), min_size=1, max_size=9, unique=True))
    near = [(color + step) % 2**24 for color in known for step in (0, 0, 0, 1, 256, 65536)]
    picked = np.array(data.draw(st.lists(st.sampled_from(near), min_size=6, max_size=6))).reshape(2, 3)
    pixels = np.stack([picked >> 16, picked >> 8 & 255, picked & 255], 2).astype(np.uint8)
    concepts = {color: Concept(f"{color}", "object") for color in known}
    numbers = {concept: place for place, concept in enumerate(concepts.values(), start=1)}
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    table = MaskTable(ClassTable(None, dict(concepts), ""), numbers, Path("classes.csv"))
    mask = Mask(Path("a.png"), Image.open(file), 1, False, 1, False)
    if set(picked.flat) <= set(known):
        expected = [[known.index(color) + 1 for color in row] for row in picked.tolist()]
        assert table.labels(mask).tolist() == expected
    else:
        with pytest.raises(DataError, match="has the color"):
            table.labels(mask)


def test_labels_are_integers(folder: Path) -> None:
    Image.fromarray(painted()).save(folder / "masks" / "a.png")
    assert opened(folder, HEX)[0][1].dtype == torch.int32
