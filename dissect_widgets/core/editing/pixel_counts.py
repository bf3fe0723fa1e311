"""How many pixels of each concept a generator draws, as it is and under edits.

PNAS 2020, "Role of Units in a GAN", Fig. 4a: pixels of trees against the number of tree units removed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.core.data.confidence import ratio_interval
from dissect_widgets.core.data.labels import count_labels, label
from dissect_widgets.core.data.latents import Latents
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import EditableGenerator
from dissect_widgets.errors import SettingError

Progress = Callable[[int, int], None]
"""Hears of the number of latents done, and of all."""


class Change(NamedTuple):
    """How the pixels of a concept change with each set of edits, as a share of the pixels without."""

    mean: NDArray[np.float64]
    """float64 (sets,): -0.5 is half of the pixels gone."""
    interval: NDArray[np.float64]
    """float64 (sets,): half of the 99 % interval of this share, of pairs of pictures with and without."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelCounts:
    """Pixels of concepts in pictures of the same latents, as they are and under sets of edits."""

    concepts: tuple[Concept, ...]
    before: NDArray[np.int64]
    """int64 (images, concepts)"""
    after: NDArray[np.int64]
    """int64 (sets, images, concepts)"""
    positions: int
    """Pixels of a label map."""

    def change(self, concept: str, category: str | None = None) -> Change:
        """How the pixels of a concept change with each set.

        Raises
        ------
        ConceptError
            If it was not counted.
        SettingError
            If no picture has it, so that there is nothing to compare with.
        """
        column = self.column(concept, category)
        before, after = self.before[:, column].astype(float), self.after[:, :, column]
        if not before.any():
            raise SettingError(f"None of the {len(before)} pictures has a pixel of {concept!r}.")
        return Change(after.mean(1) / before.mean() - 1, ratio_interval(after, before))

    def column(self, concept: str, category: str | None = None) -> int:
        """Place of a concept among `concepts`."""
        return Vocabulary(self.concepts).index(concept, category) - 1

    def __repr__(self) -> str:
        sets, images, concepts = self.after.shape
        return f"<PixelCounts of {concepts} concepts in {images} pictures under {sets} sets of edits>"


def count_pixels(
    canvas: EditableGenerator,
    latents: Tensor,
    edit_sets: Sequence[Sequence[Edit]],
    segmenter: Segmenter,
    *,
    concepts: Sequence[Concept] | None = None,
    batch_size: int = 16,
    progress: Progress = lambda done, total: None,
) -> PixelCounts:
    """Draw all latents under each set of edits, label the pictures, and count.

    Parameters
    ----------
    canvas
        See `open_generator`.
    latents
        (n, depth) or (n, depth, 1, 1).
    edit_sets
        Edits that are made together.
    segmenter
        Labels the pictures.
    concepts
        Which to count; by default all of the segmenter's.
    batch_size
        Pictures that are drawn together.
    progress
        Called with the number of latents done, and of all.
    """
    latents = Latents(latents).values
    vocabulary = segmenter.vocabulary
    named = tuple(concepts) if concepts is not None else tuple(vocabulary)[1:]
    columns = [vocabulary.index(*concept) for concept in named]
    before = np.zeros((len(latents), len(named)), np.int64)
    after = np.zeros((len(edit_sets), *before.shape), np.int64)
    positions = 0
    progress(0, len(latents))
    for start in range(0, len(latents), batch_size):
        part = slice(start, min(start + batch_size, len(latents)))
        begun = canvas.begin(latents[part])
        labels = label(segmenter, canvas.draw(begun))
        positions = labels[0, 0].numel()
        before[part] = count_labels(labels, len(vocabulary))[:, columns]
        for own, edits in zip(after, edit_sets, strict=True):
            labels = label(segmenter, canvas.draw(begun, edits))
            own[part] = count_labels(labels, len(vocabulary))[:, columns]
        progress(part.stop, len(latents))
    return PixelCounts(concepts=named, before=before, after=after, positions=positions)
