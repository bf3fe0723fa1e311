"""The few-units question on small networks: what is lost equals loops, and verdicts follow the criterion."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.data.confidence import Z99
from dissect_widgets.errors import SettingError
from dissect_widgets.replication.claims.pnas import more_classes
from dissect_widgets.replication.evidence import Evidence
from dissect_widgets.replication.studies import Divided, DivisionStudy
from dissect_widgets.replication.studies.few_units import (
    difference,
    few_units_table,
    measure_few_units,
    share_lost,
)
from tests.small_networks import seeded

UNITS, SIZES = 11, (2, 5)


class Net(nn.Module):
    """11 units, and as many classes as asked for."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, UNITS, 3)
        self.head = nn.Linear(UNITS, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.conv(images).relu().mean((2, 3)))


class Colors:
    """Random images with the class that a network sees in most of them."""

    def __init__(self, net: nn.Module, classes: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.images = torch.rand(60, 3, 5, 7, generator=generator)
        self.images *= torch.rand(60, 3, 1, 1, generator=generator)
        with torch.no_grad():
            self.targets = net(self.images).argmax(1).tolist()
        for index in range(0, 60, 7):
            self.targets[index] = index % classes
        self.classes = tuple(f"class {number}" for number in range(classes))

    def __len__(self) -> int:
        return 60

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


def divided(classes: int) -> Divided:
    with torch.random.fork_rng():
        net = seeded(Net(classes), classes).eval()
    with torch.no_grad():
        net.head.bias.zero_()
    return Divided(net, Colors(net, classes, 1), Colors(net, classes, 2))


@pytest.fixture(scope="module")
def study() -> DivisionStudy:
    networks = {"finer": divided(5), "coarser": divided(3)}
    return DivisionStudy(name="made", networks=networks, layer="conv", shares=(0.2, 0.45), repeats=4)


@pytest.fixture(scope="module")
def effects(study: DivisionStudy) -> dict[str, SetEffects]:
    return measure_few_units(study, progress=False)


def balanced(net: nn.Module, data: Colors, number: int, removed: list[int]) -> float:
    """Balanced accuracy of a class without some units, picture by picture."""
    hits, passed, of_class, others = 0, 0, 0, 0
    for image, target in zip(data.images, data.targets, strict=True):
        with torch.no_grad():
            maps = net.conv(image[None])
            maps[:, removed] = 0
            is_seen = int(net.head(maps.relu().mean((2, 3))).argmax()) == number
        if target == number:
            hits, of_class = hits + is_seen, of_class + 1
        else:
            passed, others = passed + (not is_seen), others + 1
    return (hits / of_class + passed / others) / 2


def odds_ranking(net: nn.Module, data: Colors, number: int) -> list[int]:
    """Units by the log-odds that a class loses over its pictures without each, most first."""

    def odds(removed: list[int]) -> float:
        total = 0.0
        for image, target in zip(data.images, data.targets, strict=True):
            if target == number:
                with torch.no_grad():
                    maps = net.conv(image[None])
                    maps[:, removed] = 0
                    chance = net.head(maps.relu().mean((2, 3))).double().softmax(1)[0, number]
                total += float(torch.log(chance / (1 - chance)))
        return total

    whole = odds([])
    lost = [whole - odds([unit]) for unit in range(UNITS)]
    return sorted(range(UNITS), key=lambda unit: -lost[unit])


@pytest.mark.parametrize("name", ["finer", "coarser"])
def test_what_is_lost_equals_loops(study: DivisionStudy, effects: dict[str, SetEffects], name: str) -> None:
    net, train, held_out = study.networks[name]
    wanted = []
    for class_name in effects[name].classes:
        number = held_out.classes.index(class_name)
        before = balanced(net, held_out, number, [])
        if before < 0.6:
            continue
        ranking = odds_ranking(net, train, number)
        after = [balanced(net, held_out, number, ranking[:size]) for size in SIZES]
        wanted.append([(before - one) / (before - 0.5) for one in after])
    lost = share_lost(effects[name])
    assert effects[name].sizes == SIZES and lost.classes == len(wanted) >= 2
    assert lost.mean == pytest.approx(np.mean(wanted, 0))
    halves = Z99 * np.std(wanted, 0, ddof=1) / np.sqrt(len(wanted))
    assert lost.interval == pytest.approx(halves)
    assert (lost.random <= lost.mean + 0.2).all() and np.isfinite(lost.random_interval).all()


def made(before: list[float], most: float, random: float) -> Any:
    """Effects on classes that lose these shares, all of them nearly the same."""
    above, spread = np.array(before) - 0.5, np.linspace(-0.01, 0.01, len(before))
    return SimpleNamespace(
        before=np.array(before),
        classes=tuple(map(str, range(len(before)))),
        sizes=(2,),
        units=11,
        class_accuracy={
            "remove most": (0.5 + above * (1 - most - spread))[:, None],
            "remove random": np.stack([0.5 + above * (1 - random - s) for s in (-0.02, 0.0, 0.02)])[
                ..., None
            ],
        },
    )


def test_classes_near_chance_are_left_out_and_intervals_are_of_the_others() -> None:
    lost = share_lost(made([0.9, 0.8, 0.55, 1.0, 0.6], 0.4, 0.1))
    assert (lost.classes, lost.left_out) == (4, 1)
    assert lost.mean[0] == pytest.approx(0.4, abs=0.005) and lost.random[0] == pytest.approx(0.1)
    assert lost.random_interval[0] == pytest.approx(Z99 * 0.02 / np.sqrt(3))
    with pytest.raises(SettingError, match="1 of 2 classes"):
        share_lost(made([0.9, 0.5], 0.4, 0.1))


@pytest.mark.parametrize(
    ("finer", "coarser", "holds"), [(0.5, 0.2, True), (0.21, 0.2, False), (0.1, 0.3, False)]
)
def test_the_verdict_follows_the_criterion(finer: float, coarser: float, holds: bool) -> None:
    effects = {"finer": made([0.9, 0.8, 1.0], finer, 0.01), "coarser": made([0.9, 0.95], coarser, 0.02)}
    verdict = more_classes(SimpleNamespace(divided=effects))  # type: ignore[arg-type]
    assert verdict.holds is holds
    assert "with 3 classes instead of 2" in verdict.ours and "random sets 1 and 2 %" in verdict.ours
    assert verdict.numbers["finer"]["mean"] == pytest.approx([finer])
    more, half = difference(share_lost(effects["finer"]), share_lost(effects["coarser"]))
    assert more[0] == pytest.approx(finer - coarser) and half[0] > 0.01


def test_the_table_has_a_row_for_each_network_and_size(effects: dict[str, SetEffects]) -> None:
    table = few_units_table(effects)
    assert table["units removed"].tolist() == ["2 of 11 (18%)", "5 of 11 (45%)"] * 2
    assert table["classes"].tolist() == [len(effects["finer"].classes)] * 2 + [3, 3]


def test_without_such_networks_the_claim_cannot_be_tested() -> None:
    evidence = Evidence(None, None)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="no two networks"):
        more_classes(evidence)
