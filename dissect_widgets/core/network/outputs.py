"""The tensors in what a module returns: of tuples, lists, named tuples, dicts and dataclasses, nested or not.

>>> named_tensors({"out": maps, "features": [first, second]})
{'out': maps, 'features:0': first, 'features:1': second}

A layer of several tensors is one of them: `"backbone:features:1"` is the second feature map of `backbone`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor

from dissect_widgets.errors import LayerError, nearest, shown

SEPARATOR = ":"
"""Between the name of a module and the name of a tensor in its output."""
_DEEPEST = 8


def named_tensors(output: object) -> dict[str, Tensor]:
    """All tensors in an output by their names; that of an output which is a tensor is ""."""
    return dict(_walk(output, "", frozenset()))


def distinct_tensors(output: object) -> dict[str, Tensor]:
    """Tensors in an output by their names; one that is there twice has the name of its first place."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in named_tensors(output).items():
        if not any(tensor is other for other in tensors.values()):
            tensors[name] = tensor
    return tensors


def tensor_in(output: object, part: str, layer: str) -> Tensor:
    """Tensor of a name in an output; LayerError with the nearest names if there is none."""
    if not part and isinstance(output, Tensor):
        return output
    tensors = named_tensors(output)
    if part in tensors:
        return tensors[part]
    if not tensors:
        raise LayerError(f"Layer {shown(layer)} outputs {type(output).__name__}, not a tensor.")
    raise LayerError(
        f"Layer {shown(layer)} outputs {type(output).__name__}, which has no tensor {shown(part)}."
        f"{nearest(part, tensors)}"
    )


def choose_tensor(output: object, part: str, layer: str, suits: Callable[[Tensor], bool]) -> str:
    """Name of the tensor of a layer's output that is read.

    Parameters
    ----------
    output
        What the module returned.
    part
        The name that was asked for, or "" for the only one that suits.
    layer
        Name of the layer, for errors.
    suits
        Whether a tensor can be read; not asked where there is no choice.

    Raises
    ------
    LayerError
        If there is no such tensor, none that suits, or several; then the message lists them.
    """
    if part or isinstance(output, Tensor):
        tensor_in(output, part, layer)
        return part
    tensors = distinct_tensors(output)
    suitable = [name for name, tensor in tensors.items() if suits(tensor)]
    if len(suitable) == 1:
        return suitable[0]
    kind = type(output).__name__
    if not tensors:
        raise LayerError(f"Layer {shown(layer)} outputs {kind}, not a tensor.")
    if not suitable:
        raise LayerError(f"Layer {shown(layer)} outputs {kind}, with no tensor to read: {listed(tensors)}.")
    choices = ", ".join(f"{layer}{SEPARATOR}{name} {tuple(tensors[name].shape)}" for name in suitable)
    raise LayerError(
        f"Layer {shown(layer)} outputs {kind} with {len(suitable)} tensors; name the one that is meant: "
        f"{choices}."
    )


def with_tensor(output: Any, old: Tensor, new: Tensor) -> Any:
    """The same output, of the same type, with one tensor replaced wherever it stands."""
    if output is old:
        return new
    if not isinstance(output, Tensor) and any(tensor is old for tensor in named_tensors(output).values()):
        changes = {name: with_tensor(value, old, new) for name, value in _items(output)}
        if isinstance(output, tuple):
            made = getattr(type(output), "_make", type(output))
            return made(changes.values())
        changed = copy(output)
        for name, value in changes.items():
            if isinstance(output, (Mapping, list)):
                changed[name] = value
            else:
                object.__setattr__(changed, name, value)  # which may be frozen
        return changed
    return output


def listed(tensors: Mapping[str, Tensor]) -> str:
    """Names and shapes of tensors, for errors."""
    return ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in tensors.items())


def _walk(output: object, name: str, above: frozenset[int]) -> Iterator[tuple[str, Tensor]]:
    if isinstance(output, Tensor):
        yield name, output
    elif id(output) not in above and len(above) < _DEEPEST:  # else it holds itself
        for key, value in _items(output):
            inner = f"{name}{SEPARATOR}{key}" if name else str(key)
            yield from _walk(value, inner, above | {id(output)})


def _items(output: Any) -> Iterator[tuple[Any, Any]]:
    """Values in a container with their names or numbers; of anything else, none."""
    if isinstance(output, Mapping):
        yield from output.items()
    elif isinstance(output, tuple) and hasattr(output, "_fields"):
        yield from zip(output._fields, output, strict=True)
    elif isinstance(output, (tuple, list)):
        yield from enumerate(output)
    elif is_dataclass(output) and not isinstance(output, type):
        for field in fields(output):
            yield field.name, getattr(output, field.name, None)
    elif hasattr(output, "__dict__") and not callable(output):  # an object that keeps them as attributes
        yield from vars(output).items()
