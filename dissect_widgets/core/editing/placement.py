"""Where an object can be inserted: units activated at one position of their map after the other.

PNAS 2020, "Role of Units in a GAN", Fig. 4d: a door can be added where a window or a wall is, but not to
the sky or to a tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from torch import Tensor

from dissect_widgets.core.data.arrays import Bools, Float64s, Int64s
from dissect_widgets.core.data.confidence import Z99
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.labels import count_labels, label
from dissect_widgets.core.data.latents import Latents
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import EditableGenerator, checked_edits
from dissect_widgets.core.editing.pixel_counts import Progress, interrupted_run, run_key
from dissect_widgets.errors import SettingError, shown


class ContextEffect(NamedTuple):
    """Effect of the edit where one concept was before."""

    concept: Concept
    places: int
    """Number of places with the concept in their middle."""
    mean: float
    """Pixels gained at a place, relative to the pixels of an average image without edits."""
    deviation: float
    """Standard deviation over places."""
    interval: float
    """Half of the 99 % interval of the mean, by the spread between images."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceEffects:
    """Pixels of a concept gained by the same edit at each of some places, in images of some latents."""

    concept: Concept
    vocabulary: Vocabulary
    cells: Int64s
    """int64 (places, 2): row and column on the layer's map."""
    edits: tuple[Edit, ...]
    """The edit at each place."""
    grid: tuple[int, int]
    """Rows and columns of the map."""
    before: Int64s
    """int64 (images,): pixels without edits."""
    gained: Int64s
    """int64 (images, places)"""
    context: Int64s
    """int64 (images, channels, places): labels in the middle of each place, without edits."""

    def by_context(self, concepts: Sequence[str | Concept]) -> list[ContextEffect]:
        """Pixels gained where each of some concepts was, relative to those of an average image.

        Raises
        ------
        SettingError
            If no image has a pixel of the concept that is inserted.
        ConceptError
            If a context is not in the vocabulary.
        """
        scale = self.before.mean()
        if not scale:
            raise SettingError(
                f"None of the {len(self.before)} images has a pixel of {shown(self.concept.name)}."
            )
        effects = []
        for name in concepts:
            number = self.vocabulary.find(name)
            is_present = (self.context == number).any(1)
            gains = self.gained[is_present] / scale
            n, mean = len(gains), float(gains.mean()) if len(gains) else float("nan")
            deviation = float(gains.std(ddof=1)) if n > 1 else float("nan")
            interval = self._interval(is_present, mean) / scale
            effects.append(ContextEffect(self.vocabulary[number], n, mean, deviation, interval))
        return effects

    def places_of(self, concept: str | Concept) -> Int64s:
        """Where a concept was, int64 (n, 2): image and place, by pixels gained, most first.

        Raises
        ------
        ConceptError
            If the concept is not in the vocabulary.
        """
        places = np.argwhere((self.context == self.vocabulary.find(concept)).any(1))
        return np.asarray(places[np.argsort(-self.gained[tuple(places.T)], kind="stable")])

    def _interval(self, is_present: Bools, mean: float) -> float:
        """Half of the 99 % interval of a mean over places, in pixels; images are independent, places not."""
        counts = is_present.sum(1)
        images = int((counts > 0).sum())
        if images < 2:
            return float("nan")
        off = (self.gained * is_present).sum(1) - mean * self.before.mean() * counts
        variance = images / (images - 1) * np.square(off).sum() / counts.sum() ** 2
        return float(Z99 * np.sqrt(variance))

    def __repr__(self) -> str:
        images, places = self.gained.shape
        return f"<PlaceEffects of {self.concept.name} at {places} places in {images} images>"

    def by_cell(self) -> Float64s:
        """Mean pixels gained at each cell of the map, float64 (rows, columns); NaN where none was tried."""
        means = np.full(self.grid, np.nan)
        means[self.cells[:, 0], self.cells[:, 1]] = self.gained.mean(0)
        return means


