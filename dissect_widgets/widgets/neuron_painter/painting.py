"""A sample of a generator that strokes are painted on: the painter without its widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dissect_widgets.api.inversion import invert
from dissect_widgets.core.data.latents import ToImages, latents
from dissect_widgets.core.data.provenance import weights_digest
from dissect_widgets.core.data.thumbnails import to_png
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import Prefix, open_generator
from dissect_widgets.core.editing.inversion_result import Inversion
from dissect_widgets.core.network.original import original
from dissect_widgets.errors import SavedError, SettingError
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
_CANDIDATES: Final = 128
"""Samples among which an inversion looks for its starts."""
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
    image
        An image of one's own to paint on, if there is one; `invert` finds how the generator makes it. Or what
        `invert` has found.
    resize, progress
        See `invert`.
    """

    def __init__(
        self,
        generator: nn.Module,
        dissection: Dissection,
        layer: str | None,
        latent: Callable[[int], Tensor] | None,
        to_images: ToImages,
        image: Any = None,
        *,
        resize: bool = False,
        progress: bool = True,
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
        self.own: Inversion | None = None
        if isinstance(image, Inversion):
            self.own = _checked_inversion(image, digest, self.layer.name)
        elif image is not None:
            starts = torch.cat([self.latent(seed) for seed in range(_CANDIDATES)])
            self.own = invert(
                generator,
                image,
                layer=self.layer.name,
                latents=starts,
                resize=resize,
                to_images=to_images,
                progress=progress,
            )

    def about(self) -> dict[str, Any]:
        """Facts that never change."""
        return {
            "layer": self.layer.name,
            "units": self.layer.units,
            "grid": list(self._grid),
            "image_size": list(self._size),
            "strategy": self._generator.strategy,
            "closeness": None if self.own is None else f"{self.own.psnr:.1f} dB",
        }

    def begin(self, seed: int | None) -> None:
        """Start from another sample, or None for one's own image; runs the layers that no stroke changes."""
        if seed is None:
            assert self.own is not None
            self._begun = self._generator.begin(self.own.latent, self.own.activations)
        else:
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
        return to_png(self.images(strokes)[0])

    def images(self, strokes: Iterable[Covered]) -> Tensor:
        """The image with strokes, float32 (1, 3, H, W) in [0, 1]."""
        assert self._begun is not None
        return self._generator.draw(self._begun, self.edits(strokes))

    def edits(self, strokes: Iterable[Covered]) -> list[Edit]:
        """Strokes as edits, but for those that are switched off."""
        return [stroke.edit(self.layer.name, mask) for stroke, mask in strokes if stroke.on]

    def written(self, strokes: Sequence[Stroke], seed: int, *, on_image: bool) -> str:
        """Strokes, and what they are on, as text of a file."""
        image = {"image": self._digest()} if on_image else {}
        return write_strokes(strokes, {**self._of, "seed": seed, **image})

    def read(self, text: str, origin: str) -> tuple[list[Stroke], int, bool]:
        """Strokes and seed of a text, and whether they are on one's own image.

        Raises
        ------
        SavedError
            If it is damaged, or of another generator, or of an image that is not this one.
        """
        strokes, seed, image = read_strokes(text, self._of, self._bounds, origin)
        if image and image != self._digest():
            here = "has another" if self.own is not None else "has none"
            raise SavedError(
                f"{origin} is of an image of one's own, and this painter {here}. Open it with the same image."
            )
        return strokes, seed, bool(image)

    def _digest(self) -> str:
        """What one's own image is, in 16 digits; "" if there is none."""
        if self.own is None:
            return ""
        return sha256(self.own.original.contiguous().numpy().tobytes()).hexdigest()[:16]


def _checked_inversion(image: Inversion, weights: str, layer: str) -> Inversion:
    """An inversion, if it is of this generator and layer; SettingError if not."""
    if image.weights != weights:
        raise SettingError(
            "The inversion is of a generator with other weights; invert the image with this one."
        )
    if image.layer not in ("", layer):
        raise SettingError(
            f"The inversion is of activations of {image.layer}; strokes are painted on {layer}. Invert the "
            f"image with layer={layer!r}, or paint with layer={image.layer!r}."
        )
    return image


def _richest(dissection: Dissection) -> LayerDissection:
    """Layer with the most unique detectors; ties: the first."""
    return max(dissection.layers, key=lambda layer: layer.count_detectors()["all"].unique)
