"""Attack images of a classifier: read them, let a method work on them, and see what came of it.

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
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.core.attacks.base import Advance, AttackState, Method
from dissect_widgets.core.attacks.result import AttackResult, Ints
from dissect_widgets.core.attacks.targets import AttackTarget, Target, plan_targets
from dissect_widgets.core.data.batches import fill_up, network_input
from dissect_widgets.core.data.classifier_data import ClassifierData, checked_scores
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.provenance import describe_callable, weights_digest
from dissect_widgets.core.network.forward import scores_of
from dissect_widgets.core.network.hooks import evaluation
from dissect_widgets.errors import DataError, SettingError


class Read(NamedTuple):
    """Images that were read."""

    numbers: Ints
    """int64 (n,), in their data."""
    pictures: Tensor
    """float32 (n, 3, H, W)"""
    scores: NDArray[np.float32]
    """float32 (n, classes)"""

    def select(self, chosen: NDArray[np.bool_]) -> Read:
        """Some of them, bool (n,)."""
        return Read(self.numbers[chosen], self.pictures[torch.from_numpy(chosen)], self.scores[chosen])


def read_images(classifier: ClassifierData, images: Sequence[int] | None) -> Read:
    """Read images of a classifier's data, and what the network says of them.

    Raises
    ------
    SettingError, DataError, ActivationError, LayerError
        If a number is not that of an image or stands there twice, an image cannot be used, or the network
        puts out something other than finite scores.
    """
    numbers = list(range(len(classifier.data))) if images is None else [int(image) for image in images]
    bad = [image for image in images or () if image != int(image) or not 0 <= image < len(classifier.data)]
    if bad or not numbers or len(set(numbers)) != len(numbers):
        what = f"{bad[0]} is none" if bad else "one stands there twice" if numbers else "there is none"
        raise SettingError(f"images: {what}; the data have images 0 to {len(classifier.data) - 1}.")
    pictures: list[Tensor] = []
    found: list[Tensor] = []
    with evaluation(classifier.model):
        for batch in classifier.batches(images=numbers):
            count = len(batch.indices)
            scores = scores_of(classifier.model(batch.pictures), len(batch.pictures))[:count].float()
            checked_scores(scores, classifier, batch)
            pictures.append(batch.images.float().clamp(0, 1))  # which rounding may have left by a little
            found.append(scores.cpu())
    return Read(np.array(numbers, np.int64), torch.cat(pictures), torch.cat(found).numpy())


def choose_targets(
    classifier: ClassifierData,
    read: Read,
    target: Target,
    seed: int,
    notify: Callable[[str], None],
    among: Sequence[str | int] | None = None,
) -> tuple[Read, Ints]:
    """Targets of images; with one class for all, those that are told as it already are left out.

    Raises
    ------
    ConceptError, SettingError
        What `plan_targets` raises; and if a target of its own is what an image is told as already.
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
        raise SettingError(f"{first!r} is told as {name!r} already, which cannot be its target as well.")
    if already.all():
        raise DataError(f"All {len(already)} images are told as {name!r} already, {first!r} first.")
    notify(f"{int(already.sum())} images are left out, which are told as {name!r} already.")
    return read.select(~already), targets[~already]


