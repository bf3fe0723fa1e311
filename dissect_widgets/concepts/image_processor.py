"""How public networks expect images, from the settings of their image processors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn.functional import interpolate

from dissect_widgets.errors import WeightsError, shown

_MODES = {None: "bilinear", 1: "bicubic", 2: "bilinear", 3: "bicubic"}  # PIL's; torch has no 1, Lanczos


@dataclass(frozen=True)
class Preparation:
    """How a network expects images, from the settings of its image processor.

    Attributes
    ----------
    size
        (rows, columns) that images are resized to, or the shorter side alone; None for the size they have.
    mode
        How they are resized, "bilinear" or "bicubic".
    scale, mean, deviation
        A channel x in [0, 1] becomes (x * scale - mean) / deviation.
    flip
        Whether channels are in the order blue, green, red.
    """

    size: tuple[int, int] | int | None
    mode: str
    scale: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    flip: bool

    def __call__(self, images: Tensor) -> Tensor:
        """Prepare images float (B, 3, H, W) in [0, 1]."""
        size, before = self.size, (images.shape[2], images.shape[3])
        if isinstance(size, int):
            size = int(size * before[0] / min(before)), int(size * before[1] / min(before))
        if size is not None and size != before:
            # Bicubic goes beyond black and white; processors, which keep bytes, clamp after each direction.
            for step in ((before[0], size[1]), size):
                images = interpolate(images, step, mode=self.mode, antialias=True).clamp(0, 1)
        mean, deviation = (images.new_tensor(x)[:, None, None] for x in (self.mean, self.deviation))
        images = (images * self.scale - mean) / deviation
        return images.flip(1) if self.flip else images


def preparation(settings: Mapping[str, Any], size: tuple[int, int] | None, folder: Path) -> Preparation:
    """Preparation by the settings of an image processor; `size`, if given, replaces its size.

    Raises
    ------
    WeightsError
        If a setting is not supported.
    """
    mode = _MODES.get(settings.get("resample"))
    if mode is None:
        raise WeightsError(
            f"{folder}: resample of the image processor is {shown(settings['resample'])}; it must be 2 "
            "(bilinear) or 3 (bicubic)."
        )
    for setting in ("do_pad", "keep_aspect_ratio"):
        if settings.get(setting) and size is None:
            raise WeightsError(f"{folder}: {setting} of the image processor is not supported. Give a size.")
    scale = 255 * (float(settings.get("rescale_factor") or 1 / 255) if settings.get("do_rescale") else 1)
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    if settings.get("do_normalize"):
        mean, deviation = (_channels(settings, key, folder) for key in ("image_mean", "image_std"))
    wanted = size or (_size(settings, folder) if settings.get("do_resize") else None)
    return Preparation(wanted, mode, scale, mean, deviation, bool(settings.get("do_flip_channel_order")))


def _size(settings: Mapping[str, Any], folder: Path) -> tuple[int, int] | int:
    size = settings.get("size")
    given = {key: side for key, side in size.items() if side} if isinstance(size, Mapping) else {}
    multiple = int(settings.get("ensure_multiple_of") or 1)
    if set(given) == {"height", "width"}:
        rows, columns = (round(int(given[key]) / multiple) * multiple for key in ("height", "width"))
        return rows, columns
    if set(given) == {"shortest_edge"} and multiple == 1:
        return int(given["shortest_edge"])
    raise WeightsError(
        f"{folder}: size of the image processor is {shown(size)}, not supported. Give another."
    )


def _channels(settings: Mapping[str, Any], key: str, folder: Path) -> tuple[float, ...]:
    """One number for all channels, or three."""
    value = settings.get(key)
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if len(numbers) not in (1, 3) or not all(isinstance(number, (int, float)) for number in numbers):
        raise WeightsError(
            f"{folder}: {key} of the image processor is {shown(value)}; it must be three numbers."
        )
    return tuple(float(number) for number in numbers)
