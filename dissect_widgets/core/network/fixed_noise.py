"""Networks that draw at random when they are evaluated, made functions of each image.

>>> model = with_fixed_noise(model, seed=1)      # drops the same tokens, adds the same noise, for every image
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from dissect_widgets.core.network.original import original
from dissect_widgets.core.network.random_numbers import restored_random_numbers
from dissect_widgets.errors import SettingError, shown

_Network = TypeVar("_Network", bound=nn.Module)


def with_fixed_noise(model: _Network, seed: int = 0) -> _Network:
    """The same network, whose random draws are the same in every pass, and for every image of a batch.

    An image then gives the same output alone and among others, whenever it is run. What a run computes is one
    sample of what the network may say; repeat it with other seeds to see how much depends on chance.

    Parameters
    ----------
    model
        Draws with torch, numpy or `random` while it runs. It is not changed; the network returned shares its
        weights, layers and hooks.
    seed
        Of all draws, 0 to 2**32 - 1.

    Raises
    ------
    SettingError
        If the seed is none.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise SettingError(f"The seed is {shown(seed)}; allowed is 0 to {2**32 - 1}.")
    network = copy.copy(original(model))
    forward = network.forward

    def fixed(images: Tensor, *more: Any, **options: Any) -> Any:
        with _seeded(seed, images), _AlikeForImages(len(images)):
            return forward(images, *more, **options)

    fixed.draws_alike = True  # type: ignore[attr-defined]
    object.__setattr__(network, "forward", fixed)
    return network  # type: ignore[return-value]


@contextmanager
def _seeded(seed: int, images: Tensor) -> Iterator[None]:
    """Seeds all generators that a network may draw from, and sets them back."""
    devices = [images.device] if images.device.type == "cuda" else []
    with restored_random_numbers(devices):
        states = random.getstate(), np.random.get_state()
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


class _AlikeForImages(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Draws for one image of a batch what it draws for all."""

    def __init__(self, count: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = count

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation; one that draws runs for each image with the same state of the generator."""
        options = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **options)
        if options.get("generator") is not None:
            options["generator"] = None  # one of the network's goes on from pass to pass
        for place, value in enumerate(args):
            if isinstance(value, Tensor) and value.dim() and len(value) and len(value) % self.count == 0:
                return self._for_each(func, args, options)
            if isinstance(value, (list, tuple)) and value and value[0] == self.count:  # a size
                one = func(*args[:place], [1, *value[1:]], *args[place + 1 :], **options)
                return one.expand(value).contiguous()
        return func(*args, **options)

    def _for_each(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Run an operation on the rows of each image: one, or as many as there are heads or windows."""
        first = next(value for value in args if isinstance(value, Tensor))
        before, rows = _generator_state(first.device), len(first)
        parts = []
        for image in range(self.count):
            _set_generator_state(first.device, before)
            of_image = slice(image * rows // self.count, (image + 1) * rows // self.count)
            own = [v[of_image] if isinstance(v, Tensor) and v.dim() and len(v) == rows else v for v in args]
            parts.append(func(*own, **options))
        if func._schema.name.endswith("_"):  # it was written into the rows
            return first
        if isinstance(parts[0], (tuple, list)):
            return tuple(_joined(each) for each in zip(*parts, strict=True))
        return _joined(parts)


def _joined(parts: Sequence[Any]) -> Any:
    """Results for each image as that for all; of what is no tensor of images, such as a seed, the first."""
    whole = all(isinstance(part, Tensor) and part.dim() for part in parts)
    return torch.cat(list(parts)) if whole else parts[0]


def _generator_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_generator_state(device: torch.device, state: Tensor) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
