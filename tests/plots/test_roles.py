"""Figure 2: what a classifier loses without some of its units."""

from __future__ import annotations

import io
from base64 import b64decode
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from scipy.ndimage import map_coordinates

from dissect_widgets import Concept, Dissection, Vocabulary, dissect
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.predictions import AblationPredictions
from dissect_widgets.core.ablation.unit_sets import SetEffects, SetPlan, plan_sets
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.errors import ConceptError, LayerError, SettingError
from dissect_widgets.plots.importance import important_units
from dissect_widgets.plots.roles import class_scatter, correlation_bars, set_curves
from dissect_widgets.plots.shared_units import combination_dots, interpretability_bars
from dissect_widgets.plots.units import exemplar_strip
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet

CLASSES = ("gnu", "Bee", "<b>cow</b>", "dog", "elk & co", "fox", "ant")  # dog and fox have no images
TARGETS = np.array([(0, 1, 2, 4, 6)[i % 5] for i in range(23)])
PREDICTED = np.where(np.arange(23) % 4 == 3, (TARGETS + 2) % 7, TARGETS)


def edited(
    ablated: Any, targets: Any = TARGETS, predicted: Any = PREDICTED, seed: int = 0
) -> AblationPredictions:
    """A result with the predictions `ablated`, and random peaks, probabilities and log-odds."""
    random = np.random.default_rng(seed)
    peaks, shares = random.random((23, 5)), random.dirichlet(np.ones(7), 23)
    peaks[:, 3] = 2.0  # a unit without a correlation
    sums = {"activation": peaks, "activation2": peaks**2, "score": shares, "score2": shares**2}
    moments = {name: value.sum(0) for name, value in sums.items()} | {"product": peaks.T @ shares}
    odds = random.normal(size=(len(ablated), 7)) * (np.bincount(targets, minlength=7) > 0)
    return AblationPredictions(
        "Net", "mix", CLASSES, "by hand", targets, predicted, np.array(ablated, np.int32), odds, moments, 23
    )


def important(seed: int = 0) -> UnitImportance:
    random = np.random.default_rng(seed)
    ablated = np.where(random.random((5, 23)) < 0.4, random.integers(0, 7, (5, 23)), PREDICTED)
    return UnitImportance(edited(ablated, seed=seed))


def by_hand() -> UnitImportance:
    """All classes need unit 0; 0 and 1 also unit 1, 3 and 4 also unit 2; 3 and 4 do nothing."""
    targets = np.arange(23) % 7
    ablated = np.tile(targets, (5, 1))
    ablated[0] = (targets + 1) % 7
    ablated[1, 0], ablated[2, 3] = 1, 4
    return UnitImportance(edited(ablated, targets, targets))


def predictions_without(kept: Any) -> Any:
    """Predictions that depend on what is left, and on nothing else."""
    random = np.random.default_rng(int(kept @ (1 << np.arange(5))))
    return np.where(random.random(23) < 0.7, random.integers(0, 7, 23), PREDICTED)


def balanced(ablated: Any, c: int) -> float:
    is_class = np.equal(TARGETS, c)
    return float(((ablated[is_class] == c).mean() + (ablated[~is_class] != c).mean()) / 2)


def sets(sizes: Any = (2, 0, 5, 1)) -> tuple[SetPlan, SetEffects]:
    importance = important()
    plan = plan_sets(importance, sizes, repeats=3)
    return plan, SetEffects(plan, edited([predictions_without(kept) for kept in plan.kept]), importance)


def trace(figure: go.Figure, start: str) -> Any:
    (found,) = [t for t in figure.data if t.name.startswith(start)]
    return found


def lines(figure: go.Figure) -> dict[str, Any]:
    """Lines by their labels."""
    return {a.text: shape for a, shape in zip(figure.layout.annotations, figure.layout.shapes, strict=True)}


