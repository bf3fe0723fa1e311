"""What a study is made of: a network, its layers, and the images to study it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from dissect_widgets.core.ablation.importance import Measure
from dissect_widgets.core.attacks.base import AttackMethod
from dissect_widgets.core.attacks.carlini_wagner import CarliniWagner
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.items import image_of
from dissect_widgets.core.data.latents import latents
from dissect_widgets.core.data.pixels import as_image
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.network.layers import list_layers

if TYPE_CHECKING:
    import pandas

QUICK = CarliniWagner(steps=40, searches=2, learning_rate=1e-2, initial_constant=0.05, abort_early=False)
"""An attack of few steps: its changes are about twice as large as they need to be."""


@dataclass(frozen=True, kw_only=True)
class ClassifierStudy:
    """A classifier, as Figs 1, 2 and 5 study it."""

    name: str
    """Name of the network and its images, for the heads of tables."""
    model: nn.Module
    layers: tuple[str, ...]
    """Layers that are compared."""
    layer: str
    """Layer whose units are studied, mostly the last convolution."""
    labeled: Any
    """Images for dissection; without labels where there is a segmenter."""
    train: Any
    """Images and classes that units are ranked on."""
    held_out: Any
    """Images and classes that everything else is measured on."""
    concept: Concept
    """Concept that a single unit is to detect (Fig. 1f)."""
    things: tuple[Any, Any]
    """Images that show the concept, and others."""
    class_name: str
    """Class whose units are removed, and which is attacked."""
    target_name: str
    """Target class of the attack."""
    classes: tuple[str, ...] | None = None
    """Names of the classes in the order of the scores, where the images do not have them."""
    preprocess: Callable[[Tensor], Tensor] | None = None
    segmenter: Segmenter | None = None
    measure: Measure = "accuracy"
    """Measure that units are ranked by: log-odds for a network that is hardly ever wrong."""
    method: AttackMethod = QUICK
    """How images are attacked."""
    attacked: int = 100
    """Number of images that are attacked."""

    def on(self, images: Any) -> ClassifierData:
        """The classifier on some images."""
        return ClassifierData(self.model, images, classes=self.classes, preprocess=self.preprocess)

    def shapes(self) -> list[Any]:
        """Layers with their sizes, on one of the images; see `list_layers`."""
        image = as_image(image_of(self.labeled[0]), "the first image")[None].float()
        return list_layers(self.model, self.on(self.labeled).preprocessing(image))

    def compare(self, rows: Mapping[str, tuple[str, str]]) -> pandas.DataFrame:
        """Table of the paper's figures and those found here."""
        return _compared("paper: VGG-16, Places365", self.name, rows)


@dataclass(frozen=True, kw_only=True)
class GeneratorStudy:
    """A generator, as Figs 3, 4 and 6 study it."""

    name: str
    generator: nn.Module
    segmenter: Segmenter
    """Labels its images."""
    layers: tuple[str, ...]
    layer: str
    """Layer whose units are studied and removed."""
    latent_dim: int
    """Length of a latent."""
    predicted: Concept
    """Concept that a single unit is to predict (Fig. 3f)."""
    removed: Concept
    others: tuple[Concept, ...]
    """Concepts that should stay when it is removed."""
    inserted: Concept
    contexts: tuple[Concept, ...]
    """Concepts that it is inserted at."""
    insert_layer: str
    insert_strength: float = 1.0
    """In thresholds t_u."""
    block: tuple[int, int] = (1, 1)
    """Rows and columns of the map that are set at once."""
    cells: tuple[tuple[int, int], ...] | None = None
    """Places that are tried; None for all."""
    painted: Concept
    """Concept that is painted, in the middle of the upper half (Fig. 6)."""
    paint_layer: str
    paint_strength: float = 1.0
    """In thresholds t_u."""
    paint_seeds: tuple[int, ...] = (1, 2, 3, 4)
    """Samples that are painted on."""
    samples: int = 480
    """Number of images that are dissected over."""

    def latents(self, count: int, seed: int = 1) -> Tensor:
        """Latents, as the generator takes them."""
        return latents(count, seed, latent_dim=self.latent_dim)

    def shapes(self) -> list[Any]:
        """Layers with their sizes; see `list_layers`."""
        return list_layers(self.generator, self.latents(1))

    def compare(self, rows: Mapping[str, tuple[str, str]], paper: str = "kitchens") -> pandas.DataFrame:
        """Table of the paper's figures and those found here."""
        return _compared(f"paper: Progressive GAN, LSUN {paper}", self.name, rows)


def _compared(paper: str, here: str, rows: Mapping[str, tuple[str, str]]) -> pandas.DataFrame:
    import pandas

    return pandas.DataFrame(list(rows.values()), index=list(rows), columns=[paper, f"here: {here}"])
