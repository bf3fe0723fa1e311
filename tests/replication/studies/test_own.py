"""A study of your own: halves, classes, and pictures with and without a concept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dissect_widgets import Concept, Vocabulary, studies, world
from dissect_widgets.errors import ConceptError, DataError, LayerError, SettingError
from dissect_widgets.replication.studies.part import Part, with_and_without
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

NAMES = ("ant", "bee", "cow", "dog", "elk", "fox")


class Varied(ArrayImages):
    """Images that are each of one brightness, so that a network tells some apart."""

    def __init__(self, images: int = 23) -> None:
        super().__init__(images)
        self.labels[1:4] = 0  # no concepts at all
        self.images *= torch.linspace(0, 1, images)[:, None, None, None]


def varying() -> nn.Module:
    """Tells dark images as "bee" and bright ones as "elk"."""
    net = TinyNet().eval()
    seeded(net)
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.zero_()
        net.head.weight[4] = 1
        scores = net(Varied().images)[:, 4]
        net.head.bias[1] = scores.median()
        net.head.bias[[0, 2, 3, 5]] = -100
    return net


def study(net: nn.Module, images: Any, **more: Any) -> studies.ClassifierStudy:
    labeled = Varied()
    return studies.own_classifier(net, "mix", labeled, images, concept="thing 3", classes=NAMES, **more)


def test_images_without_classes_count_as_what_the_network_says() -> None:
    with torch.random.fork_rng():
        net = varying()
    data = Varied()
    with torch.no_grad():
        expected = net(data.images).argmax(1).tolist()
    assert set(expected) == {1, 4}
    made = study(net, data)
    bees, elks = ([i for i in range(23) if expected[i] == k] for k in (1, 4))
    train, held_out = sorted(bees[::2] + elks[::2]), sorted(bees[1::2] + elks[1::2])
    assert made.train.images == train and made.held_out.images == held_out
    assert made.train.targets == [expected[i] for i in train]
    assert torch.equal(made.held_out[3], data.images[held_out[3]])
    assert (
        made.held_out.names[3] == f"photo {held_out[3]}.jpg" and made.train.classes == NAMES == made.classes
    )
    halves = made.train, made.held_out
    both = {NAMES[k]: min(half.targets.count(k) for half in halves) for k in (1, 4)}
    assert made.class_name == max(both, key=lambda name: both[name])
    assert {made.class_name, made.target_name} == {"bee", "elk"}
    assert made.name == "TinyNet" and made.layers == ("mix",) and made.concept == ("thing 3", "object")
    assert [layer.units for layer in made.shapes() if layer.name == "mix"] == [5]


class Classed:
    """Images of some of the classes, by other names."""

    classes = ("fox", "ant")

    def __init__(self, targets: list[int]) -> None:
        self.targets, self.images = targets, Varied(len(targets)).images

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> Any:
        return self.images[index], self.targets[index]


def test_classes_of_the_data_become_those_of_the_network() -> None:
    with torch.random.fork_rng():
        net = varying()
    made = study(net, Classed([0, 1, 1, 0, 0, 0, 0, 1, 0]))
    assert made.train.targets == [5, 0, 5, 5, 0] and made.held_out.targets == [0, 5, 5, 5]
    assert (made.class_name, made.target_name) == ("fox", "ant")
    assert study(net, Classed([0, 1] * 4), class_name="ant", target_name="elk").target_name == "elk"
    with pytest.raises(SettingError, match=r"Only \['fox'\] of the classes"):
        study(net, Classed([0] * 6 + [1]))


def test_pictures_with_a_concept_and_without() -> None:
    data = ArrayImages(11)
    data.labels[[0, 5, 7]] = 0
    data.labels[0, 1, 0, :8] = data.labels[5, 0, :7, 0] = 4  # 8 and 7 of 143 positions
    shares = [(label == 4).any(0).mean() for label in data.labels]
    shown, none = with_and_without(data, data.vocabulary[4])
    assert shown.images == [i for i, share in enumerate(shares) if share > 0.05]
    assert none.images == [i for i, share in enumerate(shares) if share <= 0.05]
    assert torch.equal(shown[2], data.images[shown.images[2]])
    assert 0 in shown.images and 5 in none.images
    with pytest.raises(
        DataError, match="0 of the 11 images show 'thing 0' on less than 5% of their labels; at least two"
    ):
        data.labels[:, 0] = 1
        with_and_without(data, data.vocabulary[1])


def test_an_unknown_concept() -> None:
    with torch.random.fork_rng():
        net = varying()
    with pytest.raises(ConceptError, match=r"'thing 9'. Did you mean 'thing"):
        studies.own_classifier(net, "mix", Varied(), Varied(), concept="thing 9")


def test_parts_of_data_without_names() -> None:
    part = Part([torch.full((3, 4, 4), float(i)) for i in range(5)], [4, 0])
    assert part.names == ["image 4", "image 0"] and float(part[0].max()) == 4 and len(part) == 2
    assert not hasattr(part, "targets") and not hasattr(part, "classes")


def test_the_world() -> None:
    made = studies.world_classifier(labeled=5, train=7, held_out=3, things=4, attacked=2)
    assert [len(part) for part in (made.labeled, made.train, made.held_out, *made.things)] == [5, 7, 3, 4, 4]
    assert made.layers[-1] == made.layer == "conv5_3" and len(made.layers) == 13
    shown = [{part.classes[target] for target in part.targets} for part in made.things]
    assert shown[0] == {"airplane"} and "airplane" not in shown[1]
    table = made.compare({"a": ("1", "2")})
    assert table.loc["a"].tolist() == ["1", "2"] and made.name in table.columns[1]
    churches = studies.world_generator(samples=6)
    layers = {layer.name: layer for layer in churches.shapes()}
    assert set(churches.layers) <= set(layers) and len(churches.latents(6)) == 6
    rows, columns = layers[churches.insert_layer].height, layers[churches.insert_layer].width
    assert all(row < rows and column < columns for row, column in churches.cells or ())
    known = churches.segmenter.vocabulary
    for concept in (
        churches.predicted,
        churches.removed,
        churches.inserted,
        churches.painted,
        *churches.contexts,
    ):
        assert known[known.find(concept)] == concept
    assert np.isfinite(churches.latents(2, seed=3).numpy()).all()


class Segments:
    """Labels by brightness."""

    vocabulary = Vocabulary([Concept("tree", "object"), Concept("sky", "object"), Concept("sky", "scene")])

    def __call__(self, pictures: torch.Tensor, /) -> torch.Tensor:
        return (pictures.mean(1, keepdim=True) * 2).long() + 1


def test_a_generator_of_your_own() -> None:
    generator = world.load_generator()
    made = studies.own_generator(
        generator, Segments(), "layer4", latent_dim=256, removed="tree", others=[("sky", "object")]
    )
    assert made.layers == ("layer4",) == (made.insert_layer,) and made.name == "ProgressiveGenerator"
    assert made.predicted == made.inserted == made.painted == made.removed == ("tree", "object")
    assert made.contexts == (("sky", "object"), ("tree", "object"))
    assert made.latents(3).shape[:2] == (3, 256)
    with pytest.raises(ConceptError, match="'sky' is a concept of several categories"):
        studies.own_generator(generator, Segments(), "layer4", latent_dim=256, removed="tree", painted="sky")
    with pytest.raises(LayerError, match="layer44"):
        studies.own_generator(
            generator, Segments(), "layer4", layers=["layer44"], latent_dim=256, removed="tree"
        )
