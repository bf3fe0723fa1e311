"""The tour in a real JupyterLab: search, open, move, step, set from Python, reload, compare, go dark."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import dissect_widgets as dw
from tests.browser.lab import Notebook, Server, write_notebook
from tests.real_data import REAL

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOUR = "01_dissect_your_network.ipynb"
WEIGHTS = "squeezenet1_0_imagenet.safetensors"
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab with the tour: on the real photos and network, else on drawn scenes, untrained."""
    folder = tmp_path_factory.mktemp("tour")
    shutil.copy(NOTEBOOKS / TOUR, folder)
    environment = {"DISSECT_PHOTOS": str(REAL / "camvid"), "DISSECT_WEIGHTS": str(REAL / WEIGHTS)}
    if not REAL.is_dir():
        environment = {"DISSECT_PHOTOS": str(dw.write_sample(folder / "drawn", images=200))}
    server = Server(folder, environment)
    yield server
    server.close()


def cell_with(notebook: Notebook, text: str) -> int:
    """Number of the cell whose source contains a text."""
    sources: list[str] = notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(c => c.getSource())"
    )
    return next(i for i, source in enumerate(sources) if text in source)


def python(notebook: Notebook, expression: str) -> Any:
    return json.loads(notebook.run_code(f"import json; print(json.dumps({expression}))"))


def drawn(page: Page, selector: str) -> list[str]:
    """Pictures of all canvases that a selector finds, as data."""
    found: list[str] = page.locator(selector).evaluate_all("all => all.map(canvas => canvas.toDataURL())")
    return found


def lit_share(page: Page) -> float:
    """Share of the large exemplars that is not darkened, by comparing with a threshold of -1."""
    script = """canvases => {
        let sum = 0, count = 0;
        for (const c of canvases) {
            const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            for (let i = 0; i < pixels.length; i += 4) { sum += pixels[i + 2]; count++; }
        }
        return sum / count;
    }"""
    return float(page.locator(".dw-detail .dw-gallery canvas").evaluate_all(script))


