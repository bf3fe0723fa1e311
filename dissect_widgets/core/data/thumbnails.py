"""Images of the probe set, small, as JPEG or PNG."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Self

import numpy as np
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.arrays import UInt8s
from dissect_widgets.core.data.storage import Mergeable, State

JPEG_QUALITY = 88


def to_pillow(image: Tensor) -> Image.Image:
    """Pillow image of an image float (3, H, W) in [0, 1]."""
    pixels: UInt8s = (image * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels)


def to_png(image: Tensor) -> bytes:
    """PNG of an image float (3, H, W) in [0, 1]."""
    buffer = io.BytesIO()
    to_pillow(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def to_jpeg(image: Tensor, side: int) -> bytes:
    """JPEG of an image float (3, H, W) in [0, 1], resized where a side is longer than `side` pixels."""
    small = to_pillow(image)
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


class Thumbnails(Mergeable):
    """JPEG files of images by image number, as long as they are needed."""

    def __init__(self) -> None:
        self.jpeg: dict[int, bytes] = {}

    def keep_only(self, images: Iterable[int]) -> None:
        """Drop all but these, and sort them."""
        self.jpeg = {image: self.jpeg[image] for image in sorted(set(images)) if image in self.jpeg}

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
