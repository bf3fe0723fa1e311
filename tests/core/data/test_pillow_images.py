"""Colors of Pillow images of every kind, beside numpy's own reading of what was written."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageFile
from skimage.color import lab2rgb

from dissect_widgets.core.data.pillow_images import rgb_of
from dissect_widgets.errors import DataError

RANDOM = np.random.default_rng(0)
COLORS = RANDOM.integers(0, 256, (11, 13, 3), np.uint8)
GRAY = COLORS[:, :, 0]
DEEP = RANDOM.integers(0, 65536, (11, 13), np.uint16)


def stored(image: Image.Image, form: str, **options: Any) -> Image.Image:
    """An image as it is read from a file of some form."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def tiff(pixels: np.ndarray, **options: Any) -> Image.Image:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def gray_of(image: Image.Image) -> np.ndarray:
    rgb = rgb_of(image, "photo")
    assert rgb.dtype == np.float32 and (rgb[:, :, :1] == rgb).all()
    return rgb[:, :, 0]


def test_sixteen_bits_of_gray_are_all_kept() -> None:
    expected = (DEEP / 65535).astype(np.float32)
    raw = Image.new("I;16B", (13, 11))
    raw.frombytes(DEEP.astype(">u2").tobytes())
    for image in (
        stored(Image.fromarray(DEEP), "PNG"),
        stored(Image.fromarray(DEEP), "JPEG2000"),
        tiff(DEEP),
        tiff(DEEP, byteorder=">"),
        Image.fromarray(DEEP),
        raw,
    ):
        assert np.array_equal(gray_of(image), expected), image


def test_where_zero_is_white() -> None:
    assert np.allclose(gray_of(tiff(DEEP, photometric="miniswhite")), 1 - DEEP / 65535, atol=1e-7)
    rgb = rgb_of(tiff(GRAY, photometric="miniswhite"), "photo")
    assert np.array_equal(rgb, np.repeat(255 - GRAY[:, :, None], 3, 2))


def test_maps_of_gray_say_their_white() -> None:
    plain = Image.open(io.BytesIO(b"P2 3 1 1000\n0 250 1000\n"))
    assert np.allclose(gray_of(plain), [[0, 0.25, 1]], atol=1e-5)
    binary = Image.open(io.BytesIO(b"P5 2 1 1000\n" + bytes([0, 100, 3, 232])))
    assert np.allclose(gray_of(binary), [[0.1, 1]], atol=1e-5)
    small = Image.open(io.BytesIO(b"P2 3 1 15\n0 3 15\n"))
    assert rgb_of(small, "photo")[0, :, 0].tolist() == [0, 51, 255]


def test_twelve_bits() -> None:
    """Two values in three bytes, after the TIFF 6.0 specification."""
    values = np.arange(0, 4096, 372, dtype=np.uint16).reshape(2, 6)
    pairs = values.reshape(-1, 2).astype(int)
    packed = b"".join(bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in pairs)
    entries = [(256, 6), (257, 2), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 2), (279, 18)]
    file = b"II*\0" + (8 + len(packed)).to_bytes(4, "little") + packed + len(entries).to_bytes(2, "little")
    for tag, value in entries:
        file += tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
    image = Image.open(io.BytesIO(file + bytes(4)))
    assert np.array_equal(gray_of(image), (values / 4095).astype(np.float32))


def test_floats_within_0_to_1_are_as_they_are() -> None:
    floats = (DEEP / 65535).astype(np.float32)
    portable = b"Pf 13 11 -1.0\n" + floats[::-1].astype("<f4").tobytes()
    for image in (tiff(floats), Image.fromarray(floats), Image.open(io.BytesIO(portable))):
        assert np.array_equal(gray_of(image), floats)


