"""The report in a real browser: with all sections, without a network, on a desk, a phone and paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import dissect_widgets as dw
from dissect_widgets import world
from dissect_widgets.plots.images import image_rows
from dissect_widgets.reports.page import Drawn, Insertion, Removal
from tests.browser.lab import FRAMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LAYERS = ["conv4_3", "conv5_1", "conv5_2", "conv5_3"]
DRAWN = (
    "() => [...document.querySelectorAll('.plot')].map((box) => box.querySelectorAll('.main-svg').length > 0)"
)
CONTRAST = """(selector) => {
  const light = (color) => color.match(/[\\d.]+/g).slice(0, 3)
    .map((x) => x / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0.05);
  const back = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll(selector)].map((own) => {
    const style = getComputedStyle(own);
    const front = light(own instanceof SVGElement ? style.fill : style.color);
    return Math.max(front, back) / Math.min(front, back);
  });
}"""
# Hears of the end of printing before the page does, while all is still as it was on paper.
ON_PAPER = """addEventListener("afterprint", () => {
  window.onPaper = [...document.querySelectorAll(".plot")].map((box) => ({
    drawn: box.querySelectorAll(".main-svg").length > 0,
    width: box.querySelector(".main-svg")?.getBoundingClientRect().width,
    open: !box.closest("details:not([open])"),
    right: box.getBoundingClientRect().right - document.body.getBoundingClientRect().left,
  }));
});"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of the world's networks with all sections, from a few pictures."""
    net, generator, segmenter = world.load_classifier(), world.load_generator(), world.load_segmenter()
    probe, train, val = (
        world.Scenes("probe", 48, label_size=64),
        world.Scenes("train", 48),
        world.Scenes("val", 48),
    )
    quiet: dict[str, Any] = {"progress": False}
    dissection = dw.dissect(net, LAYERS, probe, **quiet)
    importance = dw.rank_units(dw.ClassifierData(net, train), "conv5_3", **quiet).ranked_by("log-odds")
    quick = dw.CarliniWagner(
        steps=30, searches=1, learning_rate=1e-2, initial_constant=0.1, abort_early=False
    )
    attacked = dw.attack(dw.ClassifierData(net, val), "nearest", images=range(5), method=quick, **quiet)
    latents, tree = dw.latents(6, latent_dim=generator.latent_dim), dw.Concept("tree", "object")
    units = dw.dissect(
        generator, ["layer6"], latents, segmenter=segmenter, resources=dw.Resources(batch_size=6), **quiet
    )["layer6"]
    removed = [dw.Edit("layer6", units.ranked(*tree)[:number]) for number in (4, 20)]
    counts = dw.count_pixels(generator, latents, removed, segmenter, **quiet)
    drawn = [dw.edit(generator, latents[:2], edits) for edits in ([], *removed)]
    doors = dw.Edit("layer6", units.ranked("door", "object")[:20], units.highest.max())
    effects = dw.insert_at_places(
        generator,
        latents,
        doors,
        segmenter,
        dw.Concept("tree", "object"),
        cells=[(r, c) for r in (2, 8, 14) for c in (3, 12)],
        **quiet,
    )
    return dw.write_report(
        dissection,
        tmp_path_factory.mktemp("report") / "report.html",
        importance=importance,
        sets=dw.ablate_unit_sets(dw.ClassifierData(net, val), importance, [8, 48], **quiet),
        edits=[
            Removal(counts, [4, 20], tree, [dw.Concept("sky", "object")], "Units of layer6."),
            Drawn(image_rows([*drawn, *drawn], ["unchanged", "4", "20"] * 2, title="Without tree units")),
            Insertion(effects, [dw.Concept("sky", "object"), tree]),
        ],
        changes=dw.unit_changes(dw.ClassifierData(net, val), "conv5_3", attacked, **quiet),
    )


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desk", "phone"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    width, height = request.param
    return width, height


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def opened(chromium: Browser, report: Path, size: tuple[int, int], scheme: Any) -> Iterator[Page]:
    """The report, its units drawn; at the end nothing may have been fetched or have gone wrong."""
    phone = size[0] < 600
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, has_touch=phone, is_mobile=phone
    )
    context.set_offline(True)
    context.add_init_script(ON_PAPER)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("request", lambda asked: problems.append(asked.url) if asked.url.startswith("http") else None)
    page.goto(report.as_uri())
    expect(page.locator(".dw-card[data-drawn]").first).to_be_visible()
    yield page
    context.close()
    assert not problems, problems


def scroll_through(page: Page) -> None:
    """Have every part of the page in sight once."""
    height, step = page.evaluate("[document.scrollingElement.scrollHeight, window.innerHeight]")
    for top in range(0, height, step):
        page.evaluate("(top) => window.scrollTo({ top, behavior: 'instant' })", top)
        page.evaluate(FRAMES, 3)


