"""Sentences of the captioning member: words of the vocabulary, of pictures in the right form alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dissect_widgets import world
from dissect_widgets.errors import DataError
from dissect_widgets.world import zoo
from dissect_widgets.world.captions import VOCABULARY


def test_a_sentence_for_each_picture() -> None:
    data = world.Scenes("val", 6, size=96)
    images = torch.stack([data[index][0] for index in range(6)])
    said = zoo.caption(images)
    assert len(said) == 6 and all(2 <= len(sentence.split()) <= 30 for sentence in said)
    assert {word for sentence in said for word in sentence.split()} <= set(VOCABULARY)
    assert said[2:4] == zoo.caption(images[2:4]), "each is said of its picture alone"
    assert zoo.caption(images[:0]) == []


def test_the_last_layers_are_what_networks_are_compared_by() -> None:
    found = zoo.last_layers(["alexnet-scenes", "resnet-captions"])
    assert {name: layer for name, (_, layer) in found.items()} == {
        name: zoo.layers(name)[-1] for name in ("alexnet-scenes", "resnet-captions")
    }
    assert all(layer in dict(net.named_modules()) for net, layer in found.values())


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(2, 3, 128, 128),
        torch.zeros(3, 96, 96),
        np.zeros((1, 3, 96, 96)),
        torch.full((1, 3, 96, 96), 2.0),
        torch.full((1, 3, 96, 96), torch.nan),
        torch.zeros(1, 3, 96, 96, dtype=torch.uint8),
    ],
)
def test_pictures_of_another_form_are_refused(images: torch.Tensor) -> None:
    with pytest.raises(DataError, match="pictures are"):
        zoo.caption(images)
