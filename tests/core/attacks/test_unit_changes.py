"""Peaks of units before and after an attack, and their change by importance, against plain loops."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from statistics import mean, stdev, variance
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.attacks.unit_changes import Estimate, read_changes
from dissect_widgets.errors import ActivationError, DataError, LayerError, SettingError
from tests.core.small_classifiers import CLASSES, Pictures, attack, classifier, normalized

Z = 2.5758293035489004


def deep() -> nn.Sequential:
    """Four and nine units, each before an in-place ReLU."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 9, 3),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(9 * 3 * 4, 7),
    )


@cache
def network() -> nn.Sequential:
    net = classifier(deep)
    assert isinstance(net, nn.Sequential)
    data = Pictures(23)
    first, last = net[0], net[5]
    assert isinstance(first, nn.Conv2d) and isinstance(last, nn.Linear) and first.bias is not None
    with torch.no_grad():  # some units are hardly ever active, and no class wins for all pictures alike
        first.bias.data[1] -= 1.2
        last.weight *= 3
        last.bias.data -= net(normalized(data.images)).mean(0)
    return net


@cache
def attacked() -> dw.AttackResult:
    method = dw.ProjectedGradient(radius=0.04, steps=4)
    return attack(network(), Pictures(23), "random", method)


def attacked_network() -> dw.ClassifierData:
    return dw.ClassifierData(network(), Pictures(23), preprocess=normalized)


@cache
def importance(layer: str = "2") -> UnitImportance:
    """Units by importance to five of the classes: no picture is said to be a dog or a fox."""
    data = Pictures(40, seed=8)
    targets = [(0, 1, 2, 4, 6)[i % 5] for i in range(40)]
    classifier = dw.ClassifierData(network(), data, targets=targets, classes=CLASSES, preprocess=normalized)
    return dw.rank_units(classifier, layer, progress=False)


def one_by_one(layer: int, pictures: Tensor) -> np.ndarray:
    """float (n, units, h, w), one picture at a time, and nothing in place."""
    found = []
    with torch.no_grad():
        for picture in pictures:
            value = normalized(picture[None])
            for number in range(layer + 1):
                module = network()[number]
                value = value.clamp(min=0) if isinstance(module, nn.ReLU) else module(value)
            found.append(value[0].numpy())
    return np.array(found)


def peaks(layer: int, pictures: Tensor) -> np.ndarray:
    """float (n, units)"""
    maps = one_by_one(layer, pictures)
    return maps.reshape(*maps.shape[:2], -1).max(2)


