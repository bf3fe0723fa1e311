"""Images in batches of one fixed size, with those that cannot be read named or skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.data.latents import Latents
from dissect_widgets.core.data.types import Skipped
from dissect_widgets.errors import DataError


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


def image_name(data: Any, index: int) -> str:
    """Name of an image of the data; its number where they have no names."""
    names = getattr(data, "names", None)
    return str(names[index]) if names is not None else f"image {index}"


def load_batches(
    data: Any,
    indices: Sequence[int],
    size: int,
    *,
    start: int = 0,
    workers: int = 0,
    skip_errors: bool = False,
) -> Iterator[Batch]:
    """Load the images of `indices` from the `start`-th on, `size` at a time.

    Batches are cut at multiples of `size` from the first index, and only what cannot be read is
    missing from them, so a run that starts again in the middle sees the same batches.

    Raises
    ------
    DataError
        If an item cannot be read, unless `skip_errors`.
    """
    loader: DataLoader[Any] = DataLoader(
        _Guarded(data),
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
        images = torch.stack([image for _, image, _ in good]) if good else torch.empty(0)
        yield Batch([index for index, _, _ in good], images, [labels for *_, labels in good], skipped, done)


def fill_up(images: Tensor, size: int) -> Tensor:
    """A full batch of `size` images, with the last one repeated where there are fewer.

    What a network computes for an image may depend, in its last bits, on how many are in the batch.
    """
    missing = size - len(images)
    return torch.cat([images, images[-1:].expand(missing, *images.shape[1:])]) if missing > 0 else images


def network_input(
    images: Tensor,
    device: torch.device,
    dtype: torch.dtype,
    preprocess: Callable[[Tensor], Tensor] | None,
) -> Tensor:
    """Input of a network, from images (B, 3, H, W) in [0, 1]."""
    moved = images.to(device)
    prepared = preprocess(moved.clone()) if preprocess is not None else moved  # which may work in place
    return prepared.to(dtype)


def image_of(item: Any) -> Any:
    """Image of an item, which may be a tuple that begins with it."""
    return item[0] if isinstance(item, (tuple, list)) else item


class _Guarded(Dataset[Any]):
    """Items with their index; in place of one that cannot be used, the error that says why."""

    def __init__(self, data: Any) -> None:
        self.data = data
        vocabulary = getattr(data, "vocabulary", None)
        self.concepts = None if vocabulary is None else len(vocabulary)

    def __getitem__(self, index: int) -> tuple[int, Any]:
        try:
            item = self.data[index]
            image, labels = item if isinstance(item, (tuple, list)) else (item, None)
            name = image_name(self.data, index)
            if self.concepts is not None:
                labels = checked_labels(labels, self.concepts, name)
            if not isinstance(self.data, Latents):  # which are checked already
                image = _checked_image(image, name)
            return index, (image, labels)
        except DataError as error:
            return index, error  # raised in the main process, where its message stays as it is


def checked_labels(labels: Any, concepts: int, name: str) -> AnyArray:
    """Label map (K, h, w) as an array; DataError if it is something else."""
    if isinstance(labels, Tensor):
        labels = labels.cpu().numpy()
    if not isinstance(labels, np.ndarray) or labels.ndim != 3 or labels.dtype.kind not in "iu":
        form = f"{type(labels).__name__} {getattr(labels, 'dtype', '')} {getattr(labels, 'shape', '')}"
        raise DataError(f"{name} has the labels {form}; they must be integers (K, h, w).")
    low, high = int(labels.min(initial=0)), int(labels.max(initial=0))
    if low < 0 or high >= concepts:
        raise DataError(
            f"{name} has the label {low if low < 0 else high}; allowed are 0 (none) to {concepts - 1}, "
            "the concepts of the vocabulary."
        )
    return labels


def _checked_image(image: Any, name: str) -> Tensor:
    if not isinstance(image, Tensor) or image.dim() != 3 or image.shape[0] != 3:
        shape = tuple(getattr(image, "shape", ()))
        raise DataError(f"{name} is {type(image).__name__} {shape}; it must be a tensor (3, H, W).")
    if not image.is_floating_point():
        raise DataError(f"{name} has dtype {image.dtype}; it must be floating point, in [0, 1].")
    low, high = float(image.min()), float(image.max())
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        raise DataError(
            f"{name} has values from {low:.3g} to {high:.3g}; an image must lie in [0, 1]. "
            "Normalize with `preprocess`, not in the data."
        )
    return image


def _check_alike(item: tuple[Tensor, Any], like: tuple[Tensor, Any], name: str) -> None:
    for what, one, first in zip(("shape", "a label map of shape"), item, like, strict=True):
        if one is not None and one.shape != first.shape:
            raise DataError(
                f"{name} has {what} {tuple(one.shape)}, the first image {tuple(first.shape)}; "
                "all must be alike."
            )


def _as_it_is(items: list[Any]) -> list[Any]:
    return items