def run_attack(
    classifier: ClassifierData,
    read: Read,
    targets: Ints,
    method: Method,
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
    before: AttackResult | None = begun.state if begun is not None and begun.matches(key()) else None
    left = np.ones(len(targets), bool) if before is None else ~(before.finished | before.broken)
    earlier, total = int((~left).sum()), len(targets)

    def advance_all(share: float, done: int) -> bool:
        return advance((earlier + share * (total - earlier)) / total, earlier + done)

    now, interrupted = _attack(classifier, read.select(left), targets[left], method, seed, advance_all)
    attacked = now if before is None else _merge(before, now, left)
    if interrupted and not (attacked.finished | attacked.broken).all():
        run = InterruptedRun(
            of=attacked.model, done=int(attacked.finished.sum()), total=total, key=key(), state=attacked
        )
        raise Interrupted(run, f"; {int(attacked.success.sum())} have succeeded")
    if before is not None and begun is not None:
        begun.take(begun.key)
    return attacked


def run_key(classifier: ClassifierData, read: Read, targets: Ints, method: Method, seed: int) -> str:
    """Digest of all that decides the result."""
    decisive = (
        weights_digest(classifier.model),
        classifier.classes,
        describe_callable(classifier.preprocess),
        repr(method),
        seed,
    )
    digest = hashlib.sha256(repr(decisive).encode())
    for array in (read.numbers, read.pictures.numpy(), targets):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _attack(
    classifier: ClassifierData, read: Read, targets: Ints, method: Method, seed: int, advance: Advance
) -> tuple[AttackResult, bool]:
    """Attack all images that were read; also whether an interrupt has ended it."""
    begun, (numbers, pictures, scores) = time.monotonic(), read
    untargeted = bool((targets < 0).all())
    aims = torch.from_numpy(scores.argmax(1) if untargeted else targets)

    def differentiable(batch: Tensor) -> Tensor:
        given = network_input(batch, classifier.device, classifier.dtype, classifier.preprocess)
        return scores_of(classifier.model(given), len(given))

    with evaluation(classifier.model), torch.enable_grad(), deferred_interrupt() as waits:
        state = AttackState(
            differentiable,
            pictures,
            AttackTarget(aims.to(classifier.device), not untargeted),
            numbers.tolist(),
            seed=seed,
            at_once=max(classifier.batch_size, 2),
            device=classifier.device,
            advance=lambda share, done: advance(share, done) or waits(),
        )
        method.attack(state)
        interrupted = waits()
    after, margin = _read_again(classifier, state, scores)
    attacked = AttackResult(
        model=type(classifier.model).__name__,
        method=repr(method),
        classes=classifier.check_classes(scores.shape[1]),
        names=tuple(classifier.name_of(int(number)) for number in numbers),
        images=numbers,
        before=pictures,
        after=state.best,
        targets=targets,
        scores_before=scores,
        scores_after=after,
        success=state.there.numpy() & (margin < 0),
        finished=state.finished.numpy(),
        broken=state.broken.numpy(),
        passes=state.passes,
        seconds=time.monotonic() - begun,
    )
    return attacked, interrupted


def _merge(before: AttackResult, now: AttackResult, left: NDArray[np.bool_]) -> AttackResult:
    """An earlier part of an attack, and what came of its images that were left, in their order.

    Of these the earlier image stays until there is a better one.
    """
    old, places = before.select(left), np.flatnonzero(left)
    better = old.success & ~(now.success & (now.finished | (now.l2 <= old.l2)))
    kept = replace(
        old.select(better), finished=now.finished[better], broken=now.broken[better], passes=0, seconds=0.0
    )
    order = np.concatenate([np.flatnonzero(~left), places[~better], places[better]])
    whole = before.select(~left).join(now.select(~better)).join(kept)
    return whole.select(np.argsort(order, kind="stable"))


def _read_again(
    classifier: ClassifierData, attempt: AttackState, before: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores of the attacked pictures, read as the originals were, and how far they are from the goal.

    A picture for which the attack found nothing, or nothing that holds here, is as it was.
    """
    after, size = before.copy(), max(classifier.batch_size, 2)
    changed = torch.nonzero(attempt.there)[:, 0]
    margin = attempt.goal.margin(torch.from_numpy(before).to(classifier.device))
    with evaluation(classifier.model):
        for part in torch.split(changed, size) if len(changed) else ():
            full = fill_up(attempt.best[part], size)
            given = network_input(full, classifier.device, classifier.dtype, classifier.preprocess)
            scores = scores_of(classifier.model(given), size)[: len(part)].float()
            after[part.numpy()] = scores.cpu().numpy()
            own = attempt.goal.of(part.to(classifier.device)).margin(scores)
            margin[part.to(classifier.device)] = own.where(scores.isfinite().all(1), torch.inf)
    found: NDArray[np.float32] = margin.cpu().numpy()
    for image in np.flatnonzero(attempt.there.numpy() & (found >= 0)):
        attempt.best[image], after[image] = attempt.pictures[image], before[image]
    return after, found
