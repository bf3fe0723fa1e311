"""The result of an inversion: an image, and the nearest to it that a generator makes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Inversion:
    """An image, and what a generator takes to make the nearest image that was found.

    >>> generator(inversion.latent)                              # without the activations, if there are any
    >>> NeuronPainter(generator, dissection, image=photo)         # paints on such an image
    """

    model: str
    """Class of the generator."""
    weights: str
    """SHA-256 of the generator's weights."""
    layer: str
    """Layer whose activations were optimized; "" if none were."""
    original: Tensor
    """float32 (3, H, W) in [0, 1], the image that was asked for, as large as those of the generator."""
    image: Tensor
    """float32 (3, H, W) in [0, 1], what the generator makes of latent and activations."""
    latent: Tensor
    """float32 (1, latent_dim) or (1, latent_dim, 1, 1), as the generator takes it."""
    activations: Tensor | None
    """float32 (1, units, h, w), what the layer outputs in place of what the latent alone leads to."""
    feature_distance: float
    """Squared distance of the features, as a share of the squared features of the original, from 0; NaN if
    features were not compared."""
    steps: int
    """Steps of the optimization that were made."""
    total: int
    """Steps that were asked for."""
    seconds: float
    search: Any = field(default=None, repr=False)
    """Where an interrupted inversion goes on; None once it is finished."""

    @property
    def pixel_distance(self) -> float:
        """Root mean square of the differences of the pixels' values, in [0, 1]."""
        return float((self.image.double() - self.original.double()).square().mean().sqrt())

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in decibels; infinite if the images are the same."""
        distance = self.pixel_distance
        return -20 * math.log10(distance) if distance > 0 else math.inf

    @property
    def finished(self) -> bool:
        """Whether all steps were made."""
        return self.steps == self.total

    def __repr__(self) -> str:
        activations = f" and activations of {self.layer}" if self.layer else ""
        return (
            f"<Inversion: a latent{activations} of {self.model}, {self.psnr:.1f} dB "
            f"(pixels {self.pixel_distance:.3g}, features {self.feature_distance:.3g}) after {self.steps} of "
            f"{self.total} steps in {self.seconds:.1f} s>"
        )
