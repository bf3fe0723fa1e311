"""How quick the painter is in a real page: `python -m tests.browser.measure_painter`.

Prints JSON: milliseconds from a move of the pointer until the picture that knows of it is drawn, and what
the kernel needs for a picture.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import dissect_widgets as dw
from dissect_widgets import world
from tests.browser.lab import CHROMIUM, CHROMIUM_FLAGS, Notebook, Server, box_of, write_notebook

SHOW = """
import time
import dissect_widgets as dw
from dissect_widgets import world
painter = dw.NeuronPainter(world.load_generator(), dw.load("churches"), layer={layer!r})
keep, took = painter.painting.draw, []
def timed(strokes):
    start = time.perf_counter()
    picture = keep(strokes)
    took.append((time.perf_counter() - start) * 1000)
    return picture
painter.painting.draw = timed
painter
"""
WATCH = """painter => {
    window.lags = [];
    new MutationObserver(() => window.lags.push(Number(painter.dataset.lag)))
        .observe(painter, { attributeFilter: ['data-lag'] });
}"""


def measure(layer: str = "layer4") -> dict[str, object]:
    """Open the painter in JupyterLab, draw strokes with the mouse, and time them."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder, generator = Path(name), world.load_generator()
        values, segmenter = dw.latents(64, latent_dim=generator.latent_dim), world.load_segmenter()
        dw.dissect(
            generator,
            layer,
            values,
            segmenter=segmenter,
            resources=dw.Resources(batch_size=16),
            out=folder / "churches",
        )
        write_notebook(folder / "measure.ipynb", [SHOW.format(layer=layer)])
        server = Server(folder)
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            notebook = Notebook(page, server, "measure.ipynb")
            notebook.run_all()
            painter = notebook.output(0).locator(".dw-neuron-painter")
            painter.wait_for()
            page.wait_for_timeout(2000)
            painter.evaluate(WATCH)
            box = box_of(painter.locator(".dw-over"))
            for row in range(5):
                y = box["y"] + box["height"] * (0.2 + 0.15 * row)
                page.mouse.move(box["x"] + 40, y)
                page.mouse.down()
                for step in range(25):
                    page.mouse.move(box["x"] + 40 + 14 * step, y + step % 3)
                    page.wait_for_timeout(40)
                page.mouse.up()
                page.wait_for_timeout(500)
            lags = page.evaluate("window.lags")
            kernel = json.loads(notebook.run_code("import json; print(json.dumps(took))"))
            browser.close()
        finally:
            server.close()
    return {
        "layer": layer,
        "moves shown": len(lags),
        **_spread("from move to picture", lags),
        **_spread("kernel", kernel),
    }


def _spread(name: str, times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        f"{name}, median ms": round(statistics.median(ordered), 1),
        f"{name}, 95 % ms": round(ordered[int(0.95 * len(ordered))], 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
