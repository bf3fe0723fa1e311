"""What a test may not leave behind: hooks, another mode, other gradients, another random state."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet, ref

import numpy as np
import torch
from torch import nn
from torch.nn.modules import module as torch_module

MODULES: WeakSet[nn.Module] = WeakSet()
"""All modules that are alive, from `watch_modules` on."""
_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)


def watch_modules() -> None:
    """Note every module that is made from now on; copies, which are not made anew, are not seen."""
    make: Callable[..., None] = nn.Module.__init__
    if hasattr(make, "__wrapped__"):
        return

    @functools.wraps(make)
    def make_and_note(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        MODULES.add(self)

    nn.Module.__init__ = make_and_note  # type: ignore[method-assign]


@contextmanager
def no_trace() -> Iterator[None]:
    """Check, at the end, that nothing is left behind.

    Modules that are alive at the start are shared with other tests: they must keep their hooks, modes and
    `requires_grad`. A module that is made within belongs to the test, which may do with it what it likes; but
    the package must have removed its hooks.

    Raises
    ------
    AssertionError
        If something is left behind; it says what.
    """
    random = torch.get_rng_state().clone(), np.random.get_state()[1].copy()
    shared = {ref(module): _state(module) for module in list(MODULES)}
    yield
    for kind in _HOOKS:
        assert not getattr(torch_module, f"_global{kind}"), f"a hook is left in torch's global{kind}"
    for module in list(MODULES):
        own = [hook for hook in _hooks(module) if _module_of(hook).startswith("dissect_widgets")]
        assert not own, f"{own[0]} is left on a {type(module).__name__}"
    for reference, before in shared.items():
        module = reference()
        if module is not None:
            after = _state(module)
            for name in before:
                assert after[name] == before[name], (
                    f"{name} of a shared {type(module).__name__} is now {after[name]}, not {before[name]}"
                )
    assert torch.is_grad_enabled(), "gradients are switched off"
    assert torch.equal(torch.get_rng_state(), random[0]), "the global torch generator was used"
    assert (np.random.get_state()[1] == random[1]).all(), "the global numpy generator was used"


def _hooks(module: nn.Module) -> list[Any]:
    return [hook for kind in _HOOKS for hook in getattr(module, kind, {}).values()]


def _module_of(hook: Any) -> str:
    """Dotted name of the module whose code a hook is."""
    while isinstance(hook, functools.partial):
        hook = hook.func
    return str(getattr(hook, "__module__", None) or type(hook).__module__)


def _state(module: nn.Module) -> dict[str, Any]:
    """Hooks, mode and gradients of a module, without those of its children."""
    parameters = module.__dict__.get("_parameters", {})
    return {
        "training": module.__dict__.get("training"),
        "hooks": [id(hook) for hook in _hooks(module)],
        "requires_grad": {name: p.requires_grad for name, p in parameters.items() if p is not None},
    }
