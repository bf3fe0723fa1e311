"""What a generator takes, and what it outputs: latents, and the pictures made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.errors import DataError, DissectError, SettingError

ToImages = Callable[[Tensor], Tensor]
"""What a generator outputs to pictures in [0, 1]."""


def latents(count: int, seed: int = 1, *, latent_dim: int = 512) -> Tensor:
    """Draw latents float32 (count, depth, 1, 1), each number N(0, 1), as the code of PNAS 2020 does.

    The first of them are the same, however many are drawn.

    Raises
    ------
    SettingError
        If the seed is outside of 0 to 2**32 - 1, or a size is negative.
    """
    if not 0 <= seed < 2**32:
        raise SettingError(f"The seed is {seed}; allowed is 0 to {2**32 - 1}.")
    if count < 0 or latent_dim < 1:
        raise SettingError(f"There cannot be {count} latents of depth {latent_dim}.")
    drawn = np.random.RandomState(seed).standard_normal(count * latent_dim)
    return torch.from_numpy(drawn.reshape(count, latent_dim, 1, 1)).float()


def to_images(output: Tensor) -> Tensor:
    """What a generator outputs, nominally in [-1, 1], as pictures in [0, 1]."""
    return (output + 1).div(2).clamp(0, 1)


class Latents:
    """Latents as a data set, which `dissect` takes in place of images: the generator makes the pictures.

    Parameters
    ----------
    values
        float (n, depth) or (n, depth, 1, 1), as the generator takes them; see `latents`.

    Raises
    ------
    DataError
        If there are none, they have another shape, or one is not finite.
    """

    def __init__(self, values: Tensor) -> None:
        if not is_latents(values):
            tensor = isinstance(values, Tensor)
            found = f"{values.dtype} {tuple(values.shape)}" if tensor else type(values).__name__
            raise DataError(f"The latents are {found}; they must be floating point (n, depth).")
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
            raise IndexError(f"There are {len(self)} latents, and no number {index}.")
        return self.values[index]

    def digest(self) -> str:
        """What a resumed run knows its data by."""
        return hashlib.sha256(self.values.double().numpy().tobytes()).hexdigest()


def is_latents(data: Any) -> bool:
    """Whether something is a tensor of latents, (n, depth) or (n, depth, 1, 1)."""
    if not isinstance(data, Tensor) or not data.is_floating_point():
        return False
    return data.dim() == 2 or (data.dim() == 4 and data.shape[2:] == (1, 1))


def first_pictures(generator: Callable[[Tensor], Any], latents: Tensor, to_images: ToImages) -> Tensor:
    """Pictures of a generator of which nothing is known yet; DataError if it does not take the latents."""
    try:
        pictures: Any = to_images(generator(latents))
    except DissectError:
        raise
    except Exception as error:
        raise DataError(
            f"The generator, or `to_images` after it, fails on latents {tuple(latents.shape)}: "
            f"{type(error).__name__}: {error}"
        ) from error
    return checked_pictures(pictures, len(latents))


def checked_pictures(pictures: Any, count: int) -> Tensor:
    """Pictures (B, 3, H, W) in [0, 1] of a generator, once they are sure to be such; DataError if not."""
    if not isinstance(pictures, Tensor) or pictures.dim() != 4 or pictures.shape[:2] != (count, 3):
        found = tuple(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
        raise DataError(f"The generator outputs {found} for {count} latents; it must be ({count}, 3, H, W).")
    low, high = map(float, pictures.aminmax())
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        raise DataError(
            f"The generator's pictures have values from {low:.3g} to {high:.3g}; they must lie in [0, 1]. "
            "Give a `to_images` that brings them there."
        )
    return pictures.float()
