"""Random numbers, outlines, solids and names."""

from __future__ import annotations

import math

import pytest

from dissect_widgets.errors import ConceptError
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.light import Light
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Camera
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import (
    arched,
    blob,
    box,
    ellipse,
    rounded,
    skyline,
    smooth,
    tube,
)
from dissect_widgets.world.scenery.drawing.solids import Block, faces
from dissect_widgets.world.scenery.drawing.surfaces import Surface
from dissect_widgets.world.scenery.names import number_of
from dissect_widgets.world.scenery.vocabulary import NAMES, VOCABULARY


def area(outline: list[tuple[float, float]]) -> float:
    """Signed area of a polygon, by Gauss's formula."""
    after = [*outline[1:], outline[0]]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(outline, after, strict=True)) / 2


def test_random_numbers_of_a_seed_never_change() -> None:
    rng = Rng("church:7")
    values = [
        round(rng.between(0, 1), 6),
        rng.count(1, 6),
        rng.pick("abcdef"),
        rng.chance(0.5),
        rng.side(),
    ]
    assert values == [0.985896, 1, "c", False, -1]
    assert rng.shuffled([1, 2, 3, 4, 5]) == [1, 3, 4, 5, 2]


def test_random_numbers_are_uniform() -> None:
    rng = Rng("fair")
    counts = [0] * 6
    for _ in range(6000):
        counts[rng.count(1, 6) - 1] += 1
    assert min(counts) > 850 and max(counts) < 1150
    assert {rng.near(10, 0.1) // 1 for _ in range(200)} == {9, 10}


def test_areas_of_outlines() -> None:
    assert area(box(1, 2, 4, 7)) == 15
    assert area(ellipse(3, 4, 2, 5)) == pytest.approx(math.pi * 10, rel=0.02)
    assert area(rounded(0, 0, 4, 3, 0.5)) == pytest.approx(12 - (4 - math.pi) * 0.25, rel=0.01)
    assert area(arched(0, 0, 2, 5)) == pytest.approx(8 + math.pi / 2, rel=0.02)
    assert abs(area(tube([(0, 0), (10, 0)], 2, 1))) == pytest.approx(15)
    assert area(smooth([(1, 0), (0, 1), (-1, 0), (0, -1)], 8)) > 2
    assert area(blob(Rng("b"), 0, 0, 2, 1)) == pytest.approx(2 * math.pi, rel=0.3)
    hills = skyline(Rng("s"), 0, 10, 0, 2, 3)
    assert hills[0] == (0, 0) and hills[-1] == (10, 0) and abs(area(hills)) == pytest.approx(25, rel=0.2)


def test_a_block_shows_the_faces_that_look_at_the_camera() -> None:
    camera = Camera(height=1.6)
    assert set(faces(Block(0, 10, 2, 2, 1), camera, 0)) == {"front", "top"}
    assert set(faces(Block(0, 10, 2, 2, 3), camera, 0)) == {"front"}
    assert set(faces(Block(-5, 10, 2, 2, 3), camera, 0)) == {"front", "right"}
    assert set(faces(Block(0, 10, 2, 2, 3, turn=30), camera, 0)) == {"front", "left"}
    assert set(faces(Block(0, 10, 2, 2, 1, y=4), camera, 0)) == {"front", "bottom"}
    lit, dark = (faces(Block(-5, 10, 2, 2, 3), camera, side)["right"].light for side in (1, -1))
    assert lit > dark


def test_names_are_checked_and_the_vocabulary_is_large_enough() -> None:
    canvas = Canvas(Camera(), Light("day"))
    with pytest.raises(ConceptError, match=r"no object 'dor'.*'door'"):
        canvas.draw(SCREEN, box(0, 0, 1, 1), Surface((1, 1, 1)), "dor")
    with pytest.raises(ConceptError, match=r"no part 'whel'.*'wheel'"):
        canvas.draw(SCREEN, box(0, 0, 1, 1), Surface((1, 1, 1)), "car", "whel")
    assert number_of(None, "part") == 0
    least = {"object": 45, "part": 50, "material": 8, "texture": 10, "color": 11, "scene": 24}
    assert {c: len(names) >= least[c] for c, names in NAMES.items()} == dict.fromkeys(least, True)
    assert VOCABULARY.categories == tuple(least)
