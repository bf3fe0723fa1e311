"""Figures 3e and 4: what a generator draws when its units are edited."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from dataclasses import replace
from html import unescape
from math import sqrt
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from PIL import Image

from dissect_widgets import Concept, Vocabulary
from dissect_widgets.core.editing.pixel_counts import PixelCounts
from dissect_widgets.core.editing.placement import ContextEffect, PlaceEffects
from dissect_widgets.errors import ConceptError, SettingError
from dissect_widgets.plots.ablation import removal_curve
from dissect_widgets.plots.contexts import context_bars, place_map
from dissect_widgets.plots.images import image_rows
from dissect_widgets.plots.theme import SERIES_COLORS

BOLD = '<b>"tree"</b> & co'
ESCAPED = '&lt;b&gt;"tree"&lt;/b&gt; &amp; co'
NAMES = (BOLD, "sky", "door", "wall", "snow", "window", "door")  # the last is a part
CONCEPTS = tuple(Concept(name, "part" if i == 6 else "object") for i, name in enumerate(NAMES))
Z = 2.5758293035489


def shares(before: list[int], after: list[int]) -> tuple[float, float]:
    """Change in %, and half of its 99 % interval, of the pixels of images."""
    n, ratio = len(before), sum(after) / sum(before)
    off = [b - ratio * a for a, b in zip(before, after, strict=True)]
    error = sqrt(sum(x**2 for x in off) / (n - 1) / n) / (sum(before) / n)
    return 100 * (ratio - 1), 100 * Z * error


@pytest.fixture
def counts() -> PixelCounts:
    """Eleven images under three sets; nobody draws snow, and only half of the trees are left."""
    random = np.random.default_rng(3)
    before = random.integers(5, 90, (11, 7))
    before[:, 4] = 0
    after = random.integers(0, 120, (3, 11, 7))
    after[:, :, 0] = before[:, 0] // np.array([[2], [1], [4]])
    return PixelCounts(concepts=CONCEPTS, before=before, after=after, positions=600)


@pytest.fixture
def effects() -> PlaceEffects:
    """Eight images, 17 of the cells of a 4 x 6 map; two label channels."""
    random = np.random.default_rng(4)
    cells = random.permutation([(row, column) for row in range(4) for column in range(6)])[:17]
    context = random.integers(0, 4, (8, 2, 17))
    context[:, 1][context[:, 1] == 3] = 7
    context[5, 0, 11] = 6
    return PlaceEffects(
        concept=CONCEPTS[0],
        vocabulary=Vocabulary(CONCEPTS),
        cells=cells,
        edits=(),
        grid=(4, 6),
        before=random.integers(0, 50, 8),
        gained=random.integers(-9, 30, (8, 17)),
        context=context,
    )


def of(figure: go.Figure, kind: str) -> list[Any]:
    return [trace for trace in figure.data if trace.meta == kind]


def words(figure: go.Figure) -> list[str]:
    """All texts that plotly reads as HTML, without the line breaks."""
    layout = figure.layout
    result = [layout.title.text, layout.xaxis.title.text, layout.yaxis.title.text]
    result += [annotation.text for annotation in layout.annotations]
    for trace in figure.data:
        hover = trace.hovertext if trace.hovertext is not None else []
        result += [trace.name, *np.ravel(np.array(hover, object)).tolist()]
        result += list(trace.y) if trace.type == "bar" else []
        result += [trace.colorbar.title.text] if trace.type == "heatmap" else []
    return [text.replace("<br>", " ") for text in result if isinstance(text, str)]


def test_removal_curve(counts: PixelCounts) -> None:
    chosen = [CONCEPTS[0], CONCEPTS[1], CONCEPTS[6]]
    drawn = removal_curve(counts, [5, 1, 2], BOLD, ["sky", CONCEPTS[6]])
    lines, bands = of(drawn, "line"), of(drawn, "band")
    assert [line.name for line in lines] == [ESCAPED, "sky", "door"] and len(bands) == 3
    for line, band, concept in zip(lines, bands, chosen, strict=True):
        c = CONCEPTS.index(concept)
        before = counts.before[:, c].tolist()
        hover = [shares(before, counts.after[s, :, c].tolist()) for s in (1, 2, 0)]
        mean, half = np.array([(0, 0), *hover]).T
        assert half[1:].min() > 0 or concept.name == BOLD
        assert list(line.x) == [0, 1, 2, 5] and list(line.y) == pytest.approx(mean)
        assert list(band.x) == [0, 1, 2, 5, 5, 2, 1, 0] and band.fill == "toself"
        assert list(band.y) == pytest.approx([*(mean + half), *(mean - half)[::-1]])
        assert band.legendgroup == line.legendgroup and not band.showlegend
        color = tuple(bytes.fromhex(line.line.color[1:]))
        assert band.fillcolor == f"rgba{(*color, 0.2)}"  # lines are seen through it
        assert "removed: as many pixels of" in line.hovertext[0]
        if concept.name == BOLD:  # one unit changes nothing, five remove one half
            assert list(mean) == [0, 0, pytest.approx(mean[2]), pytest.approx(mean[3])] and mean[2] < -70
            assert line.hovertext[0] == f"no unit removed: as many pixels of {ESCAPED}"
            assert line.hovertext[1] == f"1 unit removed: as many pixels of {ESCAPED} (± 0.0 %)"
        for point in (2, 3):
            way = "more" if mean[point] > 0 else "fewer"
            assert line.hovertext[point] == (
                f"{line.x[point]} units removed: {abs(mean[point]):.1f} % {way} pixels of {line.name} "
                f"(± {half[point]:.1f} %)"
            )
    assert any("more" in line.hovertext[3] for line in lines)
    assert lines[0].line.width > 2 * lines[1].line.width == 2 * lines[2].line.width
    assert len({line.line.color for line in lines}) == len({line.marker.symbol for line in lines}) == 3
    ends = [line.y[-1] for line in sorted(lines, key=lambda line: line.legendrank)]
    assert ends == sorted(ends, reverse=True) and drawn.layout.showlegend
    assert drawn.layout.title.text == f"Pixels of {ESCAPED} as units are removed"
    assert "mean of 11 images" in drawn.layout.xaxis.title.text


def test_removal_curve_of_one_concept(counts: PixelCounts) -> None:
    drawn = removal_curve(counts, [0, 2, 9], CONCEPTS[2], [CONCEPTS[2]])
    (line,) = of(drawn, "line")
    expected = [shares(counts.before[:, 2].tolist(), counts.after[s, :, 2].tolist())[0] for s in range(3)]
    assert list(line.x) == [0, 2, 9] and list(line.y) == pytest.approx(expected)  # 0 was measured
    assert line.name == "door" and not drawn.layout.showlegend
    both = removal_curve(counts, [0, 2, 9], CONCEPTS[2], [CONCEPTS[6]])
    assert [line.name for line in of(both, "line")] == ["door (object)", "door (part)"]


def test_removal_curve_of_one_image_has_no_band(counts: PixelCounts) -> None:
    one = replace(counts, before=counts.before[:1], after=counts.after[:, :1])
    drawn = removal_curve(one, [1, 2, 3], "sky")
    (line,), (band,) = of(drawn, "line"), of(drawn, "band")
    a, b = int(one.before[0, 1]), one.after[:, 0, 1]
    assert list(line.y) == pytest.approx([0, *(100 * (b - a) / a)])
    assert list(band.x) == [0, 0] and "±" not in "".join(line.hovertext)
    assert drawn.layout.xaxis.title.text.endswith("mean of 1 image, and its 99 % interval")


def test_removal_of_something_else(counts: PixelCounts) -> None:
    with pytest.raises(SettingError, match="2 numbers for 3 sets of edits"):
        removal_curve(counts, [1, 2], "sky")
    for numbers in ([1, 2, 2], [-1, 2, 3]):
        with pytest.raises(
            SettingError, match=re.escape(f"numbers is {numbers}; allowed are different numbers")
        ):
            removal_curve(counts, numbers, "sky")
    with pytest.raises(ConceptError, match="Did you mean 'sky'"):
        removal_curve(counts, [1, 2, 3], "skies")
    with pytest.raises(ConceptError, match="several categories"):
        removal_curve(counts, [1, 2, 3], "sky", ["door"])
    with pytest.raises(SettingError, match="None of the 11 images has a pixel of 'snow'"):
        removal_curve(counts, [1, 2, 3], "sky", ["snow"])


def places_of(effects: PlaceEffects, number: int) -> list[float]:
    """Gains in % of an average image, where a concept was."""
    scale = sum(effects.before.tolist()) / 8
    return [
        100 * float(effects.gained[image, place]) / scale
        for image in range(8)
        for place in range(17)
        if number in effects.context[image, :, place]
    ]


def by_image(effects: PlaceEffects, number: int, mean: float) -> float:
    """Half of the 99 % interval of such gains, in %: places of an image go together."""
    scale, sums, count = sum(effects.before.tolist()) / 8, [], 0
    for image in range(8):
        there = [place for place in range(17) if number in effects.context[image, :, place]]
        gains = [100 * float(effects.gained[image, place]) / scale - mean for place in there]
        sums += [sum(gains)] if there else []
        count += len(there)
    return Z * sqrt(len(sums) / (len(sums) - 1) * sum(x**2 for x in sums)) / count


def test_context_bars(effects: PlaceEffects) -> None:
    numbers = [3, 5, 1, 7, 2, 6]
    contexts = [CONCEPTS[number - 1] for number in numbers]
    drawn = context_bars(effects.by_context(contexts), BOLD)
    (bars,) = drawn.data
    gains = {number: places_of(effects, number) for number in numbers}
    assert not gains[5] and len(gains[6]) == 1
    order = sorted((n for n in numbers if gains[n]), key=lambda n: -sum(gains[n]) / len(gains[n]))
    labels = {3: "door (object)", 7: "door (part)", 1: ESCAPED, 2: "sky", 6: "window", 5: "snow"}
    assert list(bars.y) == [labels[n] for n in [*order, 5]] and bars.orientation == "h"
    means = [sum(gains[n]) / len(gains[n]) for n in order]
    assert list(bars.x) == pytest.approx([*means, np.nan], nan_ok=True)
    for place, n in enumerate(order):
        count, mean, hover = len(gains[n]), means[place], bars.hovertext[place]
        way = "gained" if mean >= 0 else "lost"
        start = f"{labels[n]}: {abs(mean):.1f} % of an average image's pixels of {ESCAPED} {way}<br>"
        if count == 1:
            assert np.isnan(bars.error_x.array[place])
            assert hover == f"{start}mean of 1 place"
            continue
        deviation = sqrt(sum((gain - mean) ** 2 for gain in gains[n]) / (count - 1))
        assert bars.error_x.array[place] == pytest.approx(deviation) and deviation > 0
        assert hover == (
            f"{start}mean of {count} places, ± {by_image(effects, n, mean):.1f} % (99 % interval)"
            f"<br>standard deviation over places {deviation:.1f} %"
        )
    assert bars.hovertext[-1] == "snow: in none of the images"
    (nowhere,) = drawn.layout.annotations
    assert (nowhere.y, nowhere.x, nowhere.text) == ("snow", 0, "nowhere")
    assert drawn.layout.title.text == f"Pixels of {ESCAPED} gained at a place, by what was there before"
    top, bottom = drawn.layout.yaxis.range[::-1]
    assert top < 0 and bottom > 5  # the first bar is the uppermost, and none is cut


def test_contexts_that_lose() -> None:
    some = [ContextEffect(CONCEPTS[1], 4, -0.25, 0.1, 0.2), ContextEffect(CONCEPTS[3], 4, 0.5, 0.1, 0.2)]
    (bars,) = context_bars([*some, some[0]], "door").data
    assert list(bars.y) == ["wall", "sky"] and list(bars.x) == [50, -25]
    assert bars.hovertext[1].startswith("sky: 25.0 % of an average image's pixels of door lost")
    with pytest.raises(SettingError, match="no effects to show"):
        context_bars([], "door")


def test_place_map(effects: PlaceEffects) -> None:
    drawn = place_map(effects)
    (cells,) = drawn.data
    tried = {(row, column): place for place, (row, column) in enumerate(effects.cells.tolist())}
    z, largest = np.array(cells.z, float), 0.0
    assert z.shape == (4, 6)
    for row in range(4):
        for column in range(6):
            if (row, column) not in tried:
                assert np.isnan(z[row, column])
                continue
            mean = sum(effects.gained[:, tried[row, column]].tolist()) / 8
            largest = max(largest, abs(mean))
            assert z[row, column] == pytest.approx(mean)
            way = "gained" if mean >= 0 else "lost"
            hover = f"row {row}, column {column}: {abs(mean):.1f} pixels of {ESCAPED} {way}"
            assert cells.hovertext[row][column] == hover
    assert (cells.zmin, cells.zmax) == pytest.approx((-largest, largest)) and not cells.hoverongaps
    assert list(drawn.layout.yaxis.range) == [3.5, -0.5] and list(drawn.layout.xaxis.range) == [-0.5, 5.5]
    assert drawn.layout.yaxis.scaleanchor == "x" and "mean of 8<br>images" in cells.colorbar.title.text
    layout = drawn.layout
    inside = (
        layout.width - layout.margin.l - layout.margin.r,
        layout.height - layout.margin.t - layout.margin.b,
    )
    assert inside[0] / 6 == pytest.approx(inside[1] / 4)
    nothing = place_map(replace(effects, gained=np.zeros_like(effects.gained))).data[0]
    assert (nothing.zmin, nothing.zmax) == (-1, 1)
    losses = place_map(replace(effects, gained=np.full_like(effects.gained, -4))).data[0]
    row, column = effects.cells[0]
    assert losses.zmax == 4 and "4.0 pixels of" in losses.hovertext[row][column]
    assert losses.hovertext[row][column].endswith("lost")


def test_names_are_text(counts: PixelCounts, effects: PlaceEffects) -> None:
    images = [np.zeros((1, 3, 4, 6))] * 2
    for figure in (
        removal_curve(counts, [1, 2, 5], "sky", [BOLD]),
        context_bars(effects.by_context([BOLD, "snow"]), BOLD),
        context_bars([ContextEffect(CONCEPTS[0], 0, float("nan"), 0, 0)], BOLD),
        place_map(effects),
        image_rows(images, [BOLD, "two"], [BOLD], title=BOLD),
    ):
        hover = words(figure)
        assert not any("<" in text for text in hover)
        assert any(BOLD in unescape(text) for text in hover)


def shown(figure: go.Figure) -> dict[tuple[float, float], Any]:
    """Pixels of images by their top left corner."""
    result = {}
    for image in figure.layout.images:
        kind, data = image.source.split(",")
        assert kind == "data:image/jpeg;base64" and (image.xref, image.yref) == ("x", "y")
        assert (image.xanchor, image.yanchor) in ((None, None), ("left", "top"))
        result[image.x, image.y] = np.asarray(Image.open(io.BytesIO(b64decode(data))).convert("RGB"))
    return result


def smooth(n: int, seed: int, height: int = 48, width: int = 64) -> torch.Tensor:
    """Images of one color each, with a brighter left half."""
    colors = torch.rand(n, 3, 1, 1, generator=torch.Generator().manual_seed(seed)) * 0.6
    images = colors.expand(n, 3, height, width).clone()
    images[..., : width // 2] += 0.3
    return images


def test_images_are_in_their_places() -> None:
    columns = [smooth(3, seed) for seed in range(4)]
    names = ["unchanged", "2 units", "a title that is far too long for one line of words", "<b>"]
    drawn = image_rows([columns[0], columns[1].numpy(), *columns[2:]], names, ["r", "s", "t"], title="T")
    images = drawn.layout.images
    sides = {(image.sizex, image.sizey) for image in images}
    assert sides == {(160, 120)} and {image.sizing for image in images} == {"stretch"}
    pixels = shown(drawn)
    assert len(pixels) == 12
    lefts, tops = (sorted({place[axis] for place in pixels}) for axis in (0, 1))
    assert lefts == [0, 166, 332, 498] and len(tops) == 3
    assert (np.diff(tops) >= 120 + 12).all()  # room for a line of text above each row
    for column, left in enumerate(lefts):
        for row, top in enumerate(tops):
            expected = (columns[column][row].permute(1, 2, 0).numpy() * 255).round()
            assert pixels[left, top].shape == (48, 64, 3)
            assert np.abs(pixels[left, top] - expected).mean() < 3
    layout = drawn.layout
    assert list(layout.xaxis.range) == [0, 658] and list(layout.yaxis.range) == [tops[-1] + 120, 0]
    assert layout.width == 658 + layout.margin.l + layout.margin.r  # coordinates are pixels of the screen
    assert layout.height == layout.yaxis.range[0] + layout.margin.t + layout.margin.b
    heads, rows = layout.annotations[:4], layout.annotations[4:]
    assert [head.x for head in heads] == [left + 80 for left in lefts]
    assert {head.y for head in heads} < set(range(int(tops[0])))
    assert [head.text.replace("<br>", " ") for head in heads] == [*names[:3], "&lt;b&gt;"]
    assert heads[2].text.count("<br>") >= 2 and max(map(len, heads[2].text.split("<br>"))) < 24
    assert [row.text for row in rows] == ["r", "s", "t"]
    assert all(top - 20 < row.y < top for row, top in zip(rows, tops, strict=True))


def test_images_fit_the_page() -> None:
    many = image_rows([smooth(1, 0)] * 9)
    assert many.layout.width < 900 and not many.layout.annotations
    assert {image.sizex for image in many.layout.images} == {90}
    assert {image.sizex for image in image_rows([smooth(1, 0)] * 30).layout.images} == {64}
    wide = [image_rows([smooth(1, 0)], title="t" * 60), image_rows([smooth(1, 0)], [], ["r" * 60])]
    assert all(400 < drawn.layout.width < 900 for drawn in wide)  # where a long text is not cut
    assert all(drawn.layout.images[0].sizex == 160 for drawn in wide)
    (large,) = shown(image_rows([smooth(1, 0, 640, 960)])).values()
    assert large.shape[1] == 320 and len(image_rows([smooth(1, 0)]).to_json()) < 12_000
    (one,) = shown(image_rows(torch.zeros(1, 1, 3, 5, 7))).values()
    assert one.shape == (5, 7, 3)


def edges(path: str) -> set[tuple[float, ...]]:
    """Lines of a path as (x0, y0, x1, y1)."""
    result = set()
    for x, y, way, end in re.findall(r"M([-\d.]+),([-\d.]+)([HV])([-\d.]+)", path):
        result.add(
            (float(x), float(y), float(end), float(y)) if way == "H" else tuple(map(float, (x, y, x, end)))
        )
    return result


def test_outlines() -> None:
    where = np.zeros((4, 6), np.float32)
    where[1, 2:4], where[2, 2] = 0.25, 1  # an L of three cells
    each = np.zeros((2, 4, 6))
    each[1, 3, 5] = 1
    columns = [smooth(2, seed, 40, 60) for seed in range(3)]
    drawn = image_rows(columns, where=[None, where, each])
    side, tall = 160, 107
    corners = {(i.x, i.y) for i in drawn.layout.images}
    tops = sorted({y for _, y in corners})
    wide, high = side / 6, tall / 4
    assert len(drawn.layout.shapes) == 2 * 3  # both images of one column, one of the other; two strokes
    expected = {
        "H": {(1, 2), (1, 3), (2, 3), (3, 2)},  # above these rows and columns
        "V": {(1, 2), (1, 4), (2, 2), (2, 3)},  # left of these
    }
    for number, shape in enumerate(drawn.layout.shapes[:2]):
        stroke = (4, 2)[number]
        assert shape.line.width == stroke and shape.line.color == ("black", "rgb(255, 212, 0)")[number]
        assert (shape.xref, shape.yref) in ((None, None), ("x", "y"))
        half, lines = stroke / 2, set()
        for row, column in expected["H"]:
            x, y = 166 + column * wide, tops[0] + row * high
            lines.add((x - half, y, x + wide + half, y))
        for row, column in expected["V"]:
            x, y = 166 + column * wide, tops[0] + row * high
            lines.add((x, y - half, x, y + high + half))
        result = edges(shape.path)
        assert np.array(sorted(result)) == pytest.approx(np.array(sorted(lines)), abs=1e-2)
    last = np.array(sorted(edges(drawn.layout.shapes[-1].path)))
    assert len(last) == 4 and last[:, 0].min() == pytest.approx(332 + 5 * wide - 1, abs=1e-2)
    assert last[:, 1].max() == pytest.approx(tops[1] + tall, abs=1e-2)


def test_images_that_do_not_fit() -> None:
    one = smooth(2, 0)
    with pytest.raises(SettingError, match=r"shapes \(2, 3, 48, 64\) and \(2, 3, 48, 65\)"):
        image_rows([one, smooth(2, 0, 48, 65)])
    with pytest.raises(SettingError, match="as many in each column"):
        image_rows([one, one[:1]])
    with pytest.raises(SettingError, match=r"shape \(2, 48, 64\); it must be \(n, 3, H, W\)"):
        image_rows([one[:, 0]])
    with pytest.raises(SettingError, match=r"shape \(2, 1, 48, 64\); it must be"):
        image_rows([one[:, :1]])
    for bad in (one * 255, one - 1, one / 0):
        with pytest.raises(SettingError, match="they must be in"):
            image_rows([bad])
    for nothing in ([], [one[:0]]):
        with pytest.raises(SettingError, match="There are no images"):
            image_rows(nothing)
    with pytest.raises(SettingError, match="There are 1 titles; there must be 2, or none"):
        image_rows([one, one], ["a"])
    with pytest.raises(SettingError, match="There are 3 row_names; there must be 2, or none"):
        image_rows([one], [], ["a", "b", "c"])
    with pytest.raises(SettingError, match="There are 2 outlines; there must be 1"):
        image_rows([one], where=[None, None])
    with pytest.raises(SettingError, match=r"shape \(3, 4, 6\); it must be \(h, w\), or \(2, h, w\)"):
        image_rows([one], where=[np.zeros((3, 4, 6))])


def test_lines_beyond_the_colors_differ() -> None:
    concepts = tuple(Concept(f"c{number}", "object") for number in range(12))
    random = np.random.default_rng(0)
    many = PixelCounts(
        concepts=concepts,
        before=random.integers(1, 9, (4, 12)),
        after=random.integers(1, 9, (1, 4, 12)),
        positions=24,
    )
    lines = of(removal_curve(many, [3], "c0", [c.name for c in concepts[1:]]), "line")
    assert len({(line.line.color, line.marker.symbol) for line in lines}) == 12 > len(SERIES_COLORS)
