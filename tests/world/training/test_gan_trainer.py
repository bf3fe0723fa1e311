"""A generator and its discriminators: what they compute, and runs that are interrupted and resumed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from dissect_widgets.errors import SavedError, SettingError
from dissect_widgets.world.networks import SceneNet
from dissect_widgets.world.training.discriminators import (
    Discriminator,
    FeatureDiscriminator,
    _minibatch_deviation,
)
from dissect_widgets.world.training.gan_trainer import Course, GanTrainer, _shifted
from dissect_widgets.world.training.progressive_growing import Growing, Stage, moment

PLAIN = Course(
    (5, 4, 3),
    (Stage(4, 2, 4), Stage(8, 4, 4, fade=3)),
    penalty_every=3,
    use_features=False,
    ema_half_life=2,
    seed=3,
)
FEATURED = Course(
    (5, 4, 3, 2, 2), (Stage(16, 1, 4), Stage(32, 3, 4, fade=2)), penalty_every=2, ema_half_life=20
)
SOME = np.array([1, 4, 5])
IMAGES = np.random.default_rng(0).integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)


def fresh(make: Callable[[], Any], seed: int = 0) -> Any:
    """What a function makes at random, with a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def narrow() -> SceneNet:
    return fresh(lambda: SceneNet(3, widths=(2, 3, 4, 5, 6), hidden=7))


def begin(course: Course, folder: Path, key: str = "key") -> GanTrainer:
    folder.mkdir(exist_ok=True)
    return GanTrainer(course, IMAGES, SOME, narrow(), folder, key)


def tensors(state: Any, name: str = "") -> dict[str, Any]:
    """All that a checkpoint holds, flat."""
    if isinstance(state, dict | list):
        items = state.items() if isinstance(state, dict) else enumerate(state)
        return {k: v for key, inner in items for k, v in tensors(inner, f"{name}/{key}").items()}
    return {name: state}


def same_bits(*runs: Path) -> None:
    """Compare the checkpoints of two runs."""
    one, other = (tensors(torch.load(run / "checkpoint.pt", weights_only=True)) for run in runs)
    assert one.keys() == other.keys() and len(one) > 100
    for name, value in one.items():
        assert (torch.equal if isinstance(value, Tensor) else (lambda a, b: a == b))(value, other[name]), name


@pytest.mark.parametrize("course", [PLAIN, FEATURED], ids=["plain", "featured"])
def test_a_run_that_is_stopped_ends_in_the_same_bits(course: Course, tmp_path: Path) -> None:
    steps = sum(stage.steps for stage in course.stages)
    losses: dict[str, list[Any]] = {"whole": [], "parts": []}
    assert begin(course, tmp_path / "whole").run(lambda *step: losses["whole"].append(step))
    ended = [
        begin(course, tmp_path / "parts").run(lambda *step: losses["parts"].append(step), seconds=0)
        for _ in range(steps)
    ]
    assert ended == [False] * (steps - 1) + [True]
    assert losses["whole"] == losses["parts"] and len(losses["whole"]) == steps
    assert [step for step, values in losses["whole"] if "gradient penalty" in values] == list(
        range(0, steps, course.penalty_every)
    )
    same_bits(tmp_path / "whole", tmp_path / "parts")
    assert not list(tmp_path.rglob("*.new"))


def test_a_longer_course_goes_on_from_a_shorter(tmp_path: Path) -> None:
    *before, last = PLAIN.stages
    longer = PLAIN._replace(stages=(*before, last._replace(steps=last.steps + 2)))
    assert longer.open_ended() == PLAIN.open_ended() != PLAIN._replace(seed=4).open_ended()
    assert begin(longer, tmp_path / "whole").run()
    assert begin(PLAIN, tmp_path / "parts").run() and begin(longer, tmp_path / "parts").run()
    same_bits(tmp_path / "whole", tmp_path / "parts")


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    runs = [begin(PLAIN._replace(seed=seed), tmp_path / str(seed)) for seed in (3, 3, 4)]
    first = [run.generator.state_dict()["generator.layer1.conv.weight"].clone() for run in runs]
    assert torch.equal(first[0], first[1]) and not torch.equal(first[0], first[2])


