"""The one way in which a network is run: alone, on a copy of its input, and without compiled code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import check_modes, check_watched
from dissect_widgets.core.network.lock import exclusively

_lock = Lock()
_open_blocks = 0
_stance: Any = None


def run(network: Callable[[Tensor], Any], inputs: Tensor) -> Any:
    """Output of a network for a copy of its `inputs`.

    A network may write into its input, as `nn.Hardtanh(inplace=True)` does; what the caller keeps stays as
    it is, and gradients reach it. Hooks run too where the network, or a part of it, was compiled.

    Raises
    ------
    ProofError
        If something else has changed the network since its `evaluation` began.
    """
    networks = [network] if isinstance(network, nn.Module) else []
    with exclusively(*networks), uncompiled():
        check_modes()
        output = network(inputs.clone(memory_format=torch.contiguous_format))
        check_watched()
    return output


def as_written(part: Callable[..., Any], model: nn.Module) -> Callable[..., Any]:
    """A part of a model that runs as `run` does, on its inputs themselves."""

    def call(*inputs: Any) -> Any:
        with exclusively(model), uncompiled():
            check_modes()
            output = part(*inputs)
            check_watched()
        return output

    return call


@contextmanager
def uncompiled() -> Iterator[None]:
    """Within the block, what was compiled by `torch.compile` runs as it was written, and so runs its hooks.

    The compiler's stance is one for all threads: the first block sets it, and the last sets it back.
    """
    global _open_blocks, _stance
    if "torch._dynamo" not in sys.modules or not hasattr(torch.compiler, "set_stance"):
        yield  # nothing can be compiled; see also `original`
        return
    with _lock:
        if not _open_blocks:
            _stance = torch.compiler.set_stance("force_eager")
        _open_blocks += 1
    try:
        yield
    finally:
        with _lock:
            _open_blocks -= 1
            if not _open_blocks:
                _stance.__exit__(None, None, None)
                _stance = None
