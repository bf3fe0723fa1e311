"""How quick the unit browser is in a real page: `python -m tests.browser.measure SAVED_DISSECTION`.

Prints JSON: milliseconds from running the cell (a fresh kernel, import and load included) until the
cards in sight are drawn; from clicking a card until its detail is drawn; from moving the slider until the
masks are; and the bytes that crossed.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.lab import CHROMIUM, CHROMIUM_FLAGS, Notebook, Server, write_notebook

WHEN_DRAWN = """selector => new Promise(resolve => {
    const start = performance.now();
    const look = () => document.querySelector(selector)
        ? requestAnimationFrame(() => resolve(performance.now() - start)) : requestAnimationFrame(look);
    look();
})"""
RUN = """async ([command, selector]) => {
    const drawn = (WHEN_DRAWN)(selector);
    jupyterapp.commands.execute(command);
    return drawn;
}""".replace("WHEN_DRAWN", WHEN_DRAWN)
CLICK = """async unit => {
    const drawn = (WHEN_DRAWN)(`.dw-detail[data-drawn='${unit}']`);
    document.querySelector(`.dw-card[data-unit='${unit}']`).click();
    return drawn;
}""".replace("WHEN_DRAWN", WHEN_DRAWN)
SLIDE = """async value => {
    const slider = document.querySelector('.dw-detail .dw-slider');
    const start = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event('input'));
    await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return performance.now() - start;
}"""


def measure(saved: Path) -> dict[str, object]:
    """Open a saved dissection in JupyterLab, and time what a user waits for."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        show = f"import dissect_widgets as dw\nbrowser = dw.UnitBrowser(dw.load({str(saved)!r}))\nbrowser"
        write_notebook(folder / "measure.ipynb", [show])
        server = Server(folder)
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            received: list[int] = []
            page.on("websocket", lambda ws: ws.on("framereceived", lambda data: received.append(len(data))))
            notebook = Notebook(page, server, "measure.ipynb")
            page.wait_for_timeout(1500)
            received.clear()
            opened = page.evaluate(RUN, ["notebook:run-all-cells", ".dw-card[data-drawn]:nth-child(12)"])
            crossed = sum(received)
            notebook.wait_idle()
            units = page.locator(".dw-card").evaluate_all("all => all.map(card => card.dataset.unit)")[:8]
            clicks = [page.evaluate(CLICK, unit) for unit in units]
            slides = [page.evaluate(SLIDE, value) for value in (5, 50, 20, 80, 10)]
            sizes = "len(v) if isinstance(v, (bytes, str)) else len(str(v))"
            created = int(notebook.run_code(f"print(sum({sizes} for v in browser.get_state().values()))"))
            code = int(notebook.run_code("print(len(browser._esm) + len(browser._css))"))
            return {
                "open_ms": round(opened),
                "click_ms": [round(ms) for ms in clicks],
                "click_ms_median": round(statistics.median(clicks)),
                "slide_ms_median": round(statistics.median(slides)),
                "bytes_on_creation": created,
                "bytes_on_creation_of_them_code": code,
                "bytes_until_cards_are_drawn": crossed,
            }
        finally:
            server.close()


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]).resolve()), indent=1))
