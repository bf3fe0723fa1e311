"""Pixels as they come, as an image float (3, H, W) in [0, 1]; or why they cannot be one.

>>> as_image(Image.open("cat.png"), "cat.png").shape
torch.Size([3, 224, 224])
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.data.pillow_images import rgb_of
from dissect_widgets.errors import DataError

_ALLOWED = "an image is (3, H, W) or (H, W, 3), or gray, float in [0, 1], uint8 or uint16; or a Pillow image"
_FULL_SCALE = {torch.uint8: 255, torch.uint16: 65535}
_TOLERANCE = 1e-5
"""How far rounding may lead out of [0, 1]."""


def as_image(value: Any, name: str) -> Tensor:
    """Image float32, or float64 if it is that, (3, H, W) in [0, 1], exactly: a byte b is b / 255.

    Parameters
    ----------
    value
        A tensor or array, floating point in [0, 1], uint8 or uint16, (3, H, W) or (H, W, 3), or gray, (H, W),
        (1, H, W) or (H, W, 1), whose channel is repeated; or a Pillow image, see `rgb_of`.
    name
        Of the image, for errors.

    Raises
    ------
    DataError
        If it is something else, its channels could be the first or the last, or a value is NaN or outside
        of [0, 1].
    """
    if isinstance(value, Image.Image):
        pixels = _of_array(rgb_of(value, name), name)
    elif isinstance(value, Tensor):
        pixels = _plain(value, name)
    elif isinstance(value, np.ma.MaskedArray):
        raise DataError(f"{name} is {describe(value)}, with pixels that are masked out; fill them first.")
    elif hasattr(value, "__array__"):
        pixels = _of_array(np.asarray(value), name)
    else:
        raise DataError(f"{name} is {describe(value)}; {_ALLOWED}.{_how_to_read(value)}")
    return _in_range(_channels_first(pixels, name), name)


def can_be_image(value: Any) -> bool:
    """Whether a value has the form of an image, whatever its numbers are."""
    return isinstance(value, Image.Image) or np.ndim(value if hasattr(value, "ndim") else 0) >= 2


def describe(value: Any) -> str:
    """What a value is, for errors: `"Tensor float32 (3, 5, 7)"`, `"Image RGBA 20 x 10"`, `"int 3"`."""
    kind = type(value).__name__ if value is not None else "None"
    if isinstance(value, Image.Image):
        return f"{kind} {value.mode} {value.width} x {value.height}"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{kind} {str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    if isinstance(value, (tuple, list)):
        parts = ", ".join(type(x).__name__ if isinstance(x, list) else describe(x) for x in value[:4])
        return f"{kind} ({parts}{', ...' if len(value) > 4 else ''})"
    if isinstance(value, (str, bytes, int, float, np.generic)):
        text = repr(value)
        return f"{kind} {text if len(text) <= 60 else text[:57] + '...'}"
    return kind


def _how_to_read(value: Any) -> str:
    """Advice on what names an image but is not one."""
    if isinstance(value, (str, bytes, PathLike)):
        return " Open the file first, with Image.open; PhotoFolder reads a folder of photos."
    if isinstance(value, Mapping):
        return " Decode it first; a column of Hugging Face's data sets by Image(decode=True)."
    return " Make it an array first, with np.asarray." if isinstance(value, (list, tuple)) else ""


def _of_array(array: AnyArray, name: str) -> Tensor:
    if array.dtype.kind not in "fu" or array.dtype.itemsize > 8:
        raise DataError(f"{name} is {describe(array)}; {_ALLOWED}.")
    native = array.astype(
        array.dtype.newbyteorder("="), order="C"
    )  # a copy, for strides and read-only memory
    return _plain(torch.from_numpy(native), name)


def _plain(tensor: Tensor, name: str) -> Tensor:
    """Floating point, without a graph or a subclass, in main memory."""
    if tensor.layout != torch.strided or tensor.is_quantized:
        raise DataError(f"{name} is sparse or quantized; {_ALLOWED}.")
    plain = tensor.detach().as_subclass(Tensor).cpu()
    if plain.dtype in _FULL_SCALE:
        return plain.float() / _FULL_SCALE[plain.dtype]
    if not plain.is_floating_point():
        raise DataError(
            f"{name} is {describe(plain)}; {_ALLOWED}. Integers of other types have no known white."
        )
    return plain if plain.dtype in (torch.float32, torch.float64) else plain.float()


def _channels_first(pixels: Tensor, name: str) -> Tensor:
    """Pixels (3, H, W), wherever their channels are; of gray ones three times the same."""
    shape = tuple(pixels.shape)
    if pixels.dim() == 2:
        pixels = pixels[None]
    elif pixels.dim() != 3:
        more = " It looks like a batch: give its images one by one." if pixels.dim() == 4 else ""
        raise DataError(f"{name} has the shape {shape}; {_ALLOWED}.{more}")
    first, last = (pixels.shape[axis] in (1, 3) for axis in (0, 2))
    if first and last and len(shape) == 3:
        raise DataError(
            f"{name} has the shape {shape}, whose channels could be the first or the last; make the image "
            "wider, or higher."
        )
    if last and len(shape) == 3:
        pixels = pixels.permute(2, 0, 1)
    elif not first:
        more = " Leave out its alpha channel." if 4 in (shape[0], shape[2]) else ""
        raise DataError(f"{name} has the shape {shape}; {_ALLOWED}.{more}")
    if not pixels.numel():
        raise DataError(f"{name} has the shape {shape}, which is empty.")
    return pixels.expand(3, -1, -1) if len(pixels) == 1 else pixels


def _in_range(image: Tensor, name: str) -> Tensor:
    low, high = map(float, image.aminmax())
    if low >= -_TOLERANCE and high <= 1 + _TOLERANCE:
        return image
    advice = "Normalize with `preprocess`, not in the data."
    if np.isnan(low):
        advice = "Some are no numbers (NaN)."
    elif low >= 0 and high <= 255:
        advice = "Divide it by 255 in the data."
    raise DataError(f"{name} has values from {low:.3g} to {high:.3g}; an image must lie in [0, 1]. {advice}")
