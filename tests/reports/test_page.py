"""The report page: complete, self-contained, and all names in it are text."""

from __future__ import annotations

import errno
import gzip
import json
import re
from base64 import b64decode
from dataclasses import replace
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from plotly.offline import get_plotlyjs

from dissect_widgets import (
    ClassifierData,
    Concept,
    Dissection,
    Vocabulary,
    ablate_unit_sets,
    dissect,
    rank_units,
    write_report,
)
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.predictions import AblationPredictions
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.attacks.unit_changes import UnitChanges
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.core.editing.pixel_counts import PixelCounts
from dissect_widgets.core.editing.placement import PlaceEffects
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.errors import ConceptError, SettingError, StorageError
from dissect_widgets.plots.ablation import removal_curve
from dissect_widgets.plots.changed_units import change_bars
from dissect_widgets.plots.contexts import context_bars, place_map
from dissect_widgets.plots.roles import class_scatter
from dissect_widgets.plots.shared_units import interpretability_bars
from dissect_widgets.reports.browser import _thin
from dissect_widgets.reports.page import Drawn, Insertion, Removal
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet

EVIL = '</script><img src=x onerror="document.title=1">'
CLASSES = ("gnu", f"{EVIL}ant", "<b>cow</b>", "Bee", "dog", "elk & co")  # dog and elk have no images
TARGETS = [i % 4 for i in range(9)]
ALWAYS = ["units", "layers", "provenance"]


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> Dissection:
    concepts = images.vocabulary.concepts[1:]
    images.vocabulary = Vocabulary(Concept(EVIL + name, category) for name, category in concepts)
    images.names[0] = f"{EVIL}.jpg"
    return dissect(tiny, ["pool", "mix"], images, level=0.2, settings=Settings(exemplars=4), progress=False)


@pytest.fixture
def importance() -> UnitImportance:
    """Of a network that errs now and then, and more often without a unit."""
    random = np.random.default_rng(1)
    truth, odds = np.array(TARGETS), random.normal(size=(5, 6)) * np.isin(np.arange(6), TARGETS)
    described = np.where(random.random((6, 9)) < 0.35, random.integers(0, 6, (6, 9)), truth).astype(np.int32)
    return UnitImportance(
        AblationPredictions(
            "Net",
            "mix",
            CLASSES,
            "by <hand>",
            truth,
            described[0],
            described[1:],
            odds,
            {},
            done=9,
            seconds=2.0,
        )
    )


@pytest.fixture
def sets(tiny: TinyNet, images: ArrayImages, importance: UnitImportance) -> SetEffects:
    return ablate_unit_sets(
        ClassifierData(tiny.eval(), images, targets=TARGETS, classes=CLASSES),
        importance,
        [1, 3],
        progress=False,
    )


@pytest.fixture
def changes() -> UnitChanges:
    """Six attacks, the third of which failed, on a network whose fifth unit is silent."""
    random = np.random.default_rng(2)
    before = torch.from_numpy(random.uniform(0.2, 0.8, (6, 3, 10, 14)).astype(np.float32))
    after = before + torch.from_numpy(random.normal(0, 0.02, before.shape).astype(np.float32))
    after[2] = before[2]
    scores = [np.eye(6, dtype=np.float32)[[(i + shift) % 4 for i in range(6)]] for shift in (0, 1)]
    scores[1][2] = scores[0][2]
    attacked = AttackResult(
        model="Net",
        method=f"{EVIL}Attack(steps=3)",
        classes=CLASSES,
        names=(EVIL,) * 6,
        images=np.arange(6),
        clean=before,
        adversarial=after,
        targets=np.full(6, -1),
        scores_clean=scores[0],
        scores_adversarial=scores[1],
        success=np.arange(6) != 2,
        finished=np.ones(6, bool),
        broken=np.zeros(6, bool),
        passes=1234,
        seconds=5.6,
    )
    peaks = random.uniform(0, 2, (2, 6, 5)).astype(np.float32)
    return UnitChanges(layer="mix", attacked=attacked, clean=peaks[0], adversarial=peaks[1])


@pytest.fixture
def removal() -> Removal:
    random = np.random.default_rng(3)
    concepts = tuple(Concept(EVIL + name, "object") for name in ("tree", "sky"))
    counts = PixelCounts(
        concepts=concepts,
        before=random.integers(5, 90, (7, 2)),
        after=random.integers(0, 90, (3, 7, 2)),
        positions=600,
    )
    return Removal(counts, [1, 2, 5], concepts[0], [concepts[1]], f"{EVIL}units")


