"""Whether the file of an image is whole, where its format tells: Pillow does not compare all checksums.

The parts of a PNG file have checksums. Other formats have none: a bit that is changed within the pixels of a
JPEG, BMP, GIF or TIFF file gives another image, and nobody can tell.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import IO, Final

import numpy as np
from PIL import Image

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PIXELS: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_BLOCK: Final = 1 << 20
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the color type
_ADAM7: Final = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""Left, top, and steps across and down of the passes of an interlaced file."""
_FIRST_PIXELS, _END = b"\xff\x93", b"\xff\xd9"  # of JPEG 2000


def what_is_damaged(file: IO[bytes], form: str | None) -> str:
    """What is wrong with the file of an image of a format, as Pillow calls it; "" for nothing.

    Where the file stands is as it was.
    """
    place = file.tell()
    try:
        if form == "PNG":
            return _png(file)
        if form == "JPEG2000":
            return _jpeg2000(file)
        return ""
    finally:
        file.seek(place)


def lacks_rows(path: Path, image: Image.Image) -> bool:
    """Whether a PNG file, of which `image` was loaded, has fewer rows than it says; Pillow leaves them 0."""
    if image.format != "PNG" or not image.width or not image.height:
        return False
    last = image.crop((0, image.height - 1, image.width, image.height))
    if not image.info.get("interlace") and np.asarray(last).any():
        return False
    with open(path, "rb") as file:
        head = file.read(33)
        if head[:8] != _SIGNATURE:
            return False
        width, height, bits, color, *_, interlaced = struct.unpack(">IIBBBBB", head[16:29])
        passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
        needed = 0
        for left, top, across, down in passes:
            columns, rows = -(-(width - left) // across), -(-(height - top) // down)
            needed += rows * (1 + -(-columns * bits * _CHANNELS.get(color, 1) // 8)) if columns > 0 else 0
        return _unpacked(file, needed) < needed


def _unpacked(file: IO[bytes], most: int) -> int:
    """Bytes of pixels in the rest of a PNG file, counted up to `most`."""
    unpack, count = zlib.decompressobj(), 0
    while count < most and len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        left = length if kind == b"IDAT" else 0
        file.seek(length - left, os.SEEK_CUR)
        while left > 0 and (block := file.read(min(left, _BLOCK))):
            left -= len(block)
            while block and count < most and not unpack.eof:
                count += len(unpack.decompress(block, _BLOCK))
                block = unpack.unconsumed_tail
        file.seek(4, os.SEEK_CUR)
    return count


def _png(file: IO[bytes]) -> str:
    """Compare the checksums of the parts that pixels depend on."""
    file.seek(0)
    if file.read(8) != _SIGNATURE:
        return ""  # within a file of another format
    while True:
        head = file.read(8)
        if len(head) < 8:
            return "it is truncated"
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind not in _PIXELS:
            file.seek(length + 4, os.SEEK_CUR)
            continue
        checksum, left = zlib.crc32(kind), length
        while left:
            block = file.read(min(left, _BLOCK))
            if not block:
                return "it is truncated"
            checksum, left = zlib.crc32(block, checksum), left - len(block)
        if file.read(4) != checksum.to_bytes(4, "big"):
            return f"the checksum of its part {kind.decode()} is wrong"
        if kind == b"IEND":
            return ""


def _jpeg2000(file: IO[bytes]) -> str:
    """Look for the mark of the end behind the first pixels; what is missing Pillow takes for gray."""
    file.seek(0)
    content = file.read()
    pixels = content.find(_FIRST_PIXELS)
    return "" if pixels >= 0 and _END in content[pixels:] else "it is truncated"
