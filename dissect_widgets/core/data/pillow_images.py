"""Colors of Pillow images, whatever their kind, as numbers; what is not certain is refused by name.

>>> rgb_of(Image.open("photo.png"), "photo.png")     # (H, W, 3)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageFile

from dissect_widgets.core.data.arrays import Float32s, UInt8s
from dissect_widgets.errors import DataError, shortened

_OPAQUE = frozenset(["L", "RGB", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "P", "1"])
_TRANSPARENT = frozenset(["LA", "La", "PA", "RGBA", "RGBa"])
_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANAR, _SAMPLE_FORMAT, _SUBFILE = 258, 262, 284, 339, 254  # tags of TIFF


def rgb_of(image: Image.Image, name: str) -> UInt8s | Float32s:
    """Colors of an image, as it lies: a rotation that EXIF asks for is not done here.

    Palettes, gray, CMYK, YCbCr, HSV and LAB become RGB as Pillow converts them; color profiles (ICC) are not
    applied. Transparent pixels are laid on white, as a page shows them. Of 16-bit color Pillow reads the
    upper 8 bits; 16-bit gray keeps all. Floats are taken as they are if all are within 0 to 1.

    Parameters
    ----------
    image
        The image; it is loaded if it is not yet.
    name
        What errors call it, such as its path.

    Returns
    -------
    ndarray
        (H, W, 3): uint8, or float32 in [0, 1] for grays of more than 8 bits.

    Raises
    ------
    DataError
        If it is damaged, has several frames, or numbers of which it does not say what is white.
    """
    colors = rgb_image(image, name)
    return np.array(colors) if isinstance(colors, Image.Image) else np.repeat(colors[:, :, None], 3, 2)


def rgb_image(image: Image.Image, name: str) -> Image.Image | Float32s:
    """Colors of an image as `rgb_of` says: an RGB image, or grays of more than 8 bits, float32 (H, W)."""
    try:
        frames, raw = _frames(image), raw_mode(image)
        load_whole(image)
        if frames > 1:
            raise DataError(
                f"{name} has {frames} frames, but an image has one. Save the frame that you want by itself."
            )
        _check_colors(image, raw, name)
        check_palette(image, name)
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            return _deep_gray(image, name)
        return _on_white(image, name) if image.has_transparency_data else image.convert("RGB")
    except DataError:
        raise
    except Exception as error:  # what decoders raise on damaged files has no limits
        reason = shortened(str(error) or type(error).__name__, 300)
        raise DataError(f"{name} is damaged: {reason}.") from error


def check_palette(image: Image.Image, name: str) -> None:
    """DataError if pixels have numbers behind the end of the palette, which Pillow takes for black."""
    if image.mode not in ("P", "PA"):
        return
    count = len(image.getpalette() or ()) // 3
    highest = int(np.asarray(image.getchannel("P") if image.mode == "PA" else image).max(initial=0))
    if highest >= count:
        raise DataError(f"{name} is damaged: it has the color {highest} of a palette of {count}.")


def load_whole(image: Image.Image) -> None:
    """Load an image, all of it, whatever was set for Pillow; its file is not mapped into memory.

    With `LOAD_TRUNCATED_IMAGES` the rest of a truncated image is gray. TIFF files that lie on their side
    Pillow (13.0) maps with their rows and columns exchanged, and so scrambles their pixels.
    """
    if getattr(image, "filename", ""):
        image.filename = ""  # type: ignore[attr-defined]
    lenient = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def raw_mode(image: Image.Image) -> str:
    """Mode of the pixels in the file of an image that is not loaded yet, before Pillow converts them."""
    tile: Any = getattr(image, "tile", None)
    arguments = tile[0][3] if tile else ""
    return arguments if isinstance(arguments, str) else str(arguments[0] if arguments else "")


def _frames(image: Image.Image) -> int:
    """Count the frames; further images of a camera's file (MPO), thumbnails and layers are none."""
    if image.format in ("MPO", "PSD") or image.tell():  # a frame was chosen
        return 1
    frames = int(getattr(image, "n_frames", 1))
    if image.format != "TIFF" or frames == 1:
        return frames
    pages = 0
    for frame in range(frames):
        image.seek(frame)
        pages += not int(_tag(image, _SUBFILE, 0)) & 0b101  # a smaller copy, or a mask of transparency
    image.seek(0)
    return pages


