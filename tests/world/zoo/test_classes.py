"""Classes: which score is which class, of all of them, of half, and of two data sets."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from dissect_widgets.world.zoo.library import _joined
from dissect_widgets.world.zoo.tasks.classes import Classes


class Reader(nn.Module):
    """Scores that are written in the pictures: class k is best where the first pixel is k / 255."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.arange(classes).float())

    def forward(self, images: Tensor) -> Tensor:
        return -((images[:, 0, 0, 0] * 255)[:, None] - self.places).abs()


def data(written: list[int], targets: list[int]) -> dict[str, Tensor]:
    images = torch.tensor(written, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 8, 10).contiguous()
    return {"images": images, "targets": torch.tensor(targets)}


def test_all_classes() -> None:
    task = Classes("scenes", partial(Reader, 5), (5,))
    assert task.figures(task.build(0), data([0, 1, 4, 2], [0, 1, 3, 2])) == {"top-1": 0.75}
    assert task.chance == {"top-1": 0.2}


def test_some_classes_are_learned_and_counted_alone() -> None:
    task = Classes("scenes", partial(Reader, 3), (5,), kept=(0, 2, 4))
    held_out = data([0, 1, 2, 0, 1], [0, 2, 4, 1, 3])  # the last two are of classes that are not learned
    assert task.chosen(held_out).tolist() == [True, True, True, False, False]
    assert task.figures(task.build(0), held_out) == {"top-1": 1.0}
    assert task.chance == {"top-1": 1 / 3}


def test_classes_of_two_data_sets_stand_behind_one_another() -> None:
    task = Classes("scenes+objects", partial(Reader, 7), (3, 4))
    joined = _joined([data([0, 2, 5], [0, 2, 1]), data([3, 6], [0, 3]) | {"more": torch.zeros(2)}])
    assert joined["source"].tolist() == [0, 0, 0, 1, 1] and "more" not in joined
    figures = task.figures(task.build(0), joined)
    assert {name: round(value, 4) for name, value in figures.items()} == {
        "top-1": 0.8,
        "top-1, scenes": 0.6667,
        "top-1, objects": 1.0,
    }


def test_several_targets_can_be_one_class() -> None:
    task = Classes("finer", partial(Reader, 2), (2,), groups=(0, 0, 1, 0))
    assert task.figures(task.build(0), data([0, 0, 1, 1], [0, 1, 2, 3])) == {"top-1": 0.75}
    assert task.chance == {"top-1": 0.5}


def test_the_loss_falls_where_scores_are_right() -> None:
    task = Classes("scenes", partial(Reader, 5), (5,))
    net, rng = task.build(0), torch.Generator()
    right, wrong = (data([0, 1, 2], targets) for targets in ([0, 1, 2], [1, 2, 4]))
    first, second = (
        task.loss(net, part | {"images": part["images"].float() / 255}, rng) for part in (right, wrong)
    )
    assert first < second
