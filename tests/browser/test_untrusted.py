"""Names that are HTML, answers that are errors, and the report without a server."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

import dissect_widgets as dw
from tests.browser.lab import Notebook, Server, write_notebook
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=\"document.title='stolen'\">"


@pytest.fixture(scope="module")
def evil(folder: Path) -> Path:
    """Saved dissection whose concepts, categories and files have names that are HTML."""
    images = ArrayImages()
    names = [EVIL if i == 2 else f"<b>{c.name}</b>" for i, c in enumerate(images.vocabulary)]
    categories = [f"<i>{c.category}</i>" for c in images.vocabulary]
    images.vocabulary = dw.Vocabulary(list(map(dw.Concept, names, categories))[1:])
    images.names = [f"{EVIL}{i}.jpg" for i in range(len(images))]
    with torch.random.fork_rng():
        model = seeded(TinyNet())
    dw.dissect(model, ["pool", "mix"], images, level=0.2, out=folder / "evil", progress=False)
    return folder / "evil"


def test_names_are_shown_as_text(page: Page, server: Server, folder: Path, evil: Path) -> None:
    load = f"import dissect_widgets as dw\ndissection = dw.load({str(evil)!r})\n"
    cells = [
        load + "browser = dw.UnitBrowser(dissection, unit=1)\nbrowser",
        "comparison = dw.LayerComparison(dissection, browser=browser, min_iou=0.01)\ncomparison",
    ]
    write_notebook(folder / "evil.ipynb", cells)
    notebook = Notebook(page, server, "evil.ipynb")
    notebook.run_all()
    assert notebook.errors() == []
    output = notebook.output(0)
    expect(output.locator(".dw-concepts li").first).to_contain_text("<i>")
    expect(output.locator(".dw-card .dw-name").first).to_contain_text("<")
    assert "<img" in (output.locator(".dw-gallery canvas").first.get_attribute("title") or "")
    expect(notebook.output(1).locator(".plotly .bars path").first).to_be_visible()
    expect(notebook.output(1)).to_contain_text("<i>object</i>")
    assert page.locator(".jp-Notebook .dw-unit-browser img").count() == 0
    assert "stolen" not in page.title()


def test_an_error_of_the_kernel_is_shown(page: Page, server: Server, folder: Path, evil: Path) -> None:
    cells = [
        f"import dissect_widgets as dw\nbrowser = dw.UnitBrowser(dw.load({str(evil)!r}))\n"
        "browser._data.detail = lambda layer, unit: 1 / 0\nbrowser",
    ]
    write_notebook(folder / "error.ipynb", cells)
    notebook = Notebook(page, server, "error.ipynb")
    notebook.run_all()
    output = notebook.output(0)
    output.locator(".dw-card").first.click()
    expect(output.locator(".dw-error")).to_contain_text("ZeroDivisionError")
    expect(output.locator(".dw-gallery canvas")).to_have_count(0)
    expect(output.locator(".dw-card")).to_have_count(5)


def test_the_report_works_offline(chromium: Browser, evil: Path, tmp_path: Path) -> None:
    path = dw.write_report(dw.load(evil), tmp_path / "report.html")
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 900}, color_scheme="dark")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.route("http*://**", lambda route: problems.append(route.request.url))
    page.goto(path.as_uri())
    expect(page.locator(".dw-card")).to_have_count(5)
    page.locator(".dw-card").nth(1).click()
    expect(page.locator(".dw-gallery canvas")).to_have_count(6)
    expect(page.locator(".dw-concepts li").first).to_contain_text("<i>")
    before = page.locator(".dw-gallery canvas").first.evaluate("c => c.toDataURL()")
    page.locator(".dw-slider").first.fill("0")
    expect(page.locator(".dw-detail").first).to_have_attribute("data-threshold", "0")
    assert page.locator(".dw-gallery canvas").first.evaluate("c => c.toDataURL()") != before
    page.locator(".dw-tab").first.click()
    expect(page.locator(".dw-card")).to_have_count(4)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".dw-detail h3").first).to_be_visible()
    background = page.locator(".dw-unit-browser").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == "rgb(17, 17, 17)"
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("document.documentElement.scrollWidth <= 390")
    assert "stolen" not in page.title() and page.locator("img").count() == 0 and not problems, problems
    context.close()
