"""Edits by every way lead to what a hook and a full pass for each edit do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import dissect_widgets as dw
from dissect_widgets.core.ablation import predictions as edits
from dissect_widgets.core.ablation.ablate import ablate, open_network
from dissect_widgets.core.ablation.accuracy import compare
from dissect_widgets.core.ablation.cached import cache_activations
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.predictions import keep_all_but, run_edits
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.interrupt import InterruptedRun
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.forward import FullForward, PartialForward
from dissect_widgets.core.network.linear_rows import RowsLinear
from dissect_widgets.core.network.linear_terms import ConvolutionTerms, LinearTerms
from dissect_widgets.core.proofs.layers import prove_classifier
from dissect_widgets.errors import ActivationError, ConceptError, DataError, LayerError, SettingError
from tests.core.ablation.networks import Images, made, naive, pictures, telling
from tests.small_images import ArrayImages


def vgg() -> nn.Module:
    """Normed, pooled and flattened on the way to the linear layer; zero makes something of a unit there."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 5, 3, padding=1),
        nn.BatchNorm2d(5),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(5 * 11 * 13, 12),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(12, 7),
    )


def normed() -> nn.Module:
    """A norm makes something of a unit that is zero, before the next convolution."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 5, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(5, 10, 3, groups=5),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(10, 7),
    )


class InPlace(nn.Module):
    """What follows changes the layer's output in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3), nn.Linear(5, 7)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x += 1
        return self.fc(torch.relu(x).mean((2, 3)))


class Head(nn.Module):
    """A convolution with a stride and an uneven padding mixes the units first."""

    def __init__(self) -> None:
        super().__init__()
        self.low = nn.Conv2d(3, 5, 3, stride=2)
        self.high = nn.Conv2d(5, 6, (3, 2), stride=(2, 1), padding=(0, 1), dilation=(1, 2))
        self.last = nn.Conv2d(6, 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.low(x)), 2)
        x = functional.relu(self.high(x))
        return functional.adaptive_avg_pool2d(functional.relu_(self.last(x)), 1).flatten(1)


class Residual(nn.Module):
    """What passes a layer by is added in place, behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.low = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 5, 3, padding=1)
        self.high, self.fc = nn.Conv2d(5, 5, 3, padding=1), nn.Linear(10, 7)

    def forward(self, x: Tensor) -> Tensor:
        passing = torch.relu(self.stem(x))
        found = self.high(torch.relu(self.low(passing)))
        passing += found
        both = torch.cat([torch.relu_(passing), found], 1)
        return self.fc(both.mean((2, 3)))


class Beside(nn.Module):
    """What passes the layer by is as long as a batch may be, but the same for all images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3), nn.Linear(5, 7)
        self.rows = nn.Parameter(torch.arange(20.0))

    def forward(self, x: Tensor) -> Tensor:
        weights = self.rows.cos()[: x.shape[2] - 2].view(-1, 4, 1).mean(1)  # (5, 1), as long as a batch of 5
        maps = torch.relu(self.conv(x)).mean((2, 3))
        return self.fc(maps * weights[:, 0] + 0.1 * weights.mean())


class Tokens(nn.Module):
    """Tokens by attention, whose size in the batch is asked for before the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 6, 2, stride=2)
        self.mix = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
        self.norm, self.fc = nn.LayerNorm(6), nn.Linear(6, 7)

    def forward(self, x: Tensor) -> Tensor:
        count = x.shape[0]
        x = self.norm(self.mix(self.patch(x[:, :, :20, :20]).flatten(2).transpose(1, 2)))
        return self.fc(x.reshape(count, -1, 6)[:, 0])


class Winding(nn.Module):
    """What it does depends on what it sees, which no trace can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3), nn.Linear(5, 7)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv(x))
        if x.mean() > 1e6:
            x = x * 2
        return self.fc(x.amax((2, 3)))


class Twice(nn.Module):
    """One convolution that runs two times."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv, self.fc = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 5, 3), nn.Linear(5, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.conv(torch.relu(self.conv(self.stem(x))))).mean((2, 3)))


class Pair(nn.Module):
    """A layer that puts out a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        return torch.relu(self.conv(x)), 3


class OfPair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pair, self.fc = Pair(), nn.Linear(5, 7)

    def forward(self, x: Tensor) -> Tensor:
        maps, number = self.pair(x)
        return self.fc(maps.mean((2, 3)) * number)


