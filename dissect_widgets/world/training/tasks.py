"""Tasks that networks are trained on, classes of images or labels of pixels: losses and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dissect_widgets.world.networks import fold
from dissect_widgets.world.scenery.vocabulary import NAMES
from dissect_widgets.world.training.image_cache import ImageCache
from dissect_widgets.world.training.trainer import IGNORED, Loss

PIXEL_CATEGORIES: Final = ("object", "part", "material")
"""What the segmenter labels; each category has its own label channel."""

PIXEL_SIZES: Final = [1 + len(NAMES[category]) for category in PIXEL_CATEGORIES]
"""Number of scores of each category: one for no concept, and one for each name."""


class Task(NamedTuple):
    """What a network is trained for, and how it is evaluated."""

    loss: Loss
    figures: Callable[[nn.Module, ImageCache], dict[str, float]]
    """Network in evaluation mode and held-out images -> figures by name."""
    categories: tuple[str, ...] = ()
    """Categories of the pixel labels that it needs."""
    finish: Callable[[Any], nn.Module] = lambda net: net
    """From the trained network to the one that is stored."""


def batches(net: nn.Module, image_cache: ImageCache, size: int = 64) -> Iterator[tuple[Tensor, slice]]:
    """Outputs of a network for all images, batch by batch, with the places of the batch."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(image_cache.targets), size):
            part = slice(start, min(start + size, len(image_cache.targets)))
            images = torch.from_numpy(image_cache.images[part]).to(device).float() / 255
            yield net(images.contiguous(memory_format=torch.channels_last)), part


def class_loss(net: nn.Module, images: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the classes of images."""
    return cross_entropy(net(images).float(), targets)


def class_figures(net: nn.Module, image_cache: ImageCache) -> dict[str, float]:
    """Top-1 accuracy."""
    correct = [
        scores.argmax(1).cpu().numpy() == image_cache.targets[batch]
        for scores, batch in batches(net, image_cache)
    ]
    return {"top-1": float(np.concatenate(correct).mean())}


def pixel_loss(net: nn.Module, images: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the pixel labels, averaged over categories."""
    scores = torch.split(net(images).float(), PIXEL_SIZES, 1)
    losses = [cross_entropy(part, labels[:, k], ignore_index=IGNORED) for k, part in enumerate(scores)]
    return torch.stack(losses).mean()


def rare_pixel_loss(net: nn.Module, images: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the pixel labels, with more weight on rare names.

    The total weight of a name grows with the square root of its pixels in the batch.
    """
    scores, losses = torch.split(net(images).float(), PIXEL_SIZES, 1), []
    for k, part in enumerate(scores):
        pixels = torch.bincount(labels[:, k].flatten(), minlength=IGNORED + 1)[: PIXEL_SIZES[k]]
        losses.append(cross_entropy(part, labels[:, k], (pixels + 100.0) ** -0.5, ignore_index=IGNORED))
    return 2 * losses[0] + losses[1] + losses[2]


def pixel_figures(net: nn.Module, image_cache: ImageCache) -> dict[str, float]:
    """Mean IoU of each category, over its names that occur; unlabeled pixels are not a name."""
    intersections, predicted_areas, true_areas = (
        [np.zeros(n, np.int64) for n in PIXEL_SIZES] for _ in range(3)
    )
    for scores, batch in batches(net, image_cache):
        for k, (part, size) in enumerate(zip(torch.split(scores, PIXEL_SIZES, 1), PIXEL_SIZES, strict=True)):
            predicted, truth = part.argmax(1).cpu().numpy(), image_cache.labels[batch, k]
            intersections[k] += np.bincount(truth[predicted == truth], minlength=size)
            predicted_areas[k] += np.bincount(predicted.ravel(), minlength=size)
            true_areas[k] += np.bincount(truth.ravel(), minlength=size)
    figures = {}
    for k, category in enumerate(PIXEL_CATEGORIES):
        present = np.flatnonzero(true_areas[k][1:]) + 1
        intersection = intersections[k][present]
        union = predicted_areas[k][present] + true_areas[k][present] - intersection
        figures[f"mean IoU over {category}s"] = float((intersection / union).mean())
    return figures


CLASSES: Final = Task(class_loss, class_figures, finish=fold)
PIXELS: Final = Task(pixel_loss, pixel_figures, PIXEL_CATEGORIES)
RARE_PIXELS: Final = PIXELS._replace(loss=rare_pixel_loss)
