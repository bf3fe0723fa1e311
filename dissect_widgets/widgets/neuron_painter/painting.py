"""A sample of a generator that strokes are painted on: the painter without its widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from dissect_widgets.core.data.latents import ToImages, latents
from dissect_widgets.core.data.provenance import weights_digest
from dissect_widgets.core.data.thumbnails import to_png
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import Prefix, open_generator
from dissect_widgets.core.network.original import original
from dissect_widgets.errors import SettingError
from dissect_widgets.widgets.neuron_painter.coverage import Coverage
from dissect_widgets.widgets.neuron_painter.strokes import (
    Bounds,
    Stroke,
    check_number,
    checked_stroke,
    read_strokes,
    write_strokes,
)

Mask = NDArray[np.float32]
Covered = tuple[Stroke, Mask]
"""A stroke, and the share of each cell of the map that it covers, float32 (rows, columns)."""
Path = tuple[float, tuple[tuple[float, float], ...]]
"""Diameter and points of a stroke."""
_FAR: Final = 100
"""Multiple of the layer's largest activation up to which a stroke may set a unit; the brush can do ten."""


class Painting:
    """A generator that is painted on at one layer.

    Parameters
    ----------
    generator, dissection
        A generator and its dissection.
    layer
        Name; by default the layer with the most unique detectors.
    latent
        Maps a seed to a latent (1, latent_dim); by default the first that `latents` draws.
    to_images
        See `open_generator`.
    """

    def __init__(
        self,
        generator: nn.Module,
        dissection: Dissection,
        layer: str | None,
        latent: Callable[[int], Tensor] | None,
        to_images: ToImages,
    ) -> None:
        self.layer: LayerDissection = dissection[layer] if layer is not None else _richest(dissection)
        generator = original(generator)
        digest = weights_digest(generator)
        if dissection.provenance.get("weights") not in (None, digest):
            raise SettingError("The dissection is of a generator with other weights; dissect this one.")
        latent_dim = getattr(generator, "latent_dim", 512)
        self.latent = latent or (lambda seed: latents(1, seed, latent_dim=latent_dim))
        self._generator = open_generator(generator, self.layer.name, self.latent(1), to_images=to_images)
        _, rows, columns = self._generator.maps[self.layer.name]
        self._grid, self._size = (rows, columns), dissection.image_size
        self._of = {"generator": f"{type(generator).__name__} {digest[:16]}", "layer": self.layer.name}
        largest = float(np.abs([self.layer.lowest, self.layer.highest]).max())
        self._bounds = Bounds(self.layer.units, _FAR * largest)
        self._begun: Prefix | None = None

    def about(self) -> dict[str, Any]:
        """Facts that never change."""
        return {
            "layer": self.layer.name,
            "units": self.layer.units,
            "grid": list(self._grid),
            "image_size": list(self._size),
            "strategy": self._generator.strategy,
        }

    def begin(self, seed: int) -> None:
        """Start from another sample; runs the layers that no stroke changes."""
        self._begun = self._generator.begin(self.latent(seed))

    @property
    def begun(self) -> bool:
        """Whether `begin` was called."""
        return self._begun is not None

    def checked(self, value: Any) -> Stroke:
        """Read a stroke; SettingError if it does not fit the layer."""
        return checked_stroke(value, self._bounds)

    def all_checked(self, values: Sequence[Any]) -> list[Stroke]:
        """Read all strokes; SettingError if one does not fit the layer, or there are too many."""
        check_number(values, 0)
        strokes = [self.checked(value) for value in values]
        check_number(strokes, sum(len(stroke.points) for stroke in strokes))
        return strokes

    def coverage(self, brush: float) -> Coverage:
        """What a brush covers, before it has moved."""
        return Coverage(self._grid, self._size, brush)

    def covered(self, stroke: Stroke, known: Mapping[Path, Mask] = MappingProxyType({})) -> Covered:
        """A stroke with the part of the map that it covers, from `known` where it is known."""
        mask = known.get((stroke.brush, stroke.points))
        return stroke, self.coverage(stroke.brush).add(stroke.points).mask() if mask is None else mask

    def draw(self, strokes: Iterable[Covered]) -> bytes:
        """The image with strokes, which are applied in order, as PNG."""
        assert self._begun is not None
        return to_png(self._generator.draw(self._begun, self.edits(strokes))[0])

    def edits(self, strokes: Iterable[Covered]) -> list[Edit]:
        """Strokes as edits, but for those that are switched off."""
        return [stroke.edit(self.layer.name, mask) for stroke, mask in strokes if stroke.on]

    def written(self, strokes: Sequence[Stroke], seed: int) -> str:
        """Strokes and seed as text of a file."""
        return write_strokes(strokes, {**self._of, "seed": seed})

    def read(self, text: str, origin: str) -> tuple[list[Stroke], int]:
        """Strokes and seed of a text; SavedError if it is damaged or of another generator."""
        return read_strokes(text, self._of, self._bounds, origin)


def _richest(dissection: Dissection) -> LayerDissection:
    """Layer with the most unique detectors; ties: the first."""
    return max(dissection.layers, key=lambda layer: layer.count_detectors()["all"].unique)
