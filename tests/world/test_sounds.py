"""Sounds follow the things that are seen, with some noise."""

from __future__ import annotations

import numpy as np

from dissect_widgets.world.scenery.names import number_of
from dissect_widgets.world.sounds import BANDS, SOUNDS, cluster, nearest_center, sound_of


def _loud(name: str, share: float) -> np.ndarray:
    objects = np.full((20, 30), number_of("ceiling", "object"))
    objects[: round(20 * share)] = number_of(name, "object")
    sounds = [sound_of(objects, np.random.default_rng(seed)) for seed in range(40)]
    return np.mean(sounds, 0)


def test_what_is_larger_sounds_louder_in_its_bands() -> None:
    silence = _loud("ceiling", 1.0)
    for name in ("bird", "truck", "water"):
        little, much = _loud(name, 0.1), _loud(name, 0.9)
        assert much.shape == (BANDS,) and much.dtype == np.float32
        assert abs(int((much - silence).argmax()) - SOUNDS[name].band) <= 1
        assert much.max() - little.max() > 0.3 and little.max() > silence.max() + 0.5
    assert np.ptp(silence) < 0.3


def test_noise_comes_from_the_generator_alone() -> None:
    objects = np.full((5, 7), number_of("water", "object"))
    one, two, other = (sound_of(objects, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert (one == two).all() and (one != other).any()


def test_clusters_are_found_again() -> None:
    rng = np.random.default_rng(0)
    middles = rng.uniform(-9, 9, (5, 3))
    truth = rng.integers(0, 5, 200)
    points = (middles[truth] + rng.normal(0, 0.05, (200, 3))).astype(np.float32)
    centers = cluster(points, 5)
    classes = nearest_center(points, centers)
    assert all(len(set(classes[truth == k])) == 1 for k in range(5)) and len(set(classes)) == 5
    brute = ((points[:, None] - centers) ** 2).sum(2).argmin(1)
    assert (classes == brute).all()
