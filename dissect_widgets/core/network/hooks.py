"""Record the outputs of layers while a network runs, and leave no trace.

>>> with evaluation(model), trace(model, ["features.12"]) as seen:
...     model(images)
>>> seen["features.12"].shape

Hooks are added inside the block and removed at its end, whatever happens in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import check_watched, evaluation
from dissect_widgets.core.network.lock import exclusively
from dissect_widgets.core.network.original import layer_name, split_name
from dissect_widgets.core.network.outputs import choose_tensor, tensor_in
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import SettingError

Hook = Callable[[nn.Module, Any, Any], Any]
"""Called with a module, its inputs and its output; another output that it returns takes the place of that."""


class _Stop(BaseException):
    """Ends a forward pass early. A BaseException, so that `except Exception` in a model does not catch it."""


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """Module of a layer, which may be named with a tensor of its output, as in "encoder:2".

    Raises
    ------
    LayerError
        If there is none, with the nearest names; or it is scripted, so that its output cannot be watched.
    """
    return find_layers(model, [name])[name]


def find_layers(model: nn.Module, names: Collection[str]) -> dict[str, nn.Module]:
    """Modules of layers, by the names given; see `find_layer`."""
    modules: dict[str, nn.Module] = dict(model.named_modules(remove_duplicate=False))
    known = {name: layer_name(model, name, modules) for name in names}
    return {name: modules[split_name(model, layer)[0]] for name, layer in known.items()}


@contextmanager
def hooked(model: nn.Module, hooks: Iterable[tuple[nn.Module, Hook]]) -> Iterator[None]:
    """Forward hooks of some modules of a network inside the block, which act on passes of this thread alone.

    No other thread of this package runs the network meanwhile; one of a user's may.
    """
    thread = get_ident()

    def of_thread(hook: Hook) -> Hook:
        def act(module: nn.Module, inputs: Any, output: Any) -> Any:
            return hook(module, inputs, output) if get_ident() == thread else None

        return act

    with exclusively(model), ExitStack() as stack:
        for module, hook in hooks:
            act = of_thread(hook)
            stack.callback(_remove_hook, module, act)  # first, for an interrupt may come in between
            module.register_forward_hook(act)
        yield


def _remove_hook(module: nn.Module, hook: Hook) -> None:
    """Remove a hook by what it does, if it is there."""
    for key in [key for key, added in module._forward_hooks.items() if added is hook]:
        del module._forward_hooks[key]


@contextmanager
def trace(
    model: nn.Module,
    layers: Sequence[str],
    *,
    calls: Mapping[str, int] | None = None,
    clone: Collection[str] = (),
    parts: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Tensor]]:
    """Record the outputs of `layers` during forward passes of this thread inside the block.

    No other thread runs the network meanwhile; see `exclusively`.

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
    modules = find_layers(model, layers)
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

    def part_of(name: str) -> str:
        part = (parts or {}).get(name)
        return split_name(model, name)[1] if part is None else part

    recorders = [(module, recorder(name, part_of(name))) for name, module in modules.items()]
    with hooked(model, recorders):
        try:
            yield seen
        except _Stop as error:
            if error is not stop:  # that of a trace around this one
                raise
            check_watched()


def model_device(model: nn.Module) -> torch.device:
    """Device of the model's first parameter or buffer; the CPU if it has none."""
    first = next(chain(model.parameters(), model.buffers()), None)
    return torch.device("cpu") if first is None else first.device


def model_dtype(model: nn.Module, inputs: Tensor | None = None) -> torch.dtype:
    """Number format of the input that a network takes.

    Parameters
    ----------
    model
        Any network. Where all its floating point parameters and buffers have one format, it is that; float32
        if there are none.
    inputs
        One input of the network, on its device: where there are several formats, it is run to prove which one
        it takes: that of the first parameter, the most common one, or float32. Without, it is the first.

    Raises
    ------
    SettingError
        If it takes none of them.
    """
    tensors = [t for t in chain(model.parameters(), model.buffers()) if t.is_floating_point()]
    numbers = Counter[torch.dtype]()
    for tensor in tensors:
        numbers[tensor.dtype] += tensor.numel()
    if len(numbers) < 2 or inputs is None:
        return tensors[0].dtype if tensors else torch.float32
    formats = list(dict.fromkeys([tensors[0].dtype, numbers.most_common(1)[0][0], torch.float32]))
    errors = []
    for dtype in formats:
        try:
            with evaluation(model):
                run(model, inputs.to(dtype))
        except Exception as error:  # a network may raise anything
            errors.append(f"{dtype}: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}")
        else:
            return dtype
    raise SettingError(
        f"The network has numbers of {len(numbers)} formats, and takes images in none of them: "
        f"{'; '.join(errors)}. Convert it to one, with model.float(), or its input in its forward."
    )