@pytest.mark.parametrize("name", ["gnu", "<b>cow</b>"])
def test_set_curves(name: str) -> None:
    plan, effects = sets()
    drawn, c = set_curves(effects, name), CLASSES.index(name)
    order = important().top_units(name).tolist()
    for label, removed in (("most", lambda n: order[:n]), ("least", lambda n: order[5 - n :])):
        curve = trace(drawn, label)
        assert list(curve.x) == [0, 1, 2, 5]
        kept = [[u not in removed(n) for u in range(5)] for n in curve.x]
        expected = [balanced(predictions_without(np.array(k)), c) for k in kept]
        assert list(curve.y) == pytest.approx(expected) and len(set(expected)) > 2
    chance = plan.kept[3 * 5 * 4 :].reshape(2, 3, 4, 5)[0][:, [1, 3, 0, 2]]
    assert ((~chance).sum(2) == [0, 1, 2, 5]).all()
    values = np.array([[balanced(predictions_without(kept), c) for kept in sizes] for sizes in chance])
    mean, deviation = values.mean(0), np.sqrt(((values - values.mean(0)) ** 2).mean(0))
    assert list(trace(drawn, "random").y) == pytest.approx(mean) and deviation.max() > 0
    assert "of 3 sets" in trace(drawn, "random").name
    band = trace(drawn, "±")
    assert band.fill == "toself" and list(band.x) == [0, 1, 2, 5, 5, 2, 1, 0]
    assert list(band.y) == pytest.approx([*(mean + deviation), *(mean - deviation)[::-1]])
    before = balanced(PREDICTED, c)
    unchanged = lines(drawn)[f"unchanged, {100 * before:.1f} %"]
    assert unchanged.y0 == unchanged.y1 == before and unchanged.line.dash == "dot"
    assert lines(drawn)["chance"].y0 == 0.5 and lines(drawn)["chance"].line.dash == "dash"
    assert "<" not in drawn.layout.title.text and drawn.layout.xaxis.title.text == "units removed (of 5)"
    low, high = drawn.layout.yaxis.range
    assert all(low < y < high for t in drawn.data if t.mode for y in t.y) and low < 0.5


def test_class_scatter() -> None:
    _, effects = sets()
    drawn = class_scatter(effects, 2)
    names = ["<b>cow</b>", "ant", "Bee", "elk & co", "gnu"]
    shown = ["&lt;b&gt;cow&lt;/b&gt;", "ant", "Bee", "elk &amp; co", "gnu"]
    for label, which in (("unchanged", None), ("2 most", True), ("only", False)):
        expected = []
        for name in names:
            kept = np.ones(5, bool)
            if which is not None:
                kept[important().top_units(name)[:2]] = False
                kept = kept if which else ~kept
            ablated = PREDICTED if which is None else predictions_without(kept)
            expected.append(balanced(ablated, CLASSES.index(name)))
        dots = trace(drawn, label)
        assert list(dots.x) == pytest.approx(expected) and list(dots.y) == shown
        assert dots.name.endswith(f" (mean {100 * sum(expected) / 5:.1f} %)")
    assert drawn.layout.shapes[0].x0 == drawn.layout.shapes[0].x1 == 0.5
    assert drawn.layout.yaxis.type == "category" and drawn.layout.yaxis.range[0] > drawn.layout.yaxis.range[1]
    few = SetEffects(
        plan := plan_sets(important(), [2], classes=["ant"], repeats=1),
        edited([predictions_without(kept) for kept in plan.kept]),
        important(),
    )
    assert class_scatter(few, 2).layout.height < drawn.layout.height


def test_sets_that_were_not_tried() -> None:
    _, effects = sets()
    with pytest.raises(ConceptError, match=r"class 'bea'. Did you mean 'Bee'"):
        set_curves(effects, "bea")
    with pytest.raises(ConceptError, match="class 'dog'"):
        set_curves(effects, "dog")
    with pytest.raises(SettingError, match="No sets of 3 units"):
        class_scatter(effects, 3)


