"""The figures of PNAS 2020 on a classifier or a generator of your own.

>>> labeled = dw.MaskFolder("photos/images", "photos/masks", "photos/classes.csv")
>>> study = own_classifier(model, "layer4", labeled, labeled, concept="car", preprocess=dw.normalize())
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from dissect_widgets.core.attacks.base import AttackMethod
from dissect_widgets.core.attacks.run import read_images
from dissect_widgets.core.data.classifier_data import ClassifierData, checked_scores
from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.items import class_of
from dissect_widgets.core.data.targets import may_be_class
from dissect_widgets.core.data.types import LabeledImages, Segmenter
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.forward import scores_of
from dissect_widgets.core.network.original import layer_name, original
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import SettingError
from dissect_widgets.replication.studies.part import Part, with_and_without
from dissect_widgets.replication.studies.study import QUICK, ClassifierStudy, GeneratorStudy


def own_classifier(
    model: nn.Module,
    layer: str,
    labeled: LabeledImages,
    images: Any,
    *,
    concept: str | Concept,
    layers: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    class_name: str | None = None,
    target_name: str | None = None,
    method: AttackMethod = QUICK,
    attacked: int = 30,
    name: str | None = None,
) -> ClassifierStudy:
    """Study a classifier of your own.

    Parameters
    ----------
    model, preprocess
        Any classifier in evaluation mode, and what converts images to its input.
    layer, layers
        The layer whose units are studied, and those that are compared; by default it alone.
    labeled
        Images whose pixels carry labels, such as `MaskFolder`.
    images
        Images and their classes, such as `torchvision.datasets.ImageFolder`; or images alone, with
        the model's predictions as labels. Every second image of each class is held out.
    concept
        One of the labels, which a single unit is to detect.
    classes
        Names of the network's classes, in the order of its scores.
    class_name, target_name
        Two classes to study; by default the most frequent ones.
    method, attacked
        How images are attacked, and how many of them.
    name
        Name of the study; by default that of the model's class.

    Raises
    ------
    ConceptError, DataError, SettingError
        If the labels have no such concept, or fewer than two images show it on more than 5 % of their labels,
        or on less; if fewer than two classes have images in both halves; and for classes that do not fit.
    """
    model = original(model)
    layer, *layers_compared = [layer_name(model, each) for each in (layer, *(layers or ()))]
    images = as_data(images)
    detected = labeled.vocabulary[labeled.vocabulary.find(concept)]
    classifier = ClassifierData(
        model,
        images,
        targets=None if hasattr(images, "targets") or may_be_class(class_of(images[0])) else "predicted",
        classes=classes,
        preprocess=preprocess,
    )
    names = classifier.check_classes(read_images(classifier, [0]).scores.shape[1])
    labels = _predict(classifier) if classifier.predicts else _targets(classifier)
    halves = [Part(images, chosen, labels, names) for chosen in _halves(labels)]
    frequent = _frequent(halves, names)
    studied = class_name or frequent[0]
    return ClassifierStudy(
        name=name or type(model).__name__,
        model=model,
        layers=(layer,) if layers is None else tuple(layers_compared),
        layer=layer,
        labeled=labeled,
        train=halves[0],
        held_out=halves[1],
        concept=detected,
        things=with_and_without(labeled, detected),
        class_name=studied,
        target_name=target_name or next(name for name in frequent if name != studied),
        classes=names,
        preprocess=preprocess,
        measure="log-odds",
        method=method,
        attacked=attacked,
    )


def own_generator(
    generator: nn.Module,
    segmenter: Segmenter,
    layer: str,
    *,
    latent_dim: int,
    removed: str | Concept,
    others: Sequence[str | Concept] = (),
    layers: Sequence[str] | None = None,
    predicted: str | Concept | None = None,
    inserted: str | Concept | None = None,
    contexts: Sequence[str | Concept] | None = None,
    painted: str | Concept | None = None,
    samples: int = 480,
    name: str | None = None,
) -> GeneratorStudy:
    """Study a generator of your own.

    Parameters
    ----------
    generator, latent_dim
        From latents (B, latent_dim) or (B, latent_dim, 1, 1) to images in [-1, 1]; in evaluation mode.
    segmenter
        Labels its images; see `Segmenter` and `load_public_segmenter`.
    layer, layers
        The layer whose units are studied and edited, and those that are compared; by default it alone.
    removed, others
        A concept whose units are removed, and concepts that should stay then.
    predicted, inserted, painted
        Concepts that a unit is to predict, that is inserted, and that is painted; by default `removed`.
    contexts
        Concepts that it is inserted at; by default `others` and `removed`.
    samples
        How many images to dissect over.
    name
        Name of the study; by default that of the generator's class.

    Raises
    ------
    ConceptError, LayerError
        If the segmenter does not know a concept, or there is no such layer.
    """
    generator = original(generator)
    layer, *layers_compared = [layer_name(generator, each) for each in (layer, *(layers or ()))]

    def concept(named: str | Concept | None) -> Concept:
        return segmenter.vocabulary[segmenter.vocabulary.find(removed if named is None else named)]

    return GeneratorStudy(
        name=name or type(generator).__name__,
        generator=generator,
        segmenter=segmenter,
        layers=(layer,) if layers is None else tuple(layers_compared),
        layer=layer,
        latent_dim=latent_dim,
        predicted=concept(predicted),
        removed=concept(removed),
        others=tuple(map(concept, others)),
        inserted=concept(inserted),
        contexts=tuple(map(concept, [*others, removed] if contexts is None else contexts)),
        insert_layer=layer,
        painted=concept(painted),
        paint_layer=layer,
        samples=samples,
    )


def _predict(classifier: ClassifierData) -> list[int]:
    """Class that the network predicts for each image."""
    predictions: list[int] = []
    with evaluation(classifier.model):
        for batch in classifier.batches():
            scores = scores_of(run(classifier.model, batch.inputs), len(batch.inputs))[: len(batch.indices)]
            checked_scores(scores, classifier, batch)
            predictions += scores.argmax(1).tolist()
    return predictions


def _halves(targets: Sequence[int]) -> tuple[list[int], list[int]]:
    """Indices of the images of each half; images of a class alternate between them."""
    halves: tuple[list[int], list[int]] = [], []
    seen: Counter[int] = Counter()
    for image, target in enumerate(targets):
        halves[seen[target] % 2].append(image)
        seen[target] += 1
    return halves


def _targets(classifier: ClassifierData) -> list[int]:
    """Classes of all images, which are read only if they say them."""
    data = classifier.data
    items_say = classifier.targets is None or may_be_class(class_of(data[0]))
    return [classifier.target(data[image] if items_say else None, image) for image in range(len(data))]


def _frequent(halves: Sequence[Part], names: Sequence[str]) -> list[str]:
    """Classes that have images in both halves, the most frequent first."""
    counts = [Counter(half.targets) for half in halves]
    both = {target: min(count[target] for count in counts) for target in counts[0]}
    frequent = [names[target] for target, count in sorted(both.items(), key=lambda pair: -pair[1]) if count]
    if len(frequent) < 2:
        raise SettingError(
            f"Only {frequent or 'none'} of the classes have images in both halves; at least two must."
        )
    return frequent
