"""Small pictures of the probe set, kept as JPEG."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.storage import Mergeable, State

JPEG_QUALITY = 88


def to_image(picture: Tensor) -> Image.Image:
    """Picture float (3, H, W) in [0, 1] as Pillow holds it."""
    pixels: NDArray[np.uint8] = (picture * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels)


def to_png(picture: Tensor) -> bytes:
    """PNG of a picture float (3, H, W) in [0, 1]."""
    buffer = io.BytesIO()
    to_image(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def encode_picture(image: Tensor, side: int) -> bytes:
    """JPEG of an image float (3, H, W) in [0, 1], made smaller where a side is longer than `side`."""
    picture = to_image(image)
    picture.thumbnail((side, side), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


class Pictures(Mergeable):
    """Pictures by image number, as long as they are wanted."""

    def __init__(self) -> None:
        self.jpeg: dict[int, bytes] = {}

    def keep_only(self, wanted: Iterable[int]) -> None:
        """Forget all others."""
        self.jpeg = {image: self.jpeg[image] for image in sorted(wanted) if image in self.jpeg}

    def merge(self, other: Self) -> None:
        """Add those of another shard."""
        self.jpeg |= other.jpeg

    def state(self) -> State:
        """Plain arrays from which `load_state` makes it again."""
        images = sorted(self.jpeg)
        data = b"".join(self.jpeg[image] for image in images)
        return {
            "images": np.array(images, np.int64),
            "lengths": np.array([len(self.jpeg[image]) for image in images], np.int64),
            "data": np.frombuffer(data, np.uint8),
        }

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from."""
        data, end = np.asarray(state["data"][:]).tobytes(), 0
        for image, length in zip(state["images"][:].tolist(), state["lengths"][:].tolist(), strict=True):
            self.jpeg[image] = data[end : end + length]
            end += length
