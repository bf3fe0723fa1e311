"""What units do in a classifier, for users: with a progress bar, and going on after an interrupt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from tqdm.auto import tqdm

from dissect_widgets.api.resuming import Advance, Hold, printed_by, resumable
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.predictions import (
    AblationPredictions,
    keep_all_but,
    run_edits,
)
from dissect_widgets.core.ablation.unit_sets import SetEffects, plan_sets
from dissect_widgets.core.data.arrays import Bools
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.interrupt import InterruptedRun
from dissect_widgets.errors import SettingError


def rank_units(classifier: ClassifierData, layer: str, *, progress: bool = True) -> UnitImportance:
    """Measure how important each unit of a layer is to each class (PNAS 2020, Fig. 2).

    Each unit alone is forced to zero, and the balanced accuracy of every class is measured. The result is
    that of a full pass for each unit; but only what follows the layer is run, images on which a unit is
    silent are not run at all, and all units share the linear layer that comes first, if one does. A network
    that cannot be split like this is run in full for each unit; `how` of the result says which it was.

    Parameters
    ----------
    classifier
        The network and the images with their classes; see `ClassifierData`.
    layer
        Dotted name of a layer; `list_layers` lists them.
    progress
        Whether to show a progress bar.

    Returns
    -------
    UnitImportance
        Units by classes.

    Raises
    ------
    LayerError
        For an unknown layer, one that the scores do not depend on, and a network that outputs something
        other than scores.
    SettingError, DataError, ActivationError
        For names of classes that do not fit, images that cannot be used, classes that the network does not
        have, and scores that are not finite.
    Interrupted
        On Ctrl-C or the interrupt button. Call again to resume, or see `interrupted`. What was found so far
        is `UnitImportance(interrupt.run.state.finished())`.
    """

    def work(begun: InterruptedRun | None, hold: Hold) -> UnitImportance:
        return UnitImportance(_run(classifier, layer, _each, "rank units", progress, begun, hold))

    return resumable("rank_units", work)


def ablate_units(
    classifier: ClassifierData,
    layer: str,
    sets: Sequence[Sequence[int]],
    *,
    keep: bool = False,
    progress: bool = True,
) -> AblationPredictions:
    """Predict images without some units of a layer, for each of several sets.

    >>> ablated = ablate_units(classifier, "layer4", [[3, 17], [3]])
    >>> ablated.accuracy.after                   # (2, classes), balanced accuracy without each set

    Parameters
    ----------
    classifier, layer, progress
        As for `rank_units`.
    sets
        Numbers of units.
    keep
        Whether to keep nothing but each set, instead of removing it.

    Returns
    -------
    AblationPredictions
        Predictions of each image before and after, and their accuracy.

    Raises
    ------
    SettingError
        For a unit that does not exist, or is in a set twice; also what `rank_units` raises.
    """

    def kept(units: int) -> Bools:
        without = keep_all_but([list(chosen) for chosen in sets], units)
        return ~without if keep else without

    def work(begun: InterruptedRun | None, hold: Hold) -> AblationPredictions:
        return _run(classifier, layer, kept, "ablate units", progress, begun, hold)

    return resumable("ablate_units", work)


def ablate_unit_sets(
    classifier: ClassifierData,
    importance: UnitImportance,
    sizes: Sequence[int],
    *,
    names: Sequence[str] | None = None,
    repeats: int = 5,
    seed: int = 0,
    progress: bool = True,
) -> SetEffects:
    """Remove the most and the least important units of classes, or keep nothing but the most important.

    See PNAS 2020, Fig. 2b to 2d. Random sets of the same sizes are the control.

    Parameters
    ----------
    classifier, progress
        As for `rank_units`.
    importance
        Units by importance, best measured over other images than the classifier's.
    sizes
        Numbers of units, for example `range(importance.units + 1)`.
    names
        Classes whose units are removed; by default all that have images.
    repeats, seed
        Number and seed of the random sets of each size.

    Returns
    -------
    SetEffects
        Balanced accuracy of each class, and accuracy over all classes.

    Raises
    ------
    SettingError, ConceptError
        For sizes that the layer does not have, importance of another layer, and classes without images;
        also what `rank_units` raises.
    """
    plan = plan_sets(importance, sizes, classes=names, repeats=repeats, seed=seed)

    def kept(units: int) -> Bools:
        if units != importance.units:
            raise SettingError(
                f"The ranking is of {importance.units} units, but {importance.layer} has {units}."
            )
        return plan.kept

    named = classifier.with_classes(importance.classes)

    def work(begun: InterruptedRun | None, hold: Hold) -> SetEffects:
        ablated = _run(named, importance.layer, kept, "ablate unit sets", progress, begun, hold)
        return SetEffects(plan, ablated, importance)

    return resumable("ablate_unit_sets", work)


def _each(units: int) -> Bools:
    return ~np.eye(units, dtype=np.bool_)


def _run(
    classifier: ClassifierData,
    layer: str,
    kept: Callable[[int], Bools],
    what: str,
    progress: bool,
    begun: InterruptedRun | None,
    hold: Hold,
) -> AblationPredictions:
    with tqdm(total=len(classifier.data), unit="image", desc=what, disable=not progress) as bar:
        return run_edits(
            classifier,
            layer,
            kept,
            progress=Advance(bar),
            notify=printed_by(bar),
            begun=begun,
            hold=hold,
        )