@pytest.fixture
def insertion(removal: Removal) -> Insertion:
    random = np.random.default_rng(4)
    effects = PlaceEffects(
        concept=removal.counts.concepts[0],
        vocabulary=Vocabulary(removal.counts.concepts),
        cells=np.array([(0, 1), (2, 3), (3, 5)]),
        edits=(),
        grid=(4, 6),
        before=random.integers(1, 50, 5),
        gained=random.integers(-9, 30, (5, 3)),
        context=random.integers(0, 3, (5, 1, 3)),
    )
    return Insertion(effects, list(removal.counts.concepts))


def block(page: str, name: str) -> bytes:
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page)
    assert found, name
    return b64decode(found.group(1))


def section(page: str, name: str) -> str:
    """HTML of a section."""
    return page.split(f'<section id="{name}">')[1].split("</section>")[0]


def figures(html: str) -> list[dict[str, Any]]:
    """What report.js draws, in order."""
    return [json.loads(x) for x in re.findall(r'<script type="application/json">(.*?)</script>', html)]


def rows(html: str) -> list[list[str]]:
    """Texts of the cells of the first table, the parts of a cell divided by bars."""
    body = html.split("<tbody>")[1].split("</tbody>")[0]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
    return [[unescape(re.sub(r"<[^>]*>", "|", cell).strip("|")) for cell in row] for row in cells]


