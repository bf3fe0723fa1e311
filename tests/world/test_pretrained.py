"""The networks in the package are those that their figures are of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import dissect_widgets as dw
from dissect_widgets.cli.main import main
from dissect_widgets.errors import SettingError, WeightsError
from dissect_widgets.world import (
    SCENES,
    Objects,
    SceneNet,
    Scenes,
    SegmentNet,
    load_classifier,
    load_generator,
    load_segmenter,
    pretrained,
)
from dissect_widgets.world.scenery.vocabulary import VOCABULARY
from dissect_widgets.world.training.gan_metrics import generated_images
from dissect_widgets.world.training.tasks import PIXEL_SIZES


def seeded(kind: Callable[..., Any], *arguments: Any) -> Any:
    """Network with random weights, without use of the global generator."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(*arguments)


def untrained(classes: int) -> SceneNet:
    return seeded(SceneNet, classes)


def figures_of(name: str) -> dict[str, float]:
    return pretrained.read_note(pretrained.FOLDER / f"{name}.safetensors")["figures"]


@pytest.fixture(scope="module")
def classifier() -> SceneNet:
    return load_classifier()


def test_files_are_small_and_known() -> None:
    files = sorted(pretrained.FOLDER.glob("*.safetensors"))
    assert {file.stem for file in files} == {note.stem for note in pretrained.FOLDER.glob("*.json")}
    for file in files:
        assert pretrained.read_note(file)["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert sum(file.stat().st_size for file in files) < 20e6


@pytest.mark.slow
def test_the_classifier_is_accurate(classifier: SceneNet) -> None:
    data = Scenes("val", 240, classes=classifier.classes)
    with torch.no_grad():
        predicted = [int(classifier(image[None]).argmax()) for image, _ in data]
    correct = np.array(predicted) == np.array(data.targets)
    figure = figures_of("classifier")["top-1"]
    assert figure >= 0.8 and correct.mean() > figure - 0.07


@pytest.mark.slow
def test_object_detectors_emerge_and_only_by_training(classifier: SceneNet) -> None:
    probe = Scenes("probe", 240, label_size=64, classes=classifier.classes)
    found = [
        dw.dissect(net, ["conv2_2", "conv5_3"], probe, progress=False)
        for net in (classifier, untrained(len(SCENES)).eval())
    ]
    objects = {
        (name, which): result[name].count_detectors()["object"].unique
        for which, result in zip(("trained", "untrained"), found, strict=True)
        for name in ("conv2_2", "conv5_3")
    }
    assert objects["conv5_3", "trained"] >= 12
    assert objects["conv5_3", "trained"] >= 2 * objects["conv5_3", "untrained"]
    assert objects["conv5_3", "trained"] > objects["conv2_2", "trained"]


@pytest.mark.slow
def test_a_unit_detects_airplanes_that_it_never_saw(classifier: SceneNet) -> None:
    probe = Scenes("probe", 240, label_size=64, classes=classifier.classes)
    layer = dw.dissect(classifier, ["conv5_3"], probe, progress=False)["conv5_3"]
    units = layer.detectors("airplane")
    kinds = [kind for kind in Objects("val", 1).classes if kind != "airplane"]
    groups = [Objects("val", 204, classes=classes) for classes in (["airplane"], kinds)]
    peaks = np.concatenate(
        [dw.find_max_activations(classifier, "conv5_3", data)[:, units] for data in groups]
    )
    airplane, half = np.arange(408) < 204, slice(0, None, 2)
    chosen = [dw.classify_by_max_activation(own[half], airplane[half]) for own in peaks.T]
    best = int(np.argmax([rule.balanced_accuracy for rule in chosen]))
    other = slice(1, None, 2)
    result = dw.classify_by_max_activation(
        peaks[other, best], airplane[other], threshold=chosen[best].threshold
    )
    assert result.balanced_accuracy > 0.74  # 0.80 over 1,400 images


@pytest.mark.slow
def test_the_segmenter_labels_pixels() -> None:
    segmenter, data = load_segmenter(), Scenes("val", 120)
    figures = figures_of("segmenter")
    hits, unions = np.zeros(len(VOCABULARY)), np.zeros(len(VOCABULARY))
    for index in range(len(data)):
        image, _ = data[index]
        predicted = segmenter(image[None])[0, 0].numpy()
        truth = data.labeled_image(index).labels[0, 1::2, 1::2]
        assert predicted.shape == truth.shape == (64, 64)
        for concept in np.union1d(predicted, truth):
            hits[concept] += ((predicted == concept) & (truth == concept)).sum()
            unions[concept] += ((predicted == concept) | (truth == concept)).sum()
    there = [c for c in range(1, len(VOCABULARY)) if unions[c]]
    mean = (hits[there] / unions[there]).mean()
    assert figures["mean IoU over objects"] >= 0.6 and mean > figures["mean IoU over objects"] - 0.08


def test_the_segmenter_stands_in_for_labels(classifier: SceneNet) -> None:
    pictures = [image for image, _ in Scenes("probe", 24, size=128)]
    dissection = dw.dissect(classifier, ["conv5_3"], pictures, segmenter=load_segmenter(), progress=False)
    assert dissection.vocabulary.categories[:1] == ("object",) and dissection.images == 24
    assert dissection["conv5_3"].count_detectors()["object"].detectors > 10


@pytest.mark.parametrize(("size", "name"), [(64, "church-generator"), (128, "church-generator-128")])
def test_the_generator_draws_churches(size: int, name: str) -> None:
    generator = load_generator(size=size)
    assert (pretrained.FOLDER / f"{name}.safetensors").stat().st_size < 8e6
    assert generator.size == size and not generator.training
    pictures = generated_images(generator, 48)
    assert pictures.shape == (48, 3, size, size) and pictures.std(0).mean() > 20, "no two alike"
    with torch.no_grad():
        sides = torch.nn.functional.interpolate(torch.from_numpy(pictures) / 255, size=128, mode="bilinear")
        predicted = (
            load_classifier()(sides).topk(3).indices
        )  # enlarged, drawn churches, too, are classified as deserts
    assert (predicted == SCENES.index("church")).any(1).float().mean() > 0.75
    figures = figures_of(name)
    assert all(f"KID x 1000, {net}, drawn" in figures for net in ("segmenter", "classifier"))


def test_the_size_of_a_generator() -> None:
    assert load_generator().size == load_generator(size=64).size == 64
    for wrong in (0, 32, 256, True, 64.5, "128", [64]):
        with pytest.raises(SettingError, match="generators of 64 or 128 pixels"):
            load_generator(size=wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="Give a file or a size"):
        load_generator(pretrained.FOLDER / "church-generator.safetensors", size=64)


@pytest.mark.slow
def test_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--images", "48", "--out", str(tmp_path / "demo")]) == 0
    printed = capsys.readouterr().out
    assert "conv5_3" in printed and "Best units" in printed and "UnitBrowser" in printed
    assert len(dw.load(tmp_path / "demo" / "dissection").layers) == 13
    assert (tmp_path / "demo" / "report.html").stat().st_size > 1e5


def test_a_file_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = untrained(len(SCENES))
    path = tmp_path / "classifier.safetensors"
    pretrained.write_network(net, path, {"top-1": 0.5})
    loaded = pretrained.load_classifier(path)
    assert all(
        torch.equal(a.half(), b.half()) for a, b in zip(net.parameters(), loaded.parameters(), strict=True)
    )
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    note = path.with_suffix(".json")
    note.write_text(json.dumps({"sha256": "0" * 64}))
    for call in (pretrained.load_classifier, partial(pretrained.load_classifier, path)):
        with pytest.raises(WeightsError, match=r"damaged.*SHA-256 is [0-9a-f]{64}, and should be 0{64}"):
            call()
    note.unlink()
    with pytest.raises(WeightsError, match=r"There is no note .*classifier.json"):
        pretrained.load_classifier()
    with pytest.raises(WeightsError, match="There is no file"):
        pretrained.load_segmenter()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="not a file of weights"):
        pretrained.load_classifier(path)
    pretrained.write_network(untrained(len(SCENES) - 1), path, {})
    with pytest.raises(WeightsError, match="fc8"):
        pretrained.load_classifier(path)


