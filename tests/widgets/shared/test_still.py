"""Stills: text that is no markup, pictures that are small enough, and when they are published."""

from __future__ import annotations

import asyncio
import base64
import gc
import io
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

import bleach
import ipywidgets
import numpy as np
import pytest
import traitlets
from nbconvert.preprocessors.sanitize import SanitizeHTML
from PIL import Image

from dissect_widgets.widgets.shared import leaves_still
from dissect_widgets.widgets.shared.sheet import SOFT, WIDTH, Sheet, stack
from dissect_widgets.widgets.shared.still import HINT, SCALE, Still, as_inert_html
from dissect_widgets.widgets.shared.widget import Widget

EVIL = [
    "<img src=x onerror=alert(1)>",
    "</strong><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "&lt;b&gt;",
    r"$\href{javascript:alert(1)}{x}$",
    r"\(x\) \[y\] $$z$$ \begin{align}",
    "*em* _em_ `code` [a](javascript:alert(1)) ![i](x) # h",
    "two\nlines\r\nand\ttab\x00\x1b[31mred",
    "\u202egnp.exe \u2066right\u2069",
    "日本語 ελληνικά 🐈",
]
WIDGET = "application/vnd.jupyter.widget-view+json"


class Shown(HTMLParser):
    """Text and tags of HTML, as a browser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.runs, self.tags = "", [], set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data
        self.runs.append(data)


def blank() -> Image.Image:
    return Image.new("RGB", (8, 6), "white")


@pytest.mark.parametrize("name", EVIL)
def test_names_are_text(name: str) -> None:
    still = Still(name, (f"a {name} b",), blank())
    shown = Shown(still.as_html("k-1"))
    assert shown.tags <= {"strong", "ul", "li", "em", "abbr"}
    kept = "".join(c if c.isprintable() and c not in "\u202e\u2066\u2069" else " " for c in name)
    assert kept in shown.text and f"a {kept} b" in shown.text and shown.text.endswith(HINT)
    assert still.as_text() == f"{kept}\na {kept} b\n{HINT}"
    for run in shown.runs:  # a formula needs both of its ends in one run of text
        assert run in ("$", "\\") or not set(run) & set("$\\")


@pytest.mark.parametrize("name", EVIL)
def test_what_viewers_clean_is_already_clean(name: str) -> None:
    html = Still(name, (name,), blank()).as_html("k-1")
    cleaned = SanitizeHTML().sanitize_html_tags(html)
    assert cleaned.replace("<strong>", "") == html.replace('<strong class="dw-still-k-1">', "")
    assert Shown(cleaned).text == Shown(html).text
    assert bleach.clean(html, strip=True) == cleaned


def test_a_name_stands_as_it_is() -> None:
    assert as_inert_html("a < b & c") == "a &lt; b &amp; c"
    assert as_inert_html("5 $ or 6 $") == "5 <abbr>$</abbr> or 6 <abbr>$</abbr>"


def test_pictures_are_small_enough_and_have_a_text() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2 * WIDTH, 3), np.uint8)
    smooth = np.broadcast_to(np.linspace(0, 255, 2 * WIDTH).astype(np.uint8)[None, :, None], (900, 1520, 3))
    for pixels in (noise, smooth):
        data, metadata = Still('<b> "x"', (), Image.fromarray(np.ascontiguousarray(pixels))).as_picture()
        assert len(data["image/jpeg"]) <= 150_000
        height, width = pixels.shape[:2]
        about = {"width": width // SCALE, "height": height // SCALE, "alt": '<b> "x"'}
        assert metadata == {"image/jpeg": about}
        shown = Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"])))
        assert shown.height / shown.width == pytest.approx(height / width, rel=0.01)
    assert shown.size == (width, height), "what is simple keeps all of its pixels"


def test_a_sheet_shows_what_is_drawn() -> None:
    sheet = Sheet(100)
    sheet.box(10, 20, 30, 40, fill="#ff0000")
    sheet.bar(100, 50, 200, 0.25, "#00ff00", height=10)
    sheet.image(Image.new("RGB", (3, 2), "#0000ff"), 400, 20, 30, 20)
    pixels = np.asarray(sheet.picture)
    assert pixels.shape == (200, 2 * WIDTH, 3)
    red, green, blue = ((pixels == color).all(2) for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255)))
    assert red[40:120, 20:80].all() and red.sum() == 60 * 80
    assert green[100, 210:290].all() and not green[:, 302:].any() and not green[:, :200].any()
    assert blue[40:80, 800:860].all() and blue.sum() == 60 * 40
    wide = sheet.text(10, 80, "a name that is much too long for its place " * 3, width=120, color=SOFT)
    assert 90 < wide <= 120
    assert stack([sheet.picture, Sheet(30).picture]).size == (2 * WIDTH, 260)


@pytest.mark.parametrize("name", EVIL)
def test_any_name_can_be_drawn(name: str) -> None:
    sheet = Sheet(40)
    assert sheet.text(10, 20, name, width=300) <= 300
    assert np.asarray(sheet.picture)[4:-4, 4:-4].min() < 128


def away_from_other_loops(use: Callable[[], Any]) -> Any:
    """Call a function in a thread, for tests in a browser leave a loop of their own in the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(use).result()


class Clock(Widget):
    """A widget whose still shows minutes."""

    _esm = "export default { render() {} }"
    minutes = traitlets.Int(5).tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)
    busy = False
    drawn = 0

    def still(self) -> Still:
        self.drawn += 1
        if self.minutes == 13:
            raise ZeroDivisionError("<b>13</b>")
        return Still(f"{self.minutes} minutes", (), Image.new("RGB", (20, 10), (self.minutes, 0, 0)))

    def _still_is_busy(self) -> bool:
        return self.busy


