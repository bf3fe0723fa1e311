"""How a mask lies on a photo that EXIF turns: what their sizes prove, or what the user says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dissect_widgets.datasets.masks import Mask
from dissect_widgets.datasets.photos import Photo, open_image, read_orientation, turned_upright
from dissect_widgets.errors import DataError

MaskOrientation = Literal["upright", "stored"]
ORIENTATIONS: tuple[MaskOrientation, ...] = ("upright", "stored")


def laid_on(
    labels: NDArray[np.int32],
    mask: Mask,
    photo: Photo,
    path: Path,
    orientation: Callable[[], MaskOrientation | None],
) -> NDArray[np.int32]:
    """Labels of a mask, int32 (H, W), as they lie on the upright photo.

    A mask may show the photo upright, as people see it; or as its pixels are stored, as programs see it that
    pass EXIF over. Its size proves which, or its own EXIF; where neither does, `orientation` says so.

    Raises
    ------
    DataError
        If the mask has another size than the photo, or it is not certain how it lies.
    """
    turns = dict.fromkeys([1, photo.orientation, mask.orientation])
    if mask.orientation == photo.orientation or mask.turned:
        turns = {mask.orientation: None}
    fitting = [turn for turn in turns if _size(mask, turn) == photo.size]
    if len(fitting) > 1 and (lies := orientation()) is not None:
        fitting = [1 if lies == "upright" else photo.orientation]
    if not fitting:
        width, height = mask.image.size
        raise DataError(
            f"{mask.path} has {width} x {height} pixels, its image {path} {photo.size[0]} x {photo.size[1]}; "
            "they must be the same."
        )
    if len(fitting) > 1 or (mask.turned and mask.orientation != photo.orientation):
        raise DataError(
            f"{path} has the EXIF orientation {photo.orientation}, its mask {mask.path} "
            f"{mask.orientation}, and their sizes do not show whether the mask is of the photo upright or as "
            'its pixels are stored. Say mask_orientation="upright" or "stored".'
        )
    if fitting[0] == 1 or mask.turned:
        return labels
    return np.asarray(turned_upright(Image.fromarray(labels), fitting[0]))


def proved_orientation(pairs: Iterable[tuple[Path, Path]]) -> MaskOrientation | None:
    """How masks lie on photos that EXIF turns, if the sizes of all (photo, mask) say the same; else None."""
    found: set[MaskOrientation] = set()
    for photo, mask in pairs:
        with suppress(DataError):  # raised where the item itself is read
            found |= _ways(photo, mask)
    return found.pop() if len(found) == 1 else None


def _ways(photo: Path, mask: Path) -> set[MaskOrientation]:
    """Ways in which a mask may lie on a photo that EXIF turns on its side; none where they are one."""
    with open_image(photo) as image:
        size = image.size
        unknown = image.format == "PNG" and "exif" not in image.info  # it would be loaded to see
        if unknown or image.format == "TIFF" or read_orientation(image) < 5:  # Pillow turns TIFF itself
            return set()
    with open_image(mask) as image:
        if size[0] == size[1] or read_orientation(image) != 1:
            return set()
        ways: dict[tuple[int, int], MaskOrientation] = {size: "stored", size[::-1]: "upright"}
        return {ways[image.size]} if image.size in ways else set()


def _size(mask: Mask, turn: int) -> tuple[int, int]:
    """Width and height of a mask after a turn."""
    return mask.image.size if turn < 5 or mask.turned else mask.image.size[::-1]
