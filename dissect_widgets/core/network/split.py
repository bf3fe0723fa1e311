"""Cut a network in two at a layer: what comes before it, and what is made of it.

>>> parts = split(model, "features.29")
>>> value, beside = parts.before(pictures)
>>> parts.after(value, *beside)              # the same scores as model(pictures)

The network is traced with `torch.fx`. A branch that passes the layer by is computed before the cut and
handed on beside the layer's output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from dissect_widgets.core.network.linear_rows import with_fast_rows
from dissect_widgets.errors import LayerError

PER_UNIT_MODULES: Final = (
    nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.PReLU,
    nn.Dropout, nn.Dropout2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d,
    nn.BatchNorm1d, nn.BatchNorm2d, nn.Flatten,
)  # fmt: skip
"""Modules that make of each unit's map something that depends on that unit alone, in evaluation mode."""

PER_UNIT_FUNCTIONS: Final = (
    torch.relu, torch.relu_, torch.sigmoid, torch.tanh, torch.flatten,
    functional.relu, functional.relu_, functional.relu6, functional.leaky_relu, functional.gelu,
    functional.silu, functional.elu, functional.hardswish, functional.dropout, functional.max_pool2d,
    functional.avg_pool2d, functional.adaptive_avg_pool2d, functional.adaptive_max_pool2d,
)  # fmt: skip
_PER_UNIT_METHODS: Final = ("relu", "relu_", "sigmoid", "tanh", "flatten", "contiguous")


class CannotSplit(Exception):
    """The network cannot be cut there; the message says why. It can still be run whole."""


class Parts(NamedTuple):
    """A network in two parts."""

    before: Callable[..., tuple[Any, tuple[Any, ...]]]
    """Pictures to the output of the layer, and all else that the second part takes."""
    after: Callable[..., Any]
    """Both of these to the scores."""
    own: tuple[bool, ...] = ()
    """For each of what else there is, whether every image has its own: whether it is as long as the batch."""

    def with_own(self, pictures: Tensor) -> Parts:
        """The same, once two `pictures` have shown what images have of their own."""
        one, two = (self.before(pictures[:count])[1] for count in (1, 2))
        pairs = zip(one, two, strict=True)
        return self._replace(own=tuple(_length(a) == 1 and _length(b) == 2 for a, b in pairs))


class Stages(NamedTuple):
    """The second part in three, where the first thing that mixes units is a linear layer."""

    each: Callable[[Any], Any]
    """Output of the layer to the input of the linear layer; each unit by itself."""
    mix: nn.Linear | nn.Conv2d
    after: Callable[..., Any]
    """Output of the linear layer, and what stands beside it, to the scores."""


def split(model: nn.Module, layer: str, *, also: Sequence[str] = ()) -> tuple[Parts, Stages | None]:
    """Cut a network after a layer.

    Parameters
    ----------
    model
        In evaluation mode.
    layer
        Dotted name of a module that runs once.
    also
        Names of other modules that the second part is to run as a whole, so that their hooks are called.

    Returns
    -------
    Parts, Stages or None
        The two parts, and the three stages of the second, if it has them.

    Raises
    ------
    CannotSplit
        If the network cannot be traced, the layer is not one step of it, or one of `also` is none that
        follows.
    LayerError
        If the scores do not depend on the layer.
    """
    graph = _trace(model, [layer, *also])
    nodes = [node for node in graph.nodes if node.op == "call_module" and node.target == layer]
    if len(nodes) != 1:
        raise CannotSplit(f"{layer} is not a single step of the traced network")
    cut, made = nodes[0], _descendants(nodes[0])
    output = next(node for node in graph.nodes if node.op == "output")
    if output not in made:
        if any(_changes_unseen(model, node) for node in made):
            raise CannotSplit(f"what follows {layer} changes in place what passes it by")
        raise LayerError(
            f"What the network outputs does not depend on layer {layer!r}: nothing that is removed there "
            "can change a prediction."
        )
    for name in also:
        if not any(node.op == "call_module" and node.target == name for node in made):
            raise CannotSplit(f"{name} is not a single step of what follows {layer}")
    beside = _taken(graph, made, without=cut)
    before = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:  # all of it in order, for steps that change their input in place
        if node not in made:
            copies[node] = before.node_copy(node, copies.__getitem__)
    before.output((copies[cut], tuple(copies[node] for node in beside)))
    parts = Parts(fx.GraphModule(model, before), _second(model, graph, cut, beside))
    return parts, _stages(model, graph, cut, beside)