def test_interpretability_bars() -> None:
    iou = [0.2, 0.1, 0.3, 0.05, 0.02]
    bars = interpretability_bars(by_hand(), iou).data[0]
    assert list(bars.x) == ["0", "2", "≥ 7"] and list(bars.text) == ["n = 2", "n = 2", "n = 1"]
    assert list(bars.y) == pytest.approx([0.035, 0.2, 0.2])
    assert list(bars.error_y.array) == pytest.approx([0.015 / 2**0.5, 0.1 / 2**0.5, 0])
    first = interpretability_bars(by_hand(), iou, 1).data[0]
    assert list(first.x) == ["0", "≥ 7"] and list(first.y) == pytest.approx([0.1175, 0.2])
    with pytest.raises(SettingError, match=r"iou has shape \(4,\); it must be \(5,\), the units of mix"):
        interpretability_bars(by_hand(), iou[:4])
    with pytest.raises(SettingError, match="allowed is 1 to 5"):
        interpretability_bars(by_hand(), iou, 6)


@pytest.mark.parametrize("top", [1, 3])
def test_correlation_bars(top: int) -> None:
    importance, random = important(), np.random.default_rng(0)
    peaks, shares = random.random((23, 5)), random.dirichlet(np.ones(7), 23)  # as in `edited`
    groups: dict[str, list[float]] = {"unit": [], "all": []}
    for c in (0, 1, 2, 4, 6):
        losses = [balanced(PREDICTED, c) - balanced(ablated, c) for ablated in importance.predictions.ablated]
        odds = importance.predictions.odds_loss[:, c]
        best = sorted(range(5), key=lambda u: (-round(losses[u], 9), -odds[u]))[:top]
        for u in {0, 1, 2, 4}:
            chosen = u in best and losses[u] > 0
            groups["unit" if chosen else "all"].append(np.corrcoef(peaks[:, u], shares[:, c])[0, 1])
    assert all(len(values) > 2 for values in groups.values())
    drawn = correlation_bars(importance, top)
    for label, values in groups.items():
        bars = trace(drawn, label)
        assert bars.name.endswith(f"({len(values)} pairs)")
        half = bars.width / 2
        inside = [sum(x - half <= v < x + half for v in values) / len(values) for x in bars.x]
        assert list(bars.y) == pytest.approx(inside) and sum(bars.y) == pytest.approx(1)
        assert lines(drawn)[f"median {np.median(values):.2f}"].x0 == pytest.approx(np.median(values))
    assert drawn.layout.barmode == "overlay"
    left, right = sorted(drawn.layout.annotations, key=lambda a: a.x)
    assert (left.xanchor, right.xanchor) == ("right", "left")


def test_no_unit_costs_anything() -> None:
    nothing = UnitImportance(edited(np.tile(PREDICTED, (5, 1))))
    drawn = correlation_bars(nothing)
    assert trace(drawn, "unit").name.endswith("(0 pairs)") and len(drawn.layout.shapes) == 1
    assert list(interpretability_bars(nothing, np.ones(5)).data[0].x) == ["0"]
    empty = combination_dots(nothing)
    assert not empty.data and empty.layout.annotations[0].text.startswith("No unit is among the 4 most")


def test_combination_dots() -> None:
    importance = important()
    combinations = importance.combinations(2)
    counts = [sum(u in chosen for chosen in combinations.values()) for u in range(5)]
    columns = [u for u in sorted(range(5), key=lambda u: -counts[u]) if counts[u] >= 2]
    expected = {
        (f"unit {u}", name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")): importance.loss[
            u, CLASSES.index(name)
        ]
        for name, chosen in combinations.items()
        for u in chosen
        if u in columns
    }
    drawn = combination_dots(importance, 2)
    (dots,) = drawn.data
    assert dict(zip(zip(dots.x, dots.y, strict=True), dots.customdata, strict=True)) == expected
    assert len(dots.x) == len(expected) and list(dots.marker.size) == list(dots.customdata)
    assert dots.marker.sizemode == "area"
    assert list(drawn.layout.xaxis.categoryarray) == [f"unit {u}" for u in columns]
    assert list(drawn.layout.yaxis.categoryarray) == sorted({y for _, y in expected}, key=str.casefold)
    assert not any("<" in y for y in dots.y) and any("&lt;" in y for y in dots.y)


