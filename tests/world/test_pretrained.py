"""The networks in the package are those that their figures are of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import dissect_widgets as dw
from dissect_widgets.cli.main import main
from dissect_widgets.world import (
    SCENES,
    Objects,
    SceneNet,
    Scenes,
    load_classifier,
    load_generator,
    load_segmenter,
    pretrained,
)
from dissect_widgets.world.scenery.vocabulary import VOCABULARY
from dissect_widgets.world.training.gan_metrics import make


@pytest.fixture(scope="module")
def classifier() -> SceneNet:
    return load_classifier()


def test_files_are_small_and_known() -> None:
    files = sorted(pretrained.FOLDER.glob("*.safetensors"))
    assert {file.stem for file in files} == set(json.loads(pretrained.DIGESTS.read_text()))
    assert sum(file.stat().st_size for file in files) < 15e6


def test_the_classifier_tells_scenes_apart(classifier: SceneNet) -> None:
    data = Scenes("val", 240)
    with torch.no_grad():
        told = [int(classifier(image[None]).argmax()) for image, _ in data]
    right = np.array(told) == np.array(data.targets)
    figure = json.loads(pretrained.DIGESTS.read_text())["classifier"]["figures"]["top-1"]
    assert figure >= 0.8 and right.mean() > figure - 0.07


def test_object_detectors_emerge_and_only_by_training(classifier: SceneNet) -> None:
    probe = Scenes("probe", 240, label_size=64)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        untrained = SceneNet(len(SCENES))
    found = [
        dw.dissect(net, ["conv2_2", "conv5_3"], probe, progress=False)
        for net in (classifier, untrained.eval())
    ]
    objects = {
        (name, which): result[name].count_detectors()["object"].unique
        for which, result in zip(("trained", "untrained"), found, strict=True)
        for name in ("conv2_2", "conv5_3")
    }
    assert objects["conv5_3", "trained"] >= 12
    assert objects["conv5_3", "trained"] >= 2 * objects["conv5_3", "untrained"]
    assert objects["conv5_3", "trained"] > objects["conv2_2", "trained"]


def test_a_unit_detects_airplanes_that_it_never_saw(classifier: SceneNet) -> None:
    probe = Scenes("probe", 240, label_size=64)
    layer = dw.dissect(classifier, ["conv5_3"], probe, progress=False)["conv5_3"]
    units = layer.detectors("airplane")
    kinds = [kind for kind in Objects("val", 1).classes if kind != "airplane"]
    groups = [Objects("val", 204, classes=classes) for classes in (["airplane"], kinds)]
    peaks = np.concatenate(
        [dw.find_max_activations(classifier, "conv5_3", data)[:, units] for data in groups]
    )
    airplane, half = np.arange(408) < 204, slice(0, None, 2)
    chosen = [dw.classify_by_max_activation(own[half], airplane[half]) for own in peaks.T]
    best = int(np.argmax([told.balanced_accuracy for told in chosen]))
    other = slice(1, None, 2)
    told = dw.classify_by_max_activation(
        peaks[other, best], airplane[other], threshold=chosen[best].threshold
    )
    assert told.balanced_accuracy > 0.74  # 0.80 over 1,400 pictures


def test_the_segmenter_labels_pixels() -> None:
    segmenter, data = load_segmenter(), Scenes("val", 120)
    figures = json.loads(pretrained.DIGESTS.read_text())["segmenter"]["figures"]
    hits, unions = np.zeros(len(VOCABULARY)), np.zeros(len(VOCABULARY))
    for index in range(len(data)):
        image, _ = data[index]
        told = segmenter(image[None])[0, 0].numpy()
        truth = data.picture(index).labels[0, 1::2, 1::2]
        assert told.shape == truth.shape == (64, 64)
        for concept in np.union1d(told, truth):
            hits[concept] += ((told == concept) & (truth == concept)).sum()
            unions[concept] += ((told == concept) | (truth == concept)).sum()
    there = [c for c in range(1, len(VOCABULARY)) if unions[c]]
    mean = (hits[there] / unions[there]).mean()
    assert figures["mean IoU over objects"] >= 0.6 and mean > figures["mean IoU over objects"] - 0.08


def test_the_segmenter_stands_in_for_labels(classifier: SceneNet) -> None:
    pictures = [image for image, _ in Scenes("probe", 24, size=128)]
    dissection = dw.dissect(classifier, ["conv5_3"], pictures, segmenter=load_segmenter(), progress=False)
    assert dissection.vocabulary.categories[:1] == ("object",) and dissection.images == 24
    assert dissection["conv5_3"].count_detectors()["object"].detectors > 10


def test_the_generator_draws_churches() -> None:
    generator = load_generator()
    assert (pretrained.FOLDER / "church-generator.safetensors").stat().st_size < 12e6
    assert generator.size == 64 and not generator.training
    pictures = make(generator, 48)
    assert pictures.shape == (48, 3, 64, 64) and pictures.std(0).mean() > 20, "no two alike"
    with torch.no_grad():
        sides = torch.nn.functional.interpolate(torch.from_numpy(pictures) / 255, size=128, mode="bilinear")
        told = load_classifier()(sides).topk(3).indices  # enlarged, drawn churches too are deserts to it
    assert (told == SCENES.index("church")).any(1).float().mean() > 0.75
    figures = json.loads(pretrained.DIGESTS.read_text())["church-generator"]["figures"]
    assert all(f"{figure}, drawn" in figures for figure in ("KID x 1000, segmenter", "FID, classifier"))


def test_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--images", "48", "--out", str(tmp_path / "demo")]) == 0
    printed = capsys.readouterr().out
    assert "conv5_3" in printed and "Best units" in printed and "UnitBrowser" in printed
    assert len(dw.load(tmp_path / "demo" / "dissection").layers) == 13
    assert (tmp_path / "demo" / "report.html").stat().st_size > 1e5
