"""The widgets in other homes than JupyterLab: Notebook 7, and Voila, which shows a notebook as a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Notebook, Server, box_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

APP = Path(__file__).parents[2] / "notebooks" / "05_paint_with_neurons.ipynb"


@pytest.fixture(scope="module")
def voila_server(folder: Path) -> Iterator[Server]:
    shutil.copy(APP, folder)
    server = Server(folder, module="voila")
    yield server
    server.close()


def paint(page: Page, painter: Locator) -> None:
    """Draw a stroke, and wait for the network's answer."""
    picture = painter.locator(".dw-image")
    expect(painter).to_have_attribute("data-turn", "1", timeout=60_000)
    picture.scroll_into_view_if_needed()
    box = box_of(picture)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    expect(painter.locator(".dw-edits li")).to_have_count(1)
    expect(painter).not_to_have_attribute("data-turn", "1")


def test_all_widgets_in_notebook_7(page: Page, notebook_server: Server, all_widgets: str) -> None:
    notebook = Notebook(page, notebook_server, all_widgets)
    notebook.run_all(timeout=300)
    assert notebook.errors() == []

    browser = notebook.output(0).locator(".dw-unit-browser")
    browser.locator(".dw-card").first.click()
    expect(browser.locator(".dw-detail h3").first).to_contain_text("unit", timeout=20_000)
    # while a kernel is busy, widgets keep what they have to say until it is not
    assert any(notebook.run_code("print(browser.unit)").strip().isdigit() for _ in range(20))

    explorer = notebook.output(1).locator(".dw-ablation-explorer")
    explorer.locator(".dw-row[data-unit]").first.click()
    expect(explorer.locator(".dw-picked")).to_have_count(1, timeout=20_000)

    attack = notebook.output(2).locator(".dw-attack-diff")
    attack.locator(".dw-go").click()
    expect(attack.locator(".dw-unit")).to_have_count(8, timeout=120_000)

    expect(notebook.output(3).locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=20_000)

    painter = notebook.output(4).locator(".dw-neuron-painter")
    paint(page, painter)
    assert notebook.run_code("print(len(painter.edits))").strip() == "1"


def test_the_painter_as_an_app(page: Page, voila_server: Server) -> None:
    page.goto(f"{voila_server.url}/voila/render/{APP.name}", wait_until="domcontentloaded", timeout=120_000)
    painter = page.locator(".dw-neuron-painter")
    painter.wait_for(timeout=120_000)
    paint(page, painter)
    painter.get_by_role("button", name="Undo").click()
    expect(painter.locator(".dw-edits li")).to_have_count(0)
    expect(page.locator(".jp-RenderedImage img")).to_have_count(2)  # those that the notebook paints itself
