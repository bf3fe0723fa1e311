"""The report page: complete, self-contained, and all names in it are text."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissect_widgets import Concept, Dissection, Vocabulary, dissect, write_report
from dissect_widgets.core.grid import Grid
from dissect_widgets.widgets.report import _thin
from tests.conftest import ArrayImages, TinyNet

EVIL = '<img src=x onerror="document.title=1">'


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> Dissection:
    concepts = images.vocabulary.concepts[1:]
    images.vocabulary = Vocabulary(Concept(EVIL + name, category) for name, category in concepts)
    images.names[0] = f"{EVIL}.jpg"
    return dissect(tiny, ["pool", "mix"], images, level=0.2, exemplars=4, progress=False)


def block(page: str, name: str) -> bytes:
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page)
    assert found, name
    return b64decode(found.group(1))


def test_blocks_hold_the_result(dissection: Dissection, tmp_path: Path) -> None:
    page = write_report(dissection, tmp_path / "page.html", exemplars=3).read_text("utf-8")
    about = json.loads(gzip.decompress(block(page, "about")))
    assert [layer["name"] for layer in about["layers"]] == ["pool", "mix"]
    shown: set[int] = set()
    for number, layer in enumerate(dissection.layers):
        units: list[dict[str, Any]] = json.loads(gzip.decompress(block(page, f"units-{number}")))
        levels = np.frombuffer(gzip.decompress(block(page, f"maps-{number}")), np.uint8)
        height, width = layer.exemplar_map.shape[2:]
        maps = levels.reshape(-1, height, width).astype(float) / 255
        for unit, told in enumerate(units):
            assert told["images"] == layer.exemplar_image[unit, :3].tolist()
            shown |= set(told["images"])
            for i, (low, high) in enumerate(told["ranges"]):
                drawn = low + maps[told["start"] + i] * (high - low)
                assert np.abs(drawn - layer.exemplar_map[unit, i]).max() <= (high - low) / 400 + 1e-6
    for image in shown:
        assert block(page, f"picture-{image}") == dissection.pictures[image]


def test_counts_are_in_the_table(dissection: Dissection, tmp_path: Path) -> None:
    page = write_report(dissection, tmp_path / "page.html").read_text("utf-8")
    for layer in dissection.layers:
        counts = layer.count_detectors()
        cells = "".join(f"<td>{n.detectors} ({n.unique})</td>" for n in counts.values())
        assert f"<tr><th>{layer.name}</th><td>{layer.units}</td>{cells}</tr>" in page


def test_names_are_text_and_nothing_is_fetched(dissection: Dissection, tmp_path: Path) -> None:
    page = write_report(dissection, tmp_path / "page.html").read_text("utf-8")
    markup = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    assert EVIL not in page and "onerror" not in markup and "&lt;img" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)", markup)
    assert "@import" not in markup and "url(" not in markup


@pytest.mark.parametrize("step", [1, 2, 3])
def test_thinned_maps_lie_where_they_lay(step: int) -> None:
    grid = Grid(7, 11, 2.0, -1.0, 3.0, 5.0, "receptive-field")
    maps = np.random.default_rng(0).random((2, 7, 11)).astype(np.float32)
    thin, where = _thin(maps, grid, step)
    assert thin.shape[1:] == (where.height, where.width)
    for i in range(where.height):
        for j in range(where.width):
            y, x = where.top + i * where.step_y, where.left + j * where.step_x
            row, column = round((y - grid.top) / grid.step_y), round((x - grid.left) / grid.step_x)
            assert (y, x) == (grid.top + row * grid.step_y, grid.left + column * grid.step_x)
            assert (thin[:, i, j] == maps[:, row, column]).all()
