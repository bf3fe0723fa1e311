"""Predictions of a classifier under many edits of a layer, image by image."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.core.ablation.ablate import ablate, open_network
from dissect_widgets.core.ablation.accuracy import Accuracy, compare
from dissect_widgets.core.data.classifier_data import (
    ClassBatch,
    ClassifierData,
    checked_scores,
    checked_targets,
)
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.provenance import data_digest, describe_callable, weights_digest
from dissect_widgets.core.network.forward import FullForward, Network
from dissect_widgets.core.network.hooks import evaluation, find_layer
from dissect_widgets.errors import SettingError

Floats = NDArray[np.float64]


@dataclass
class AblationPredictions:
    """What a classifier says of images, as it is and under edits; filled as a run goes."""

    model: str
    layer: str
    classes: tuple[str, ...]
    how: str
    """How the network was run."""
    targets: NDArray[np.int64]
    """int64 (images,), true classes."""
    predicted: NDArray[np.int32]
    """int32 (images,), predictions of the network as it is."""
    edited: NDArray[np.int32]
    """int32 (edits, images), predictions under each edit."""
    odds_loss: Floats
    """float64 (edits, classes), log-odds of a class lost under an edit, summed over its images."""
    moments: dict[str, Floats]
    """Sums over images of peaks of units and probabilities of classes, their squares and products."""
    done: int = 0
    seconds: float = 0.0
    whole: bool = True
    """False while a batch is taken up: what is interrupted then counts part of it, and is of no use."""

    @property
    def accuracy(self) -> Accuracy:
        """Accuracy before, and under each edit."""
        return compare(self.targets, self.predicted, self.edited, len(self.classes))

    def finished(self) -> AblationPredictions:
        """The part over images that are done."""
        if self.done == len(self.predicted):
            return self
        n = self.done
        return replace(
            self, targets=self.targets[:n], predicted=self.predicted[:n], edited=self.edited[:, :n]
        )


def run_edits(
    classifier: ClassifierData,
    layer: str,
    kept: Callable[[int], NDArray[np.bool_]],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    notify: Callable[[str], None] = lambda sentence: None,
    begun: InterruptedRun | None = None,
    hold: Callable[[InterruptedRun], None] = lambda run: None,
) -> AblationPredictions:
    """Predict all images with a network as it is, and under each edit.

    Parameters
    ----------
    classifier, layer
        See `rank_units`.
    kept
        Number of units to bool (edits, units), the units that each edit leaves.
    progress
        Called with the number of images done, and of all.
    notify
        Called with how the network is run, if it is run whole, which takes long.
    begun
        An interrupted run; it is resumed if it is the same, else left alone.
    hold
        Called with what was found so far, if the run ends in an error other than an interrupt.

    Raises
    ------
    Interrupted
        On Ctrl-C or the interrupt button, between two batches; `begun` takes its `run`.
    LayerError, SettingError, DataError, ActivationError
        See `dissect_widgets.rank_units`.
    """
    find_layer(classifier.model, layer)  # before any image is read
    total, started = len(classifier.data), time.monotonic()
    with evaluation(classifier.model), deferred_interrupt() as interrupt_waits:
        first = next(classifier.batches(workers=0))
        info = classifier.plan(layer, first.inputs)
        network = open_network(classifier.model, info, first.inputs[:2])
        masks = torch.from_numpy(kept(info.units)).to(classifier.device)
        held: AblationPredictions | None = None
        if begun is not None:
            held = begun.take(run_key(classifier, layer, masks))
        state = _new(classifier, layer, network, masks) if held is None else held
        if isinstance(network, FullForward):
            notify(f"{layer}: {network.strategy}.")
        before = state.seconds
        progress(state.done, total)
        try:
            for batch in classifier.batches(start=state.done):
                _add(state, classifier, network, masks, batch)
                state.seconds = before + time.monotonic() - started
                progress(state.done, total)
                if interrupt_waits() and state.done < total:
                    raise KeyboardInterrupt
        except BaseException as error:
            if not state.whole:
                raise
            run = InterruptedRun(
                of=f"{layer} of {state.model}",
                done=state.done,
                total=total,
                key=run_key(classifier, layer, masks),
                state=state,
            )
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(run) from None
            hold(run)
            raise
    return state


def run_key(classifier: ClassifierData, layer: str, kept: Tensor) -> str:
    """Digest of all that decides the result."""
    told = (
        weights_digest(classifier.model),
        layer,
        data_digest(classifier.data),
        classifier.predicts,
        None if classifier.targets is None else classifier.targets.tobytes(),
        classifier.classes,
        describe_callable(classifier.preprocess),
        classifier.batch_size,
        kept.cpu().numpy().tobytes(),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _new(classifier: ClassifierData, layer: str, network: Network, kept: Tensor) -> AblationPredictions:
    images, (edits, units), count = len(classifier.data), kept.shape, network.classes
    sums = {"peak": (units,), "peak2": (units,), "score": (count,), "score2": (count,)}
    return AblationPredictions(
        model=type(classifier.model).__name__,
        layer=layer,
        classes=classifier.check_classes(count),
        how=network.strategy,
        targets=np.full(images, -1, np.int64),
        predicted=np.full(images, -1, np.int32),
        edited=np.full((edits, images), -1, np.int32),
        odds_loss=np.zeros((edits, count)),
        moments={n: np.zeros(shape) for n, shape in (sums | {"both": (units, count)}).items()},
    )


def _add(
    state: AblationPredictions, classifier: ClassifierData, network: Network, kept: Tensor, batch: ClassBatch
) -> None:
    count, classes = len(batch.indices), len(state.classes)
    reading = network.read(batch.inputs)
    reading.active[count:] = False  # what only fills up the batch
    checked_scores(reading.scores[:count], classifier, batch)
    scores = reading.scores[:count].double()
    predicted = scores.argmax(1)
    truth = checked_targets(scores, classifier, batch)
    before = log_odds(reading.scores[:count], truth)
    edited = predicted.expand(len(kept), -1).clone()
    loss = torch.zeros(len(kept) * classes, dtype=torch.float64, device=classifier.device)
    for images, edits, rows in ablate(network, reading, kept):
        edited[edits, images] = rows.argmax(1)
        own = truth[images]
        lost = before[images] - log_odds(rows, own)
        loss.index_add_(0, edits * classes + own, lost.double())
    state.whole = False
    state.targets[batch.indices] = truth.cpu().numpy()
    state.predicted[batch.indices] = predicted.cpu().numpy()
    state.edited[:, batch.indices] = edited.cpu().numpy()
    state.odds_loss += loss.view(-1, classes).cpu().numpy()
    peaks, shares = reading.max_activations[:count].double(), scores.softmax(1)
    found = {
        "peak": peaks.sum(0), "peak2": (peaks**2).sum(0), "both": peaks.T @ shares,
        "score": shares.sum(0), "score2": (shares**2).sum(0),
    }  # fmt: skip
    for name, value in found.items():
        state.moments[name] += value.cpu().numpy()
    state.done, state.whole = batch.done, True


def log_odds(scores: Tensor, classes: Tensor) -> Tensor:
    """Log-odds that images are of given classes, (n,), of scores (n, classes): log(p / (1 - p))."""
    own = classes[:, None]
    others = scores.scatter(1, own, -torch.inf).logsumexp(1)
    return scores.gather(1, own)[:, 0] - others


def keep_all_but(sets: list[list[int]], units: int) -> NDArray[np.bool_]:
    """Units that are left, bool (sets, units), when each set of units is removed.

    Raises
    ------
    SettingError
        If a unit does not exist, or stands in a set twice.
    """
    kept = np.ones((len(sets), units), np.bool_)
    for row, removed in zip(kept, sets, strict=True):
        bad = [unit for unit in removed if not 0 <= unit < units]
        if bad:
            raise SettingError(f"There is no unit {bad[0]}; the layer has units 0 to {units - 1}.")
        if len(set(removed)) != len(removed):
            twice = next(unit for unit in removed if removed.count(unit) > 1)
            raise SettingError(f"Unit {twice} stands in a set more than once.")
        row[removed] = False
    return kept
