"""Latents, which a generator takes, and the images that it makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset, TensorDataset

from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.items import image_of
from dissect_widgets.core.data.pixels import describe
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
        float (n, latent_dim) or (n, latent_dim, 1, 1), as the generator takes them; see `latents`. An array,
        a list, or a data set of them will do.

    Raises
    ------
    DataError
        If there are none, their shape is another, or a number is not finite.
    """

    def __init__(self, values: Any) -> None:
        stacked = _stacked(values)
        if stacked is None:
            is_tensor = isinstance(values, Tensor)
            form = f"{values.dtype} {tuple(values.shape)}" if is_tensor else describe(values)
            raise DataError(f"The latents are {form}; they must be floating point (n, latent_dim).")
        if not len(stacked):
            raise DataError("There are no latents.")
        bad = (~torch.isfinite(stacked.flatten(1)).all(1)).nonzero()
        if len(bad):
            raise DataError(f"Latent {int(bad[0])} has a number that is NaN or infinite.")
        self.values: Tensor = stacked.detach().cpu()
        self.names = [f"latent {number}" for number in range(len(stacked))]

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
    """Whether data are latents, (n, latent_dim) or (n, latent_dim, 1, 1), or a data set of them."""
    if isinstance(data, (Tensor, np.ndarray)):
        return _are_latents(data)
    if isinstance(data, (list, tuple, Latents)):
        return _is_latent(data)
    while isinstance(data, (DataLoader, Subset)):
        data = data.dataset
    return isinstance(data, TensorDataset) and _is_latent(data)


def _is_latent(data: Any) -> bool:
    """Whether the first item of data is one latent, alone or in a tuple of one."""
    item = data[0] if len(data) else None
    first = item[0] if isinstance(item, (tuple, list)) and item else item
    if not isinstance(first, (Tensor, np.ndarray)) or not _are_latents(first[None]):
        return False
    if isinstance(item, (tuple, list)) and len(item) > 1:
        raise DataError(f"The first item is {describe(item)}; a generator takes latents alone.")
    return True


def _are_latents(values: Any) -> bool:
    is_float = values.is_floating_point() if isinstance(values, Tensor) else values.dtype.kind == "f"
    return bool(is_float) and (values.ndim == 2 or (values.ndim == 4 and tuple(values.shape[2:]) == (1, 1)))


def _stacked(data: Any) -> Tensor | None:
    """Latents in one tensor; None if they are something else."""
    if not is_latents(data):
        return None
    if isinstance(data, (Tensor, np.ndarray)):
        return torch.as_tensor(data)
    known = as_data(data)
    rows = [torch.as_tensor(image_of(known[index])) for index in range(len(known))]
    return torch.stack(rows) if all(_are_latents(row[None]) for row in rows) else None


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
