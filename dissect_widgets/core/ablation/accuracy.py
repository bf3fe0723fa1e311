"""Accuracy of classes before and after edits of a network, counted image by image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Changes(NamedTuple):
    """How predictions changed: what each class won and lost, among its own images and all others."""

    own_won: Counts
    """int64 (edits, classes): images of the class that are now told right."""
    own_lost: Counts
    """int64 (edits, classes): images of the class that no longer are."""
    other_won: Counts
    """int64 (edits, classes): images of other classes that are now taken for it."""
    other_lost: Counts
    """int64 (edits, classes): images of other classes that no longer are."""


class Accuracy(NamedTuple):
    """Accuracy of each class against all others, and over all classes, before and after edits.

    Balanced accuracy of a class is (recall + true negative rate) / 2 of the event that it has the highest
    score. Of a class without images, or without others, it is NaN. Errors are standard errors of the
    mean over images, paired: an image that is told the same before and after adds nothing to them.
    """

    own: Counts
    """int64 (classes,): images of the class."""
    hits: Counts
    """int64 (classes,): images of the class that the network as it is tells right."""
    false: Counts
    """int64 (classes,): images of other classes that it takes for this one."""
    changes: Changes

    @property
    def others(self) -> Counts:
        """int64 (classes,): images of other classes."""
        others: Counts = self.own.sum() - self.own
        return others

    @property
    def before(self) -> Floats:
        """float64 (classes,): balanced accuracy of the network as it is, in [0, 1]."""
        return self._balanced(self.hits, self.false)

    @property
    def after(self) -> Floats:
        """float64 (edits, classes): balanced accuracy after each edit, in [0, 1]."""
        c = self.changes
        return self._balanced(self.hits + c.own_won - c.own_lost, self.false + c.other_won - c.other_lost)

    @property
    def loss(self) -> Floats:
        """float64 (edits, classes): balanced accuracy lost by each edit; negative where it is won."""
        # from the counts: the difference of two accuracies that are equal may not be zero
        c = self.changes
        with np.errstate(invalid="ignore"):
            own, other = (c.own_lost - c.own_won) / self.own, (c.other_won - c.other_lost) / self.others
        lost: Floats = (own + other) / 2
        return lost

    @property
    def loss_error(self) -> Floats:
        """float64 (edits, classes): standard errors of `loss`."""
        c = self.changes
        own = _variance(c.own_won, c.own_lost, self.own)
        other = _variance(c.other_won, c.other_lost, self.others)
        error: Floats = np.sqrt(own + other) / 2
        return error

    @property
    def all_before(self) -> float:
        """Share of all images that the network as it is tells right."""
        return float(self.hits.sum() / self.own.sum())

    @property
    def all_after(self) -> Floats:
        """float64 (edits,): share of all images told right after each edit."""
        right = (self.hits + self.changes.own_won - self.changes.own_lost).sum(1)
        share: Floats = right / self.own.sum()
        return share

    @property
    def all_loss_error(self) -> Floats:
        """float64 (edits,): standard errors of what `all_after` has lost."""
        won, lost = self.changes.own_won.sum(1), self.changes.own_lost.sum(1)
        error: Floats = np.sqrt(_variance(won, lost, self.own.sum()))
        return error

    def _balanced(self, hits: Counts, false: Counts) -> Floats:
        with np.errstate(invalid="ignore"):
            balanced: Floats = (hits / self.own + 1 - false / self.others) / 2
        return balanced


def compare(
    targets: NDArray[np.integer],
    predicted: NDArray[np.integer],
    edited: NDArray[np.integer],
    classes: int,
) -> Accuracy:
    """Count what edits change.

    Parameters
    ----------
    targets, predicted
        int (images,): true class, and prediction of the network as it is.
    edited
        int (edits, images): prediction after each edit.
    classes
        How many there are.
    """
    edit, image = np.nonzero(edited != predicted)
    truth, before, after = targets[image], predicted[image], edited[edit, image]

    def count(which: NDArray[np.bool_], of: NDArray[np.integer]) -> Counts:
        places = edit[which].astype(np.int64) * classes + of[which]
        return np.bincount(places, minlength=len(edited) * classes).reshape(len(edited), classes)

    changes = Changes(
        own_won=count(after == truth, after),
        own_lost=count(before == truth, before),
        other_won=count(after != truth, after),
        other_lost=count(before != truth, before),
    )
    right = targets == predicted
    return Accuracy(
        own=np.bincount(targets, minlength=classes),
        hits=np.bincount(targets[right], minlength=classes),
        false=np.bincount(predicted[~right], minlength=classes),
        changes=changes,
    )


def _variance(won: Counts, lost: Counts, images: Counts | np.int64) -> Floats:
    """Variance of the mean over images of a change that is 1 where won, -1 where lost, 0 elsewhere."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = (won - lost) / images
        return np.maximum((won + lost) / images - mean**2, 0) / images
