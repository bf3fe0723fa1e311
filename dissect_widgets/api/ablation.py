"""What units do in a classifier, for users: with a progress bar, and going on after an interrupt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm.auto import tqdm

from dissect_widgets.api.dissection import Advance
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.predictions import (
    AblationPredictions,
    EditsInterrupted,
    keep_all_but,
    run_edits,
)
from dissect_widgets.core.ablation.unit_sets import SetEffects, plan_sets
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.errors import SettingError

_unfinished: EditsInterrupted | None = None


def rank_units(
    model: nn.Module,
    layer: str,
    data: Any,
    *,
    targets: Sequence[int] | Literal["predicted"] | None = None,
    classes: Sequence[str] | None = None,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    batch_size: int | None = None,
    workers: int = 0,
    progress: bool = True,
) -> UnitImportance:
    """Find out how important each unit of a layer is to each class (PNAS 2020, Fig. 2).

    Each unit alone is forced to zero, and the balanced accuracy of every class is measured. The result is
    that of a full pass for each unit; but only what follows the layer is run, images on which a unit is
    silent are not run at all, and all units share the linear layer that comes first, if one does. Where a
    network cannot be taken apart like this, it is run whole; `how` of the result says which.

    Parameters
    ----------
    model
        Any classifier in evaluation mode; puts out scores (B, classes).
    layer
        Dotted name of a layer.
    data
        Images and their classes: items (image (3, H, W) in [0, 1], class), or images and `targets`.
    targets
        Class of each image; by default `data.targets`, else the second of each item. "predicted" takes
        the network at its word, for images whose classes nobody knows.
    classes
        Names of the network's classes, in the order of its scores; by default those of the data.
    preprocess
        Makes of pictures what the network takes; mostly `normalize()`.
    batch_size
        Images that are read at once; by default 8 on a CPU, 32 elsewhere.
    workers
        Processes that read images ahead; 0 reads them in this one.
    progress
        Whether to show a bar.

    Returns
    -------
    UnitImportance
        Units by classes.

    Raises
    ------
    LayerError
        For an unknown layer, one that the scores do not depend on, and a network that puts out something
        other than scores.
    SettingError, DataError, ActivationError
        For a network in training mode, names of classes that do not fit, images that cannot be used,
        classes outside of the network's, and scores that are not finite.
    EditsInterrupted
        On Ctrl-C or the interrupt button. The same call goes on from there; what was found so far is
        `UnitImportance(interrupt.state.finished())`.
    """
    source = ClassifierData(
        model, layer, data, targets=targets, classes=classes, preprocess=preprocess, batch_size=batch_size
    )
    return UnitImportance(_run(source, _each, "rank units", workers, progress))


def ablate_units(
    model: nn.Module,
    layer: str,
    data: Any,
    sets: Sequence[Sequence[int]],
    *,
    keep: bool = False,
    targets: Sequence[int] | Literal["predicted"] | None = None,
    classes: Sequence[str] | None = None,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    batch_size: int | None = None,
    workers: int = 0,
    progress: bool = True,
) -> AblationPredictions:
    """Predict images without some units of a layer, for each of several sets.

    >>> found = ablate_units(model, "layer4", data, [[3, 17], [3]])
    >>> found.accuracy.after                     # (2, classes), balanced accuracy without each set

    Parameters
    ----------
    model, layer, data, targets, classes, preprocess, batch_size, workers, progress
        As for `rank_units`.
    sets
        Numbers of units.
    keep
        Whether to keep nothing but each set, instead of removing it.

    Returns
    -------
    Edited
        Predictions of each image before and after, and their accuracy.

    Raises
    ------
    SettingError
        For a unit that does not exist, or stands in a set twice; also what `rank_units` raises.
    """
    source = ClassifierData(
        model, layer, data, targets=targets, classes=classes, preprocess=preprocess, batch_size=batch_size
    )

    def kept(units: int) -> NDArray[np.bool_]:
        without = keep_all_but([list(chosen) for chosen in sets], units)
        return ~without if keep else without

    return _run(source, kept, "remove units", workers, progress)


def ablate_unit_sets(
    model: nn.Module,
    data: Any,
    importance: UnitImportance,
    sizes: Sequence[int],
    *,
    names: Sequence[str] | None = None,
    repeats: int = 5,
    seed: int = 0,
    targets: Sequence[int] | Literal["predicted"] | None = None,
    classes: Sequence[str] | None = None,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    batch_size: int | None = None,
    workers: int = 0,
    progress: bool = True,
) -> SetEffects:
    """Remove the most and the least important units of classes, or keep nothing but the most important.

    See PNAS 2020, Fig. 2b to 2d. Random sets of the same sizes are the control.

    Parameters
    ----------
    model, data, targets, classes, preprocess, batch_size, workers, progress
        As for `rank_units`.
    importance
        Units by importance, best over other images than `data`.
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
        For sizes that the layer has not, a ranking of another layer, and classes without images; also
        what `rank_units` raises.
    """
    plan = plan_sets(importance, sizes, classes=names, repeats=repeats, seed=seed)
    known = importance.classes if classes is None else classes
    source = ClassifierData(
        model,
        importance.layer,
        data,
        targets=targets,
        classes=known,
        preprocess=preprocess,
        batch_size=batch_size,
    )

    def kept(units: int) -> NDArray[np.bool_]:
        if units != importance.units:
            raise SettingError(
                f"The ranking is of {importance.units} units, but {importance.layer} has {units}."
            )
        return plan.kept

    return SetEffects(plan, _run(source, kept, "remove sets", workers, progress), importance)


def _each(units: int) -> NDArray[np.bool_]:
    return ~np.eye(units, dtype=np.bool_)


def _run(
    source: ClassifierData, kept: Callable[[int], NDArray[np.bool_]], what: str, workers: int, progress: bool
) -> AblationPredictions:
    def remember(unfinished: EditsInterrupted) -> None:
        global _unfinished
        _unfinished = unfinished

    global _unfinished
    begun, _unfinished = _unfinished, None
    with tqdm(total=len(source.data), unit="image", desc=what, disable=not progress) as bar:
        return run_edits(
            source,
            kept,
            workers=workers,
            progress=Advance(bar),
            notify=bar.write,
            begun=begun,
            remember=remember,
        )
