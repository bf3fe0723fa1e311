"""Where a result comes from: digests of weights and data, names of functions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from dissect_widgets.core.data.views import origin_of
from dissect_widgets.core.network.original import original


def weights_digest(model: nn.Module) -> str:
    """SHA-256 over names, dtypes, shapes and bytes of the parameters and buffers of the original model."""
    digest = hashlib.sha256()
    for name, tensor in original(model).state_dict().items():
        if not isinstance(tensor, Tensor):
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        if plain.numel():
            digest.update(plain.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def data_digest(data: Any) -> str:
    """The data's own `digest()`, or a digest of their names."""
    digest = getattr(data, "digest", None)
    return str(digest()) if callable(digest) else hashlib.sha256(origin_of(data).encode()).hexdigest()


def describe_callable(function: Callable[..., Any] | None) -> str | None:
    """The `repr` of a function or object; its name where the `repr` has an address in it."""
    if function is None:
        return None
    text = repr(function)
    if " at 0x" not in text:
        return text
    return getattr(function, "__qualname__", type(function).__qualname__)
