"""Random numbers that are the same on every machine, whatever else uses random numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Rng:
    """The random generator of one image.

    It uses only `random.Random.random`, whose numbers for a given seed Python guarantees.

    Parameters
    ----------
    seed
        Any text; the same text gives the same stream.
    """

    def __init__(self, seed: str) -> None:
        self._next = random.Random(seed).random

    def between(self, low: float, high: float) -> float:
        """Uniformly distributed number in [low, high)."""
        return low + (high - low) * self._next()

    def count(self, low: int, high: int) -> int:
        """Uniformly distributed integer from low to high, both included."""
        return low + int((high - low + 1) * self._next())

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return self._next() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of some options, all equally likely."""
        return options[int(len(options) * self._next())]

    def side(self) -> int:
        """-1 or 1."""
        return -1 if self._next() < 0.5 else 1

    def near(self, middle: float, spread: float = 0.15) -> float:
        """Uniformly distributed number in middle * (1 ± spread)."""
        return middle * (1 + spread * (2 * self._next() - 1))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in random order."""
        keyed = [(self._next(), number) for number in range(len(options))]
        return [options[number] for _, number in sorted(keyed)]
