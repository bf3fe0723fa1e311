"""What the still of each widget says and shows, against values from elsewhere."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

import dissect_widgets as dw
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.statistics.upsample import Upsampler
from dissect_widgets.plots.exemplars import upsample
from dissect_widgets.widgets.ablation_explorer.data import Curve
from dissect_widgets.widgets.shared.still import SCALE
from tests.core.ablation.networks import Images, naive
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet
from tests.widgets.painted import small_painter

FAST = dw.CarliniWagner(steps=30, searches=3, learning_rate=0.05, initial_constant=1.0, abort_early=False)
Pixels = NDArray[np.int64]


def pixels_of(picture: Image.Image, x: float, y: float, width: float, height: float) -> Pixels:
    """Pixels of a box of a still, whose place and size are in pixels on the page."""
    box = (round(x * SCALE), round(y * SCALE), round((x + width) * SCALE), round((y + height) * SCALE))
    return np.asarray(picture.crop(box)).astype(np.int64)


def has_color(picture: Image.Image, color: tuple[int, int, int]) -> int:
    """How many pixels have a color."""
    return int((np.asarray(picture) == color).all(2).sum())


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> dw.Dissection:
    return dw.dissect(tiny, ["pool", "mix"], images, level=0.2, progress=False)


def best_of(layer: Any, unit: int) -> tuple[Any, float]:
    """Best concept of a unit and its IoU, out of the counts."""
    union = layer.area[0][:, None] + layer.concept_area - layer.intersection[0]
    iou = layer.intersection[0] / np.maximum(union, 1)
    return layer.vocabulary[int(iou[unit].argmax())], float(iou[unit].max())


def test_units_that_are_open(dissection: dw.Dissection) -> None:
    browser, layer = dw.UnitBrowser(dissection), dissection["mix"]
    before = browser.still()
    best = [best_of(layer, unit) for unit in range(5)]
    found = [concept for concept, iou in best if iou > 0.04]
    said = f"{len(found)} of 5 units of mix are detectors of {len(set(found))} concepts"
    assert before.title.startswith(said)
    browser.unit = 3
    still = browser.still()
    concept, iou = best[3]
    assert still.title == f"Unit 3 of mix: {concept.name} ({concept.category}), IoU {iou:.3f}"
    assert said in still.lines[0] and f"above {layer.threshold[0, 3]:.3g}" in still.lines[-1]
    browser.compare, browser.threshold = 1, float(layer.highest[3])
    both = browser.still()
    assert both.lines[0].startswith(f"Unit 1 of mix: {best[1][0].name}")
    assert f"shown above {layer.highest[3]:.3g}" in both.lines[-2]
    browser.layer = "pool"
    assert " of 4 units of pool are" in browser.still().title


def test_exemplars_are_lit_where_the_unit_is_active(dissection: dw.Dissection, images: ArrayImages) -> None:
    browser, layer = dw.UnitBrowser(dissection, unit=2), dissection["mix"]
    first = int(layer.exemplar_image[2, 0])
    each = (470 - 2 * 6) / 3
    height = each * 20 / 28
    shown = pixels_of(browser.still().picture, 16, 50, each, height)
    rows, columns = shown.shape[:2]
    photo = (images.images[first].numpy().transpose(1, 2, 0) * 255).astype(np.uint8)
    photo = np.asarray(Image.fromarray(photo).resize((columns, rows), Image.Resampling.BILINEAR))
    grid = layer.exemplar_grid
    maps = torch.from_numpy(layer.exemplar_map[2, 0].astype(np.float32))[None]
    value = Upsampler(grid, (rows, columns), (20, 28), maps.device)(maps)[0].numpy()
    inside = value > layer.threshold[0, 2]
    assert 0.02 < inside.mean() < 0.9
    dark, light = np.abs(shown - photo // 2).mean(2), np.abs(shown - photo).mean(2)
    assert np.median(dark[~inside]) < 5 and np.median(light[inside]) < 5
    browser.threshold = float(layer.highest[2])
    unlit = pixels_of(browser.still().picture, 16, 50, each, height)
    assert np.median(np.abs(unlit - photo // 2).mean(2)[inside]) < 5


@pytest.mark.parametrize("size", [(11, 13), (40, 17), (2, 3)])
def test_maps_are_upsampled_to_the_bits_of_a_dissection(size: tuple[int, int]) -> None:
    maps = torch.rand(4, 5, 7, generator=torch.Generator().manual_seed(0))
    for grid in (Grid(5, 7, 3.0, -1.0, 4.0, 5.0, "receptive-field"), Grid.half_pixel(5, 7, (22, 30))):
        expected = Upsampler(grid, size, (22, 30), maps.device)(maps).numpy()
        assert np.array_equal(upsample(maps.numpy(), grid, size, (22, 30)), expected)


def test_listed_units_match_the_search(dissection: dw.Dissection) -> None:
    browser, layer = dw.UnitBrowser(dissection), dissection["mix"]
    best = [best_of(layer, unit) for unit in range(5)]

    def listed() -> list[int]:
        return browser._data.matching("mix", browser.query, browser.category, browser.min_iou, browser.sort)

    assert listed() == sorted(range(5), key=lambda unit: -best[unit][1])
    browser.sort = "max_activation"
    assert listed() == np.argsort(-layer.highest, kind="stable").tolist()
    browser.sort, browser.category = "unit", best[0][0].category
    assert listed() == [unit for unit in range(5) if best[unit][0].category == best[0][0].category]
    browser.category, browser.query = "", " Unit 4 "
    assert listed() == [4] and "1 unit matches the search and the filters." in browser.still().lines
    browser.query = best[2][0].name.upper()[:5]
    assert 2 in listed()
    browser.query, browser.min_iou = "", best[1][1]
    assert 1 not in listed() and listed() == [u for u in range(5) if best[u][1] > best[1][1]]
    browser.query = "zzz"
    assert listed() == [] and "0 units match" in browser.still().lines[-1]


def test_bars_of_layers(dissection: dw.Dissection) -> None:
    comparison = dw.LayerComparison(dissection, count="detectors")
    counts = {
        layer.name: sum(best_of(layer, unit)[1] > 0.04 for unit in range(layer.units))
        for layer in dissection.layers
    }
    still = comparison.still()
    most = max(counts, key=lambda name: counts[name])
    assert f"detectors of 2 layers, most in {most} ({counts[most]})" in still.title
    assert still.lines[0].startswith(f"{counts['mix']} of 5 units of mix are detectors of ")
    blue = has_color(still.picture.crop((0, 0, 1520, 2 * 220)), (0, 0x72, 0xB2))
    objects = {
        layer.name: sum(
            best_of(layer, unit)[1] > 0.04 and best_of(layer, unit)[0].category == "object"
            for unit in range(layer.units)
        )
        for layer in dissection.layers
    }
    height = 150 / max(counts.values())
    assert blue == pytest.approx(sum(objects.values()) * height * 90 * SCALE**2, rel=0.03)
    comparison.open_units("pool", category="object")
    comparison.browser.unit = 1
    opened = comparison.still()
    assert any(line.startswith("Unit 1 of pool: ") for line in opened.lines)
    assert opened.picture.height > still.picture.height


@pytest.fixture
def explorer(net: nn.Module, data: Images) -> dw.AblationExplorer:
    classifier = dw.ClassifierData(net, data)
    importance = dw.rank_units(dw.ClassifierData(net, Images(17)), "conv", progress=False)
    return dw.AblationExplorer(classifier, importance, progress=False)


def test_removed_units_and_the_curve(explorer: dw.AblationExplorer, net: nn.Module, data: Images) -> None:
    explorer.class_name, explorer.units = "cow", [4, 1]
    removed = naive(net, "conv", data.images, [1, 4], 1).argmax(1).numpy()
    with torch.no_grad():
        before = net(data.images).argmax(1).numpy()
    targets, cow = np.array(data.targets), data.classes.index("cow")

    def balanced(predicted: NDArray[Any]) -> float:
        own, other = predicted[targets == cow] == cow, predicted[targets != cow] != cow
        return 100 * (own.mean() + other.mean()) / 2

    still = explorer.still()
    assert still is not None
    expected = (
        f"cow: balanced accuracy {balanced(before):.1f} % to {balanced(removed):.1f} %, without 2 of the"
    )
    assert still.title.startswith(expected)
    right = [100 * (predicted == targets).mean() for predicted in (before, removed)]
    assert still.lines[0] == f"All classes: accuracy {right[0]:.1f} % to {right[1]:.1f} %."
    assert f"changes for {(before != removed).sum()} of {len(data)} images" in still.lines[1]
    order = explorer.order.tolist()
    assert still.lines[2] == f"Units removed: {', '.join(map(str, sorted([1, 4], key=order.index)))}."
    blue = has_color(still.picture, (0x19, 0x76, 0xD2))
    explorer._answer(Curve(of_class="cow"))
    with_curve = explorer.still()
    assert with_curve is not None and has_color(with_curve.picture, (0x19, 0x76, 0xD2)) > blue + 300
    explorer.mode = "keep"
    kept = explorer.still()
    assert kept is not None and "with only 2 of" in kept.title and "Units kept" in kept.lines[2]


def test_the_attacked_image_and_its_change(net: nn.Module, data: Images) -> None:
    importance = dw.rank_units(dw.ClassifierData(net, Images(17)), "conv", progress=False)
    diff = dw.AttackDiff(dw.ClassifierData(net, data), importance=importance, method=FAST, image=6)
    before = diff.still()
    assert before.title.startswith("Image 6 (6.jpg): predicted as ") and before.title.endswith(
        "Not attacked."
    )
    attacked = diff.run()
    assert attacked is not None and attacked.success[0]
    still = diff.still()
    source, target = (diff.data.classes[k] for k in (attacked.predicted_clean[0], attacked.targets[0]))
    assert f"predicted as {source}, attacked as {target}; L2 {attacked.l2[0]:.3g}" in still.title
    width = 166
    height = width * 22 / 26
    for place, expected in (
        (0, 255 * attacked.clean[0]),
        (1, 255 * attacked.adversarial[0]),
        (2, 127.5 + 255 * diff.times * attacked.perturbation[0]),
    ):
        shown = pixels_of(still.picture, 16 + place * (width + 10), 36, width, height)
        values = expected.clamp(0, 255).round().byte().permute(1, 2, 0).numpy()
        size = (shown.shape[1], shown.shape[0])
        exact = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.NEAREST)).astype(np.int64)
        assert np.abs(shown - exact).max() <= (8 if place == 2 else 1)
    diff.position = 0.0
    start = diff.still()
    frames = [pixels_of(start.picture, 16 + place * (width + 10), 36, width, height) for place in (0, 1)]
    assert np.abs(frames[0] - frames[1]).max() <= 1 and f": {source} (" in start.lines[0]
    diff.image = 7
    assert "Image 7 (7.jpg)" in diff.still().title and "Not attacked" in diff.still().title


def test_the_painting_and_its_strokes() -> None:
    painter = small_painter()
    assert painter.still().title == "Sample 1, not painted on"
    painter.paint([(0.2, 0.3), (0.9, 0.4)])
    painter.mode = "erase"
    painter.paint([(0.5, 0.8)])
    painter.edits = [painter.edits[0], {**painter.edits[1], "on": False}]
    still = painter.still()
    assert still.title == "Painted with units of layer4: 2 strokes on sample 1, 1 of them off"
    concept = painter.concept
    assert still.lines == (f"Draw {concept} (3 units).", f"Erase {concept} (3 units), switched off.")
    painted = Image.open(io.BytesIO(painter._image)).convert("RGB")
    shown = pixels_of(still.picture, 16 + 262 + 12, 42, 262, 262)
    assert np.array_equal(shown, np.asarray(painted.resize((524, 524), Image.Resampling.NEAREST)))
    assert painter.image != painter.original
    green = has_color(still.picture.crop((32, 84, 556, 608)), (0x1B, 0x7F, 0x4B))
    assert green > 0.7 * 524 * 6 * 0.8, "the way of the first stroke"
