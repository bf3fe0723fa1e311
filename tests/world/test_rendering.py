"""Scenes: the same bytes always, every pixel labeled, no scene or object recognizable by color alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from dissect_widgets.concepts.colors import name_colors
from dissect_widgets.errors import ConceptError, SettingError
from dissect_widgets.world import CATEGORIES, NAMES, OBJECT_KINDS, SCENES, VOCABULARY, render, render_object

DIGEST = """
import hashlib
from dissect_widgets.world import SCENES, render
digest = hashlib.sha256()
for scene in reversed(SCENES):
    picture = render(scene, 3, 64)
    digest.update(picture.image.tobytes() + picture.labels.tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_the_same_bytes_in_any_process_thread_and_order() -> None:
    command = [sys.executable, "-c", DIGEST]
    digests = []
    for number in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": number, "OMP_NUM_THREADS": number}
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        digests.append(run.stdout.strip())
    with ThreadPoolExecutor(4) as threads:
        pictures = list(threads.map(lambda scene: render(scene, 3, 64), SCENES))
    digest = hashlib.sha256()
    for picture in reversed(pictures):
        digest.update(picture.image.tobytes() + picture.labels.tobytes())
    assert digests == [digest.hexdigest()] * 2


@pytest.mark.parametrize("scene", SCENES)
def test_every_pixel_is_labeled(scene: str) -> None:
    for seed in range(6):
        picture = render(scene, seed, 64)
        assert picture.image.shape == (64, 64, 3) and picture.labels.shape == (len(CATEGORIES), 64, 64)
        assert picture.scene == scene
        for channel, category in enumerate(CATEGORIES):
            found = np.unique(picture.labels[channel])
            names = {VOCABULARY[int(n)].category for n in found[found > 0]}
            assert names <= {category}
            assert (found > 0).all() or category not in ("object", "color", "scene")
        color = name_colors(torch.from_numpy(picture.image).permute(2, 0, 1)).numpy()
        assert (picture.labels[4] == color + VOCABULARY.index("black", "color")).all()
        assert 15 < picture.image.std() < 100, "neither empty nor noise"


def test_a_size_changes_the_grain_not_the_picture() -> None:
    small, large = render("church", 5, 64), render("church", 5, 256)
    coarse = large.image.reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(coarse - small.image).mean() < 8
    assert (large.labels[0][2::4, 2::4] == small.labels[0]).mean() > 0.9


@pytest.mark.slow
def test_every_name_is_drawn() -> None:
    seen = np.zeros(len(VOCABULARY), bool)
    for seed in range(40):
        for scene in SCENES:
            seen[np.unique(render(scene, 500 + seed, 64).labels)] = True
    missing = [tuple(VOCABULARY[int(n)]) for n in np.flatnonzero(~seen) if n]
    assert not missing


@pytest.fixture(scope="module")
def sample() -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(scene, pixels, objects) of 60 small pictures of each scene."""
    pictures = [
        (number, render(scene, 900 + seed, 48)) for number, scene in enumerate(SCENES) for seed in range(60)
    ]
    return [
        (number, p.image[::2, ::2].reshape(-1, 3), p.labels[0][::2, ::2].ravel()) for number, p in pictures
    ]


@pytest.mark.slow
def test_no_scene_is_recognizable_by_its_mean_color(sample: list[tuple[int, np.ndarray, np.ndarray]]) -> None:
    means = np.array([pixels.mean(0) for _, pixels, _ in sample])
    scenes = np.array([scene for scene, _, _ in sample])
    learned = np.arange(len(scenes)) % 4 > 0
    distance = ((means[~learned, None] - means[None, learned]) ** 2).sum(2)
    for neighbors in (1, 5, 15, 30):
        nearest = scenes[learned][np.argsort(distance, 1)[:, :neighbors]]
        predicted = np.array([np.bincount(row, minlength=len(SCENES)).argmax() for row in nearest])
        assert (predicted == scenes[~learned]).mean() < 0.3


@pytest.mark.slow
def test_no_object_is_recognizable_by_its_color(sample: list[tuple[int, np.ndarray, np.ndarray]]) -> None:
    def bins(pixels: np.ndarray) -> np.ndarray:
        coarse = pixels.astype(int) >> 4
        return coarse[:, 0] * 256 + coarse[:, 1] * 16 + coarse[:, 2]

    objects = 1 + len(NAMES["object"])
    table = np.zeros((16**3, objects))
    for number, (_, pixels, labels) in enumerate(sample):
        if number % 4:
            np.add.at(table, (bins(pixels), labels), 1)
    hits, areas, truths = np.zeros((3, objects))
    for _, pixels, labels in sample[::4]:
        predicted = table.argmax(1)[bins(pixels)]
        hits += np.bincount(labels[predicted == labels], minlength=objects)
        areas += np.bincount(predicted, minlength=objects)
        truths += np.bincount(labels, minlength=objects)
    there = truths > 0
    assert (hits[there] / (areas + truths - hits)[there]).mean() < 0.2


@pytest.mark.parametrize("kind", OBJECT_KINDS)
def test_single_objects_are_large(kind: str) -> None:
    shares = []
    for seed in range(6):
        picture = render_object(kind, seed, 64)
        own = picture.labels[0] == VOCABULARY.index(kind, "object")
        shares.append(max(np.ptp(np.flatnonzero(own.any(axis))) + 1 for axis in (0, 1)) / 64)
        assert not picture.labels[5].any() and picture.scene == ""
    assert min(shares) > 0.25 and np.median(shares) > 0.5


def test_bad_scenes_objects_seeds_and_sizes() -> None:
    with pytest.raises(ConceptError, match=r"no scene 'ski slop'.*'ski slope'"):
        render("ski slop", 0)
    with pytest.raises(ConceptError, match=r"no single object 'airplan'.*'airplane'"):
        render_object("airplan", 0)
    for seed in (-1, 1.5, True, "3"):
        with pytest.raises(SettingError, match="The seed is"):
            render("beach", seed)  # type: ignore[arg-type]
    for size in (0, 15, 1025, 64.0):
        with pytest.raises(SettingError, match=r"The size is .* from 16 to 1024"):
            render("beach", 0, size)  # type: ignore[arg-type]
