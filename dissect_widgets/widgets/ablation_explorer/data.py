"""What the ablation explorer shows, as plain data."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.ablation.accuracy import Accuracy
from dissect_widgets.core.ablation.cached import CachedClassifier
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.errors import DataError, SettingError
from dissect_widgets.widgets.shared.messages import Name, Numbers, Question, first_of

MOST_FLIPPED = 24
"""Images in the gallery."""
MOST_CHANGED = 5
"""Other classes in the list."""
CURVE_POINTS = 14


class ClassifiedImages(Question, tag="classified_images"):
    """Images that were classified."""

    images: Numbers


class Curve(Question, tag="curve", rename={"of_class": "class"}):
    """Accuracy of a class along its ranking."""

    of_class: Name


class Effect(NamedTuple):
    """What an edit of the network changes."""

    predicted: NDArray[np.int64]
    """int64 (images,)"""
    accuracy: Accuracy
    flipped: NDArray[np.int64]
    """int64, images whose prediction changes; those of the class first."""
    shown: dict[str, Any]
    """The same for the page."""


class AblationData:
    """Units by importance, and images on which edits are measured.

    Parameters
    ----------
    held, importance
        Images up to the layer of `importance`, and the importance of its units.

    Raises
    ------
    SettingError, DataError
        If the layer has another number of units than `importance`, or there is only one class.
    """

    def __init__(self, held: CachedClassifier, importance: UnitImportance) -> None:
        if held.units != importance.units:
            raise SettingError(
                f"The importance is of {importance.units} units, but {importance.layer} has {held.units}."
            )
        self.held, self.importance = held, importance
        is_present = np.isin(np.arange(len(importance.classes)), held.targets)
        self.classes = [
            name for name in importance.present_classes if is_present[importance.classes.index(name)]
        ]
        if len(self.classes) < 2:
            raise DataError(
                "Balanced accuracy needs images of two or more classes, both here and in the images of the "
                f"importance; {len(self.classes)} have them."
            )
        self._curves: dict[str, dict[str, Any]] = {}
        self._begun: dict[str, list[NDArray[np.int64]]] = {}

    def facts(self) -> dict[str, Any]:
        """Facts that never change."""
        return {
            "layer": self.importance.layer,
            "classes": list(self.importance.classes),
            "present": self.classes,
            "units": self.importance.units,
            "images": len(self.held.targets),
            "strategy": self.held.strategy,
        }

    def ranked(self, name: str) -> dict[str, Any]:
        """Units by importance to a class, and what the class loses without each."""
        r, c, order = self.importance, self.importance.class_number(name), self.importance.top_units(name)
        return {
            "class": name,
            "units": order.tolist(),
            "loss": [round(float(x), 5) for x in r.loss[order, c]],
            "error": [round(float(x), 5) for x in r.accuracy.loss_error[order, c]],
            "odds": [round(float(x), 4) for x in r.odds_loss[order, c]],
        }

    def effect(self, name: str, mode: str, units: Sequence[int]) -> Effect:
        """Measure the network without some units, or with only them."""
        held, c, names = self.held, self.importance.class_number(name), self.importance.classes
        unchosen = sorted(set(range(self.importance.units)) - set(units))
        predicted = held.predict(list(units) if mode == "remove" else unchosen)
        accuracy = held.accuracy([predicted])
        flipped = np.flatnonzero(predicted != held.predicted)
        flipped = flipped[np.argsort(held.targets[flipped] != c, kind="stable")]
        loss = np.nan_to_num(accuracy.loss[0])
        loss[c] = 0
        changed = [int(k) for k in np.argsort(-np.abs(loss), kind="stable")[:MOST_CHANGED] if loss[k]]

        def both(k: int) -> list[float | None]:
            return [_plain(accuracy.before[k]), _plain(accuracy.after[0, k])]

        shown = {
            "measured": [name, mode, sorted(units)],
            "class_accuracy": both(c),
            "uncertainty": _plain(accuracy.loss_error[0, c]),
            "overall_accuracy": [accuracy.overall_before, float(accuracy.overall_after[0])],
            "changed_classes": [[names[k], *both(k)] for k in changed],
            "changed_count": len(flipped),
            "changed_images": [
                [int(i), names[held.predicted[i]], names[predicted[i]], names[held.targets[i]]]
                for i in flipped[:MOST_FLIPPED]
            ],
        }
        return Effect(predicted, accuracy, flipped, shown)

    def measured_curve(self, name: str) -> dict[str, Any] | None:
        """The curve of a class if `curve` has measured it."""
        return self._curves.get(name)

    def curve(self, name: str, seconds: float = math.inf) -> dict[str, Any] | None:
        """Accuracy of a class along its ranking; measured once.

        After some seconds it gives None: the next call goes on from there.
        """
        if name in self._curves:
            return self._curves[name]
        units, order = self.importance.units, self.importance.top_units(name).tolist()
        sizes = sorted({round((units + 1) ** (k / (CURVE_POINTS - 1)) - 1) for k in range(CURVE_POINTS)})
        sets = [order[:n] for n in sizes] + [order[n:] for n in sizes]
        predictions, end = self._begun.setdefault(name, []), time.monotonic() + seconds
        while len(predictions) < len(sets):
            predictions.append(self.held.predict(sets[len(predictions)]))
            if time.monotonic() > end and len(predictions) < len(sets):
                return None
        self._curves[name] = self._drawn(self.importance.class_number(name), sizes, self._begun.pop(name))
        return self._curves[name]

    def _drawn(self, c: int, sizes: list[int], predictions: list[NDArray[np.int64]]) -> dict[str, Any]:
        """The curve of a class from the predictions without, and with only, sets of some sizes."""
        accuracy, k = self.held.accuracy(predictions), len(sizes)
        class_accuracy = [_plain(value) for value in accuracy.after[:, c]]
        overall = [float(value) for value in accuracy.overall_after]
        return {
            "sizes": sizes,
            "remove": {"class_accuracy": class_accuracy[:k], "overall_accuracy": overall[:k]},
            "keep": {"class_accuracy": class_accuracy[k:], "overall_accuracy": overall[k:]},
        }

    def images(self, numbers: Sequence[int]) -> list[bytes]:
        """The first of some images, as many as are enough for one answer."""
        jpegs = self.held.jpegs
        if bad := [number for number in numbers if number >= len(jpegs)]:
            raise SettingError(f"The page asked for image {bad[0]}; there are {len(jpegs)}.")
        return first_of((jpegs[number] for number in numbers), len)


def _plain(value: float) -> float | None:
    """A number that JSON can hold; None where an accuracy is not defined."""
    return float(value) if np.isfinite(value) else None
