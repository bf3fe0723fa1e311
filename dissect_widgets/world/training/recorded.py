"""Functions whose kernels are recorded on CUDA, and then replayed: small networks train several times faster.

>>> step = Recorded(take_step)               # tensors on one device to a tensor
>>> losses = step(images, latents)           # from the third call on, a replay

On other devices the function is called each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

_WARM_UPS: Final = (
    2  # calls before the recording: libraries choose their kernels, optimizers make their state
)


class Recorded:
    """A function of tensors, recorded once for tensors of the same shapes.

    Parameters
    ----------
    function
        Takes tensors and returns one. It may change other tensors, such as weights, in place; it must not
        read a value from the device, and what it computes must depend on nothing but tensors.
    """

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self._function = function
        self._calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: list[Tensor] = []
        self._result = torch.empty(0)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The function's result; the next call overwrites it."""
        if inputs[0].device.type != "cuda":
            return self._function(*inputs)
        self._calls += 1
        if self._calls <= _WARM_UPS:
            return self._function(*inputs)
        if self._graph is None:
            self._record(inputs)
        for kept, value in zip(self._inputs, inputs, strict=True):
            kept.copy_(value)
        assert self._graph is not None
        self._graph.replay()
        return self._result

    def _record(self, inputs: tuple[Tensor, ...]) -> None:
        self._inputs = [value.clone() for value in inputs]
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
            self._result = self._function(*self._inputs)
        self._graph = graph
