"""Recipes of the trained networks: which network, on which data, for how long.

>>> narrow = RECIPES["classifier"].changed(network=partial(SceneNet, SCENES, widths=(8, 16, 32, 64, 96)))
>>> train(narrow, Path("runs/narrow"))

A recipe starts a run on cached images, and evaluates the trained network. There are two kinds: networks that
learn from labels, and generators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from dissect_widgets.models.progressive_gan import ProgressiveGenerator
from dissect_widgets.models.weights import load_weights
from dissect_widgets.world.datasets import Objects, Scenes
from dissect_widgets.world.networks import SceneNet, SegmentNet
from dissect_widgets.world.pretrained import load_classifier
from dissect_widgets.world.scenery.vocabulary import NAMES, SCENES, VOCABULARY
from dissect_widgets.world.training.gan_metrics import generator_metrics
from dissect_widgets.world.training.gan_trainer import Course, GanTrainer
from dissect_widgets.world.training.image_cache import ImageCache, category_numbers
from dissect_widgets.world.training.progressive_growing import Stage
from dissect_widgets.world.training.tasks import CLASSES, PIXEL_SIZES, PIXELS, RARE_PIXELS, Task
from dissect_widgets.world.training.trainer import Budget, Trainer


@dataclass(frozen=True)
class Recipe:
    """How a network is trained on labels."""

    network: Callable[[], nn.Module]
    task: Task
    data: Callable[[], Scenes | Objects]
    held_out: Callable[[], Scenes | Objects]
    budget: Budget
    starts_from: str = ""
    """Recipe whose trained network this one continues with; by default it starts from random weights."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories of the pixel labels that it needs."""
        return self.task.categories

    def changed(self, **parts: Any) -> Recipe:
        """The same recipe with some parts replaced."""
        return replace(self, **parts)

    def start(self, image_cache: ImageCache, folder: Path, device: str) -> Trainer:
        """Start a run in a folder, or resume it."""
        torch.manual_seed(self.budget.seed)
        net = self.network().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.starts_from:
            first = folder / self.starts_from / "network.safetensors"
            load_weights(net, load_file(first), origin=first)
        shapes = [(name, tuple(value.shape)) for name, value in net.state_dict().items()]
        key = repr((shapes, self.budget, image_cache.data.digest()))
        return Trainer(net, self.task.loss, image_cache, self.budget, folder, key)

    def finish(self, net: nn.Module) -> nn.Module:
        """From the trained network to the one that is stored."""
        return self.task.finish(net)

    def figures(self, net: nn.Module, image_cache: ImageCache, held_out: ImageCache) -> dict[str, float]:
        """Figures on held-out images."""
        return self.task.figures(net, held_out)

    def names(self, image_cache: ImageCache) -> dict[str, tuple[str, ...]]:
        """Names of the network's outputs; see `pretrained.Names`."""
        if not self.categories:
            return {"class": tuple(image_cache.data.classes)}
        return {category: tuple(NAMES[category]) for category in self.categories}


@dataclass(frozen=True)
class GeneratorRecipe:
    """How a generator is trained."""

    course: Course
    data: Callable[[], Scenes]
    held_out: Callable[[], Scenes]
    shows: str
    """Object that the chosen images show well."""
    min_share: float = 0.01
    """Share of a chosen image that the object covers at least."""
    categories: ClassVar[tuple[str, ...]] = ("object",)
    starts_from: ClassVar[str] = ""

    def start(self, image_cache: ImageCache, folder: Path, device: str) -> GanTrainer:
        """Start a run in a folder, or resume it, also if the course has become longer since."""
        key = repr((self.course.open_ended(), self.shows, self.min_share, image_cache.data.digest()))
        chosen = self.choose(image_cache)
        return GanTrainer(self.course, image_cache.images, chosen, load_classifier(), folder, key, device)

    def choose(self, image_cache: ImageCache) -> NDArray[np.int64]:
        """Indices of the images that show the object well."""
        number = category_numbers("object")[VOCABULARY.index(self.shows, "object")]
        labels = image_cache.labels[:, self.categories.index("object")]
        return np.flatnonzero((labels == number).mean((1, 2)) >= self.min_share)

    def finish(self, net: nn.Module) -> nn.Module:
        """The trained generator, unchanged."""
        return net

    def figures(self, net: nn.Module, image_cache: ImageCache, held_out: ImageCache) -> dict[str, float]:
        """KID and FID of generated images, and of as many training images for comparison."""
        assert isinstance(net, ProgressiveGenerator)
        held = held_out.images[self.choose(held_out)]
        return generator_metrics(net, image_cache.images[self.choose(image_cache)[: len(held)]], held)

    def names(self, image_cache: ImageCache) -> dict[str, tuple[str, ...]]:
        """No names: the outputs are images."""
        return {}


STEPS: Final = 4_700
"""Steps of the generator's last stage; with more of them, the same command extends a finished run."""

STEPS_128: Final = 2_750
"""The same of the generator of 128 pixels."""

SEGMENTER: Final = Recipe(
    partial(SegmentNet, sum(PIXEL_SIZES)),
    PIXELS,
    partial(Scenes, "train", 14_400),
    partial(Scenes, "val", 1_200),
    Budget(steps=4_000, batch_size=32),
)
RECIPES: Final[dict[str, Recipe | GeneratorRecipe]] = {
    "classifier": Recipe(
        partial(SceneNet, SCENES, norm=True),
        CLASSES,
        partial(Scenes, "train", 19_200),
        partial(Scenes, "val", 2_400),
        Budget(steps=5_000),
    ),
    "segmenter-draft": SEGMENTER,
    "segmenter": SEGMENTER.changed(
        task=RARE_PIXELS,
        budget=Budget(steps=5_000, batch_size=32, learning_rate=1.5e-3),
        starts_from="segmenter-draft",
    ),
    "church-generator-128": GeneratorRecipe(
        Course(
            (256, 224, 224, 192, 128, 80, 40),
            (
                Stage(8, 1_500, 32),
                Stage(16, 3_000, 32, 500),
                Stage(32, 4_000, 32, 800),
                Stage(64, 6_000, 32, 1_000),
                Stage(128, 2_227, 32, 1_500, chosen=True),
                Stage(128, 3_500, 32, chosen=True, rate=0.5),
                Stage(128, STEPS_128, 32, chosen=True, rate=0.15),
            ),
            feature_shift=8,
            ema_half_life=10_000,
        ),
        partial(Scenes, "train", 48_000, size=128, classes=["church"]),
        partial(Scenes, "val", 6_000, size=128, classes=["church"]),
        shows="door",
    ),
    "church-generator": GeneratorRecipe(
        Course(
            (256, 192, 192, 160, 96, 32),
            (
                Stage(8, 1_200, 32),
                Stage(16, 2_400, 32, 400),
                Stage(32, 2_500, 32, 500),
                Stage(64, 4_000, 32, 600),
                Stage(64, STEPS, 32, chosen=True),
            ),
            ema_half_life=8_000,
        ),
        partial(Scenes, "train", 60_000, size=64, classes=["church"]),
        partial(Scenes, "val", 6_000, size=64, classes=["church"]),
        shows="door",
    ),
}
"""Recipes of the networks in the package, and of those that they start from."""
