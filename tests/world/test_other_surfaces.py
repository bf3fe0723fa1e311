"""Other surfaces leave outlines, objects and parts alone; shuffling leaves nothing but pieces."""

from __future__ import annotations

import numpy as np
import pytest

from dissect_widgets.concepts.colors import COLOR_NAMES, name_bytes
from dissect_widgets.errors import SettingError
from dissect_widgets.world.other_surfaces import other_surfaces
from dissect_widgets.world.rendering import labeled_image, render
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, NAMES, VOCABULARY
from dissect_widgets.world.shuffling import any_order, shuffled, shuffled_picture
from dissect_widgets.world.views import scene_canvas


@pytest.mark.parametrize("scene", ["church", "kitchen"])
def test_objects_and_parts_stay_and_labels_are_true(scene: str) -> None:
    canvas, plain = scene_canvas(scene, 3), render(scene, 3, 64)
    picture = labeled_image(other_surfaces(canvas, np.random.default_rng(5)), scene, 64)
    assert (picture.labels[[0, 1, 5]] == plain.labels[[0, 1, 5]]).all()
    for channel in (2, 3):
        assert (picture.labels[channel] != plain.labels[channel]).mean() > 0.15
        names = {VOCABULARY[int(n)] for n in np.unique(picture.labels[channel]) if n}
        assert {concept.category for concept in names} <= {CATEGORIES[channel]}
    assert np.abs(picture.image.astype(int) - plain.image).mean() > 15
    first = VOCABULARY.index(COLOR_NAMES[0], "color")
    assert (picture.labels[4] == name_bytes(picture.image) + first).all()
    assert (labeled_image(canvas, scene, 64).image == plain.image).all(), "the canvas itself stays"


def test_textures_are_seen_where_they_are_labeled() -> None:
    canvas, contrast = scene_canvas("bedroom", 6), []
    for seed in range(6):
        picture = labeled_image(other_surfaces(canvas, np.random.default_rng(seed)), "bedroom", 96)
        wall = picture.labels[0] == VOCABULARY.index("wall", "object")
        textured = (picture.labels[3][wall] > 0).mean() > 0.8
        contrast.append((textured, np.abs(np.diff(picture.image.mean(2), axis=1))[wall[:, 1:]].mean()))
    assert {textured for textured, _ in contrast} == {True, False}
    assert min(c for textured, c in contrast if textured) > np.median([c for t, c in contrast if not t])


def test_the_same_generator_gives_the_same_and_some_can_be_kept() -> None:
    canvas = scene_canvas("harbor", 2)
    one, two = (other_surfaces(canvas, np.random.default_rng(1), keep=("sky", "water")) for _ in range(2))
    assert one.regions == two.regions
    kept = {VOCABULARY.index(name, "object") for name in ("sky", "water")}
    for before, after in zip(canvas.regions, one.regions, strict=True):
        assert after.outline == before.outline and after.labels[:2] == before.labels[:2]
        assert (after == before) == (before.labels[0] in kept)
    assert set(NAMES["material"]) >= {VOCABULARY[r.labels[2]].name for r in one.regions if r.labels[2]}


def test_every_piece_goes_elsewhere() -> None:
    for seed in range(5):
        order = any_order(3, np.random.default_rng(seed))
        assert sorted(order.tolist()) == list(range(9)) and (order != np.arange(9)).all()
    with pytest.raises(SettingError, match="1 pieces each way"):
        any_order(1, np.random.default_rng(0))


def test_pieces_are_put_where_the_order_says() -> None:
    rng = np.random.default_rng(0)
    order = any_order(3, rng)
    for shape in ((12, 12, 3), (5, 12, 12)):
        pixels = rng.integers(0, 99, shape)
        result = shuffled(pixels, order)
        for place, source in enumerate(order.tolist()):
            to, start = ((number // 3 * 4, number % 3 * 4) for number in (place, source))
            here, there = ((slice(y, y + 4), slice(x, x + 4)) for y, x in (to, start))
            one = result[here] if shape[-1] == 3 else result[:, *here]
            other = pixels[there] if shape[-1] == 3 else pixels[:, *there]
            assert (one == other).all()
    with pytest.raises(SettingError, match="3 pieces each way do not divide 16"):
        shuffled(np.zeros((16, 16, 3)), order)
    picture = render("park", 1, 32)
    mixed = shuffled_picture(picture, 4, rng)
    assert (np.sort(mixed.labels.reshape(6, -1)) == np.sort(picture.labels.reshape(6, -1))).all()
    assert (mixed.image != picture.image).any()
