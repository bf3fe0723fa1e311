"""The networks that come with the package."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import dissect_widgets as dw
from dissect_widgets import world
from dissect_widgets.world import zoo
from dissect_widgets.world.caption_words import decode
from dissect_widgets.world.finer_pictures import FinerPictures
from dissect_widgets.world.zoo import registry
from dissect_widgets.world.zoo.names import SCENES
from dissect_widgets.world.zoo.tasks.captioning import START

NOTES = json.loads(registry.DIGESTS.read_text("utf-8"))
SHIPPED = [name for name in registry.NAMES if f"{name}.safetensors" in NOTES]


def test_files_are_those_of_the_note_and_small() -> None:
    files = {path.name: path.stat().st_size for path in registry.FOLDER.glob("*.safetensors")}
    assert files.keys() == NOTES.keys()
    assert max(files.values()) < 8e6 and sum(files.values()) < 45e6
    assert len(SHIPPED) == len(registry.NAMES)


def test_every_network_is_better_than_chance() -> None:
    table = zoo.table().loc[SHIPPED]
    assert not table[["measure", "figure", "chance"]].isna().any().any()
    learned = table.drop(index="alexnet-untrained")
    assert (learned["figure"] > learned["chance"] + 0.03).all()
    assert (learned["steps"] == [zoo.member(name).budget.steps for name in learned.index]).all()
    untrained = table.loc["alexnet-untrained"]
    assert untrained["figure"] == pytest.approx(untrained["chance"], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_every_network_and_its_snapshots_load(name: str) -> None:
    images = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    modules = dict(zoo.load(name).named_modules())
    assert set(zoo.layers(name)) <= modules.keys()
    with torch.inference_mode():
        scores = zoo.load(name)(images)
        assert torch.isfinite(scores).all()
        assert not zoo.classes(name) or scores.shape == (2, len(zoo.classes(name)))
        for step in zoo.steps(name):
            assert torch.isfinite(zoo.load(name, step)(images)).all()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("alexnet-scenes", world.Scenes("val", 72, size=96)),
        ("alexnet-objects", world.Objects("val", 70, size=96)),
    ],
)
def test_it_classifies_as_its_figure_says(name: str, data: world.Scenes | world.Objects) -> None:
    with torch.inference_mode():
        predicted = zoo.load(name)(torch.stack([data[i][0] for i in range(len(data))])).argmax(1)
    accuracy = float(np.mean(predicted.numpy() == data.targets))
    assert accuracy == pytest.approx(zoo.figures(name)["top-1"], abs=0.12)


def test_finer_classes_are_told_apart() -> None:
    pictures = FinerPictures("val", 1)
    images = torch.stack([pictures[index] for index in range(len(pictures))])
    with torch.inference_mode():
        right = zoo.load("vgg-finer")(images).argmax(1).numpy() == pictures.targets
        scenes_right = zoo.load("vgg-coarser")(images).argmax(1).numpy() == pictures.with_scenes().targets
    assert right.mean() > 0.78 and scenes_right.mean() > 0.95


def test_captions_name_the_scene() -> None:
    pictures = world.Scenes("val", 48, size=96, classes=SCENES)
    with torch.inference_mode():
        sentences = zoo.load("resnet-captions", whole=True)(torch.stack([image for image, _ in pictures]))
    texts = [decode(np.array([START, *sentence.tolist()])) for sentence in sentences]
    assert len(set(texts)) > 24
    named = [max((scene for scene in SCENES if scene in text), key=len, default="") for text in texts]
    right = [name == SCENES[target] for name, target in zip(named, pictures.targets, strict=True) if name]
    assert len(right) > 24 and np.mean(right) > 0.8


def test_a_network_is_dissected() -> None:
    net = zoo.load("alexnet-scenes")
    layer = zoo.layers("alexnet-scenes")[-1]
    dissection = dw.dissect(net, layer, world.Scenes("probe", 12, size=96, label_size=48), progress=False)
    frame = dissection.to_frame()
    assert layer == "conv5" and len(frame) == net.get_submodule(layer).out_channels
    assert (frame["iou"] > 0.1).sum() >= 5


def test_scores_have_names() -> None:
    assert zoo.classes("alexnet-half-scenes") == world.SCENES[:24:2]
    assert zoo.classes("alexnet-hybrid") == (*world.SCENES[:24], *world.OBJECT_KINDS[:35])
    assert zoo.classes("vgg-coarser") == zoo.classes("vgg-scenes")
    assert zoo.classes("vgg-finer")[0] == "ski slope with house"
    assert not zoo.classes("resnet-captions")
