"""Images from pixels of every form: exact, or refused by name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.pixels import as_image, describe
from dissect_widgets.errors import DataError

BYTES = np.random.default_rng(7).integers(0, 256, (3, 11, 13), dtype=np.uint8)
EXACT = np.array([float(Fraction(int(b), 255)) for b in BYTES.ravel()], np.float32).reshape(BYTES.shape)
"""Bytes as floats, by fractions: independent of how torch divides."""
GRAY = BYTES[0]


def as_pillow(mode: str) -> Image.Image:
    """The bytes as an image of a mode."""
    return Image.fromarray(BYTES.transpose(1, 2, 0)).convert(mode)


FORMS: dict[str, Any] = {
    "bytes, channels first": torch.from_numpy(BYTES),
    "bytes, channels last": torch.from_numpy(BYTES.transpose(1, 2, 0).copy()),
    "array of bytes": BYTES,
    "array, channels last": BYTES.transpose(1, 2, 0),
    "floats": EXACT,
    "floats, channels last": EXACT.transpose(1, 2, 0),
    "foreign byte order": EXACT.astype(">f4"),
    "a read-only view with negative strides": np.broadcast_to(EXACT[::-1], EXACT.shape)[::-1],
    "Pillow": as_pillow("RGB"),
    "opaque RGBA": as_pillow("RGBA"),
    "a tensor with a gradient": torch.from_numpy(EXACT).requires_grad_(),
}


@pytest.mark.parametrize("form", FORMS)
def test_colors_are_exact(form: str) -> None:
    image = as_image(FORMS[form], "a")
    assert image.dtype == torch.float32 and not image.requires_grad and type(image) is Tensor
    np.testing.assert_array_equal(image.numpy(), EXACT)


@pytest.mark.parametrize(
    "gray",
    [
        torch.from_numpy(GRAY),
        torch.from_numpy(GRAY)[None],
        GRAY[:, :, None],
        EXACT[:1],
        Image.fromarray(GRAY),
    ],
    ids=describe,
)
def test_gray_is_repeated(gray: Any) -> None:
    np.testing.assert_array_equal(as_image(gray, "a").numpy(), EXACT[[0, 0, 0]])


def test_kinds_of_numbers() -> None:
    assert as_image(torch.from_numpy(EXACT).double(), "a").dtype == torch.float64
    half = torch.from_numpy(EXACT).half()
    for few_bits in (half, half.bfloat16(), half.numpy()):
        image = as_image(few_bits, "a")
        assert image.dtype == torch.float32
        torch.testing.assert_close(image.double(), torch.as_tensor(few_bits).double(), atol=0, rtol=0)
    deep = np.array([[0, 1, 65535], [257, 32768, 12345]], np.uint16)
    np.testing.assert_array_equal(as_image(deep, "a")[1].numpy(), (deep / 65535).astype(np.float32))
    np.testing.assert_array_equal(
        as_image(Image.fromarray(deep), "a")[2].numpy(), (deep / 65535).astype(np.float32)
    )


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA", "YCbCr", "HSV"])
def test_pillow_images_of_other_kinds_are_as_pillow_shows_them(mode: str) -> None:
    shown = np.asarray(as_pillow(mode).convert("RGB")).transpose(2, 0, 1)
    np.testing.assert_array_equal(as_image(as_pillow(mode), "a").numpy(), shown.astype(np.float32) / 255)


REFUSED: list[tuple[Any, str]] = [
    (torch.from_numpy(EXACT) * 255, "cat has values from .* Divide it by 255"),
    (torch.from_numpy(EXACT) * 2 - 1, "cat has values from -.* Normalize with `preprocess`"),
    (torch.full((3, 5, 7), torch.nan), "cat has values from nan to nan.*NaN"),
    (torch.full((3, 5, 7), torch.inf), "cat has values from inf to inf"),
    (torch.zeros(3, 5, 7, dtype=torch.int64), r"cat is Tensor int64 \(3, 5, 7\); an image is"),
    (torch.zeros(3, 5, 7, dtype=torch.bool), r"cat is Tensor bool"),
    (np.zeros((3, 5, 7), bool), r"cat is ndarray bool \(3, 5, 7\)"),
    (np.zeros((3, 5, 7), np.int32), "cat is ndarray int32"),
    (np.zeros((3, 5, 7), complex), "cat is ndarray complex128"),
    (np.zeros((3, 5, 7), object), "cat is ndarray object"),
    (torch.zeros(3, 5, 3), r"\(3, 5, 3\), whose channels could be the first or the last"),
    (np.zeros((1, 5, 3), np.uint8), r"\(1, 5, 3\), whose channels could be"),
    (torch.zeros(2, 5, 7), r"has the shape \(2, 5, 7\)"),
    (np.zeros((5, 7, 4), np.uint8), r"\(5, 7, 4\).*alpha"),
    (torch.zeros(8, 3, 5, 7), r"\(8, 3, 5, 7\).*looks like a batch"),
    (torch.zeros(7), r"has the shape \(7,\)"),
    (torch.zeros(3, 0, 7), "is empty"),
    (torch.zeros(3, 5, 7).to_sparse(), "cat is sparse"),
    (np.ma.masked_less(np.ones((3, 5, 7)), 0.5), "masked out; fill them first"),
    ("cat.png", "cat is str 'cat.png'.*Open the file first"),
    ({"bytes": b"", "path": "cat.png"}, "Decode it first"),
    ([[0.5] * 7] * 5, "cat is list .*np.asarray"),
    (None, "cat is None;"),
    (3, "cat is int 3"),
    (Image.new("F", (7, 5), 200), "cat has floats from 200"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED, ids=[describe(value) for value, _ in REFUSED])
def test_what_is_no_image_is_refused_by_name(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_image(value, "cat")


def test_rounding_beyond_the_range_is_allowed() -> None:
    assert as_image(torch.full((3, 5, 7), 1 + 5e-6), "a").max() > 1
