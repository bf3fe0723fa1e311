"""Widgets on pages of a real browser without a Jupyter around them: the page talks with the object at once.

>>> with browser() as chromium:
...     page = show(chromium, widget, width=760)
...     page.locator(".dw-card").first.click()
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.lab import CHROMIUM, CHROMIUM_FLAGS

_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"></head>
<body style="margin: 0"><div id="box" style="width: %dpx"><div id="widget"></div></div>
<p id="after">after</p></body></html>"""

_MODEL = """
const decode = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const revive = (value) => {
    if (Array.isArray(value)) return value.map(revive);
    if (value && typeof value === "object") {
        if ("$bytes" in value) return decode(value.$bytes);
        return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, revive(part)]));
    }
    return value;
};
window.mount = async (esm, css, stateText) => {
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
    const state = revive(JSON.parse(stateText));
    const listeners = new Map();
    const fire = (event, ...values) => [...(listeners.get(event) ?? [])].forEach((run) => run(...values));
    let changed = {};
    const receive = (text) => {
        for (const { method, state: news, content, buffers } of JSON.parse(text)) {
            if (method === "custom") fire("msg:custom", content, buffers.map(decode));
            else for (const [name, value] of Object.entries(news ?? {})) {
                state[name] = revive(value);
                fire(`change:${name}`);
            }
        }
    };
    const model = {
        get: (name) => state[name],
        set: (name, value) => { state[name] = value; changed[name] = value; fire(`change:${name}`); },
        save_changes: async () => {
            const data = { method: "update", state: changed, buffer_paths: [] };
            changed = {};
            receive(await window.toKernel(JSON.stringify(data)));
        },
        on: (event, run) => listeners.set(event, [...(listeners.get(event) ?? []), run]),
        off: (event, run) => listeners.set(event, (listeners.get(event) ?? []).filter((one) => one !== run)),
        send: async (content) =>
            receive(await window.toKernel(JSON.stringify({ method: "custom", content }))),
    };
    window.model = model;
    const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
    const module = await import(url);
    const front = typeof module.default === "function" ? await module.default() : module.default;
    await front.render({ model, el: document.getElementById("widget") });
};
"""


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


def show(chromium: Browser, widget: Any, *, width: int = 760, scheme: Any = "light") -> Page:
    """Show a widget on a new page, in a box of a width; `page.problems` lists what went wrong there."""
    page = chromium.new_page(viewport={"width": 1200, "height": 900}, color_scheme=scheme)
    problems = watch(page)
    sent: list[dict[str, Any]] = []

    def keep(msg: dict[str, Any], buffers: Any = None) -> None:
        sent.append({**msg, "buffers": [base64.b64encode(one).decode() for one in buffers or ()]})

    widget._send = keep

    def to_kernel(text: str) -> str:
        sent.clear()
        widget._handle_msg({"content": {"data": json.loads(text)}, "buffers": []})
        return json.dumps(_plain(sent))

    page.expose_function("toKernel", to_kernel)
    page.set_content(_PAGE % width)
    page.add_script_tag(content=_MODEL)
    state = widget.get_state()
    shown = {name: value for name, value in state.items() if name not in ("_esm", "_css", "layout")}
    esm, css = str(state["_esm"]), str(state.get("_css", ""))
    page.evaluate("([esm, css, state]) => mount(esm, css, state)", [esm, css, json.dumps(_plain(shown))])
    page.wait_for_timeout(200)
    page.problems = problems  # type: ignore[attr-defined]
    return page


def watch(page: Page) -> list[str]:
    """Collect what a page must not do: errors, dialogs, requests to other places."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.route("http*://**", lambda route: (problems.append(f"asks {route.request.url}"), route.abort()))
    return problems


def faults(page: Page, width: int | None = None) -> list[str]:
    """What is wrong with a page: code that ran, elements that names have made, a width without bounds."""
    found = list(page.problems)  # type: ignore[attr-defined]
    if page.evaluate("window.stolen !== undefined"):
        found.append("a script ran")
    if page.locator("img[src='x'], img[src*='evil'], a[href^='javascript'], iframe, object, embed").count():
        found.append("a name became an element")
    limit = width or page.viewport_size["width"]  # type: ignore[index]
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > page.viewport_size["width"]:  # type: ignore[index]
        found.append(f"the page is {wide} pixels wide")
    if width:
        own = page.evaluate("document.getElementById('widget').scrollWidth")
        if own > limit:
            found.append(f"the widget is {own} pixels wide in {width}")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value
