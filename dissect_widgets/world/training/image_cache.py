"""Images drawn once for training and stored on disk, so that every epoch after the first is fast.

A cache is two arrays beside the checkpoint: images uint8 (n, 3, size, size) and labels
uint8 (n, channels, size / 2, size / 2). Several processes draw it; if they are stopped, drawing resumes where
it was. It is deleted with the folder of the run.
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

from dissect_widgets.core.data.storage import new_array
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.core.files.json_files import read_dict
from dissect_widgets.world.datasets import Objects, Scenes
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, NAMES, VOCABULARY

_CHUNK = 96  # images drawn between two notes of the progress


class ImageCache:
    """Images and labels of a data set, in arrays.

    Parameters
    ----------
    folder
        Where they are stored.
    data
        What to draw.
    categories
        Categories of the labels to store; a label counts from 1 within its category, 0 is none.
    """

    def __init__(self, folder: Path, data: Scenes | Objects, categories: Sequence[str] = ()) -> None:
        self.folder, self.data, self.categories = folder, data, tuple(categories)
        with full_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        n, size = len(data), data.size
        self._about = folder / "about.json"
        names = {category: NAMES[category] for category in self.categories}
        about = {"data": data.digest(), "names": {c: list(of_category) for c, of_category in names.items()}}
        stored = read_dict(self._about) if self._about.exists() else {}
        arrays = ["images", "labels"] if self.categories else ["images"]
        same = {key: stored.get(key) for key in about} == about
        same = same and all((folder / f"{name}.npy").exists() for name in arrays)
        self.drawn = int(stored["drawn"]) if same else 0
        self._description = about
        self.images = self._array("images", (n, 3, size, size))
        self.labels = self._array("labels", (n, len(self.categories), size // 2, size // 2))
        self.targets = np.array(data.targets, np.int64)

    def draw(self, workers: int, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Draw what is still missing, in several processes."""
        starts = range(self.drawn, len(self.data), _CHUNK)
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            jobs = [(self.data, range(s, min(s + _CHUNK, len(self.data))), self.categories) for s in starts]
            for start, (images, labels) in zip(starts, pool.map(_draw, jobs), strict=True):
                end = start + len(images)
                self.images[start:end], self.labels[start:end] = images, labels
                self.drawn = end
                with replacing(self._about) as new:
                    new.write_text(json.dumps(self._description | {"drawn": end}))
                progress(end, len(self.data))

    def _array(self, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        if 0 in shape:
            return np.zeros(shape, np.uint8)
        path = self.folder / f"{name}.npy"
        if not self.drawn:
            return new_array(path, np.dtype(np.uint8), shape)
        return np.lib.format.open_memmap(path, "r+", np.uint8, shape)


def cached_images(
    folder: Path, data: Scenes | Objects, categories: Sequence[str] = (), *, workers: int
) -> ImageCache:
    """Cache of all images of a data set, drawn first where they are missing, with a progress bar."""
    cache = ImageCache(folder, data, categories)
    with tqdm(total=len(data), initial=cache.drawn, desc="draw", unit="image") as bar:

        def progress(done: int, total: int) -> None:
            bar.update(done - bar.n)

        cache.draw(workers, progress)
    return cache


def category_numbers(category: str) -> NDArray[np.uint8]:
    """Number within a category of each concept of the world: uint8 (concepts,), from 1; 0 for others."""
    numbers = np.zeros(len(VOCABULARY), np.uint8)
    for number, name in enumerate(NAMES[category], start=1):
        numbers[VOCABULARY.index(name, category)] = number
    return numbers


def _draw(
    job: tuple[Scenes | Objects, range, tuple[str, ...]],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    data, indices, categories = job
    tables = [(CATEGORIES.index(category), category_numbers(category)) for category in categories]
    images: list[NDArray[np.uint8]] = []
    labels: list[Any] = []
    for index in indices:
        drawn = data.labeled_image(index)
        half = drawn.labels[:, 1::2, 1::2]
        images.append(drawn.image.transpose(2, 0, 1))
        labels.append(np.stack([table[half[channel]] for channel, table in tables]) if tables else [])
    side = data.size // 2
    return np.stack(images), np.array(labels, np.uint8).reshape(len(indices), len(categories), side, side)
