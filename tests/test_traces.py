"""Tests fail that leave something behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from dissect_widgets.core.network.hooks import trace
from tests.small_networks import TinyNet
from tests.traces import no_trace


@pytest.fixture(scope="module")
def shared() -> nn.Module:
    with torch.random.fork_rng():
        return TinyNet()


def hook(*_: Any) -> None:
    """A hook of the tests."""


@pytest.mark.parametrize(
    ("change", "undo", "message"),
    [
        (lambda net: net.eval(), lambda net: net.train(), "training of a shared"),
        (
            lambda net: net.mix.register_forward_hook(hook),
            lambda net: net.mix._forward_hooks.clear(),
            "hooks of a shared ReLU",
        ),
        (
            lambda net: net.head.bias.requires_grad_(False),
            lambda net: net.head.bias.requires_grad_(True),
            "requires_grad of a shared Linear",
        ),
    ],
)
def test_what_is_shared_must_stay(
    shared: nn.Module, change: Callable[[Any], object], undo: Callable[[Any], object], message: str
) -> None:
    with pytest.raises(AssertionError, match=message), no_trace():
        change(shared)
    undo(shared)
    with no_trace():
        change(shared)
        undo(shared)


def test_hooks_of_the_package_are_seen_on_any_module(tiny: nn.Module) -> None:
    scope = trace(tiny, ["mix"])
    with pytest.raises(AssertionError, match="is left on a ReLU"), no_trace():
        scope.__enter__()
    scope.__exit__(None, None, None)
    with no_trace(), trace(tiny, ["mix"]):
        pass


def test_global_hooks_gradients_and_generators_are_seen() -> None:
    with pytest.raises(AssertionError, match="left in torch's global_forward_hooks"), no_trace():
        handle = register_module_forward_hook(hook)
    handle.remove()
    with pytest.raises(AssertionError, match="switched off"), no_trace():
        torch.set_grad_enabled(False)
    torch.set_grad_enabled(True)
    drawn = pytest.raises(AssertionError, match="global torch generator")
    with torch.random.fork_rng(), drawn, no_trace():
        torch.rand(1)


def test_a_test_may_change_what_it_makes() -> None:
    with no_trace(), torch.random.fork_rng():
        net = TinyNet().eval().requires_grad_(False)
        net.mix.register_forward_hook(hook)
