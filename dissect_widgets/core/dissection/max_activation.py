"""Peaks of units, and units as classifiers of pictures by one threshold on their peak.

PNAS 2020, "Emergence of Object Detectors in a Scene Classifier", Fig. 1f: a unit that detects airplanes,
though no airplane was ever labeled, tells pictures of airplanes from others.

>>> peaks = find_max_activations(net, "conv5_3", objects)             # float32 (images, units)
>>> airplane = np.array(objects.targets) == 0
>>> classify_by_max_activation(peaks[:, 150], airplane).balanced_accuracy
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from dissect_widgets.core.data.arrays import Float32s
from dissect_widgets.core.data.batches import image_of, load_batches
from dissect_widgets.core.data.latents import ToImages, is_latents, to_images
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.dissection.generator_source import open_source
from dissect_widgets.core.dissection.run import look
from dissect_widgets.core.dissection.source import Source
from dissect_widgets.core.dissection.state import ProbeSpec
from dissect_widgets.core.network.hooks import evaluation
from dissect_widgets.core.statistics.base import checked_batch
from dissect_widgets.errors import SettingError


class MaxActivationClassifier(NamedTuple):
    """A unit as a classifier: yes where its peak is greater than a threshold."""

    threshold: float
    balanced_accuracy: float
    """(recall + true negative rate) / 2, in [0, 1]."""
    recall: float
    """Share of the pictures with the concept whose peak is greater."""
    true_negative_rate: float
    """Share of the others whose peak is not."""


class ChosenUnit(NamedTuple):
    """The unit that tells a concept best, and how well it does on pictures that it was not chosen on."""

    unit: int
    classifier: MaxActivationClassifier
    """Threshold of the pictures it was chosen on; the shares are of those it is judged on."""
    judged: NDArray[np.bool_]
    """bool (n,), which pictures it is judged on."""


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
    found = []
    with evaluation(model):
        for batch in load_batches(source.data, range(len(data)), batch_size, workers=workers):
            maps = source.maps(batch.images, batch_size, shape)[layer]
            numbers = np.asarray(batch.indices, np.int64)
            found.append(checked_batch(layer, numbers, maps, source.name_of).highest)
            progress(batch.done, len(data))
    return np.concatenate(found)


def open_layer(
    model: nn.Module,
    layer: str,
    data: Any,
    *,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    to_images: ToImages = to_images,
) -> tuple[Source, ProbeSpec]:
    """A network, a layer of which is read over images or latents without labels; and how it is read."""
    images = data if is_latents(data) else _Unlabeled(data)
    source = open_source(
        model, [layer], images, preprocess=preprocess, segmenter=_Blank(), to_images=to_images
    )
    return source, look(source)


def classify_by_max_activation(
    peaks: ArrayLike, truth: ArrayLike, *, threshold: float | None = None
) -> MaxActivationClassifier:
    """Tell pictures with a concept from others by the peak of one unit.

    Parameters
    ----------
    peaks
        (n,), greatest activation on each picture.
    truth
        bool (n,), which pictures have the concept.
    threshold
        Where to cut. By default where the balanced accuracy on these pictures is highest; choose it on
        other pictures for a figure that is free of that choice.

    Raises
    ------
    SettingError
        If the shapes differ, a peak is NaN, or all pictures or none have the concept.
    """
    values, positive = np.asarray(peaks, np.float64), np.asarray(truth, bool)
    if values.ndim != 1 or values.shape != positive.shape:
        raise SettingError(f"peaks have shape {values.shape}, truth {positive.shape}; both must be (n,).")
    if np.isnan(values).any():
        raise SettingError(f"peaks[{int(np.isnan(values).argmax())}] is NaN.")
    if positive.all() or not positive.any():
        raise SettingError("All pictures have the concept, or none; both kinds are needed.")
    cut = _best_cut(values, positive) if threshold is None else threshold
    recall = float((values[positive] > cut).mean())
    negative = float((values[~positive] <= cut).mean())
    return MaxActivationClassifier(float(cut), (recall + negative) / 2, recall, negative)


def choose_unit(peaks: ArrayLike, truth: ArrayLike, units: Sequence[int]) -> ChosenUnit:
    """Choose the unit that tells a concept best on half of the pictures, and judge it on the other half.

    Parameters
    ----------
    peaks
        (n, units), as `find_max_activations` returns them.
    truth
        bool (n,), which pictures have the concept. Every other one of either kind is chosen on.
    units
        Which to choose from; of equals the first.

    Raises
    ------
    SettingError
        If there are no units to choose from, or fewer than two pictures of either kind; see
        `classify_by_max_activation`.
    """
    values, positive = np.asarray(peaks, np.float64), np.asarray(truth, bool)
    if values.ndim != 2 or len(values) != len(positive):
        raise SettingError(f"peaks have shape {values.shape}; it must be ({len(positive)}, units).")
    if not len(units):
        raise SettingError("There are no units to choose from.")
    place = np.where(positive, positive.cumsum(), (~positive).cumsum())  # among those of its kind, from 1
    judged = place % 2 == 0
    told = [classify_by_max_activation(values[~judged, unit], positive[~judged]) for unit in units]
    best = max(range(len(units)), key=lambda at: told[at].balanced_accuracy)
    unit = int(units[best])
    own = classify_by_max_activation(values[judged, unit], positive[judged], threshold=told[best].threshold)
    return ChosenUnit(unit, own, judged)


def _best_cut(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Half-way between the two neighbors where a cut is best, or at the highest of all; the lowest such."""
    order = np.argsort(values, kind="stable")
    steps, start = np.unique(values[order], return_index=True)
    below = np.append(start[1:], len(values))  # how many values are not above a cut after each step
    positives = np.cumsum(positive[order])[below - 1]
    score = (below - positives) / (~positive).sum() - positives / positive.sum()
    best = int(score.argmax())
    return float(steps[best] if best + 1 == len(steps) else (steps[best] + steps[best + 1]) / 2)


class _Blank:
    """Labels nothing."""

    vocabulary = Vocabulary([])

    def __call__(self, pictures: Tensor, /) -> Tensor:
        return torch.zeros((len(pictures), 1, 1, 1), dtype=torch.int64)


class _Unlabeled:
    """Data whose labels are left out."""

    vocabulary = Vocabulary([])

    def __init__(self, data: Any) -> None:
        self.data = data
        self.names = getattr(data, "names", None)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, NDArray[np.int64]]:
        return torch.as_tensor(image_of(self.data[index])), np.zeros((1, 1, 1), np.int64)
