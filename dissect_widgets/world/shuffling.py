"""Pictures cut into square pieces and put together in another order: the same texture without the shape.

>>> order = any_order(4, np.random.default_rng(7))           # 4 x 4 pieces
>>> shuffled(picture.image, order), shuffled(picture.labels, order)
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.errors import SettingError
from dissect_widgets.world.rendering import LabeledImage

T = TypeVar("T", bound=np.generic)


def any_order(pieces: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """An order of pieces x pieces squares in which none stays in its place: int64 (pieces * pieces,).

    Raises
    ------
    SettingError
        If there are fewer than 2 pieces each way.
    """
    if pieces < 2:
        raise SettingError(f"There are {pieces} pieces each way; allowed are 2 or more.")
    cycle = rng.permutation(pieces * pieces)
    order = np.empty_like(cycle)
    order[cycle] = np.roll(cycle, 1)  # one cycle through all places
    return order


def shuffled(pixels: NDArray[T], order: NDArray[np.integer[Any]]) -> NDArray[T]:
    """An image (size, size, 3), or labels (channels, size, size), in another order.

    Raises
    ------
    SettingError
        If the pieces do not divide the size.
    """
    pieces = round(len(order) ** 0.5)
    image = pixels.shape[0] == pixels.shape[1]
    whole = pixels if image else np.moveaxis(pixels, 0, -1)
    size = len(whole)
    if size % pieces:
        raise SettingError(f"{pieces} pieces each way do not divide {size} pixels.")
    side = size // pieces
    cut = (
        whole.reshape(pieces, side, pieces, side, -1).swapaxes(1, 2).reshape(-1, side, side, whole.shape[-1])
    )
    joined = cut[order].reshape(pieces, pieces, side, side, -1).swapaxes(1, 2).reshape(whole.shape)
    return joined if image else np.moveaxis(joined, -1, 0)


def shuffled_picture(picture: LabeledImage, pieces: int, rng: np.random.Generator) -> LabeledImage:
    """A picture and its labels in another order of pieces x pieces squares."""
    order = any_order(pieces, rng)
    return LabeledImage(shuffled(picture.image, order), shuffled(picture.labels, order), picture.scene)
