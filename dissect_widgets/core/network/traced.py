"""The steps of a network, traced by `torch.fx` under names that are given here.

`torch.fx` writes the names of modules into the source that it makes, as they are; whoever names a layer could
write code there. So modules, weights and steps are numbered, and none of a network's names gets there. While
it traces, it changes `nn.Module` itself, for all threads: what other threads run meanwhile is let through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from threading import get_ident
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_arg

from dissect_widgets.core.network.lock import TRACER, exclusively


class CannotSplit(Exception):
    """The network cannot be split there; the message says why. It can still be run in full."""


class Traced(NamedTuple):
    """A network as a graph of steps."""

    graph: fx.Graph
    objects: Mapping[str, Any]
    """Modules and tensors of the network by the names that steps have for them."""

    def steps_of(self, module: nn.Module) -> list[fx.Node]:
        """Steps that call a module."""
        return [
            node for node in self.graph.nodes if node.op == "call_module" and self.module_of(node) is module
        ]

    def module_of(self, step: fx.Node) -> nn.Module:
        """Module that a step calls."""
        module: nn.Module = self.objects[str(step.target)]
        return module

    def network(self, graph: fx.Graph) -> fx.GraphModule:
        """Some of the steps as a network."""
        return fx.GraphModule(dict(self.objects), graph, "Part")


def trace_steps(model: nn.Module, layers: Collection[nn.Module]) -> Traced:
    """Trace a network, of which `layers` are to be steps.

    Raises
    ------
    CannotSplit
        If it cannot be traced.
    """
    if getattr(model.forward, "draws_alike", False):
        raise CannotSplit("it draws at random, alike for all images in full passes alone")
    try:
        with exclusively(model, TRACER):
            tracer = _Tracer(model, layers)
            graph = tracer.trace(model)
    except Exception as error:  # a forward pass may raise anything
        raise CannotSplit(f"it cannot be traced ({type(error).__name__}: {_first_line(error)})") from error
    for node in graph.nodes:
        if node.op in ("call_method", "placeholder") and not str(node.target).lstrip("*").isidentifier():
            raise CannotSplit("it calls a method by something that is no name")
        if node.op in ("call_module", "get_attr") and node.target not in tracer.objects:
            raise CannotSplit("it reads something that is neither a module nor a tensor")
    return Traced(graph, tracer.objects)


def copy_step(step: fx.Node, into: fx.Graph, copies: Mapping[fx.Node, fx.Node]) -> fx.Node:
    """Copy a step to another graph, under a number; `copies` are of the steps before it."""
    args: Any = map_arg(step.args, copies.__getitem__)
    kwargs: Any = map_arg(step.kwargs, copies.__getitem__)
    return into.create_node(step.op, step.target, args, kwargs, name=f"step_{len(copies)}")


class _Tracer(fx.Tracer):
    """Numbers what it meets."""

    def __init__(self, model: nn.Module, layers: Collection[nn.Module]) -> None:
        super().__init__()
        self.objects: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._modules, self._layers, self._thread = set(model.modules()), set(layers), get_ident()
        self._weights = set(map(id, model.parameters()))

    def path_of_module(self, mod: nn.Module) -> str:
        """Name of a module."""
        if mod not in self._modules:
            raise NameError("it calls a module that is no part of it")
        return self._name(mod)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is one step."""
        if any(inside in self._layers for inside in m.modules() if inside is not m):
            return False
        return m in self._layers or super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Note a call; that of another thread is none of this network's."""
        if get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Note that a weight is read; in another thread nothing is noted."""
        if get_ident() != self._thread or id(attr_val) not in self._weights:
            return attr_val
        name = self._name(attr_val)
        if name not in parameter_proxy_cache:
            parameter_proxy_cache[name] = self.create_proxy("get_attr", name, (), {})
        return parameter_proxy_cache[name]

    def create_arg(self, a: Any) -> Any:
        """Argument of a step; a tensor or module is read from those that were met."""
        if isinstance(a, (Tensor, nn.Module, torch.ScriptObject)):
            return self.create_node("get_attr", self._name(a), (), {})
        return super().create_arg(a)

    def _name(self, value: Any) -> str:
        name = self._names.setdefault(id(value), f"part_{len(self._names)}")
        self.objects[name] = value  # and so it is not forgotten, and its id not taken again
        return name


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]
