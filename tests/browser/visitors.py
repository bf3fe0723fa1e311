"""Visitors of a Voila app with a painter."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.lab import Server, box_of, write_notebook

START = 4
APP = f"""
import dissect_widgets as dw
from dissect_widgets import world
painter = dw.NeuronPainter(
    world.load_generator(), dw.load("churches"), layer="layer6", seed={START}, n=4, size=256
)
painter
"""


def write_app(folder: Path) -> str:
    """Write the app into a folder with the saved dissection `churches`; returns its name."""
    return write_notebook(folder / "visitors.ipynb", [APP]).name


class Visitor:
    """A person with a browser of their own, and what they have done."""

    def __init__(self, chromium: Browser, server: Server, app: str) -> None:
        self.context = chromium.new_context(viewport={"width": 1200, "height": 900})
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        address = f"{server.url}/voila/render/{app}"
        self.page.goto(address, wait_until="domcontentloaded", timeout=180_000)
        self.strokes, self.undone, self.seed = 0, 0, START

    @property
    def painter(self) -> Locator:
        """The widget."""
        return self.page.locator(".dw-neuron-painter")

    def wait(self) -> None:
        """Wait until all that was done is shown."""
        expect(self.painter).to_have_attribute("data-idle", "true", timeout=180_000)

    def paint(self, x: float, y: float) -> None:
        """Paint a dab at shares of the image's width and height."""
        overlay = self.painter.locator(".dw-over")
        overlay.scroll_into_view_if_needed()
        box = box_of(overlay)
        self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        self.strokes, self.undone = self.strokes + 1, 0

    def undo(self) -> None:
        """Take the last stroke back."""
        self.painter.get_by_role("button", name="Undo").click()
        self.strokes, self.undone = self.strokes - 1, self.undone + 1

    def next(self) -> None:
        """Go to the next sample."""
        self.painter.get_by_role("button", name="Next").click()
        self.seed += 1

    def check(self) -> None:
        """The page shows what this visitor has done, and nothing else."""
        self.wait()
        expect(self.painter.locator(".dw-edits li")).to_have_count(self.strokes, timeout=60_000)
        expect(self.painter.locator(".dw-seed")).to_have_value(str(self.seed), timeout=60_000)
        expect(self.painter.locator(".dw-error:visible")).to_have_count(0)
        assert not self.problems, self.problems

    def picture(self) -> str:
        """The image as it is shown."""
        canvas = self.painter.locator(".dw-image")
        return str(canvas.evaluate("canvas => canvas.toDataURL()"))
