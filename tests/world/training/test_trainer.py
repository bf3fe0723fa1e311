"""Networks and recipes: the stored network is the trained one, and interrupted runs resume."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from dissect_widgets.errors import SavedError
from dissect_widgets.world import Scenes, pretrained
from dissect_widgets.world.networks import SceneNet
from dissect_widgets.world.scenery.vocabulary import NAMES, VOCABULARY
from dissect_widgets.world.train import main, train
from dissect_widgets.world.training.image_cache import ImageCache
from dissect_widgets.world.training.recipes import RECIPES, Recipe
from dissect_widgets.world.training.tasks import (
    CLASSES,
    PIXEL_SIZES,
    PIXELS,
    class_figures,
    pixel_figures,
    rare_pixel_loss,
)
from dissect_widgets.world.training.trainer import IGNORED, Budget, Trainer, augment, schedule

NARROW = partial(SceneNet, 3, widths=(4, 4, 6, 8, 8), hidden=12, norm=True)
THREE = ("beach", "bedroom", "ski slope")
RECIPE = Recipe(
    NARROW,
    CLASSES,
    partial(Scenes, "train", 30, classes=THREE),
    partial(Scenes, "val", 12, classes=THREE),
    Budget(steps=14, batch_size=8),
)


@pytest.fixture(autouse=True)
def keep_random_state() -> object:
    with torch.random.fork_rng():
        yield


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["net"]


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_in_threads")
def test_a_run_that_is_stopped_ends_in_the_same_bits(tmp_path: Path) -> None:
    assert train(RECIPE, tmp_path / "whole", workers=1) is not None
    for _ in range(30):
        figures = train(RECIPE, tmp_path / "parts", workers=1, seconds=0)
        if figures is not None:
            break
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    files = [(tmp_path / run / "network.safetensors").read_bytes() for run in ("whole", "parts")]
    assert files[0] == files[1]
    assert not list(tmp_path.rglob("*.new"))


@pytest.mark.usefixtures("drawn_in_threads")
def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    train(RECIPE, tmp_path, workers=1, seconds=0)
    with pytest.raises(SavedError, match="another run"):
        train(RECIPE.changed(budget=Budget(steps=15, batch_size=8)), tmp_path, workers=1)


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_in_threads")
def test_a_recipe_starts_from_the_network_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = RECIPE.changed(network=partial(SceneNet, 3, widths=(4, 4, 6, 8, 8), hidden=12))
    monkeypatch.setitem(RECIPES, "first", plain.changed(budget=Budget(steps=3, batch_size=8)))
    second = plain.changed(budget=Budget(steps=2, batch_size=8, learning_rate=0.0), starts_from="first")
    assert train(second, tmp_path, workers=1, seconds=0) is None, "it stops in the first, and goes on"
    while train(second, tmp_path, workers=1, seconds=0) is None:
        pass
    first = load_file(tmp_path / "first" / "network.safetensors")
    assert all(torch.equal(value.half(), first[name]) for name, value in weights(tmp_path).items())
    assert [path.parent.name for path in tmp_path.rglob("images.npy")].count("train") == 1


def test_rare_names_count_by_the_square_root_of_their_pixels() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, sum(PIXEL_SIZES), 5, 7, generator=generator)
    labels = torch.randint(0, 4, (2, 3, 5, 7), generator=generator)
    labels[labels == 3] = IGNORED
    found = rare_pixel_loss(lambda pictures: scores, torch.empty(0), torch.empty(0), labels)  # type: ignore[arg-type]
    expected, start = 0.0, 0
    for k, size in enumerate(PIXEL_SIZES):
        own = scores[:, start : start + size].log_softmax(1)
        start += size
        counts = [(labels[:, k] == name).sum().item() for name in range(3)]
        total = weight = 0.0
        for image in range(2):
            for y in range(5):
                for x in range(7):
                    name = int(labels[image, k, y, x])
                    if name != IGNORED:
                        each = (counts[name] + 100) ** -0.5
                        total -= each * float(own[image, name, y, x])
                        weight += each
        expected += (2 if k == 0 else 1) * total / weight
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_in_threads")
def test_training_learns(tmp_path: Path) -> None:
    image_cache = ImageCache(tmp_path / "n", Scenes("train", 24, classes=THREE))
    image_cache.draw(1)
    torch.manual_seed(0)
    net = SceneNet(3, widths=(4, 4, 8, 8, 16), hidden=16, dropout=0.0, norm=True)
    losses: list[float] = []
    budget = Budget(steps=80, batch_size=8, learning_rate=5e-3, max_shift=0, ema_decay=0.5)
    trainer = Trainer(net, CLASSES.loss, image_cache, budget, tmp_path, "key")
    trainer.run(lambda step, values: losses.append(values["loss"]))
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5])
    assert class_figures(trainer.averaged(), image_cache)["top-1"] > 0.8


def test_a_cache_resumes_and_stores_labels(tmp_path: Path) -> None:
    data = Scenes("train", 7, size=64)
    image_cache = ImageCache(tmp_path, data, ("object", "part"))
    image_cache.draw(1)
    again = ImageCache(tmp_path, data, ("object", "part"))
    assert again.drawn == 7
    for i in range(7):
        picture = data.labeled_image(i)
        assert (again.images[i] == picture.image.transpose(2, 0, 1)).all()
        objects = picture.labels[0, 1::2, 1::2]
        assert (again.labels[i, 0] == objects - VOCABULARY.index(NAMES["object"][0], "object") + 1).all()
        parts = picture.labels[1, 1::2, 1::2]
        first = VOCABULARY.index(NAMES["part"][0], "part")
        assert (again.labels[i, 1] == np.where(parts > 0, parts - first + 1, 0)).all()
    (tmp_path / "labels.npy").unlink()
    assert ImageCache(tmp_path, data, ("object", "part")).drawn == 0, "what is lost is drawn again"
    assert ImageCache(tmp_path, Scenes("train", 8, size=64), ("object", "part")).drawn == 0


def test_images_and_labels_shift_together() -> None:
    pictures = torch.randint(0, 255, (5, 3, 32, 32), dtype=torch.uint8)
    pictures[:, 0] = torch.arange(16).repeat_interleave(2).repeat(5, 32, 1) * 10  # blocks of two pixels
    labels = torch.arange(16, dtype=torch.uint8).repeat(5, 1, 16, 1)
    moved, marked = augment(pictures, labels + 1, np.random.default_rng(0), 8)
    inside = marked < IGNORED
    assert inside.any() and not inside.all()
    seen = moved[:, 0, ::2, ::2] // 10 + 1
    assert (seen[inside[:, 0]] == marked[:, 0][inside[:, 0]]).all()
    assert schedule(0) < 0.01 < schedule(0.05) and schedule(1) < 0.01


class Known(nn.Module):
    """Scores with the labels of a cache, but for a share that is wrong."""

    def __init__(self, image_cache: ImageCache) -> None:
        super().__init__()
        self.anchor, self.image_cache, self.at = nn.Parameter(torch.zeros(1)), image_cache, 0

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        labels = torch.from_numpy(self.image_cache.labels[self.at : self.at + len(pictures)]).long().clone()
        self.at += len(pictures)
        labels[:, 0, :10] = 1  # the first object, in the upper rows
        return torch.cat(
            [nn.functional.one_hot(labels[:, k], n).permute(0, 3, 1, 2) for k, n in enumerate(PIXEL_SIZES)], 1
        ).float()


@pytest.mark.usefixtures("drawn_in_threads")
def test_mean_iou_of_pixels_by_brute_force(tmp_path: Path) -> None:
    image_cache = ImageCache(tmp_path, Scenes("train", 9, size=64), PIXELS.categories)
    image_cache.draw(1)
    figures = pixel_figures(Known(image_cache), image_cache)
    truth, predicted = image_cache.labels[:, 0].copy(), image_cache.labels[:, 0].copy()
    predicted[:, :10] = 1
    ious = [
        ((truth == n) & (predicted == n)).sum() / ((truth == n) | (predicted == n)).sum()
        for n in np.unique(truth)
        if n
    ]
    assert figures["mean IoU over objects"] == pytest.approx(np.mean(ious))
    assert figures["mean IoU over parts"] == 1


@pytest.mark.usefixtures("drawn_in_threads")
def test_the_command_trains_and_adds_to_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "weights")
    monkeypatch.setitem(RECIPES, "classifier", RECIPE.changed(budget=Budget(steps=2, batch_size=8)))
    options = ["classifier", "--folder", str(tmp_path / "run"), "--workers", "1", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["train", *options, "--seconds", "0"])
    main()
    assert "Steps remain; run the same command to resume." in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["train", *options, "--add-to-package"])
    main()
    printed = capsys.readouterr().out
    file = tmp_path / "weights" / "classifier.safetensors"
    assert "On held-out images:\n  top-1 " in printed and printed.endswith(f"written to {file}\n")
    note = pretrained.read_note(file)
    assert note["names"] == {"class": list(THREE)} and list(note["figures"]) == ["top-1"]
