"""Files of weights: safetensors, or torch files that hold tensors and no code."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from torch import Tensor

from dissect_widgets.errors import WeightsError

_NESTED: Final = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "network",
    "net",
    "weights",
    "params",
    "module",
    "backbone",
    "encoder",
    "generator",
    "netG",
    "G",
    "student",
    "teacher",
    "state_dict_ema",
    "model_state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "ema_model",
    "ema",
    "params_ema",
    "g_ema",
    "G_ema",
)
"""Keys under which checkpoints keep weights, in the order in which they are tried."""
_NOT_WEIGHTS: Final = ("optim", "sched", "scaler", "rng", "loss", "hyper", "callback")
_DEEPEST: Final = 5


class FileWeights(dict[str, Tensor]):
    """Name -> tensor: a state dict of a file."""

    key: str
    """Dotted key of the checkpoint that it stands under; "" for the file itself."""
    others: Sequence[FileWeights]
    """Further state dicts of the file."""

    def __init__(self, weights: Mapping[str, Tensor], key: str = "") -> None:
        super().__init__(weights)
        self.key, self.others = key, ()


def read_weights(path: str | Path) -> FileWeights:
    """Read the state dict of a file, and note others that a checkpoint has beside it.

    Parameters
    ----------
    path
        A safetensors file, or one that `torch.save` wrote of a state dict, bare or within a checkpoint.

    Returns
    -------
    FileWeights
        Name -> tensor, on the CPU; `load_weights` looks at the others too.

    Raises
    ------
    WeightsError
        If the file cannot be read, holds pickled code, or no tensors. Code is never run.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.")
    content = _read(path)
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds {type(content).__name__}, not a state dict.")
    states = list(_state_dicts(content, path))
    if not states:
        raise WeightsError(f"{path} holds no tensors.")
    states[0].others = states[1:]
    return states[0]


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


def _state_dicts(
    content: Mapping[Any, Any], path: Path, key: str = "", above: tuple[int, ...] = ()
) -> Iterator[FileWeights]:
    """State dicts within a checkpoint: under the usual keys; else itself, and what stands under others."""
    if id(content) in above:
        raise WeightsError(f"{path} is damaged: it holds itself, under {key!r}.")
    above = (*above, id(content))
    inner = {name: value for name, value in content.items() if isinstance(value, Mapping)}
    usual = [name for name in _NESTED if name in inner]
    if not usual:
        tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
        if tensors:
            yield FileWeights(tensors, key)
    if len(above) > _DEEPEST:
        return
    further = [name for name in inner if name not in usual and isinstance(name, str)]
    for name in [*usual, *(name for name in further if not _is_of_training(name))]:
        yield from _state_dicts(inner[name], path, f"{key}.{name}" if key else str(name), above)


def _is_of_training(name: str) -> bool:
    """Whether a part of a checkpoint is of the optimizer or the like."""
    return any(word in name.lower() for word in _NOT_WEIGHTS)
