"""Masks as files hold them: one number, or one color, for each pixel.

>>> mask = read_mask(Path("masks/17.png"))
>>> table.labels(mask)               # of a MaskTable: int32 (H, W)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dissect_widgets.core.data.pillow_images import check_palette, load_whole, raw_mode
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.datasets.photos import check_rows, open_image, read_orientation, tiff_orientation
from dissect_widgets.datasets.tables import MAX_VALUE, Classes, ClassTable, value_table
from dissect_widgets.errors import DataError, shortened

MASK_ENDINGS = frozenset([".bmp", ".gif", ".png", ".tif", ".tiff"])
LOSSY = {
    **dict.fromkeys([".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"], "JPEG"),
    **dict.fromkeys([".webp"], "WEBP"),
    **dict.fromkeys([".avif", ".heic", ".heif"], "AVIF"),
    **dict.fromkeys([".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"], "JPEG2000"),
}
"""Formats that change values, by the ending."""
_SCALED = {"L;2": 85, "L;4": 17, "L;2R": 85, "L;4R": 17}  # Pillow stretches gray values of 2 and 4 bits
_LOSSY_FORMATS = frozenset([*LOSSY.values(), "MPO"])
_LOSSY_COMPRESSIONS = frozenset(["jpeg", "tiff_jpeg", "webp"])
_WHITE_IS_ZERO, _PHOTOMETRIC, _SAMPLE_FORMAT, _SIGNED = 0, 262, 339, 2


class Mask(NamedTuple):
    """A mask that was read."""

    path: Path
    image: Image.Image
    """Loaded, without alpha, and not turned."""
    scale: int
    """What Pillow has multiplied its numbers by."""
    signed: bool
    """Whether its bytes are signed."""
    orientation: int
    """How it lies in the file: EXIF's number, 1 for upright."""
    turned: bool
    """Whether Pillow has turned it upright already."""


def read_mask(path: Path) -> Mask:
    """Read a mask.

    Raises
    ------
    DataError
        If it cannot be read, has a format that changes values, or several frames.
    """
    with open_image(path) as image:
        try:
            return _read(image, path)
        except DataError:
            raise
        except Exception as error:  # what decoders raise on damaged files has no limits
            reason = shortened(str(error) or type(error).__name__, 300)
            raise DataError(f"{shortened(path, 400)} is damaged: {reason}.") from error


def _read(image: Image.Image, path: Path) -> Mask:
    compression = str(image.info.get("compression", ""))
    if image.format in _LOSSY_FORMATS or compression in _LOSSY_COMPRESSIONS:
        raise DataError(f"{path} is {image.format}, which changes values; save masks as .png.")
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO and image.mode != "P":
        raise DataError(f"{path} is a TIFF file where zero is white, so its numbers are not certain.")
    raw, before = raw_mode(image), tiff_orientation(image)
    if "16" in raw and image.mode in ("RGB", "RGBA", "LA"):
        raise DataError(f"{path} has colors of 16 bits, which are not read exactly; save it with 8 bits.")
    frames = int(getattr(image, "n_frames", 1))
    load_whole(image)
    check_rows(path, image)
    if frames > 1:
        raise DataError(f"{path} has {frames} frames, but a mask has one.")
    orientation = read_orientation(image)
    signed = image.mode == "L" and _first(tags.get(_SAMPLE_FORMAT)) == _SIGNED
    scale = _SCALED.get(raw, 1)
    return Mask(path, _without_alpha(image, path), scale, signed, before or orientation, bool(before))


