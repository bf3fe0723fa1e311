"""Where a result comes from: digests of weights and data, names of functions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dissect_widgets.core.data.batches import read_item
from dissect_widgets.core.data.views import image_name, is_for_each
from dissect_widgets.core.network.original import original
from dissect_widgets.errors import DataError

_ANY_TEXT = "surrogatepass"
"""Names may have characters that are none, such as those of files whose names are no text."""


def weights_digest(model: nn.Module) -> str:
    """SHA-256 over names, dtypes, shapes and bytes of the parameters and buffers of the original model."""
    digest = hashlib.sha256()
    for name, tensor in original(model).state_dict().items():
        if not isinstance(tensor, Tensor):
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode("utf-8", _ANY_TEXT))
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        if plain.numel():
            digest.update(plain.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def data_digest(data: Any) -> str:
    """The data's own `digest()`; else a digest of their names, or of a few items where they have no names."""
    digest = getattr(data, "digest", None)
    if callable(digest):
        return str(digest())
    count = len(data)
    if is_for_each(getattr(data, "names", None), "names", data):
        described = "\n".join(image_name(data, index) for index in range(count)).encode("utf-8", _ANY_TEXT)
    else:
        places = {0, count // 3, 2 * count // 3, count - 1}
        described = f"{count} ".encode() + b"".join(_fingerprint(data, index) for index in sorted(places))
    return hashlib.sha256(described).hexdigest()


def _fingerprint(data: Any, index: int) -> bytes:
    """Bytes of an item, or the reason why it cannot be read."""
    try:
        image, labels = read_item(data, index)
    except DataError as error:
        return str(error).encode("utf-8", _ANY_TEXT)
    return image.numpy().tobytes() + (b"" if labels is None else np.asarray(labels).tobytes())


def describe_callable(function: Callable[..., Any] | None) -> str | None:
    """The `repr` of a function or object; its name where the `repr` has an address in it."""
    if function is None:
        return None
    text = repr(function)
    if " at 0x" not in text:
        return text
    return getattr(function, "__qualname__", type(function).__qualname__)
