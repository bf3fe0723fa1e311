"""Predictions of a classifier under many ablations of a layer, image by image."""

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
from dissect_widgets.core.data.arrays import Bools, Float64s, Int64s
from dissect_widgets.core.data.classifier_data import (
    ClassBatch,
    ClassifierData,
    checked_scores,
    checked_targets,
)
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.provenance import data_digest, describe_callable, weights_digest
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.forward import FullForward, Network
from dissect_widgets.core.network.original import layer_name
from dissect_widgets.core.proofs.layers import prove_classifier
from dissect_widgets.errors import SettingError


@dataclass
class AblationPredictions:
    """Predictions of the intact and of the ablated network; filled as a run goes."""

    model: str
    layer: str
    classes: tuple[str, ...]
    strategy: str
    """How the network was run."""
    targets: Int64s
    """int64 (images,), true classes."""
    predicted: NDArray[np.int32]
    """int32 (images,), predictions of the intact network."""
    ablated: NDArray[np.int32]
    """int32 (ablations, images), predictions under each ablation."""
    odds_loss: Float64s
    """float64 (ablations, classes), log-odds of a class lost under an ablation, summed over its images."""
    moments: dict[str, Float64s]
    """Sums over images: max activations of units, probabilities of classes, their squares and products."""
    done: int = 0
    seconds: float = 0.0
    whole: bool = True
    """False while a batch is being added: a state that is interrupted then is inconsistent."""

    @property
    def accuracy(self) -> Accuracy:
        """Accuracy before, and under each ablation."""
        return compare(self.targets, self.predicted, self.ablated, len(self.classes))

    def finished(self) -> AblationPredictions:
        """The part over images that are done."""
        if self.done == len(self.predicted):
            return self
        n = self.done
        return replace(
            self, targets=self.targets[:n], predicted=self.predicted[:n], ablated=self.ablated[:, :n]
        )


def run_edits(
    classifier: ClassifierData,
    layer: str,
    kept: Callable[[int], Bools],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    notify: Callable[[str], None] = lambda sentence: None,
    begun: InterruptedRun | None = None,
    hold: Callable[[InterruptedRun], None] = lambda run: None,
) -> AblationPredictions:
    """Predict all images with the intact network, and under each ablation.

    Parameters
    ----------
    classifier, layer
        See `rank_units`.
    kept
        Called with the number of units; returns bool (ablations, units), the units that each keeps.
    progress
        Called with the number of images done, and of all.
    notify
        Called with the strategy, if it is full passes, which take long.
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
    layer = layer_name(classifier.model, layer)  # before any image is read
    total, started = len(classifier.data), time.monotonic()
    with evaluation(classifier.model), deferred_interrupt() as interrupt_waits:
        first = next(classifier.batches(workers=0, again=False))
        info = prove_classifier(classifier, layer, first.inputs)
        network = open_network(classifier.model, info, first.inputs[:2])
        masks = torch.from_numpy(kept(info.units)).to(classifier.device)
        held: AblationPredictions | None = None
        if begun is not None:
            held = begun.take(run_key(classifier, layer, masks, first))
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
                key=run_key(classifier, layer, masks, first),
                state=state,
            )
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(run) from None
            hold(run)
            raise
    return state


def run_key(classifier: ClassifierData, layer: str, kept: Tensor, first: ClassBatch) -> str:
    """Digest of all that decides the result; with the classes of the `first` batch."""
    decisive = (
        weights_digest(classifier.model),
        layer,
        data_digest(classifier.data),
        classifier.predicts,
        None if classifier.targets is None else classifier.targets.tobytes(),
        classifier.classes,
        describe_callable(classifier.preprocess),
        classifier.batch_size,
        first.targets.tobytes(),
        kept.cpu().numpy().tobytes(),
    )
    return hashlib.sha256(repr(decisive).encode()).hexdigest()


def _new(classifier: ClassifierData, layer: str, network: Network, kept: Tensor) -> AblationPredictions:
    images, (edits, units), count = len(classifier.data), kept.shape, network.classes
    sums = {"activation": (units,), "activation2": (units,), "score": (count,), "score2": (count,)}
    return AblationPredictions(
        model=type(classifier.model).__name__,
        layer=layer,
        classes=classifier.check_classes(count),
        strategy=network.strategy,
        targets=np.full(images, -1, np.int64),
        predicted=np.full(images, -1, np.int32),
        ablated=np.full((edits, images), -1, np.int32),
        odds_loss=np.zeros((edits, count)),
        moments={n: np.zeros(shape) for n, shape in (sums | {"product": (units, count)}).items()},
    )


def _add(
    state: AblationPredictions, classifier: ClassifierData, network: Network, kept: Tensor, batch: ClassBatch
) -> None:
    count, classes = len(batch.indices), len(state.classes)
    reading = network.read(batch.inputs)
    reading.active[count:] = False  # padding of the batch
    checked_scores(reading.scores[:count], classifier, batch)
    scores = reading.scores[:count].double()
    predicted = scores.argmax(1)
    truth = checked_targets(scores, classifier, batch)
    before = log_odds(reading.scores[:count], truth)
    ablated = predicted.expand(len(kept), -1).clone()
    loss = torch.zeros(len(kept) * classes, dtype=torch.float64, device=classifier.device)
    for images, edits, rows in ablate(network, reading, kept):
        ablated[edits, images] = rows.argmax(1)
        labels = truth[images]
        lost = before[images] - log_odds(rows, labels)
        loss.index_add_(0, edits * classes + labels, lost.double())
    state.whole = False
    state.targets[batch.indices] = truth.cpu().numpy()
    state.predicted[batch.indices] = predicted.cpu().numpy()
    state.ablated[:, batch.indices] = ablated.cpu().numpy()
    state.odds_loss += loss.view(-1, classes).cpu().numpy()
    activations, probabilities = reading.max_activations[:count].double(), scores.softmax(1)
    sums = {
        "activation": activations.sum(0),
        "activation2": (activations**2).sum(0),
        "product": activations.T @ probabilities,
        "score": probabilities.sum(0),
        "score2": (probabilities**2).sum(0),
    }
    for name, value in sums.items():
        state.moments[name] += value.cpu().numpy()
    state.done, state.whole = batch.done, True


def log_odds(scores: Tensor, classes: Tensor) -> Tensor:
    """Log-odds that images are of given classes, (n,), of scores (n, classes): log(p / (1 - p))."""
    columns = classes[:, None]
    others = scores.scatter(1, columns, -torch.inf).logsumexp(1)
    return scores.gather(1, columns)[:, 0] - others


def keep_all_but(sets: list[list[int]], units: int) -> Bools:
    """Units that are kept, bool (sets, units), when each set of units is removed.

    Raises
    ------
    SettingError
        If a unit does not exist, or is in a set twice.
    """
    kept = np.ones((len(sets), units), np.bool_)
    for row, removed in zip(kept, sets, strict=True):
        bad = [unit for unit in removed if not 0 <= unit < units]
        if bad:
            raise SettingError(f"There is no unit {bad[0]}; the layer has units 0 to {units - 1}.")
        if len(set(removed)) != len(removed):
            twice = next(unit for unit in removed if removed.count(unit) > 1)
            raise SettingError(f"Unit {twice} is in a set more than once.")
        row[removed] = False
    return kept
