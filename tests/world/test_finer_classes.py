"""Finer classes: many, clear, balanced enough, and decided by what is seen."""

from __future__ import annotations

import numpy as np
import pytest

from dissect_widgets.world.finer_classes import (
    CLASSES,
    CLEAR,
    FEATURES,
    UNSEEN,
    class_of,
    classes_of,
    find_features,
    shares_of,
)
from dissect_widgets.world.rendering import render
from dissect_widgets.world.scenery.names import OBJECTS, PARTS
from dissect_widgets.world.scenery.vocabulary import SCENES, VOCABULARY
from dissect_widgets.world.views import scene_canvas


def test_there_are_many_and_each_has_a_name() -> None:
    assert len(CLASSES) == len(set(CLASSES)) >= 120
    assert [number for scene in SCENES for number in classes_of(scene)] == list(range(len(CLASSES)))
    assert all(name in (*OBJECTS, *PARTS) for names in FEATURES.values() for name in names)
    assert "plain harbor" in CLASSES and "harbor with car" in CLASSES


@pytest.mark.parametrize("scene", ["kitchen", "river"])
def test_a_class_is_what_the_labels_show(scene: str) -> None:
    classes = []
    for seed in range(12):
        shares = shares_of(scene_canvas(scene, seed))
        labels = render(scene, seed, 96).labels
        for place, name in enumerate(FEATURES[scene]):
            category = "object" if name in OBJECTS else "part"
            channel, number = int(category == "part"), VOCABULARY.index(name, category)
            seen = (labels[channel] == number).mean()
            assert abs(seen - shares[number]) < 0.01
            if seen > CLEAR + 0.01:
                expected: int | None = classes_of(scene)[place]
                break
            if seen > 0.01:
                expected = None
                break
        else:
            expected = classes_of(scene)[-1]
        found = class_of(scene, shares)
        assert expected is None or found in (expected, None)
        classes.append(found)
    assert len(set(classes) - {None}) > 1


def test_features_divide_pictures_evenly() -> None:
    shares = np.zeros((60, len(VOCABULARY)), np.float32)
    tree, car, boat = (VOCABULARY.index(name, "object") for name in ("tree", "car", "boat"))
    shares[:20, tree], shares[15:40, car], shares[:3, boat] = 0.1, 0.05, 0.08
    assert set(find_features(shares)) == {tree, car}
    shares[20:, tree] = (CLEAR + UNSEEN) / 2  # it may be seen or not: no picture without it
    assert tree not in find_features(shares)
