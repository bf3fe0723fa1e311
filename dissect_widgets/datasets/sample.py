"""A small labeled set of drawn scenes, to try things with, and an example of the layout of folders.

>>> write_sample("photos")
>>> MaskFolder("photos/images", "photos/masks", "photos/classes.csv", image_labels="photos/scenes.csv")
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.target import output_folder
from dissect_widgets.errors import SavedError, shortened, shown

CLASSES = ("sky", "grass", "road", "house", "window", "door", "tree", "car", "sun")
_SIZE = (320, 240)
_Color = tuple[int, int, int]


def write_sample(folder: str | Path, *, images: int = 60, seed: int = 0) -> Path:
    """Draw scenes with their masks into a folder.

    Parameters
    ----------
    folder
        Gets images/0.jpg ..., masks/0.png ..., classes.csv (value, name, category) and scenes.csv
        (image, name, category).
    images
        How many.
    seed
        Decides what is drawn.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SavedError
        If nothing can be written there, or the folder has files of these names that are not of a sample.
    StorageError
        If the disk is full.
    """
    folder, random = output_folder(folder, what="folder"), np.random.default_rng(seed)
    classes = [(value, name, "object") for value, name in enumerate(CLASSES, start=1)]
    table = _table(("value", "name", "category"), [(0, "", ""), *classes])
    _check_target(folder, table)
    _write(folder / "classes.csv", table)  # the first, for by it a sample is known
    scenes = []
    for number in range(images):
        scene = ("street", "meadow")[int(random.integers(2))]
        photo, mask = _draw(scene, random)
        _write(folder / "images" / f"{number}.jpg", _encoded(photo, "JPEG", quality=92))
        _write(folder / "masks" / f"{number}.png", _encoded(mask, "PNG"))
        scenes.append((f"{number}.jpg", scene, "scene"))
    _write(folder / "scenes.csv", _table(("image", "name", "category"), scenes))
    return folder


def _check_target(folder: Path, table: bytes) -> None:
    """Raise SavedError if a folder has files of a sample's names that are another's."""
    own = [
        name for name in ("images", "masks", "classes.csv", "scenes.csv") if os.path.lexists(folder / name)
    ]
    try:
        known = (folder / "classes.csv").read_bytes() == table
    except OSError:
        known = False
    if own and not known:
        raise SavedError(
            f"{shortened(folder)} has {shown(own[0])}, which is not of a sample, and is left alone; name "
            "another folder."
        )


class _Canvas:
    """A photo and its mask, drawn together."""

    def __init__(self) -> None:
        self.photo, self.mask = Image.new("RGB", _SIZE), Image.new("L", _SIZE)
        self._pens = ImageDraw.Draw(self.photo), ImageDraw.Draw(self.mask)

    def draw(self, shape: str, name: str, color: _Color, points: list[tuple[Any, Any]]) -> None:
        for pen, fill in zip(self._pens, (color, CLASSES.index(name) + 1), strict=True):
            getattr(pen, shape)(points, fill=fill)


def _draw(scene: str, random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    canvas, (width, height) = _Canvas(), _SIZE
    horizon = int(random.integers(90, 140))
    canvas.draw("rectangle", "sky", _shade((120, 170, 225), random), [(0, 0), (width, horizon)])
    ground, color = ("road", (110, 108, 110)) if scene == "street" else ("grass", (95, 150, 70))
    canvas.draw("rectangle", ground, _shade(color, random), [(0, horizon), (width, height)])
    if random.random() < 0.5:
        x, y = random.integers(20, 300), random.integers(15, 50)
        canvas.draw("ellipse", "sun", _shade((250, 220, 90), random), [(x - 14, y - 14), (x + 14, y + 14)])
    things = [_house, _tree, _car] if scene == "street" else [_tree, _tree, _house]
    for thing in things:
        for _ in range(int(random.integers(1, 3))):
            thing(canvas, random, float(random.integers(10, 270)), horizon)
    grain = random.normal(0, 9, (height, width, 3))
    noisy = np.clip(np.asarray(canvas.photo) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).filter(ImageFilter.GaussianBlur(0.8)), canvas.mask


def _house(canvas: _Canvas, random: np.random.Generator, x: float, horizon: int) -> None:
    wide, high, foot = random.integers(50, 90), random.integers(45, 80), horizon + 12
    canvas.draw("rectangle", "house", _shade((190, 120, 90), random), [(x, foot - high), (x + wide, foot)])
    roof = [(x - 5, foot - high), (x + wide / 2, foot - high - 28), (x + wide + 5, foot - high)]
    canvas.draw("polygon", "house", _shade((120, 60, 50), random), roof)
    canvas.draw("rectangle", "door", _shade((90, 55, 30), random), [(x + 8, foot - 28), (x + 22, foot)])
    for left in range(int(x) + 28, int(x + wide) - 14, 20):
        glass = [(left, foot - high + 12), (left + 12, foot - high + 28)]
        canvas.draw("rectangle", "window", _shade((215, 230, 240), random), glass)


def _tree(canvas: _Canvas, random: np.random.Generator, x: float, horizon: int) -> None:
    radius, foot = random.integers(16, 34), horizon + int(random.integers(5, 40))
    canvas.draw("rectangle", "tree", _shade((95, 65, 40), random), [(x - 4, foot - 40), (x + 4, foot)])
    top = foot - 40 - radius
    crown = [(x - radius, top - radius), (x + radius, top + radius)]
    canvas.draw("ellipse", "tree", _shade((50, 110, 50), random), crown)


def _car(canvas: _Canvas, random: np.random.Generator, x: float, horizon: int) -> None:
    foot = horizon + int(random.integers(35, 85))
    paint = _shade(((200, 40, 40), (40, 70, 180), (230, 230, 230))[int(random.integers(3))], random)
    canvas.draw("rectangle", "car", paint, [(x, foot - 20), (x + 64, foot - 5)])
    canvas.draw(
        "polygon",
        "car",
        paint,
        [(x + 12, foot - 20), (x + 20, foot - 33), (x + 44, foot - 33), (x + 54, foot - 20)],
    )
    for wheel in (x + 14, x + 50):
        canvas.draw("ellipse", "car", (25, 25, 25), [(wheel - 7, foot - 12), (wheel + 7, foot + 2)])


def _shade(color: _Color, random: np.random.Generator) -> _Color:
    red, green, blue = (int(np.clip(c + random.integers(-25, 26), 0, 255)) for c in color)
    return red, green, blue


def _table(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def _encoded(image: Image.Image, form: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as new:
        new.write_bytes(content)
