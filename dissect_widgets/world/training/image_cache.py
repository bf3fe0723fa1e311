"""Pictures drawn once for training, kept as bytes, so that every epoch after the first is quick.

A nursery is two arrays on the disk beside the checkpoint: pictures uint8 (n, 3, size, size) and labels
uint8 (n, channels, size / 2, size / 2). It is drawn by several processes, goes on where it was stopped,
and is deleted with the folder of the run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from dissect_widgets.core.data.atomic_write import replacing
from dissect_widgets.world.datasets import Objects, Scenes
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, NAMES, VOCABULARY

_PIECE = 96  # pictures drawn between two notes of how far it is


class ImageCache:
    """Pictures and labels of a data set, in arrays.

    Parameters
    ----------
    folder
        Where they are kept.
    data
        What to draw.
    categories
        Whose labels are kept; a label counts from 1 within its category, 0 is none.
    """

    def __init__(self, folder: Path, data: Scenes | Objects, categories: Sequence[str] = ()) -> None:
        self.folder, self.data, self.categories = folder, data, tuple(categories)
        folder.mkdir(parents=True, exist_ok=True)
        n, size = len(data), data.size
        self._about = folder / "about.json"
        about = {"data": data.digest(), "categories": list(self.categories)}
        told = json.loads(self._about.read_text()) if self._about.exists() else {}
        arrays = ["pictures", "labels"] if self.categories else ["pictures"]
        same = {key: told.get(key) for key in about} == about
        same = same and all((folder / f"{name}.npy").exists() for name in arrays)
        self.drawn = int(told["drawn"]) if same else 0
        self._told = about
        self.pictures = self._array("pictures", (n, 3, size, size))
        self.labels = self._array("labels", (n, len(self.categories), size // 2, size // 2))
        self.targets = np.array(data.targets, np.int64)

    def draw(self, workers: int, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Draw what is still missing, with some processes."""
        starts = range(self.drawn, len(self.data), _PIECE)
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            jobs = [(self.data, range(s, min(s + _PIECE, len(self.data))), self.categories) for s in starts]
            for start, (pictures, labels) in zip(starts, pool.map(_draw, jobs), strict=True):
                end = start + len(pictures)
                self.pictures[start:end], self.labels[start:end] = pictures, labels
                self.drawn = end
                with replacing(self._about) as new:
                    new.write_text(json.dumps(self._told | {"drawn": end}))
                progress(end, len(self.data))

    def _array(self, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        if 0 in shape:
            return np.zeros(shape, np.uint8)
        mode: Any = "r+" if self.drawn else "w+"
        return np.lib.format.open_memmap(self.folder / f"{name}.npy", mode, np.uint8, shape)


def grow(folder: Path, data: Scenes | Objects, categories: Sequence[str] = (), *, workers: int) -> ImageCache:
    """A nursery with all its pictures, drawn under a bar."""
    image_cache = ImageCache(folder, data, categories)
    with tqdm(total=len(data), initial=image_cache.drawn, desc="draw", unit="picture") as bar:

        def progress(done: int, total: int) -> None:
            bar.update(done - bar.n)

        image_cache.draw(workers, progress)
    return image_cache


def category_numbers(category: str) -> NDArray[np.uint8]:
    """Where each concept of the world stands in a category: uint8 (concepts,), from 1; 0 for others."""
    numbers = np.zeros(len(VOCABULARY), np.uint8)
    for number, name in enumerate(NAMES[category], start=1):
        numbers[VOCABULARY.index(name, category)] = number
    return numbers


def _draw(
    job: tuple[Scenes | Objects, range, tuple[str, ...]],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    data, indices, categories = job
    tables = [(CATEGORIES.index(category), category_numbers(category)) for category in categories]
    pictures: list[NDArray[np.uint8]] = []
    labels: list[Any] = []
    for index in indices:
        picture = data.picture(index)
        half = picture.labels[:, 1::2, 1::2]
        pictures.append(picture.image.transpose(2, 0, 1))
        labels.append(np.stack([table[half[channel]] for channel, table in tables]) if tables else [])
    side = data.size // 2
    return np.stack(pictures), np.array(labels, np.uint8).reshape(len(indices), len(categories), side, side)