class Elements(HTMLParser):
    """Tag, name and value of each attribute on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [(tag, *pair) for pair in [("", None), *attrs]]


def markup(page: str) -> str:
    """A page without what is in scripts."""
    return re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)


def same(shown: dict[str, Any], figure: go.Figure) -> bool:
    """Whether what is drawn is a figure of the plots, but for the title, which stands above it."""
    own = json.loads(figure.to_json())
    layouts = [
        {k: x for k, x in f["layout"].items() if k not in ("title", "margin", "height")} for f in (shown, own)
    ]
    return shown["data"] == own["data"] and layouts[0] == layouts[1]


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
        for unit, described in enumerate(units):
            assert described["images"] == layer.exemplar_image[unit, :3].tolist()
            shown |= set(described["images"])
            for i, (low, high) in enumerate(described["ranges"]):
                drawn = low + maps[described["start"] + i] * (high - low)
                assert np.abs(drawn - layer.exemplar_map[unit, i]).max() <= (high - low) / 400 + 1e-6
    for image in shown:
        assert block(page, f"image-{image}") == dissection.thumbnails[image]


def test_counts_are_in_the_table(dissection: Dissection, tmp_path: Path) -> None:
    page = write_report(dissection, tmp_path / "page.html").read_text("utf-8")
    expected = []
    for layer in dissection.layers:
        counts = [f"{n.detectors} ({n.unique})" for n in layer.count_detectors().values()]
        expected.append([layer.name, str(layer.units), *counts])
    assert rows(section(page, "layers")) == expected


def test_sections_are_only_there_for_what_is_given(
    dissection: Dissection,
    importance: UnitImportance,
    sets: SetEffects,
    removal: Removal,
    changes: UnitChanges,
    tmp_path: Path,
) -> None:
    for given, more in (
        ({}, []),
        ({"importance": importance}, ["classes"]),
        ({"sets": sets}, ["classes"]),
        ({"edits": [removal]}, ["edits"]),
        ({"changes": changes}, ["attack"]),
        ({"importance": importance, "edits": [removal], "changes": changes}, ["classes", "edits", "attack"]),
    ):
        page = write_report(dissection, tmp_path / "page.html", **given).read_text("utf-8")
        names = [*ALWAYS[:2], *more, ALWAYS[2]]
        assert re.findall(r'<section id="(\w+)">', page) == names
        assert re.findall(r'<li><a href="#(\w+)">', page) == names
        titles = re.findall(r"<h2>(.*?)</h2>", page)
        assert titles == re.findall(r'<li><a href="#\w+">(.*?)</a>', page)


@pytest.mark.parametrize("measure", ["accuracy", "log-odds"])
def test_what_each_class_loses(
    dissection: Dissection, importance: UnitImportance, measure: Any, tmp_path: Path
) -> None:
    importance = importance.ranked_by(measure)
    page = write_report(dissection, tmp_path / "page.html", importance=importance).read_text("utf-8")
    edited = importance.predictions
    truth, iou = edited.targets, dissection["mix"].iou()

    def balanced(described: Any, c: int) -> float:
        hits, false = (described == c)[truth == c], (described == c)[truth != c]
        return (hits.mean() + 1 - false.mean()) / 2

    expected = []
    for c in range(4):
        before = balanced(edited.predicted, c)
        lost = {u: before - balanced(edited.ablated[u], c) for u in range(5)}
        odds = {u: edited.odds_loss[u, c] / (truth == c).sum() for u in range(5)}
        keys = [odds, lost] if measure == "log-odds" else [lost, odds]
        order = sorted(range(5), key=lambda u: [-round(key[u], 12) for key in keys])[:4]
        cells = []
        for u in order:
            described = [f"{100 * lost[u]:z.1f} % accuracy", f"{odds[u]:z.2f} log-odds"]
            first, second = described if measure == "accuracy" else described[::-1]
            name = dissection.vocabulary[int(iou[u].argmax())].name
            cells.append(f"{name}|unit {u}, IoU {iou[u].max():.3f}|{first}|, |{second}")
        expected.append([CLASSES[c], f"{100 * before:.1f}\xa0%", *cells])
    expected.sort(key=lambda row: row[0].casefold())
    shown = [[re.sub(r"\|+", "|", cell) for cell in row] for row in rows(section(page, "classes"))]
    assert shown == expected
    assert f"loses most {'balanced accuracy' if measure == 'accuracy' else measure}" in page
    units = re.findall(r'data-layer="1" data-unit="(\d)"', page)
    assert units == [cell.split("unit ")[1][0] for row in expected for cell in row[2:]]


def test_figures_are_those_of_the_plots(
    dissection: Dissection,
    importance: UnitImportance,
    sets: SetEffects,
    removal: Removal,
    insertion: Insertion,
    changes: UnitChanges,
    tmp_path: Path,
) -> None:
    own = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]), layout={"title": "<b>Mine</b> of x &lt; y", "width": 300})
    kept = own.to_json()
    page = write_report(
        dissection,
        tmp_path / "page.html",
        importance=importance,
        sets=sets,
        changes=changes,
        edits=[Drawn(own), insertion, removal],
    ).read_text("utf-8")
    best = dissection["mix"].best().iou
    bars, *scatters = figures(section(page, "classes"))
    assert same(bars, interpretability_bars(importance, best))
    assert [same(x, class_scatter(sets, size)) for x, size in zip(scatters, sets.sizes, strict=True)] == [
        True
    ] * 2
    effects, counts = insertion.effects, removal.counts
    expected = [
        own,
        context_bars(effects.by_context(insertion.contexts), effects.concept.name),
        place_map(effects),
        removal_curve(counts, [1, 2, 5], counts.concepts[0], [counts.concepts[1]]),
    ]
    html = section(page, "edits")
    shown = figures(html)
    assert len(shown) == len(expected) and all(map(same, shown, expected))
    assert own.to_json() == kept
    captions = [unescape(text) for text in re.findall(r"<figcaption>(.*?)</figcaption>", html)]
    assert captions[0] == "Mine of x < y" and captions[3].startswith(f"Pixels of {EVIL}tree")
    assert re.findall(r'<p class="note">(.*?)</p>', html) == [escape(f"{EVIL}units")]
    for figure, drawn in zip(shown, expected, strict=True):
        saved = (drawn.layout.margin.t or 100) - figure["layout"]["margin"]["t"]
        assert saved > 0 and figure["layout"]["height"] == (drawn.layout.height or 450) - saved
    attack = figures(section(page, "attack"))
    assert (
        same(attack[0], change_bars(changes.by_importance(importance, top=2), ranks=5)) and len(attack) == 2
    )


def test_an_attack_in_numbers_and_pictures(
    dissection: Dissection, changes: UnitChanges, tmp_path: Path
) -> None:
    page = write_report(dissection, tmp_path / "page.html", changes=changes).read_text("utf-8")
    html = section(page, "attack")
    attacked = changes.attacked
    norms = [float((attacked.adversarial[i] - attacked.clean[i]).double().norm()) for i in (0, 1, 3, 4, 5)]
    described = [unescape(x) for x in re.findall(r"<dd>(.*?)</dd>", html)]
    assert described == [f"{500 / 6:.1f}\xa0%", f"{np.median(norms):.3g}"]
    assert "of 6 images" in html and "steps=3" in html
    (pictures,) = figures(html)
    assert len(pictures["layout"]["images"]) == 4 * 3
    words = [unescape(note["text"]) for note in pictures["layout"]["annotations"]]
    pairs = [(CLASSES[i % 4], CLASSES[(i + 1) % 4]) for i in (0, 1, 3, 4)]
    names = [f"{a} → {b}, L2 {norm:.2g}" for (a, b), norm in zip(pairs, norms[:4], strict=True)]
    assert [word for word in words if "→" in word] == names
    assert words[:2] == ["original", "attacked"] and re.fullmatch(r"difference × \d+", words[2])


def test_attacks_that_say_nothing_of_importance(
    dissection: Dissection, importance: UnitImportance, changes: UnitChanges, tmp_path: Path
) -> None:
    failed = replace(changes, attacked=replace(changes.attacked, success=np.zeros(6, bool)))
    page = write_report(dissection, tmp_path / "page.html", changes=failed, importance=importance).read_text(
        "utf-8"
    )
    html = section(page, "attack")
    assert "No attack between two classes that are ranked succeeded" in html and figures(html) == []
    assert re.findall(r"<dd>(.*?)</dd>", html) == ["0.0&nbsp;%", "–"]


def test_importance_without_classes(
    tiny: TinyNet, images: ArrayImages, dissection: Dissection, tmp_path: Path
) -> None:
    importance = rank_units(
        ClassifierData(tiny.eval(), images, targets=[2] * 9, classes=CLASSES), "mix", progress=False
    )
    page = write_report(dissection, tmp_path / "page.html", importance=importance).read_text("utf-8")
    assert "not of two or more classes" in page and figures(section(page, "classes")) == []


def test_provenance(
    dissection: Dissection, importance: UnitImportance, sets: SetEffects, changes: UnitChanges, tmp_path: Path
) -> None:
    page = write_report(
        dissection, tmp_path / "page.html", importance=importance, sets=sets, changes=changes
    ).read_text("utf-8")
    html = unescape(section(page, "provenance"))
    assert str(dissection.provenance["data"]) in html and importance.strategy in html
    assert "5 random sets of each size" in html and "1,234 passes, 6 s" in html


def test_names_are_text_and_nothing_is_fetched(
    dissection: Dissection,
    importance: UnitImportance,
    sets: SetEffects,
    removal: Removal,
    insertion: Insertion,
    changes: UnitChanges,
    tmp_path: Path,
) -> None:
    page = write_report(
        dissection,
        tmp_path / "page.html",
        importance=importance,
        sets=sets,
        changes=changes,
        edits=[removal, insertion],
    ).read_text("utf-8")
    shown = markup(page)
    assert EVIL not in page and "&lt;b&gt;cow" in shown and "&lt;img" in shown
    found = Elements()
    found.feed(page)
    assert not {"img", "b", "link", "iframe", "object"} & {tag for tag, _, _ in found.seen}
    names = {name for _, name, _ in found.seen}
    assert "aria-label" in names and not any(name.startswith("on") or name == "src" for name in names)
    links = {value for _, name, value in found.seen if name == "href"}
    assert links == {f"#{name}" for name in re.findall(r'<section id="(\w+)"', page)}
    assert "@import" not in shown and "url(" not in shown
    assert page.count(get_plotlyjs()) == 1 and page.count("window.Plotly = Plotly;") == 1


def test_many_layers_are_folded(tiny: TinyNet, images: ArrayImages, tmp_path: Path) -> None:
    layers = ["stem", "pool", "left", "mix"]
    dissection = dissect(tiny, layers, images, level=0.2, settings=Settings(exemplars=0), progress=False)
    page = write_report(dissection, tmp_path / "page.html", exemplars=0).read_text("utf-8")
    html = section(page, "layers")
    folded = re.findall(r"<summary>(.*?)</summary>", html)
    assert [title.split(":")[0] for title in folded] == layers[-2::-1]
    assert len(figures(html)) == 1 + 4 and "image-" not in markup(page)


def test_what_does_not_fit_is_refused_and_the_file_stays(
    dissection: Dissection,
    importance: UnitImportance,
    sets: SetEffects,
    removal: Removal,
    changes: UnitChanges,
    tmp_path: Path,
) -> None:
    path = tmp_path / "page.html"
    path.write_text("the old page")
    few = replace(dissection, layers=dissection.layers[:1])
    other = replace(dissection, layers=(replace(dissection["pool"], name="mix"),))
    for given, result, words in (
        (
            {"importance": importance},
            few,
            "ranking is of the layer 'mix', which is not in the dissection.*'pool'",
        ),
        ({"importance": importance}, other, "ranking is of 5 units of 'mix', which has 4 in the dissection"),
        ({"sets": sets}, few, "sets are of the layer 'mix', which is not"),
        ({"changes": changes}, other, "changes are of 5 units of 'mix', which has 4"),
        ({"edits": [Removal(removal.counts, [1, 2], EVIL + "sky")]}, dissection, "2 numbers for 3 sets"),
        ({"exemplars": -1}, dissection, "exemplars is -1; it must be 0 or more"),
    ):
        with pytest.raises(SettingError, match=words):
            write_report(result, path, **given)
    with pytest.raises(ConceptError, match="door"):
        write_report(dissection, path, edits=[replace(removal, concept="door")])
    assert path.read_text() == "the old page" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_file(
    dissection: Dissection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_text("the old page")

    def fail(self: Path, content: bytes) -> None:
        with open(self, "wb") as file:
            file.write(content[:99])
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(StorageError, match="disk is full"):
        write_report(dissection, path)
    assert path.read_text() == "the old page"


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