def test_combinations_leave_out_what_is_not_shared() -> None:
    targets = np.arange(23) % 7
    ablated = np.tile(targets, (5, 1))
    ablated[1, 0] = 1  # classes 0 and 1 need unit 1
    ablated[4, 3], ablated[4, 1] = 1, 3  # 1 and 3 need unit 4
    ablated[2, 5], ablated[2, 6] = 6, 5  # 5 and 6 need unit 2
    importance = UnitImportance(edited(ablated, targets, targets))
    concepts = ["sky", "<i>", "a & b", "x", "road"]
    (dots,) = combination_dots(importance, 5, concepts).data
    assert set(zip(dots.x, dots.y, strict=True)) == {
        ("1 &lt;i&gt;", "gnu"),
        ("1 &lt;i&gt;", "Bee"),
        ("4 road", "Bee"),
        ("4 road", "dog"),
        ("2 a &amp; b", "fox"),
        ("2 a &amp; b", "ant"),
    }
    assert "elk &amp; co" not in dots.y
    (best,) = combination_dots(importance, 1).data
    assert "Bee" in best.y and "gnu" not in best.y  # whose only unit is then shared with nobody
    with pytest.raises(SettingError, match="4 concepts for the 5 units of mix"):
        combination_dots(importance, 1, concepts[:4])


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> Dissection:
    names = [f"<b>{name}</b> & co" for name in ("sky", "tree", "car", "door", "snow", "sun", "nowhere")]
    images.vocabulary = Vocabulary([Concept(name, "object") for name in names])
    return dissect(
        tiny, ["stem", "mix"], images, level=(0.2, 0.05), settings=Settings(exemplars=3), progress=False
    )


def pixels_of(figure: go.Figure, row: int) -> Any:
    kind, data = figure.layout.images[row].source.split(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(b64decode(data))).convert("RGBA"))


def test_important_units(dissection: Dissection) -> None:
    train, val = important(), important(1)
    drawn = important_units("<b>cow</b>", train, val, dissection, 3, 2)
    layer = dissection["mix"]
    best, importance = layer.best(), train.top_units("<b>cow</b>")[:3]
    assert len(drawn.layout.images) == len(drawn.layout.annotations) == 3
    for row, unit in enumerate(importance):
        name = dissection.vocabulary[int(best.concept[unit])].name
        escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        odds = [one.predictions.odds_loss[unit, 2] / 5 for one in (train, val)]
        assert drawn.layout.annotations[row].text == (
            f'unit {unit} "{escaped}" (object), accuracy lost: train {100 * train.loss[unit, 2]:.1f} %, '
            f"val {100 * val.loss[unit, 2]:.1f} %; log-odds lost: train {odds[0]:.2f}, val {odds[1]:.2f}"
        )
        strip = exemplar_strip(dissection, layer, int(unit), 2)
        assert strip is not None
        shown = pixels_of(drawn, row)
        assert shown.shape == strip.shape == (160, 2 * 224 + 4, 4)
        assert (shown[..., 3] == strip[..., 3]).all()
        error = np.abs(shown.astype(int) - strip)[..., :3][strip[..., 3] > 0]
        assert error.mean() < 8
    assert "&lt;b&gt;cow" in drawn.layout.title.text
    tops = [y for a, i in zip(drawn.layout.annotations, drawn.layout.images, strict=True) for y in (a.y, i.y)]
    assert tops == sorted(tops, reverse=True) and drawn.layout.images[2].y > drawn.layout.images[2].sizey
    assert drawn.layout.xaxis.visible is drawn.layout.yaxis.visible is False


