"""The painter in a real JupyterLab: paint, undo, switch, save, load, break, reload, go dark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import FRAMES, Notebook, Server, box_of, pixels_of, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOW = """
import json, time
from pathlib import Path
import dissect_widgets as dw
from dissect_widgets import world
painter = dw.NeuronPainter(world.load_generator(), dw.load("churches"), layer="layer6", seed=4, brush=0.2)
painter
"""


def pixels(painter: Locator) -> np.ndarray:
    """What the page shows, (height, width, 3)."""
    return pixels_of(painter.locator(".dw-image"))


def state_of(notebook: Notebook) -> dict[str, Any]:
    """What Python says that the page should show."""
    names = ("seed", "concept", "mode", "n", "brush", "strength", "edits", "error", "_can")
    traits = ", ".join(f"{name!r}: painter.{name}" for name in names)
    return dict(json.loads(notebook.run_code(f"print(json.dumps({{{traits}}}))")))


def turned(painter: Locator, last: str) -> str:
    """Wait until the page shows another image, and waits for none; returns its number."""
    expect(painter).not_to_have_attribute("data-turn", last)
    expect(painter).to_have_attribute("data-idle", "true")
    return turn(painter)


def turn(painter: Locator) -> str:
    return painter.get_attribute("data-turn") or ""


def stroke(page: Page, painter: Locator, *points: tuple[float, float]) -> None:
    """Draw a line with the mouse, through shares of the picture's width and height."""
    box = box_of(painter.locator(".dw-over"))
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
        page.evaluate(FRAMES, 1)
    page.mouse.up()


def test_the_painter(page: Page, server: Server, folder: Path, churches: Path) -> None:
    write_notebook(folder / "painter.ipynb", [SHOW])
    notebook = Notebook(page, server, "painter.ipynb")
    notebook.run_all(timeout=200)
    assert notebook.errors() == []
    painter = notebook.output(0).locator(".dw-neuron-painter")
    expect(painter).to_have_attribute("data-turn", "1", timeout=30_000)
    start, now = pixels(painter), turn(painter)
    assert start.std() > 10, "a picture"

    # paint: what lies under the stroke changes, what is far from it does not
    painter.locator(".dw-chip[data-concept='tree']").click()
    strength = painter.locator("[data-name='strength']")
    strength.fill("2")
    stroke(page, painter, (0.2, 0.3), (0.3, 0.3), (0.35, 0.35))
    now = turned(painter, now)
    painted, state = pixels(painter), state_of(notebook)
    assert [(e["mode"], e["concept"], e["on"]) for e in state["edits"]] == [("draw", "tree", True)]
    assert state["strength"] == 2 and state["error"] == "" and len(state["edits"][0]["points"]) > 3
    change = np.abs(painted - start).max(2)
    side = len(change)
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    near, far = (abs(x - 0.28) < 0.1) & (abs(y - 0.32) < 0.08), (x > 0.75) | (y > 0.75)
    assert change[near].mean() > 15 and change[far].mean() < 0.5
    expect(painter.locator(".dw-edits li")).to_have_count(1)

    # undo gives the same picture back, redo the other; and the same by keyboard
    painter.get_by_role("button", name="undo").click()
    now = turned(painter, now)
    assert (pixels(painter) == start).all()
    painter.get_by_role("button", name="redo").click()
    now = turned(painter, now)
    assert (pixels(painter) == painted).all()
    painter.locator(".dw-over").press("Control+z")
    now = turned(painter, now)
    assert (pixels(painter) == start).all() and state_of(notebook)["edits"] == []
    painter.locator(".dw-over").press("Control+Shift+z")
    now = turned(painter, now)

    # erase somewhere else, switch the first stroke off and on, look at what was before
    painter.locator(".dw-mode[data-mode='erase']").click()
    stroke(page, painter, (0.6, 0.8), (0.8, 0.8))
    now = turned(painter, now)
    both = pixels(painter)
    box = painter.locator(".dw-edits input").first
    box.uncheck()
    now = turned(painter, now)
    assert [edit["on"] for edit in state_of(notebook)["edits"]] == [False, True]
    assert (np.abs(pixels(painter) - start)[near] == 0).all()
    box.check()
    now = turned(painter, now)
    assert (pixels(painter) == both).all()
    painter.locator(".dw-over").focus()
    page.keyboard.down("b")
    now = turned(painter, now)
    assert (pixels(painter) == start).all()
    page.keyboard.up("b")
    now = turned(painter, now)
    assert (pixels(painter) == both).all()

    # save picture and edits, remove all, and load them again; a file of something else changes nothing
    with page.expect_download() as saved:
        painter.get_by_role("button", name="save edits").click()
    saved.value.save_as(folder / "edits.json")
    with page.expect_download() as saved:
        painter.get_by_role("button", name="Save image").click()
    saved.value.save_as(folder / "image.png")
    assert (folder / "image.png").read_bytes()[:4] == b"\x89PNG"
    painter.get_by_role("button", name="reset").click()
    now = turned(painter, now)
    painter.get_by_role("button", name="next").click()
    now = turned(painter, now)
    assert state_of(notebook)["seed"] == 5 and not (pixels(painter) == start).all()
    painter.locator("input[type=file]").set_input_files(folder / "edits.json")
    now = turned(painter, now)
    assert (pixels(painter) == both).all() and state_of(notebook)["seed"] == 4
    (folder / "other.json").write_text('{"kind": "something else"}')
    painter.locator("input[type=file]").set_input_files(folder / "other.json")
    expect(painter.locator(".dw-error")).to_contain_text("other.json does not hold edits")
    assert len(state_of(notebook)["edits"]) == 2 and (pixels(painter) == both).all()

    # what fails while painting is said below the picture, and the edits stay; what follows works
    notebook.run_code("keep = painter.painting.draw; painter.painting.draw = None")
    stroke(page, painter, (0.1, 0.1), (0.2, 0.1))
    expect(painter.locator(".dw-error")).to_contain_text("TypeError")
    expect(painter).to_have_attribute("data-idle", "true")
    assert len(state_of(notebook)["edits"]) == 3
    notebook.run_code("painter.painting.draw = keep")
    painter.get_by_role("button", name="undo").click()
    expect(painter.locator(".dw-error")).to_be_hidden()
    expect(painter).to_have_attribute("data-idle", "true")
    now = turn(painter)
    assert (pixels(painter) == both).all()

    # a kernel that is busy with the first point: what is drawn meanwhile waits, and is one piece then
    notebook.run_code(
        "drawn = []\n"
        "def slow(strokes):\n"
        "    drawn.append(1)\n"
        "    while not Path('go-on').exists():\n"
        "        time.sleep(0.01)\n"
        "    return keep(strokes)\n"
        "painter.painting.draw = slow"
    )
    stroke(page, painter, *[(0.1 + 0.8 * i / 60, 0.5) for i in range(61)])
    (folder / "go-on").touch()
    now = turned(painter, now)
    state = state_of(notebook)
    assert notebook.run_code("print(len(drawn))").strip() == "2", "the first point, and all others"
    assert len(state["edits"][-1]["points"]) >= 60
    notebook.run_code("painter.painting.draw = keep")
    painter.get_by_role("button", name="undo").click()
    now = turned(painter, now)

    # from Python; then reload, and all is as it was; and in the dark
    notebook.run_code("painter.concept, painter.mode, painter.n = 'cloud', 'draw', 12")
    expect(painter.locator(".dw-chip[data-concept='cloud']")).to_have_attribute("aria-pressed", "true")
    notebook.run_code("painter.paint([(0.5, 0.5)])")
    now = turned(painter, now)
    last, state = pixels(painter), state_of(notebook)
    notebook.save()
    page.reload(wait_until="domcontentloaded")
    notebook.wait_until_ready()
    painter = notebook.output(0).locator(".dw-neuron-painter")
    expect(painter).to_have_attribute("data-turn", "1", timeout=30_000)
    assert (pixels(painter) == last).all() and state_of(notebook) == state
    expect(painter.locator(".dw-edits li")).to_have_count(3)
    expect(painter.locator("[data-name='n']")).to_have_value("12")
    painter.get_by_role("button", name="undo").click()
    turned(painter, "1")
    assert (pixels(painter) == both).all()
    notebook.theme("JupyterLab Dark")
    for area in (".dw-chip .dw-name", ".dw-edits .dw-name", ".dw-value"):
        ink = painter.locator(area).first.evaluate("e => getComputedStyle(e).color")
        parts = ink.removeprefix("rgb(").removeprefix("rgba(").rstrip(")").split(",")[:3]
        assert min(int(part) for part in parts) > 120, area


