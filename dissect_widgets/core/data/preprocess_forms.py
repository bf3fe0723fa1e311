"""The forms in which a `preprocess` takes images, and what it may return.

A batch of tensors, one tensor or one Pillow image at a time, or, as image processors of Hugging Face, a list
of Pillow images. Whatever it takes, what comes of it is one tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dissect_widgets.errors import ProofError

_MOST_CHANNELS: Final = 16


class PreprocessError(ProofError):
    """A `preprocess` that cannot be used: what was expected of it, what was seen, what to do."""

    def __init__(self, claim: str, seen: str, advice: str) -> None:
        super().__init__(f"preprocess: expected that {claim}, but {seen}. {advice}")
        self.claim, self.seen, self.advice = claim, seen, advice


class UnusableError(Exception):
    """What a function returned is no input; the message says what it is.

    `decisive` says that no other way to call the function is to be tried.
    """

    decisive = False


def _batch(function: Any, images: Tensor) -> Tensor:
    return _checked(function(images), len(images))


def _each(function: Any, images: Tensor) -> Tensor:
    return _stacked([_checked(function(image), 1) for image in images])


def _each_pillow(function: Any, images: Tensor) -> Tensor:
    return _stacked([_checked(function(image), 1) for image in _to_pillow(images)])


def _processed(function: Any, images: Tensor) -> Tensor:
    return _checked(function(images=list(_to_pillow(images)), return_tensors="pt"), len(images))


BATCH, IMAGE = "a batch of tensors", "one tensor (3, H, W)"
PILLOW, PROCESSOR = "a Pillow image", "a list of Pillow images"
FORMS: Final[dict[str, Callable[[Any, Tensor], Tensor]]] = {
    BATCH: _batch,
    IMAGE: _each,
    PILLOW: _each_pillow,
    PROCESSOR: _processed,
}
"""What a function may take -> how it is called with images (B, 3, H, W) for an input (B, channels, h, w)."""


def _checked(result: Any, count: int) -> Tensor:
    """Input (count, channels, rows, columns) from what a function returned."""
    if isinstance(result, Mapping) and "pixel_values" in result:
        result = result["pixel_values"]
    if isinstance(result, (list, tuple)) and len(result) == count:
        parts = [_tensor(part) for part in result]
        if len({part.shape for part in parts}) == 1 and parts[0].dim() == 3:
            result = torch.stack(parts)
    given = _tensor(result)
    if count == 1 and given.dim() == 3:
        given = given[None]
    if given.dim() == 4 and len(given) != count:
        error = UnusableError(f"{_described(result)} for {count} {'image' if count == 1 else 'images'}")
        error.decisive = True
        raise error
    if not given.is_floating_point() or given.dim() != 4 or not given.numel():
        raise UnusableError(_described(result))
    if not 1 <= given.shape[1] <= _MOST_CHANNELS:
        raise UnusableError(_described(result))
    return given


def _tensor(value: Any) -> Tensor:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return torch.from_numpy(np.ascontiguousarray(value))
    if not isinstance(value, Tensor):
        raise UnusableError(_described(value))
    return value


def _stacked(parts: list[Tensor]) -> Tensor:
    if len({part.shape for part in parts}) > 1:
        sizes = " and ".join(str(tuple(part.shape[1:])) for part in parts[:2])
        raise UnusableError(f"different sizes for images of one size: {sizes}")
    return torch.cat(parts)


def _described(value: Any) -> str:
    if isinstance(value, (Tensor, np.ndarray)):
        return f"{type(value).__name__} {value.dtype} {tuple(value.shape)}"
    if isinstance(value, Mapping):
        return f"{type(value).__name__} with {', '.join(map(repr, list(value)[:4])) or 'nothing'}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}: {_described(value[0]) if value else 'nothing'}"
    return type(value).__name__


def what_to_do(returned: list[str]) -> str:
    """Advice for a function that returned these."""
    text = "; ".join(returned)
    if "divided by 255 twice" in text:
        return "Images are in [0, 1] already: leave out a division by 255 (do_rescale=False)."
    if any(word in text for word in ("uint8", "int64", "int32", "torch.bool")):
        return "Let it return floating point numbers, scaled as the network was trained."
    if text.endswith((", 3)", ", 1)")):
        return "Let it return channels first: .permute(0, 3, 1, 2), or .permute(2, 0, 1) of one image."
    if text.endswith("returns Image"):
        return "Add torchvision.transforms.ToTensor() behind what works on Pillow images."
    if not returned:
        return "Pass a function of a batch (B, 3, H, W) in [0, 1], such as dw.normalize()."
    return "Let it return one input for each image, as torch.Tensor."


def _to_pillow(images: Tensor) -> Iterator[Image.Image]:
    claim = "images of 8 bits, which Pillow holds, come to a `preprocess` that takes Pillow images"
    if images.requires_grad:
        raise PreprocessError("it passes gradients", "it takes Pillow images, which have none", "")
    for image in images.detach().cpu():
        scaled = image.double() * 255
        levels = scaled.round()
        if float((scaled - levels).abs().max()) > 1e-3:
            odd = float(image.flatten()[(scaled - levels).abs().argmax()])
            raise PreprocessError(
                claim,
                f"an image has the value {odd:.6g}, between multiples of 1/255",
                "Pass a `preprocess` of tensors (torchvision.transforms.v2), or images of 8 bits.",
            )
        yield Image.fromarray(levels.byte().permute(1, 2, 0).numpy())
