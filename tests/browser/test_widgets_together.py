"""Widgets beside one another: the styles of none cut off another, in whichever order they are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import cells
from tests.browser.lab import Notebook, Server, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = cells.BROWSER.rsplit("browser =", 1)[0] + cells.EXPLORER.rsplit("explorer =", 1)[0]
OPEN_ATTACK = cells.ATTACK.replace("\ndiff\n", "\ndiff.run()\ndiff.unit = diff.units[0]\ndiff\n")
OPEN_COMPARISON = cells.COMPARISON.replace("\ncomparison", "\ncomparison.open_units('conv5_3')\ncomparison")
MANY_STROKES = cells.PAINTER.replace(
    "\npainter\n",
    "\npainter.edits = [painter.new_stroke([(0.1, y / 40)]).plain() for y in range(40)]\n"
    "painter.error = 'Something went wrong.'\npainter\n",
)
# Controls and texts that lie outside of what their widget shows, and cannot be scrolled to.
CUT_OFF = """root => {
    const lost = [];
    for (const part of root.querySelectorAll('button, input, select, canvas, h3, h4, p, li, output')) {
        if (!part.getClientRects().length) continue;
        for (let box = part.parentElement; ; box = box.parentElement) {
            const style = getComputedStyle(box);
            if (['auto', 'scroll'].includes(style.overflowY) && box.scrollHeight > box.clientHeight) break;
            const [inner, outer] = [part.getBoundingClientRect(), box.getBoundingClientRect()];
            const isOutside = inner.bottom > outer.bottom + 1 || inner.top < outer.top - 1;
            if (style.overflowY === 'hidden' && isOutside) {
                lost.push(`${part.outerHTML.slice(0, 90)} in .${box.className}`);
            }
            if (box === root) break;
        }
    }
    return lost;
}"""
ORDERS = {
    "painter-first": [MANY_STROKES, OPEN_ATTACK, OPEN_COMPARISON],
    "painter-last": [OPEN_COMPARISON, OPEN_ATTACK, MANY_STROKES],
    "attack-first": [OPEN_ATTACK, MANY_STROKES, OPEN_COMPARISON],
}
ROOTS = {
    MANY_STROKES: ".dw-neuron-painter",
    OPEN_ATTACK: ".dw-attack-diff",
    OPEN_COMPARISON: ".dw-unit-browser",
}


@pytest.mark.parametrize("name", ORDERS)
def test_nothing_is_cut_off(
    name: str, page: Page, server: Server, folder: Path, scenes: Path, churches: Path
) -> None:
    order = ORDERS[name]
    path = write_notebook(folder / f"{name}.ipynb", [SETUP, *order])  # each has a kernel of its own
    notebook = Notebook(page, server, path.name)
    notebook.run_all(timeout=400)
    assert notebook.errors() == []
    for cell, source in enumerate(order, start=1):
        root = notebook.output(cell).locator(ROOTS[source]).first
        expect(root).to_be_visible(timeout=60_000)
        if source == OPEN_ATTACK:
            expect(root.locator(".dw-shelf .dw-gallery canvas").first).to_be_visible(timeout=60_000)
        if source == OPEN_COMPARISON:
            expect(root.locator(".dw-card[data-drawn]").first).to_be_visible(timeout=60_000)
        if source == MANY_STROKES:
            expect(root.locator(".dw-edits li")).to_have_count(40)
            expect(root.locator(".dw-error")).to_be_visible()
            for button in ("Undo", "Save image", "Hold to show original"):
                root.get_by_role("button", name=button).hover()  # in sight, or it can be scrolled to
            root.locator(".dw-edits li").last.hover()
        assert root.evaluate(CUT_OFF) == []
        assert root.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
