"""The tasks that need no labels: they learn, repeat themselves, and count right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from dissect_widgets.world.clips import MOTIONS
from dissect_widgets.world.zoo.base import Batch, backbone, floating
from dissect_widgets.world.zoo.lab import bins_of, color_bins, lab_of
from dissect_widgets.world.zoo.tasks import order
from dissect_widgets.world.zoo.tasks.coloring import (
    LEVELS,
    Colorization,
    CrossChannel,
    cell_colors,
    cell_lab,
    levels_of,
)
from dissect_widgets.world.zoo.tasks.context import SIDES, Context
from dissect_widgets.world.zoo.tasks.inpainting import ContextEncoder
from dissect_widgets.world.zoo.tasks.members import MEMBERS
from dissect_widgets.world.zoo.tasks.motion import EgoMotion, Moving
from dissect_widgets.world.zoo.tasks.objects import ObjectCentric
from dissect_widgets.world.zoo.tasks.order import VideoOrder
from dissect_widgets.world.zoo.tasks.pretext import Pretext
from dissect_widgets.world.zoo.tasks.puzzle import Puzzle, far_permutations
from dissect_widgets.world.zoo.tasks.ranking import ranking_figures, ranking_loss
from dissect_widgets.world.zoo.tasks.sound import Audio
from dissect_widgets.world.zoo.tasks.tracking import Tracking
from dissect_widgets.world.zoo.tasks.transitive import TransitiveInvariance, links

TASKS = {member.task.name: member.task for member in MEMBERS if isinstance(member.task, Pretext)}
FRAMES = {"pairs": 2, "clips": 4}
N = 6


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def places(n: int = N, size: int = 96) -> Tensor:
    """Pictures whose red is the row and whose green is the column, float (n, 3, size, size)."""
    ramp = torch.arange(size) / size
    rows, columns = torch.meshgrid(ramp, ramp, indexing="ij")
    return torch.stack([rows, columns, torch.full_like(rows, 0.5)]).repeat(n, 1, 1, 1)


def data_for(task: Pretext, n: int = N) -> Batch:
    """A data set that can be learned: smooth pictures, and whatever goes with them, in its colors."""
    rng = np.random.default_rng(5)
    coarse = torch.from_numpy(rng.random((n * FRAMES.get(task.data, 1), 3, 6, 6), np.float32))
    images = nn.functional.interpolate(coarse, size=96, mode="bicubic").clamp(0, 1).mul(255).byte()
    if task.data in FRAMES:
        images = images.view(n, FRAMES[task.data], 3, 96, 96)
    boxes = torch.tensor([[[10, 20, 58, 68], [12, 21, 60, 69]]]).repeat(n, 1, 1).to(torch.int16)
    motion = torch.from_numpy(rng.uniform(-1, 1, (n, 4)).astype(np.float32)) * torch.tensor(
        [*MOTIONS.values()]
    )
    clusters = torch.from_numpy(rng.integers(0, 4, n))
    extras = {"pairs": {"motion": motion}, "clips": {"boxes": boxes}, "sounds": {task_column(task): clusters}}
    return {"images": images} | extras.get(task.data, {})


def task_column(task: Pretext) -> str:
    return task.column if isinstance(task, Audio) else "none"


@pytest.fixture(params=sorted(TASKS))
def task(request: pytest.FixtureRequest) -> Pretext:
    return TASKS[request.param]


def test_at_least_ten_of_the_papers_twelve_are_there() -> None:
    assert set(TASKS) == {
        "context",
        "puzzle",
        "egomotion",
        "tracking",
        "moving",
        "videoorder",
        "audio",
        "crosschannel",
        "colorization",
        "objectcentric",
        "transinv",
        "contextencoder",
    }
    assert all(member.simpler for member in MEMBERS)
    assert len({member.name for member in MEMBERS}) == len(MEMBERS)


@pytest.mark.slow
def test_the_loss_falls_within_thirty_steps(task: Pretext) -> None:
    net, batch = task.build(0).train(), floating(data_for(task))
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3)
    losses: list[float] = []
    with torch.random.fork_rng():
        for _ in range(30):
            loss = task.loss(net, batch, seeded(1))  # the same crops each time
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
            if np.mean(losses[-2:]) < 0.8 * losses[0]:
                return
    pytest.fail(f"{losses}")


@pytest.mark.slow
def test_the_same_seeds_give_the_same_network_and_loss(task: Pretext) -> None:
    batch = floating(data_for(task))
    first, again = task.build(3), task.build(3)
    for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    first.eval(), again.eval()
    assert torch.equal(task.loss(first, batch, seeded(1)), task.loss(again, batch, seeded(1)))
    held_out = data_for(task)
    assert task.figures(first, held_out) == task.figures(again, held_out)


def test_chance_is_said_for_the_most_telling_figure(task: Pretext) -> None:
    figures = task.figures(task.build(0).eval(), data_for(task))
    assert task.measure in figures
    assert task.measure in task.chance or f"{task.measure}, chance" in figures
    assert all(np.isfinite(value) for value in figures.values())


def test_the_backbone_takes_whole_pictures_by_the_names_of_the_original(task: Pretext) -> None:
    net = backbone(task.build(0)).eval()
    with torch.no_grad():
        assert net(torch.rand(2, 3, 96, 96, generator=seeded(0))).shape[2:] == (12, 12)
    convolutions = [name for name, part in net.named_modules() if isinstance(part, nn.Conv2d)]
    assert convolutions == ["conv1", "conv2", "conv3", "conv4", "conv5"]


def test_no_weight_is_kept_twice(task: Pretext) -> None:
    net = task.build(0)
    assert len({value.data_ptr() for value in net.state_dict().values()}) == len(net.state_dict())


# ----------------------------------------------------------------------------- what each of them shows


class Answers(nn.Module):
    """A network that answers as a function of its input says."""

    def __init__(self, answer: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, images: Tensor) -> Any:
        return self.answer(images)


def as_bytes(images: Tensor) -> Tensor:
    return (images * 255).round().byte()


def test_context_patches_lie_where_it_says() -> None:
    patches, sides = Context().pairs(places(200), seeded(0))
    assert patches.shape == (200, 2, 3, 24, 24)
    middles = patches.mean((3, 4))[:, :, :2] * 96
    steps = middles[:, 1] - middles[:, 0]
    expected = torch.tensor(SIDES)[sides]
    assert ((steps - 30 * expected).abs() <= 2.01).all()
    assert set(sides.tolist()) == set(range(8))


def test_context_figure_of_one_who_knows_and_of_one_who_guesses() -> None:
    held_out = {"images": as_bytes(places(400))}

    def knows(pairs: Tensor) -> Tensor:
        middles = pairs.mean((3, 4))[:, :, :2] * 96
        steps = ((middles[:, 1] - middles[:, 0]) / 30).round()
        return -(steps[:, None] - torch.tensor(SIDES)).abs().sum(2)

    assert Context().figures(Answers(knows), held_out) == {"accuracy": 1.0}
    guessed = Context().figures(Answers(lambda pairs: torch.eye(8)[0].repeat(len(pairs), 1)), held_out)
    assert guessed["accuracy"] == pytest.approx(1 / 8, abs=0.05)


def test_permutations_are_far_from_one_another() -> None:
    chosen = far_permutations(64)
    assert chosen.shape == (64, 9)
    assert (np.sort(chosen, 1) == np.arange(9)).all()
    distances = (chosen[:, None] != chosen).sum(2) + 9 * np.eye(64, dtype=int)
    assert distances.min() >= 7
    assert (far_permutations(4) == chosen[:4]).all()


def test_puzzle_tiles_are_in_the_order_of_the_permutation() -> None:
    tiles, numbers = Puzzle().puzzles(places(50), seeded(0))
    assert tiles.shape == (50, 9, 3, 24, 24)
    cells = (tiles.mean((3, 4))[:, :, :2] * 3).floor()
    order = (cells[:, :, 0] * 3 + cells[:, :, 1]).long().numpy()
    assert (order == far_permutations(64)[numbers.numpy()]).all()


def test_colors_are_known_or_guessed() -> None:
    images = floating(data_for(Colorization()))["images"]

    def knows(pictures: Tensor) -> Tensor:
        return 100 * one_hot(bins_of(cell_colors(pictures)), len(color_bins())).movedim(3, 1).float()

    held_out = {"images": as_bytes(images)}
    figures = Colorization().figures(Answers(knows), held_out)
    assert figures["accuracy"] == 1.0 and figures["R2 of color"] > 0.8  # bins are coarse
    bins = bins_of(cell_colors(held_out["images"].float() / 255)).flatten()
    most = bins.bincount().argmax()

    def guesses(pictures: Tensor) -> Tensor:
        return one_hot(most, len(color_bins())).float().view(1, -1, 1, 1).expand(len(pictures), -1, 24, 24)

    figures = Colorization().figures(Answers(guesses), held_out)
    assert figures["accuracy"] == pytest.approx(figures["accuracy, chance"])
    assert figures["R2 of color"] < 0.05


def test_balanced_weights_are_one_on_average_and_more_for_rare_colors() -> None:
    targets = torch.tensor([0] * 30 + [1] * 8 + [2] * 2).view(1, 5, 8)
    weights = Colorization().weights(targets)
    assert weights[targets.flatten()].mean() == pytest.approx(1.0, abs=1e-5)
    assert weights[0] < weights[1] < weights[2]


def test_a_network_without_color_sees_none() -> None:
    net = backbone(Colorization().build(0)).eval()
    gray = torch.full((1, 3, 96, 96), 0.5)
    lightness = lab_of(gray)[0, 0, 0, 0]
    red = torch.full_like(gray, 0.2)
    low, high = 0.2, 1.0
    for _ in range(40):  # a red of the same lightness
        red[:, 0] = (low + high) / 2
        low, high = (red[0, 0, 0, 0], high) if lab_of(red)[0, 0, 0, 0] < lightness else (low, red[0, 0, 0, 0])
        low, high = float(low), float(high)
    with torch.no_grad():
        assert torch.allclose(net(gray), net(red), atol=1e-3)


def test_halves_of_the_split_brain_know_nothing_of_each_other() -> None:
    net = CrossChannel().build(0).eval()
    images = torch.rand(2, 3, 96, 96, generator=seeded(0))
    images.requires_grad_()
    entered = net.backbone.center(images)
    entered.retain_grad()
    rest = nn.Sequential(*list(net.backbone.children())[1:])
    rest(entered)[:, : net.backbone.width // 2].sum().backward()
    assert (entered.grad[:, 2:] == 0).all() and (entered.grad[:, :2] != 0).any()


def test_split_brain_figures_of_one_who_knows() -> None:
    def knows(pictures: Tensor) -> tuple[Tensor, Tensor]:
        colors = one_hot(bins_of(cell_colors(pictures)), len(color_bins())).movedim(3, 1)
        return colors, one_hot(levels_of(cell_lab(pictures)[:, 0]), LEVELS).movedim(3, 1)

    figures = CrossChannel().figures(Answers(knows), data_for(CrossChannel()))
    assert figures["accuracy of color"] == figures["accuracy of lightness"] == 1.0
    assert 0 < figures["accuracy of lightness, chance"] < 0.6


def test_holes_are_filled_or_guessed() -> None:
    levels = torch.tensor([0.2, 0.4, 0.8]).view(3, 1, 1, 1)
    held_out = {"images": as_bytes(levels.expand(3, 3, 96, 96))}
    net = Answers(lambda cut_out: cut_out[:, :, :1, :1].expand(-1, -1, 48, 48))
    assert ContextEncoder().figures(net, held_out)["R2 of the hole"] == pytest.approx(1.0)
    mean = float(held_out["images"].float().mean() / 255)
    figures = ContextEncoder().figures(Answers(lambda cut_out: torch.full((3, 3, 48, 48), mean)), held_out)
    assert figures["R2 of the hole"] == pytest.approx(0.0, abs=1e-5)
    assert figures["PSNR gain in dB"] == pytest.approx(0.0, abs=1e-4)


def test_nothing_of_the_hole_is_seen() -> None:
    images = torch.rand(2, 3, 96, 96, generator=seeded(0))
    cut_out, missing = ContextEncoder().with_hole(images)
    assert torch.equal(missing, images[:, :, 24:72, 24:72])
    images[:, :, 24:72, 24:72] = 0.1
    assert torch.equal(ContextEncoder().with_hole(images)[0], cut_out)


def with_motion(n: int = 300) -> Batch:
    """Views of which the first shows the motion in its first pixels."""
    shares = torch.rand(n, 4, generator=seeded(0)) * 2 - 1
    images = torch.zeros(n, 2, 3, 8, 8)
    images[:, 0, 0, 0, :4] = (shares + 1) / 2
    return {"images": images, "motion": shares * torch.tensor([*MOTIONS.values()])}


def test_motion_is_known_or_guessed() -> None:
    held_out, bins = with_motion(), Moving().bins

    def knows(views: Tensor) -> Tensor:
        classes = (views[:, 0, 0, 0, :4] * bins - 1e-5).long().clamp(min=0)
        return one_hot(classes, bins).flatten(1)

    assert Moving().figures(Answers(knows), held_out)["accuracy"] == pytest.approx(1.0, abs=0.01)
    nothing = Answers(lambda views: torch.zeros(len(views), 4 * bins))
    figures = Moving().figures(nothing, held_out)
    assert figures["accuracy"] == pytest.approx(1 / bins, abs=0.05)
    assert 1 / bins <= figures["accuracy, chance"] < 1 / bins + 0.1


def test_the_kind_of_a_motion_is_its_largest_axis_and_sign() -> None:
    most = torch.tensor([*MOTIONS.values()])
    shares = torch.tensor([[0.9, -0.1, 0.5, 0.2], [0.1, -0.8, 0.7, 0.7], [0.0, 0.1, 0.3, -0.6]])
    assert EgoMotion().kinds({"motion": shares * most}).tolist() == [1, 2, 6]


def test_egomotion_figures_of_one_who_knows() -> None:
    held_out = with_motion()

    def knows(views: Tensor) -> Tensor:
        shares = views[:, 0, 0, 0, :4] * 2 - 1
        return torch.stack([shares, -shares], 2).flatten(
            1
        )  # the distance is least where the share is largest

    assert EgoMotion().figures(Answers(knows), held_out)["accuracy"] == 1.0


def test_ranking_loss_by_hand() -> None:
    anchors = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    positives = torch.tensor([[3.0, 0.0], [1.0, 1.0]])
    # cosine distances: to the first 0 and 1, to the second 1 - r and 1 - r, with r the root of a half
    near, r = 0.5, 0.5**0.5
    lacking = [max(0, 0 - (1 - r) + near), max(0, (1 - r) - 1 + near)]
    assert float(ranking_loss(anchors, positives)) == pytest.approx(sum(lacking) / 2, abs=1e-6)


def test_ranks_by_hand() -> None:
    anchors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    positives = torch.tensor([[1.0, 0.1], [1.0, 0.2], [1.0, 1.0]])
    # the second anchor is nearer to the third positive than to its own, and farther from the first
    assert ranking_figures(anchors, positives)["ranked right"].tolist() == [1.0, 0.5, 1.0]
    assert ranking_figures(anchors, positives)["nearest"].tolist() == [1.0, 0.0, 1.0]
    alike = torch.ones(5, 2)
    assert ranking_figures(alike, alike)["nearest, chance"].tolist() == pytest.approx([0.2] * 5)
    assert ranking_figures(alike, alike)["nearest"].tolist() == [0.0] * 5  # no answer is no right one
    assert ranking_figures(alike, alike)["ranked right"].tolist() == [0.5] * 5


@pytest.mark.parametrize("kind", [Tracking, ObjectCentric, TransitiveInvariance])
def test_things_are_known_by_their_shape_or_not(kind: type[Tracking]) -> None:
    angles = torch.arange(20) / 20 * torch.pi  # a direction in which each picture gets brighter
    ramp = torch.linspace(-1, 1, 96)
    slopes = ramp * angles.cos().view(-1, 1, 1) + ramp[:, None] * angles.sin().view(-1, 1, 1)
    images = as_bytes((0.45 + slopes * 0.15).view(20, 1, 1, 96, 96).expand(-1, 4, 3, -1, -1))
    held_out = data_for(Tracking(), 20) | {"images": images}

    def directions(pairs: Tensor) -> Tensor:
        gray = pairs.mean(2)
        return torch.stack([gray.diff(dim=2).mean((2, 3)), gray.diff(dim=3).mean((2, 3))], 2)

    figures = kind().figures(Answers(directions), held_out)
    assert figures["nearest"] > 0.9 and figures["ranked right"] > 0.99
    assert figures["nearest, chance"] == pytest.approx(1 / 20)
    blind = Answers(lambda pairs: torch.ones(len(pairs), 2, 3))
    assert kind().figures(blind, held_out)["ranked right"] == 0.5


def test_tracked_patches_are_those_in_the_boxes() -> None:
    clips = torch.rand(3, 4, 3, 96, 96, generator=seeded(0))
    boxes = torch.tensor([[[10, 20, 58, 68], [12, 21, 60, 69]]]).repeat(3, 1, 1)
    pairs = Tracking().pairs({"images": clips, "boxes": boxes})
    assert torch.allclose(pairs[:, 0], clips[:, 0, :, 20:68, 10:58], atol=1e-4)
    assert torch.allclose(pairs[:, 1], clips[:, 3, :, 21:69, 12:60], atol=1e-4)


def test_the_most_thinglike_square_lies_on_the_thing() -> None:
    images = torch.full((4, 3, 96, 96), 0.5)
    images[:, 0, 30:66, 40:76] = 1.0
    boxes = ObjectCentric(proposals=300).regions(images, seeded(0))
    middles = (boxes[:, :2] + boxes[:, 2:]).float() / 2
    assert ((middles - torch.tensor([48.0, 58.0])).abs() < 10).all()


def test_links_are_those_that_choose_each_other() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [-1.0, 0.1], [1.0, -0.3]])
    partners, linked = links(vectors)
    assert partners.tolist() == [1, 0, 1, 2, 0]
    assert linked.tolist() == [True, True, False, False, False]


def test_triples_are_in_order_or_not() -> None:
    clips = torch.arange(4.0).view(1, 4, 1, 1, 1).repeat(400, 1, 3, 5, 7)
    triples, ordered = VideoOrder().triples(clips, seeded(0))
    a, b, c = triples[:, :, 0, 0, 0].unbind(1)
    assert torch.equal((b - a) * (c - b) > 0, ordered.bool())
    assert ((a - c).abs() == 2).all()
    seen = {tuple(row) for row in triples[:, :, 0, 0, 0].int().tolist()}
    assert seen == {(0, 1, 2), (2, 1, 0), (1, 2, 3), (3, 2, 1), (0, 3, 2), (2, 3, 0), (1, 0, 3), (3, 0, 1)}
    assert 0.4 < float(ordered.float().mean()) < 0.6


def test_order_figures_of_one_who_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "tinted", lambda images, rng: images)
    clips = (torch.arange(4) * 50).byte().view(1, 4, 1, 1, 1).repeat(30, 1, 3, 96, 96)

    def knows(triples: Tensor) -> Tensor:
        a, b, c = triples[:, :, 0, 0, 0].unbind(1)
        return one_hot(((b - a) * (c - b) > 0).long(), 2)

    assert VideoOrder().figures(Answers(knows), {"images": clips}) == {"accuracy": 1.0}


def test_sounds_are_known_or_guessed() -> None:
    clusters = torch.tensor([0, 3, 3, 2, 3, 1, 0])
    images = (clusters * 10).byte().view(7, 1, 1, 1).repeat(1, 3, 8, 9)
    held_out = {"images": images, Audio().column: clusters}
    knows = Answers(lambda pictures: one_hot((pictures[:, 0, 0, 0] * 25.5).round().long(), Audio().clusters))
    assert Audio().figures(knows, held_out) == {"accuracy": 1.0, "accuracy, chance": pytest.approx(3 / 7)}
