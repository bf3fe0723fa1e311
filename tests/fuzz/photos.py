"""Photos that are damaged, made to harm, or gone: the right image, or refused with the name of the file.

A bit that is changed within a JPEG, WebP, GIF, BMP, TIFF file and the like may give another image, and nobody
can tell: of those the only question is whether something crashes.
"""

from __future__ import annotations

import io
import os
import struct
import warnings
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from dissect_widgets.core.data.batches import load_batches
from dissect_widgets.datasets.photo_folder import PhotoFolder
from dissect_widgets.datasets.photos import load_photo
from dissect_widgets.errors import DataError
from tests.fuzz.harness import Wrong, main

FORMS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "PPM", "TGA", "JPEG2000", "AVIF")
MODES = ("RGB", "L", "P", "RGBA", "1", "CMYK", "I;16")


def drawn(random: Random, side: int = 14) -> Image.Image:
    """Noise, or a ramp."""
    if random.random() < 0.5:
        return Image.frombytes("RGB", (side + 3, side), random.randbytes(3 * side * (side + 3)))
    ramp = np.add.outer(np.arange(side) * 9, np.arange(side + 3) * 5) % 256
    return Image.fromarray(np.repeat(ramp[:, :, None], 3, 2).astype(np.uint8))


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def read(path: Path) -> np.ndarray:
    """Pixels; an error must name the file in short."""
    warnings.simplefilter("ignore")
    try:
        return np.asarray(load_photo(path))
    except DataError as error:
        if path.name not in str(error) or len(str(error)) > 1_100:
            raise Wrong(f"the message is no help: {str(error)[:100]}, {len(str(error))} characters") from None
        raise


def is_read_whole(path: Path, content: bytes, changed: bytes) -> None:
    path.write_bytes(content)
    whole = read(path)
    path.write_bytes(changed)
    if not np.array_equal(read(path), whole):
        raise Wrong("another image is read in silence")


def truncated(random: Random, folder: Path) -> None:
    content = encoded(drawn(random), random.choice(FORMS))
    end = random.choice([random.randrange(len(content)), len(content) - random.randrange(1, 30)])
    is_read_whole(folder / "a.png", content, content[:end])


def changed_bits_of_png(random: Random, folder: Path) -> None:
    image = drawn(random).convert(random.choice(["RGB", "L", "P", "RGBA", "1"]))
    content = encoded(image, "PNG", compress_level=random.randrange(10))
    changed = bytearray(content)
    for _ in range(random.choice([1, 1, 2, 10])):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    is_read_whole(folder / "a.png", content, bytes(changed))


def changed_bytes(random: Random, folder: Path) -> None:
    form, image = random.choice(FORMS), drawn(random)
    content = bytearray(encoded(image, form))
    for _ in range(random.choice([1, 2, 10, 40])):
        at = random.randrange(min(len(content), random.choice([60, 200, 10**6])))
        content[at] = random.randrange(256)
    (folder / "a.png").write_bytes(content)
    read(folder / "a.png")


def exif(random: Random, folder: Path) -> None:
    entry = struct.pack("<HHI", 0x0112, random.randrange(14), random.choice([0, 1, 2, 2**31]))
    entry += random.randbytes(4) if random.random() < 0.5 else bytes([random.randrange(10), 0, 0, 0])
    count = random.choice([0, 1, 1, 2, 60_000])
    notes = b"Exif\0\0II*\0" + struct.pack("<I", random.choice([8, 8, 8, 0, 2**31]))
    notes += struct.pack("<H", count) + entry + struct.pack("<I", random.choice([0, 8, 2**31]))
    notes = random.choice(
        [notes, notes, notes[: random.randrange(len(notes))], b"Exif\0\0" + random.randbytes(90)]
    )
    image, form = drawn(random), random.choice(["JPEG", "PNG", "WEBP"])
    (folder / "a.png").write_bytes(encoded(image, form))
    plain = Image.fromarray(read(folder / "a.png"))
    (folder / "a.png").write_bytes(encoded(image, form, exif=notes))
    found = read(folder / "a.png")
    ways = [plain, *(plain.transpose(way) for way in Image.Transpose)]
    if not any(np.array_equal(found, way) for way in ways):
        raise Wrong("notes change pixels")


def gone(random: Random, folder: Path) -> None:
    """Files that change after they were listed are skipped, and only they."""
    for number in range(4):
        drawn(random).save(folder / f"{number}.png")
    data = PhotoFolder(folder, size=8)
    changed = random.randrange(4)
    path, way = folder / f"{changed}.png", random.randrange(6)
    content = path.read_bytes()
    path.unlink()
    if way == 1:
        path.mkdir()
    elif way == 2:
        os.mkfifo(path)
    elif way == 3:
        path.symlink_to(path)
    elif way == 4:
        path.write_bytes(content[: random.randrange(len(content) - 20)])
    elif way == 5:
        path.write_bytes(random.randbytes(random.randrange(50)))
    batches = list(load_batches(data, range(4), 2, skip_errors=True, workers=random.choice([0, 0, 1])))
    if [n for batch in batches for n in batch.indices] != [n for n in range(4) if n != changed]:
        raise Wrong("other items than the bad one are skipped")
    data[changed]


KINDS = {
    "truncated": truncated,
    "changed bits of PNG": changed_bits_of_png,
    "changed bytes of all formats": changed_bytes,
    "EXIF": exif,
    "gone or changed": gone,
}

if __name__ == "__main__":
    main("photos", KINDS, count=500, seconds=15)
