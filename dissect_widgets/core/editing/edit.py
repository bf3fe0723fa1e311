"""Edits of units: forced to zero or to a level, everywhere or at some positions of their map.

PNAS 2020, "Role of Units in a GAN" and "Semantic Paint": objects vanish from an image when their units
are removed, and appear where they are activated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from dissect_widgets.core.data.arrays import Float32s, Float64s
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.errors import SettingError, shown


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Edit:
    """Units of a layer that are forced to a level.

    Parameters
    ----------
    layer
        Dotted module name.
    units
        Unit numbers.
    level
        What they are forced to, one for all or one for each: 0 removes them, their threshold (or more)
        makes them active.
    where
        Array (h, w) of the size of the layer's map, in [0, 1]: how much of the activation is replaced by the
        level. By default 1 everywhere.

    Raises
    ------
    SettingError
        If there are no units, one is negative or given twice; a level is not finite; `where` has
        other dimensions, or numbers outside of [0, 1].
    """

    layer: str
    units: tuple[int, ...]
    level: tuple[float, ...]
    """One for each unit."""
    where: Float32s | None

    def __init__(
        self,
        layer: str,
        units: Iterable[int],
        level: float | Sequence[float] | ArrayLike = 0.0,
        where: ArrayLike | None = None,
    ) -> None:
        try:
            numbers = tuple(index(unit) for unit in units)
        except TypeError:
            raise SettingError(f"units is {shown(units)}; it must be a list of unit numbers.") from None
        if not numbers or min(numbers) < 0 or len(set(numbers)) < len(numbers):
            raise SettingError(
                f"units is {list(numbers)}; it must name at least one unit, each once, from 0."
            )
        levels = _numbers(level, "level", "a number, or one for each unit")
        if levels.ndim and levels.shape != (len(numbers),):
            raise SettingError(f"level has shape {levels.shape} for {len(numbers)} units.")
        if not np.isfinite(levels).all():
            raise SettingError(f"level is {levels.tolist()}; it must be finite.")
        each = tuple(np.broadcast_to(levels, len(numbers)).tolist())
        self._set(layer=str(layer), units=numbers, level=each, where=_mask(where))

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)  # the class is frozen

    def check(self, units: int, rows: int, columns: int) -> None:
        """Check that it fits maps (units, rows, columns); SettingError if not."""
        if max(self.units) >= units:
            raise SettingError(
                f"There is an edit of unit {max(self.units)}; {self.layer} has units 0 to {units - 1}."
            )
        if self.where is not None and self.where.shape != (rows, columns):
            size = " x ".join(map(str, self.where.shape))
            raise SettingError(f"`where` is {size}; the map of {self.layer} is {rows} x {columns}.")


def insertion(
    layer: LayerDissection,
    units: Iterable[int],
    where: ArrayLike | None = None,
    *,
    strength: float = 1.0,
) -> Edit:
    """An edit that forces units to their threshold t_u, as PNAS 2020 inserts doors (Fig. 4c, d).

    Parameters
    ----------
    layer
        The dissected layer, whose thresholds at its first level are used.
    units, where
        See `Edit`.
    strength
        Multiple of the threshold; GAN Paint goes beyond 1.
    """
    numbers = layer.checked_units(units)
    return Edit(layer.name, numbers, layer.threshold[0, numbers].astype(float) * strength, where)


def apply_edits(maps: Tensor, edits: Sequence[Edit]) -> Tensor:
    """Maps (B, units, h, w) of a layer under edits, applied in order; always a new tensor."""
    edited = maps.clone()
    for edit in edits:
        units = torch.tensor(edit.units, device=maps.device)
        level = torch.tensor(edit.level, dtype=maps.dtype, device=maps.device)[:, None, None]
        if edit.where is None:
            edited[:, units] = level
        else:
            where = torch.tensor(edit.where, dtype=maps.dtype, device=maps.device)
            before = edited[:, units]
            edited[:, units] = torch.lerp(before, level.expand_as(before), where.expand_as(before))
    return edited


def _numbers(value: Any, name: str, wanted: str) -> Float64s:
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise SettingError(f"{name} is {shown(value)}; it must be {wanted}.") from None


def _mask(where: ArrayLike | None) -> Float32s | None:
    if where is None:
        return None
    mask = _numbers(where, "where", "an array (h, w)").astype(np.float32)
    if mask.ndim != 2 or not (mask.size and mask.min() >= 0 and mask.max() <= 1):
        inside = f", from {mask.min():.3g} to {mask.max():.3g}" if mask.size else ""
        raise SettingError(f"`where` has shape {mask.shape}{inside}; it must be (h, w), in [0, 1].")
    mask.setflags(write=False)
    return mask
