"""The trained networks beside the project: listed, dissected over street photos, ranked on scenes."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import Subset

import dissect_widgets as dw
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.layers import list_layers
from tests.core.proofs.placement_oracle import judge, traced_outputs

pytestmark = [pytest.mark.real, pytest.mark.slow]

OFFERED = {
    "squeezenet_places365": 89,
    "squeezenet11_imagenet": 91,
    "mobilenet_v2_imagenet": 141,
    "deeplab_voc": 147,
    "deeplab_cityscapes": 163,
    "hed_vgg16": 36,
}


@pytest.fixture(scope="module")
def nets(real: Path) -> ModuleType:
    folder = real / "nets"
    if not folder.is_dir():
        pytest.skip(f"needs the networks in {folder}")
    sys.path.insert(0, str(folder))
    try:
        import nets
    finally:
        sys.path.remove(str(folder))
    return nets


def loaded(nets: ModuleType, name: str) -> nn.Module:
    with torch.random.fork_rng():
        return nets.load(name)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("name", "offered"), OFFERED.items())
def test_each_layer_is_read_rightly(nets: ModuleType, name: str, offered: int) -> None:
    net = loaded(nets, name)
    images = torch.rand((2, 3, 96, 160), generator=torch.Generator().manual_seed(0))
    layers = list_layers(net, images)
    assert len(layers) == offered
    outputs, unknown = traced_outputs(net, [layer.name for layer in layers], images)
    assert not unknown
    for layer in layers:
        grid = Grid.half_pixel(layer.height, layer.width, (96, 160))
        assert judge(outputs[layer.name], layer, grid).verdict == "right", layer


def test_the_scene_network_is_dissected_over_street_photos(nets: ModuleType, real: Path) -> None:
    folder = real / "camvid"
    photos = dw.MaskFolder(
        folder / "images", folder / "masks", folder / "classes.csv", unlabeled=[11], label_size=112
    )
    data = Subset(photos, [int(i) for i in np.linspace(0, len(photos) - 1, 24)])
    data.vocabulary = photos.vocabulary  # type: ignore[attr-defined]
    layers = ["features.fire4", "features.fire9"]
    name = "squeezenet_places365"
    result = dw.dissect(loaded(nets, name), layers, data, preprocess=nets.preprocess(name), progress=False)
    assert [len(result[layer].detectors()) for layer in layers] == [74, 209]
    found = {concept.name: count for concept, count in result[layers[1]].unique_detectors().items()}
    assert max(found, key=lambda concept: found[concept]) == "car"


class Scenes(nn.Module):
    """The fifteen scenes, each by the best of the places that mean the same."""

    def __init__(self, net: nn.Module, places: list[list[int]]) -> None:
        super().__init__()
        self.net, self.places = net, places

    def forward(self, images: Tensor) -> Tensor:
        scores = self.net(images)
        return torch.stack([scores[:, places].amax(1) for places in self.places], 1)


def test_the_scene_network_is_ranked_and_as_accurate_as_published(nets: ModuleType, real: Path) -> None:
    with open(real / "scenes15" / "places_of_scenes15.csv") as file:
        pairs = [(row["scene"], row["place"]) for row in csv.DictReader(file)]
    scenes, name = sorted({scene for scene, _ in pairs}), "squeezenet_places365"
    number = {place: i for i, place in enumerate(nets.classes(name))}
    places = [[number[place] for s, place in pairs if s == scene] for scene in scenes]
    photos = [
        (path, k)
        for k, scene in enumerate(scenes)
        for path in sorted((real / "scenes15" / "test" / scene).glob("*.jpg"))[::6]
    ]
    data = [(photo(path), target) for path, target in photos]
    classifier = dw.ClassifierData(
        Scenes(loaded(nets, name), places).eval(), data, classes=scenes, preprocess=nets.preprocess(name)
    )
    importance = dw.rank_units(classifier, "net.features.fire9", progress=False)
    accuracy = importance.accuracy.true_positives.sum() / importance.accuracy.support.sum()
    assert len(photos) == 150 and accuracy == pytest.approx(0.624, abs=0.08)
    assert importance.units == 512 and float(np.nanmax(importance.loss)) > 0


def photo(path: Path) -> Tensor:
    """A photo, resized to 224 x 224."""
    image = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
