"""Weights from files: safetensors, or torch files that hold tensors and no code."""

from __future__ import annotations

import pickle
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
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
    content = _read(path)
    while isinstance(content, Mapping) and (inner := _nested(content)) is not None:
        content = inner
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds {type(content).__name__}, not a state dict.")
    weights = {str(name): tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}
    if not weights:
        raise WeightsError(f"{path} holds no tensors.")
    return weights


def fit_names(weights: Mapping[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    """Remove the "module." that parallel training leaves in names, unless all names already fit."""
    if all(name in names for name in weights):
        return dict(weights)
    return {".".join(part for part in n.split(".") if part != "module"): t for n, t in weights.items()}


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], *, origin: str | Path) -> None:
    """Load weights into a model; every name and shape must fit.

    Raises
    ------
    WeightsError
        If they do not; the message names which, and the nearest names. The model is unchanged.
    """
    expected = model.state_dict()
    weights = fit_names(weights, expected)
    missing = [name for name in expected if name not in weights and not name.endswith("num_batches_tracked")]
    unknown = [name for name in weights if name not in expected]
    problems = []
    if unknown:
        problems.append(f"{unknown[0]!r} is not in the model.{nearest(unknown[0], expected)}")
    if missing:
        problems.append(f"The file lacks {len(missing)} names, such as {missing[0]!r}.")
    for name, tensor in weights.items():
        if not problems and tensor.shape != expected[name].shape:
            shapes = f"{tuple(tensor.shape)}, the model's {tuple(expected[name].shape)}"
            problems.append(f"{name!r} has shape {shapes}.")
    if problems:
        raise WeightsError(f"{origin} does not fit {type(model).__name__}: {' '.join(problems)}")
    model.load_state_dict(dict(weights), strict=False)


def _read(path: Path) -> Any:
    with open(path, "rb") as file:
        start = file.read(9)
    try:
        if path.suffix == ".safetensors" or start[8:] == b"{":
            return load_file(path)
        if start[:2] != b"PK" and start[:1] != b"\x80":  # neither a zip archive nor a pickle
            raise WeightsError(f"{path} is not a file of weights: it begins with {start!r}.")
        return torch.load(path, "cpu", weights_only=True)
    except WeightsError:
        raise
    except pickle.UnpicklingError as error:
        wanted = re.search(r"GLOBAL (\S+)", str(error))
        raise WeightsError(
            f"{path} holds pickled code{f' ({wanted[1]})' if wanted else ''}, which could do anything when "
            "loaded, and is refused. Ask for a plain state dict or a safetensors file."
        ) from None
    except Exception as error:  # a damaged pickle can raise almost anything
        text = (str(error).strip().splitlines() or [""])[0]
        raise WeightsError(f"{path} is not a file of weights: {type(error).__name__}: {text}") from error


def _nested(content: Mapping[Any, Any]) -> Mapping[Any, Any] | None:
    """State dict within a checkpoint; None if this is not a checkpoint."""
    candidates = (content.get(name) for name in _NESTED)
    return next((inner for inner in candidates if isinstance(inner, Mapping)), None)