class Shell:
    """The shell of a kernel, which keeps what is published."""

    def __init__(self) -> None:
        self.kernel, self.display_pub, self.events = object(), self, self
        self.published: list[dict[str, Any]] = []
        self.after_cell: list[Any] = []

    def publish(self, **message: Any) -> None:
        self.published.append(message)

    def register(self, event: str, run: Any) -> None:
        assert event == "post_run_cell"
        self.after_cell.append(run)

    def end_cell(self) -> None:
        for run in self.after_cell:
            run()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell()
    monkeypatch.setattr(leaves_still, "get_ipython", lambda: shell)
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    monkeypatch.delenv("VSCODE_PID", raising=False)
    return shell


def test_a_still_is_published_with_its_widget(shell: Shell) -> None:
    clock = Clock()
    data, _ = clock._repr_mimebundle_()
    assert data[WIDGET]["model_id"] == clock.model_id and data["text/plain"] == ""
    text, picture = shell.published
    assert text["data"]["text/plain"] == f"5 minutes\n{HINT}"
    assert f"dw-still-{clock._still_key}" in text["data"]["text/html"]
    assert picture["data"]["image/jpeg"] and picture["metadata"]["image/jpeg"]["alt"] == "5 minutes"
    names = [message["transient"]["display_id"] for message in shell.published]
    assert len(set(names)) == 2
    assert [message["metadata"]["dissect_widgets_still"] for message in shell.published] == names
    assert not any(message.get("update") for message in shell.published)


def test_a_still_is_updated_at_the_end_of_a_cell(shell: Shell) -> None:
    clock = Clock()
    clock._repr_mimebundle_()
    shell.end_cell()
    clock.progress = 0.5
    shell.end_cell()
    assert len(shell.published) == 2 and clock.drawn == 1, "nothing has changed that it shows"
    clock.minutes = 6
    clock.minutes = 7
    shell.end_cell()
    shell.end_cell()
    text, picture = shell.published[2:]
    assert text["update"] and picture["update"] and text["data"]["text/plain"].startswith("7 minutes")
    assert text["transient"] == shell.published[0]["transient"] and clock.drawn == 2
    clock.busy = True
    clock.minutes = 8
    shell.end_cell()
    assert len(shell.published) == 4, "never while computing"
    clock.busy = False
    shell.end_cell()
    assert len(shell.published) == 6
    clock.minutes = 9
    clock.minutes = 8
    shell.end_cell()
    assert len(shell.published) == 6, "it shows the same again"


def test_a_still_that_fails_says_so_and_no_cell_fails(shell: Shell) -> None:
    clock = Clock()
    clock._repr_mimebundle_()
    clock.minutes = 13
    shell.end_cell()
    text = shell.published[-2]["data"]
    assert "no still, ZeroDivisionError: <b>13</b>" in text["text/plain"]
    assert "&lt;b&gt;13" in text["text/html"]


def test_a_still_follows_the_page_once_all_is_quiet(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaves_still, "_QUIET", 0.05)

    async def use() -> list[int]:
        clock, counts = Clock(), []
        clock._repr_mimebundle_()
        for minutes in range(6, 40):
            clock.minutes = minutes
            await asyncio.sleep(0.002)
        counts.append(clock.drawn)
        await asyncio.sleep(0.3)
        counts.append(clock.drawn)
        await asyncio.to_thread(setattr, clock, "minutes", 3)
        await asyncio.sleep(0.3)
        counts.append(clock.drawn)
        clock.minutes = 4
        clock.close()
        await asyncio.sleep(0.3)
        return [*counts, clock.drawn]

    assert away_from_other_loops(lambda: asyncio.run(use()))[1:] == [2, 3, 3]
    assert shell.published[-2]["data"]["text/plain"].startswith("3 minutes")


def test_a_closed_widget_is_let_go(shell: Shell) -> None:
    def use() -> weakref.ref[Clock]:
        clock = Clock()
        clock._repr_mimebundle_()
        clock._repr_mimebundle_()
        clock.minutes = 6
        clock.close()
        shell.end_cell()
        return weakref.ref(clock)

    gone = away_from_other_loops(use)
    assert len(shell.published) == 4
    gc.collect()
    assert gone() is None


def test_where_there_is_no_notebook_nothing_is_published(shell: Shell, monkeypatch: Any) -> None:
    clock = Clock()
    for name, value in (("SERVER_SOFTWARE", "voila/0.5.13"), ("VSCODE_PID", "7")):
        with monkeypatch.context() as one:
            one.setenv(name, value)
            data, metadata = clock._repr_mimebundle_()
        assert WIDGET in data and not shell.published
    assert data["text/plain"].startswith("5 minutes") and data["image/jpeg"]
    assert metadata["image/jpeg"]["alt"] == "5 minutes"
    monkeypatch.setattr(leaves_still, "get_ipython", lambda: None)
    data, _ = clock._repr_mimebundle_()
    assert data["text/plain"] == repr(clock) and "image/jpeg" not in data and not shell.published


def test_widgets_inside_of_others_leave_none(shell: Shell) -> None:
    box = ipywidgets.VBox([Clock(), Clock()])
    data = box._repr_mimebundle_()
    assert WIDGET in (data[0] if isinstance(data, tuple) else data) and not shell.published
