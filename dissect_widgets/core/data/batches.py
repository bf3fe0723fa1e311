"""Images in batches of one fixed size, with those that cannot be read named or skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from dissect_widgets.core.data.items import checked_labels, image_of, label_map_of
from dissect_widgets.core.data.latents import Latents
from dissect_widgets.core.data.pixels import as_image
from dissect_widgets.core.data.types import Skipped
from dissect_widgets.core.data.views import image_name, item_at
from dissect_widgets.errors import DataError, ProofError

_READ_AGAIN = 4
"""Items of the first batch that are read twice."""
_ROUNDING = 1e-4
"""What an image may change by, where it is computed, such as by a network."""


class Batch(NamedTuple):
    """Some images, and what was skipped between them."""

    indices: list[int]
    images: Tensor
    """float (B, 3, H, W); or latents, (B, latent_dim) or (B, latent_dim, 1, 1)"""
    labels: list[Any]
    """Label maps, one for each image; None where the data have none."""
    skipped: list[Skipped]
    done: int
    """How many indices are done after this batch."""


def load_batches(
    data: Any,
    indices: Sequence[int],
    size: int,
    *,
    start: int = 0,
    workers: int = 0,
    skip_errors: bool = False,
    beside: Callable[[Any, int], Any] | None = None,
    again: bool = True,
) -> Iterator[Batch]:
    """Load the images of `indices` from the `start`-th on, `size` at a time.

    Batches are cut at multiples of `size` from the first index, and only what cannot be read is
    missing from them, so a run that starts again in the middle sees the same batches.

    A few items of the first batch are read once more, and must be the same: nobody could repeat a result of
    random ones.

    Parameters
    ----------
    data
        See `containers.as_data`.
    beside
        What is read beside the image, of an item and its number; by default the label map, where the data
        have a vocabulary.
    again
        Whether to read a few items once more.

    Raises
    ------
    DataError
        If an item cannot be read, unless `skip_errors`.
    ProofError
        If an item is not the same when it is read again.
    """
    guarded = _Guarded(data, beside)
    loader: DataLoader[Any] = DataLoader(
        guarded,
        batch_sampler=[list(indices[at : at + size]) for at in range(start, len(indices), size)],
        collate_fn=_as_it_is,
        num_workers=workers,
        generator=torch.Generator(),  # else a loader draws from the global one
    )
    done, like = start, None
    for items in loader:
        done = min(done + size, len(indices))
        good: list[tuple[int, Tensor, Any]] = []
        skipped: list[Skipped] = []
        for index, item in items:
            try:
                if isinstance(item, DataError):
                    raise item
                like = like or item
                _check_alike(item, like, image_name(data, index))
                good.append((index, *item))
            except DataError as error:
                if not skip_errors:
                    raise
                skipped.append(Skipped(image_name(data, index), str(error)))
        if again and done <= size:
            _check_steady(guarded, good[:_READ_AGAIN])
        images = torch.stack([image for _, image, _ in good]) if good else torch.empty(0)
        yield Batch([index for index, _, _ in good], images, [labels for *_, labels in good], skipped, done)


def read_item(data: Any, index: int) -> tuple[Tensor, Any]:
    """Image float (3, H, W) of an item, and its label map, integers (K, h, w), if the data have a vocabulary.

    Raises
    ------
    DataError
        If it cannot be read, or is something else.
    """
    return _Guarded(data, None).read(index)


def fill_up(images: Tensor, size: int) -> Tensor:
    """A full batch of `size` images, with the last one repeated where there are fewer.

    What a network computes for an image may depend, in its last bits, on how many are in the batch.
    """
    missing = size - len(images)
    return torch.cat([images, images[-1:].expand(missing, *images.shape[1:])]) if missing > 0 else images


class _Guarded(Dataset[Any]):
    """Items with their index; in place of one that cannot be used, the error that says why."""

    def __init__(self, data: Any, beside: Callable[[Any, int], Any] | None) -> None:
        self.data, self.beside = data, beside
        vocabulary = getattr(data, "vocabulary", None)
        self.concepts = None if vocabulary is None or beside is not None else len(vocabulary)

    def __getitem__(self, index: int) -> tuple[int, Any]:
        try:
            return index, self.read(index)
        except DataError as error:
            return index, error  # raised in the main process, where its message stays as it is

    def read(self, index: int) -> tuple[Tensor, Any]:
        """Image, and what is beside it."""
        name = image_name(self.data, index)
        item = item_at(self.data, index)
        if isinstance(self.data, Latents):  # which are checked already
            return item, None
        image = as_image(image_of(item, name), name)
        if self.concepts is not None:
            return image, checked_labels(label_map_of(item, name), self.concepts, name)
        return image, None if self.beside is None else self.beside(item, index)


def _check_alike(item: tuple[Tensor, Any], like: tuple[Tensor, Any], name: str) -> None:
    for what, one, first in zip(("shape", "a label map of shape"), item, like, strict=True):
        if hasattr(one, "shape") and one.shape != first.shape:
            raise DataError(
                f"{name} has {what} {tuple(one.shape)}, the first image {tuple(first.shape)}; "
                "all must be alike."
            )
    if item[0].dtype != like[0].dtype:
        raise DataError(f"{name} is {item[0].dtype}, the first image {like[0].dtype}; all must be alike.")


def _check_steady(guarded: _Guarded, read: list[tuple[int, Tensor, Any]]) -> None:
    """Raise ProofError if items differ from what they were when they were read first."""
    for index, image, beside in read:
        seen = difference((image, beside), guarded.read(index))
        if seen:
            raise ProofError(
                f"{image_name(guarded.data, index)} differs when it is read again: {seen}. Is augmentation "
                "left on, such as a random crop? Leave it out, or read the images once, into InMemory(data)."
            )


def difference(first: tuple[Tensor, Any], again: tuple[Tensor, Any]) -> str:
    """How an image, and what is beside it, differ between two readings; "" if they do not."""
    if first[0].shape != again[0].shape:
        return f"its shape was {tuple(first[0].shape)}, and is {tuple(again[0].shape)}"
    if not torch.equal(first[0], again[0]):
        far = float((first[0].double() - again[0].double()).abs().max())
        if far > _ROUNDING:
            return f"its pixels change by up to {far:.2g}"
    if first[1] is not None and not np.array_equal(first[1], again[1]):
        return "its labels change"
    return ""


def _as_it_is(items: list[Any]) -> list[Any]:
    return items