@pytest.mark.parametrize("layer", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("batch_size", [1, 4, 50])
def test_peaks_equal_direct_passes(layer: int, batch_size: int) -> None:
    found = dw.unit_changes(attacked_network(), str(layer), attacked(), progress=False)
    before, after = peaks(layer, attacked().clean), peaks(layer, attacked().adversarial)
    assert found.clean.dtype == found.adversarial.dtype == np.float32
    np.testing.assert_allclose(found.clean, before, atol=1e-5)
    np.testing.assert_allclose(found.adversarial, after, atol=1e-5)
    np.testing.assert_allclose(found.change, after - before, atol=2e-5)
    assert (before.min() < 0) == (layer in (0, 2, 5)) and np.abs(after - before).max() > 0.01
    assert found.units == {0: 4, 1: 4, 2: 9, 3: 9, 5: 7}[layer] and found.layer == str(layer)
    assert repr(found) == f"<UnitChanges of {found.units} units of {layer} on 23 images>"


def test_the_network_is_read_in_evaluation_mode_and_left_as_it_was() -> None:
    drop = nn.Dropout().train()
    net, steps = nn.Sequential(drop, network()), []
    classifier = dw.ClassifierData(net.eval(), Pictures(23), preprocess=normalized, batch_size=10)
    net.training = drop.training = True
    found = read_changes(classifier, "1.2", attacked(), progress=lambda *n: steps.append(n))
    assert steps == [(10, 46), (20, 46), (23, 46), (33, 46), (43, 46), (46, 46)]
    np.testing.assert_allclose(found.adversarial, peaks(2, attacked().adversarial), atol=1e-5)
    assert drop.training and net.training and not network().training
    assert not any(module._forward_hooks for module in net.modules())


class Holed(nn.Module):
    """One unit puts out no number for pictures with a white corner."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.value = nn.Identity(), torch.nan

    def forward(self, x: Tensor) -> Tensor:
        maps = torch.cat([x, 2 * x], 1)
        hole = (x[:, 0, 0, 0] == 1)[:, None, None, None] & (torch.arange(6) == 4)[:, None, None]
        found: Tensor = self.maps(torch.where(hole, self.value, maps))
        return found.mean((2, 3))


@pytest.mark.parametrize("when", ["clean", "adversarial"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_activations_that_are_no_numbers(when: str, value: float) -> None:
    net, holed = Holed(), getattr(attacked(), when).clone()
    holed[17, 0, 0, 0], net.value = 1, value
    bad = replace(attacked(), **{when: holed})
    with pytest.raises(ActivationError, match=r"Layer 'maps', unit 4: not finite on image '17.jpg'"):
        dw.unit_changes(dw.ClassifierData(net.eval(), Pictures(23)), "maps", bad, progress=False)


def test_layers_and_images_that_are_none() -> None:
    with pytest.raises(LayerError, match="no layer '12'"):
        dw.unit_changes(attacked_network(), "12", attacked(), progress=False)
    with pytest.raises(DataError, match="no attacked images"):
        dw.unit_changes(attacked_network(), "2", attacked().select([]), progress=False)


def changed() -> Any:
    return dw.unit_changes(attacked_network(), "2", attacked(), progress=False)


def ratio(values: list[float], others: list[float]) -> tuple[float, float]:
    """Ratio of two means, and its 99 % interval by the variances and the covariance of the two."""
    n, a, b = len(values), mean(values), mean(others)
    both = sum((x - a) * (y - b) for x, y in zip(values, others, strict=True)) / (n - 1)
    spread = variance(values) / b**2 + a**2 * variance(others) / b**4 - 2 * a * both / b**3
    return a / b, Z * (spread / n) ** 0.5


@pytest.mark.parametrize("standardized", [False, True])
@pytest.mark.parametrize("top", [1, 3, 4])
def test_change_by_importance_equals_plain_loops(top: int, standardized: bool) -> None:
    found, order, result = changed(), importance().top_units_by_class, attacked()
    by_rank = found.by_importance(importance(), top=top, standardized=standardized)
    source: list[list[float]] = []
    target: list[list[float]] = []
    rest = []
    for i in range(23):
        s, t = int(result.scores_clean[i].argmax()), int(result.scores_adversarial[i].argmax())
        if not result.success[i] or {s, t} & {3, 5}:
            continue
        size = [abs(float(found.adversarial[i, u]) - float(found.clean[i, u])) for u in range(9)]
        if standardized:
            size = [size[u] / float(np.std(found.clean[:, u].astype(float))) for u in range(9)]
        source.append([size[u] for u in order[s]])
        target.append([size[u] for u in order[t]])
        among = {*order[s][:top].tolist(), *order[t][:top].tolist()}
        rest.append(mean(size[u] for u in range(9) if u not in among))
    n = len(source)
    assert 5 < n < result.success.sum() < 23 and by_rank.images == n  # some failed, others are not ranked
    assert by_rank.top == top and by_rank.layer == "2"
    for rows, means, intervals, one, times in (
        (source, by_rank.source, by_rank.source_interval, by_rank.source_top, by_rank.source_times),
        (target, by_rank.target, by_rank.target_interval, by_rank.target_top, by_rank.target_times),
    ):
        ranks = list(zip(*rows, strict=True))
        assert means == pytest.approx([mean(rank) for rank in ranks], rel=1e-4)
        assert intervals == pytest.approx([Z * stdev(rank) / n**0.5 for rank in ranks], rel=1e-4)
        tops = [mean(row[:top]) for row in rows]
        assert one == pytest.approx((mean(tops), Z * stdev(tops) / n**0.5), rel=1e-4)
        assert times == pytest.approx(ratio(tops, rest), rel=1e-4)
    assert by_rank.others == pytest.approx((mean(rest), Z * stdev(rest) / n**0.5), rel=1e-4)
    assert by_rank.source_top.mean == by_rank.source_top[0] and isinstance(by_rank.others, Estimate)


def test_four_units_by_default_and_what_it_says() -> None:
    found = changed()
    by_rank, four = found.by_importance(importance()), found.by_importance(importance(), top=4)
    assert by_rank.top == 4 and by_rank.source_times == four.source_times
    (source, a), (target, b) = by_rank.source_times, by_rank.target_times
    assert repr(by_rank) == (
        f"<ChangeByImportance of 2 over {by_rank.images} images: the 4 most important units change "
        f"{source:.2f} ± {a:.2f} (clean class) and {target:.2f} ± {b:.2f} times "
        "(adversarial class) as much as the others>"
    )


def test_a_single_image_has_no_interval() -> None:
    found = changed()
    ranked = importance().present
    good = attacked().success & ranked[attacked().predicted_clean] & ranked[attacked().predicted_adversarial]
    row = int(np.flatnonzero(good)[0])
    one = dw.UnitChanges(
        layer="2",
        attacked=attacked().select([row]),
        clean=found.clean[[row]],
        adversarial=found.adversarial[[row]],
    )
    with warnings.catch_warnings(action="error"):
        by_rank = one.by_importance(importance())
    assert (
        by_rank.images == 1
        and np.isnan(by_rank.source_interval).all()
        and by_rank.target_interval.shape == (9,)
    )
    assert np.isnan(by_rank.others.interval) and np.isnan(by_rank.source_times.interval)
    assert by_rank.source_times.mean == pytest.approx(by_rank.source_top.mean / by_rank.others.mean)
    size = np.abs(found.change[row])
    assert by_rank.source == pytest.approx(
        size[importance().top_units_by_class[attacked().predicted_clean[row]]]
    )


def test_units_that_never_change() -> None:
    found = changed()
    still = replace(found, adversarial=found.clean)
    by_rank = still.by_importance(importance(), standardized=True)
    assert (by_rank.source == 0).all() and by_rank.others == (0, 0)
    assert np.isnan(by_rank.source_times).all() and np.isnan(by_rank.target_times).all()
    before = found.clean.copy()
    before[:, 3] = 0.25  # the same on all images before, so its changes have no measure
    odd = replace(found, clean=before).by_importance(importance(), standardized=True)
    assert np.isfinite(odd.source).all() and np.isfinite(odd.others.mean)
    plain = replace(found, clean=before, adversarial=np.where(np.arange(9) == 3, before, found.adversarial))
    assert (plain.by_importance(importance(), standardized=True).source == odd.source).all()


def test_rankings_that_do_not_fit() -> None:
    found = changed()
    with pytest.raises(SettingError, match="ranking is of 4 units of 0; the changes are of 9 units of 2"):
        found.by_importance(importance("0"))
    with pytest.raises(SettingError, match="ranking is of 9 units of 3"):
        found.by_importance(importance("3"))
    other = replace(found, clean=found.clean[:, :8], adversarial=found.adversarial[:, :8])
    with pytest.raises(SettingError, match="9 units of 2; the changes are of 8 units of 2"):
        other.by_importance(importance())
    renamed = replace(attacked(), classes=("hen", *CLASSES[1:]))
    with pytest.raises(SettingError, match="other classes than the attack"):
        replace(found, attacked=renamed).by_importance(importance())
    for top in (0, -1, 5, 9):
        with pytest.raises(SettingError, match=f"top is {top}; allowed is 1 to 4, so that others of 9"):
            found.by_importance(importance(), top=top)
    few = dw.unit_changes(attacked_network(), "0", attacked(), progress=False)
    with pytest.raises(SettingError, match="top is 2; allowed is 1 to 1, so that others of 4 are left"):
        few.by_importance(importance("0"), top=2)


def test_nothing_to_count() -> None:
    found = changed()
    failed = replace(attacked(), success=np.zeros(23, bool))
    unranked = replace(attacked(), scores_clean=np.eye(7, dtype=np.float32)[[3] * 23])
    unreached = replace(attacked(), scores_adversarial=np.eye(7, dtype=np.float32)[[5] * 23])
    for result in (failed, unranked, unreached):
        with pytest.raises(DataError, match="No attack between two classes that are ranked succeeded"):
            replace(found, attacked=result).by_importance(importance())


@pytest.mark.parametrize("layer", [0, 3])
@pytest.mark.parametrize("batch_size", [1, 7])
def test_maps_equal_direct_passes(layer: int, batch_size: int) -> None:
    units = [3, 0, 2]
    found = dw.change_maps(attacked_network(), str(layer), attacked(), units)
    before, after = (
        one_by_one(layer, pictures)[:, units] for pictures in (attacked().clean, attacked().adversarial)
    )
    assert found.units == (3, 0, 2) and found.clean.shape == before.shape
    np.testing.assert_allclose(found.clean, before, atol=1e-5)
    np.testing.assert_allclose(found.adversarial, after, atol=1e-5)
    np.testing.assert_allclose(found.change, after - before, atol=2e-5)
    rise = [
        [a.max() - b.max() for a, b in zip(*rows, strict=True)] for rows in zip(after, before, strict=True)
    ]
    np.testing.assert_allclose(found.max_activation_change, rise, atol=2e-5)
    assert (found.grid.height, found.grid.width) == before.shape[2:]


@pytest.mark.parametrize("units", [[9], [-1], []])
def test_maps_of_units_that_are_not_there(units: list[int]) -> None:
    with pytest.raises(SettingError, match=r"no unit.*2 has units 0 to 8"):
        dw.change_maps(attacked_network(), "2", attacked(), units)
