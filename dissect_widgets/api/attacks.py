"""Attacks on a classifier, for users: with a progress bar, and going on after an interrupt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from dissect_widgets.api.dissection import Advance
from dissect_widgets.core.attacks.base import Method
from dissect_widgets.core.attacks.carlini_wagner import CarliniWagner
from dissect_widgets.core.attacks.result import AttackResult, Ints
from dissect_widgets.core.attacks.run import AttackInterrupted, Read, choose_targets, read_images, run_attack
from dissect_widgets.core.attacks.targets import Target
from dissect_widgets.core.attacks.unit_changes import UnitChanges, read_changes
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.provenance import describe_callable, weights_digest

_unfinished: tuple[str, AttackResult] | None = None


def attack(
    classifier: ClassifierData,
    target: Target = None,
    *,
    among: Sequence[str | int] | None = None,
    method: Method | None = None,
    images: Sequence[int] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> AttackResult:
    """Change images as little as can be, so that a classifier takes them for something else.

    See PNAS 2020, "Analyzing Adversarial Attack of a Classifier", Fig. 5a.

    Parameters
    ----------
    classifier
        A network that gradients pass through, and the images. Their labels are not used: an image is
        attacked away from the class that the network predicts. See `ClassifierData`.
    target
        Class that images are to be told as, by name or number, for all or for each; "nearest" for the class
        that is second now, "random" for any other; by default whichever other comes first (untargeted).
    among
        Classes that "random" draws from, names or numbers, such as `importance.present_classes`; by default
        all.
    method
        `CarliniWagner(...)`, which finds the smallest change in the L2 norm, by default with the settings of
        the published code; or `ProjectedGradient(...)`, bounded in the L-infinity norm.
    images
        Numbers of the images to attack; by default all.
    seed
        Of what is drawn by chance: random targets, and where `ProjectedGradient` begins.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Attacked
        Pictures before and after, norms, predictions, and which attacks succeeded.

    Raises
    ------
    SettingError, ConceptError
        For a class or image that does not exist, an image that is told as its
        own target already, and scores without gradients. With one target for all images, those that are
        told as it already are left out instead.
    DataError, ActivationError, LayerError
        For images that cannot be used or do not lie in [0, 1], scores that are not finite, and a network
        that puts out something other than scores.
    AttackInterrupted
        On Ctrl-C or the interrupt button. The same call goes on from there; `attacked` of the error is what
        was found so far.
    """
    global _unfinished
    method = CarliniWagner() if method is None else method
    source = classifier.without_labels()
    read = read_images(source, images)
    with tqdm(total=100, unit="%", desc="attack", disable=not progress, bar_format=_BAR) as bar:
        read, targets = choose_targets(source, read, target, seed, bar.write, among)
        key = partial(_key, source, read, targets, method, seed)  # it takes a while, and is rarely asked for
        before = _unfinished[1] if _unfinished and _unfinished[0] == key() else None
        left = np.ones(len(targets), bool)
        if before is not None:
            left = ~(before.finished | before.broken)
        done, n = int((~left).sum()), len(targets)

        def advance(share: float, finished: int) -> bool:
            bar.set_postfix_str(f"{done + finished} of {n} images", refresh=False)
            bar.update(100 * (done + share * (n - done)) / n - bar.n)
            return False

        try:
            found = run_attack(source, read.select(left), targets[left], method, seed=seed, advance=advance)
        except AttackInterrupted as interrupt:
            whole = _together(before, interrupt.attacked, left)
            _unfinished = key(), whole
            raise AttackInterrupted(whole) from None
        advance(1.0, n - done)
        if before is not None:
            _unfinished = None
        return _together(before, found, left)


def unit_changes(
    classifier: ClassifierData,
    layer: str,
    attacked: AttackResult,
    *,
    progress: bool = True,
) -> UnitChanges:
    """Find out how an attack changes the peak of every unit of a layer (PNAS 2020, Fig. 5b, 5c).

    Parameters
    ----------
    classifier
        The network that was attacked; its images are not used, but those of the attack.
    layer
        Dotted name.
    attacked
        What `attack` found.
    progress
        Whether to show a bar.

    Returns
    -------
    UnitChanges
        Peaks before and after; `by_importance(importance)` of it is Fig. 5c.

    Raises
    ------
    LayerError
        For an unknown layer, or one that puts out nothing that can be dissected.
    DataError, ActivationError
        If there are no images, or an activation is not finite.
    """
    with tqdm(total=2 * len(attacked), unit="image", desc="peaks", disable=not progress) as bar:
        return read_changes(classifier, layer, attacked, progress=Advance(bar))


_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"


def _key(source: ClassifierData, read: Read, targets: Ints, method: Method, seed: int) -> str:
    """Digest of all that decides the result."""
    told = (
        weights_digest(source.model), source.classes, describe_callable(source.preprocess), repr(method), seed
    )  # fmt: skip
    arrays = (read.numbers, read.pictures.numpy(), targets)
    digest = hashlib.sha256(repr(told).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _together(before: AttackResult | None, now: AttackResult, left: NDArray[np.bool_]) -> AttackResult:
    """An earlier part of an attack, and what came of its images that were left, in their places.

    Of these the earlier picture stays until there is a better one.
    """
    if before is None:
        return now
    old, places = before.select(left), np.flatnonzero(left)
    better = old.success & ~(now.success & (now.finished | (now.l2 <= old.l2)))
    kept = replace(
        old.select(better), finished=now.finished[better], broken=now.broken[better], passes=0, seconds=0.0
    )
    order = np.concatenate([np.flatnonzero(~left), places[~better], places[better]])
    whole = before.select(~left).join(now.select(~better)).join(kept)
    return whole.select(np.argsort(order, kind="stable"))
