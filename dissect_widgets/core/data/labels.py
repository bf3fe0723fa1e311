"""Label maps that a segmenter makes of pictures: checked, and counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.errors import DataError


def label(segmenter: Segmenter, pictures: Tensor) -> Tensor:
    """Labels int64 (B, K, h, w) of pictures, once they are sure to be such; DataError if not."""
    with torch.no_grad():
        labels: Any = segmenter(pictures)
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        labels = torch.from_numpy(labels.astype(np.int64))
    if not isinstance(labels, Tensor) or not _are_integers(labels):
        found = f"{labels.dtype} {tuple(labels.shape)}" if hasattr(labels, "dtype") else type(labels).__name__
        raise DataError(f"The segmenter returns {found}; it must be integers (B, K, h, w).")
    low, high, concepts = int(labels.min()), int(labels.max()), len(segmenter.vocabulary)
    if len(labels) != len(pictures) or low < 0 or high >= concepts:
        raise DataError(
            f"The segmenter returns {len(labels)} label maps from {low} to {high} for {len(pictures)} "
            f"pictures; allowed are 0 (none) to {concepts - 1}."
        )
    return labels.long()


def _are_integers(labels: Tensor) -> bool:
    kinds = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    return labels.dim() == 4 and labels.numel() > 0 and labels.dtype in kinds


def count_labels(labels: Tensor, concepts: int) -> NDArray[np.int64]:
    """Pixels of each concept on each of some label maps (B, K, h, w): int64 (B, concepts), 0 for no concept.

    A pixel that two channels give the same concept counts once.
    """
    flat = labels.flatten(2)
    repeated = torch.zeros_like(flat, dtype=torch.bool)
    for channel in range(1, flat.shape[1]):
        repeated[:, channel] = (flat[:, :channel] == flat[:, channel : channel + 1]).any(1)
    flat = torch.where(repeated, 0, flat)
    rows = torch.arange(len(flat), device=flat.device)[:, None, None] * concepts
    counts = torch.bincount((flat + rows).flatten(), minlength=len(flat) * concepts)
    found = counts.view(len(flat), concepts).cpu().numpy()
    found[:, 0] = 0
    return found