CASES: list[tuple[Any, str, type]] = [
    (vgg, "4", LinearTerms),
    (vgg, "2", LinearTerms),
    (vgg, "0", ConvolutionTerms),
    (vgg, "1", ConvolutionTerms),
    (vgg, "5", LinearTerms),
    (vgg, "7", LinearTerms),
    (vgg, "10", PartialForward),
    (Head, "low", ConvolutionTerms),
    (Head, "high", ConvolutionTerms),
    (Head, "last", PartialForward),
    (Residual, "low", ConvolutionTerms),
    (Residual, "stem", PartialForward),
    (Residual, "high", PartialForward),
    (Tokens, "patch", FullForward),
    (Tokens, "norm", FullForward),
    (Tokens, "mix.linear1", FullForward),
    (Winding, "conv", FullForward),
    (Twice, "conv", FullForward),
    (Twice, "stem", ConvolutionTerms),
    (normed, "0", ConvolutionTerms),
    (normed, "4", PartialForward),
    (InPlace, "conv", PartialForward),
    (OfPair, "pair", FullForward),
    (Beside, "conv", PartialForward),
]


@pytest.mark.parametrize(("make", "layer", "way"), CASES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_scores_equal_the_naive_loops(make: Any, layer: str, way: type) -> None:
    net, batch = made(make), pictures(5)
    source = ClassifierData(net, list(batch), targets="predicted")
    with evaluation(net):
        info = prove_classifier(source, layer, batch)
        network = open_network(net, info, batch)
        assert type(network) is way, network.strategy
        dim = {"tokens": 2}.get(info.kind, 1)
        sets = [[u] for u in range(info.units)]
        sets += [[], list(range(info.units)), list(range(0, info.units, 2)), [1, info.units - 1]]
        with torch.no_grad():
            for some in (pictures(5, seed=1), batch):
                before = some.clone()
                reading = network.read(some)
                assert torch.allclose(reading.scores, net(some), atol=1e-4)
                for chosen in (sets, sets[: info.units]):  # single units go a way of their own
                    found = reading.scores[:, None].repeat(1, len(chosen), 1)
                    for images, edits, scores in ablate(
                        network, reading, torch.from_numpy(keep_all_but(chosen, info.units))
                    ):
                        found[images, edits] = scores
                    for number, removed in enumerate(chosen):
                        expected = naive(net, layer, some, removed, dim)
                        assert torch.allclose(found[:, number], expected, atol=1e-4), (number, removed)
                assert torch.equal(some, before)


def test_the_model_is_left_as_it_was() -> None:
    for make, layer, _ in CASES:
        net = made(make)
        before = {name: type(module) for name, module in net.named_modules()}
        batch = pictures(2)
        with evaluation(net):
            open_network(
                net,
                prove_classifier(ClassifierData(net, list(batch), targets="predicted"), layer, batch),
                batch,
            )
        assert {name: type(module) for name, module in net.named_modules()} == before
        assert not any(module._forward_hooks for module in net.modules())


def test_many_rows_are_what_few_are() -> None:
    linear = made(lambda: nn.Linear(5, 7))
    rows = torch.rand(300, 5, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(RowsLinear(linear)(rows), linear(rows), atol=1e-6)
    assert RowsLinear(linear)(rows).is_contiguous()
    assert torch.equal(RowsLinear(linear)(rows[None]), linear(rows[None]))


@pytest.mark.parametrize("way", [LinearTerms, PartialForward, FullForward])
def test_silent_units_are_not_run(way: type) -> None:
    net = made(vgg)
    with torch.no_grad():
        net[3].weight[2], net[3].bias[2] = 0, -1.0  # unit 2 is below zero everywhere
    batch = pictures(4)
    with evaluation(net):
        info = prove_classifier(ClassifierData(net, list(batch), targets="predicted"), "4", batch)
        found = open_network(net, info, batch, many=way is LinearTerms)
        network = FullForward(net, info) if way is FullForward else found
        assert type(network) is way
        reading = network.read(batch)
        kept = torch.from_numpy(keep_all_but([[2], [0], []], 5))
        seen = {int(e) for _, edits, _ in ablate(network, reading, kept) for e in edits}
    assert not reading.active[:, 2].any() and seen == {1}


class Again(nn.Module):
    """A convolution that is silent when it runs the second time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3, bias=False), nn.Linear(5, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc((self.conv(x) + self.conv(0 * x)).mean((2, 3)))


def test_a_unit_that_worked_once_is_not_silent() -> None:
    net, data = made(Again), Images()
    found = dw.rank_units(dw.ClassifierData(net, data), "conv", progress=False)
    after = naive(net, "conv", data.images, [2], 1).log_softmax(1)
    with torch.no_grad():
        assert not torch.allclose(after, net(data.images).log_softmax(1), atol=1e-4)
    assert (found.odds_loss[2][found.present] != 0).all()


def brute(net: nn.Module, data: Images) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions (images,), (units, images), and balanced accuracy lost (units, classes), by loops."""
    with torch.no_grad():
        before = net(data.images).argmax(1).numpy()
    after = np.stack([naive(net, "conv", data.images, [u], 1).argmax(1).numpy() for u in range(5)])
    truth = np.array(data.targets)

    def balanced(predicted_classes: np.ndarray, c: int) -> float:
        own, other = [t == c for t in truth], [t != c for t in truth]
        recall = sum(predicted_classes[i] == c for i in range(len(predicted_classes)) if own[i]) / sum(own)
        negative = sum(predicted_classes[i] != c for i in range(len(predicted_classes)) if other[i]) / sum(
            other
        )
        return (recall + negative) / 2

    loss = np.full((5, 7), np.nan)
    for c in set(data.targets):
        loss[:, c] = [balanced(before, c) - balanced(after[u], c) for u in range(5)]
    return before, after, loss


@pytest.mark.parametrize("batch_size", [3, 8, 50])
def test_importance_equals_brute_force(batch_size: int) -> None:
    net, data = telling(), Images()
    before, after, loss = brute(net, data)
    assert len(set(before)) > 3 and (after != before).any(1).all()
    found = dw.rank_units(dw.ClassifierData(net, data, batch_size=batch_size), "conv", progress=False)
    assert (found.predictions.predicted == before).all() and (found.predictions.ablated == after).all()
    np.testing.assert_allclose(found.loss, loss, atol=1e-12)
    assert found.accuracy.overall_before == pytest.approx((before == data.targets).mean())
    np.testing.assert_allclose(found.accuracy.overall_after, (after == data.targets).mean(1))
    assert found.classes == Images.classes and "linear layer" in found.strategy
    assert [found.classes[c] for c in np.flatnonzero(~found.present)] == ["dog", "fox"]


def test_errors_are_those_of_paired_differences() -> None:
    net, data = telling(), Images()
    before, after, _ = brute(net, data)
    found, truth = dw.rank_units(dw.ClassifierData(net, data), "conv", progress=False), np.array(data.targets)
    for u in range(5):
        for c in set(data.targets):
            d = (before == c).astype(float) - (after[u] == c)
            variance = sum(d[which].var() / which.sum() for which in (truth == c, truth != c))
            assert found.accuracy.loss_error[u, c] == pytest.approx(np.sqrt(variance) / 2)
        d = (before == truth).astype(float) - (after[u] == truth)
        assert found.accuracy.overall_loss_error[u] == pytest.approx(d.std() / np.sqrt(len(d)))


def test_correlation_and_odds_by_loops() -> None:
    net, data = telling(), Images()
    found = dw.rank_units(dw.ClassifierData(net, data, batch_size=4), "conv", progress=False)
    with torch.no_grad():
        peaks = net.conv(data.images - 0.5).amax((2, 3)).numpy()
        shares = net(data.images).softmax(1).numpy()
        expected = np.corrcoef(peaks.T, shares.T)[:5, 5:]
        np.testing.assert_allclose(found.correlation, expected, atol=1e-4)

        def odds(scores: Tensor, c: int) -> np.ndarray:
            share = scores.double().softmax(1)[:, c].numpy()
            return np.log(share / (1 - share))

        for unit in range(5):
            after = naive(net, "conv", data.images, [unit], 1)
            for c in set(data.targets):
                lost = odds(net(data.images), c) - odds(after, c)
                mine = [lost[i] for i in range(len(data)) if data.targets[i] == c]
                assert found.odds_loss[unit, c] == pytest.approx(np.mean(mine), abs=1e-4)


def test_ranking_and_combinations() -> None:
    found = dw.rank_units(dw.ClassifierData(telling(), Images()), "conv", progress=False)
    for name in ("ant", "gnu"):
        c = found.classes.index(name)
        keys = [(-found.loss[u, c], -found.odds_loss[u, c]) for u in range(5)]
        assert found.top_units(name).tolist() == sorted(range(5), key=keys.__getitem__)
    by_odds = found.ranked_by("log-odds")
    assert by_odds.top_units("gnu").tolist() == np.argsort(-found.odds_loss[:, 6]).tolist()
    best = {name: by_odds.top_units(name)[:1].tolist() for name in by_odds.present_classes}
    costs = {name: found.odds_loss[best[name][0], found.classes.index(name)] for name in best}
    assert by_odds.combinations(1) == {name: best[name] if costs[name] > 0 else [] for name in best}
    with pytest.raises(SettingError, match=r"measure is 'odds'.*'log-odds'"):
        found.ranked_by("odds")  # type: ignore[arg-type]
    sets = found.combinations(2)
    assert set(sets) == {"ant", "bee", "cow", "elk", "gnu"}
    counts = [sum(unit in chosen for chosen in sets.values()) for unit in range(5)]
    assert found.important_to(2).tolist() == counts and sum(counts) > 0
    frame = found.to_frame(["cow"])
    assert frame["unit"].tolist() == found.top_units("cow").tolist()
    assert frame["loss"].iloc[0] == found.loss[:, 2].max()


def test_sets_equal_brute_force() -> None:
    net, data = telling(), Images()
    importance = dw.rank_units(dw.ClassifierData(net, Images(17)), "conv", progress=False)
    sizes = [0, 2, 5, 1]
    found = dw.ablate_unit_sets(
        dw.ClassifierData(net, data), importance, sizes, names=["bee", "gnu"], repeats=3, progress=False
    )
    truth = np.array(data.targets)

    def accuracy(removed: list[int], c: int) -> tuple[float, float]:
        predicted_classes = naive(net, "conv", data.images, removed, 1).argmax(1).numpy()
        balanced = (
            (predicted_classes[truth == c] == c).mean() + (predicted_classes[truth != c] != c).mean()
        ) / 2
        return float(balanced), float((predicted_classes == truth).mean())

    for row, name in enumerate(("bee", "gnu")):
        order, c = importance.top_units(name).tolist(), data.classes.index(name)
        for column, n in enumerate(sizes):
            removed = {"remove most": order[:n], "remove least": order[5 - n :], "keep most": order[n:]}
            for kind, units in removed.items():
                both = found.class_accuracy[kind][row, column], found.overall[kind][row, column]
                assert both == pytest.approx(accuracy(units, c)), (kind, n)
        assert found.before[row] == pytest.approx(accuracy([], c)[0])
        for kind in ("remove random", "keep random"):
            assert found.class_accuracy[kind].shape == (3, 2, 4) and found.overall[kind].shape == (3, 4)
        nothing, everything = (
            found.class_accuracy["remove random"][:, row, 0],
            found.class_accuracy["keep random"][:, row, 2],
        )
        assert (nothing == found.before[row]).all() and (everything == found.before[row]).all()
    table = found.table("gnu", [2])
    assert table.loc["keep most 2", "balanced accuracy"] == pytest.approx(
        found.class_accuracy["keep most"][1, 1]
    )
    assert table.loc["remove random 2", "all-class accuracy"] == pytest.approx(
        found.overall["remove random"][:, 1].mean()
    )
    assert len(found.summary()) == 5 * 4


def test_sets_of_ones_own_equal_brute_force() -> None:
    net, data = telling(), Images()
    sets = [[3, 0], [], [4, 1, 2]]
    for keep in (False, True):
        found = dw.ablate_units(dw.ClassifierData(net, data), "conv", sets, keep=keep, progress=False)
        for row, units in enumerate(sets):
            removed = [u for u in range(5) if u not in units] if keep else units
            predicted_classes = naive(net, "conv", data.images, removed, 1).argmax(1).numpy()
            assert (found.ablated[row] == predicted_classes).all()
        assert found.accuracy.after.shape == (3, 7)
    for bad in ([[5]], [[-1]], [[2, 2]]):
        with pytest.raises(SettingError):
            dw.ablate_units(dw.ClassifierData(net, data), "conv", bad, progress=False)


def test_a_network_that_is_run_whole_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    dw.rank_units(dw.ClassifierData(made(Winding), Images()), "conv", progress=True)
    assert "full passes: it cannot be traced" in "".join(capsys.readouterr())


def test_random_sets_have_their_size_and_hold_one_another() -> None:
    from dissect_widgets.core.ablation.unit_sets import plan_sets

    importance = dw.rank_units(dw.ClassifierData(telling(), Images()), "conv", progress=False)
    plan = plan_sets(importance, [1, 2, 4], classes=["ant"], repeats=20, seed=4)
    random = plan.kept[9:69].reshape(20, 3, 5)
    assert (random.sum(2) == [4, 3, 1]).all()
    assert (random[:, 1] <= random[:, 0]).all() and len({r.tobytes() for r in random[:, 1]}) > 3
    kept = plan.kept[69:].reshape(20, 3, 5)
    assert (kept.sum(2) == [1, 2, 4]).all()


class Bare(Images):
    """Images of which nobody knows the class."""

    def __init__(self) -> None:
        super().__init__()
        del self.targets

    def __getitem__(self, index: int) -> Tensor:  # type: ignore[override]
        return self.images[index]


def test_targets_may_be_what_the_network_says() -> None:
    net = telling()
    with pytest.raises(DataError, match=r"0.jpg has nothing where its class.*predicted"):
        dw.rank_units(dw.ClassifierData(net, Bare()), "conv", progress=False)
    found = dw.rank_units(dw.ClassifierData(net, Bare(), targets="predicted"), "conv", progress=False)
    assert (
        found.predictions.targets == found.predictions.predicted
    ).all() and found.accuracy.overall_before == 1


def test_classes_are_found_by_their_names() -> None:
    net, data = telling(), Images()
    other = Images.classes[::-1]
    found = dw.rank_units(dw.ClassifierData(net, data, classes=other), "conv", progress=False)
    assert (found.predictions.targets == 6 - np.array(data.targets)).all()
    with pytest.raises(SettingError, match=r"no 'ant' of the data. Did you mean 'aunt'"):
        dw.rank_units(
            dw.ClassifierData(net, data, classes=["aunt", *Images.classes[1:]]), "conv", progress=False
        )


class Odd(nn.Module):
    """A classifier whose output is something else."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.conv, self.kind = nn.Conv2d(3, 5, 3), kind
        self.aside = nn.Conv2d(3, 5, 3)

    def forward(self, x: Tensor) -> Any:
        maps, _ = self.conv(x), self.aside(x)
        scores = maps.mean((2, 3))
        nan = torch.where(x[:, :1, 0, 0] > 0.5, scores, torch.nan)
        several = {"a": scores, "b": scores + 1}
        return {"several": several, "maps": maps, "nan": nan}.get(self.kind, scores)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("several", "dict with a .*Wrap"), ("maps", r"\(2, 5, 20, 24\) for 2")],
)
def test_outputs_that_are_no_scores(kind: str, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        dw.rank_units(
            dw.ClassifierData(made(lambda: Odd(kind)), Images(), targets=[0] * 23), "conv", progress=False
        )


def test_bad_input_is_refused() -> None:
    net, data = telling(), Images()
    with pytest.raises(LayerError, match=r"Did you mean 'conv'"):
        dw.rank_units(dw.ClassifierData(net, data), "cnov", progress=False)
    with pytest.raises(LayerError, match="does not depend on layer 'aside'"):
        dw.rank_units(
            dw.ClassifierData(made(lambda: Odd("")), data, targets=[0] * 23), "aside", progress=False
        )
    with pytest.raises(ActivationError, match=r"scores of image '\d+.jpg' are not finite"):
        dw.rank_units(
            dw.ClassifierData(made(lambda: Odd("nan")), data, targets=[0] * 23), "conv", progress=False
        )
    with pytest.raises(SettingError, match="training mode"):
        dw.rank_units(dw.ClassifierData(telling().train(), data), "conv", progress=False)
    with pytest.raises(DataError, match=r"0.jpg is of class 7; the network has 7 classes"):
        dw.rank_units(dw.ClassifierData(net, data, targets=[7] * 23), "conv", progress=False)
    with pytest.raises(DataError, match=r"3.jpg is of class -2"):
        dw.rank_units(
            dw.ClassifierData(net, data, targets=[0, 1, 2, -2] * 5 + [0] * 3), "conv", progress=False
        )
    with pytest.raises(SettingError, match="22 targets for 23"):
        dw.rank_units(dw.ClassifierData(net, data, targets=[0] * 22), "conv", progress=False)
    with pytest.raises(SettingError, match="'predicted'"):
        dw.ClassifierData(net, data, targets="own")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="8 names, but the network has 7"):
        dw.rank_units(dw.ClassifierData(net, data, classes=[*Images.classes, "hen"]), "conv", progress=False)
    with pytest.raises(SettingError, match="'ant' is there more than once"):
        dw.rank_units(dw.ClassifierData(net, data, classes=["ant"] * 7), "conv", progress=False)
    with pytest.raises(DataError, match="no images"):
        dw.rank_units(dw.ClassifierData(net, []), "conv", progress=False)
    found = dw.rank_units(dw.ClassifierData(net, data), "conv", progress=False)
    with pytest.raises(ConceptError, match=r"'dog' has 0 of the 23 images"):
        found.top_units("dog")
    with pytest.raises(ConceptError, match=r"no class 'foxx'. Did you mean 'fox'"):
        found.top_units("foxx")
    with pytest.raises(SettingError, match=r"allowed is 1 to 5"):
        found.important_to(6)
    with pytest.raises(SettingError, match=r"allowed are different numbers from 0 to 5"):
        dw.ablate_unit_sets(dw.ClassifierData(net, data), found, [1, 6], progress=False)
    with pytest.raises(ConceptError, match="'dog'"):
        dw.ablate_unit_sets(dw.ClassifierData(net, data), found, [1], names=["dog"], progress=False)
    with pytest.raises(SettingError, match="no unit 5; the layer has units 0 to 4"):
        keep_all_but([[1], [5]], 5)
    with pytest.raises(SettingError, match="Unit 3 is in a set more than once"):
        keep_all_but([[3, 1, 3]], 5)


def test_an_interrupted_run_keeps_what_it_found() -> None:
    net, data = telling(), Images()
    whole = dw.rank_units(dw.ClassifierData(net, data, batch_size=4), "conv", progress=False)
    source = ClassifierData(net, data, batch_size=4)

    def stop(done: int, total: int) -> None:
        if done == 12:
            raise KeyboardInterrupt

    def each(units: int) -> Any:
        return ~np.eye(units, dtype=bool)

    with pytest.raises(dw.Interrupted, match="12 of 23") as caught:
        run_edits(source, "conv", each, progress=stop)
    part = UnitImportance(caught.value.run.state.finished())
    assert part.images == 12
    assert (part.predictions.ablated == whole.predictions.ablated[:, :12]).all()
    steps: list[int] = []
    again = run_edits(
        source, "conv", each, begun=caught.value.run, progress=lambda done, total: steps.append(done)
    )
    assert steps == [12, 16, 20, 23]
    assert (again.ablated == whole.predictions.ablated).all()
    assert (again.odds_loss == whole.predictions.odds_loss).all()
    assert all((again.moments[name] == whole.predictions.moments[name]).all() for name in again.moments)
    with pytest.raises(dw.Interrupted) as caught:
        run_edits(source, "conv", each, progress=stop)
    with torch.no_grad():
        net.fc.bias[0] += 1  # another network: the interrupted run is not resumed
    steps.clear()
    run_edits(source, "conv", each, begun=caught.value.run, progress=lambda done, total: steps.append(done))
    assert steps[0] == 0


def test_a_batch_that_is_half_counted_is_not_gone_on_from() -> None:
    source = ClassifierData(telling(), Images(), batch_size=4)
    unfinished: list[InterruptedRun] = []

    class Stops(dict[str, Any]):
        """Moments that are interrupted when the second batch is added."""

        left = 7

        def __getitem__(self, name: str) -> Any:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
            return super().__getitem__(name)

    new = edits._new

    def stopping(*arguments: Any) -> Any:
        state = new(*arguments)
        state.moments = Stops(state.moments)
        return state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edits, "_new", stopping)
        with pytest.raises(KeyboardInterrupt) as caught:
            run_edits(source, "conv", lambda units: ~np.eye(units, dtype=bool), hold=unfinished.append)
    assert not unfinished and not isinstance(caught.value, dw.Interrupted)


def test_an_error_in_the_middle_loses_nothing() -> None:
    net, data = telling(), Images()
    broken = data.images[13].clone()
    data.images[13, 0, 0, 0] = 7
    with pytest.raises(DataError, match=r"13.jpg has values"):
        dw.rank_units(dw.ClassifierData(net, data, batch_size=4), "conv", progress=False)
    data.images[13] = broken
    assert [run.done for run in dw.interrupted()] == [12]
    again = dw.rank_units(dw.ClassifierData(net, data, batch_size=4), "conv", progress=False)
    assert (again.predictions.ablated == brute(net, data)[1]).all()


@pytest.mark.parametrize(
    ("make", "layer"), [(vgg, "4"), (Residual, "low"), (Tokens, "norm"), (Twice, "conv")]
)
def test_held_images_are_predicted_as_by_the_naive_loop(
    make: Any, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dissect_widgets.core.ablation.cached._IMAGES_TOGETHER", 8)
    net, data = made(make), Images()
    held = cache_activations(ClassifierData(net, data, batch_size=4), layer)
    with torch.no_grad():
        assert (held.predicted == net(data.images).argmax(1).numpy()).all()
    dim = {"norm": 2}.get(layer, 1)
    for removed in ([], [1], [0, 2, 4], list(range(held.units))):
        expected = naive(net, layer, data.images, removed, dim).argmax(1).numpy()
        assert (held.predict(removed) == expected).all()
    assert held.targets.tolist() == data.targets and len(held.jpegs) == 23
    found = held.accuracy([held.predict([1]), held.predict([])])
    assert found.after.shape == (2, 7) and (found.loss[1][[0, 1, 2, 4, 6]] == 0).all()
    with pytest.raises(SettingError, match="no unit 9"):
        held.predict([9])


def test_a_unit_that_never_changes_correlates_with_nothing() -> None:
    net, data = telling(), Images()
    for value in (0.1, 0.3, 0.7, 1.1, 1.3, 1.7):
        with torch.no_grad():
            net.conv.weight[1], net.conv.bias[1] = 0, value
        found = dw.rank_units(dw.ClassifierData(net, data, batch_size=4), "conv", progress=False)
        assert np.isnan(found.correlation[1]).all() and np.isfinite(found.correlation[0]).all()


def test_losses_that_cancel_are_zero() -> None:
    targets = np.repeat([0, 1], 3)  # one of its own lost, and one false alarm: nothing is lost in all
    predicted, edited = np.array([0, 0, 1, 0, 1, 1]), np.array([[0, 1, 1, 1, 1, 1]])
    assert compare(targets, predicted, edited, 2).loss[0, 0] == 0


def test_few_units_and_no_classes() -> None:
    net, data = telling(), Images()
    with torch.no_grad():
        net.conv = nn.utils.skip_init(nn.Conv2d, 3, 3, 3).eval()
        net.conv.weight[:] = torch.arange(81).view(3, 3, 3, 3).sin() / 5
        net.conv.bias[:] = 0.1
        net.fc.weight = nn.Parameter(net.fc.weight[:, : 3 * 20 * 24])
    importance = dw.rank_units(dw.ClassifierData(net, data), "conv", progress=False)
    sets = dw.ablate_unit_sets(dw.ClassifierData(net, data), importance, [1], progress=False)
    assert sets.classes == ("ant", "bee", "cow", "elk", "gnu")
    with pytest.raises(SettingError, match="no classes"):
        dw.ablate_unit_sets(dw.ClassifierData(net, data), importance, [1], names=[], progress=False)


def test_images_in_memory_are_the_same_images() -> None:
    net, data = telling(), Images()
    held = dw.InMemory(data, 17)
    assert len(held) == 17 and held.targets == data.targets[:17] and held.names[16] == "16.jpg"
    found = dw.rank_units(dw.ClassifierData(net, held), "conv", progress=False)
    assert (found.loss == dw.rank_units(dw.ClassifierData(net, Images(17)), "conv", progress=False).loss)[
        :, [0, 1]
    ].all()
    assert found.classes == Images.classes
    assert len(dw.InMemory(data)) == 23


def test_images_in_memory_without_their_labels() -> None:
    labeled = ArrayImages()
    held = dw.InMemory(labeled, 4, labels=False)
    assert torch.equal(held[3], labeled.images[3]) and held.names == labeled.names[:4]
    assert not hasattr(held, "vocabulary")
    classed = dw.InMemory([(labeled.images[i], i % 3) for i in range(4)], labels=False)
    assert classed[2][1] == 2 and torch.equal(classed[2][0], labeled.images[2])
