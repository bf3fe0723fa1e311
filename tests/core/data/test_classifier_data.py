"""A classifier and images: where classes and labels come from."""

from __future__ import annotations

import pytest

import dissect_widgets as dw
from dissect_widgets.core.data.classifier_data import checked_targets
from dissect_widgets.errors import DataError, SettingError
from tests.core.small_classifiers import CLASSES, Pictures, classifier, normalized


class Labeled(Pictures):
    """Images of known classes."""

    targets = (0, 1, 2, 4, 6, 5, 3)


def labels(data: dw.ClassifierData) -> list[int]:
    """The class of each image, as a number of the model's."""
    return [int(label) for batch in data.batches() for label in batch.targets]


def test_other_images_keep_what_is_known_of_the_classifier() -> None:
    data = dw.ClassifierData(
        classifier(), Labeled(), classes=CLASSES[::-1], preprocess=normalized, batch_size=3, workers=1
    )
    other = data.on(Labeled(5), targets=[0, 0, 1, 2, 6])
    for name in ("model", "classes", "preprocess", "batch_size", "workers"):
        assert getattr(other, name) == getattr(data, name)
    assert labels(other) == [0, 0, 1, 2, 6], "given numbers are the model's"
    assert labels(data) == [6 - label for label in Labeled.targets], "those of the data go by names"
    assert repr(data) == "<ClassifierData: Smooth on 7 images (Labeled), 7 classes>"


def test_predicted_labels_stay_for_other_images_unless_others_are_given() -> None:
    data = dw.ClassifierData(classifier(), Labeled(), targets="predicted", preprocess=normalized)
    assert data.predicts and data.on(Pictures(3)).predicts
    assert not data.on(Labeled(3), targets=[1, 2, 3]).predicts
    batch = next(data.batches())
    scores = data.model(batch.inputs)
    assert checked_targets(scores, data, batch).tolist() == scores.argmax(1).tolist()


def test_names_of_classes_are_given_or_those_of_the_data() -> None:
    net = classifier()
    assert dw.ClassifierData(net, Labeled()).check_classes(7) == CLASSES
    assert dw.ClassifierData(net, Labeled(), targets="predicted").check_classes(7) == CLASSES
    other_classes = dw.ClassifierData(net, Labeled(), targets="predicted").check_classes(3)
    assert other_classes == ("class 0", "class 1", "class 2"), "the data's classes are not the model's"
    with pytest.raises(SettingError, match="The data have 7 names, but the network has 3 classes"):
        dw.ClassifierData(net, Labeled()).check_classes(3)
    named = dw.ClassifierData(net, Labeled()).with_classes(CLASSES[::-1])
    assert named.classes == CLASSES[::-1]
    given = dw.ClassifierData(net, Labeled(), classes=CLASSES)
    assert given.with_classes(CLASSES[::-1]).classes == CLASSES


def test_labels_are_only_looked_at_where_they_are_needed() -> None:
    """An attack works on data whose labels are no classes of the network, or no classes at all."""
    data = Labeled()
    data.targets = ["a.xml"] * 7  # type: ignore[assignment]
    unlabeled = dw.ClassifierData(classifier(), data, classes=[name.upper() for name in CLASSES])
    assert labels(unlabeled.without_labels()) == [-1] * 7
    with pytest.raises(SettingError, match="`classes` has no 'ant' of the data"):
        labels(unlabeled)
    with pytest.raises(DataError, match="has nothing where its class should be"):
        labels(dw.ClassifierData(classifier(), Pictures()))