def test_a_packaged_network_loads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "weights")
    net, path = untrained(len(SCENES)), tmp_path / "network.safetensors"
    pretrained.write_network(net, path, {"top-1": 0.875})
    pretrained.add_to_package("classifier", path)
    assert figures_of("classifier") == {"top-1": 0.875}
    assert torch.equal(pretrained.load_classifier().fc8.weight, net.fc8.weight.half().float())
    assert not list(tmp_path.rglob("*.new"))


def test_labels_of_a_segmenter_are_in_its_categories() -> None:
    segmenter = pretrained.WorldSegmenter(seeded(SegmentNet, sum(PIXEL_SIZES)))
    images = torch.rand(2, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    labels = segmenter(images)
    assert labels.shape == (2, 3, 64, 96)
    small = torch.nn.functional.avg_pool2d(images, 4)  # less than it knows, and so it is enlarged before
    large = torch.nn.functional.interpolate(small, (128, 192), mode="bilinear", align_corners=False)
    assert (segmenter(small) == segmenter(large)).all()
    for k, category in enumerate(("object", "part", "material")):
        found = {VOCABULARY[int(n)].category for n in labels[:, k].unique() if n}
        assert found <= {category}


def test_names_come_with_the_network(tmp_path: Path) -> None:
    """A network that knows fewer names, in another order, labels by names and not by numbers."""
    names = {"object": ["sky", "car", "bed"], "part": ["wheel"], "material": ["wood", "brick"]}
    net = seeded(SegmentNet, 4 + 2 + 3)
    net.head.weight.data -= net.head.weight.data.mean(1, keepdim=True)  # no label wins everywhere
    net.head.bias.data.zero_()
    path = tmp_path / "network.safetensors"
    pretrained.write_network(net, path, {}, names)
    images = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    labels = load_segmenter(path)(images)
    with torch.no_grad():
        scores = net.half().float().eval()(images).numpy()
    start = 0
    for channel, (category, of_category) in enumerate(names.items()):
        best = scores[:, start : start + 1 + len(of_category)].argmax(1)
        start += 1 + len(of_category)
        expected = np.array([0, *(VOCABULARY.index(name, category) for name in of_category)])[best]
        assert (labels[:, channel].numpy() == expected).all() and len(np.unique(expected)) > 1
    classes = ["beach", "park", "river"]
    pretrained.write_network(untrained(3), path, {}, {"class": classes})
    assert load_classifier(path).classes == tuple(classes)
    pretrained.write_network(net, path, {}, {**names, "part": ["wheeel"]})
    with pytest.raises(WeightsError, match=r"network.safetensors has a label .*'wheeel'.*'wheel'"):
        load_segmenter(path)


def test_the_classes_of_the_classifier(classifier: SceneNet) -> None:
    assert len(classifier.classes) == 24 and classifier.classes == SCENES[:24], "new scenes come last"
