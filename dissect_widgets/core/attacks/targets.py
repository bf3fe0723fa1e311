"""What an attack is to reach: a target class for each image, or any class other than the predicted one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.errors import ConceptError, SettingError, nearest, shown

Target = str | int | Sequence[str | int] | None
"""A class by its name or number, or one for each image; "nearest" for the class with the second highest
score; "random" for a wrong class drawn at random; None for any class but the predicted one (untargeted)."""


class AttackTarget(NamedTuple):
    """Target classes of some images, or the classes that they are to leave."""

    classes: Tensor
    """int64 (B,)"""
    targeted: bool
    """Whether images are to be classified as `classes`; if not, as anything else."""

    def of(self, images: Tensor | slice) -> AttackTarget:
        """The targets of some of the images."""
        return AttackTarget(self.classes[images], self.targeted)

    def margin(self, scores: Tensor) -> Tensor:
        """How far scores (B, classes) are from the target, (B,): below 0 the attack has succeeded.

        The highest other score minus the target's (Carlini & Wagner 2017, sec. V-A, f6); without a target
        the score of the class minus the highest other one.
        """
        columns = self.classes[:, None]
        score = scores.gather(1, columns)[:, 0]
        highest_other = scores.scatter(1, columns, -torch.inf).amax(1)
        return highest_other - score if self.targeted else score - highest_other


def plan_targets(
    target: Target,
    scores: NDArray[np.floating],
    classes: Sequence[str],
    numbers: Sequence[int],
    seed: int,
    among: Sequence[str | int] | None = None,
) -> Int64s:
    """Target class of each image, int64 (n,); -1 for any class other than the predicted one.

    Parameters
    ----------
    target
        See `Target`.
    scores
        (n, classes), of the clean images.
    classes
        Names.
    numbers
        Of the images in their data; a random target depends on the number alone.
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
        raise SettingError(f"among is for random targets; the target is {shown(target)}.")
    if len(classes) < 2:
        raise SettingError("The network has a single class, so nothing can be misclassified.")
    if target is None:
        return np.full(n, -1)
    if isinstance(target, str) and target not in classes and target in ("nearest", "random"):
        predicted = scores.argmax(1)
        if target == "nearest":
            second: Int64s = np.where(np.arange(len(classes)) == predicted[:, None], -np.inf, scores).argmax(
                1
            )
            return second
        pool = _pool(among, classes)
        wrong = [[k for k in pool if k != label] for label in predicted]
        rngs = [np.random.default_rng((seed, number)) for number in numbers]
        return np.array([k[rng.integers(len(k))] for k, rng in zip(wrong, rngs, strict=True)], np.int64)
    if isinstance(target, (str, int, np.integer)):
        return np.full(n, class_number(target, classes))
    chosen = np.array([class_number(name, classes) for name in target], np.int64)
    if len(chosen) != n:
        raise SettingError(f"There are {len(chosen)} targets for {n} images.")
    return chosen


def _pool(among: Sequence[str | int] | None, classes: Sequence[str]) -> list[int]:
    pool = range(len(classes)) if among is None else sorted({class_number(name, classes) for name in among})
    if len(pool) < 2:
        raise SettingError(f"among is {shown(among)}; it must name two classes at least.")
    return list(pool)


def class_number(name: str | int, classes: Sequence[str]) -> int:
    """Number of a class, by its name or number."""
    if isinstance(name, str):
        if name not in classes:
            raise ConceptError(f"There is no class {shown(name)}.{nearest(name, classes)}")
        return classes.index(name)
    if isinstance(name, bool) or not isinstance(name, (int, np.integer)) or not 0 <= name < len(classes):
        raise SettingError(f"There is no class {shown(name)}; classes are 0 to {len(classes) - 1}, or names.")
    return int(name)
