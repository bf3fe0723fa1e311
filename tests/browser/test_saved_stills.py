"""A saved notebook whose kernel is gone: a still in place of each widget, until the cell runs again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dissect_widgets.widgets.shared.still import HINT
from tests.browser import cells
from tests.browser.lab import Notebook, Server, box_of, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOTS = [
    ".dw-unit-browser",
    ".dw-ablation-explorer",
    ".dw-attack-diff",
    ".dw-layer-comparison",
    ".dw-neuron-painter",
]
VIEW = "application/vnd.jupyter.widget-view+json"
RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


def hint_in(output: Locator) -> Locator:
    return output.locator("em", has_text=HINT)


def expect_live(output: Locator, root: str) -> None:
    """The widget is there, and its still is not seen."""
    expect(output.locator(root)).to_be_visible(timeout=60_000)
    expect(hint_in(output)).to_have_count(1)
    expect(hint_in(output)).not_to_be_visible()
    expect(output.locator(".jp-RenderedImage img")).not_to_be_visible()


def expect_still(output: Locator, root: str, title: str) -> None:
    """The still is there, and neither the widget nor an error is seen."""
    expect(output.locator("[class^=dw-still-]")).to_contain_text(title, timeout=60_000)
    expect(hint_in(output)).to_be_visible()
    picture = output.locator(".jp-RenderedImage img")
    expect(picture).to_be_visible()
    assert box_of(picture)["width"] > 600 and picture.evaluate("image => image.naturalWidth") >= 760
    expect(output.locator(root).locator("visible=true")).to_have_count(0)
    expect(output.get_by_text("model not found")).to_have_count(0)
    expect(output.locator(".jupyter-widgets-disconnected").locator("visible=true")).to_have_count(0)


def texts_in(folder: Path, name: str) -> list[str]:
    """Texts of the stills of a saved notebook."""
    saved = json.loads((folder / name).read_text())
    data = [output["data"] for cell in saved["cells"] for output in cell["outputs"] if "data" in output]
    return ["".join(one["text/plain"]) for one in data if "text/html" in one]


def views_in(folder: Path, name: str) -> int:
    saved: dict[str, Any] = json.loads((folder / name).read_text())
    return sum(VIEW in output["data"] for cell in saved["cells"] for output in cell["outputs"])


def restart(notebook: Notebook) -> None:
    notebook.page.evaluate(RESTART)
    notebook.wait_until_ready()


def test_every_widget_leaves_a_still(page: Page, server: Server, folder: Path, all_widgets: str) -> None:
    notebook = Notebook(page, server, all_widgets)
    notebook.run_all(timeout=300)
    assert notebook.errors() == []
    for cell, root in enumerate(ROOTS):
        expect_live(notebook.output(cell), root)
    browser = notebook.output(0).locator(ROOTS[0])
    browser.locator(".dw-card").nth(2).click()
    unit = int(browser.locator(".dw-card").nth(2).get_attribute("data-unit") or "")
    notebook.output(1).locator(".dw-row[data-unit]").nth(3).click()
    expect(notebook.output(1).locator(".dw-picked")).to_have_count(1, timeout=20_000)
    notebook.output(2).locator(".dw-go").click()
    expect(notebook.output(2).locator(".dw-unit")).to_have_count(8, timeout=120_000)
    notebook.run_code("comparison.count = 'detectors'\npainter.paint([(0.3, 0.6), (0.6, 0.7)])")
    page.wait_for_timeout(1500)  # stills wait until all is quiet
    removed = notebook.run_code("print(explorer.units[0])").strip()
    target = notebook.run_code("print(diff._result['target'])").strip()
    notebook.save()

    titles = [
        f"Unit {unit} of conv5_3: ",
        "without 1 of the 192 units of conv5_3",
        f"attacked as {target}; L2 ",
        "SceneNet: 190 detectors in conv5_3",
        "1 stroke on sample 4",
    ]
    texts = texts_in(folder, all_widgets)
    assert len(texts) == views_in(folder, all_widgets) == 5
    assert f"Units removed: {removed}." in texts[1]

    # the kernel goes while the page is open
    restart(notebook)
    for cell, (root, title) in enumerate(zip(ROOTS, titles, strict=True)):
        expect_still(notebook.output(cell), root, title)

    # the notebook is opened again
    notebook.save()
    notebook = Notebook(page, server, all_widgets)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        for cell, (root, title) in enumerate(zip(ROOTS, titles, strict=True)):
            expect_still(notebook.output(cell), root, title)

    # its cells run again
    notebook.run_all(timeout=300)
    assert notebook.errors() == []
    for cell, root in enumerate(ROOTS):
        expect_live(notebook.output(cell), root)
    notebook.save()
    assert len(texts_in(folder, all_widgets)) == 5
    metadata = json.loads((folder / all_widgets).read_text())["metadata"]
    assert len(metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]) == 5


def test_a_reloaded_page_still_updates_it(page: Page, server: Server, folder: Path, scenes: Path) -> None:
    name = write_notebook(folder / "reload.ipynb", [cells.BROWSER, "browser"]).name
    notebook = Notebook(page, server, name)
    notebook.run_all()
    expect_live(notebook.output(0), ROOTS[0])
    notebook.save()
    page.reload(wait_until="domcontentloaded")
    notebook.wait_until_ready()
    for cell in (0, 1):
        expect_live(notebook.output(cell), ROOTS[0])
    notebook.output(0).locator(".dw-card").nth(4).click()
    unit = notebook.output(0).locator(".dw-card").nth(4).get_attribute("data-unit")
    page.wait_for_timeout(1500)
    for cell in (0, 1):
        expect_live(notebook.output(cell), ROOTS[0])
    notebook.save()
    texts = texts_in(folder, name)
    assert len(texts) == 2 and all(text.startswith(f"Unit {unit} of conv5_3: ") for text in texts)

    # a second view of it, which is closed again
    notebook.command("notebook:create-output-view")
    expect(page.locator(f".jp-LinkedOutputView {ROOTS[0]}")).to_be_visible()
    expect(page.locator("em", has_text=HINT).locator("visible=true")).to_have_count(0)


def test_with_the_state_of_widgets_saved(page: Page, server: Server, folder: Path, scenes: Path) -> None:
    name = write_notebook(folder / "state.ipynb", [cells.BROWSER, cells.COMPARISON]).name
    notebook = Notebook(page, server, name)
    toggle = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
    notebook.command(toggle)
    try:
        notebook.run_all()
        expect_live(notebook.output(0), ROOTS[0])
        notebook.save()
        states = json.loads((folder / name).read_text())["metadata"]["widgets"]
        assert any("_esm" in one["state"] for one in next(iter(states.values()))["state"].values())
        restart(notebook)
        notebook = Notebook(page, server, name)
        expect_still(notebook.output(0), ROOTS[0], "units of conv5_3 are detectors of")
        expect_still(notebook.output(1), ROOTS[3], "unique detectors in conv5_3")
        notebook.run_all()
        expect_live(notebook.output(0), ROOTS[0])
        expect_live(notebook.output(1), ROOTS[3])
    finally:
        notebook.command(toggle)


NESTED = """
import ipywidgets as w
inside = w.Tab([w.VBox([dw.UnitBrowser(dissection)]), browser])
inside
"""
CAPTURED = """
output, other = w.Output(), w.Output()
with output:
    display(browser)
