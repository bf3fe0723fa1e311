"""What is proved of files before a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

import dissect_widgets as dw
from dissect_widgets.datasets import load_photo
from dissect_widgets.errors import DataError, ProofError

RANDOM = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "abcdefg":
        for folder, shape in (("images", (21, 29, 3)), ("masks", (21, 29))):
            (tmp_path / folder).mkdir(exist_ok=True)
            pixels = RANDOM.integers(0, 2, shape, np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{name}.png")
    (tmp_path / "classes.csv").write_text("value,name,category\n0,sky,object\n1,car,object\n")
    return tmp_path


def opened(folder: Path, **options: object) -> dw.MaskFolder:
    return dw.MaskFolder(folder / "images", folder / "masks", folder / "classes.csv", **options)


def test_all_is_well(folder: Path) -> None:
    (folder / "images" / "notes.txt").write_text("x")
    pairs, readable = opened(folder).proofs()
    assert (pairs.verdict, readable.verdict) == ("proved", "proved")
    assert pairs.seen == "7 photos; 1 file is passed over: notes.txt (not an image)"
    assert readable.seen == "looked at 3 of 7: a.png, d.png, g.png"
    (folder / "images" / "z.heic").write_text("x")
    with pytest.warns(UserWarning, match=r"z\.heic"):
        pairs, readable = dw.PhotoFolder(folder / "images").proofs()
    assert pairs.verdict == "chosen" and "z.heic (Pillow does not read .heic here)" in pairs.seen
    readable.require()


def test_what_is_left_out_is_named(folder: Path) -> None:
    (folder / "masks" / "b.png").unlink()
    pairs, _ = opened(folder, skip_unpaired=True).proofs()
    assert pairs.verdict == "chosen"
    assert pairs.seen == "6 photos; 1 files without a partner are left out: b.png"


def test_a_mask_that_cannot_be_used(folder: Path) -> None:
    Image.new("L", (29, 21), 9).save(folder / "masks" / "g.png")
    _, readable = opened(folder).proofs()
    assert readable.verdict == "refused" and "g.png has the value 9, which is no class's" in readable.seen
    with pytest.raises(
        ProofError, match=r"^files: expected that photos and masks can be read.*skip_errors=True"
    ):
        readable.require()


def test_folders_of_torchvision_can_read_alike(tmp_path: Path) -> None:
    (tmp_path / "beach").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = RANDOM.integers(0, 256, (21, 29, 3), np.uint8)
    deep = RANDOM.integers(0, 65536, (21, 29), np.uint16)
    Image.fromarray(pixels).save(tmp_path / "beach" / "a.png", exif=exif)
    Image.fromarray(deep).save(tmp_path / "beach" / "b.png")
    Image.fromarray(np.float32(deep)).save(tmp_path / "beach" / "c.tif")
    data = ImageFolder(str(tmp_path), loader=load_photo)
    assert np.array_equal(np.asarray(data[0][0]), np.rot90(pixels, -1))
    expected = (deep / 65535 * 255).round()
    assert np.array_equal(np.asarray(data[1][0]), np.repeat(expected[:, :, None], 3, 2)) and data[1][1] == 0
    with pytest.raises(DataError, match=r"c\.tif has floats"):
        data[2]
