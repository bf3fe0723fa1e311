"""Photos and masks that are damaged, made to harm, or gone: right, or refused with the name of the file."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, TiffImagePlugin

import dissect_widgets as dw
from dissect_widgets.core.data.batches import load_batches
from dissect_widgets.datasets.photos import load_photo, read_orientation
from dissect_widgets.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
LABELS = np.random.default_rng(1).integers(0, 3, (12, 16)).astype(np.uint8)
TABLE = "value,name,category\n0,,\n1,a,object\n2,b,object\n"


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(5):
        for kind, content in (("images", PIXELS), ("masks", LABELS)):
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.fromarray(content).save(tmp_path / kind / f"{number}.png")
    (tmp_path / "classes.csv").write_text(TABLE)
    return tmp_path


def opened(folder: Path) -> dw.MaskFolder:
    return dw.MaskFolder(folder / "images", folder / "masks", folder / "classes.csv", size=8, label_size=4)


def assert_right_or_refused(read: Callable[[], Any], name: str, expected: Any) -> str:
    """Outcome; anything else than the right image or an error that names the file fails."""
    try:
        found = read()
    except DataError as error:
        assert name in str(error) and len(str(error)) < 1_000
        return "refused"
    assert np.array_equal(found, expected)
    return "right"


# Files that are damaged -----------------------------------------------------------------------------------

SMOOTH = (np.add.outer(np.arange(12) * 5, np.arange(16) * 3)[:, :, None] + [0, 20, 40]).astype(np.uint8)
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_deflate"}),
    ("GIF", {}),
    ("BMP", {}),
    ("PPM", {}),
    ("TGA", {}),
    ("JPEG2000", {}),
    ("AVIF", {}),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("form", "options"), FORMS, ids=[f"{f} {o}" for f, o in FORMS])
def test_truncated_photos_are_never_read_in_part(tmp_path: Path, form: str, options: dict[str, Any]) -> None:
    path = tmp_path / "a.png"
    for pixels in (PIXELS, SMOOTH):
        content = encoded(Image.fromarray(pixels), form, **options)
        path.write_bytes(content)
        whole = np.asarray(load_photo(path))
        places = [*range(0, len(content), 7), *range(max(len(content) - 40, 0), len(content))]
        outcomes = set()
        for end in [*places, *(n for n in range(195, 225) if n < len(content))]:
            path.write_bytes(content[:end])
            outcomes.add(assert_right_or_refused(lambda: np.asarray(load_photo(path)), str(path), whole))
        assert "refused" in outcomes


@pytest.mark.parametrize("level", [0, 9])
@pytest.mark.parametrize("kind", ["photo", "gray", "palette"])
def test_a_changed_bit_in_a_png(folder: Path, kind: str, level: int) -> None:
    image = Image.fromarray(PIXELS if kind == "photo" else LABELS)
    if kind == "palette":
        image = image.convert("P")
    content = encoded(image, "PNG", compress_level=level)
    path = folder / "images" / "0.png"
    path.write_bytes(content)
    whole = np.asarray(load_photo(path))
    random = np.random.default_rng(2)
    for _ in range(200):
        changed = bytearray(content)
        changed[random.integers(len(content))] ^= 1 << random.integers(8)
        path.write_bytes(changed)
        assert_right_or_refused(lambda: np.asarray(load_photo(path)), str(path), whole)


@pytest.mark.parametrize("lenient", [False, True])
def test_a_changed_bit_in_a_mask(folder: Path, monkeypatch: pytest.MonkeyPatch, lenient: bool) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    path = folder / "masks" / "0.png"
    content, whole = path.read_bytes(), opened(folder)[0][1]
    random = np.random.default_rng(3)
    for _ in range(100):
        changed = bytearray(content)
        changed[random.integers(len(content))] ^= 1 << random.integers(8)
        path.write_bytes(changed)
        assert_right_or_refused(lambda: opened(folder)[0][1], str(path), whole)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    numbers: np.ndarray, *, bits: int = 8, color: int = 3, size: tuple[int, int] | None = None, **parts: bytes
) -> bytes:
    height, width = size or numbers.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in numbers)
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    more = b"".join(chunk(kind.encode(), data) for kind, data in parts.items())
    end = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + end


SHORT = bytes([9, 9, 9, 40, 50, 60])
NUMBERS = np.zeros((12, 16), np.uint8)
NUMBERS[4:, 4:] = 1
BEHIND = NUMBERS.copy()
BEHIND[0, 0] = 7
DAMAGED = {
    "empty": b"",
    "text": b"hello",
    "web page": b"<!DOCTYPE html>",
    "no pixels": png(NUMBERS, size=(0, 16), PLTE=SHORT),
    "bomb of pixels": png(NUMBERS, size=(60_000, 60_000), PLTE=SHORT),
    "size of 32 bits": png(NUMBERS, size=(2**31 - 1, 2**31 - 1), PLTE=SHORT),
    "bomb of text": png(NUMBERS, PLTE=SHORT, zTXt=b"a\0\0" + zlib.compress(bytes(10**8))),
    "bomb of a profile": png(NUMBERS, PLTE=SHORT, iCCP=b"a\0\0" + zlib.compress(bytes(10**8))),
    "fewer rows": png(NUMBERS[:5], size=(12, 16), PLTE=SHORT),
    "wrong bits": png(NUMBERS, bits=3, PLTE=SHORT),
    "wrong color": png(NUMBERS, color=9),
    "animated": encoded(
        Image.fromarray(PIXELS), "PNG", save_all=True, append_images=[Image.fromarray(255 - PIXELS)]
    ),
    "animated gif": encoded(
        Image.fromarray(LABELS), "GIF", save_all=True, append_images=[Image.fromarray(2 - LABELS)]
    ),
    "head of a jpeg": encoded(Image.fromarray(PIXELS), "JPEG")[:100],
    "head of a tiff": b"II*\0" + bytes(20),
    "circle of a tiff": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("where", ["images", "masks"])
@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_files(folder: Path, kind: str, where: str) -> None:
    path = folder / where / "1.png"
    path.write_bytes(DAMAGED[kind])
    data = opened(folder)
    with pytest.raises(DataError) as raised:
        data[1]
    assert str(path) in str(raised.value) and len(str(raised.value)) < 1_000
    batch = next(iter(load_batches(data, range(5), 5, skip_errors=True)))
    assert batch.indices == [0, 2, 3, 4] and [skipped.name for skipped in batch.skipped] == ["1.png"]


def test_a_photo_of_colors_that_its_palette_lacks(folder: Path) -> None:
    (folder / "images" / "1.png").write_bytes(png(BEHIND, PLTE=SHORT))
    with pytest.raises(DataError, match=r"1\.png is damaged: it has the color 7 of a palette of 2"):
        opened(folder)[1]


def test_black_rows_are_no_missing_rows(folder: Path) -> None:
    black = PIXELS * (np.arange(12) < 6)[:, None, None].astype(np.uint8)
    for image in (
        Image.fromarray(black),
        Image.fromarray(black).convert("L"),
        Image.fromarray(black).convert("1"),
    ):
        for bits in ({}, {"bits": 1}) if image.mode == "1" else ({},):
            image.save(folder / "images" / "0.png", **bits)
            assert np.array_equal(load_photo(folder / "images" / "0.png"), image.convert("RGB"))


def test_a_mask_of_colors_that_its_palette_lacks(folder: Path) -> None:
    (folder / "classes.csv").write_text(
        "color,name,category\n#000000,,\n#28323C,a,object\n#090909,b,object\n"
    )
    for number in range(5):
        (folder / "masks" / f"{number}.png").write_bytes(png(NUMBERS, PLTE=SHORT))
    assert opened(folder)[0][1].unique().tolist() == [1, 2]
    (folder / "masks" / "1.png").write_bytes(png(BEHIND, PLTE=SHORT))
    with pytest.raises(DataError, match=r"1\.png is damaged: it has the color 7 of a palette of 2"):
        opened(folder)[1]


def test_values_that_no_class_has(folder: Path) -> None:
    for value in (3, 255):
        labels = LABELS.copy()
        labels[-1, -1] = value
        Image.fromarray(labels).save(folder / "masks" / "2.png")
        with pytest.raises(DataError, match=rf"2\.png has the value {value}, which is no class's"):
            opened(folder)[2]


# EXIF -----------------------------------------------------------------------------------------------------


def exif(orientation: bytes, kind: int, count: int = 1, *, following: int = 0, entries: int = 1) -> bytes:
    """EXIF of a photo, with the orientation as it is given: its four bytes, its type, and how many."""
    entry = struct.pack("<HHI", 0x0112, kind, count) + orientation.ljust(4, b"\0")[:4]
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", entries) + entry * 1 + struct.pack("<I", following)


NOTES = {
    "none": b"",
    "0": exif(b"\0", 3),
    "9": exif(b"\x09", 3),
    "65535": exif(b"\xff\xff", 3),
    "a text": exif(b"6\0", 2, 2),
    "bytes": exif(b"\x06", 7, 4),
    "a fraction": exif(b"\xff\xff\xff\x7f", 5),
    "a float": exif(b"\0\0\xc0\x7f", 11),
    "several": exif(b"\x06\0\x03\0", 3, 2),
    "none of it": exif(b"\x06", 3, 0),
    "very many": exif(b"\x06", 3, 2**31),
    "an unknown type": exif(b"\x06", 99),
    "more entries than there are": exif(b"\x06", 3, entries=60_000),
    "a circle": exif(b"\x01", 3, following=8),
    "far behind the end": exif(b"\x01", 3, following=2**31),
    "no head": b"Exif\0\0",
    "half a head": b"Exif\0\0II*\0",
    "another order": b"Exif\0\0MM\0*\xff\xff\xff\xff",
    "noise": b"Exif\0\0" + bytes(range(256)) * 8,
    "text": b"hello",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kind", NOTES)
def test_damaged_exif_turns_nothing(tmp_path: Path, kind: str, form: str) -> None:
    path = tmp_path / "a.png"
    plain = encoded(Image.fromarray(PIXELS), form)
    path.write_bytes(plain)
    stored = np.asarray(load_photo(path))
    path.write_bytes(encoded(Image.fromarray(PIXELS), form, exif=NOTES[kind]))
    found = np.asarray(load_photo(path))
    turned = [np.asarray(Image.fromarray(stored).transpose(t)) for t in Image.Transpose]
    assert any(np.array_equal(found, one) for one in [stored, *turned])
    if kind in ("none", "0", "9", "65535", "noise", "text", "no head", "half a head", "another order"):
        assert np.array_equal(found, stored)
    assert dw.PhotoFolder(tmp_path, size=8)[0].shape == (3, 8, 8)


@pytest.mark.parametrize("value", ["6", b"\x06", [6], {}, (6,), None, float("nan"), 6.5, 2**70, -6, object()])
def test_orientations_of_other_types(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    image = Image.fromarray(PIXELS)
    monkeypatch.setattr(Image.Image, "getexif", lambda _: {0x0112: value})
    assert read_orientation(image) == 1
    fraction = TiffImagePlugin.IFDRational(6, 1)
    monkeypatch.setattr(Image.Image, "getexif", lambda _: {0x0112: fraction})
    assert read_orientation(image) in (1, 6)


def test_an_exif_that_crashes(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def crashing(_: object) -> None:
        raise RecursionError("no")

    monkeypatch.setattr(Image.Image, "getexif", crashing)
    assert len(opened(folder)[0]) == 2 and dw.PhotoFolder(folder / "images")[0].shape == (3, 224, 224)


# Files that change after they were listed -----------------------------------------------------------------


def remove(path: Path) -> None:
    path.unlink()


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("where", ["images", "masks"])
@pytest.mark.parametrize("change", [remove, make_folder, make_pipe, make_circle, truncate, empty])
def test_files_that_change_after_they_were_listed(
    folder: Path, change: Callable[[Path], None], where: str, workers: int
) -> None:
    if workers and change not in (remove, make_pipe):
        pytest.skip("the same code as without workers")
    data, path = opened(folder), folder / where / "3.png"
    change(path)
    with pytest.raises(DataError) as raised:
        data[3]
    assert str(path) in str(raised.value) and len(str(raised.value)) < 1_000
    batches = list(load_batches(data, range(5), 2, skip_errors=True, workers=workers))
    assert [index for batch in batches for index in batch.indices] == [0, 1, 2, 4]
    assert [skipped.name for batch in batches for skipped in batch.skipped] == ["3.png"]
    with pytest.raises(DataError, match=r"3\.png"):
        list(load_batches(data, range(5), 2, workers=workers))


def test_a_photo_that_is_gone_while_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"no image")
    opening = Image.open

    def gone(where: Path) -> Image.Image:
        try:
            return opening(where)
        finally:
            path.unlink()

    monkeypatch.setattr(Image, "open", gone)
    with pytest.raises(DataError, match=r"a\.png cannot be read: No such file"):
        load_photo(path)


def test_another_file_that_is_gone_does_not_hide_an_item(folder: Path) -> None:
    """How masks lie is looked up in all files; those that cannot be read say nothing."""
    turned = Image.Exif()
    turned[0x0112] = 6
    for number in range(5):
        Image.fromarray(PIXELS).save(folder / "images" / f"{number}.png", exif=turned)
    square = Image.fromarray(PIXELS[:, :12])
    square.save(folder / "images" / "0.png", exif=turned)
    Image.fromarray(LABELS[:, :12]).save(folder / "masks" / "0.png")
    data = opened(folder)
    (folder / "images" / "4.png").unlink()
    try:
        data[0]
    except DataError as error:
        assert "4.png" not in str(error)


def test_reading_in_threads(folder: Path) -> None:
    data, expected, wrong = opened(folder), opened(folder)[0][1], []

    def read() -> None:
        for number in range(5):
            if not np.array_equal(data[number][1], expected):
                wrong.append(number)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
