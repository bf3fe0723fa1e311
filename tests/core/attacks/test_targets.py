"""Goals of attacks: margins, and which class each image is to be predicted as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from dissect_widgets.core.attacks.targets import AttackTarget, plan_targets
from dissect_widgets.errors import ConceptError, SettingError
from tests.core.small_classifiers import CLASSES, margins


def scores(count: int = 23, classes: int = 7) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(count, classes)).astype(np.float32)


@pytest.mark.parametrize("targeted", [True, False])
def test_margins_by_brute_force(targeted: bool) -> None:
    logits, own = torch.from_numpy(scores()), [i * 3 % 7 for i in range(23)]
    before = logits.clone()
    goal = AttackTarget(torch.tensor(own), targeted)
    expected = margins(logits, own, targeted=targeted)
    assert goal.margin(logits).tolist() == pytest.approx(expected)
    reached = [(k == c) == targeted for k, c in zip(logits.argmax(1).tolist(), own, strict=True)]
    assert (goal.margin(logits) < 0).tolist() == reached and 0 < sum(reached) < 23
    assert torch.equal(logits, before)
    some = goal.of(torch.tensor([4, 2, 19]))
    assert some.targeted == targeted
    assert some.margin(logits[[4, 2, 19]]).tolist() == pytest.approx([expected[i] for i in (4, 2, 19)])
    assert goal.of(slice(3, 5)).classes.tolist() == own[3:5]


def test_a_margin_of_nothing_is_no_success() -> None:
    even = torch.tensor([[1.0, 3.0, 3.0]])
    for number in (1, 2):
        for targeted in (True, False):
            assert AttackTarget(torch.tensor([number]), targeted).margin(even).tolist() == [0]


def plan(target: Any, numbers: list[int] | None = None, names: Any = CLASSES, seed: int = 0) -> list[int]:
    numbers = list(range(23)) if numbers is None else numbers
    logits = scores(900, len(names))[numbers]
    found = plan_targets(target, logits, names, numbers, seed)
    assert found.dtype == np.int64
    return [int(k) for k in found]


def test_one_class_for_all_or_for_each() -> None:
    assert plan(None) == [-1] * 23
    assert plan("cow") == plan(2) == plan(np.int64(2)) == [2] * 23
    assert plan(0) == plan("ant") == [0] * 23
    assert plan(["gnu", 0, np.int64(3)], [0, 1, 2]) == [6, 0, 3]
    assert plan(("bee", "ant"), [5, 4]) == plan(np.array(["bee", "ant"]), [5, 4]) == [1, 0]
    assert plan(np.array([6, 5]), [5, 4]) == [6, 5]


def test_the_nearest_is_second() -> None:
    expected = [sorted(range(7), key=lambda k: -row[k])[1] for row in scores(900)[:23].tolist()]
    assert plan("nearest") == expected


def test_random_targets_depend_on_their_image_alone() -> None:
    everyone, now = plan("random", list(range(900))), scores(900).argmax(1)
    assert (np.array(everyone) != now).all()
    for own in range(7):  # every other class comes up
        assert {k for k, c in zip(everyone, now, strict=True) if c == own} == set(range(7)) - {own}
    assert plan("random", [41, 3, 888]) == [everyone[number] for number in (41, 3, 888)]
    assert plan("random", list(range(900))) == everyone
    assert plan("random", list(range(900)), seed=1) != everyone


def test_a_class_may_have_the_name_of_a_choice() -> None:
    names = ("ant", "random", "nearest")
    assert plan("random", names=names) == [1] * 23 and plan("nearest", names=names) == [2] * 23


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("cwo", ConceptError, "no class 'cwo'. Did you mean 'cow'"),
        ("nearset", ConceptError, "no class 'nearset'"),
        (7, SettingError, "no class 7; classes are 0 to 6, or names"),
        (-1, SettingError, "no class -1; classes are 0 to 6"),
        (True, SettingError, "no class True"),
        ([True] * 3, SettingError, "no class True"),
        ([0, 1.0, 2], SettingError, r"no class 1\.0"),
        ([0, 1, 7], SettingError, "no class 7"),
        (["ant", "bee", "cwo"], ConceptError, "Did you mean 'cow'"),
        ([0, "nearest", 2], ConceptError, "no class 'nearest'"),
        ([1, 2], SettingError, "2 targets for 3 images"),
        ([1, 2, 3, 4], SettingError, "4 targets for 3 images"),
        ([], SettingError, "0 targets for 3 images"),
    ],
)
def test_targets_that_are_none(target: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plan(target, [0, 1, 2])


def test_one_class_is_none_to_be_told_as_another() -> None:
    for target in (None, "nearest", "random", 0):
        with pytest.raises(SettingError, match="a single class"):
            plan(target, [0, 1, 2], names=("ant",))


def test_random_targets_among_some() -> None:
    logits = scores(900)
    numbers, now = list(range(900)), logits.argmax(1)
    names = ("ant", "bee", "cow", "dog", "elk", "fox", "gnu")

    def plan_among(among: list[str | int] | None) -> list[int]:
        return plan_targets("random", logits, names, numbers, 0, among).tolist()

    some = plan_among(["gnu", 1, "dog", "dog"])
    assert (np.array(some) != now).all()
    for own in range(7):
        assert {k for k, c in zip(some, now, strict=True) if c == own} == {1, 3, 6} - {own}
    assert plan_among(list(names[::-1])) == plan_among(None)
    for among in ([], ["dog"], [3, "dog"]):
        with pytest.raises(SettingError, match="must name two classes"):
            plan_among(among)  # type: ignore[arg-type]
    with pytest.raises(ConceptError, match="no class 'dgo'"):
        plan_among(["dgo", "ant"])
    with pytest.raises(SettingError, match="among is for random targets; the target is 'ant'"):
        plan_targets("ant", logits, names, numbers, 0, ["ant", "bee"])
