"""The result of a dissection: plain arrays, frozen, that need neither the network nor the images.

>>> dissection = load("runs/squeezenet")
>>> layer = dissection["features.12"]
>>> layer.detectors()                      # unit numbers, the best first
>>> layer.unique_detectors()               # their distinct concepts
>>> dissection.to_frame()                  # pandas, a row for each unit
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.core.data.types import Skipped
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.dissection.io import SavedResult, frozen, read_folder, write_folder
from dissect_widgets.core.dissection.layer_result import (
    MIN_IOU,
    STATISTIC_ARRAYS,
    Denominator,
    LayerDissection,
)
from dissect_widgets.core.dissection.manifest import About, LayerEntry
from dissect_widgets.core.dissection.parts import Arrays
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.errors import LayerError, SavedError, nearest, shown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dissection:
    """The result of dissecting some layers of a network over a probe set."""

    model: str
    """Name of the network."""
    layers: tuple[LayerDissection, ...]
    """In the order in which they were asked for."""
    vocabulary: Vocabulary
    names: tuple[str, ...]
    """Names of the images of the probe set, by image number."""
    images: int
    """Number of images that were dissected."""
    images_in_category: Int64s
    """int64 (categories,): images that carry any label of the category."""
    skipped: tuple[Skipped, ...]
    """Images that could not be used."""
    image_size: tuple[int, int]
    """(H, W) of the images that the network got."""
    label_size: tuple[int, int]
    """(rows, columns) of the label maps."""
    thumbnails: Mapping[int, bytes]
    """JPEG files of all exemplars, by image number."""
    provenance: Mapping[str, Any]
    """Digests of weights and data, settings, versions, seconds."""

    def __getitem__(self, name: str) -> LayerDissection:
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise LayerError(f"The layer {shown(name)} was not dissected.{nearest(name, self.layer_names)}")

    def __repr__(self) -> str:
        layers = ", ".join(f"{layer.name} ({layer.units})" for layer in self.layers)
        return f"<Dissection of {self.model} over {self.images} images: {layers}>"

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers."""
        return tuple(layer.name for layer in self.layers)

    def to_frame(self, *, level: float | None = None, denominator: Denominator = "all") -> pd.DataFrame:
        """Table with a row for each unit.

        Returns
        -------
        pandas.DataFrame
            Columns layer, unit, concept, category, iou, detector, threshold, area, max_activation, constant,
            exemplar (name of the image with the highest activation).
        """
        import pandas as pd

        frames = []
        for layer in self.layers:
            at = layer.level_index(level)
            best = layer.best(level=level, denominator=denominator)
            concepts = [self.vocabulary[int(c)] for c in best.concept]
            first = layer.exemplar_image[:, 0] if layer.exemplar_image.shape[1] else [-1] * layer.units
            columns = {
                "layer": layer.name,
                "unit": np.arange(layer.units),
                "concept": [c.name for c in concepts],
                "category": [c.category for c in concepts],
                "iou": best.iou,
                "detector": best.iou > MIN_IOU,
                "threshold": layer.threshold[at],
                "area": layer.area[at],
                "max_activation": layer.highest,
                "constant": layer.constant,
                "exemplar": [self.names[i] if i >= 0 else "" for i in first],
            }
            frames.append(pd.DataFrame(columns))
        return pd.concat(frames, ignore_index=True)

    def save(self, folder: str | Path) -> Path:
        """Write the dissection into a folder, completely or not at all; see `load`.

        A dissection that is there is replaced in one step; files of others in the folder stay as they are.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        SavedError
            If the folder holds something else than a dissection, or another run writes to it; or if the
            dissection is such that it could not be loaded.
        StorageError
            If the disk is full; what was there is intact.
        """
        return write_folder(_saved(self), folder)

    @classmethod
    def load(cls, folder: str | Path) -> Dissection:
        """Read a dissection that `save` wrote; needs neither the network nor the images."""
        return load(folder)


def load(folder: str | Path) -> Dissection:
    """Read a dissection that `Dissection.save` wrote.

    All is checked: the digest of every file (of pictures when they are first read) and that what they say can
    be. Of a dissection that was saved without digests, `provenance["digests"]` says so.

    Raises
    ------
    SavedError
        If it is not there, incomplete, damaged, or of another version.
    """
    return _read(read_folder(folder))


def _saved(dissection: Dissection) -> SavedResult:
    layers = dissection.layers
    if not layers:
        raise SavedError("This dissection cannot be saved, for it has no layers.")
    common = {
        "concept_area": layers[0].concept_area,
        "images_in_category": dissection.images_in_category,
    }
    arrays = {f"layer-{number}": _saved_arrays(layer) for number, layer in enumerate(layers)}
    about = About(
        model=dissection.model,
        images=int(dissection.images),
        picture_size=_pair(dissection.image_size),
        label_size=_pair(dissection.label_size),
        concepts=tuple((concept.name, concept.category) for concept in dissection.vocabulary)[1:],
        layers=tuple(
            LayerEntry(
                name=layer.name,
                kind=layer.kind,
                grid=layer.grid,
                exemplar_grid=layer.exemplar_grid,
                levels=tuple(float(level) for level in layer.levels),
            )
            for layer in layers
        ),
        skipped=tuple((skipped.name, skipped.reason) for skipped in dissection.skipped),
        names=tuple(dissection.names),
        provenance=dict(dissection.provenance),
    )
    return SavedResult(about, {"common": common, **arrays}, dict(dissection.thumbnails))


def _saved_arrays(layer: LayerDissection) -> Arrays:
    arrays = {name: getattr(layer, name) for name in STATISTIC_ARRAYS} | dict(layer.extra)
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}


def _pair(size: tuple[int, int]) -> tuple[int, int]:
    return int(size[0]), int(size[1])


def _read(saved: SavedResult) -> Dissection:
    about, common = saved.about, saved.arrays["common"]
    vocabulary = Vocabulary(about.concepts)
    layers = [
        LayerDissection.from_arrays(
            saved.arrays[f"layer-{number}"],
            name=layer.name,
            kind=layer.kind,
            grid=Grid(*layer.grid),
            exemplar_grid=Grid(*layer.exemplar_grid),
            levels=layer.levels,
            concept_area=common["concept_area"],
            vocabulary=vocabulary,
        )
        for number, layer in enumerate(about.layers)
    ]
    return Dissection(
        model=about.model,
        layers=tuple(layers),
        vocabulary=vocabulary,
        names=about.names,
        images=about.images,
        images_in_category=frozen(common["images_in_category"]),
        skipped=tuple(Skipped(*skipped) for skipped in about.skipped),
        image_size=about.picture_size,
        label_size=about.label_size,
        thumbnails=saved.pictures,
        provenance=about.provenance,
    )
