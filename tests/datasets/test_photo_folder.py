"""Folders of photos without labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dissect_widgets as dw
from dissect_widgets.errors import DataError, SettingError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (2, 11, 13, 3), dtype=np.uint8)
    (tmp_path / "deeper").mkdir()
    Image.fromarray(pixels[0]).save(tmp_path / "b.png")
    Image.fromarray(pixels[1]).save(tmp_path / "deeper" / "a.PNG")
    (tmp_path / "notes.txt").write_text("no photo")
    return tmp_path


def test_photos_are_squeezed_and_named(folder: Path) -> None:
    photos = dw.PhotoFolder(folder, size=(5, 7))
    assert photos.names == ["b.png", "deeper/a.PNG"] and len(photos) == 2
    image = photos[1]
    expected = Image.open(folder / "deeper" / "a.PNG").resize((7, 5), Image.Resampling.BILINEAR)
    assert image.shape == (3, 5, 7)
    assert (image.permute(1, 2, 0).numpy() == np.array(expected, np.float32) / 255).all()


def test_the_digest_tells_photos_apart(folder: Path) -> None:
    before = dw.PhotoFolder(folder).digest()
    assert dw.PhotoFolder(folder).digest() == before != dw.PhotoFolder(folder, size=100).digest()
    (folder / "b.png").unlink()
    assert dw.PhotoFolder(folder).digest() != before


def test_bad_photos(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder"):
        dw.PhotoFolder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no photos"):
        dw.PhotoFolder(tmp_path / "empty")
    with pytest.raises(SettingError, match="size is 0"):
        dw.PhotoFolder(folder, size=0)
    content = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"b\.png"):
        dw.PhotoFolder(folder)[0]


def test_a_link_to_where_nobody_may_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "link").symlink_to("secret/inner")
    stat = Path.stat

    def forbidden(path: Path, *, follow_symlinks: bool = True) -> object:
        if path.name == "link" and follow_symlinks:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", forbidden)
    with pytest.raises(DataError, match="link cannot be read: Permission denied"):
        dw.PhotoFolder(tmp_path)
