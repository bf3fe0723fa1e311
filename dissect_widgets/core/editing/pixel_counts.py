"""Pixels of each concept in generated images, without and with edits.

PNAS 2020, "Role of Units in a GAN", Fig. 4a: pixels of trees against the number of tree units removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from torch import Tensor

from dissect_widgets.core.data.arrays import Float64s, Int64s
from dissect_widgets.core.data.confidence import ratio_interval
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.labels import count_labels, label
from dissect_widgets.core.data.latents import Latents
from dissect_widgets.core.data.provenance import describe_callable, weights_digest
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import EditableGenerator
from dissect_widgets.errors import SettingError, shown

Progress = Callable[[int, int], None]
"""Called with the number of latents done, and of all."""


class Change(NamedTuple):
    """Relative change of the pixels of a concept with each set of edits."""

    mean: Float64s
    """float64 (sets,): -0.5 is half of the pixels gone."""
    interval: Float64s
    """float64 (sets,): half of its 99 % interval, over pairs of images without and with the edits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelCounts:
    """Pixels of concepts in images of the same latents, without edits and under sets of edits."""

    concepts: tuple[Concept, ...]
    before: Int64s
    """int64 (images, concepts)"""
    after: Int64s
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
            If no image has it, so that there is nothing to compare with.
        """
        column = self.column(concept, category)
        before, after = self.before[:, column].astype(float), self.after[:, :, column]
        if not before.any():
            raise SettingError(f"None of the {len(before)} images has a pixel of {shown(concept)}.")
        return Change(after.mean(1) / before.mean() - 1, ratio_interval(after, before))

    def column(self, concept: str, category: str | None = None) -> int:
        """Index of a concept in `concepts`."""
        return Vocabulary(self.concepts).index(concept, category) - 1

    def __repr__(self) -> str:
        sets, images, concepts = self.after.shape
        return f"<PixelCounts of {concepts} concepts in {images} images under {sets} sets of edits>"


def count_pixels(
    generator: EditableGenerator,
    latents: Tensor,
    edit_sets: Sequence[Sequence[Edit]],
    segmenter: Segmenter,
    *,
    concepts: Sequence[Concept] | None = None,
    batch_size: int = 16,
    progress: Progress = lambda done, total: None,
    begun: InterruptedRun | None = None,
) -> PixelCounts:
    """Generate images of all latents under each set of edits, label them, and count.

    Parameters
    ----------
    generator
        See `open_generator`.
    latents
        (n, latent_dim) or (n, latent_dim, 1, 1).
    edit_sets
        Edits that are made together.
    segmenter
        Labels the images.
    concepts
        Which to count; by default all of the segmenter's.
    batch_size
        Images that are generated together.
    progress
        Called with the number of latents done, and of all.
    begun
        An interrupted run; it is resumed if it is the same, else left alone.

    Raises
    ------
    Interrupted
        On Ctrl-C or the interrupt button, between two batches; `begun` takes its `run`.
    """
    latents = Latents(latents).values
    vocabulary = segmenter.vocabulary
    named = tuple(concepts) if concepts is not None else tuple(vocabulary)[1:]
    columns = [vocabulary.index(*concept) for concept in named]
    before = np.zeros((len(latents), len(named)), np.int64)
    after = np.zeros((len(edit_sets), *before.shape), np.int64)
    done = positions = 0
    key = partial(run_key, generator, latents, edit_sets, segmenter, named, batch_size)
    earlier: PixelCounts | None = None if begun is None else begun.take(key())
    if earlier is not None:
        done, positions = len(earlier.before), earlier.positions
        before[:done], after[:, :done] = earlier.before, earlier.after
    progress(done, len(latents))
    with deferred_interrupt() as interrupt_waits:
        for start in range(done, len(latents), batch_size):
            part = slice(start, min(start + batch_size, len(latents)))
            prefix = generator.begin(latents[part])
            labels = label(segmenter, generator.draw(prefix))
            positions = labels[0, 0].numel()
            before[part] = count_labels(labels, len(vocabulary))[:, columns]
            for counts, edits in zip(after, edit_sets, strict=True):
                labels = label(segmenter, generator.draw(prefix, edits))
                counts[part] = count_labels(labels, len(vocabulary))[:, columns]
            done = part.stop
            progress(done, len(latents))
            if interrupt_waits() and done < len(latents):
                so_far = PixelCounts(
                    concepts=named, before=before[:done], after=after[:, :done], positions=positions
                )
                raise Interrupted(interrupted_run(generator, key(), so_far, done, len(latents)))
    return PixelCounts(concepts=named, before=before, after=after, positions=positions)


def run_key(
    generator: EditableGenerator,
    latents: Tensor,
    edit_sets: Sequence[Sequence[Edit]],
    segmenter: Segmenter,
    *options: object,
) -> str:
    """Digest of all that decides what edits of a generator do."""
    decisive = (
        weights_digest(generator.generator),
        describe_callable(generator.to_images),
        describe_callable(segmenter),
        tuple(segmenter.vocabulary),
        [[(edit.layer, edit.units, edit.level) for edit in edits] for edits in edit_sets],
        options,
    )
    digest = hashlib.sha256(repr(decisive).encode())
    masks = [edit.where for edits in edit_sets for edit in edits]
    for array in (latents.detach().cpu().numpy(), *masks):
        digest.update(b"everywhere" if array is None else np.ascontiguousarray(array).data)
    return digest.hexdigest()


def interrupted_run(
    generator: EditableGenerator, key: str, so_far: object, done: int, total: int
) -> InterruptedRun:
    """A run over latents, as far as it is."""
    name, layers = type(generator.generator).__name__, ", ".join(generator.maps)
    of = f"{layers} of {name}" if layers else name
    return InterruptedRun(of=of, done=done, total=total, unit="latents", key=key, state=so_far)
