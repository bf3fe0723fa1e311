"""Accuracy of classes before and after ablations, counted image by image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.data.arrays import Bools, Float64s, Int64s


class Changes(NamedTuple):
    """True and false positives that ablations add and remove; each int64 (ablations, classes)."""

    true_positives_gained: Int64s
    """Images of the class that are now correctly classified."""
    true_positives_lost: Int64s
    """Images of the class that no longer are."""
    false_positives_gained: Int64s
    """Images of other classes that are now misclassified as it."""
    false_positives_lost: Int64s
    """Images of other classes that no longer are."""


class Accuracy(NamedTuple):
    """Accuracy of each class against all others, and over all classes, before and after ablations.

    Balanced accuracy of a class is (recall + true negative rate) / 2 of the event that it has the highest
    score; it is NaN for a class without images, or without images of others. Errors are standard errors of
    the mean over images, paired: an image whose prediction stays the same adds nothing to them.
    """

    support: Int64s
    """int64 (classes,): images of the class."""
    true_positives: Int64s
    """int64 (classes,): images of the class that the intact network classifies correctly."""
    false_positives: Int64s
    """int64 (classes,): images of other classes that it misclassifies as this one."""
    changes: Changes

    @property
    def others(self) -> Int64s:
        """int64 (classes,): images of other classes."""
        others: Int64s = self.support.sum() - self.support
        return others

    @property
    def before(self) -> Float64s:
        """float64 (classes,): balanced accuracy of the intact network, in [0, 1]."""
        return self._balanced(self.true_positives, self.false_positives)

    @property
    def after(self) -> Float64s:
        """float64 (ablations, classes): balanced accuracy after each ablation, in [0, 1]."""
        c = self.changes
        return self._balanced(
            self.true_positives + c.true_positives_gained - c.true_positives_lost,
            self.false_positives + c.false_positives_gained - c.false_positives_lost,
        )

    @property
    def loss(self) -> Float64s:
        """float64 (ablations, classes): balanced accuracy lost by each ablation; negative if gained."""
        # from the counts: the difference of two accuracies that are equal may not be zero
        c = self.changes
        with np.errstate(invalid="ignore"):
            recall = (c.true_positives_lost - c.true_positives_gained) / self.support
            negatives = (c.false_positives_gained - c.false_positives_lost) / self.others
        lost: Float64s = (recall + negatives) / 2
        return lost

    @property
    def loss_error(self) -> Float64s:
        """float64 (ablations, classes): standard errors of `loss`."""
        c = self.changes
        recall = _variance(c.true_positives_gained, c.true_positives_lost, self.support)
        negatives = _variance(c.false_positives_gained, c.false_positives_lost, self.others)
        error: Float64s = np.sqrt(recall + negatives) / 2
        return error

    @property
    def overall_before(self) -> float:
        """Fraction of all images that the intact network classifies correctly."""
        return float(self.true_positives.sum() / self.support.sum())

    @property
    def overall_after(self) -> Float64s:
        """float64 (ablations,): fraction of all images correctly classified after each ablation."""
        c = self.changes
        correct = (self.true_positives + c.true_positives_gained - c.true_positives_lost).sum(1)
        fraction: Float64s = correct / self.support.sum()
        return fraction

    @property
    def overall_loss_error(self) -> Float64s:
        """float64 (ablations,): standard errors of the loss of overall accuracy."""
        gained, lost = self.changes.true_positives_gained.sum(1), self.changes.true_positives_lost.sum(1)
        error: Float64s = np.sqrt(_variance(gained, lost, self.support.sum()))
        return error

    def _balanced(self, true_positives: Int64s, false_positives: Int64s) -> Float64s:
        with np.errstate(invalid="ignore"):
            balanced: Float64s = (true_positives / self.support + 1 - false_positives / self.others) / 2
        return balanced


def compare(
    targets: NDArray[np.integer],
    predicted: NDArray[np.integer],
    ablated: NDArray[np.integer],
    classes: int,
) -> Accuracy:
    """Count what ablations change.

    Parameters
    ----------
    targets, predicted
        int (images,): true class, and prediction of the intact network.
    ablated
        int (ablations, images): prediction after each ablation.
    classes
        Number of classes.
    """
    ablation, image = np.nonzero(ablated != predicted)
    truth, before, after = targets[image], predicted[image], ablated[ablation, image]

    def count(chosen: Bools, of: NDArray[np.integer]) -> Int64s:
        cells = ablation[chosen].astype(np.int64) * classes + of[chosen]
        return np.bincount(cells, minlength=len(ablated) * classes).reshape(len(ablated), classes)

    changes = Changes(
        true_positives_gained=count(after == truth, after),
        true_positives_lost=count(before == truth, before),
        false_positives_gained=count(after != truth, after),
        false_positives_lost=count(before != truth, before),
    )
    correct = targets == predicted
    return Accuracy(
        support=np.bincount(targets, minlength=classes),
        true_positives=np.bincount(targets[correct], minlength=classes),
        false_positives=np.bincount(predicted[~correct], minlength=classes),
        changes=changes,
    )


def _variance(gained: Int64s, lost: Int64s, images: Int64s | np.int64) -> Float64s:
    """Variance of the mean over images of a change that is 1 where gained, -1 where lost, 0 elsewhere."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Float64s = (gained - lost) / images
        return np.maximum((gained + lost) / images - mean**2, 0) / images
