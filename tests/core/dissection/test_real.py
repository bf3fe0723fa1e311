"""A pretrained network over real photos: published numbers, and brute force on real maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import Subset

import dissect_widgets as dw
from tests.core import oracle

pytestmark = pytest.mark.real


def camvid(real: Path, **options: Any) -> Any:
    folder = real / "camvid"
    return dw.MaskFolder(
        folder / "images", folder / "masks", folder / "classes.csv", unlabeled=[11], **options
    )


def squeezenet(real: Path) -> torch.nn.Module:
    with torch.random.fork_rng():
        return dw.load_model("squeezenet1_0", real / "squeezenet1_0_imagenet.safetensors")


def some(data: Any, indices: list[int]) -> Any:
    chosen = Subset(data, indices)
    chosen.vocabulary = data.vocabulary  # type: ignore[attr-defined]
    chosen.names = [data.names[i] for i in indices]  # type: ignore[attr-defined]
    return chosen


@pytest.mark.slow
def test_reference_subset(real: Path) -> None:
    data = camvid(real)
    stems = set((real / "camvid" / "reference_subset.txt").read_text().split())
    subset = some(data, [i for i, name in enumerate(data.names) if Path(name).stem in stems])
    assert len(subset) == 224
    result = dw.dissect(
        squeezenet(real),
        ["features.3", "features.12"],
        subset,
        preprocess=dw.normalize(),
        settings=dw.Settings(upsample="half-pixel"),
        progress=False,
    )
    late, early = result["features.12"], result["features.3"]
    assert len(late.detectors()) == 233 and len(early.detectors()) == 35
    assert {c.name: n for c, n in late.unique_detectors().items()} == {
        "car": 137,
        "bicyclist": 35,
        "tree": 25,
        "sign": 14,
        "pavement": 8,
        "sky": 8,
        "fence": 4,
        "pedestrian": 2,
    }
    best = late.best()
    for unit, name, iou in ((60, "car", 0.2127), (427, "car", 0.2042), (327, "bicyclist", 0.1972)):
        assert result.vocabulary[int(best.concept[unit])].name == name
        assert best.iou[unit] == pytest.approx(iou, abs=6e-5)
    assert late.detectors()[:3].tolist() == [60, 427, 327]
    assert early.detectors()[0] == 43 and early.best().iou[43] == pytest.approx(0.0822, abs=6e-5)


@pytest.mark.slow
@pytest.mark.parametrize("upsample", ["receptive-field", "half-pixel"])
def test_brute_force_on_real_maps(real: Path, upsample: Any) -> None:
    data = some(camvid(real, label_size=56), list(range(0, 468, 13)))
    model, layers = squeezenet(real), ["features.3", "features.7", "features.12"]
    result = dw.dissect(
        model,
        layers,
        data,
        level=(0.01, 0.005),
        preprocess=dw.normalize(),
        settings=dw.Settings(upsample=upsample),
        progress=False,
    )
    normalize = dw.normalize()
    assert normalize is not None
    inputs = normalize(torch.stack([data[i][0] for i in range(len(data))]))
    labels = np.stack([data[i][1].numpy() for i in range(len(data))])
    category_of = data.vocabulary.category_of
    for name in layers:
        layer = result[name]
        units = slice(None) if name == "features.12" else slice(0, 24)
        maps = oracle.outputs(model, name, inputs)[:, units]
        up = oracle.upsample(maps, layer.grid, (56, 56), (224, 224))
        for at, level in enumerate(layer.levels):
            thresholds = np.array([oracle.threshold(up[:, u], level) for u in range(maps.shape[1])])
            assert (layer.threshold[at, units] == thresholds).all()
            want = oracle.counts(up > thresholds[:, None, None], labels, category_of)
            assert (layer.intersection[at, units] == want["intersection"]).all()
            assert (layer.area[at, units] == want["area"]).all()
            assert (layer.area_in_category[at, units] == want["area_in_category"]).all()
            assert (layer.concept_area == want["concept_area"]).all()


def test_shuffled_shards_of_real_photos_give_the_same_bits(real: Path) -> None:
    from dissect_widgets.core.dissection.run import collect, look, run_key
    from dissect_widgets.core.dissection.settings import Resources, Settings
    from dissect_widgets.core.dissection.source import Source

    data = some(camvid(real, label_size=28), list(range(0, 468, 15)))
    settings, resources = Settings(exemplars=3), Resources()
    source = Source(squeezenet(real), ["features.12"], data, settings=settings, preprocess=dw.normalize())
    shape = look(source)
    key = run_key(source, shape, resources)
    order = np.random.default_rng(3).permutation(len(data)).tolist()
    whole = collect(source, shape, key, resources)
    merged = collect(source, shape, key, resources, indices=order[:7])
    for part in (order[18:], order[7:18]):
        merged.merge(collect(source, shape, key, resources, indices=part))
    one, other = (p.result(model="", names=data.names, provenance={})["features.12"] for p in (whole, merged))
    for name in ("threshold", "intersection", "area", "exemplar_image", "exemplar_map", "histogram"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def test_every_unit_removed_equals_the_naive_loop_on_real_photos(real: Path) -> None:
    photos = dw.InMemory(dw.PhotoFolder(real / "photos"), 6)
    with torch.random.fork_rng():
        model = dw.load_model("squeezenet1_0", real / "squeezenet1_0_imagenet.safetensors").eval()
    photos_classifier = dw.ClassifierData(model, photos, targets="predicted", preprocess=dw.normalize())
    importance = dw.rank_units(photos_classifier, "features.12", progress=False)
    assert "linear layer" in importance.strategy
    batch = dw.normalize()(torch.stack([photos[i] for i in range(6)]))
    changed = np.flatnonzero((importance.predictions.ablated != importance.predictions.predicted).any(1))
    assert len(changed) >= 5
    with torch.no_grad():
        maps = model.features(batch)
        assert (importance.predictions.predicted == model(batch).argmax(1).numpy()).all()
        for unit in [*changed[:20].tolist(), *range(0, 512, 23)]:
            edited = maps.clone()
            edited[:, unit] = 0
            predicted = model.classifier(edited).flatten(1).argmax(1).numpy()
            assert (importance.predictions.ablated[unit] == predicted).all(), unit
