"""What is trained, on what, for how long: recipes made of parts.

>>> narrow = RECIPES["classifier"].changed(network=partial(SceneNet, 24, widths=(8, 16, 32, 64, 96)))
>>> train(narrow, Path("runs/narrow"))

A recipe starts a run on a nursery, and finds figures of the network that comes of it. There are two kinds:
networks that learn from labels, and generators that learn from critics.
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
from dissect_widgets.world.networks.nets import SceneNet, SegmentNet
from dissect_widgets.world.pretrained import load_classifier
from dissect_widgets.world.scenery.vocabulary import SCENES, VOCABULARY
from dissect_widgets.world.training.adversaries import Adversaries, Course
from dissect_widgets.world.training.gan_metrics import likeness
from dissect_widgets.world.training.image_cache import ImageCache, category_numbers
from dissect_widgets.world.training.progressive_growing import Stage
from dissect_widgets.world.training.tasks import CLASSES, PIXEL_SIZES, PIXELS, RARE_PIXELS, Task
from dissect_widgets.world.training.trainer import Budget, Trainer


@dataclass(frozen=True)
class Recipe:
    """All that a network comes of that learns from labels."""

    network: Callable[[], nn.Module]
    task: Task
    data: Callable[[], Scenes | Objects]
    held_out: Callable[[], Scenes | Objects]
    budget: Budget
    begins: str = ""
    """Name of the recipe whose network this one goes on from; by default a network of its own."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Labels that it needs of each pixel."""
        return self.task.categories

    def changed(self, **parts: Any) -> Recipe:
        """The same recipe with other parts."""
        return replace(self, **parts)

    def start(self, image_cache: ImageCache, folder: Path, device: str) -> Trainer:
        """Start a run in a folder, or go on with it."""
        torch.manual_seed(self.budget.seed)
        net = self.network().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.begins:
            begin = folder / self.begins / "network.safetensors"
            load_weights(net, load_file(begin), origin=begin)
        shapes = [(name, tuple(value.shape)) for name, value in net.state_dict().items()]
        key = repr((shapes, self.budget, image_cache.data.digest()))
        return Trainer(net, self.task.loss, image_cache, self.budget, folder, key)

    def finish(self, net: nn.Module) -> nn.Module:
        """From the network that was trained to the one that is shipped."""
        return self.task.finish(net)

    def figures(self, net: nn.Module, image_cache: ImageCache, held_out: ImageCache) -> dict[str, float]:
        """How well it does on held-out pictures."""
        return self.task.figures(net, held_out)


@dataclass(frozen=True)
class GeneratorRecipe:
    """All that a generator comes of that learns from critics."""

    course: Course
    data: Callable[[], Scenes]
    held_out: Callable[[], Scenes]
    shows: str
    """Object that chosen pictures show well."""
    share: float = 0.01
    """Least share of a chosen picture that it takes."""
    categories: ClassVar[tuple[str, ...]] = ("object",)
    begins: ClassVar[str] = ""

    def start(self, image_cache: ImageCache, folder: Path, device: str) -> Adversaries:
        """Start a run in a folder, or go on with it, also if the course has become longer since."""
        key = repr((self.course.open_ended(), self.shows, self.share, image_cache.data.digest()))
        chosen = self.choose(image_cache)
        return Adversaries(self.course, image_cache.pictures, chosen, load_classifier(), folder, key, device)

    def choose(self, image_cache: ImageCache) -> NDArray[np.int64]:
        """Numbers of the pictures that show the object well."""
        number = category_numbers("object")[VOCABULARY.index(self.shows, "object")]
        labels = image_cache.labels[:, self.categories.index("object")]
        return np.flatnonzero((labels == number).mean((1, 2)) >= self.share)

    def finish(self, net: nn.Module) -> nn.Module:
        """The network that is shipped: the one that was trained."""
        return net

    def figures(self, net: nn.Module, image_cache: ImageCache, held_out: ImageCache) -> dict[str, float]:
        """How like its pictures are to held-out ones, and how like those are that it learned from."""
        assert isinstance(net, ProgressiveGenerator)
        held = held_out.pictures[self.choose(held_out)]
        return likeness(net, image_cache.pictures[self.choose(image_cache)[: len(held)]], held)


STEPS: Final = 4_700
"""Last steps of the generator; with more of them, the same command goes on where it ended."""

SEGMENTER: Final = Recipe(
    partial(SegmentNet, sum(PIXEL_SIZES)),
    PIXELS,
    partial(Scenes, "train", 14_400),
    partial(Scenes, "val", 1_200),
    Budget(steps=4_000, batch=32),
)
RECIPES: Final[dict[str, Recipe | GeneratorRecipe]] = {
    "classifier": Recipe(
        partial(SceneNet, len(SCENES), norm=True),
        CLASSES,
        partial(Scenes, "train", 19_200),
        partial(Scenes, "val", 2_400),
        Budget(steps=5_000),
    ),
    "segmenter-draft": SEGMENTER,
    "segmenter": SEGMENTER.changed(
        task=RARE_PIXELS, budget=Budget(steps=5_000, batch=32, rate=1.5e-3), begins="segmenter-draft"
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
            average=8_000,
        ),
        partial(Scenes, "train", 60_000, size=64, classes=["church"]),
        partial(Scenes, "val", 6_000, size=64, classes=["church"]),
        shows="door",
    ),
}
"""Recipes of the networks that are shipped, and of what they begin with."""