def test_all_sections_are_seen(opened: Page, size: tuple[int, int], scheme: str) -> None:
    page = opened
    links = page.locator("nav a")
    assert links.all_inner_texts() == page.locator("main h2").all_inner_texts() and links.count() == 6
    assert not any(page.evaluate(DRAWN)[2:]), "figures out of sight are drawn already"
    scroll_through(page)
    page.locator("details summary").first.click()
    folded = page.evaluate(
        "[...document.querySelectorAll('.plot')].map((x) => !!x.closest('details:not([open])'))"
    )
    page.wait_for_function(f"({DRAWN})().filter((x) => x).length === {folded.count(False)}")
    assert page.evaluate(DRAWN) == [not x for x in folded] and folded.count(True) == 2
    assert page.evaluate("document.scrollingElement.scrollWidth") == size[0]
    wide = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter((x) => x.scrollWidth > x.clientWidth).length"
    )
    assert wide > 0 if size[0] < 600 else wide == 0
    fits = "(svg) => svg.clientWidth <= svg.closest('.plot').clientWidth"
    assert page.evaluate(f"[...document.querySelectorAll('.plot .main-svg')].every({fits})")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert dark == (scheme == "dark")
    for selector, least in (
        ("main > section > p, small, th, td, figcaption, nav a", 4.5),
        (".plot .xtick text, .plot .xtitle", 4.5),
    ):
        found = page.evaluate(CONTRAST, selector)
        assert found and min(found) >= least, selector


@pytest.mark.parametrize(("size", "scheme"), [((1280, 900), "dark"), ((390, 844), "light")])
def test_on_paper(opened: Page, size: tuple[int, int], scheme: str, tmp_path: Path) -> None:
    page = opened
    before = page.evaluate(DRAWN)
    pdf = page.pdf(path=tmp_path / "report.pdf", format="A4")
    figures = page.evaluate("window.onPaper")
    assert pdf.startswith(b"%PDF") and len(figures) == len(before) > 10
    for figure in figures:
        assert figure["drawn"] and figure["open"] and 0 < figure["width"] <= 681, figure
    page.wait_for_function(f"({DRAWN})().filter((x) => x).length < {len(before)}")  # as it was before
    assert page.locator("details[open]").count() == 0
    page.emulate_media(media="print")
    for hidden in ("nav", ".dw-toolbar", ".dw-hint", ".dw-tab[aria-selected='false']"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".on-paper")).to_be_visible()
    expect(page.locator(".dw-tab[aria-selected='true']")).to_have_text("conv5_3")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.dw-card')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    cards = [box for card in page.locator(".dw-card").all() if (box := card.bounding_box())]
    assert len(cards) >= 2 and min(box["height"] for box in cards) > 40
    for first, second in pairwise(cards):
        assert first["x"] + first["width"] <= second["x"] or first["y"] + first["height"] <= second["y"]
    breaks = page.evaluate(
        "[...document.querySelectorAll('figure, .dw-card')].map((x) => getComputedStyle(x).breakInside)"
    )
    assert set(breaks) == {"avoid"}


@pytest.mark.parametrize("size", [(1280, 900)])
@pytest.mark.parametrize("scheme", ["light"])
def test_a_unit_of_the_table_is_shown_above(opened: Page) -> None:
    page = opened
    page.locator(".dw-tab").first.click()
    page.get_by_label("search by concept").fill("no such concept")
    link = page.locator("#classes td a").nth(2)
    unit = link.get_attribute("data-unit")
    link.click()
    expect(page.locator(".dw-tab[aria-selected='true']")).to_have_text("conv5_3")
    expect(page.locator(".dw-detail h3").first).to_have_text(f"unit {unit}")
    expect(page.locator(".dw-chosen")).to_have_attribute("data-unit", unit or "")
    expect(page.locator(".dw-unit-browser")).to_be_in_viewport()


@pytest.mark.parametrize("size", [(1280, 900)])
@pytest.mark.parametrize("scheme", ["light"])
def test_a_figure_that_cannot_be_drawn_says_so(opened: Page) -> None:
    page = opened
    page.evaluate("[...document.querySelectorAll('figure script')].at(-2).textContent = '{'")
    scroll_through(page)
    expect(page.locator(".plot").nth(-2)).to_contain_text("could not be drawn")
    expect(page.locator(".plot").last.locator(".main-svg").first).to_be_visible()


@pytest.mark.real
def test_512_units_are_shown_at_once(page: Page, squeezenet: Path, tmp_path: Path) -> None:
    path = dw.write_report(dw.load(squeezenet), tmp_path / "report.html")
    assert path.stat().st_size < 12e6
    page.goto(path.as_uri(), wait_until="commit")
    expect(page.locator(".dw-card[data-drawn]").first).to_be_visible()
    expect(page.locator(".dw-count")).to_have_text("512 of 512 units")
