"""Photos as files hold them: opened, upright, and resized.

>>> photo = read_photo(Path("photos/17.jpg"), (224, 224))
>>> photo.pixels.shape, photo.size   # (3, 224, 224) in [0, 1], and (640, 480)
"""

from __future__ import annotations

import os
import stat
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from dissect_widgets.core.data.arrays import Float32s
from dissect_widgets.core.data.pillow_images import rgb_image
from dissect_widgets.core.files.target import input_file
from dissect_widgets.datasets.whole_files import lacks_rows, what_is_damaged
from dissect_widgets.errors import DataError, shortened

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image upright, by EXIF's number of its orientation."""
_ORIENTATION = 0x0112


class Photo(NamedTuple):
    """A photo that was read."""

    pixels: Tensor
    """Float (3, H, W) in [0, 1], upright and resized."""
    size: tuple[int, int]
    """Width and height in the file, upright."""
    orientation: int
    """How it lies in the file: EXIF's number, 1 for upright."""

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height as it lies in the file."""
        return self.size if self.orientation < 5 else self.size[::-1]


def read_photo(path: Path, size: tuple[int, int]) -> Photo:
    """Read a photo, turned upright where EXIF says so, and resized to (H, W), bilinear.

    Raises
    ------
    DataError
        If it cannot be read, or not with certainty; see `rgb_of`.
    """
    with open_image(path) as image:
        before = tiff_orientation(image)
        colors, orientation = _colors(image, path), read_orientation(image)
    if not isinstance(colors, Image.Image):
        colors = Image.fromarray(colors)  # grays in floats
    upright = turned_upright(colors, orientation)
    small = torch.from_numpy(np.array(upright.resize(size[::-1], Image.Resampling.BILINEAR)))
    if upright.mode == "F":
        pixels = small.clamp_(0, 1).expand(3, -1, -1).contiguous()
    else:
        pixels = small.permute(2, 0, 1).float().div_(255)
    return Photo(pixels, upright.size, before or orientation)


def load_photo(path: str | Path) -> Image.Image:
    """Load a photo, upright, as an RGB image of Pillow: the `loader` of torchvision's `ImageFolder`.

    Raises
    ------
    DataError
        If it cannot be read, or not with certainty; see `rgb_of`.
    """
    path = input_file(path, error=DataError)
    with open_image(path) as image:
        colors, orientation = _colors(image, path), read_orientation(image)
    if not isinstance(colors, Image.Image):
        colors = Image.fromarray((colors * 255).round().astype(np.uint8)).convert("RGB")
    return turned_upright(colors, orientation)


def _colors(image: Image.Image, path: Path) -> Image.Image | Float32s:
    colors = rgb_image(image, shortened(path, 400))
    check_rows(path, image)
    return colors


def check_rows(path: Path, image: Image.Image) -> None:
    """DataError if rows are missing in the file of a loaded image."""
    try:
        lacking = lacks_rows(path, image)
    except OSError as error:
        raise DataError(f"{shortened(path, 400)} cannot be read: {error.strerror or error}.") from error
    except zlib.error as error:
        raise DataError(f"{shortened(path, 400)} is damaged: {error}.") from error
    if lacking:
        raise DataError(f"{shortened(path, 400)} is damaged: it has fewer rows than it says.")


def open_image(path: Path) -> Image.Image:
    """Open an image file; DataError if it cannot be opened, or is damaged as far as its checksums tell."""
    name = shortened(path, 400)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise DataError(f"{name} is not a file.")  # to open a pipe could take forever
        image = Image.open(path)
        damage = "" if image.fp is None else what_is_damaged(image.fp, image.format)
        if damage:
            image.close()
            raise DataError(f"{name} is damaged: {damage}.")
        return image
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"{name} {_what_it_is(path)}") from None
    except Exception as error:  # what readers of damaged headers raise has no limits
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{name} cannot be read: {shortened(reason, 300)}.") from error


def _what_it_is(path: Path) -> str:
    """What a file is that Pillow does not open."""
    try:
        with open(path, "rb") as file:
            head = file.read(4)
    except OSError as error:  # it was there a moment ago
        return f"cannot be read: {error.strerror or error}."
    if head in (b"II*\0", b"MM\0*"):
        return "is a TIFF file of a kind that Pillow does not read. Save it with 8 or 16 bits, or as .png."
    return "is not an image." if head else "is empty."


def read_orientation(image: Image.Image) -> int:
    """EXIF's number of the orientation of a loaded image; 1, upright, if there is none that is allowed."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
        return int(orientation) if orientation in UPRIGHT else 1
    except Exception:  # damaged notes beside sound pixels
        return 1


def tiff_orientation(image: Image.Image) -> int:
    """EXIF's number of a TIFF file that is not loaded yet, which Pillow turns upright as it loads; or 0."""
    turned = image.format == "TIFF" and read_orientation(image) > 1
    return read_orientation(image) if turned else 0


def turned_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Image that lies as EXIF's number says, upright."""
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image