@pytest.mark.parametrize(
    ("pixels", "seen"),
    [
        (np.float32([[0, 255]]), "floats from 0 to 255"),
        (np.float32([[-0.25, 1]]), "floats from -0.25 to 1"),
        (np.float32([[0.5, np.nan]]), "floats from nan to nan"),
        (np.int32([[-3, 70000]]), "32-bit whole numbers, from -3 to 70000"),
        (np.int32([[0, 1]]), "32-bit whole numbers, from 0 to 1"),
        (np.uint32([[0, 255]]), "32-bit whole numbers, from 0 to 255"),
        (np.int16([[-7, 1200]]), "whole numbers, from -7 to 1200"),
        (np.int8([[-7, 120]]), "signed"),
        (np.uint16(np.zeros((3, 2, 2))), "16-bit planes"),
    ],
)
def test_numbers_of_which_no_one_knows_what_is_white(pixels: np.ndarray, seen: str) -> None:
    options = {"photometric": "rgb", "planarconfig": "separate"} if pixels.ndim == 3 else {}
    with pytest.raises(DataError, match=rf"^some/photo\.tif .*{seen}"):
        rgb_of(tiff(pixels, **options), "some/photo.tif")


def test_color_of_sixteen_bits_is_right_to_eight() -> None:
    deep = RANDOM.integers(0, 65536, (11, 13, 3), np.uint16)
    rgb = rgb_of(tiff(deep, photometric="rgb"), "photo")
    assert rgb.dtype == np.uint8 and np.abs(rgb / 255 - deep / 65535).max() < 1 / 255


@given(arrays.arrays(np.uint8, (5, 7, 4)))
def test_transparent_pixels_lie_on_white(pixels: np.ndarray) -> None:
    pixels[0, 0, 3] = 255
    color, alpha = pixels[:, :, :3].astype(float), pixels[:, :, 3:].astype(float) / 255
    rgb = rgb_of(stored(Image.fromarray(pixels), "PNG"), "photo")
    assert np.abs(rgb - (color * alpha + 255 * (1 - alpha))).max() <= 0.5 + 1e-9


def test_opaque_alpha_changes_nothing() -> None:
    opaque = np.full((11, 13, 1), 255, np.uint8)
    for form in ("PNG", "TIFF", "TGA"):
        image = stored(Image.fromarray(np.concatenate([COLORS, opaque], 2)), form)
        assert image.mode == "RGBA" and np.array_equal(rgb_of(image, "photo"), COLORS)


def test_gray_with_alpha() -> None:
    alpha = COLORS[:, :, 1]
    rgb = rgb_of(stored(Image.fromarray(np.dstack([GRAY, alpha])), "PNG"), "photo")
    expected = GRAY * (alpha / 255) + 255 - alpha.astype(float)
    assert np.abs(rgb[:, :, 0] - expected).max() <= 0.5 + 1e-9 and (rgb[:, :, :1] == rgb).all()


def test_a_transparent_color_is_white() -> None:
    pixels = np.full((3, 4, 3), (10, 20, 30), np.uint8)
    pixels[1, 2] = 77, 66, 55
    image = stored(Image.fromarray(pixels), "PNG", transparency=(10, 20, 30))
    expected = np.full((3, 4, 3), 255)
    expected[1, 2] = 77, 66, 55
    assert np.array_equal(rgb_of(image, "photo"), expected)
    gray = stored(Image.fromarray(pixels[:, :, 0]), "PNG", transparency=10)
    assert rgb_of(gray, "photo")[:2, 1:3, 0].tolist() == [[255, 255], [255, 77]]
    deep = stored(Image.fromarray(np.uint16([[1000, 65535, 0]])), "PNG", transparency=1000)
    assert gray_of(deep).tolist() == [[1, 1, 0]]


def test_transparency_that_is_not_certain() -> None:
    with pytest.raises(DataError, match="photo is transparent everywhere"):
        rgb_of(stored(Image.new("RGBA", (5, 4), (9, 8, 7, 0)), "TGA"), "photo")
    with pytest.raises(DataError, match="photo has a transparent color that cannot be compared"):
        rgb_of(stored(Image.fromarray(GRAY > 99), "PNG", transparency=1), "photo")


