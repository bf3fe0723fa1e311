"""Masks that are damaged, made to harm, or gone: the right labels, or refused with the name of the file."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from dissect_widgets.datasets.mask_folder import MaskFolder
from dissect_widgets.errors import DataError
from tests.fuzz.harness import Wrong, main
from tests.fuzz.photos import encoded

TABLE = "value,name,category\n0,,\n1,car,object\n2,tree,object\n"


def labels(random: Random) -> np.ndarray:
    return np.array([[random.randrange(3) for _ in range(13)] for _ in range(11)], np.uint8)


def folder_of(folder: Path, mask: bytes, ending: str = "png") -> Path:
    """A folder of one photo; returns the path of its mask."""
    for name in ("images", "masks"):
        (folder / name).mkdir()
    Image.new("RGB", (13, 11)).save(folder / "images" / "a.jpg")
    (folder / "classes.csv").write_text(TABLE)
    (folder / "masks" / f"a.{ending}").write_bytes(mask)
    return folder / "masks" / f"a.{ending}"


def read(folder: Path, path: Path) -> np.ndarray:
    """Labels; an error must name the mask in short."""
    warnings.simplefilter("ignore")
    try:
        data = MaskFolder(folder / "images", folder / "masks", folder / "classes.csv", label_size=(11, 13))
        return data[0][1][0].numpy()
    except DataError as error:
        if path.name not in str(error) or len(str(error)) > 1_100:
            raise Wrong(f"the message is no help: {str(error)[:100]}, {len(str(error))} characters") from None
        raise


def is_read_whole(folder: Path, values: np.ndarray, content: bytes, ending: str = "png") -> None:
    path = folder_of(folder, content, ending)
    found = read(folder, path)
    expected = np.where(values > 0, values, 0)
    if not np.array_equal(found, expected):
        raise Wrong("other labels are read in silence")


def truncated(random: Random, folder: Path) -> None:
    values, form = labels(random), random.choice(["PNG", "TIFF", "GIF", "BMP"])
    content = encoded(Image.fromarray(values), form)
    end = random.choice([random.randrange(len(content)), len(content) - random.randrange(1, 30)])
    is_read_whole(folder, values, content[:end], {"TIFF": "tif"}.get(form, form.lower()))


def changed_bits(random: Random, folder: Path) -> None:
    values = labels(random)
    image = Image.fromarray(values)
    if random.random() < 0.5:
        image.putpalette(random.randbytes(9))
    content = bytearray(encoded(image, "PNG", compress_level=random.randrange(10)))
    for _ in range(random.choice([1, 1, 2, 10])):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    is_read_whole(folder, values, bytes(content))


def changed_bytes(random: Random, folder: Path) -> None:
    """Of formats without checksums: whether something crashes."""
    form = random.choice(["TIFF", "GIF", "BMP", "PNG"])
    content = bytearray(encoded(Image.fromarray(labels(random)), form))
    for _ in range(random.choice([1, 3, 20])):
        content[random.randrange(min(len(content), random.choice([60, 10**6])))] = random.randrange(256)
    read(folder, folder_of(folder, bytes(content), {"TIFF": "tif"}.get(form, form.lower())))


def other_kinds(random: Random, folder: Path) -> None:
    """Other modes, sizes and values than a mask of these classes may have."""
    values = labels(random)
    image = Image.fromarray(values)
    way = random.randrange(6)
    if way == 0:
        values[random.randrange(11), random.randrange(13)] = random.randrange(3, 256)
        image = Image.fromarray(values)
    elif way == 1:
        image = image.convert(random.choice(["RGB", "RGBA", "LA", "F", "I"]))
    elif way == 2:
        image = image.resize((random.randrange(1, 30), random.randrange(1, 30)))
    elif way == 3:
        content = encoded(image, "GIF", save_all=True, append_images=[Image.fromarray(labels(random))])
        return is_read_whole(folder, values, content)
    elif way == 4:
        return is_read_whole(folder, values, encoded(image.convert("RGB"), random.choice(["JPEG", "WEBP"])))
    else:
        image = Image.fromarray((values + random.choice([0, 256]) * (values == 1)).astype(np.uint16))
    form = "TIFF" if image.mode in ("F", "I") else "PNG"
    is_read_whole(folder, values, encoded(image, form))


def gone(random: Random, folder: Path) -> None:
    values = labels(random)
    path = folder_of(folder, encoded(Image.fromarray(values), "PNG"))
    data = MaskFolder(folder / "images", folder / "masks", folder / "classes.csv")
    path.unlink()
    way = random.randrange(4)
    if way == 1:
        path.mkdir()
    elif way == 2:
        os.mkfifo(path)
    elif way == 3:
        path.symlink_to(path)
    data[0]


KINDS = {
    "truncated": truncated,
    "changed bits of PNG": changed_bits,
    "changed bytes of all formats": changed_bytes,
    "other kinds": other_kinds,
    "gone": gone,
}

if __name__ == "__main__":
    main("masks", KINDS, count=500, seconds=15)
