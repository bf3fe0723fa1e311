"""Every notebook runs top to bottom as a newcomer has it: nothing downloaded, no photos at hand."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").rglob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISSECT_PHOTOS", raising=False)
    monkeypatch.delenv("DISSECT_WEIGHTS", raising=False)
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code), "notebooks are kept without outputs"
    assert notebook.metadata.kernelspec.name == "python3"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert all(cell.execution_count for cell in code)


def test_the_menu_leads_to_all_notebooks() -> None:
    folder = NOTEBOOKS[0].parent
    menu = "".join(cell.source for cell in nbformat.read(folder / "index.ipynb", 4).cells)
    for path in NOTEBOOKS:
        if path.stem != "index":
            assert f"]({path.name})" in menu, f"{path.name} is not in the menu"
    for picture in re.findall(r"\((pictures/[^)]+)\)", menu):
        assert (folder / picture).exists(), picture
