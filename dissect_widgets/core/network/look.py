"""What one pass of a network shows of its layers: outputs, how often they run, receptive fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from dissect_widgets.core.network.hooks import find_layers, hooked
from dissect_widgets.core.network.layer_kinds import LAYER_KINDS, LayerOutput
from dissect_widgets.core.network.original import split_name
from dissect_widgets.core.network.outputs import SEPARATOR, choose_tensor, distinct_tensors, tensor_in
from dissect_widgets.core.network.receptive_field import Field, FieldMode
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import LayerError, shown


class Seen(NamedTuple):
    """What a pass shows of a layer."""

    module: str
    output: Tensor
    """The last one, as it was when the layer ended; later modules may change it in place."""
    version: int | None
    """How often it had been changed in place then; None if that is not recorded."""
    field: Field | None
    """Receptive fields of its plane, where they can be followed."""
    calls: int
    part: str = ""
    """Name of the tensor in the output of the module, where that is no tensor."""
    copied: Tensor | None = None
    """A copy of the output, where single layers are looked at."""


class Look(NamedTuple):
    """What a pass shows."""

    layers: dict[str, Seen]
    """Layers in the order in which they ended."""
    output: Any
    """Of the network."""


def look(model: nn.Module, names: Sequence[str], batch: Tensor, *, all_of_them: bool = True) -> Look:
    """Run the model once, and see what layers output, in the order in which they run.

    A layer that outputs several tensors is seen under the name of each; with `all_of_them`, under its own.

    Raises
    ------
    LayerError
        If a name is unknown; with `all_of_them`, if one outputs no tensor or several, or does not run.
    """
    seen: dict[str, Seen] = {}
    modules = find_layers(model, names)

    def recorder(name: str):  # type: ignore[no-untyped-def]
        def record(module: nn.Module, _inputs: object, output: object) -> None:
            if all_of_them:
                parts = [part_of(model, name, output, len(batch))]
            else:
                parts = [p for p, t in distinct_tensors(output).items() if not p or _fits(t, len(batch))]
            for part in parts:
                tensor = tensor_in(output, part, name)
                layer = name if len(parts) == 1 else f"{name}{SEPARATOR}{part}"
                if layer != name and layer in modules:
                    continue  # the name of a module with a colon
                calls = seen.pop(layer).calls + 1 if layer in seen else 1
                kind, version = type(module).__name__, version_of(tensor)
                copied = tensor.detach().clone() if all_of_them else None
                seen[layer] = Seen(kind, tensor, version, fields.of(tensor), calls, part, copied)

        return record

    recorders = [(module, recorder(name)) for name, module in modules.items()]
    with hooked(model, recorders), FieldMode(batch) as fields:
        result = run(model, batch)
    missing = [name for name in names if name not in seen]
    if missing and all_of_them:
        raise LayerError(f"Layer {shown(missing[0])} did not run in the forward pass, so it outputs no map.")
    return Look(seen, result)


def part_of(model: nn.Module, layer: str, output: object, count: int) -> str:
    """Name of the tensor of a layer's output that is read; "" where it outputs nothing else."""
    return choose_tensor(output, split_name(model, layer)[1], layer, lambda tensor: _fits(tensor, count))


def _fits(tensor: Tensor, count: int) -> bool:
    """Whether one of several tensors of an output may have activations of `count` images."""
    output = LayerOutput("", tuple(tensor.shape), ())
    return (
        tensor.is_floating_point()
        and output.shape[:1] == (count,)
        and any(kind.recognize(output) for kind in LAYER_KINDS)
    )


def version_of(tensor: Tensor) -> int | None:
    """How often a tensor was changed in place; None if that is not recorded."""
    return None if tensor.is_inference() else tensor._version
