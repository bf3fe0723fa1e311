"""Editing a generator, for users: images under edits, and effects of edits, with a progress bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from dissect_widgets.api.resuming import Advance, Hold, resumable
from dissect_widgets.core.data.interrupt import InterruptedRun
from dissect_widgets.core.data.latents import Latents, ToImages, to_images
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import EditableGenerator, open_generator
from dissect_widgets.core.editing.pixel_counts import PixelCounts, Progress
from dissect_widgets.core.editing.pixel_counts import count_pixels as count
from dissect_widgets.core.editing.placement import PlaceEffects
from dissect_widgets.core.editing.placement import insert_at_places as insert


def edit(
    generator: nn.Module,
    latents: Tensor,
    edits: Edit | Iterable[Edit] = (),
    *,
    to_images: ToImages = to_images,
    batch_size: int = 16,
) -> Tensor:
    """Generate images with units removed or inserted (PNAS 2020, "Role of Units in a GAN").

    Parameters
    ----------
    generator
        In evaluation mode, on the device where it is to run.
    latents
        (n, latent_dim) or (n, latent_dim, 1, 1).
    edits
        One or several, of any layers, applied in order; see `Edit`.
    to_images
        Converts the output of the generator to images in [0, 1]; by default from [-1, 1].
    batch_size
        Images that are generated together.

    Returns
    -------
    Tensor
        float32 (n, 3, H, W) in [0, 1].

    Raises
    ------
    LayerError, SettingError, DataError
        If an edit is of an unknown layer, does not fit it, or the generator does not take the latents.
    """
    chosen = _edits(edits)
    latents = Latents(latents).values
    opened = _open(generator, chosen, latents, to_images)
    images = [opened.draw(opened.begin(batch), chosen).cpu() for batch in torch.split(latents, batch_size)]
    return torch.cat(images)


def count_pixels(
    generator: nn.Module,
    latents: Tensor,
    edit_sets: Sequence[Edit | Iterable[Edit]],
    segmenter: Segmenter,
    *,
    concepts: Sequence[str | Concept] | None = None,
    to_images: ToImages = to_images,
    batch_size: int = 16,
    progress: bool = True,
) -> PixelCounts:
    """Count pixels of concepts in generated images, without edits and under sets of edits (Fig. 4a).

    Parameters
    ----------
    generator, latents, to_images, batch_size
        See `edit`.
    edit_sets
        Each an edit, or several that are made together.
    segmenter
        Labels the images.
    concepts
        Which to count; by default all of the segmenter's.
    progress
        Whether to show a bar.

    Raises
    ------
    LayerError, SettingError, DataError, ConceptError
        See `edit`; and for an unknown concept, or labels that cannot be used.
    Interrupted
        On Ctrl-C or the interrupt button. Call again to resume, or see `interrupted`; what was found so far
        is `interrupt.run.state`.
    """
    sets = [_edits(edits) for edits in edit_sets]
    opened = _open(generator, [edit for edits in sets for edit in edits], latents, to_images)
    named = None if concepts is None else [_concept(name, segmenter) for name in concepts]

    def work(begun: InterruptedRun | None, hold: Hold) -> PixelCounts:
        with _bar(len(latents), "count pixels", progress) as advance:
            return count(
                opened,
                latents,
                sets,
                segmenter,
                concepts=named,
                batch_size=batch_size,
                progress=advance,
                begun=begun,
            )

    return resumable("count_pixels", work)


def insert_at_places(
    generator: nn.Module,
    latents: Tensor,
    edit: Edit,
    segmenter: Segmenter,
    concept: str | Concept,
    *,
    cells: Sequence[tuple[int, int]] | None = None,
    block: tuple[int, int] = (1, 1),
    to_images: ToImages = to_images,
    batch_size: int = 16,
    progress: bool = True,
) -> PlaceEffects:
    """Make an edit at one cell of a layer's map after the other, and count pixels gained (Fig. 4d).

    Parameters
    ----------
    generator, latents, segmenter, to_images, batch_size, progress
        See `count_pixels`.
    edit
        What to do at each cell; see `insertion`.
    concept
        Whose pixels are counted.
    cells
        (row, column) of the cells to try; by default all.
    block
        Rows and columns that are edited at once around each cell. On the small map of a small generator one
        cell may be smaller than the object that is to appear.

    Raises
    ------
    LayerError, SettingError, DataError, ConceptError, Interrupted
        See `count_pixels`; also for cells that are not on the map.
    """
    opened = _open(generator, [edit], latents, to_images)
    inserted = _concept(concept, segmenter)

    def work(begun: InterruptedRun | None, hold: Hold) -> PlaceEffects:
        with _bar(len(latents), "insert", progress) as advance:
            return insert(
                opened,
                latents,
                edit,
                segmenter,
                inserted,
                cells=cells,
                block=block,
                batch_size=batch_size,
                progress=advance,
                begun=begun,
            )

    return resumable("insert_at_places", work)


def _edits(edits: Edit | Iterable[Edit]) -> list[Edit]:
    return [edits] if isinstance(edits, Edit) else list(edits)


def _open(
    generator: nn.Module, edits: Sequence[Edit], latents: Tensor, to_images: ToImages
) -> EditableGenerator:
    return open_generator(generator, [edit.layer for edit in edits], latents, to_images=to_images)


def _concept(name: str | Concept, segmenter: Segmenter) -> Concept:
    return segmenter.vocabulary[segmenter.vocabulary.find(name)]


@contextmanager
def _bar(total: int, what: str, shown: bool) -> Iterator[Progress]:
    with tqdm(total=total, unit="latent", desc=what, disable=not shown) as bar:
        yield Advance(bar)
