"""Embeddings in which what belongs together is near: the ranking loss, and how well it is learned."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize, relu


def cosine_distances(anchors: Tensor, others: Tensor) -> Tensor:
    """1 minus the cosine between each of (n, d) and each of (m, d): float (n, m)."""
    with torch.autocast(anchors.device.type, enabled=False):
        return 1 - normalize(anchors.float(), dim=1) @ normalize(others.float(), dim=1).T


def ranking_loss(anchors: Tensor, positives: Tensor, *, margin: float = 0.5, hardest: int = 4) -> Tensor:
    """How far other rows' positives come within a margin of being as near as the one that belongs to the row.

    The loss of Wang & Gupta 2015, on cosine distances. The negatives of a row are the positives of all
    others; the loss is half the mean over all of them, and half that over the hardest few.

    Parameters
    ----------
    anchors, positives
        float (B, d), row for row what belongs together.
    margin
        By how much a negative must be farther.
    hardest
        How many of the nearest negatives of a row count for themselves.
    """
    distances = cosine_distances(anchors, positives)
    n = len(distances)
    lacking = relu(distances.diagonal()[:, None] - distances + margin)
    others = lacking[~torch.eye(n, dtype=torch.bool, device=lacking.device)].view(n, n - 1)
    return (others.mean() + others.topk(min(hardest, n - 1), 1).values.mean()) / 2


def ranking_figures(anchors: Tensor, positives: Tensor) -> dict[str, Tensor]:
    """How near the positive that belongs to each row is, among all rows' positives.

    Parameters
    ----------
    anchors, positives
        float (B, d).

    Returns
    -------
    dict
        "nearest": float (B,), 1 if no row is nearer than the right one, "nearest, chance": 1 / B, and
        "ranked right": the share of the others that are farther, 0.5 by chance; equal distances count half.
    """
    distances = cosine_distances(anchors, positives)
    n = len(distances)
    nearest = distances.diagonal()[:, None]
    wins = (distances > nearest).float() + 0.5 * (distances == nearest).float()
    return {
        "nearest": (distances > nearest).sum(1).eq(n - 1).float(),
        "nearest, chance": torch.full((n,), 1 / n, device=distances.device),
        "ranked right": (wins.sum(1) - 0.5) / max(n - 1, 1),
    }
