"""What public networks want pictures to be like, from the settings of their image processors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn.functional import interpolate

from dissect_widgets.errors import WeightsError

_MODES = {None: "bilinear", 1: "bicubic", 2: "bilinear", 3: "bicubic"}  # PIL's; torch has no 1, Lanczos


@dataclass(frozen=True)
class Preparation:
    """What a network wants pictures to be like, from the settings of its image processor.

    Attributes
    ----------
    size
        (rows, columns) that pictures are resized to, or the shorter side alone; None for the size they have.
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

    def __call__(self, pictures: Tensor) -> Tensor:
        """Prepare pictures float (B, 3, H, W) in [0, 1]."""
        size, own = self.size, (pictures.shape[2], pictures.shape[3])
        if isinstance(size, int):
            size = int(size * own[0] / min(own)), int(size * own[1] / min(own))
        if size is not None and size != own:
            # Bicubic goes beyond black and white; processors, which keep bytes, clamp after each direction.
            for step in ((own[0], size[1]), size):
                pictures = interpolate(pictures, step, mode=self.mode, antialias=True).clamp(0, 1)
        mean, deviation = (pictures.new_tensor(of)[:, None, None] for of in (self.mean, self.deviation))
        pictures = (pictures * self.scale - mean) / deviation
        return pictures.flip(1) if self.flip else pictures


def preparation(told: Mapping[str, Any], size: tuple[int, int] | None, folder: Path) -> Preparation:
    """What the settings of an image processor say, but for the `size`, if one is given.

    Raises
    ------
    WeightsError
        If they ask for what is not supported.
    """
    mode = _MODES.get(told.get("resample"))
    if mode is None:
        raise WeightsError(
            f"{folder}: resample of the image processor is {told['resample']!r}; it must be 2 (bilinear) or "
            "3 (bicubic)."
        )
    for setting in ("do_pad", "keep_aspect_ratio"):
        if told.get(setting) and size is None:
            raise WeightsError(f"{folder}: {setting} of the image processor is not supported. Give a size.")
    scale = 255 * (float(told.get("rescale_factor") or 1 / 255) if told.get("do_rescale") else 1)
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    if told.get("do_normalize"):
        mean, deviation = (_channels(told, key, folder) for key in ("image_mean", "image_std"))
    wanted = size or (_size(told, folder) if told.get("do_resize") else None)
    return Preparation(wanted, mode, scale, mean, deviation, bool(told.get("do_flip_channel_order")))


def _size(told: Mapping[str, Any], folder: Path) -> tuple[int, int] | int:
    size = told.get("size")
    given = {key: side for key, side in size.items() if side} if isinstance(size, Mapping) else {}
    multiple = int(told.get("ensure_multiple_of") or 1)
    if set(given) == {"height", "width"}:
        rows, columns = (round(int(given[key]) / multiple) * multiple for key in ("height", "width"))
        return rows, columns
    if set(given) == {"shortest_edge"} and multiple == 1:
        return int(given["shortest_edge"])
    raise WeightsError(f"{folder}: size of the image processor is {size!r}, not supported. Give another.")


def _channels(told: Mapping[str, Any], key: str, folder: Path) -> tuple[float, ...]:
    """One number for all channels, or three."""
    value = told.get(key)
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if len(numbers) not in (1, 3) or not all(isinstance(number, (int, float)) for number in numbers):
        raise WeightsError(f"{folder}: {key} of the image processor is {value!r}; it must be three numbers.")
    return tuple(float(number) for number in numbers)
