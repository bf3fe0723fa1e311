"""Label maps of a segmenter: checked, and counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.network.lock import exclusively
from dissect_widgets.errors import DataError


def label(segmenter: Segmenter, images: Tensor) -> Tensor:
    """Label images: int64 (B, K, h, w); DataError if the segmenter returns something else."""
    with exclusively(*_networks_of(segmenter)), torch.no_grad():
        labels: Any = segmenter(images.clone())  # which it may change
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        labels = torch.from_numpy(labels.astype(np.int64))
    if not isinstance(labels, Tensor) or not _are_integers(labels):
        form = f"{labels.dtype} {tuple(labels.shape)}" if hasattr(labels, "dtype") else type(labels).__name__
        raise DataError(f"The segmenter returns {form}; it must be integers (B, K, h, w).")
    low, high, concepts = int(labels.min()), int(labels.max()), len(segmenter.vocabulary)
    if len(labels) != len(images) or low < 0 or high >= concepts:
        raise DataError(
            f"The segmenter returns {len(labels)} label maps from {low} to {high} for {len(images)} "
            f"images; allowed are 0 (none) to {concepts - 1}."
        )
    return labels.long()


def _networks_of(segmenter: Any) -> list[nn.Module]:
    """Networks that a segmenter is, has, or calls, as far as it shows them."""
    cells = getattr(segmenter, "__closure__", None) or ()
    held = [segmenter, getattr(segmenter, "__self__", None), *getattr(segmenter, "__dict__", {}).values()]
    held += [cell.cell_contents for cell in cells]
    return [each for each in held if isinstance(each, nn.Module)]


def _are_integers(labels: Tensor) -> bool:
    kinds = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    return labels.dim() == 4 and labels.numel() > 0 and labels.dtype in kinds


def count_labels(labels: Tensor, concepts: int) -> Int64s:
    """Pixels of each concept in label maps (B, K, h, w): int64 (B, concepts), 0 for no concept.

    A pixel whose concept is repeated in two channels counts once.
    """
    flat = labels.flatten(2)
    repeated = torch.zeros_like(flat, dtype=torch.bool)
    for channel in range(1, flat.shape[1]):
        repeated[:, channel] = (flat[:, :channel] == flat[:, channel : channel + 1]).any(1)
    flat = torch.where(repeated, 0, flat)
    rows = torch.arange(len(flat), device=flat.device)[:, None, None] * concepts
    counts = torch.bincount((flat + rows).flatten(), minlength=len(flat) * concepts)
    pixels: Int64s = counts.view(len(flat), concepts).cpu().numpy()
    pixels[:, 0] = 0
    return pixels