@pytest.mark.parametrize("level", [0.2, 0.05])
def test_strips_show_regions(dissection: Dissection, level: float) -> None:
    layer, grid = dissection["mix"], dissection["mix"].exemplar_grid
    regions = 0
    for unit in range(5):
        strip = exemplar_strip(dissection, layer, unit, 3, level=level)
        assert strip is not None and strip.dtype == np.uint8
        for place, image in enumerate(layer.exemplar_image[unit]):
            left = place * 228
            cell = strip[:, left : left + 224, :3].astype(int)
            stored = Image.open(io.BytesIO(dissection.thumbnails[int(image)]))
            assert stored.size == (28, 20)
            picture = np.asarray(stored.resize((224, 160), Image.Resampling.BILINEAR)).astype(int)
            y = ((np.arange(160) + 0.5) * 20 / 160 - 0.5 - grid.top) / grid.step_y
            x = ((np.arange(224) + 0.5) * 28 / 224 - 0.5 - grid.left) / grid.step_x
            where = np.meshgrid(y.clip(0, grid.height - 1), x.clip(0, grid.width - 1), indexing="ij")
            values = map_coordinates(layer.exemplar_map[unit, place].astype(float), where, order=1)
            excess = values - layer.threshold[layer.levels.index(level), unit]
            sure = np.abs(excess) > 1e-5
            outside, outline = sure & (excess < 0), (cell == (255, 212, 0)).all(2)
            assert (cell[outside] == picture[outside] // 2).all()
            inside = sure & (excess > 0) & ~outline
            assert (cell[inside] == picture[inside]).all()
            assert not outline[outside].any()
            flat = np.pad(excess > 0, 1)
            around = [flat[:-2, 1:-1], flat[2:, 1:-1], flat[1:-1, :-2], flat[1:-1, 2:]]
            border = (excess > 0) & ~np.logical_and.reduce(around)
            assert (outline == border)[sure].all()
            regions += bool(inside.any() and outside.any() and outline.any())
        assert (strip[:, [224, 227, 452, 455], 3] == 0).all() and (strip[:, [223, 228], 3] == 255).all()
    assert regions > 5


def test_few_exemplars_or_none(dissection: Dissection) -> None:
    train, layer = important(), dissection["mix"]
    assert pixels_of(important_units("gnu", train, train, dissection, 1, 8), 0).shape[1] == 3 * 228 - 4
    numbers = layer.exemplar_image.copy()
    first, second = train.top_units("gnu")[:2]
    numbers[first], numbers[second, 1:] = -1, -1
    stem, _ = dissection.layers
    fewer = replace(dissection, layers=(stem, replace(layer, exemplar_image=numbers)))
    drawn = important_units("gnu", train, train, fewer, 2)
    assert len(drawn.layout.annotations) == 2 and len(drawn.layout.images) == 1
    assert pixels_of(drawn, 0).shape == (160, 224, 4)
    blind = replace(layer, intersection=np.zeros_like(layer.intersection))
    drawn = important_units("gnu", train, train, replace(dissection, layers=(blind,)), 1)
    assert f"unit {first} (no concept), accuracy" in drawn.layout.annotations[0].text


def test_important_units_of_something_else(dissection: Dissection) -> None:
    train = important()
    with pytest.raises(ConceptError, match=r"no class 'bea'. Did you mean 'Bee'"):
        important_units("bea", train, train, dissection)
    with pytest.raises(ConceptError, match=r"'dog' has 0 of the 23 images"):
        important_units("dog", train, train, dissection)
    for top in (0, 6):
        with pytest.raises(SettingError, match=f"top is {top}; allowed is 1 to 5, the units of mix"):
            important_units("gnu", train, train, dissection, top)
    with pytest.raises(SettingError, match="count is 0"):
        important_units("gnu", train, train, dissection, 1, 0)
    other = important()
    other.units = 4
    with pytest.raises(SettingError, match="mix has 5 units, but the importance is of 5 and 4"):
        important_units("gnu", train, other, dissection)
    train.layer = "stem"
    with pytest.raises(SettingError, match="stem has 4 units, but the importance is of 5"):
        important_units("gnu", train, train, dissection)
    train.layer = "mixx"
    with pytest.raises(LayerError, match="Did you mean 'mix'"):
        important_units("gnu", train, train, dissection)
