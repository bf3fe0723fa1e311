"""Record the outputs of layers while a network runs, and leave no trace.

>>> with evaluation(model), trace(model, ["features.12"]) as seen:
...     model(images)
>>> seen["features.12"].shape

Hooks are added inside the block and removed at its end, whatever happens in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.original import layer_name, split_name
from dissect_widgets.core.network.outputs import choose_tensor, tensor_in


class _Stop(BaseException):
    """Ends a forward pass early. A BaseException, so that `except Exception` in a model does not catch it."""


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """Module of a layer, which may be named with a tensor of its output, as in "encoder:2".

    Raises
    ------
    LayerError
        If there is none, with the nearest names; or it is scripted, so that its output cannot be watched.
    """
    modules: dict[str, nn.Module] = dict(model.named_modules(remove_duplicate=False))
    return modules[split_name(model, layer_name(model, name))[0]]


def training_module(model: nn.Module) -> str | None:
    """Name of the first module in training mode, "itself" for the whole model; None if there is none."""
    modules = model.named_modules()
    return next((name or "itself" for name, module in modules if getattr(module, "training", False)), None)


@contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards every module is in the mode it was in."""
    modes = [(module, getattr(module, "training", None)) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            if training is None:  # a frozen script, which has no mode
                module.__dict__.pop("training", None)
            else:
                module.training = training


@contextmanager
def trace(
    model: nn.Module,
    layers: Sequence[str],
    *,
    calls: Mapping[str, int] | None = None,
    clone: Collection[str] = (),
    parts: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Tensor]]:
    """Record the outputs of `layers` during forward passes inside the block.

    Parameters
    ----------
    model
        Any network.
    layers
        Dotted module names. A module that runs several times in a pass leaves its last output.
    calls
        How often each layer runs in a pass, if known: then a pass ends as soon as all layers have
        run that often, and the rest of the network is not computed. The block must contain that one pass
        and nothing after it.
    clone
        Layers whose output is copied, because a later module changes it in place (a ReLU after a
        convolution, mostly).
    parts
        Names of the tensors that are read of layers that output several; see `outputs`.

    Yields
    ------
    dict
        Layer name -> output, filled as the pass runs; valid after the block.

    Raises
    ------
    LayerError
        If a name is unknown, before any hook is added; or a layer outputs no single tensor.
    """
    modules = {name: find_layer(model, name) for name in layers}
    seen: dict[str, Tensor] = {}
    left = dict(calls) if calls else {}
    stop = _Stop()

    def recorder(name: str, part: str):  # type: ignore[no-untyped-def]
        def record(_module: nn.Module, _inputs: object, output: object) -> None:
            chosen = choose_tensor(output, part, name, lambda tensor: True)
            tensor = tensor_in(output, chosen, name)
            seen[name] = tensor.detach().clone() if name in clone else tensor.detach()
            if name in left:
                left[name] -= 1
                if all(count <= 0 for count in left.values()):
                    raise stop

        return record

    with ExitStack() as stack:
        for name, module in modules.items():
            part = (parts or {}).get(name, split_name(model, layer_name(model, name))[1])
            stack.callback(module.register_forward_hook(recorder(name, part)).remove)
        try:
            yield seen
        except _Stop as error:
            if error is not stop:  # that of a trace around this one
                raise


def model_device(model: nn.Module) -> torch.device:
    """Device of the model's first parameter or buffer; the CPU if it has none."""
    first = next(chain(model.parameters(), model.buffers()), None)
    return torch.device("cpu") if first is None else first.device


def model_dtype(model: nn.Module) -> torch.dtype:
    """Floating dtype of the model's parameters; float32 if it has none."""
    floating = (p.dtype for p in chain(model.parameters(), model.buffers()) if p.is_floating_point())
    return next(floating, torch.float32)