def _trace(model: nn.Module, layers: Sequence[str]) -> fx.Graph:
    class Tracer(fx.Tracer):
        def is_leaf_module(self, module: nn.Module, name: str) -> bool:
            if any(layer.startswith(f"{name}.") for layer in layers):
                return False  # look inside of it for the layer
            return name in layers or super().is_leaf_module(module, name)

    try:
        return Tracer().trace(model)
    except Exception as error:  # a network may do in its forward pass whatever Python can
        raise CannotSplit(f"it cannot be traced ({type(error).__name__}: {_first_line(error)})") from error


def _changes_unseen(model: nn.Module, node: fx.Node) -> bool:
    """Whether a step is there only for what it changes in place, of which a trace knows nothing."""
    if node.users or node.op == "output":
        return False
    if node.op == "call_module":
        return bool(getattr(model.get_submodule(str(node.target)), "inplace", False))
    name = str(node.target) if node.op == "call_method" else getattr(node.target, "__name__", "")
    return bool(node.kwargs.get("inplace")) or (name.endswith("_") and not name.endswith("__"))


def _stages(model: nn.Module, graph: fx.Graph, cut: fx.Node, beside: Sequence[fx.Node]) -> Stages | None:
    chain, node = [cut], cut
    while True:
        if len(node.users) != 1:
            return None
        node = next(iter(node.users))
        if node.op == "call_module" and node.args == (chain[-1],) and not node.kwargs:
            mix = model.get_submodule(str(node.target))
            if isinstance(mix, nn.Linear) or (isinstance(mix, nn.Conv2d) and mix.groups == 1):
                break
        if not _is_per_unit(model, node):
            return None
        chain.append(node)
    if any(other in set(chain) for other in beside):
        return None
    each = fx.Graph()
    copies = {cut: each.placeholder("value")}
    for step in chain[1:]:
        copies[step] = each.node_copy(step, copies.__getitem__)
    each.output(copies[chain[-1]])
    return Stages(fx.GraphModule(model, each), mix, _second(model, graph, node, beside))


def _is_per_unit(model: nn.Module, node: fx.Node) -> bool:
    if len(node.all_input_nodes) != 1:
        return False
    if node.op == "call_module":
        module = model.get_submodule(str(node.target))
        return isinstance(module, PER_UNIT_MODULES) and (
            not isinstance(module, nn.Flatten) or (module.start_dim, module.end_dim) == (1, -1)
        )
    flattens = node.target in (torch.flatten, "flatten")
    if flattens and (node.args[1:] or tuple(node.kwargs.values())) not in ((1,), (1, -1)):
        return False
    if node.op == "call_function":
        return node.target in PER_UNIT_FUNCTIONS
    return node.op == "call_method" and node.target in _PER_UNIT_METHODS


def _second(model: nn.Module, graph: fx.Graph, start: fx.Node, beside: Sequence[fx.Node]) -> fx.GraphModule:
    """All that is made of a step, as a network of its own."""
    made, after = _descendants(start), fx.Graph()
    copies = {node: after.placeholder(f"taken_{i}") for i, node in enumerate([start, *beside])}
    for node in graph.nodes:
        if node.op == "get_attr" and node not in copies and any(user in made for user in node.users):
            copies[node] = after.node_copy(node)
        elif node in made:
            copies[node] = after.node_copy(node, copies.__getitem__)
    return with_fast_rows(fx.GraphModule(model, after))


def _descendants(start: fx.Node) -> set[fx.Node]:
    found, left = set(), list(start.users)
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += node.users
    return found


def _taken(graph: fx.Graph, made: Iterable[fx.Node], *, without: fx.Node) -> list[fx.Node]:
    """Steps that the second part takes something of, in order."""
    inside = set(made)
    wanted = {source for node in inside for source in node.all_input_nodes} - inside - {without}
    return [node for node in graph.nodes if node in wanted and node.op != "get_attr"]


def _length(value: object) -> int:
    return len(value) if isinstance(value, Tensor) and value.dim() else 0


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]
