"""What is in a folder, and what of it is passed over."""

from __future__ import annotations

import os
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dissect_widgets as dw
from dissect_widgets.datasets.files import list_folder, photo_endings, say
from dissect_widgets.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (11, 13, 3), np.uint8)


def write(path: Path, form: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(PIXELS).save(path, form)
    return path


FORMS = {
    "jfif": "JPEG",
    "jpe": "JPEG",
    "avif": "AVIF",
    "jp2": "JPEG2000",
    "j2k": "JPEG2000",
    "pgm": "PPM",
    "pnm": "PPM",
    "tif": "TIFF",
    "tiff": "TIFF",
    "webp": "WEBP",
    "bmp": "BMP",
    "tga": "TGA",
    "mpo": "MPO",
    "apng": "PNG",
    "dib": "DIB",
}


def test_all_that_pillow_opens_in_any_case(tmp_path: Path) -> None:
    names = [f"{number}.{ending}" for number, ending in enumerate([*FORMS, *map(str.upper, FORMS)])]
    for name in names:
        write(tmp_path / name, FORMS[name.split(".")[1].lower()])
    data = dw.PhotoFolder(tmp_path, size=(11, 13))
    assert data.names == sorted(names) and data.passed_over == {}
    for index, name in enumerate(data.names):
        with Image.open(tmp_path / name) as image:
            expected = np.asarray(image.convert("RGB"))
        assert (data[index].permute(1, 2, 0).numpy() == np.float32(expected) / np.float32(255)).all()


def test_endings_do_not_say_what_is_in_a_file(tmp_path: Path) -> None:
    for form in ("PNG", "WEBP", "GIF", "TIFF"):
        write(tmp_path / f"{form}.jpg", form)
    assert all(image.shape == (3, 224, 224) for image in dw.PhotoFolder(tmp_path))


def test_names_in_any_script(tmp_path: Path) -> None:
    names = [
        "a.b.jpg",
        "a b (1).jpg",
        "Straße.jpg",
        "木.jpg",
        "кот.jpg",
        "🐈‍⬛.jpg",
        "e\u0301.jpg",
        "نخلة.jpg",
        "#1,;'\".jpg",
    ]
    for name in names:
        write(tmp_path / name)
    data = dw.PhotoFolder(tmp_path)
    composed = {name: unicodedata.normalize("NFC", name) for name in names}
    assert data.names == sorted(names, key=composed.__getitem__)
    assert all(image.shape == (3, 224, 224) for image in data) and len(data.digest()) == 64


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    write(tmp_path / "a.jpg")
    for name in [
        ".DS_Store",
        "._a.jpg",
        ".hidden/b.jpg",
        "Thumbs.db",
        "__MACOSX/._a.jpg",
        "notes.txt",
        "x/ film.mp4",
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with warnings.catch_warnings(action="error"):  # all this is usual
        data = dw.PhotoFolder(tmp_path)
    assert data.names == ["a.jpg"]
    assert data.passed_over == {
        ".DS_Store": "hidden",
        "._a.jpg": "hidden",
        ".hidden": "hidden",
        "Thumbs.db": "left by the operating system",
        "__MACOSX": "left by the operating system",
        "notes.txt": "not an image",
        "x/ film.mp4": "not an image",
    }
    assert say(data.passed_over) == (
        "7 files are passed over: .DS_Store, ._a.jpg, .hidden (hidden); Thumbs.db, __MACOSX (left by the "
        "operating system); notes.txt, x/ film.mp4 (not an image)."
    )
    assert say({}) == "" and say({"b": "hidden"}) == "1 file is passed over: b (hidden)."


def test_photos_that_are_passed_over_are_warned_of(tmp_path: Path) -> None:
    write(tmp_path / "a.jpg")
    (tmp_path / "b.HEIC").write_bytes(b"x")
    (tmp_path / "c.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "d").symlink_to(tmp_path / "d")
    with pytest.warns(
        UserWarning, match=r"^3 files are passed over: b\.HEIC \(Pillow does not read \.heic here\)"
    ) as seen:
        data = dw.PhotoFolder(tmp_path)
    assert seen[0].filename == __file__
    broken = "a broken link"
    assert data.passed_over == {"b.HEIC": "Pillow does not read .heic here", "c.jpg": broken, "d": broken}


def test_a_plugin_of_pillow_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.init()
    monkeypatch.setitem(Image.EXTENSION, ".heic", "PNG")
    write(tmp_path / "b.heic", "PNG")
    assert ".heic" in photo_endings() and dw.PhotoFolder(tmp_path).names == ["b.heic"]


def test_links_are_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "b.jpg")
    write(tmp_path / "elsewhere" / "deep" / "c.jpg")
    write(tmp_path / "photos" / "a.jpg")
    (tmp_path / "photos" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos" / "z.jpg").symlink_to(tmp_path / "elsewhere" / "b.jpg")
    data = dw.PhotoFolder(tmp_path / "photos")
    assert data.names == ["a.jpg", "linked/b.jpg", "linked/deep/c.jpg", "z.jpg"]
    (tmp_path / "all").symlink_to(tmp_path / "photos")
    assert dw.PhotoFolder(tmp_path / "all").names == data.names


def test_circles_of_links_end(tmp_path: Path) -> None:
    write(tmp_path / "one" / "a.jpg")
    write(tmp_path / "two" / "b.jpg")
    (tmp_path / "one" / "up").symlink_to(tmp_path)
    (tmp_path / "two" / "over").symlink_to(tmp_path / "one")
    listing = list_folder(tmp_path, {".jpg"})
    names = [path.as_posix() for path in listing.files]
    assert names == ["one/a.jpg", "two/b.jpg", "two/over/a.jpg"]
    circle = "a link to a folder that it is in"
    assert listing.passed_over == {"one/up": circle, "two/over/up": circle}


def test_the_order_is_of_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a-b/x.jpg", "a/x.jpg", "a/y.jpg", "B.jpg", "a.jpg", "é.jpg", "f.jpg", "e\u0301a.jpg"]
    for name in names:
        write(tmp_path / name)
    first = dw.PhotoFolder(tmp_path).names
    assert first == ["B.jpg", "a/x.jpg", "a/y.jpg", "a-b/x.jpg", "a.jpg", "f.jpg", "é.jpg", "e\u0301a.jpg"]
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: sorted(listed(path), reverse=True))
    assert dw.PhotoFolder(tmp_path).names == first


def test_names_that_are_no_text(tmp_path: Path) -> None:
    write(tmp_path / "a.jpg")
    try:
        (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system has names in Unicode only")
    with pytest.warns(UserWarning, match="its name is not UTF-8"):
        data = dw.PhotoFolder(tmp_path)
    assert data.names == ["a.jpg"] and data.digest()
    assert [name.encode("utf-8") for name in data.passed_over]


def test_a_folder_without_photos_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "one.heic").write_bytes(b"x")
    (tmp_path / "two.txt").write_bytes(b"x")
    with pytest.raises(
        DataError, match=r"no photos in \S+\. 2 files are passed over: one\.heic \(Pillow does not"
    ):
        dw.PhotoFolder(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"a\.jpg is empty\."),
        (b"text", r"a\.jpg is not an image\."),
        (b"\xff\xd8\xff\xe0\0\0", r"a\.jpg "),
    ],
)
def test_files_that_are_no_photos(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(DataError, match=message):
        dw.PhotoFolder(tmp_path)[0]


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(DataError, match=r"a\.png cannot be read: .*exceeds limit"):
        dw.PhotoFolder(tmp_path)[0]


def test_sixteen_bits_become_the_same_as_eight(tmp_path: Path) -> None:
    """A gray ramp with 16 bits, whose mean an older reader gave as 1."""
    ramp = np.tile(np.linspace(0, 65535 * 0.36, 96).round().astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "a.png")
    Image.fromarray(ramp).save(tmp_path / "b.tif")
    Image.fromarray((ramp / 65535).astype(np.float32)).save(tmp_path / "c.tif")
    for image in dw.PhotoFolder(tmp_path, size=(64, 96)):
        assert np.allclose(image.numpy(), ramp / 65535, atol=1e-6)
    small = dw.PhotoFolder(tmp_path, size=(16, 24))[0].numpy()
    blocks = (ramp / 65535).reshape(16, 4, 24, 4).mean((1, 3))
    assert np.abs(small - blocks)[:, :, 1:-1].max() < 1e-5  # a ramp stays a ramp, but at its ends
    with pytest.raises(DataError, match=r"d\.tif has floats from 0 to 23593"):
        Image.fromarray(ramp.astype(np.float32)).save(tmp_path / "d.tif")
        dw.PhotoFolder(tmp_path)[3]
