"""What claims are tested on: the world's networks, dissected, edited and attacked; each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from torch import Tensor

from dissect_widgets.attacks import attack, unit_changes
from dissect_widgets.core.attacked import Attacked
from dissect_widgets.core.carlini_wagner import CarliniWagner
from dissect_widgets.core.changes import UnitChanges
from dissect_widgets.core.edit import Edit, insertion
from dissect_widgets.core.importance import UnitImportance
from dissect_widgets.core.in_memory import InMemory
from dissect_widgets.core.latents import latents
from dissect_widgets.core.layer_result import LayerDissection
from dissect_widgets.core.pixels import PixelCounts
from dissect_widgets.core.places import PlaceEffects
from dissect_widgets.core.result import Dissection
from dissect_widgets.core.unit_sets import SetEffects
from dissect_widgets.core.vocabulary import Concept
from dissect_widgets.generate import count_pixels, insert_at_places
from dissect_widgets.models.progan import ProgressiveGenerator
from dissect_widgets.rank import rank_units, remove_sets
from dissect_widgets.run import dissect
from dissect_widgets.world.datasets import Scenes
from dissect_widgets.world.nets import SceneNet
from dissect_widgets.world.shipped import WorldSegmenter, load_classifier, load_generator, load_segmenter

QUICK = CarliniWagner(steps=40, searches=2, rate=1e-2, constant=0.05, early=False)
"""An attack of few steps: its changes are about twice as large as they need to be."""
OBJECTS = ("tree", "church", "grass", "sky")


class Evidence:
    """Everything that the claims are tested on, computed when first asked for.

    Parameters
    ----------
    probe, train, held_out, samples, attacked
        How many scenes are dissected over, how many units are ranked over, how many all else is measured
        over; how many pictures are drawn, and how many scenes attacked.
    progress
        Whether to show bars.
    """

    layer = "conv5_3"
    """Of the classifier, whose units are removed."""
    generator_layer = "layer6"
    """Of the generator, whose tree units are removed; the one with most concepts."""
    door_layer = "layer3"
    """Of the generator, whose door units are made active: a map of 8 x 8, so that a door is a few cells."""

    def __init__(
        self, *, probe: int = 480, train: int = 960, held_out: int = 720, samples: int = 480,
        attacked: int = 200, progress: bool = True,
    ) -> None:  # fmt: skip
        self.sizes = {"probe": probe, "train": train, "val": held_out}
        self.samples, self.victims, self.progress = samples, attacked, progress

    def _scenes(self, split: str) -> InMemory:
        return InMemory(Scenes(split, self.sizes[split]))

    @cached_property
    def net(self) -> SceneNet:
        """The classifier."""
        return load_classifier()

    @cached_property
    def dissection(self) -> Dissection:
        """All its convolutions."""
        scenes = Scenes("probe", self.sizes["probe"], label_size=64)
        return dissect(self.net, self.net.convolutions, scenes, progress=self.progress)

    @cached_property
    def held_out(self) -> InMemory:
        """Scenes on which nothing was chosen."""
        return self._scenes("val")

    @cached_property
    def ranking(self) -> UnitImportance:
        """Units by importance, by the log-odds that are lost without them."""
        train = self._scenes("train")
        return rank_units(self.net, self.layer, train, progress=self.progress).ranked_by("log-odds")

    @cached_property
    def sets(self) -> SetEffects:
        """Sets of units, removed and kept: 4 % of the layer, as 20 of 512 are, and a quarter."""
        units = self.ranking.units
        sizes = [round(units * 20 / 512), units // 4]
        return remove_sets(self.net, self.held_out, self.ranking, sizes, progress=self.progress)

    @cached_property
    def generator(self) -> ProgressiveGenerator:
        """The generator of churches."""
        return load_generator()

    @cached_property
    def segmenter(self) -> WorldSegmenter:
        """What labels its pictures."""
        return load_segmenter()

    @cached_property
    def generator_dissection(self) -> Dissection:
        """All its layers but the last, which puts out the picture."""
        names = [name for name, _ in self.generator.named_children()][:-1]
        return dissect(
            self.generator, names, self._latents(1), segmenter=self.segmenter, batch_size=16,
            progress=self.progress,
        )  # fmt: skip

    @property
    def edited_layer(self) -> LayerDissection:
        """The layer of the generator whose units are edited."""
        return self.generator_dissection[self.generator_layer]

    @cached_property
    def without_trees(self) -> PixelCounts:
        """Pixels without tree units: as large a share of the layer as 20 of 512 are, and 20; then at rest."""
        layer = self.edited_layer
        trees, share = layer.ranked("tree", "object"), max(1, round(layer.units * 20 / 512))
        sets: Sequence[Edit] = [
            Edit(layer.name, trees[:share]),
            Edit(layer.name, trees[:20]),
            Edit(layer.name, trees[:20], layer.median[trees[:20]]),
        ]
        return count_pixels(
            self.generator, self._latents(2), sets, self.segmenter,
            concepts=[Concept(name, "object") for name in OBJECTS], progress=self.progress,
        )  # fmt: skip

    @cached_property
    def doors(self) -> PlaceEffects:
        """Door units made active around cells of an early layer, in a quarter of the samples."""
        layer = self.generator_dissection[self.door_layer]
        return insert_at_places(
            self.generator,
            self._latents(2)[: max(2, self.samples // 4)],
            insertion(layer, layer.ranked("door", "object")[:20], strength=2),
            self.segmenter,
            "door",
            cells=[(row, column) for row in range(1, 7) for column in (1, 3, 4, 6)],
            block=(3, 2),
            progress=self.progress,
        )

    @cached_property
    def attacked(self) -> Attacked:
        """Scenes that were attacked to be told as another class drawn by chance."""
        images = range(min(self.victims, len(self.held_out)))
        return attack(self.net, self.held_out, "random", images=images, method=QUICK, progress=self.progress)

    @cached_property
    def changes(self) -> UnitChanges:
        """What the attacks changed inside."""
        return unit_changes(self.net, self.layer, self.attacked, progress=self.progress)

    def _latents(self, seed: int) -> Tensor:
        return latents(self.samples, seed=seed, depth=self.generator.depth)