def _check_colors(image: Image.Image, raw: str, name: str) -> None:
    """DataError if what Pillow makes of the file is not certainly what is in it."""
    why = ""
    if image.mode not in _OPAQUE | _TRANSPARENT | {"I", "F"} and not image.mode.startswith("I;16"):
        why = f"has colors of the kind {image.mode}, which are not read"
    elif image.format in ("JPEG", "MPO") and image.mode == "CMYK" and "adobe" not in image.info:
        why = "is CMYK without Adobe's mark, so that it may be inverted or not"
    elif "transparency" in image.info and (image.mode == "1" or (";" in raw and image.mode in ("L", "RGB"))):
        why = "has a transparent color that cannot be compared with its pixels, which have other bits"
    elif image.format == "TIFF":
        signed = image.mode not in ("I", "F") and _tag(image, _SAMPLE_FORMAT, 1) != 1
        planes = _tag(image, _PLANAR, 1) == 2 and _tag(image, _BITS_PER_SAMPLE, 8) > 8
        if signed or planes:
            why = f"is a TIFF file {'of signed numbers' if signed else 'of 16-bit planes'}, which is not read"
    if why:
        raise DataError(f"{name} {why}. Save it as RGB with 8 bits.")


def _deep_gray(image: Image.Image, name: str) -> Float32s:
    """Gray of more than 8 bits, float32 (H, W) in [0, 1]; DataError if it is not certain what is white."""
    floats: Float32s
    values = np.asarray(image)
    low, high = values.min().item(), values.max().item()
    white_is_zero = image.format == "TIFF" and _tag(image, _PHOTOMETRIC, 1) == 0
    if image.mode == "F":
        if white_is_zero or not (low >= 0 and high <= 1):  # NaN is neither
            raise DataError(
                f"{name} has floats from {low:g} to {high:g}; they are read only within 0 to 1, from black "
                "to white. Divide them by the value of white, or save it with 8 or 16 bits."
            )
        floats = values.astype(np.float32)
        return floats
    if image.mode == "I" and image.format not in ("PNG", "PPM"):  # these define white as 65535
        raise DataError(
            f"{name} has 32-bit whole numbers, from {low} to {high}, and does not say which is white. "
            "Save it with 8 or 16 bits, with white as 255 or 65535."
        )
    bits = int(_tag(image, _BITS_PER_SAMPLE, 16)) if image.format == "TIFF" else 16
    gray = values.astype(np.float64) / (2**bits - 1)
    if "transparency" in image.info:
        gray[values == image.info["transparency"]] = 1
    floats = (1 - gray if white_is_zero else gray).astype(np.float32)
    return floats


def _on_white(image: Image.Image, name: str) -> Image.Image:
    """Image with transparent pixels over white, rounded to 8 bits."""
    straight = image.convert("LA") if image.mode == "La" else image
    pixels = np.asarray(straight.convert("RGBA")).astype(np.uint32)
    color, alpha = pixels[:, :, :3], pixels[:, :, 3:]
    if not alpha.any():
        raise DataError(f"{name} is transparent everywhere. Save it without alpha, if it has colors.")
    return Image.fromarray(((color * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8))


def _tag(image: Image.Image, tag: int, default: float) -> float:
    """Value of a TIFF tag, of the first of several."""
    value: Any = getattr(image, "tag_v2", {}).get(tag, default)
    return float(value[0] if isinstance(value, tuple) else value)
