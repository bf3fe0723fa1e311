"""A real JupyterLab and a real Chromium, driven by tests."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]

FRAMES = """async count => {
    for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame);
}"""


def write_notebook(path: Path, cells: list[str]) -> Path:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.write(notebook, path)
    return path


class Server:
    """A server on a folder; close it at the end.

    `module` is "jupyterlab", "notebook", or "voila", which serves notebooks as pages.
    """

    def __init__(
        self, folder: Path, environment: dict[str, str] | None = None, module: str = "jupyterlab"
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self.module = f"http://127.0.0.1:{port}", module
        self.log = open(folder / f"{module}.log", "w+")  # noqa: SIM115 - closed by close
        settings = folder / f".{module}"
        if module == "jupyterlab":  # the notebook has no such settings
            news = settings / "user-settings" / "@jupyterlab" / "apputils-extension"
            news.mkdir(parents=True, exist_ok=True)
            (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        app = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}.get(module)
        options = [f"--port={port}", "--no-browser"]
        if app is None:
            options.append(str(folder))
        else:
            options += [
                "--allow-root",
                "--IdentityProvider.token=",
                "--ServerApp.password=",
                f"--{app}.expose_app_in_browser=True",
                f"--{app}.user_settings_dir={settings / 'user-settings'}",
                f"--{app}.workspaces_dir={settings / 'workspaces'}",
                f"--ServerApp.root_dir={folder}",
            ]
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env=os.environ | (environment or {}),
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                path = "" if self.module == "voila" else "/api/status"
                with urllib.request.urlopen(f"{self.url}{path}", timeout=5):
                    return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.log.seek(0)
        raise RuntimeError(f"{self.module} did not start:\n{self.log.read()}")

    def close(self) -> None:
        """Stop the server and its kernels."""
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def pixels_of(canvas: Locator) -> NDArray[np.int64]:
    """What a canvas shows, (height, width, 3) from 0 to 255."""
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
    return np.asarray(image).astype(np.int64)


def box_of(element: Locator) -> FloatRect:
    """Where an element is on the page."""
    box = element.bounding_box()
    assert box
    return box


class Notebook:
    """A notebook that is open in a page."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page = page
        path = {"jupyterlab": f"lab/tree/{name}?reset", "notebook": f"notebooks/{name}"}[server.module]
        page.goto(f"{server.url}/{path}", wait_until="domcontentloaded")
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the notebook is there and its kernel is idle."""
        self.page.wait_for_function(
            "window.jupyterapp && window.jupyterapp.shell.currentWidget?.content?.widgets", timeout=60_000
        )
        self.page.wait_for_function(
            "() => { const s = jupyterapp.shell.currentWidget.sessionContext;"
            " return s && s.isReady && s.kernelDisplayStatus === 'idle' }",
            timeout=60_000,
        )

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab, and wait until it is done."""
        self.page.evaluate("([name, args]) => jupyterapp.commands.execute(name, args)", [name, arguments])

    def begin(self, name: str) -> None:
        """Run a command of JupyterLab, and go on."""
        self.page.evaluate("name => { jupyterapp.commands.execute(name) }", name)

    def run_all(self, timeout: float = 120) -> None:
        """Run all cells, and wait for the kernel."""
        self.command("notebook:run-all-cells")
        self.wait_idle(timeout)

    def run_code(self, code: str, timeout: float = 60) -> str:
        """Run code in the kernel, outside of the cells; returns what it printed."""
        return self.page.evaluate(
            """async (code) => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code, store_history: false });
                let text = '';
                future.onIOPub = (m) => {
                    if (m.header.msg_type === 'stream') text += m.content.text;
                    if (m.header.msg_type === 'error') text += m.content.traceback.join('\\n');
                };
                await future.done;
                return text;
            }""",
            code,
        )

    def wait_idle(self, timeout: float = 120) -> None:
        """Wait until the kernel has done all that it was asked for."""
        self.run_code("pass")  # it is done in order
        self.page.wait_for_function(
            "jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'idle'",
            timeout=timeout * 1000,
        )

    def wait_frames(self, count: int = 2) -> None:
        """Wait until the page was drawn some times."""
        self.page.evaluate(FRAMES, count)

    def errors(self) -> list[str]:
        """Errors that cells show."""
        raw = self.page.evaluate(
            "() => JSON.stringify(jupyterapp.shell.currentWidget.content.model.sharedModel.cells.flatMap("
            "c => (c.toJSON().outputs ?? []).filter(o => o.output_type === 'error')"
            ".map(o => o.traceback.join('\\n'))))"
        )
        return [re.sub(r"\x1b\[[0-9;]*m", "", text) for text in json.loads(raw)]

    def output(self, cell: int) -> Locator:
        """Output area of a cell, scrolled into sight."""
        area = self.page.locator(".jp-Notebook .jp-Cell").nth(cell)
        area.scroll_into_view_if_needed()
        return area.locator(".jp-Cell-outputArea")

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")
        self.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")

    def theme(self, name: str) -> None:
        """Change the theme: "JupyterLab Light" or "JupyterLab Dark"."""
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)
        self.wait_frames()