OWN = """
import json
import dissect_widgets as dw
from dissect_widgets import world
generator = world.load_generator()
photo = world.render("church", 1_000_000_007).image
found = dw.invert(generator, photo, layer="layer6", steps=12, starts=2, resize=True)
painter = dw.NeuronPainter(generator, dw.load("churches"), layer="layer6", image=found, brush=0.2)
painter
"""


def test_an_image_of_ones_own_is_painted_on_and_the_strokes_are_saved_as_a_movie(
    page: Page, server: Server, folder: Path, churches: Path
) -> None:
    write_notebook(folder / "own.ipynb", [OWN])
    notebook = Notebook(page, server, "own.ipynb")
    notebook.run_all(timeout=200)
    assert notebook.errors() == []
    painter = notebook.output(0).locator(".dw-neuron-painter")
    expect(painter).to_have_attribute("data-turn", "1", timeout=30_000)
    own = painter.get_by_role("button", name="Your image")
    expect(own).to_have_attribute("aria-pressed", "true")
    closeness = notebook.run_code("print(f'{found.psnr:.1f} dB')").strip()
    assert closeness in (own.get_attribute("title") or "")
    start, now = pixels(painter), turn(painter)
    assert start.std() > 10, "a picture"

    # without strokes there is no movie, and the page says why; with one there is
    painter.get_by_role("button", name="Save movie").click()
    expect(painter.locator(".dw-error")).to_contain_text("no strokes")
    stroke(page, painter, (0.3, 0.4), (0.5, 0.4), (0.5, 0.6))
    now = turned(painter, now)
    expect(painter.locator(".dw-error")).to_be_hidden()
    painted = pixels(painter)
    assert not (painted == start).all()
    with page.expect_download() as saved:
        painter.get_by_role("button", name="Save movie").click()
    assert saved.value.suggested_filename == "image.gif"
    saved.value.save_as(folder / "strokes.gif")
    movie = Image.open(folder / "strokes.gif")
    assert movie.format == "GIF" and movie.n_frames > 8 and movie.width == 320
    assert (pixels(painter) == painted).all(), "the movie is not shown in place of the image"

    # to a sample, and back to the image
    painter.get_by_role("button", name="Next").click()
    now = turned(painter, now)
    expect(own).to_have_attribute("aria-pressed", "false")
    assert not (pixels(painter) == painted).all()
    own.click()
    now = turned(painter, now)
    expect(own).to_have_attribute("aria-pressed", "true")
    assert (pixels(painter) == painted).all()
    notebook.theme("JupyterLab Dark")
    ink = own.evaluate("e => getComputedStyle(e).color")
    parts = ink.removeprefix("rgb(").removeprefix("rgba(").rstrip(")").split(",")[:3]
    assert min(int(part) for part in parts) > 120
