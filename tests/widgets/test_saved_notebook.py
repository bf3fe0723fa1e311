"""Stills in notebooks that a kernel has run, and in what `nbconvert` makes of them."""

from __future__ import annotations

import json
import re
import warnings
from copy import deepcopy
from typing import Any

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbconvert import HTMLExporter

import dissect_widgets as dw
from dissect_widgets.widgets.shared.still import HINT
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

pytestmark = pytest.mark.notebook
EVIL = "<img src=x onerror=alert(1)> $x$ *y*"
LOAD = "import dissect_widgets as dw, ipywidgets as w\ndissection = dw.load('evil')\n"
CELLS = [
    LOAD + "browser = dw.UnitBrowser(dissection, unit=1)\nbrowser",
    "for unit in (3, 2):\n    browser.unit = unit",
    "display(browser)",
    "dw.LayerComparison(dissection)",
    "w.VBox([dw.UnitBrowser(dissection)])",
    "output = w.Output()\nwith output:\n    display(browser)\noutput.append_display_data(browser)\noutput",
    "%%capture kept\ndisplay(dw.UnitBrowser(dissection))",
    "from IPython.display import clear_output\n"
    "for unit in (1, 2):\n    clear_output(wait=True)\n    display(dw.UnitBrowser(dissection, unit=unit))",
    "closed = dw.UnitBrowser(dissection, unit=4)\ndisplay(closed)\nclosed.close()",
    "closed.unit = 0",
]
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook after a run, over a dissection whose concepts have names that are markup."""
    folder = tmp_path_factory.mktemp("saved")
    images = ArrayImages()
    names = [f"{EVIL}{number}" for number in range(len(images.vocabulary))]
    concepts = [
        dw.Concept(*pair) for pair in zip(names, [c.category for c in images.vocabulary], strict=True)
    ]
    images.vocabulary = dw.Vocabulary(concepts[1:])
    with torch.random.fork_rng():
        model = seeded(TinyNet())
    dw.dissect(model, ["pool", "mix"], images, level=0.2, out=folder / "evil", progress=False)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.validate(notebook)
    return notebook


def texts_of(cell: Any) -> list[str]:
    """Texts of the stills in a cell's outputs."""
    data = [output["data"] for output in cell.outputs if "data" in output]
    return [one["text/plain"] for one in data if "text/html" in one]


def views_in(cell: Any) -> int:
    return sum(VIEW in output.get("data", {}) for output in cell.outputs)


def test_outputs_hold_the_present_state(saved: Any) -> None:
    first, again = texts_of(saved.cells[0]), texts_of(saved.cells[2])
    assert len(first) == len(again) == 1 and views_in(saved.cells[0]) == views_in(saved.cells[2]) == 1
    assert first[0].startswith("Unit 2 of mix: ") and first[0].endswith(HINT) and first == again
    kinds = [sorted(output["data"]) for output in saved.cells[0].outputs]
    assert kinds == [["text/html", "text/plain"], ["image/jpeg", "text/plain"], [VIEW, "text/plain"]]
    assert len(json.dumps(saved.cells[0].outputs)) < 160_000
    (comparison,) = texts_of(saved.cells[3])
    assert "TinyNet: " in comparison and "detectors of 2 layers" in comparison


def test_there_is_one_still_for_each_widget_that_is_shown(saved: Any) -> None:
    assert texts_of(saved.cells[4]) == [] and views_in(saved.cells[4]) == 1
    assert len(texts_of(saved.cells[5])) <= 1
    assert texts_of(saved.cells[6]) == []
    (text,) = texts_of(saved.cells[7])
    assert text.startswith("Unit 2 of mix")
    (text,) = texts_of(saved.cells[8])
    assert text.startswith("Unit 4 of mix"), "a closed widget keeps its last still"


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
@pytest.mark.parametrize("sanitize", [False, True])
def test_what_nbconvert_shows(saved: Any, template: str, sanitize: bool) -> None:
    notebook = nbformat.v4.new_notebook(cells=[deepcopy(saved.cells[0])])
    notebook.cells[0].source = "browser"
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        html, _ = HTMLExporter(template_name=template, sanitize_html=sanitize).from_notebook_node(notebook)
    body = html[html.rindex("<body") :] if "<body" in html else html
    shown = re.sub(r"<(script|style)\b.*?</\1>", "", body, flags=re.DOTALL)
    assert shown.count("Unit 2 of mix") - shown.count('alt="Unit 2 of mix') == 1
    assert shown.count(HINT) == 1 and shown.count("data:image/jpeg;base64,") == 1
    if template != "lab":  # which has no place for it
        assert 'alt="Unit 2 of mix: &lt;img' in shown.replace("&#34;", '"').replace("&#60;", "&lt;")
    assert "&lt;strong" not in shown and "&lt;ul" not in shown and "&lt;abbr" not in shown
    shown = re.sub(r'alt="[^"]*"', "", shown)  # attributes are not typeset
    for raw in ("<img src=x", "widget-view", "model_id", "UnitBrowser", "$x$", "<em>y"):
        assert raw not in shown, raw


def test_no_kernel_of_the_run_said_an_error(saved: Any) -> None:
    assert [
        output for cell in saved.cells for output in cell.outputs if output.output_type in ("error", "stream")
    ] == []
