"""Chance that is the same on every machine, whatever else draws numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Rng:
    """A stream of chance that belongs to one image.

    Only `random.Random.random` is used, whose numbers Python promises to keep for a given seed.

    Parameters
    ----------
    seed
        Any text; the same text gives the same stream.
    """

    def __init__(self, seed: str) -> None:
        self._next = random.Random(seed).random

    def between(self, low: float, high: float) -> float:
        """Evenly distributed number from low to high."""
        return low + (high - low) * self._next()

    def count(self, low: int, high: int) -> int:
        """Evenly distributed integer from low to high, both of them included."""
        return low + int((high - low + 1) * self._next())

    def chance(self, probability: float) -> bool:
        """Say yes with a probability."""
        return self._next() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of several, all equally likely."""
        return options[int(len(options) * self._next())]

    def side(self) -> int:
        """-1 or 1."""
        return -1 if self._next() < 0.5 else 1

    def near(self, middle: float, spread: float = 0.15) -> float:
        """Number around a middle, at most the share `spread` away from it."""
        return middle * (1 + spread * (2 * self._next() - 1))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of them, in random order."""
        keyed = [(self._next(), number) for number in range(len(options))]
        return [options[number] for _, number in sorted(keyed)]
