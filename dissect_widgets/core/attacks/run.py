"""Attack images of a classifier: read them, let a method work on them, and measure what came of it.

PNAS 2020, "Analyzing Adversarial Attack of a Classifier", Fig. 5a.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.attacks.base import Advance, AttackMethod, AttackState
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.attacks.targets import AttackTarget, Target, plan_targets
from dissect_widgets.core.data.arrays import Bools, Float32s, Int64s
from dissect_widgets.core.data.batches import fill_up
from dissect_widgets.core.data.classifier_data import ClassifierData, checked_scores
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.provenance import describe_callable, weights_digest
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.forward import scores_of
from dissect_widgets.core.network.run import run
from dissect_widgets.core.proofs.function import prove_function
from dissect_widgets.errors import DataError, SettingError, shown


class CleanImages(NamedTuple):
    """Images to attack."""

    numbers: Int64s
    """int64 (n,), numbers in their data."""
    images: Tensor
    """float32 (n, 3, H, W) in [0, 1]"""
    scores: Float32s
    """float32 (n, classes)"""

    def select(self, chosen: Bools) -> CleanImages:
        """Some of them, bool (n,)."""
        return CleanImages(self.numbers[chosen], self.images[torch.from_numpy(chosen)], self.scores[chosen])


def read_images(classifier: ClassifierData, images: Sequence[int] | None) -> CleanImages:
    """Read images of a classifier's data, and the scores of the network for them.

    Raises
    ------
    SettingError, DataError, ActivationError, LayerError
        If an image does not exist, is given twice or cannot be used, or the network outputs something other
        than finite scores.
    ProofError
        If `preprocess` is no function of each image, or passes no gradient.
    """
    numbers = list(range(len(classifier.data))) if images is None else [int(image) for image in images]
    bad = [image for image in images or () if image != int(image) or not 0 <= image < len(classifier.data)]
    if bad or not numbers or len(set(numbers)) != len(numbers):
        what = f"{bad[0]} does not exist" if bad else "one is given twice" if numbers else "there are none"
        raise SettingError(f"images: {what}; the data have images 0 to {len(classifier.data) - 1}.")
    clean: list[Tensor] = []
    all_scores: list[Tensor] = []
    with evaluation(classifier.model):
        for batch in classifier.batches(images=numbers):
            if not clean:
                classifier.preprocessing.check_gradient(batch.images)
                prove_function(classifier.model, batch.inputs).require()
            count = len(batch.indices)
            scores = scores_of(run(classifier.model, batch.inputs), len(batch.inputs))[:count].float()
            checked_scores(scores, classifier, batch)
            clean.append(batch.images.float().clamp(0, 1))  # rounding may exceed the range by a little
            all_scores.append(scores.cpu())
    return CleanImages(np.array(numbers, np.int64), torch.cat(clean), torch.cat(all_scores).numpy())


def choose_targets(
    classifier: ClassifierData,
    read: CleanImages,
    target: Target,
    seed: int,
    notify: Callable[[str], None],
    among: Sequence[str | int] | None = None,
) -> tuple[CleanImages, Int64s]:
    """Target classes of images; with one class for all, images that are predicted as it are left out.

    Raises
    ------
    ConceptError, SettingError
        What `plan_targets` raises; and if the target class of an image is its predicted class.
    DataError
        If no image is left.
    """
    classes = classifier.check_classes(read.scores.shape[1])
    targets = plan_targets(target, read.scores, classes, read.numbers.tolist(), seed, among)
    already = targets == read.scores.argmax(1)
    if not already.any():
        return read, targets
    place = int(already.argmax())
    first, name = classifier.name_of(int(read.numbers[place])), classes[int(targets[place])]
    if not isinstance(target, (str, int, np.integer)):
        raise SettingError(
            f"{shown(first)} is predicted as {shown(name)} already, which cannot be its target class."
        )
    if already.all():
        raise DataError(
            f"All {len(already)} images are predicted as {shown(name)} already, such as {shown(first)}."
        )
    notify(f"{int(already.sum())} images are left out, because they are predicted as {name!r} already.")
    return read.select(~already), targets[~already]


def run_attack(
    classifier: ClassifierData,
    read: CleanImages,
    targets: Int64s,
    method: AttackMethod,
    *,
    seed: int = 0,
    advance: Advance = lambda share, done: False,
    begun: InterruptedRun | None = None,
) -> AttackResult:
    """Attack images that were read; see `dissect_widgets.attack`.

    Parameters
    ----------
    advance
        Called after each step; see `Advance`.
    begun
        An interrupted attack; it is resumed if it is the same, else left alone.

    Raises
    ------
    Interrupted
        On Ctrl-C or the interrupt button, between two steps; `begun` takes its `run`.
    """
    key = partial(run_key, classifier, read, targets, method, seed)  # it takes a while, and is rarely needed
    earlier: AttackResult | None = begun.state if begun is not None and begun.matches(key()) else None
    left = np.ones(len(targets), bool) if earlier is None else ~(earlier.finished | earlier.broken)
    skipped, total = int((~left).sum()), len(targets)

    def advance_all(share: float, done: int) -> bool:
        return advance((skipped + share * (total - skipped)) / total, skipped + done)

    now, interrupted = _attack(classifier, read.select(left), targets[left], method, seed, advance_all)
    attacked = now if earlier is None else _merge(earlier, now, left)
    if interrupted and not (attacked.finished | attacked.broken).all():
        run = InterruptedRun(
            of=attacked.model, done=int(attacked.finished.sum()), total=total, key=key(), state=attacked
        )
        raise Interrupted(run, f"; {int(attacked.success.sum())} have succeeded")
    if earlier is not None and begun is not None:
        begun.take(begun.key)
    return attacked


def run_key(
    classifier: ClassifierData, read: CleanImages, targets: Int64s, method: AttackMethod, seed: int
) -> str:
    """Digest of all that decides the result."""
    decisive = (
        weights_digest(classifier.model),
        classifier.classes,
        describe_callable(classifier.preprocess),
        repr(method),
        seed,
    )
    digest = hashlib.sha256(repr(decisive).encode())
    for array in (read.numbers, read.images.numpy(), targets):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _attack(
    classifier: ClassifierData,
    read: CleanImages,
    targets: Int64s,
    method: AttackMethod,
    seed: int,
    advance: Advance,
) -> tuple[AttackResult, bool]:
    """Attack all images that were read; also whether an interrupt has ended it."""
    started, (numbers, images, scores) = time.monotonic(), read
    untargeted = bool((targets < 0).all())
    classes = torch.from_numpy(scores.argmax(1) if untargeted else targets)

    def differentiable(batch: Tensor) -> Tensor:
        given = classifier.preprocessing(batch)
        return scores_of(run(classifier.model, given), len(given))

    with evaluation(classifier.model), torch.enable_grad(), deferred_interrupt() as waits:
        state = AttackState(
            differentiable,
            images,
            AttackTarget(classes.to(classifier.device), not untargeted),
            numbers.tolist(),
            seed=seed,
            at_once=max(classifier.batch_size, 2),
            device=classifier.device,
            advance=lambda share, done: advance(share, done) or waits(),
        )
        method.attack(state)
        interrupted = waits()
    scores_adversarial, margin = _verify(classifier, state, scores)
    attacked = AttackResult(
        model=type(classifier.model).__name__,
        method=repr(method),
        classes=classifier.check_classes(scores.shape[1]),
        names=tuple(classifier.name_of(int(number)) for number in numbers),
        images=numbers,
        clean=images,
        adversarial=state.best,
        targets=targets,
        scores_clean=scores,
        scores_adversarial=scores_adversarial,
        success=state.success.numpy() & (margin < 0),
        finished=state.finished.numpy(),
        broken=state.broken.numpy(),
        passes=state.passes,
        seconds=time.monotonic() - started,
    )
    return attacked, interrupted


def _merge(earlier: AttackResult, now: AttackResult, left: Bools) -> AttackResult:
    """An earlier part of an attack, and what came of its images that were left, in their order.

    Of these the earlier image stays until there is a better one.
    """
    old, places = earlier.select(left), np.flatnonzero(left)
    better = old.success & ~(now.success & (now.finished | (now.l2 <= old.l2)))
    kept = replace(
        old.select(better), finished=now.finished[better], broken=now.broken[better], passes=0, seconds=0.0
    )
    order = np.concatenate([np.flatnonzero(~left), places[~better], places[better]])
    whole = earlier.select(~left).join(now.select(~better)).join(kept)
    return whole.select(np.argsort(order, kind="stable"))


def _verify(
    classifier: ClassifierData, state: AttackState, clean_scores: Float32s
) -> tuple[Float32s, Float32s]:
    """Scores of the adversarial images, computed as those of the clean ones were, and their margins.

    An image for which the attack has found nothing, or nothing that holds here, gets its clean image back.
    """
    scores, size = clean_scores.copy(), max(classifier.batch_size, 2)
    changed = torch.nonzero(state.success)[:, 0]
    margins = state.target.margin(torch.from_numpy(clean_scores).to(classifier.device))
    with evaluation(classifier.model):
        for part in torch.split(changed, size) if len(changed) else ():
            full = fill_up(state.best[part], size)
            inputs = classifier.preprocessing(full)
            of_part = scores_of(run(classifier.model, inputs), size)[: len(part)].float()
            scores[part.numpy()] = of_part.cpu().numpy()
            margin = state.target.of(part.to(classifier.device)).margin(of_part)
            margins[part.to(classifier.device)] = margin.where(of_part.isfinite().all(1), torch.inf)
    final: Float32s = margins.cpu().numpy()
    for row in np.flatnonzero(state.success.numpy() & (final >= 0)):
        state.best[row], scores[row] = state.images[row], clean_scores[row]
    return scores, final
