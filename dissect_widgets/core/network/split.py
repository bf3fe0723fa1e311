"""Split a network in two at a layer: the part up to its output, and the part that depends on it.

>>> parts = split(model, "features.29")
>>> value, skip_inputs = parts.before(images)
>>> parts.after(value, *skip_inputs)              # the same scores as model(images)

The network is traced; see `traced`. A branch that bypasses the layer is computed in the first part and
passed on with the layer's output, as a skip input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from dissect_widgets.core.network.hooks import find_layer, find_layers
from dissect_widgets.core.network.linear_rows import with_fast_rows
from dissect_widgets.core.network.run import as_written
from dissect_widgets.core.network.traced import CannotSplit, Traced, copy_step, trace_steps
from dissect_widgets.errors import LayerError, shown

PER_UNIT_MODULES: Final = (
    nn.Identity,
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.CELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softplus,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Hardtanh,
    nn.PReLU,
    nn.Dropout,
    nn.Dropout2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.Flatten,
)
"""Modules whose output for a unit depends on that unit alone, in evaluation mode."""

PER_UNIT_FUNCTIONS: Final = (
    torch.relu,
    torch.relu_,
    torch.sigmoid,
    torch.tanh,
    torch.flatten,
    functional.relu,
    functional.relu_,
    functional.relu6,
    functional.leaky_relu,
    functional.gelu,
    functional.silu,
    functional.elu,
    functional.hardswish,
    functional.dropout,
    functional.max_pool2d,
    functional.avg_pool2d,
    functional.adaptive_avg_pool2d,
    functional.adaptive_max_pool2d,
)
_PER_UNIT_METHODS: Final = ("relu", "relu_", "sigmoid", "tanh", "flatten", "contiguous")


class Parts(NamedTuple):
    """A network in two parts."""

    before: Callable[..., tuple[Any, tuple[Any, ...]]]
    """Images to the output of the layer, and the skip inputs of the second part."""
    after: Callable[..., Any]
    """Output of the layer and skip inputs to the scores."""
    per_image: tuple[bool, ...] = ()
    """For each skip input, whether it has one entry for each image of the batch."""

    def with_per_image(self, images: Tensor) -> Parts:
        """These parts with `per_image` filled in, which two `images` show."""
        one, two = (self.before(images[:count])[1] for count in (1, 2))
        pairs = zip(one, two, strict=True)
        return self._replace(per_image=tuple(_length(a) == 1 and _length(b) == 2 for a, b in pairs))


class Stages(NamedTuple):
    """The second part in three, where the first step that mixes units is a linear layer."""

    each: Callable[[Any], Any]
    """Output of the layer to the input of the linear layer; each unit separately."""
    linear: nn.Linear | nn.Conv2d
    after: Callable[..., Any]
    """Output of the linear layer and skip inputs to the scores."""


def split(model: nn.Module, layer: str, *, also: Sequence[str] = ()) -> tuple[Parts, Stages | None]:
    """Split a network after a layer.

    Parameters
    ----------
    model
        In evaluation mode.
    layer
        Dotted name of a module that runs once.
    also
        Names of other modules that the second part must call as modules, so that their hooks run.

    Returns
    -------
    Parts, Stages or None
        The two parts, and the three stages of the second, if it has them.

    Raises
    ------
    CannotSplit
        If the network cannot be traced, the layer is not a single step of it, or one of `also` is not a
        step that follows.
    LayerError
        If the scores do not depend on the layer.
    """
    traced = trace_steps(model, find_layers(model, [layer, *also]).values())
    graph = traced.graph
    nodes = traced.steps_of(find_layer(model, layer))
    if len(nodes) != 1:
        raise CannotSplit(f"{layer} is not a single step of the traced network")
    cut, dependent = nodes[0], _descendants(nodes[0])
    output = next(node for node in graph.nodes if node.op == "output")
    if output not in dependent:
        if any(_changes_unseen(traced, node) for node in dependent):
            raise CannotSplit(f"what follows {layer} changes its skip inputs in place")
        raise LayerError(
            f"The output of the network does not depend on layer {shown(layer)}: ablating its units cannot "
            "change "
            "a prediction."
        )
    for name in also:
        if not dependent.intersection(traced.steps_of(find_layer(model, name))):
            raise CannotSplit(f"{name} is not a single step of what follows {layer}")
    skip_inputs = _taken(graph, dependent, without=cut)
    before = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:  # in order, for steps that change their input in place
        if node not in dependent:
            copies[node] = copy_step(node, before, copies)
    before.output((copies[cut], tuple(copies[node] for node in skip_inputs)))
    first = as_written(traced.network(before), model)
    second = as_written(_second(traced, cut, skip_inputs), model)
    parts = Parts(lambda images: first(images.clone(memory_format=torch.contiguous_format)), second)
    return parts, _stages(traced, model, cut, skip_inputs)


def _changes_unseen(traced: Traced, node: fx.Node) -> bool:
    """Whether a step exists only for what it changes in place, which a trace does not record."""
    if node.users or node.op == "output":
        return False
    if node.op == "call_module":
        return bool(getattr(traced.module_of(node), "inplace", False))
    name = str(node.target) if node.op == "call_method" else getattr(node.target, "__name__", "")
    return bool(node.kwargs.get("inplace")) or (name.endswith("_") and not name.endswith("__"))


def _stages(traced: Traced, model: nn.Module, cut: fx.Node, skip_inputs: Sequence[fx.Node]) -> Stages | None:
    chain, node = [cut], cut
    while True:
        if len(node.users) != 1:
            return None
        node = next(iter(node.users))
        if node.op == "call_module" and node.args == (chain[-1],) and not node.kwargs:
            linear = traced.module_of(node)
            if isinstance(linear, nn.Linear) or (isinstance(linear, nn.Conv2d) and linear.groups == 1):
                break
        if not _is_per_unit(traced, node):
            return None
        chain.append(node)
    if set(chain) & set(skip_inputs):
        return None
    each = fx.Graph()
    copies = {cut: each.placeholder("value")}
    for step in chain[1:]:
        copies[step] = copy_step(step, each, copies)
    each.output(copies[chain[-1]])
    after = as_written(_second(traced, node, skip_inputs), model)
    return Stages(as_written(traced.network(each), model), linear, after)


def _is_per_unit(traced: Traced, node: fx.Node) -> bool:
    if len(node.all_input_nodes) != 1:
        return False
    if node.op == "call_module":
        module = traced.module_of(node)
        return isinstance(module, PER_UNIT_MODULES) and (
            not isinstance(module, nn.Flatten) or (module.start_dim, module.end_dim) == (1, -1)
        )
    flattens = node.target in (torch.flatten, "flatten")
    if flattens and (node.args[1:] or tuple(node.kwargs.values())) not in ((1,), (1, -1)):
        return False
    if node.op == "call_function":
        return node.target in PER_UNIT_FUNCTIONS
    return node.op == "call_method" and node.target in _PER_UNIT_METHODS


def _second(traced: Traced, start: fx.Node, skip_inputs: Sequence[fx.Node]) -> fx.GraphModule:
    """All steps that depend on one, as a network."""
    dependent, after = _descendants(start), fx.Graph()
    copies = {node: after.placeholder(f"taken_{i}") for i, node in enumerate([start, *skip_inputs])}
    for node in traced.graph.nodes:
        needed = node.op == "get_attr" and any(user in dependent for user in node.users)
        if node not in copies and (needed or node in dependent):
            copies[node] = copy_step(node, after, copies)
    return with_fast_rows(traced.network(after))


def _descendants(start: fx.Node) -> set[fx.Node]:
    descendants, left = set(), list(start.users)
    while left:
        node = left.pop()
        if node not in descendants:
            descendants.add(node)
            left += node.users
    return descendants


def _taken(graph: fx.Graph, dependent: Iterable[fx.Node], *, without: fx.Node) -> list[fx.Node]:
    """Steps whose results the second part takes, in order."""
    inside = set(dependent)
    wanted = {source for node in inside for source in node.all_input_nodes} - inside - {without}
    return [node for node in graph.nodes if node in wanted and node.op != "get_attr"]


def _length(value: object) -> int:
    return len(value) if isinstance(value, Tensor) and value.dim() else 0