class MaskTable:
    """Turns values or colors of masks into labels.

    Parameters
    ----------
    classes
        What values and colors mean.
    numbers
        Index of each concept in the vocabulary.
    source
        The table of classes, for errors.
    """

    def __init__(self, classes: ClassTable, numbers: dict[Concept, int], source: Path) -> None:
        self._values = None if classes.values is None else value_table(classes.values, numbers)
        self._colors = None if classes.colors is None else _sorted(classes.colors, numbers)
        self._no_colors, self._source = classes.no_colors, source

    def tobytes(self) -> bytes:
        """All that it means, for digests."""
        arrays = ([] if self._values is None else [self._values]) + list(self._colors or ())
        return b"".join(array.tobytes() for array in arrays)

    def labels(self, mask: Mask) -> NDArray[np.int32]:
        """Labels of the pixels, int32 (H, W), as they lie in the file.

        Raises
        ------
        DataError
            If a value or a color is no class's.
        """
        mode = mask.image.mode
        numbered = mode in ("1", "L", "P", "I") or mode.startswith("I;16")
        if mode == "P" and self._values is not None and self._colors is not None:
            return self._of_palette(mask)
        if numbered and self._values is not None:
            return self._of_values(mask)
        if mode in ("1", "L", "P", "RGB") and self._values is None:
            return self._of_colors(mask)
        if mode == "RGB":
            if self._colors is not None:
                return self._of_colors(mask)
            raise DataError(
                f"{mask.path} has the mode RGB; a mask holds one number a pixel (palette or gray), or colors "
                f"that the table of classes names. {self._no_colors}"
            )
        raise DataError(
            f"{mask.path} has the mode {mode}; a mask holds one number a pixel (palette or gray)"
            f"{', or colors' if self._colors is not None else ''}."
        )

    def _of_values(self, mask: Mask) -> NDArray[np.int32]:
        assert self._values is not None
        values = np.asarray(mask.image, np.uint8 if mask.image.mode == "1" else None)
        values = values if mask.scale == 1 else values // mask.scale
        if mask.signed:
            values = values.view(np.int8)
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        if low < 0 or high > MAX_VALUE:
            raise DataError(
                f"{mask.path} has the value {low if low < 0 else high}; values of masks are 0 to {MAX_VALUE}."
            )
        labels = self._values.take(values)
        if labels.min(initial=0) < 0:
            value = int(values[labels < 0][0])
            raise DataError(
                f"{mask.path} has the value {value}, which is no class's. Name it in the table of classes, "
                f"without a name if it is unlabeled, or give unlabeled=[{value}]."
            )
        return labels

    def _of_colors(self, mask: Mask) -> NDArray[np.int32]:
        assert self._colors is not None
        labels, colors = self._look_up(mask)
        if labels.min(initial=0) < 0:
            row, column = np.argwhere(labels < 0)[0].tolist()
            raise DataError(
                f"{mask.path} has the color #{int(colors[row, column]):06X} at column {column}, row {row}, "
                f"which is no class's. Name it in {self._source}, without a name if it is unlabeled."
            )
        return labels

    def _of_palette(self, mask: Mask) -> NDArray[np.int32]:
        """Of a palette that may be meant by its numbers or by its colors: by what both or only one allows."""
        by_color = self._look_up(mask)[0]
        try:
            by_value = self._of_values(mask)
        except DataError:
            if by_color.min(initial=0) < 0:
                raise
            return by_color
        if by_color.min(initial=0) >= 0 and not np.array_equal(by_color, by_value):
            raise DataError(
                f"{mask.path} has a palette whose numbers and colors mean different classes in "
                f"{self._source}. Leave out of the table its column of values, or those of colors."
            )
        return by_value

    def _look_up(self, mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Label of each pixel by its color, -1 for unknown ones; and the colors, 0xRRGGBB."""
        assert self._colors is not None
        check_palette(mask.image, str(mask.path))
        rgb = np.asarray(mask.image.convert("RGB")).astype(np.int32)
        colors = rgb[:, :, 0] << 16 | rgb[:, :, 1] << 8 | rgb[:, :, 2]
        known, labels = self._colors
        places = np.searchsorted(known, colors).clip(max=len(known) - 1)
        return np.where(known[places] == colors, labels[places], np.int32(-1)), colors


def _without_alpha(image: Image.Image, path: Path) -> Image.Image:
    if image.mode not in ("LA", "RGBA"):
        return image
    alpha = np.asarray(image.getchannel("A"))
    if alpha.min(initial=255) < 255:
        row, column = np.argwhere(alpha < 255)[0].tolist()
        raise DataError(
            f"{path} has a transparent pixel at column {column}, row {row}, of which it is not certain "
            "whether it is labeled. Save it without alpha."
        )
    return image.convert("L" if image.mode == "LA" else "RGB")


def _sorted(classes: Classes, numbers: dict[Concept, int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Colors in ascending order, and their labels."""
    ordered = sorted(classes)
    concepts = [classes[color] for color in ordered]
    labels = [0 if concept is None else numbers[concept] for concept in concepts]
    return np.array(ordered, np.int32), np.array(labels, np.int32)


def _first(value: Any) -> int:
    return int(value[0]) if isinstance(value, tuple) else int(value or 0)
