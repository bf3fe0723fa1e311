"""BLEU-4 of sentences against several references each (Papineni et al. 2002), over a whole corpus.

>>> bleu([["a", "red", "boat"]], [[["a", "red", "boat"], ["one", "boat"]]])

The counts of n-grams, each no more often than in one of the references, and the lengths are summed over all
sentences before the precisions are taken; nothing is smoothed. The length that counts for a sentence is that
of the reference nearest in length, of two equally near the shorter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

Sentence = Sequence[Hashable]
"""Words, or their numbers."""


def bleu(candidates: Sequence[Sentence], references: Sequence[Sequence[Sentence]], *, most: int = 4) -> float:
    """BLEU of a corpus, from 0 to 1.

    Parameters
    ----------
    candidates
        A sentence for each item.
    references
        One or more right sentences for each item.
    most
        Words of the longest n-grams.
    """
    matches, totals = [0] * most, [0] * most
    length = wanted = 0
    for candidate, allowed in zip(candidates, references, strict=True):
        length += len(candidate)
        wanted += min((len(reference) for reference in allowed), key=lambda n: (abs(n - len(candidate)), n))
        for n in range(1, most + 1):
            matches[n - 1] += _clipped_matches(candidate, allowed, n)
            totals[n - 1] += max(len(candidate) - n + 1, 0)
    if min(matches) == 0:
        return 0.0
    precision = sum(math.log(m / t) for m, t in zip(matches, totals, strict=True)) / most
    return math.exp(precision + min(0.0, 1 - wanted / length))


def _clipped_matches(candidate: Sentence, allowed: Sequence[Sentence], n: int) -> int:
    """How many n-grams of a sentence are in a reference, each at most as often as in one of them."""
    limits: Counter[tuple[Hashable, ...]] = Counter()
    for reference in allowed:
        limits |= _grams(reference, n)
    return (_grams(candidate, n) & limits).total()


def _grams(sentence: Sentence, n: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(tuple(sentence[start : start + n]) for start in range(len(sentence) - n + 1))
