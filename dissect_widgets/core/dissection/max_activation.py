"""Max activations of units, and units as classifiers of images by a threshold on them.

PNAS 2020, "Emergence of Object Detectors in a Scene Classifier", Fig. 1f: a unit that detects airplanes,
though no airplane was ever labeled, separates images of airplanes from others.

>>> activations = find_max_activations(net, "conv5_3", objects)       # float32 (images, units)
>>> airplane = np.array(objects.targets) == 0
>>> classify_by_max_activation(activations[:, 150], airplane).balanced_accuracy
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from dissect_widgets.core.data.arrays import Bools, Float32s, Float64s, Int64s
from dissect_widgets.core.data.batches import load_batches
from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.items import image_of
from dissect_widgets.core.data.latents import ToImages, is_latents, to_images
from dissect_widgets.core.data.views import image_name
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.dissection.generator_source import open_source
from dissect_widgets.core.dissection.run import look
from dissect_widgets.core.dissection.source import Source
from dissect_widgets.core.dissection.state import ProbeSpec
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.statistics.base import checked_batch
from dissect_widgets.errors import SettingError


class MaxActivationClassifier(NamedTuple):
    """A unit as a classifier: positive where its max activation is greater than a threshold."""

    threshold: float
    balanced_accuracy: float
    """(recall + true negative rate) / 2, in [0, 1]."""
    recall: float
    """Share of the images with the concept that are classified as positive."""
    true_negative_rate: float
    """Share of the others that are classified as negative."""


class ChosenUnit(NamedTuple):
    """The unit that classifies a concept best, and its accuracy on images that it was not chosen on."""

    unit: int
    classifier: MaxActivationClassifier
    """Its threshold is from the images it was chosen on; its shares are of the test images."""
    judged: Bools
    """bool (n,), which images are the test images."""


def find_max_activations(
    model: nn.Module,
    layer: str,
    data: Any,
    *,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    to_images: ToImages = to_images,
    batch_size: int = 16,
    workers: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Float32s:
    """Greatest activation of each unit on each image.

    Parameters
    ----------
    model, layer, data, preprocess, to_images
        See `dissect`; the data need no labels. Latents of a generator will do.
    batch_size, workers
        Images that go through the network together, and processes that read them.
    progress
        Called with the number of images done, and of all.

    Returns
    -------
    ndarray
        float32 (images, units).

    Raises
    ------
    LayerError, DataError
        If the layer or an image cannot be used.
    ActivationError
        If an activation is NaN or infinite.
    """
    source, shape = open_layer(model, layer, data, preprocess=preprocess, to_images=to_images)
    batches = []
    (layer,) = source.layers
    with evaluation(source.model):
        for batch in load_batches(source.data, range(len(source.data)), batch_size, workers=workers):
            maps = source.maps(batch.images, batch_size, shape)[layer]
            numbers = np.asarray(batch.indices, np.int64)
            batches.append(checked_batch(layer, numbers, maps, source.name_of).highest)
            progress(batch.done, len(source.data))
    return np.concatenate(batches)


def open_layer(
    model: nn.Module,
    layer: str,
    data: Any,
    *,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    to_images: ToImages = to_images,
    located: bool = False,
) -> tuple[Source, ProbeSpec]:
    """Open one layer of a network over images or latents, whose labels are not used.

    With `located`, maps are to be laid over images.
    """
    images = data if is_latents(data) else _Unlabeled(data)
    source = open_source(
        model,
        [layer],
        images,
        preprocess=preprocess,
        segmenter=_Blank(),
        to_images=to_images,
        located=located,
    )
    return source, look(source)


def classify_by_max_activation(
    activations: ArrayLike, truth: ArrayLike, *, threshold: float | None = None
) -> MaxActivationClassifier:
    """Classify images with and without a concept by the max activation of one unit.

    Parameters
    ----------
    activations
        (n,), max activation of the unit on each image.
    truth
        bool (n,), which images have the concept.
    threshold
        By default the one with the highest balanced accuracy on these images; choose it on other images for
        an unbiased accuracy.

    Raises
    ------
    SettingError
        If the shapes differ, an activation is NaN, or all images or none have the concept.
    """
    values, positive = np.asarray(activations, np.float64), np.asarray(truth, bool)
    if values.ndim != 1 or values.shape != positive.shape:
        raise SettingError(
            f"activations have shape {values.shape}, truth {positive.shape}; both must be (n,)."
        )
    if np.isnan(values).any():
        raise SettingError(f"activations[{int(np.isnan(values).argmax())}] is NaN.")
    if positive.all() or not positive.any():
        raise SettingError("All images have the concept, or none; images with and without it are needed.")
    if threshold is None:
        threshold = _best_threshold(values, positive)
    recall = float((values[positive] > threshold).mean())
    negative = float((values[~positive] <= threshold).mean())
    return MaxActivationClassifier(float(threshold), (recall + negative) / 2, recall, negative)


def choose_unit(activations: ArrayLike, truth: ArrayLike, units: Sequence[int]) -> ChosenUnit:
    """Choose the unit that classifies a concept best on half of the images, and test it on the other half.

    Parameters
    ----------
    activations
        (n, units), as `find_max_activations` returns them.
    truth
        bool (n,), which images have the concept. Of those with and of those without it, every second one is a
        test image.
    units
        Which to choose from; ties: the first.

    Raises
    ------
    SettingError
        If there are no units to choose from, or fewer than two images with or without the concept; see
        `classify_by_max_activation`.
    """
    values, positive = np.asarray(activations, np.float64), np.asarray(truth, bool)
    if values.ndim != 2 or len(values) != len(positive):
        raise SettingError(f"activations have shape {values.shape}; it must be ({len(positive)}, units).")
    if not len(units):
        raise SettingError("There are no units to choose from.")
    rank = np.where(positive, positive.cumsum(), (~positive).cumsum())  # among those alike, from 1
    judged = rank % 2 == 0
    classifiers = [classify_by_max_activation(values[~judged, unit], positive[~judged]) for unit in units]
    best = max(range(len(units)), key=lambda at: classifiers[at].balanced_accuracy)
    unit = int(units[best])
    tested = classify_by_max_activation(
        values[judged, unit], positive[judged], threshold=classifiers[best].threshold
    )
    return ChosenUnit(unit, tested, judged)


def _best_threshold(values: Float64s, positive: Bools) -> float:
    """Best threshold, half-way between neighboring values or at the highest; ties: the lowest."""
    order = np.argsort(values, kind="stable")
    steps, start = np.unique(values[order], return_index=True)
    below = np.append(start[1:], len(values))  # how many values are not above a threshold after each step
    positives = np.cumsum(positive[order])[below - 1]
    score = (below - positives) / (~positive).sum() - positives / positive.sum()
    best = int(score.argmax())
    return float(steps[best] if best + 1 == len(steps) else (steps[best] + steps[best + 1]) / 2)


class _Blank:
    """Labels nothing."""

    vocabulary = Vocabulary([])

    def __call__(self, images: Tensor, /) -> Tensor:
        return torch.zeros((len(images), 1, 1, 1), dtype=torch.int64)


class _Unlabeled:
    """Data whose labels are left out."""

    vocabulary = Vocabulary([])

    def __init__(self, data: Any) -> None:
        self.data = as_data(data)
        self.names = getattr(self.data, "names", None)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Int64s]:
        return image_of(self.data[index], image_name(self.data, index)), np.zeros((1, 1, 1), np.int64)