def test_every_step_has_images_of_its_own(tmp_path: Path) -> None:
    run = begin(PLAIN._replace(stages=(Stage(8, 4, 4),), penalty_every=9), tmp_path)
    latents: list[Tensor] = []
    scored: list[Tensor] = []
    run.generator.register_forward_pre_hook(lambda _, inputs: latents.append(inputs[0]))
    run.discriminator.register_forward_pre_hook(lambda _, inputs: scored.append(inputs[0].detach()))
    run.run()
    assert len(scored) == 13
    drawn = (
        scored[:1] + scored[5::3]
    )  # a step scores generated, drawn, generated images; the first has a penalty, too
    for own in (latents, drawn):
        assert len(own) == 4 and len({tuple(each.flatten().tolist()) for each in own}) == 4


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    begin(PLAIN, tmp_path, "one").run(seconds=0)
    with pytest.raises(SavedError, match="another run: it was started with one, this one is two"):
        begin(PLAIN, tmp_path, "two")


def test_the_average_by_a_plain_loop(tmp_path: Path) -> None:
    run = begin(PLAIN, tmp_path)
    seen = [{name: value.double() for name, value in run.generator.state_dict().items()}]
    run.run(lambda step, losses: seen.append({n: v.double() for n, v in run.generator.state_dict().items()}))
    average = seen[0]
    for number, weights in enumerate(seen[1:], start=1):
        keep = min(0.5 ** (4 / 2), number / (9 + number))
        average = {name: keep * average[name] + (1 - keep) * value for name, value in weights.items()}
    found = run.averaged()
    assert not found.training and len(found.state_dict()) > 5
    for name, value in found.state_dict().items():
        assert torch.allclose(value.double(), average[f"generator.{name}"], atol=1e-6), name
    assert not torch.allclose(seen[0]["outs.0.2.b"], seen[-1]["outs.0.2.b"])


@pytest.mark.parametrize("features", [True, False])
def test_features_are_scored_from_32_pixels_on(features: bool, tmp_path: Path) -> None:
    classifier = narrow()
    before = {name: value.clone() for name, value in classifier.state_dict().items()}
    run = GanTrainer(FEATURED._replace(use_features=features), IMAGES, SOME, classifier, tmp_path, "key")
    assert not any(name.startswith("conv") for name in run.feature_discriminator.state_dict())
    kept = [[w.detach().clone() for w in run.feature_discriminator.parameters()]]
    run.run(
        lambda step, losses: kept.append([w.detach().clone() for w in run.feature_discriminator.parameters()])
    )
    moved = [[not torch.equal(a, b) for a, b in zip(old, new, strict=True)] for old, new in pairwise(kept)]
    assert not any(moved[0]), "at 16 pixels"
    assert all(own == [features] * len(own) for own in moved[1:])
    assert all(torch.equal(value, before[name]) for name, value in classifier.state_dict().items())
    assert all(weight.grad is None for weight in classifier.parameters())


def test_a_generator_learns_a_color(tmp_path: Path) -> None:
    red = np.array([220, 60, 90]).reshape(3, 1, 1) + np.random.default_rng(0).integers(-20, 20, (9, 3, 8, 8))
    course = Course((6, 8, 8), (Stage(8, 120, 8),), use_features=False, ema_half_life=40)
    run = GanTrainer(course, red.astype(np.uint8), SOME, narrow(), tmp_path, "key")
    latents = torch.from_numpy(np.random.default_rng(1).standard_normal((16, 6))).float()

    def distance() -> float:
        with torch.no_grad():
            colors = (run.averaged()(latents) + 1).mul(127.5).mean((0, 2, 3))
        return float((colors - torch.tensor([220.0, 60.0, 90.0])).abs().max())

    before = distance()
    run.run()
    assert distance() < 20 < before / 2


