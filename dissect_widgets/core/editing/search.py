"""Search for values of the least loss by gradients from several starts, of which fewer and fewer go on.

All that a search knows is in its tensors, so that one that was interrupted goes on to the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dissect_widgets.errors import ActivationError, SettingError

_MOMENTS: Final = (0.9, 0.999)  # Adam (Kingma & Ba 2015), with its usual settings
_WARM_UP: Final = 0.05
_HALVINGS: Final = 8
"""After each of so many parts of the steps, the worse half of the starts is dropped."""


@dataclass(eq=False)
class Search:
    """Where a search is.

    Attributes
    ----------
    values, mean, square
        float32 (starts, ...): where each is, and Adam's moments.
    best, least
        float32 (starts, ...) and (starts,): the best of each so far, and its loss.
    step
        How many steps were made.
    """

    values: Tensor
    mean: Tensor
    square: Tensor
    best: Tensor
    least: Tensor
    step: int = 0

    @classmethod
    def begin(cls, values: Tensor) -> Search:
        """Start at values (starts, ...)."""
        values = values.detach().float().clone()
        nothing = torch.full((len(values),), torch.inf, device=values.device)
        return cls(values, torch.zeros_like(values), torch.zeros_like(values), values.clone(), nothing)

    def copy(self) -> Search:
        """Another one at the same place, which goes its own way."""
        tensors = (self.values, self.mean, self.square, self.best, self.least)
        values, mean, square, best, least = (tensor.clone() for tensor in tensors)
        return Search(values, mean, square, best, least, self.step)

    @property
    def winner(self) -> Tensor:
        """float32 (1, ...), the best of all starts; ties: the first."""
        return self.best[int(self.least.argmin())][None].clone()

    def advance(self, loss: Callable[[Tensor], Tensor], total: int, learning_rate: float) -> None:
        """Make one step of `total`.

        Parameters
        ----------
        loss
            Values (starts, ...) to losses (starts,), each of its own values alone.
        total
            Steps of the whole search.
        learning_rate
            Largest change of a value in a step, about; it rises at first and falls to 0 at the end.

        Raises
        ------
        ActivationError
            If the loss of no start has been finite.
        SettingError
            If the loss passes no gradient.
        """
        values = self.values.detach().requires_grad_()
        with torch.enable_grad():
            losses = loss(values)
            gradient = _gradient(losses, values)
        self._keep(losses.detach())
        gradient = gradient.nan_to_num(0.0, 0.0, 0.0)
        if not self.step and not bool(gradient.any()) and bool((self.least > 0).all()):
            raise SettingError(
                "The gradient of the images by what the generator takes is 0. It may round its output, or "
                "cut it off; an inversion needs a differentiable generator."
            )
        self.step += 1
        first, second = _MOMENTS
        self.mean.lerp_(gradient, 1 - first)
        self.square.lerp_(gradient.square(), 1 - second)
        scaled = self.mean / (1 - first**self.step)
        scaled /= (self.square / (1 - second**self.step)).sqrt().add_(1e-12)
        self.values = self.values - _rate(self.step, total) * learning_rate * scaled
        if self.step % max(1, total // _HALVINGS) == 0 and len(self.values) > 1:
            self._drop_half()

    def finish(self, loss: Callable[[Tensor], Tensor]) -> None:
        """Look at where the last step has led to."""
        with torch.no_grad():
            self._keep(loss(self.values))

    def _keep(self, losses: Tensor) -> None:
        finite = losses.float().nan_to_num(torch.inf, torch.inf, torch.inf)
        better = finite < self.least
        shape = [-1, *[1] * (self.values.dim() - 1)]
        self.best = torch.where(better.view(shape), self.values, self.best)
        self.least = torch.where(better, finite, self.least)
        if not bool(self.least.isfinite().any()):
            raise ActivationError(
                "The distance of the generator's images from the image is NaN or infinite for every start: "
                "the generator or the features give numbers that are not finite."
            )

    def _drop_half(self) -> None:
        order = self.least.argsort(stable=True)[: -(-len(self.least) // 2)].sort().values
        for name in ("values", "mean", "square", "best", "least"):
            setattr(self, name, getattr(self, name)[order])


def _gradient(losses: Tensor, values: Tensor) -> Tensor:
    """Gradient of each loss by its own values; nothing else gets one."""
    try:
        (gradient,) = torch.autograd.grad(losses.sum(), [values])
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise SettingError(
            f"No gradient passes from the generator's images to what it takes ({reason}). It may detach "
            "its values, or run without gradients; an inversion needs a differentiable generator."
        ) from error
    return gradient.float()


def _rate(step: int, total: int) -> float:
    """Share of the learning rate at a step, from 1 on."""
    rise = min(1.0, step / max(1.0, _WARM_UP * total))
    return rise * 0.5 * (1 + math.cos(math.pi * (step - 1) / total))