def test_palettes() -> None:
    image = Image.fromarray(np.uint8([[0, 1, 2]]))
    image.putpalette([9, 8, 7, 60, 50, 40, 200, 100, 0])
    expected = [[[9, 8, 7], [60, 50, 40], [200, 100, 0]]]
    for form in ("PNG", "GIF", "TIFF", "BMP"):
        assert rgb_of(stored(image, form), "photo").tolist() == expected
    image = stored(image, "PNG", transparency=bytes([255, 0, 51]))
    assert rgb_of(image, "photo").tolist() == [[[9, 8, 7], [255] * 3, [244, 224, 204]]]
    image = Image.fromarray(np.uint8([[0, 1]]))
    image.putpalette([9, 8, 7, 255, 200, 100, 0, 51], "RGBA")
    assert rgb_of(image, "photo").tolist() == [[[9, 8, 7], [244, 224, 204]]]


def test_one_bit() -> None:
    bits = GRAY > 100
    for form in ("PNG", "TIFF", "BMP"):
        rgb = rgb_of(stored(Image.fromarray(bits), form), "photo")
        assert np.array_equal(rgb, np.repeat(bits[:, :, None] * 255, 3, 2))


def test_cmyk_is_not_inverted() -> None:
    """(1 - ink)(1 - black) of each color, and a JPEG that Adobe's convention has inverted."""
    inks = np.uint8([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 255, 0], [0, 0, 0, 255], [51, 102, 0, 128]]])
    inks = np.repeat(inks.repeat(16, 1), 16, 0)
    share = 1 - inks / 255
    expected = 255 * share[:, :, :3] * share[:, :, 3:]
    image = Image.fromarray(inks, "CMYK")
    assert np.abs(rgb_of(stored(image, "TIFF"), "photo") - expected).max() <= 2
    jpeg = stored(image, "JPEG", quality=100, subsampling=0)
    assert "adobe" in jpeg.info and np.abs(rgb_of(jpeg, "photo") - expected).max() <= 6


def test_cmyk_that_may_be_inverted_is_refused() -> None:
    file = io.BytesIO()
    Image.new("CMYK", (16, 16), (200, 0, 0, 0)).save(file, "JPEG")
    whole = file.getvalue()
    mark = whole.index(b"\xff\xeeAdobe"[:2])
    length = int.from_bytes(whole[mark + 2 : mark + 4], "big")
    image = Image.open(io.BytesIO(whole[:mark] + whole[mark + 2 + length :]))
    assert image.mode == "CMYK"
    with pytest.raises(DataError, match=r"^photo is CMYK without Adobe's mark.*Save it as RGB"):
        rgb_of(image, "photo")


def test_kinds_of_color_that_pillow_converts() -> None:
    image = Image.fromarray(COLORS)
    for mode in ("YCbCr", "HSV", "RGBX", "RGBa", "L", "LA", "La"):
        converted = image.convert("LA").convert("La") if mode == "La" else image.convert(mode)
        expected = np.asarray(image.convert("L" if mode[0] == "L" else "RGB"))
        rgb = rgb_of(converted, "photo").astype(int)
        limit = 12 if mode == "HSV" else 3
        assert np.abs(rgb - (expected[:, :, None] if expected.ndim == 2 else expected)).max() <= limit, mode


def test_lab() -> None:
    """A TIFF file of CIE L*a*b*, beside scikit-image's colors."""
    lab = np.dstack([RANDOM.integers(60, 200, (6, 7)), *RANDOM.integers(-9, 10, (2, 6, 7))])
    data = lab.astype(np.int16).astype(np.uint8).tobytes()  # a and b are signed bytes
    tags = {256: 7, 257: 6, 259: 1, 262: 8, 273: 8, 277: 3, 278: 6, 279: len(data)}
    file = b"II*\0" + (14 + len(data)).to_bytes(4, "little") + data + b"\10\0\10\0\10\0" + b"\11\0"
    entries = {tag: (4, 1, value) for tag, value in tags.items()} | {258: (3, 3, 8 + len(data))}
    for tag, (kind, count, value) in sorted(entries.items()):
        file += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + count.to_bytes(4, "little")
        file += value.to_bytes(4, "little")
    image = Image.open(io.BytesIO(file + bytes(4)))
    expected = lab2rgb(lab * [100 / 255, 1, 1]) * 255
    assert image.mode == "LAB" and np.abs(rgb_of(image, "photo") - expected).max() < 5


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_several_frames_are_refused(form: str) -> None:
    image = Image.fromarray(COLORS)
    several = stored(image, form, save_all=True, append_images=[image.rotate(180), image.rotate(90)])
    with pytest.raises(DataError, match=r"^photo has 3 frames, but an image has one\. Save the frame"):
        rgb_of(several, "photo")
    assert rgb_of(stored(image, form, save_all=True), "photo").shape == (11, 13, 3)


