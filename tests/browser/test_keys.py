"""Keys stay in the widget that has the focus: none of them cuts, deletes, inserts or changes a cell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Notebook, Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDGETS = {
    ".dw-unit-browser": 0,
    ".dw-ablation-explorer": 1,
    ".dw-attack-diff": 2,
    ".dw-layer-comparison": 3,
    ".dw-neuron-painter": 4,
}
"""Roots, and the cells that they are in."""
KEYS = ["x", "d", "d", "b", "a", "m", "v", "Shift+M", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"]
CELLS = """() => {
    const { widgets, activeCellIndex, mode } = jupyterapp.shell.currentWidget.content;
    const sources = widgets.map(cell => [cell.model.type, cell.model.sharedModel.getSource()]);
    return JSON.stringify([sources, activeCellIndex, mode]);
}"""
# Notes the commands that keys have run.
WATCH_COMMANDS = """() => {
    window.commandsOfKeys = [];
    jupyterapp.commands.commandExecuted.connect((_, { id, args }) => {
        if (args?._luminoEvent?.type === 'keybinding') window.commandsOfKeys.push(id);
    });
}"""
# Numbers the controls that can have the focus, the first of each kind, and returns what they are.
MARK_CONTROLS = """root => {
    const kinds = new Map();
    const all = 'button, input, select, textarea, summary, a[href], [tabindex], canvas[tabindex]';
    for (const control of root.querySelectorAll(all)) {
        if (control.disabled || control.type === 'file' || !control.getClientRects().length) continue;
        const [className] = String(control.getAttribute('class')).split(' ');
        const kind = [control.localName, control.type, className].join(' ');
        if (kinds.has(kind)) continue;
        kinds.set(kind, control);
        control.dataset.testControl = kinds.size - 1;
    }
    return [...kinds.keys()];
}"""


@pytest.fixture(params=["jupyterlab", "notebook"])
def notebook(request: pytest.FixtureRequest, page: Page, all_widgets: str) -> Notebook:
    """All widgets, each with what can have the focus: a unit that is open, an attack, a stroke."""
    server: Server = request.getfixturevalue(
        {"jupyterlab": "server", "notebook": "notebook_server"}[request.param]
    )
    notebook = Notebook(page, server, all_widgets)
    notebook.run_all(timeout=400)
    assert notebook.errors() == []
    notebook.run_code("browser.unit = 3; diff.run(); diff.unit = diff.units[0]; painter.paint([(0.5, 0.5)])")
    notebook.run_code("comparison.open_units('conv5_3')")
    expect(page.locator(".dw-attack-diff .dw-unit")).to_have_count(8, timeout=60_000)
    expect(page.locator(".dw-neuron-painter .dw-edits li")).to_have_count(1)
    expect(page.locator(".dw-layer-comparison .dw-card").first).to_be_visible()
    return notebook


def press_all(notebook: Notebook, root: Locator) -> list[str]:
    """Press all keys on each kind of control, and compare the cells; returns the kinds."""
    page = notebook.page
    kinds: list[str] = root.evaluate(MARK_CONTROLS)
    for number, kind in enumerate(kinds):
        control = root.locator(f"[data-test-control='{number}']")
        for key in KEYS:
            if control.count():  # a key may have made the list anew that it was in
                control.focus()
            before = page.evaluate(CELLS)
            page.keyboard.press(key)
            assert page.evaluate(CELLS) == before, f"{key} on {kind}"
    return kinds


def python(notebook: Notebook, expression: str) -> Any:
    return json.loads(notebook.run_code(f"import json; print(json.dumps({expression}))"))


def no_key_changes_a_cell(notebook: Notebook) -> None:
    page = notebook.page
    for selector, cell in WIDGETS.items():
        root = notebook.output(cell).locator(selector).first
        expect(root).to_be_visible()
        kinds = press_all(notebook, root)
        assert len(kinds) >= 3, (selector, kinds)

    # the same keys do their work on a cell, so they would have been noticed; and what was pressed before
    # would by now have been executed
    count = len(json.loads(page.evaluate(CELLS))[0])
    page.locator(".jp-Notebook .jp-Cell").last.locator(".jp-InputPrompt").click()
    page.keyboard.press("b")
    page.wait_for_function(f"jupyterapp.shell.currentWidget.content.widgets.length === {count + 1}")
    page.keyboard.press("x")
    page.wait_for_function(f"jupyterapp.shell.currentWidget.content.widgets.length === {count}")
    assert page.evaluate("window.commandsOfKeys") == ["notebook:insert-cell-below", "notebook:cut-cell"]


def widgets_hear_their_keys(notebook: Notebook) -> None:
    page = notebook.page
    browser = notebook.output(0).locator(".dw-unit-browser")
    browser.locator(".dw-card").first.click()  # the cards are made anew, and the focus is not lost
    unit = int(browser.locator(".dw-card").first.get_attribute("data-unit") or -1)
    page.keyboard.press("ArrowRight")
    expect(browser.locator(".dw-chosen")).not_to_have_attribute("data-unit", str(unit))
    browser.locator(".dw-detail .dw-slider").first.press("ArrowLeft")
    expect(browser.locator(".dw-threshold .dw-button").first).to_be_enabled()
    browser.locator(".dw-search").press_sequentially("sbx")
    expect(browser.locator(".dw-search")).to_have_value("sbx")
    browser.locator("select").last.press("b")  # the next that begins so: "by number"
    assert browser.locator("select").last.input_value() != "iou"

    explorer = notebook.output(1).locator(".dw-ablation-explorer")
    explorer.locator(".dw-curve").press("ArrowRight")
    expect(explorer.locator(".dw-curve")).to_have_attribute("aria-valuenow", "1")
    row = explorer.locator(".dw-rows .dw-row").nth(3)
    row.press(" ")
    expect(row).to_have_attribute("aria-selected", "true")

    attack = notebook.output(2).locator(".dw-attack-diff")
    attack.locator(".dw-position").press("ArrowLeft")
    expect(attack).to_have_attribute("data-position", "0.99")

    painter = notebook.output(4).locator(".dw-neuron-painter")
    painter.locator(".dw-over").press("e")
    expect(painter.locator(".dw-mode[data-mode='erase']")).to_have_attribute("aria-pressed", "true")
    painter.locator(".dw-chip").first.focus()
    page.keyboard.down("b")
    expect(painter).to_have_class("dw-neuron-painter dw-comparing")
    page.keyboard.up("b")
    expect(painter).to_have_class("dw-neuron-painter")
    painter.locator(".dw-chip").first.press("Control+z")
    expect(painter.locator(".dw-edits li")).to_have_count(0)


def keys_with_control_are_the_notebooks(notebook: Notebook) -> None:
    page = notebook.page
    page.evaluate(WATCH_COMMANDS)
    notebook.output(0).locator(".dw-unit-browser .dw-card").first.press("Control+s")
    page.wait_for_function("window.commandsOfKeys.includes('docmanager:save')")
    page.evaluate("window.commandsOfKeys.length = 0")


def test_keys_stay_in_the_widget_that_has_the_focus(notebook: Notebook) -> None:
    keys_with_control_are_the_notebooks(notebook)
    widgets_hear_their_keys(notebook)
    no_key_changes_a_cell(notebook)
