"""Values of weights: what a network can take over from a file, and how it is put in, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from dissect_widgets.errors import WeightsError, shortened, shown

_CONVERTED: Final = {("floats", "whole numbers"), ("whole numbers", "True and False")}
"""Kinds of numbers that are converted if they stay what they are: counts that were halved with the rest."""


def tensors_of(model: nn.Module) -> dict[str, Tensor]:
    """State dict of a model that weights can be put into.

    Raises
    ------
    WeightsError
        If it has tensors without memory, or more than tensors.
    """
    state: dict[str, Any] = model.state_dict()
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            why = "is no tensor; use its own load_state_dict"
        elif tensor.is_meta:
            why = 'is on the device "meta", which has no memory; use to_empty first'
        else:
            continue
        raise WeightsError(f"{shown(name)} of {type(model).__name__} {why}.")
    return state


def taken_over(value: Tensor, like: Tensor, name: str, origin: str | Path, *, buffer: bool) -> Tensor:
    """Value of a file with the type of the network's, on the CPU.

    Floats are rounded to the network's; whole numbers, True and False must stay what they are. A buffer may
    be infinite where that of the network is, as masks of attention are.

    Raises
    ------
    WeightsError
        If it is of another kind (whole numbers for floats, sparse, quantized, without memory), NaN, infinite,
        or too large for the type.
    """
    what = f"{shortened(origin, 400)}: {shown(name)}"
    kind, wanted = _kind(value), _kind(like)
    if kind != wanted and (kind, wanted) not in _CONVERTED:
        raise WeightsError(
            f"{what} has {kind} ({value.dtype}), the network {wanted} ({like.dtype}); they are not converted."
        )
    if value.is_quantized:
        return value
    try:
        converted = value.detach().cpu().to(like.dtype)
        if wanted == "floats":
            _check_finite(value, converted, like if buffer else None, what)
        elif not torch.equal(converted.to(value.dtype), value.cpu()):
            raise WeightsError(f"{what} has numbers that do not fit into {like.dtype}, the network's type.")
    except WeightsError:
        raise
    except Exception as error:  # of types for which torch lacks an operation
        raise WeightsError(f"{what} ({value.dtype}) cannot be converted: {shortened(error)}.") from error
    return converted


def put_in(model: nn.Module, weights: Mapping[str, Tensor], origin: str | Path) -> None:
    """Put weights into a model; if that fails or is interrupted, it is as it was before.

    Raises
    ------
    WeightsError
        If it fails, or the model then has other values: two names are one weight, and have two in the file.
    """
    modules = [(module, dict(module._parameters), dict(module._buffers)) for module in model.modules()]
    tensors = [*model.parameters(), *model.buffers()]
    before = [tensor.detach().clone() for tensor in tensors]
    try:
        model.load_state_dict(weights, strict=False)
        _check_put_in(model, weights, origin)
    except BaseException as error:
        for module, parameters, buffers in modules:
            module._parameters.clear()
            module._parameters.update(parameters)
            module._buffers.clear()
            module._buffers.update(buffers)
        with torch.no_grad():
            for tensor, old in zip(tensors, before, strict=True):
                if not _same(tensor, old):
                    tensor.copy_(old)
        if isinstance(error, WeightsError) or not isinstance(error, Exception):
            raise
        reason = shortened(f"{type(error).__name__}: {error}", 400)
        raise WeightsError(
            f"{shortened(origin, 400)} could not be put into {type(model).__name__}, which is as it was: "
            f"{reason}"
        ) from error


def _check_put_in(model: nn.Module, weights: Mapping[str, Tensor], origin: str | Path) -> None:
    found = model.state_dict()
    for name, value in weights.items():
        if not _same(found[name], value):
            raise WeightsError(
                f"{shortened(origin, 400)} does not fit {type(model).__name__}: {shown(name)} is not what "
                "the file has after it was put in. It may be one weight with another name, for which the "
                "file has other values."
            )


def _same(one: Tensor, other: Tensor) -> bool:
    if one.is_quantized or other.is_quantized:
        return bool(torch.equal(one, other))
    bits = one.detach().reshape(-1).contiguous().view(torch.uint8)
    return torch.equal(bits.cpu(), other.detach().reshape(-1).contiguous().view(torch.uint8).cpu())


def _kind(tensor: Tensor) -> str:
    if tensor.is_meta:
        return "no memory"
    if tensor.layout is not torch.strided or getattr(tensor, "is_nested", False):
        return "a sparse or nested layout"
    if tensor.is_quantized:
        return f"quantized numbers ({tensor.qscheme()})"
    if tensor.is_floating_point():
        return "floats of 8 bits or less" if tensor.element_size() < 2 else "floats"
    if tensor.dtype is torch.bool:
        return "True and False"
    return "complex numbers" if tensor.is_complex() else "whole numbers"


def _check_finite(value: Tensor, converted: Tensor, like: Tensor | None, what: str) -> None:
    """Raise WeightsError if values are NaN or infinite, or become so; but where those of a buffer are."""
    bad = ~converted.isfinite()
    if not bad.any():
        return
    if like is not None:
        bad &= converted != like.detach().cpu()
        if not bad.any():
            return
    count = int(bad.sum())
    if bool(value.detach().cpu().isfinite()[bad].all()):
        raise WeightsError(f"{what} has {count:,} values that are too large for {converted.dtype}.")
    raise WeightsError(f"{what} has {count:,} values that are NaN or infinite; the file is damaged.")