other.append_display_data(browser)
w.VBox([output, other])
"""
CLOSED = "closed = dw.UnitBrowser(dissection)\ndisplay(closed)\nclosed.close()"


def test_widgets_inside_of_others(page: Page, server: Server, folder: Path, scenes: Path) -> None:
    source = [cells.BROWSER, NESTED, CAPTURED, CLOSED, "display(browser, browser)"]
    name = write_notebook(folder / "nested.ipynb", source).name
    notebook = Notebook(page, server, name)
    notebook.run_all()
    assert notebook.errors() == []
    expect_live(notebook.output(0), ROOTS[0])
    for cell, views in ((1, 1), (2, 2), (4, 2)):
        output = notebook.output(cell)
        expect(output.locator(ROOTS[0]).locator("visible=true")).to_have_count(views, timeout=20_000)
        expect(hint_in(output).locator("visible=true")).to_have_count(0)
        expect(output.locator(".jp-RenderedImage img").locator("visible=true")).to_have_count(0)
    notebook.run_code("browser.unit = 3")
    page.wait_for_timeout(1500)
    notebook.save()
    restart(notebook)
    notebook = Notebook(page, server, name)
    expect_still(notebook.output(0), ROOTS[0], "Unit 3 of conv5_3: ")
    assert notebook.errors() == []


def test_in_notebook_7(page: Page, notebook_server: Server, folder: Path, scenes: Path) -> None:
    name = write_notebook(folder / "seven.ipynb", [cells.BROWSER]).name
    notebook = Notebook(page, notebook_server, name)
    notebook.run_all()
    expect_live(notebook.output(0), ROOTS[0])
    notebook.run_code("browser.unit = 3")
    page.wait_for_timeout(1500)
    notebook.save()
    restart(notebook)
    expect_still(notebook.output(0), ROOTS[0], "Unit 3 of conv5_3: ")
    notebook = Notebook(page, notebook_server, name)
    expect_still(notebook.output(0), ROOTS[0], "Unit 3 of conv5_3: ")
    notebook.run_all()
    expect_live(notebook.output(0), ROOTS[0])