def test_a_chosen_frame_and_what_is_no_frame() -> None:
    image = Image.fromarray(COLORS)
    several = stored(image, "TIFF", save_all=True, append_images=[image.rotate(180)])
    several.seek(1)
    assert np.array_equal(rgb_of(several, "photo"), COLORS[::-1, ::-1])
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as pages:
        pages.write(COLORS, photometric="rgb")
        pages.write(COLORS[::2, ::2], photometric="rgb", subfiletype=1)  # a smaller copy
    assert np.array_equal(rgb_of(Image.open(file), "photo"), COLORS)
    camera = stored(image, "MPO", save_all=True, append_images=[image.rotate(180)])
    assert camera.n_frames == 2
    expected = np.asarray(stored(image, "JPEG"))
    assert np.array_equal(rgb_of(camera, "photo"), expected)


@pytest.mark.parametrize("mode", ["L", "P", "I;16", "RGB", "RGBA", "CMYK", "1"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_files_that_lie_on_their_side(tmp_path: Path, mode: str, orientation: int) -> None:
    """Pillow turns them as it loads them; those that it maps into memory it scrambles."""
    image, exif = Image.fromarray(DEEP if mode == "I;16" else COLORS), Image.Exif()
    image = image if mode == "I;16" else image.convert(mode)
    exif[0x0112] = orientation
    image.save(tmp_path / "a.tif", exif=exif)
    stored = rgb_of(image, "photo")
    upright = [stored, stored[:, ::-1], stored[::-1, ::-1], stored[::-1], stored.swapaxes(0, 1)]
    upright += [np.rot90(stored, -1), stored[::-1, ::-1].swapaxes(0, 1), np.rot90(stored)]
    assert np.array_equal(rgb_of(Image.open(tmp_path / "a.tif"), "photo"), upright[orientation - 1])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_truncated_images_are_refused_whatever_is_set(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    file = io.BytesIO()
    Image.fromarray(COLORS.repeat(9, 0).repeat(9, 1)).save(file, form)
    whole = file.getvalue()
    image = Image.open(io.BytesIO(whole[: len(whole) * 2 // 3]))
    with pytest.raises(DataError, match="photo is damaged"):
        rgb_of(image, "photo")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_an_image_is_read_twice() -> None:
    image = stored(Image.fromarray(COLORS), "PNG")
    assert np.array_equal(rgb_of(image, "photo"), rgb_of(image, "photo"))
    rgb_of(image, "photo")[:] = 0  # the array is the caller's own
    assert np.array_equal(rgb_of(image, "photo"), COLORS)


@pytest.mark.parametrize(
    "form", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "JPEG2000", "PPM", "TGA", "AVIF"]
)
def test_damage_is_a_data_error(form: str) -> None:
    file = io.BytesIO()
    Image.fromarray(COLORS.repeat(9, 0).repeat(9, 1)).save(file, form)
    whole = file.getvalue()
    for cut in range(len(whole) // 3, len(whole) * 9 // 10, len(whole) // 12):
        try:
            image = Image.open(io.BytesIO(whole[:cut]))
        except (OSError, SyntaxError):
            continue
        try:
            rgb_of(image, "photo")
        except DataError as error:
            assert str(error).startswith("photo is damaged: ")
        else:  # formats that are whole in their first part: levels of a wavelet
            assert form in ("JPEG2000", "AVIF")
