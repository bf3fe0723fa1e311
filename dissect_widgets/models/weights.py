"""Weights from files: safetensors, or torch files that hold tensors and no code."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from dissect_widgets.errors import WeightsError, nearest

_NESTED = ("state_dict", "model_state_dict", "model", "net", "weights")


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read a state dict.

    Parameters
    ----------
    path
        A safetensors file, or one that `torch.save` wrote of a state dict, bare or within a checkpoint.
        The prefix "module." that parallel training leaves is taken off.

    Returns
    -------
    dict
        Name -> tensor, on the CPU.

    Raises
    ------
    WeightsError
        If the file cannot be read, holds pickled code, or no tensors. Code is never run.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.")
    try:
        with open(path, "rb") as file:
            is_safetensors = path.suffix == ".safetensors" or file.read(9)[8:] == b"{"
        content: Any = load_file(path) if is_safetensors else torch.load(path, "cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} holds pickled code, which could do anything when loaded, and is refused "
            f"({_first_line(error)}). Ask for a plain state dict or a safetensors file."
        ) from None
    except (OSError, RuntimeError, ValueError, EOFError, SafetensorError) as error:
        raise WeightsError(f"{path} is no file of weights: {_first_line(error)}") from error
    for name in _NESTED:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds {type(content).__name__}, not a state dict.")
    weights = {
        _without_module(str(name)): tensor for name, tensor in content.items() if isinstance(tensor, Tensor)
    }
    if not weights:
        raise WeightsError(f"{path} holds no tensors.")
    return weights


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], *, origin: str | Path) -> None:
    """Put weights into a model; every name and shape must fit.

    Raises
    ------
    WeightsError
        If they do not; it says which, and the nearest names. The model is then as it was.
    """
    own = model.state_dict()
    missing = [name for name in own if name not in weights and not name.endswith("num_batches_tracked")]
    unknown = [name for name in weights if name not in own]
    if missing or unknown:
        first = f"{unknown[0]!r} is not in the model.{nearest(unknown[0], own)}" if unknown else ""
        lacks = f" The file lacks {len(missing)} names, {missing[0]!r} first." if missing else ""
        raise WeightsError(
            f"{origin} does not fit {type(model).__name__}: {first}{lacks}".replace(":  ", ": ")
        )
    for name, tensor in weights.items():
        if tensor.shape != own[name].shape:
            raise WeightsError(
                f"{origin} does not fit {type(model).__name__}: {name!r} has shape {tuple(tensor.shape)}, "
                f"the model's {tuple(own[name].shape)}."
            )
    model.load_state_dict(dict(weights), strict=False)


def _without_module(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != "module")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
