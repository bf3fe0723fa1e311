"""What every attack works on: images under attack and the best adversarial image of each so far.

An attack is a class with an `attack` method that takes an `AttackState`, such as `CarliniWagner`; see
`AttackMethod`, and docs/contributing/add_an_attack.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from dissect_widgets.core.attacks.targets import AttackTarget
from dissect_widgets.errors import SettingError

Advance = Callable[[float, int], bool]
"""Called with the share of the work that is done, and the number of finished images; True ends the attack."""


class AttackMethod(Protocol):
    """A method of attack: settings, whose `repr` names all of them, and what it does to images.

    A frozen dataclass is one as soon as it has `attack`. The attack must keep to these rules:

    - it takes scores from `state.scores` alone, which counts passes and sees that gradients flow;
    - at most `state.at_once` images at a time go through the network, on `state.device`;
    - what is drawn at random for an image depends on `state.seed` and its number in `state.numbers` alone;
    - it notes the best image with `state.keep`, or that scores were not finite in `state.broken`;
    - after each step it calls `state.report`, and it ends when `state.stopped` is set.

    An image is then attacked as if it were alone, and an interrupted attack can be resumed.
    """

    def attack(self, state: AttackState) -> None:
        """Attack all images, until each is finished or the state is stopped."""
        ...


class AttackState:
    """Images under attack; the attack may be stopped after any step, and keeps what it has.

    Parameters
    ----------
    scores
        Images (B, 3, H, W) in [0, 1] to scores (B, classes), differentiable.
    images
        float (n, 3, H, W) in [0, 1], on the CPU.
    target
        What the attack is to reach with each of them, on `device`.
    numbers
        Of the images in their data set: what is drawn at random for one depends on no other.
    seed
        Of all that is drawn at random.
    at_once
        Most images that go through the network together.
    device
        Where the network is.
    advance
        See `Advance`.

    Attributes
    ----------
    best
        float (n, 3, H, W), the best adversarial image; the clean image where there is none.
    success
        bool (n,), whether there is one.
    finished
        bool (n,), whether all was tried.
    broken
        bool (n,), whether scores were not finite, which ends the attack on an image.
    passes
        Number of images that have gone through the network, forward and backward.
    stopped
        Whether the attack is to end.
    """

    def __init__(
        self,
        scores: Callable[[Tensor], Tensor],
        images: Tensor,
        target: AttackTarget,
        numbers: Sequence[int],
        *,
        seed: int,
        at_once: int,
        device: torch.device,
        advance: Advance,
    ) -> None:
        self._scores, self._advance = scores, advance
        self.images, self.target, self.numbers, self.seed = images, target, list(numbers), seed
        self.at_once, self.device, self.best = at_once, device, images.clone()
        self.success, self.finished, self.broken = (torch.zeros(len(images), dtype=torch.bool) for _ in "123")
        self.passes, self.stopped = 0, False

    def scores(self, images: Tensor) -> Tensor:
        """Scores float32 (B, classes) of images that require gradients."""
        self.passes += len(images)
        return self._scores(images).float()

    def keep(self, row: int, adversarial: Tensor | None, *, finished: bool = True) -> None:
        """Note the best adversarial image (3, H, W) of the `row`-th image; None if there is none."""
        if adversarial is not None:
            self.best[row], self.success[row] = adversarial.detach().cpu(), True
        self.finished[row] = finished

    def report(self, under_way: float) -> None:
        """Report progress; images that are under way count as `under_way` finished ones."""
        done = int((self.finished | self.broken).sum())
        self.stopped = self._advance(min((done + under_way) / len(self.images), 1.0), done) or self.stopped


def input_gradient(loss: Tensor, images: Tensor) -> Tensor:
    """Gradient of a loss in the images; SettingError if it does not depend on them differentiably."""
    gradient = torch.autograd.grad(loss, images, allow_unused=True)[0] if loss.requires_grad else None
    if gradient is None:
        raise SettingError(
            "The scores have no gradient in the image, which the attack needs: the network or "
            "`preprocess` cuts it off (torch.no_grad, detach, a round trip through numpy or Pillow)."
        )
    return gradient
