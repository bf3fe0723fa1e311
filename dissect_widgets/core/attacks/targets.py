"""What an attack is to reach: a class for each image, or any other than now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.errors import ConceptError, SettingError, nearest

Ints = NDArray[np.int64]

Target = str | int | Sequence[str | int] | None
"""A class by its name or number, or one for each image; "nearest", the class that is second now; "random",
any wrong one; None for whatever is another class than now."""


class AttackTarget(NamedTuple):
    """What each of some images is to be told as, or to be told as no more."""

    classes: Tensor
    """int64 (B,)"""
    targeted: bool
    """Whether images are to become of `classes`; if not, they are to leave them."""

    def of(self, images: Tensor | slice) -> AttackTarget:
        """The goal of some of the images."""
        return AttackTarget(self.classes[images], self.targeted)

    def margin(self, scores: Tensor) -> Tensor:
        """How far scores (B, classes) are from the goal, (B,): below 0 it is reached.

        The greatest other score minus the target's (Carlini & Wagner 2017, sec. V-A, f6); without a target
        the class's own score minus the greatest other one.
        """
        own = self.classes[:, None]
        inside = scores.gather(1, own)[:, 0]
        others = scores.scatter(1, own, -torch.inf).amax(1)
        return others - inside if self.targeted else inside - others


def plan_targets(
    target: Target,
    scores: NDArray[np.floating],
    classes: Sequence[str],
    numbers: Sequence[int],
    seed: int,
    among: Sequence[str | int] | None = None,
) -> Ints:
    """Class that each image is to be told as, int64 (n,); -1 where any other than now will do.

    Parameters
    ----------
    target
        See `Target`.
    scores
        (n, classes), what the network says now.
    classes
        Names.
    numbers
        Of the images in their data, which the random targets depend on, and not on one another.
    seed
        Of the random targets.
    among
        Classes that random targets are drawn from; by default all.

    Raises
    ------
    ConceptError, SettingError
        If a class does not exist, there is not one for each image, or there is only one class.
    """
    n = len(scores)
    if among is not None and (target != "random" or "random" in classes):
        raise SettingError(f"among is for random targets; the target is {target!r}.")
    if len(classes) < 2:
        raise SettingError("The network tells only one class, so nothing can be told as another.")
    if target is None:
        return np.full(n, -1)
    if isinstance(target, str) and target not in classes and target in ("nearest", "random"):
        now = scores.argmax(1)
        if target == "nearest":
            second: Ints = np.where(np.arange(len(classes)) == now[:, None], -np.inf, scores).argmax(1)
            return second
        pool = _pool(among, classes)
        others = [[k for k in pool if k != own] for own in now]
        drawn = [np.random.default_rng((seed, number)) for number in numbers]
        return np.array([own[r.integers(len(own))] for own, r in zip(others, drawn, strict=True)], np.int64)
    if isinstance(target, (str, int, np.integer)):
        return np.full(n, class_number(target, classes))
    found = np.array([class_number(own, classes) for own in target], np.int64)
    if len(found) != n:
        raise SettingError(f"There are {len(found)} targets for {n} images.")
    return found


def _pool(among: Sequence[str | int] | None, classes: Sequence[str]) -> list[int]:
    pool = range(len(classes)) if among is None else sorted({class_number(own, classes) for own in among})
    if len(pool) < 2:
        raise SettingError(f"among is {among!r}; it must name two classes at least.")
    return list(pool)


def class_number(name: str | int, classes: Sequence[str]) -> int:
    """Number of a class, by its name or number."""
    if isinstance(name, str):
        if name not in classes:
            raise ConceptError(f"There is no class {name!r}.{nearest(name, classes)}")
        return classes.index(name)
    if isinstance(name, bool) or not isinstance(name, (int, np.integer)) or not 0 <= name < len(classes):
        raise SettingError(f"There is no class {name!r}; classes are 0 to {len(classes) - 1}, or names.")
    return int(name)
