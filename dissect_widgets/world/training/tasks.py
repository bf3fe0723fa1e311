"""What networks learn from labeled pictures, and how well they do: classes, or the labels of pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dissect_widgets.world.networks.nets import fold
from dissect_widgets.world.scenery.vocabulary import NAMES
from dissect_widgets.world.training.image_cache import ImageCache
from dissect_widgets.world.training.trainer import UNKNOWN, Loss

PIXEL_CATEGORIES: Final = ("object", "part", "material")
"""What the segmenter labels; each category has a channel of its own."""

PIXEL_SIZES: Final = [1 + len(NAMES[category]) for category in PIXEL_CATEGORIES]
"""Scores of each category: one for none, and one for each name."""


class Task(NamedTuple):
    """What a network is to learn, and how well it does."""

    loss: Loss
    figures: Callable[[nn.Module, ImageCache], dict[str, float]]
    """Network in evaluation mode and held-out pictures to figures by name."""
    categories: tuple[str, ...] = ()
    """Labels that it needs of each pixel."""
    finish: Callable[[Any], nn.Module] = lambda net: net
    """From the network that was trained to the one that is shipped."""


def batches(net: nn.Module, image_cache: ImageCache, size: int = 64) -> Iterator[tuple[Tensor, slice]]:
    """Outputs of a network for all pictures, with the pictures they are of."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(image_cache.targets), size):
            part = slice(start, min(start + size, len(image_cache.targets)))
            pictures = torch.from_numpy(image_cache.pictures[part]).to(device).float() / 255
            yield net(pictures.contiguous(memory_format=torch.channels_last)), part


def class_loss(net: nn.Module, pictures: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the classes of pictures."""
    return cross_entropy(net(pictures).float(), targets)


def class_figures(net: nn.Module, image_cache: ImageCache) -> dict[str, float]:
    """Share of pictures whose class has the highest score."""
    right = [
        scores.argmax(1).cpu().numpy() == image_cache.targets[part]
        for scores, part in batches(net, image_cache)
    ]
    return {"top-1": float(np.concatenate(right).mean())}


def pixel_loss(net: nn.Module, pictures: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the labels of pixels, the mean over categories."""
    scores = torch.split(net(pictures).float(), PIXEL_SIZES, 1)
    losses = [cross_entropy(own, labels[:, k], ignore_index=UNKNOWN) for k, own in enumerate(scores)]
    return torch.stack(losses).mean()


def rare_pixel_loss(net: nn.Module, pictures: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the labels of pixels, in which rare names count for more than their pixels.

    What a name counts grows with the square root of its pixels in the batch.
    """
    scores, losses = torch.split(net(pictures).float(), PIXEL_SIZES, 1), []
    for k, own in enumerate(scores):
        pixels = torch.bincount(labels[:, k].flatten(), minlength=UNKNOWN + 1)[: PIXEL_SIZES[k]]
        losses.append(cross_entropy(own, labels[:, k], (pixels + 100.0) ** -0.5, ignore_index=UNKNOWN))
    return 2 * losses[0] + losses[1] + losses[2]


def pixel_figures(net: nn.Module, image_cache: ImageCache) -> dict[str, float]:
    """Mean IoU over the names of each category that occur; none counts for none of them."""
    hits, areas, truths = ([np.zeros(n, np.int64) for n in PIXEL_SIZES] for _ in range(3))
    for scores, part in batches(net, image_cache):
        for k, own in enumerate(torch.split(scores, PIXEL_SIZES, 1)):
            found, truth = own.argmax(1).cpu().numpy(), image_cache.labels[part, k]
            hits[k] += np.bincount(truth[found == truth], minlength=PIXEL_SIZES[k])
            areas[k] += np.bincount(found.ravel(), minlength=PIXEL_SIZES[k])
            truths[k] += np.bincount(truth.ravel(), minlength=PIXEL_SIZES[k])
    figures = {}
    for k, category in enumerate(PIXEL_CATEGORIES):
        there = np.flatnonzero(truths[k][1:]) + 1
        union = areas[k][there] + truths[k][there] - hits[k][there]
        figures[f"mean IoU over {category}s"] = float((hits[k][there] / union).mean())
    return figures


CLASSES: Final = Task(class_loss, class_figures, finish=fold)
PIXELS: Final = Task(pixel_loss, pixel_figures, PIXEL_CATEGORIES)
RARE_PIXELS: Final = PIXELS._replace(loss=rare_pixel_loss)
