"""Images under attack, and the best that was found of each so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from dissect_widgets.core.attacks.targets import AttackTarget
from dissect_widgets.errors import SettingError

Advance = Callable[[float, int], bool]
"""Hears of the share of the work that is done, and of how many images are finished; True ends the attack."""


class AttackState:
    """What a method of attack works on; it may be stopped after any step, and keeps what it has.

    Parameters
    ----------
    scores
        Pictures (B, 3, H, W) in [0, 1] to scores (B, classes), differentiable.
    pictures
        float (n, 3, H, W) in [0, 1], on the CPU.
    goal
        Of each of them, on `device`.
    numbers
        Of the images in their data: what is drawn by chance for one depends on no other.
    seed
        Of all that is drawn by chance.
    at_once
        Images that go through the network together, at most.
    device
        Where the network is.
    advance
        See `Advance`.

    Attributes
    ----------
    best
        float (n, 3, H, W), the best picture that reaches the goal; the picture as it was, where none does.
    there
        bool (n,), whether one does.
    finished
        bool (n,), whether all was tried.
    broken
        bool (n,), whether the scores came to be no finite numbers, which ends the attack on an image.
    passes
        How often an image has gone through the network, forward and backward.
    """

    def __init__(
        self,
        scores: Callable[[Tensor], Tensor],
        pictures: Tensor,
        goal: AttackTarget,
        numbers: Sequence[int],
        *,
        seed: int,
        at_once: int,
        device: torch.device,
        advance: Advance,
    ) -> None:
        self._scores, self._advance = scores, advance
        self.pictures, self.goal, self.numbers, self.seed = pictures, goal, list(numbers), seed
        self.at_once, self.device, self.best = at_once, device, pictures.clone()
        self.there, self.finished, self.broken = (torch.zeros(len(pictures), dtype=torch.bool) for _ in "123")
        self.passes, self.stopped = 0, False

    def scores(self, pictures: Tensor) -> Tensor:
        """Scores float32 (B, classes) of pictures that ask for gradients."""
        self.passes += len(pictures)
        return self._scores(pictures).float()

    def keep(self, image: int, picture: Tensor | None, *, finished: bool = True) -> None:
        """Note the best picture of an image; None if none has reached the goal."""
        if picture is not None:
            self.best[image], self.there[image] = picture.detach().cpu(), True
        self.finished[image] = finished

    def tell(self, under_way: float) -> None:
        """Say how far the images are that are under way, as if they were so many finished ones."""
        done = int((self.finished | self.broken).sum())
        self.stopped = self._advance(min((done + under_way) / len(self.pictures), 1.0), done) or self.stopped


def input_gradient(loss: Tensor, pictures: Tensor) -> Tensor:
    """Gradient of a loss; SettingError if it does not depend on the pictures in a way that has one."""
    slope = torch.autograd.grad(loss, pictures, allow_unused=True)[0] if loss.requires_grad else None
    if slope is None:
        raise SettingError(
            "The scores have no gradient in the picture, which the attack needs: the network or "
            "`preprocess` cuts it off (torch.no_grad, detach, a round trip through numpy or Pillow)."
        )
    return slope


class Method(Protocol):
    """A way to attack."""

    def attack(self, attempt: AttackState) -> None:
        """Attack all images, until they are finished or the attempt is stopped."""
        ...
