"""The ablation explorer in a real JupyterLab: click, drag, switch, set from Python, reload, go dark."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Notebook, Server, box_of, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOW = """
import json
import dissect_widgets as dw
from dissect_widgets import world
net = world.load_classifier()
importance = dw.rank_units(dw.ClassifierData(net, world.Scenes("train", 96)), "conv5_3", progress=False)
options = {"dissection": dw.load("scenes"), "class_name": "airfield", "progress": False}
explorer = dw.AblationExplorer(dw.ClassifierData(net, world.Scenes("val", 144)), importance, **options)
explorer
"""
SHOWN = """explorer => {
    const text = (selector) => [...explorer.querySelectorAll(selector)].map(e => e.textContent);
    const [figures, flips, picked] = ['.dw-tile strong', '.dw-flips figure', '.dw-picked'].map(text);
    return { figures, flips: flips.length, picked: picked.length };
}"""


def state_of(notebook: Notebook) -> dict[str, Any]:
    """What Python says that the page should show."""
    traits = ", ".join(f"explorer.{name}" for name in ("class_name", "mode", "n", "units", "_result"))
    name, mode, n, units, result = json.loads(notebook.run_code(f"print(json.dumps([{traits}]))"))
    return {"class": name, "mode": mode, "n": n, "units": units, **result}


def measured(explorer: Locator, count: int) -> None:
    """Wait until the page shows what Python measured for some number of chosen units."""
    explorer.page.wait_for_function(
        "([root, count]) => JSON.parse(root.dataset.shown)[2].length === count",
        arg=[explorer.element_handle(), count],
    )


def agrees(explorer: Locator, state: dict[str, Any]) -> None:
    """Wait until the page shows a state, and compare all of its figures."""
    of = json.dumps([state["class"], state["mode"], sorted(state["units"])], separators=(",", ":"))
    expect(explorer).to_have_attribute("data-shown", of)
    shown = explorer.evaluate(SHOWN)
    assert shown["figures"] == [
        f"{100 * state[key][1]:.1f} %" for key in ("class_accuracy", "overall_accuracy")
    ]
    assert shown["flips"] == len(state["changed_images"]) and shown["picked"] == len(state["units"])


def test_the_explorer(page: Page, server: Server, folder: Path, scenes: Path) -> None:
    write_notebook(folder / "explorer.ipynb", [SHOW])
    notebook = Notebook(page, server, "explorer.ipynb")
    notebook.run_all(timeout=200)
    assert notebook.errors() == []
    explorer = notebook.output(0).locator(".dw-ablation-explorer")
    expect(explorer).to_have_attribute("data-curve", "airfield", timeout=30_000)
    agrees(explorer, state_of(notebook))
    expect(explorer).to_contain_text("No prediction changes.")
    assert explorer.locator(".dw-row canvas").first.evaluate("c => c.toDataURL().length") > 3000, "exemplars"

    # drag along the curve: as many units as where the hand stops, and nothing lags behind
    curve = explorer.locator(".dw-curve")
    box = box_of(curve)
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 60)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(box["x"] + box["width"] * (0.2 + 0.02 * step), box["y"] + 60)
    page.mouse.up()
    expect(curve).not_to_have_attribute("aria-valuenow", "0")
    measured(explorer, int(curve.get_attribute("aria-valuenow") or 0))
    dragged = state_of(notebook)
    assert dragged["n"] == len(dragged["units"]) == int(curve.get_attribute("aria-valuenow") or 0) > 20
    assert dragged["changed_count"] > 0
    agrees(explorer, dragged)
    picture = explorer.locator(".dw-flip canvas").first
    expect(picture).to_have_attribute("data-drawn", "yes")

    # there and back while Python measures: the page ends where the hand does, and hears what comes next
    slider = explorer.locator(".dw-count-slider input")
    for first, last in ((30, 30), (40, 22)):
        slider.evaluate(
            "(s, all) => all.forEach(n => { s.value = n; s.dispatchEvent(new Event('input')); })",
            [first, first + 1, first, last],
        )
        measured(explorer, last)
        assert state_of(notebook)["n"] == last
        agrees(explorer, state_of(notebook))
    slider.fill(str(dragged["n"]))
    measured(explorer, dragged["n"])
    assert state_of(notebook)["units"] == dragged["units"]

    # keep only those; then let go of one, by mouse, and take it back by keyboard
    explorer.locator(".dw-mode[data-mode='keep']").click()
    expect(explorer.locator(".dw-mode[data-mode='keep']")).to_have_attribute("aria-pressed", "true")
    expect(explorer).to_have_attribute("data-shown", re.compile("keep"))
    assert state_of(notebook)["mode"] == "keep"
    agrees(explorer, state_of(notebook))
    row = explorer.locator(f".dw-rows .dw-row[data-unit='{dragged['units'][1]}']")
    row.click()
    expect(row).to_have_attribute("aria-selected", "false")
    measured(explorer, dragged["n"] - 1)
    assert state_of(notebook)["n"] is None and dragged["units"][1] not in state_of(notebook)["units"]
    agrees(explorer, state_of(notebook))
    row.press("Enter")
    measured(explorer, dragged["n"])
    assert state_of(notebook)["n"] == dragged["n"]

    # what fails in Python is said, and what follows works
    notebook.run_code("explorer.data.held.predict, keep = None, explorer.data.held.predict")
    row.click()
    expect(explorer.locator(".dw-error")).to_contain_text("TypeError")
    notebook.run_code("explorer.data.held.predict = keep")
    row.click()
    expect(explorer.locator(".dw-error")).to_be_hidden()
    assert state_of(notebook)["n"] == dragged["n"]

    # another class, here and from Python
    explorer.locator(".dw-class").select_option("bedroom")
    expect(explorer).to_have_attribute("data-curve", "bedroom")
    state = state_of(notebook)
    assert state["class"] == "bedroom" and state["n"] == dragged["n"]
    agrees(explorer, state)
    notebook.run_code("explorer.class_name, explorer.mode, explorer.n = 'kitchen', 'remove', 12")
    expect(explorer).to_have_attribute("data-curve", "kitchen")
    agrees(explorer, state_of(notebook))
    expect(explorer.locator(".dw-class")).to_have_value("kitchen")
    first = explorer.locator(".dw-rows .dw-row").first
    assert int(first.get_attribute("data-unit") or -1) == state_of(notebook)["units"][0]

    # reload, and see it again; and in the dark
    notebook.save()
    page.reload(wait_until="domcontentloaded")
    notebook.wait_until_ready()
    explorer = notebook.output(0).locator(".dw-ablation-explorer")
    expect(explorer).to_have_attribute("data-curve", "kitchen", timeout=30_000)
    agrees(explorer, state_of(notebook))
    notebook.theme("JupyterLab Dark")
    for area in (".dw-row .dw-name", ".dw-tile strong", ".dw-others .dw-name"):
        ink = explorer.locator(area).first.evaluate("e => getComputedStyle(e).color")
        parts = ink.removeprefix("rgb(").removeprefix("rgba(").rstrip(")").split(",")[:3]
        assert min(int(part) for part in parts) > 120, area