def insert_at_places(
    generator: EditableGenerator,
    latents: Tensor,
    edit: Edit,
    segmenter: Segmenter,
    concept: Concept,
    *,
    cells: Sequence[tuple[int, int]] | None = None,
    block: tuple[int, int] = (1, 1),
    batch_size: int = 16,
    progress: Progress = lambda done, total: None,
    begun: InterruptedRun | None = None,
) -> PlaceEffects:
    """Make an edit at one cell of the map after the other, and count what is gained.

    Parameters
    ----------
    generator, latents, segmenter, batch_size, progress, begun
        See `count_pixels`.
    edit
        What to do at each cell; its `where` is not used.
    concept
        Whose pixels are counted.
    cells
        (row, column) of the cells to try; by default all.
    block
        Rows and columns that are edited at once around each cell, as far as the map goes.

    Raises
    ------
    SettingError
        If a cell is not on the map, the block has no cells, or the edit does not fit the layer.
    LayerError
        If the edit is of a layer at which the generator was not opened.
    Interrupted
        See `count_pixels`.
    """
    latents = Latents(latents).values
    (checked,) = checked_edits([Edit(edit.layer, edit.units, edit.level)], generator)
    _, rows, columns = generator.maps[checked.layer]
    everywhere = [(row, column) for row in range(rows) for column in range(columns)]
    tried = everywhere if cells is None else _checked_cells(cells, edit.layer, rows, columns)
    chosen = np.array(tried, np.int64)
    vocabulary = segmenter.vocabulary
    number, edits = vocabulary.index(*concept), []
    if min(block) < 1:
        raise SettingError(f"block is {block}; allowed are 1 and more rows and columns.")
    for row, column in chosen:
        where = np.zeros((rows, columns), np.float32)
        top, left = (max(0, at - (side - 1) // 2) for at, side in zip((row, column), block, strict=True))
        where[top : row + block[0] // 2 + 1, left : column + block[1] // 2 + 1] = 1
        edits.append(Edit(edit.layer, edit.units, edit.level, where))
    key = partial(run_key, generator, latents, [edits], segmenter, number, batch_size)
    earlier: PlaceEffects | None = None if begun is None else begun.take(key())
    parts = [] if earlier is None else [(earlier.before, earlier.gained, earlier.context)]

    def effects() -> PlaceEffects:
        before, gained, context = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return PlaceEffects(
            concept=vocabulary[number],
            vocabulary=vocabulary,
            cells=chosen,
            edits=tuple(edits),
            grid=(rows, columns),
            before=before,
            gained=gained,
            context=context,
        )

    done = 0 if earlier is None else len(earlier.before)
    progress(done, len(latents))
    with deferred_interrupt() as interrupt_waits:
        for start in range(done, len(latents), batch_size):
            prefix = generator.begin(latents[start : start + batch_size])
            labels = label(segmenter, generator.draw(prefix))
            before = count_labels(labels, len(vocabulary))[:, number]
            height, width = labels.shape[2:]
            middle = ((2 * chosen + 1) * (height, width) // (2 * np.array([rows, columns]))).T
            context = labels[:, :, middle[0], middle[1]].cpu().numpy()
            after = [
                count_labels(label(segmenter, generator.draw(prefix, [at_cell])), len(vocabulary))[:, number]
                for at_cell in edits
            ]
            parts.append((before, np.stack(after, 1) - before[:, None], context))
            done = min(start + batch_size, len(latents))
            progress(done, len(latents))
            if interrupt_waits() and done < len(latents):
                raise Interrupted(interrupted_run(generator, key(), effects(), done, len(latents)))
    return effects()


def _checked_cells(
    cells: Sequence[tuple[int, int]], layer: str, rows: int, columns: int
) -> list[tuple[int, int]]:
    found = list(cells)
    for cell in found:
        if len(cell) != 2 or cell[0] not in range(rows) or cell[1] not in range(columns):
            raise SettingError(
                f"cells has {tuple(cell)}; the map of {layer} has {rows} x {columns} cells, from 0."
            )
    if not found:
        raise SettingError("cells is empty; it must name at least one (row, column).")
    return found
