"""Pictures of the finer classes as a data set: the classes are those of the labels; scenes share pictures."""

from __future__ import annotations

import pytest
import torch

import dissect_widgets.world.zoo.data as zoo_data
from dissect_widgets.errors import SettingError
from dissect_widgets.world.finer_classes import CLASSES
from dissect_widgets.world.finer_pictures import FinerPictures
from dissect_widgets.world.scenery.vocabulary import SCENES


@pytest.fixture(scope="module")
def pictures() -> FinerPictures:
    return FinerPictures("val", 1)


def test_each_class_has_as_many_pictures_in_turn(pictures: FinerPictures) -> None:
    assert len(pictures) == len(CLASSES) and pictures.targets == list(range(len(CLASSES)))
    assert pictures[3].shape == (3, 96, 96) and 0 <= float(pictures[3].min()) < float(pictures[3].max()) <= 1
    assert pictures.names[7] == f"{CLASSES[7]} 0"
    assert FinerPictures("val", 3).targets == list(range(len(CLASSES))) * 3
    with pytest.raises(IndexError):
        pictures[len(pictures)]


def test_scenes_are_those_of_the_same_pictures(pictures: FinerPictures) -> None:
    coarser = pictures.with_scenes()
    assert all(torch.equal(coarser[index], pictures[index]) for index in (0, 50, 122))
    named = [SCENES[target] for target in coarser.targets]
    assert all(
        name.removeprefix("plain ").startswith(scene) for name, scene in zip(CLASSES, named, strict=True)
    )
    assert coarser.classes == SCENES and coarser.digest() != pictures.digest()


def test_no_network_of_the_zoo_has_learned_from_them() -> None:
    from dissect_widgets.world import finer_pictures

    assert max(zoo_data._FINER.pieces.values()) <= finer_pictures._PIECE


@pytest.mark.parametrize(("split", "each"), [("probe", 1), ("val", 0), ("val", True), ("train", 2.5)])
def test_what_is_not_allowed_is_refused(split: str, each: int) -> None:
    with pytest.raises(SettingError):
        FinerPictures(split, each)
