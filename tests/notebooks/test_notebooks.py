"""Every notebook runs top to bottom as a newcomer has it: nothing downloaded, no photos at hand.

Those of the paper's figures also run on other networks and pictures, with their first cell changed.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from dissect_widgets import world

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("*.ipynb"))

OWN = """
from torchvision.models import SqueezeNet1_0_Weights

labeled = dw.MaskFolder("photos/images", "photos/masks", "photos/classes.csv", unlabeled=11, size=160)
study = studies.own_classifier(
    dw.load_model("squeezenet1_0", "weights.safetensors"), "features.12", labeled, labeled,
    concept="car", layers=["features.3", "features.12"], preprocess=dw.normalize(), attacked=6,
    classes=[f"{name} {k}" for k, name in enumerate(SqueezeNet1_0_Weights.IMAGENET1K_V1.meta["categories"])],
)
"""
PUBLIC = """
from dissect_widgets import world

study = studies.lsun_generator(
    "proggan_churches.pth", world.load_segmenter(), layer="layer5", predicted="window", removed="tree",
    others=[("church", "object"), "sky"], inserted="window", contexts=[("church", "object"), "tree", "sky"],
    painted="cloud", samples=48,
)
"""


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def run(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Run all cells, in a folder."""
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISSECT_PHOTOS", raising=False)
    monkeypatch.delenv("DISSECT_WEIGHTS", raising=False)
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code), "notebooks are kept without outputs"
    assert notebook.metadata.kernelspec.name == "python3"
    run(notebook, tmp_path)


def of_another(name: str, study: str) -> nbformat.NotebookNode:
    """A figure's notebook whose first cell makes another study; nothing else is changed."""
    notebook = nbformat.read(FOLDER / "pnas" / f"{name}.ipynb", 4)
    (cell,) = (cell for cell in notebook.cells if "study" in cell.metadata.get("tags", []))
    imports, world_study = cell.source.split("\nstudy = ", 1)
    assert world_study.startswith("studies.world_")
    cell.source = imports + study
    return notebook


@pytest.mark.notebook
@pytest.mark.parametrize("name", ["fig1", "fig2", "fig5"])
def test_figures_of_another_classifier(name: str, tmp_path: Path, real: Path) -> None:
    """SqueezeNet, and street photos whose pixels are labeled; with its predictions as labels."""
    photos = sorted((real / "camvid" / "images").glob("*.jpg"))[::8]
    for kind, ending in (("images", ".jpg"), ("masks", ".png")):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for photo in photos:
            source = (real / "camvid" / kind / photo.name).with_suffix(ending)
            (tmp_path / "photos" / kind / source.name).symlink_to(source)
    (tmp_path / "photos" / "classes.csv").symlink_to(real / "camvid" / "classes.csv")
    (tmp_path / "weights.safetensors").symlink_to(real / "squeezenet1_0_imagenet.safetensors")
    run(of_another(name, OWN), tmp_path)


@pytest.mark.notebook
@pytest.mark.parametrize("name", ["fig3", "fig4", "fig6"])
def test_figures_of_another_generator(name: str, tmp_path: Path) -> None:
    """A file as the public LSUN models have it, and other concepts."""
    torch.save(world.load_generator().state_dict(), tmp_path / "proggan_churches.pth")
    run(of_another(name, PUBLIC), tmp_path)


def test_the_menu_leads_to_all_notebooks() -> None:
    menu = "".join(cell.source for cell in nbformat.read(FOLDER / "index.ipynb", 4).cells)
    for path in NOTEBOOKS:
        name = path.relative_to(FOLDER).as_posix()
        if name != "index.ipynb":
            assert f"]({name})" in menu, f"{name} is not in the menu"
    for picture in re.findall(r"\((pictures/[^)]+)\)", menu):
        assert (FOLDER / picture).exists(), picture
