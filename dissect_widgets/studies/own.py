"""The figures of PNAS 2020 on a classifier of your own.

>>> labelled = dw.MaskFolder("photos/images", "photos/masks", "photos/classes.csv")
>>> study = own_classifier(model, "layer4", labelled, labelled, concept="car", preprocess=dw.normalize())
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from dissect_widgets.core.attack import read_images
from dissect_widgets.core.attempt import Method
from dissect_widgets.core.classified import Classified, checked_scores
from dissect_widgets.core.hooks import evaluation
from dissect_widgets.core.network import scores_of
from dissect_widgets.core.types import LabelledImages
from dissect_widgets.core.vocabulary import Concept
from dissect_widgets.errors import DataError, SettingError
from dissect_widgets.studies.study import QUICK, ClassifierStudy


def own_classifier(
    model: nn.Module,
    layer: str,
    labelled: LabelledImages,
    images: Any,
    *,
    concept: str | Concept,
    layers: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    class_name: str | None = None,
    target_name: str | None = None,
    method: Method = QUICK,
    attacked: int = 30,
    name: str | None = None,
) -> ClassifierStudy:
    """Study a classifier of your own.

    Parameters
    ----------
    model, preprocess
        Any classifier in evaluation mode, and what makes of pictures what it takes.
    layer, layers
        The layer whose units are looked at, and those it is compared with; by default it alone.
    labelled
        Images whose pixels carry labels, such as `MaskFolder`.
    images
        Images and their classes, such as `torchvision.datasets.ImageFolder`; or images alone, which then
        count as what the network tells them as. Every other one of each class is held out.
    concept
        One of the labels, which a single unit is to detect.
    classes
        Names of the network's classes, in the order of its scores.
    class_name, target_name
        Two classes to look at; by default the most frequent ones.
    method, attacked
        How images are attacked, and how many.
    name
        Of the whole; by default that of the model's class.

    Raises
    ------
    ConceptError, DataError, SettingError
        If the labels have no such concept, no image or every image shows it; if fewer than two classes have
        images in either half; and for classes that do not fit.
    """
    known = labelled.vocabulary[labelled.vocabulary.find(concept)]
    source = Classified(
        model, layer, images,
        targets=None if hasattr(images, "targets") else "predicted", classes=classes, preprocess=preprocess,
    )  # fmt: skip
    names = source.check_classes(read_images(source, [0]).scores.shape[1])
    told = _predicted(source) if source.predicts else [source.target(i, None) for i in range(len(images))]
    halves = [Part(images, own, told, names) for own in _halves(told)]
    frequent = _frequent(halves, names)
    shown = class_name or frequent[0]
    return ClassifierStudy(
        name=name or type(model).__name__,
        model=model,
        layers=(layer,) if layers is None else tuple(layers),
        layer=layer,
        labelled=labelled,
        train=halves[0],
        held_out=halves[1],
        concept=known,
        things=with_and_without(labelled, known),
        class_name=shown,
        target_name=target_name or next(other for other in frequent if other != shown),
        classes=names,
        preprocess=preprocess,
        measure="log-odds",
        method=method,
        attacked=attacked,
    )


class Part:
    """Some images of a data set, with classes.

    Parameters
    ----------
    data
        Items are images, or tuples that begin with one.
    images
        Numbers of those that are part of it.
    targets, classes
        Class of every image of the data, as a number, and the names of all classes, if they are known.
    """

    def __init__(
        self,
        data: Any,
        images: Sequence[int],
        targets: Sequence[int] | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        self.data, self.images = data, list(images)
        names = getattr(data, "names", None)
        self.names = [f"image {i}" if names is None else str(names[i]) for i in self.images]
        if targets is not None:
            self.targets = [int(targets[i]) for i in self.images]
        if classes is not None:
            self.classes = tuple(classes)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        item = self.data[self.images[index]]
        return item[0] if isinstance(item, (tuple, list)) else item


def with_and_without(labelled: LabelledImages, concept: Concept, *, least: float = 0.05) -> tuple[Part, Part]:
    """Images that show a concept on more than a share of their labels, and all others (as in Fig. 3f).

    Raises
    ------
    DataError
        If there are not two of either.
    """
    number = labelled.vocabulary.index(*concept)
    shares = []
    for index in range(len(labelled)):
        labels = np.asarray(labelled[index][1])
        shares.append(float((labels == number).any(0).mean()))
    shown = [i for i, share in enumerate(shares) if share > least]
    others = [i for i, share in enumerate(shares) if share <= least]
    for what, found in (("more", shown), ("less", others)):
        if len(found) < 2:
            raise DataError(
                f"{len(found)} of the {len(labelled)} images show {concept.name!r} on {what} than {least:.0%} "
                "of their labels; two must."
            )
    return Part(labelled, shown), Part(labelled, others)


def _predicted(source: Classified) -> list[int]:
    """Class that the network tells each image as."""
    found: list[int] = []
    with evaluation(source.model):
        for batch in source.batches():
            scores = scores_of(source.model(batch.pictures), len(batch.pictures))[: len(batch.indices)]
            checked_scores(scores, source, batch)
            found += scores.argmax(1).tolist()
    return found


def _halves(targets: Sequence[int]) -> tuple[list[int], list[int]]:
    """Numbers of the images of either half, which take turns within each class."""
    halves: tuple[list[int], list[int]] = [], []
    seen: Counter[int] = Counter()
    for image, target in enumerate(targets):
        halves[seen[target] % 2].append(image)
        seen[target] += 1
    return halves


def _frequent(halves: Sequence[Part], names: Sequence[str]) -> list[str]:
    """Classes that have images in all halves, the most frequent first."""
    counts = [Counter(half.targets) for half in halves]
    both = {target: min(count[target] for count in counts) for target in counts[0]}
    found = [names[target] for target, count in sorted(both.items(), key=lambda pair: -pair[1]) if count]
    if len(found) < 2:
        raise SettingError(f"Only {found or 'none'} of the classes have images in either half; two must.")
    return found
