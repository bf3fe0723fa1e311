"""Errors of public functions that are called with bad values are short, whatever the value."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import dissect_widgets as dw
from dissect_widgets.datasets.photos import load_photo
from dissect_widgets.models.weights import load_weights, read_weights
from dissect_widgets.world import zoo
from tests.long_values import LONG

MOST = 1_100
BAD: dict[str, Any] = {
    kind: LONG[kind]
    for kind in (
        "text",
        "escaped text",
        "wide text",
        "bytes",
        "number",
        "negative number",
        "deep list",
        "array of objects",
        "path",
        "object",
        "object of a long class",
    )
}
BAD |= {
    "list": list(range(2_000)),
    "list of texts": ["x" * 10_000] * 100,
    "dict": {f"{n}" * 50: "x" * 1_000 for n in range(100)},
    "array": np.zeros((40, 40)),
    "tensor": torch.zeros(2_000),
    "list of tensors": [torch.zeros(100, 100)] * 20,
}
BAD |= {"tuple of numbers": (10**5_000, -(10**5_000)), "NaN": math.nan, "long name in a list": ["x" * 10_000]}


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(x).relu().mean((2, 3)))


@cache
def net() -> nn.Module:
    with torch.random.fork_rng():
        return Net().eval()


class Images:
    vocabulary = dw.Vocabulary([dw.Concept("a", "object"), dw.Concept("b", "part")])

    def __len__(self) -> int:
        return 6

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        random = np.random.default_rng(number)
        return torch.tensor(random.random((3, 8, 8), np.float32)), torch.tensor(
            random.integers(0, 3, (1, 8, 8))
        )


IMAGES = Images()


@cache
def dissection() -> dw.Dissection:
    return dw.dissect(net(), ["conv"], IMAGES, progress=False)


@cache
def classifier() -> dw.ClassifierData:
    return dw.ClassifierData(net(), IMAGES, targets=[0, 1, 0, 1, 0, 1], classes=["one", "two"])


@cache
def importance() -> Any:
    return dw.rank_units(classifier(), "conv", progress=False)


def dissect(layers: Any = "conv", data: Any = IMAGES, model: Any = None, **options: Any) -> Any:
    return dw.dissect(model or net(), layers, data, progress=False, **options)


def classified(**options: Any) -> Any:
    return dw.rank_units(dw.ClassifierData(net(), IMAGES, **options), "conv", progress=False)


def as_name(bad: Any) -> str:
    return bad if isinstance(bad, str) else "x"


CALLS: dict[str, Callable[[Any], Any]] = {
    "dissect: model": lambda bad: dw.dissect(bad, "conv", IMAGES, progress=False),
    "dissect: layers": dissect,
    "dissect: a layer": lambda bad: dissect([bad]),
    "dissect: data": lambda bad: dissect(data=bad),
    "dissect: level": lambda bad: dissect(level=bad),
    "dissect: levels": lambda bad: dissect(level=[0.01, bad]),
    "dissect: out": lambda bad: dissect(out=bad),
    "dissect: preprocess": lambda bad: dissect(preprocess=bad),
    "dissect: settings": lambda bad: dissect(settings=bad),
    "dissect: resources": lambda bad: dissect(resources=bad),
    "dissect: segmenter": lambda bad: dissect(segmenter=bad),
    "settings: population": lambda bad: dw.Settings(population=bad),
    "settings: exemplars": lambda bad: dw.Settings(exemplars=bad),
    "settings: token grids": lambda bad: dw.Settings(token_grids=bad),
    "settings: a token grid": lambda bad: dw.Settings(token_grids={as_name(bad): bad}),
    "resources: batch size": lambda bad: dw.Resources(batch_size=bad),
    "resources: memory": lambda bad: dw.Resources(memory=bad),
    "list layers: model": lambda bad: dw.list_layers(bad, torch.zeros(1, 3, 8, 8)),
    "list layers: images": lambda bad: dw.list_layers(net(), bad),
    "check: layers": lambda bad: dw.check(net(), bad, IMAGES),
    "dissection: layer": lambda bad: dissection()[bad],
    "layer: level": lambda bad: dissection()["conv"].iou(level=bad),
    "layer: denominator": lambda bad: dissection()["conv"].iou(denominator=bad),
    "layer: category": lambda bad: dissection()["conv"].best_in_category(bad),
    "vocabulary": lambda bad: dw.Vocabulary(bad),
    "vocabulary: concept": lambda bad: dw.Vocabulary([bad]),
    "vocabulary: twice": lambda bad: dw.Vocabulary([dw.Concept(as_name(bad), "object")] * 2),
    "vocabulary: index": lambda bad: IMAGES.vocabulary.index(bad),
    "vocabulary: category": lambda bad: IMAGES.vocabulary.index("a", bad),
    "concept": lambda bad: dw.Vocabulary([dw.Concept(bad, bad)]),
    "in memory": lambda bad: dw.InMemory(bad),
    "in memory: images": lambda bad: dw.InMemory(IMAGES, bad if not isinstance(bad, int) else -bad),
    "latents: count": lambda bad: dw.latents(bad),
    "latents: seed": lambda bad: dw.latents(2, seed=bad),
    "rank units: layer": lambda bad: dw.rank_units(classifier(), bad, progress=False),
    "classifier: targets": lambda bad: classified(targets=bad),
    "classifier: a target": lambda bad: classified(targets=[0, 1, 0, 1, 0, bad]),
    "classifier: classes": lambda bad: classified(targets=[0, 1] * 3, classes=bad),
    "classifier: a class": lambda bad: classified(targets=[0, 1] * 3, classes=["a", bad]),
    "classifier: model": lambda bad: dw.ClassifierData(bad, IMAGES, targets=[0, 1] * 3),
    "importance: class": lambda bad: importance().top_units(bad),
    "ablate units: units": lambda bad: dw.ablate_units(classifier(), "conv", [[bad]], progress=False),
    "ablate units: sets": lambda bad: dw.ablate_units(classifier(), "conv", bad, progress=False),
    "unit sets: sizes": lambda bad: dw.ablate_unit_sets(classifier(), importance(), bad, progress=False),
    "unit sets: names": lambda bad: dw.ablate_unit_sets(
        classifier(), importance(), [1], names=bad, progress=False
    ),
    "attack: target": lambda bad: dw.attack(classifier(), bad, progress=False),
    "attack: among": lambda bad: dw.attack(classifier(), "random", among=bad, progress=False),
    "attack: method": lambda bad: dw.attack(classifier(), method=bad, progress=False),
    "attack: images": lambda bad: dw.attack(classifier(), images=bad, progress=False),
    "pgd: radius": lambda bad: dw.ProjectedGradient(radius=bad),
    "pgd: steps": lambda bad: dw.ProjectedGradient(steps=bad),
    "carlini: confidence": lambda bad: dw.CarliniWagner(confidence=bad),
    "edit: layer": lambda bad: dw.Edit(bad, [0], 0.0),
    "edit: units": lambda bad: dw.Edit("conv", bad, 0.0),
    "edit: a unit": lambda bad: dw.Edit("conv", [bad], 0.0),
    "edit: level": lambda bad: dw.Edit("conv", [0], bad),
    "edit: where": lambda bad: dw.Edit("conv", [0], 0.0, bad),
    "open generator": lambda bad: dw.open_generator(bad, "layer1", torch.zeros(2, 8)),
    "open generator: layer": lambda bad: dw.open_generator(
        dw.ProgressiveGenerator([8, 8, 4]), bad, torch.zeros(2, 8)
    ),
    "load model": lambda bad: dw.load_model(bad),
    "load model: module": lambda bad: dw.load_model(f"{as_name(bad)}:y"),
    "load model: callable": lambda bad: dw.load_model(f"os:{as_name(bad)}"),
    "load model: weights": lambda bad: dw.load_model("squeezenet1_1", bad),
    "load generator": dw.load_generator,
    "normalize": dw.normalize,
    "read weights": read_weights,
    "load weights": lambda bad: load_weights(net(), bad, origin="w.pt"),
    "load weights: name": lambda bad: load_weights(net(), {as_name(bad): torch.zeros(2)}, origin="w.pt"),
    "load weights: value": lambda bad: load_weights(net(), {"conv.weight": bad}, origin="w.pt"),
    "load weights: origin": lambda bad: load_weights(net(), {"x": torch.zeros(2)}, origin=bad),
    "load": dw.load,
    "save": lambda bad: dissection().save(bad),
    "report": lambda bad: dw.write_report(dissection(), bad),
    "report: level": lambda bad: dw.write_report(dissection(), "r.html", level=bad),
    "read csv": lambda bad: dw.read_netdissect_csv(bad),
    "write csv": lambda bad: dw.write_netdissect_csv(dissection()["conv"], bad),
    "mask folder": lambda bad: dw.MaskFolder(bad, bad, bad),
    "mask folder: size": lambda bad: dw.MaskFolder("x", "y", "z", size=bad),
    "mask folder: orientation": lambda bad: dw.MaskFolder("x", "y", "z", mask_orientation=bad),
    "photo folder": dw.PhotoFolder,
    "photo folder: size": lambda bad: dw.PhotoFolder("x", size=bad),
    "load photo": load_photo,
    "write sample: images": lambda bad: dw.write_sample("sample", images=bad if bad != 10**10_000 else -bad),
    "halves": lambda bad: dw.WithHalves(IMAGES, category=bad),
    "colors: size": lambda bad: dw.WithColors(IMAGES, label_size=bad),
    "public segmenter": dw.load_public_segmenter,
    "world: scene": lambda bad: dw.world.render(bad, seed=1),
    "world: seed": lambda bad: dw.world.render("beach", seed=bad),
    "world: split": lambda bad: dw.world.Scenes(bad, 3),
    "world: classes": lambda bad: dw.world.Scenes("val", 3, classes=bad),
    "zoo": zoo.load,
    "zoo: step": lambda bad: zoo.load("scenes", bad),
    "plot: level": lambda bad: dw.plots.overview(dissection(), level=bad),
    "browser": lambda bad: dw.UnitBrowser(bad),
    "browser: layer": lambda bad: dw.UnitBrowser(dissection(), layer=bad),
    "browser: sort": lambda bad: dw.UnitBrowser(dissection(), sort=bad),
}


@pytest.mark.parametrize("call", CALLS)
def test_messages_are_short(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    long = {}
    with torch.random.fork_rng(), warnings.catch_warnings(action="ignore"):
        for kind, bad in BAD.items():
            try:
                CALLS[call](bad)
            except Exception as error:
                if len(str(error)) > MOST:
                    long[kind] = f"{type(error).__name__} of {len(str(error)):,}: {str(error)[:200]!r}"
    assert not long
