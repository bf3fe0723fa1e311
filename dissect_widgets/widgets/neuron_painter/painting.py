"""A sample of a generator that strokes are painted on: what the painter shows, without the widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from dissect_widgets.core.data.latents import ToImages, latents
from dissect_widgets.core.data.provenance import weights_digest
from dissect_widgets.core.data.thumbnails import to_png
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import Prefix, open_generator
from dissect_widgets.errors import SettingError
from dissect_widgets.widgets.neuron_painter.strokes import (
    Coverage,
    Stroke,
    checked_stroke,
    read_strokes,
    write_strokes,
)

Covered = tuple[Stroke, Coverage]
Way = tuple[float, tuple[tuple[float, float], ...]]
"""Brush and points of a stroke."""


class Painting:
    """A generator that is painted on at one layer.

    Parameters
    ----------
    generator, dissection
        A generator, and what its units match.
    layer
        Name; by default the layer with the most unique detectors.
    latent
        Seed to a latent (1, depth); by default the first that `latents` draws.
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
        told, own = dissection.provenance.get("weights"), weights_digest(generator)
        if told not in (None, own):
            raise SettingError(
                "The dissection is of a generator with other weights, whose units are others; dissect this."
            )
        latent_dim = getattr(generator, "latent_dim", 512)
        self.latent = latent or (lambda seed: latents(1, seed, latent_dim=latent_dim))
        self._canvas = open_generator(generator, self.layer.name, self.latent(1), to_images=to_images)
        _, rows, columns = self._canvas.maps[self.layer.name]
        self._grid, self._size = (rows, columns), dissection.picture_size
        self._of = {"generator": f"{type(generator).__name__} {own[:16]}", "layer": self.layer.name}
        self._begun: Prefix | None = None

    def about(self) -> dict[str, Any]:
        """What the page shows of it."""
        return {
            "layer": self.layer.name,
            "units": self.layer.units,
            "grid": list(self._grid),
            "image_size": list(self._size),
            "strategy": self._canvas.how,
        }

    def begin(self, seed: int) -> None:
        """Take another sample; runs what no stroke changes."""
        self._begun = self._canvas.begin(self.latent(seed))

    @property
    def begun(self) -> bool:
        """Whether there is a sample."""
        return self._begun is not None

    def checked(self, value: Any) -> Stroke:
        """Read a stroke; SettingError if it does not fit the layer."""
        return checked_stroke(value, self.layer.units)

    def covered(self, stroke: Stroke, known: Mapping[Way, Coverage] = MappingProxyType({})) -> Covered:
        """A stroke with what it covers of the map; what is known of a brush's way is not found out again."""
        coverage = known.get((stroke.brush, stroke.points))
        return stroke, coverage or Coverage(self._grid, self._size, stroke.brush).add(stroke.points)

    def draw(self, strokes: Iterable[Covered]) -> bytes:
        """Picture with strokes, the first first, as PNG."""
        assert self._begun is not None
        return to_png(self._canvas.draw(self._begun, self.edits(strokes))[0])

    def edits(self, strokes: Iterable[Covered]) -> list[Edit]:
        """What strokes do, but for those that are switched off."""
        return [stroke.edit(self.layer.name, coverage) for stroke, coverage in strokes if stroke.on]

    def written(self, strokes: Sequence[Stroke], seed: int) -> str:
        """Strokes and seed as text for a file."""
        return write_strokes(strokes, {**self._of, "seed": seed})

    def read(self, text: str, origin: str) -> tuple[list[Stroke], int]:
        """Strokes and seed of such a text; SavedError if it is damaged or of another generator."""
        return read_strokes(text, self._of, self.layer.units, origin)


def _richest(dissection: Dissection) -> LayerDissection:
    """Layer with the most unique detectors, of equals the first."""
    return max(dissection.layers, key=lambda layer: layer.count_detectors()["all"].unique)
