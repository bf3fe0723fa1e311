"""Folders of photos.

>>> photos = PhotoFolder("photos")
>>> photos[0].shape                  # (3, 224, 224), in [0, 1]
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.utils.data import Dataset

from dissect_widgets.core.data.sizes import Size, sides
from dissect_widgets.errors import DataError

IMAGE_ENDINGS = frozenset([".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"])
PathLike = str | Path


class PhotoFolder(Dataset[Tensor]):
    """Photos without labels; for photos in a folder for each class see `torchvision.datasets.ImageFolder`.

    Parameters
    ----------
    images
        Folder of photos; folders in it are searched too.
    size
        Side, or (H, W), that photos are resized to, in pixels (bilinear).

    Raises
    ------
    DataError
        If there are no photos; items raise it if a file is damaged.
    """

    def __init__(self, images: PathLike, *, size: Size = 224) -> None:
        self.images, self.size = Path(images), sides(size, "size")
        self.names = [path.as_posix() for path in list_files(self.images, IMAGE_ENDINGS)]
        if not self.names:
            raise DataError(f"There are no photos in {self.images}.")

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Tensor:
        return read_photo(self.images / self.names[index], self.size)[0]

    def digest(self) -> str:
        """SHA-256 over the names, sizes and times of all files."""
        digest = hashlib.sha256(repr(self.size).encode())
        for name in self.names:
            status = (self.images / name).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()


def read_photo(path: Path, size: tuple[int, int]) -> tuple[Tensor, tuple[int, int]]:
    """Photo float (3, H, W) in [0, 1], resized to `size`, and its original (width, height)."""
    image = open_image(path)
    try:
        rgb = ImageOps.exif_transpose(image).convert("RGB")
        resized = rgb.resize(size[::-1], Image.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path} is damaged: {error}.") from error
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float().div_(255), rgb.size


def open_image(path: Path) -> Image.Image:
    """Open an image file; DataError if it cannot be opened."""
    try:
        return Image.open(path)
    except UnidentifiedImageError:
        raise DataError(f"{path} is not an image.") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error


def list_files(folder: Path, endings: Any) -> list[Path]:
    """Paths of the files with these endings, relative to the folder, sorted; without hidden ones."""
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in endings)
    return sorted(p for p in paths if (folder / p).is_file() and not any(x[0] == "." for x in p.parts))
