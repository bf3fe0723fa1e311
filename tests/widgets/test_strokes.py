"""What a brush covers, and files of strokes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from dissect_widgets.errors import SavedError, SettingError
from dissect_widgets.widgets.neuron_painter.coverage import Coverage
from dissect_widgets.widgets.neuron_painter.strokes import (
    LONGEST_TEXT,
    MOST_STROKES,
    Bounds,
    Stroke,
    checked_stroke,
    read_strokes,
    write_strokes,
)
from dissect_widgets.widgets.shared.history import History

STROKE = Stroke("draw", "door", (4, 0, 2), (1.5, 0.25, -3.0), 1.0, 0.2, ((0.1, 0.2), (0.7, 0.9)))
BOUNDS = Bounds(units=5, level=300.0)
ABOUT = {"generator": "Net 12ab", "layer": "layer4", "seed": 7}


def covered_by_samples(
    grid: tuple[int, int], picture: tuple[int, int], brush: float, points: list[tuple[float, float]]
) -> np.ndarray:
    """Mask from 8 x 8 samples a cell, each against discs at many places along the way, in a plain loop."""
    rows, columns = grid
    height = picture[0] / picture[1]
    path = []
    for (x0, y0), (x1, y1) in zip([points[0], *points], points, strict=False):
        path += [(x0 + t * (x1 - x0), (y0 + t * (y1 - y0)) * height) for t in np.linspace(0, 1, 400)]
    way = np.array(path)
    mask = np.zeros(grid)
    for row in range(rows * 8):
        for column in range(columns * 8):
            x, y = (column + 0.5) / (columns * 8), (row + 0.5) / (rows * 8) * height
            near = ((way[:, 0] - x) ** 2 + (way[:, 1] - y) ** 2).min() ** 0.5
            mask[row // 8, column // 8] += near <= brush / 2
    return mask / 64


@pytest.mark.parametrize(
    ("grid", "picture", "brush", "points"),
    [
        ((5, 7), (50, 70), 0.3, [(0.5, 0.5)]),
        ((5, 7), (40, 90), 0.25, [(0.1, 0.2), (0.8, 0.3), (0.4, 0.95)]),
        ((4, 3), (20, 28), 0.6, [(-0.2, 0.1), (1.1, 1.2)]),
    ],
)
def test_a_brush_covers_what_discs_along_its_way_cover(
    grid: tuple[int, int], picture: tuple[int, int], brush: float, points: list[tuple[float, float]]
) -> None:
    mask = Coverage(grid, picture, brush).add(points).mask()
    assert mask.shape == grid and mask.dtype == np.float32
    expected = covered_by_samples(grid, picture, brush, points)
    assert 0 < expected.mean() < 1
    assert np.abs(mask - expected).max() <= 1 / 64  # one sample may lie on the very edge


def test_points_one_by_one_cover_the_same() -> None:
    points = [(0.1, 0.2), (0.8, 0.3), (0.4, 0.95)]
    at_once, later = Coverage((5, 7), (40, 90), 0.2).add(points), Coverage((5, 7), (40, 90), 0.2)
    for point in points:
        later.add([point])
    assert (at_once.mask() == later.mask()).all()
    assert not Coverage((5, 7), (40, 90), 0.2).mask().any()


def test_the_smallest_brush_covers_something_wherever_it_is() -> None:
    for x in np.linspace(0, 1, 23):
        for y in np.linspace(0, 1, 19):
            assert Coverage((5, 7), (40, 90), 0.001).add([(x, y)]).mask().any()


def test_a_stroke_is_an_edit() -> None:
    coverage = Coverage((5, 7), (40, 90), 0.3).add(STROKE.points)
    edit = replace(STROKE, share=0.5).edit("layer4", coverage.mask())
    assert edit.layer == "layer4" and edit.units == (4, 0, 2) and edit.level == (1.5, 0.25, -3.0)
    assert edit.where is not None and (edit.where == coverage.mask() / 2).all()


def test_strokes_are_read_as_they_were_written() -> None:
    strokes = [STROKE, replace(STROKE, mode="erase", on=False)]
    assert read_strokes(write_strokes(strokes, ABOUT), ABOUT, BOUNDS, "a.json") == (strokes, 7, "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "drew"}, r"'drew' - at `\$.*mode`"),
        ({"units": [0, 5]}, "2 units and 3 levels"),
        ({"units": [0, 5, 1]}, "unit 5; the layer has units 0 to 4"),
        ({"units": [0, 1, 1]}, "duplicated unit"),
        ({"units": [0, 1, -1]}, "units"),
        ({"units": [0, 1, True]}, "units"),
        ({"units": [0, 1, 2.0]}, "units"),
        ({"units": "012"}, "units"),
        ({"units": [], "level": []}, "length >= 1"),
        ({"level": [1, 2, "x"]}, "level"),
        ({"level": [1, 2, "3"]}, "level"),
        ({"level": [1, 2, 1e308]}, "level"),
        ({"level": [1, 2, -301]}, "sets a unit to 301, far beyond its activations; allowed is 300"),
        ({"points": [[0.5]]}, "points"),
        ({"points": [[0.5, 1e9]]}, "points"),
        ({"points": [[0.5, 0.5, 0.5]]}, "points"),
        ({"points": [[0.5, None]]}, "points"),
        ({"points": [[0.5, 0.5]] * 20_001}, "length <= 20000"),
        ({"points": {"0": [0.5, 0.5]}}, "points"),
        ({"share": 1.5}, "share"),
        ({"share": -0.0}, "share"),
        ({"brush": 0}, "brush"),
        ({"brush": 1e308}, "brush"),
        ({"brush": "0.2"}, "brush"),
        ({"on": "false"}, "Expected `bool`, got `str`"),
        ({"on": 0}, "Expected `bool`, got `int`"),
        ({"concept": ["door"]}, "concept"),
        ({"concept": "x" * 20_001}, "concept"),
        ({"color": 1}, "unknown field `color`"),
    ],
)
def test_a_stroke_that_is_none_says_what_is_wrong(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        checked_stroke(STROKE.plain() | change, BOUNDS)
    text = json.dumps(json.loads(write_strokes([STROKE], ABOUT)) | {"edits": [STROKE.plain() | change]})
    with pytest.raises(SavedError, match=f"a.json is damaged.*{message}"):
        read_strokes(text, ABOUT, BOUNDS, "a.json")


def test_a_name_of_any_characters_is_read_as_it_was_written() -> None:
    strokes = [replace(STROKE, concept=name) for name in ("\udc80\ud800", "\0", "\u202e<b>", "x" * 20_000)]
    about = {**ABOUT, "layer": "layer\udcff"}
    assert read_strokes(write_strokes(strokes, about), about, BOUNDS, "a.json") == (strokes, 7, "")


def test_a_stroke_without_a_part_names_it() -> None:
    plain = STROKE.plain()
    del plain["brush"]
    with pytest.raises(SettingError, match="`brush`"):
        checked_stroke(plain, BOUNDS)
    with pytest.raises(SettingError, match="is list"):
        checked_stroke([1], BOUNDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is damaged: it is not JSON"),
        ("[]", "does not hold edits"),
        ('{"kind": "other"}', "does not hold edits"),
        (
            write_strokes([], {**ABOUT, "generator": "Net 34cd"}),
            "another generator: of Net 34cd; this one is Net 12ab",
        ),
        (write_strokes([], {**ABOUT, "layer": "layer5"}), "another layer"),
        (write_strokes([], {**ABOUT, "seed": -1}), "Expected `int` >= 0.*seed"),
        (write_strokes([], {**ABOUT, "seed": 2**32}), "seed"),
        (write_strokes([], {**ABOUT, "seed": True}), "seed"),
        (write_strokes([STROKE] * (MOST_STROKES + 1), ABOUT), "length <= 1000"),
        (write_strokes([replace(STROKE, points=((0.5, 0.5),) * 20_000)] * 6, ABOUT), "have 120000 points"),
        (write_strokes([STROKE], ABOUT).replace("0.25", "NaN"), "is not JSON"),
        (write_strokes([STROKE], ABOUT).replace("0.25", "1e999"), "out of range"),
        (write_strokes([], ABOUT).replace("[]", "[" * 100_000), "is damaged"),
        (write_strokes([], ABOUT).replace("[]", "{}"), "is damaged"),
        (" " * (LONGEST_TEXT + 1), "too long"),
        (write_strokes([], ABOUT) + "{}", "is not JSON"),
        (write_strokes([], {**ABOUT, "seed": "x"}), "Expected `int`, got `str`.*seed"),
    ],
)
def test_a_file_of_something_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(SavedError, match=message):
        read_strokes(text, ABOUT, BOUNDS, "a.json")


def test_a_history_goes_back_and_forth() -> None:
    history: History[int] = History()
    assert history.undo(5) == 5 and history.redo(5) == 5 and history.can() == {"undo": False, "redo": False}
    history.left(1)
    history.left(2)
    assert history.undo(3) == 2 and history.can() == {"undo": True, "redo": True}
    assert history.undo(2) == 1 and history.redo(1) == 2 and history.redo(2) == 3
    assert history.undo(3) == 2
    history.left(2)  # for something new
    assert history.redo(9) == 9 and history.undo(9) == 2
