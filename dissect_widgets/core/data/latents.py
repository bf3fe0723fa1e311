"""Latents, which a generator takes, and the images that it makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.network.run import run
from dissect_widgets.errors import DataError, DissectError, SettingError

ToImages = Callable[[Tensor], Tensor]
"""Converts the output of a generator to images in [0, 1]."""


def latents(count: int, seed: int = 1, *, latent_dim: int = 512) -> Tensor:
    """Draw latents float32 (count, latent_dim, 1, 1), each number N(0, 1), as the code of PNAS 2020 does.

    The first ones are the same, however many are drawn.

    Raises
    ------
    SettingError
        If the seed is outside of 0 to 2**32 - 1, or a size is negative.
    """
    if not 0 <= seed < 2**32:
        raise SettingError(f"The seed is {seed}; allowed is 0 to {2**32 - 1}.")
    if count < 0 or latent_dim < 1:
        raise SettingError(f"There cannot be {count} latents with {latent_dim} numbers each.")
    drawn = np.random.RandomState(seed).standard_normal(count * latent_dim)
    return torch.from_numpy(drawn.reshape(count, latent_dim, 1, 1)).float()


def to_images(output: Tensor) -> Tensor:
    """Convert the output of a generator, nominally in [-1, 1], to images in [0, 1]."""
    return (output + 1).div(2).clamp(0, 1)


class Latents:
    """Latents as a data set, which `dissect` takes in place of images, for the generator makes the images.

    Parameters
    ----------
    values
        float (n, latent_dim) or (n, latent_dim, 1, 1), as the generator takes them; see `latents`.

    Raises
    ------
    DataError
        If there are none, their shape is another, or a number is not finite.
    """

    def __init__(self, values: Tensor) -> None:
        if not is_latents(values):
            tensor = isinstance(values, Tensor)
            form = f"{values.dtype} {tuple(values.shape)}" if tensor else type(values).__name__
            raise DataError(f"The latents are {form}; they must be floating point (n, latent_dim).")
        if not len(values):
            raise DataError("There are no latents.")
        bad = (~torch.isfinite(values.flatten(1)).all(1)).nonzero()
        if len(bad):
            raise DataError(f"Latent {int(bad[0])} has a number that is NaN or infinite.")
        self.values = values.detach().cpu()
        self.names = [f"latent {number}" for number in range(len(values))]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Tensor:
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} latents; {index} is out of range.")
        return self.values[index]

    def digest(self) -> str:
        """Digest by which a resumed run recognizes its data."""
        return hashlib.sha256(self.values.double().numpy().tobytes()).hexdigest()


def is_latents(data: Any) -> bool:
    """Whether data are a tensor of latents, (n, latent_dim) or (n, latent_dim, 1, 1)."""
    if not isinstance(data, Tensor) or not data.is_floating_point():
        return False
    return data.dim() == 2 or (data.dim() == 4 and data.shape[2:] == (1, 1))


def first_images(generator: Callable[[Tensor], Any], latents: Tensor, to_images: ToImages) -> Tensor:
    """First images of a generator; DataError if it fails on the latents or makes something else."""
    try:
        images: Any = to_images(run(generator, latents))
    except DissectError:
        raise
    except Exception as error:
        raise DataError(
            f"The generator, or `to_images` after it, fails on latents {tuple(latents.shape)}: "
            f"{type(error).__name__}: {error}"
        ) from error
    return checked_images(images, len(latents))


def checked_images(images: Any, count: int) -> Tensor:
    """Images (B, 3, H, W) in [0, 1] of a generator; DataError if they are something else."""
    if not isinstance(images, Tensor) or images.dim() != 4 or images.shape[:2] != (count, 3):
        form = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise DataError(f"The generator outputs {form} for {count} latents; it must be ({count}, 3, H, W).")
    low, high = map(float, images.aminmax())
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        raise DataError(
            f"The generator's images have values from {low:.3g} to {high:.3g}; they must lie in [0, 1]. "
            "Give a `to_images` that converts them."
        )
    return images.float()
