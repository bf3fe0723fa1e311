"""Files of weights: safetensors, or torch files that hold tensors and no code."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import torch
from safetensors.torch import load
from torch import Tensor

from dissect_widgets.core.files.target import input_file
from dissect_widgets.errors import WeightsError, shortened, shown
from dissect_widgets.models.file_checks import check_memory, check_safetensors, check_zip

USUAL_KEYS: Final = (
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
    path = input_file(path, what="The file of weights", error=WeightsError)
    content = _read(path)
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds {shortened(type(content).__name__)}, not a state dict.")
    found = _StateDicts(path)
    states = list(found.within(content))
    if not states:
        deeper = f" in its first {_DEEPEST} levels" if found.deeper else ""
        raise WeightsError(f"{path} holds no tensors{deeper}.")
    for state in states:
        _check_real(state, path)
    states[0].others = states[1:]
    return states[0]


def _read(path: Path) -> Any:
    try:
        if not path.is_file():
            raise WeightsError(f"There is no file {shortened(path, 400)}.")
        with open(path, "rb") as file:
            before = _stamp(file)
            content = _content(file, path)
            if _stamp(file) != before:
                raise WeightsError(f"{path} changed while it was read. Read it again when it is complete.")
            return content
    except OSError as error:
        name = shortened(path, 400)
        raise WeightsError(f"{name} cannot be read: {error.strerror or error}.") from error


def _stamp(file: BinaryIO) -> tuple[int, ...]:
    """What changes when a file is written to."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _content(file: BinaryIO, path: Path) -> Any:
    start = file.read(9)
    file.seek(0)
    check_memory(file, path)
    try:
        if path.suffix == ".safetensors" or start[8:] == b"{":
            check_safetensors(file, path)
            return load(file.read())
        if start[:2] == b"PK":
            check_zip(file, path)
        elif start[:1] != b"\x80":  # neither a zip archive nor a pickle
            raise WeightsError(f"{path} is not a file of weights: it begins with {shown(start)}.")
        content = torch.load(file, "cpu", weights_only=True)
        if start[:2] != b"PK" and file.read(1):
            raise WeightsError(f"{path} is damaged: there is more behind its end.")
        return content
    except (WeightsError, OSError):
        raise
    except pickle.UnpicklingError as error:
        wanted = re.search(r"GLOBAL (\S+)", str(error))
        code = f" ({shortened(wanted[1])})" if wanted else ""
        raise WeightsError(
            f"{path} holds pickled code{code}, which could do anything when loaded, and is refused. "
            "Ask for a plain state dict or a safetensors file."
        ) from None
    except Exception as error:  # a damaged pickle can raise almost anything
        text = shortened((str(error).strip().splitlines() or [""])[0], 300)
        raise WeightsError(f"{path} is not a file of weights: {type(error).__name__}: {text}") from error


class _StateDicts:
    """State dicts within a checkpoint, each once, however it is nested.

    Parameters
    ----------
    path
        The file, for errors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: set[int] = set()
        self.deeper = False

    def within(
        self, content: Mapping[Any, Any], key: str = "", above: tuple[int, ...] = ()
    ) -> Iterator[FileWeights]:
        """State dicts under the usual keys; else the content itself, and what stands under others."""
        if id(content) in above:
            raise WeightsError(f"{self.path} is damaged: it holds itself, under {shown(key)}.")
        if id(content) in self.seen:
            return
        if len(above) > _DEEPEST:
            self.deeper = True
            return
        self.seen.add(id(content))
        above = (*above, id(content))
        inner = {name: value for name, value in content.items() if isinstance(value, Mapping)}
        usual = [name for name in USUAL_KEYS if name in inner]
        tensors = self._tensors(content, key)
        if tensors and not usual:
            yield tensors
        found = False
        further = [name for name in inner if name not in usual and isinstance(name, str)]
        for name in [*usual, *(name for name in further if not _is_of_training(name))]:
            for state in self.within(inner[name], f"{key}.{name}" if key else str(name), above):
                found = True
                yield state
        if tensors and usual and found:
            yield tensors  # beside those that are called weights

    def _tensors(self, content: Mapping[Any, Any], key: str) -> FileWeights | None:
        tensors: dict[str, Tensor] = {}
        for name, value in content.items():
            if isinstance(value, Tensor):
                if str(name) in tensors:
                    raise WeightsError(f"{self.path} has two tensors with the name {shown(str(name))}.")
                tensors[str(name)] = value
        return FileWeights(tensors, key) if tensors else None


def _check_real(state: FileWeights, path: Path) -> None:
    """Raise WeightsError if a tensor has more numbers than the file has for it.

    The few numbers of a file can be repeated to any size, and a network of that size would be made.
    """
    for name, tensor in state.items():
        if tensor.layout is not torch.strided or tensor.is_meta:
            continue  # refused where it is asked for
        stored = tensor.untyped_storage().nbytes() // max(tensor.element_size(), 1)
        if tensor.numel() > stored:
            raise WeightsError(
                f"{path} repeats {stored:,} numbers in {shown(name)}, of shape {shown(tuple(tensor.shape))}. "
                "Save it with .contiguous()."
            )


def _is_of_training(name: str) -> bool:
    """Whether a part of a checkpoint is of the optimizer or the like."""
    return any(word in name.lower() for word in _NOT_WEIGHTS)
