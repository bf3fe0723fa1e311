"""Sizes of images as callers give them."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from dissect_widgets.errors import SettingError, shown

Size = int | tuple[int, int]
"""A side, or (H, W), in pixels."""


def sides(size: Any, name: str) -> tuple[int, int]:
    """Rows and columns of a size; SettingError if it is not one."""
    pair = size if isinstance(size, (list, tuple)) else [size, size]
    if len(pair) != 2 or not all(isinstance(side, Integral) and int(side) >= 1 for side in pair):
        raise SettingError(f"{name} is {shown(size)}; it must be a side or (rows, columns), in whole pixels.")
    return int(pair[0]), int(pair[1])