def test_moments_of_a_course() -> None:
    course = [Stage(4, 3, 2), Stage(8, 5, 2, fade=2), Stage(16, 2, 2, fade=4)]
    expected = [(4, 1.0)] * 3 + [(8, 0.5)] + [(8, 1.0)] * 4 + [(16, 0.25), (16, 0.5)]
    found = [moment(course, step) for step in range(10)]
    assert [(stage.size, alpha) for stage, alpha in found] == expected
    with pytest.raises(IndexError, match="ended"):
        moment(course, 10)


def enlarged(images: Tensor) -> Tensor:
    return torch.from_numpy(images.numpy().repeat(2, 2).repeat(2, 3))


def test_sizes_fade_in() -> None:
    growing = fresh(lambda: Growing((5, 4, 3, 2)))
    latents = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 5))).float()
    with torch.no_grad():
        images = {size: growing(latents, size) for size in (4, 8, 16)}
        assert {size: tuple(own.shape) for size, own in images.items()} == {
            size: (3, 3, size, size) for size in (4, 8, 16)
        }
        assert torch.equal(images[16], growing.generator(latents))
        for size in (8, 16):
            small, full = enlarged(images[size // 2]), images[size]
            assert not torch.allclose(small, full, atol=0.1)
            assert torch.allclose(growing(latents, size, 1e-7), small, atol=1e-5)
            assert torch.allclose(growing(latents, size, 0.25), 0.75 * small + 0.25 * full, atol=1e-5)
            assert torch.allclose(growing(latents, size, 1 - 1e-7), full, atol=1e-5)


@pytest.mark.parametrize("size", [4, 8, 16])
def test_the_discriminator_takes_images_of_all_sizes(size: int) -> None:
    discriminator = fresh(lambda: Discriminator((4, 3, 2)))
    images = fresh(lambda: torch.rand(6, 3, size, size) * 2 - 1).requires_grad_()
    scores = discriminator(images)
    assert scores.shape == (6,)
    (slope,) = torch.autograd.grad(scores.sum(), images)
    assert (slope != 0).all(), "every pixel counts"
    if size > 4:
        with torch.no_grad():
            small = discriminator(avg_pool2d(images, 2))
            assert not torch.allclose(small, scores, atol=0.01)
            assert torch.allclose(discriminator(images, 0.0), small, atol=1e-5)
            assert torch.allclose(discriminator(images, 1 - 1e-7), scores, atol=1e-5)
            assert not torch.allclose(discriminator(images, 0.5), scores, atol=0.01)


def test_the_feature_discriminator_enlarges_small_images() -> None:
    discriminator = fresh(lambda: FeatureDiscriminator(narrow(), width=5)).eval()
    images = fresh(lambda: torch.rand(2, 3, 32, 32) * 2 - 1)
    large = torch.nn.functional.interpolate(images, scale_factor=2.0, mode="bilinear")
    classifier, x, expected = narrow(), large / 2 + 0.5, []
    with torch.no_grad():
        for name, layer in classifier.named_children():
            x = layer(x) if name.startswith(("shift", "conv", "relu", "pool")) and x.dim() == 4 else x
            if name in FeatureDiscriminator.LAYERS:
                expected.append(discriminator.heads[len(expected)](x).mean((1, 2, 3)))
        found = discriminator(images)
    assert len(expected) == 4 and torch.allclose(found, torch.stack(expected, 1), atol=1e-6)


@pytest.mark.parametrize(("count", "groups"), [(8, 2), (12, 3), (6, 1)])
def test_the_minibatch_deviation_of_a_group_by_brute_force(count: int, groups: int) -> None:
    x = (
        np.random.default_rng(0).standard_normal((count, 3, 5, 7))
        * np.arange(1, count + 1)[:, None, None, None]
    )
    found = _minibatch_deviation(torch.from_numpy(x).float()).numpy()
    assert found.shape == (count, 1, 5, 7)
    for picture in range(count):
        group = [x[other] for other in range(count) if other % groups == picture % groups]
        assert len(group) == count // groups
        assert found[picture] == pytest.approx(np.mean(np.std(group, axis=0)), rel=1e-4)


def blocks(images: Any, side: int) -> Any:
    """Means over blocks of pixels, (n, 3, h, w)."""
    n, channels, height, width = images.shape
    shape = n, channels, height // side, side, width // side, side
    return images.reshape(shape).mean((3, 5))


@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize("alpha", [1.0, 0.25])
def test_what_is_learned_from(alpha: float, chosen: bool, tmp_path: Path) -> None:
    run = begin(PLAIN, tmp_path)
    batch = run._batch(Stage(8, 1, 64, chosen=chosen), alpha, np.random.default_rng(0)).numpy()
    small = blocks(IMAGES / 127.5 - 1, 4)
    expected = alpha * small + (1 - alpha) * blocks(small, 2).repeat(2, 2).repeat(2, 3)
    both = np.concatenate([expected, expected[..., ::-1]])
    far = np.abs(batch[:, None] - both[None]).max((2, 3, 4))
    assert (far.min(1) < 1e-5).all()
    those = {number + mirrored for number in (SOME if chosen else range(7)) for mirrored in (0, 7)}
    assert set(far.argmin(1)) == those, "all images come up, mirrored and not"


@pytest.mark.parametrize(("down", "across"), [(0, 3), (3, 3), (6, 1)])
def test_images_are_shifted_by_brute_force(down: int, across: int) -> None:
    images = np.random.default_rng(0).standard_normal((2, 3, 5, 7)).astype(np.float32)
    moved = _shifted(torch.from_numpy(images), torch.tensor([down, across]), 3).numpy()
    assert moved.shape == images.shape
    for row in range(5):
        for column in range(7):
            y, x = np.clip([row + down - 3, column + across - 3], 0, [4, 6])
            assert (moved[:, :, row, column] == images[:, :, y, x]).all()


def test_features_alone_see_shifted_images(tmp_path: Path) -> None:
    course = FEATURED._replace(feature_shift=4, stages=(Stage(32, 6, 4),), penalty_every=9)
    run = begin(course, tmp_path)
    scored: dict[str, list[Tensor]] = {"pixels": [], "features": []}
    for name, part in (("pixels", run.discriminator), ("features", run.feature_discriminator)):
        part.register_forward_pre_hook(lambda _, inputs, seen=scored[name]: seen.append(inputs[0].detach()))
    run.run()
    moves = []
    for number, image in enumerate(scored["features"]):
        plain = scored["pixels"][number + 1]  # after the penalty's
        allowed = [(d, a) for d in range(9) for a in range(9)]
        moves.append([move for move in allowed if torch.equal(_shifted(plain, torch.tensor(move), 4), image)])
    assert all(len(move) == 1 for move in moves)
    of_steps = [moves[step : step + 3] for step in range(0, 18, 3)]
    assert all(step[0] == step[1] == step[2] for step in of_steps), "one shift for all that a step scores"
    assert len({step[0][0] for step in of_steps}) > 2


def test_a_stage_has_a_rate(tmp_path: Path) -> None:
    course = PLAIN._replace(stages=(Stage(8, 1, 4), Stage(8, 2, 4, rate=0.25), Stage(8, 1, 4, rate=0.0)))
    run, rates, weights = begin(course, tmp_path), [], []

    def watch(step: int, losses: dict[str, float]) -> None:
        optimizers = run.generator_optimizer, run.discriminator_optimizer
        rates.append([group["lr"] for own in optimizers for group in own.param_groups])
        weights.append(run.generator.generator.layer1.conv.weight.detach().clone())

    run.run(watch)
    assert rates == [[2e-3] * 2, [5e-4] * 2, [5e-4] * 2, [0.0] * 2]
    assert not torch.equal(weights[0], weights[2]) and torch.equal(weights[2], weights[3])


def test_none_is_chosen(tmp_path: Path) -> None:
    none = np.array([], np.int64)
    GanTrainer(PLAIN, IMAGES, none, narrow(), tmp_path, "key")
    course = PLAIN._replace(stages=(*PLAIN.stages, Stage(8, 2, 4, chosen=True)))
    with pytest.raises(SettingError, match="No image is chosen"):
        GanTrainer(course, IMAGES, none, narrow(), tmp_path, "key")