def test_the_tour(page: Page, server: Server) -> None:
    notebook = Notebook(page, server, TOUR)
    notebook.run_all(timeout=400)
    assert notebook.errors() == []
    browser = notebook.output(cell_with(notebook, "dw.UnitBrowser(")).locator(".dw-unit-browser")
    expect(browser.locator(".dw-card").first).to_be_visible()
    expect(browser.locator(".dw-detail h3").first).to_have_text(f"unit {python(notebook, 'browser.unit')}")
    unit = python(notebook, "int(layer.detectors('car', category='object')[0])")
    other = python(notebook, "int(layer.detectors(category='part')[0])")
    if REAL.is_dir():
        assert unit == 60

    # search "car", and open the best unit
    browser.locator(".dw-search").fill("car")
    expect(browser.locator(".dw-count")).not_to_contain_text("512 of 512")
    assert python(notebook, "browser.query") == "car"
    names = browser.locator(".dw-card .dw-name").all_inner_texts()
    assert names and all("car" in name for name in names)
    browser.locator(".dw-search").fill(str(unit))
    browser.locator(f".dw-card[data-unit='{unit}']").click()
    expect(browser.locator(".dw-detail h3").first).to_have_text(f"unit {unit}")
    expect(browser.locator(".dw-detail .dw-title").first).to_contain_text("car")
    assert python(notebook, "[browser.unit, browser.threshold]") == [unit, None]

    # move the slider, and see the mask change
    detail = browser.locator(f".dw-detail[data-drawn='{unit}']")
    expect(detail).to_be_visible()
    own = detail.get_attribute("data-threshold") or ""
    before, light = drawn(page, ".dw-detail .dw-gallery canvas"), lit_share(page)
    assert len(before) == 8
    slider = browser.locator(".dw-detail .dw-slider").first
    slider.fill("0")
    expect(detail).to_have_attribute("data-threshold", "0")
    low, light_low = drawn(page, ".dw-detail .dw-gallery canvas"), lit_share(page)
    assert all(a != b for a, b in zip(before, low, strict=True)) and light_low > light * 1.05
    assert python(notebook, "browser.threshold") == 0
    highest = python(notebook, f"float(layer.highest[{unit}])")
    slider.fill(str(highest))
    expect(detail).not_to_have_attribute("data-threshold", "0")
    assert lit_share(page) < light
    browser.locator(".dw-detail .dw-button", has_text="Reset").click()
    expect(detail).to_have_attribute("data-threshold", own)
    assert drawn(page, ".dw-detail .dw-gallery canvas") == before

    # step by keyboard, through what is filtered, in its order
    browser.locator(".dw-search").fill("car")
    browser.locator(".dw-cards").focus()
    order = [int(n) for n in browser.locator(".dw-card").evaluate_all("all => all.map(c => c.dataset.unit)")]
    after = order[order.index(unit) + 1]
    page.keyboard.press("ArrowRight")
    expect(browser.locator(".dw-detail h3").first).to_have_text(f"unit {after}")
    assert python(notebook, "browser.unit") == after
    page.keyboard.press("ArrowLeft")
    expect(browser.locator(".dw-detail h3").first).to_have_text(f"unit {unit}")

    # two side by side
    browser.locator(f".dw-card[data-unit='{after}']").click(modifiers=["Shift"])
    expect(browser.locator(".dw-detail h3")).to_have_text([f"unit {unit}", f"unit {after}"])
    assert python(notebook, "[browser.unit, browser.compare]") == [unit, after]

    # Python sets, the page follows
    notebook.run_code(f"browser.query = ''; browser.compare = None; browser.unit = {other}")
    expect(browser.locator(".dw-detail h3").first).to_have_text(f"unit {other}")
    expect(browser.locator(f".dw-card[data-unit='{other}']")).to_be_visible()
    expect(browser.locator(".dw-card.dw-chosen")).to_have_attribute("data-unit", str(other))
    threshold = round(python(notebook, f"float(layer.highest[{other}])") * 0.7, 1)
    shown = f"{threshold:.{0 if threshold >= 100 else 1 if threshold >= 10 else 2}f}"
    notebook.run_code(f"browser.threshold = {threshold}")
    expect(browser.locator(".dw-threshold output").first).to_have_text(shown)

    # reload, and see it again
    notebook.save()
    page.reload(wait_until="domcontentloaded")
    notebook.wait_until_ready()
    browser = notebook.output(cell_with(notebook, "dw.UnitBrowser(")).locator(".dw-unit-browser")
    expect(browser.locator(".dw-detail h3").first).to_have_text(f"unit {other}", timeout=30_000)
    expect(browser.locator(".dw-threshold output").first).to_have_text(shown)
    expect(browser.locator(f".dw-detail[data-drawn='{other}']")).to_be_visible()
    assert len(set(drawn(page, ".dw-detail .dw-gallery canvas"))) == 8

    # another layer: its own units
    browser.locator(".dw-tab", has_text="features.3").click()
    expect(browser.locator(".dw-count")).to_have_text("128 of 128 units")
    assert python(notebook, "[browser.layer, browser.unit]") == ["features.3", None]

    # bars open units, and all is legible in the dark
    comparison = notebook.output(cell_with(notebook, "dw.LayerComparison("))
    bars = comparison.locator(".xy .bars .point path")
    expect(bars).to_have_count(24)
    figure, cell = comparison.locator(".main-svg").first.bounding_box(), comparison.bounding_box()
    assert figure and cell and figure["width"] > 0.9 * cell["width"]
    before_click = python(notebook, "comparison.layer")
    bars.first.click(force=True)
    expect(comparison.locator(".dw-unit-browser .dw-tab[aria-selected=true]")).not_to_have_text(before_click)
    opened = python(
        notebook, "[comparison.browser.layer, comparison.browser.category, comparison.browser.min_iou]"
    )
    assert opened == ["features.3", "object", 0.04]
    notebook.theme("JupyterLab Dark")
    for area in (".dw-card .dw-name", ".dw-count"):
        ink = comparison.locator(area).first.evaluate("e => getComputedStyle(e).color")
        assert (
            min(int(c) for c in ink.removeprefix("rgb(").removeprefix("rgba(").rstrip(")").split(",")[:3])
            > 120
        )


SETUP = """
import os
from pathlib import Path
import dissect_widgets as dw
photos = Path(os.environ["DISSECT_PHOTOS"])
tables = {"label_size": 56, "unlabeled": [11]}
data = dw.MaskFolder(photos / "images", photos / "masks", photos / "classes.csv", **tables)
model = dw.load_model("squeezenet1_0", os.environ.get("DISSECT_WEIGHTS"))
"""


def test_the_interrupt_button_and_the_same_cell_again(page: Page, server: Server) -> None:
    cells = [
        SETUP,
        "dissection = dw.dissect(model, ['features.12'], data, preprocess=dw.normalize())\ndissection",
    ]
    folder = Path(str(server.log.name)).parent
    write_notebook(folder / "interrupt.ipynb", cells)
    notebook = Notebook(page, server, "interrupt.ipynb")
    notebook.begin("notebook:run-all-cells")
    output = notebook.page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".jp-Cell-outputArea")
    expect(output).to_contain_text(re.compile(r"[1-9]\d*/\d+"), timeout=60_000)
    notebook.command("notebook:interrupt-kernel")
    expect(output).to_contain_text("Call again to resume", timeout=60_000)
    (error,) = notebook.errors()
    assert "Call again to resume" in error
    ((done, images),) = set(re.findall(r"Interrupted after (\d+) of (\d+)", error))
    notebook.wait_idle()  # a kernel drops what it is asked for in the moment after an error
    assert 0 < int(done) < int(images) == python(notebook, "len(data)")
    notebook.run_code("assert model.training is False and not any(m._forward_hooks for m in model.modules())")
    notebook.run_all()
    assert notebook.errors() == []
    expect(output).to_contain_text(f"over {images} images")
