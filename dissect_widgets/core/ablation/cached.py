"""Activations of a layer, cached for ablations that follow one another interactively.

>>> cached = cache_activations(ClassifierData(model, validation), "layer4")
>>> cached.predict([3, 17])                    # all images, without units 3 and 17, in a moment
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from torch import nn

from dissect_widgets.core.ablation.ablate import ablate, open_network
from dissect_widgets.core.ablation.accuracy import Accuracy, compare
from dissect_widgets.core.ablation.predictions import keep_all_but
from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.core.data.classifier_data import ClassifierData, checked_scores, checked_targets
from dissect_widgets.core.data.thumbnails import to_jpeg
from dissect_widgets.core.network.evaluation import evaluation, watch_of
from dissect_widgets.core.network.forward import CachedForward, Joinable
from dissect_widgets.core.network.original import layer_name
from dissect_widgets.core.network.watch import Watch
from dissect_widgets.core.proofs.layers import prove_classifier

_IMAGES_TOGETHER = 128


class CachedClassifier:
    """Images up to a layer of a network.

    Attributes
    ----------
    classes
        Names of the classes.
    units
        Units of the layer.
    strategy
        How the network is run.
    targets, predicted
        int64 (images,): true classes, and predictions of the intact network.
    jpegs
        Small pictures of the images.
    """

    def __init__(
        self,
        model: nn.Module,
        network: Joinable,
        readings: Sequence[CachedForward],
        targets: Int64s,
        classes: tuple[str, ...],
        jpegs: list[bytes],
        watch: Watch,
    ) -> None:
        self._watch = watch
        self._model, self._network, self._readings = model, network, list(readings)
        self.classes, self.units, self.strategy = classes, network.info.units, network.strategy
        self.targets, self.jpegs = targets, jpegs
        scores = torch.cat([reading.scores for reading in readings])
        self.predicted: Int64s = scores.argmax(1).cpu().numpy()

    def predict(self, removed: Sequence[int]) -> Int64s:
        """Predictions int64 (images,) when some units are forced to zero.

        Raises
        ------
        SettingError
            If a unit does not exist, or is given twice.
        ProofError
            If the network was changed since its activations were cached.
        """
        kept = torch.from_numpy(keep_all_but([list(removed)], self.units))
        predictions, start = self.predicted.copy(), 0
        with evaluation(self._model):
            self._watch.check(after_pass=False)
            for reading in self._readings:
                for images, _, scores in ablate(self._network, reading, kept.to(reading.active.device)):
                    predictions[start + images.cpu().numpy()] = scores.argmax(1).cpu().numpy()
                start += len(reading.scores)
        return predictions

    def accuracy(self, predictions: Sequence[Int64s]) -> Accuracy:
        """Accuracy of the intact network, and of predictions under ablations."""
        return compare(self.targets, self.predicted, np.stack(predictions), len(self.classes))


def cache_activations(
    classifier: ClassifierData,
    layer: str,
    *,
    side: int = 112,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CachedClassifier:
    """Run a classifier over all its images up to a layer.

    Parameters
    ----------
    classifier, layer
        See `rank_units`.
    side
        Longest side of the small pictures that are kept of them, in pixels.
    progress
        Called with the number of images done, and of all.

    Raises
    ------
    LayerError, SettingError, DataError, ActivationError
        See `dissect_widgets.rank_units`.
    """
    layer = layer_name(classifier.model, layer)  # before any image is read
    readings: list[CachedForward] = []
    waiting: list[CachedForward] = []
    targets, jpegs = [], []
    network: Joinable | None = None
    with evaluation(classifier.model):
        watch = watch_of(classifier.model)
        for batch in classifier.batches():
            if network is None:
                info = prove_classifier(classifier, layer, batch.inputs)
                network = cast(Joinable, open_network(classifier.model, info, batch.inputs[:2], many=False))
                classes = classifier.check_classes(network.classes)
            count = len(batch.indices)
            reading = network.read(batch.inputs[:count])
            checked_scores(reading.scores, classifier, batch)
            targets.append(checked_targets(reading.scores, classifier, batch).cpu().numpy())
            jpegs += [to_jpeg(image, side) for image in batch.images]
            waiting.append(reading)
            if sum(len(r.scores) for r in waiting) >= _IMAGES_TOGETHER or batch.done == len(classifier.data):
                readings.append(network.join(waiting))
                waiting = []
            progress(batch.done, len(classifier.data))
    assert network is not None  # a classifier has images
    return CachedClassifier(
        classifier.model, network, readings, np.concatenate(targets), classes, jpegs, watch
    )
