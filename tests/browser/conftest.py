"""A server and a browser for all tests here, and a dissection for them to show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Page, sync_playwright

import dissect_widgets as dw
from dissect_widgets import world
from tests.browser import cells
from tests.browser.lab import CHROMIUM, CHROMIUM_FLAGS, Server, write_notebook


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail(f"there is no {CHROMIUM}, and in CI these tests may not skip")
        pytest.skip(f"needs Chromium, at {CHROMIUM} or $CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def _of_notebook(stack: str | None) -> bool:
    """Whether an error is Notebook 7's alone, which it raises on any notebook, an empty one too."""
    frames = [line for line in (stack or "").splitlines() if "http" in line or "blob:" in line]
    return bool(frames) and all("/static/notebook/notebook_core" in line for line in frames)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: None if _of_notebook(error.stack) else problems.append(str(error)))
    yield page
    context.close()
    assert not problems, problems


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that JupyterLab is opened on."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def scenes(folder: Path) -> Path:
    """Saved dissection of the world's classifier over a few scenes."""
    probe = world.Scenes("probe", 96, label_size=64)
    dw.dissect(world.load_classifier(), "conv5_3", probe, out=folder / "scenes", progress=False)
    return folder / "scenes"


@pytest.fixture(scope="session")
def churches(folder: Path) -> Path:
    """Saved dissection of the world's generator over a few samples."""
    generator = world.load_generator()
    dw.dissect(
        generator,
        ["layer6"],
        dw.latents(64, latent_dim=generator.latent_dim),
        segmenter=world.load_segmenter(),
        resources=dw.Resources(batch_size=16),
        out=folder / "churches",
        progress=False,
    )
    return folder / "churches"


@pytest.fixture(scope="session")
def squeezenet(folder: Path, real: Path) -> Path:
    """Saved dissection of a pretrained network's last layer over real photos: 512 units."""
    camvid = real / "camvid"
    data = dw.MaskFolder(
        camvid / "images", camvid / "masks", camvid / "classes.csv", unlabeled=[11], label_size=56
    )
    with torch.random.fork_rng():
        model = dw.load_model("squeezenet1_0", real / "squeezenet1_0_imagenet.safetensors")
    out = folder / "squeezenet"
    dw.dissect(model, "features.12", data, preprocess=dw.normalize(), out=out, progress=False)
    return out


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.close()


@pytest.fixture(scope="session")
def notebook_server(folder: Path) -> Iterator[Server]:
    """Notebook 7, on the folder of JupyterLab."""
    server = Server(folder, module="notebook")
    yield server
    server.close()


@pytest.fixture(scope="session")
def all_widgets(folder: Path, scenes: Path, churches: Path) -> str:
    """Name of a notebook with all widgets, and two cells below them."""
    widgets = [cells.BROWSER, cells.EXPLORER, cells.ATTACK, cells.COMPARISON, cells.PAINTER]
    return write_notebook(folder / "all.ipynb", [*widgets, "1 + 1", "2 + 2"]).name
