"""Notebooks and the README use public names alone, of the package and of the rooms that users reach."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
FACES = {"concepts", "datasets", "models", "plots", "studies", "world"}
SOURCES = [*sorted((ROOT / "notebooks").rglob("*.ipynb")), ROOT / "README.md"]


def code_of(path: Path) -> str:
    """Code of a notebook or of a page, without lines of the shell and of IPython."""
    if path.suffix == ".md":
        pieces = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    else:
        pieces = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    lines = "\n".join(pieces).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("%", "!")))


def wrong_names(code: str) -> Iterator[str]:
    """Imports below a room, and names that a room or the package does not show."""
    tree = ast.parse(code)
    rooms: dict[str, str] = {}  # what the code calls the package and its rooms -> their names
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "dissect_widgets":
                    rooms[alias.asname or alias.name] = alias.name
                elif alias.name.startswith("dissect_widgets."):
                    yield f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dissect_widgets":
            room = (node.module or "").removeprefix("dissect_widgets").lstrip(".")
            if room and room not in FACES:
                yield f"from {node.module} import ..."
                continue
            for alias in node.names:
                if not is_public(node.module or "", alias.name):
                    yield f"{node.module}.{alias.name}"
                elif not room and alias.name in FACES:
                    rooms[alias.asname or alias.name] = f"dissect_widgets.{alias.name}"
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            continue
        if node.value.id in rooms and not is_public(rooms[node.value.id], node.attr):
            yield f"{node.value.id}.{node.attr}"


def is_public(module: str, name: str) -> bool:
    """Whether a module shows a name; `dissect_widgets.studies` is a name of the package, not a folder."""
    shown = import_module("dissect_widgets")
    for part in module.split(".")[1:]:
        shown = getattr(shown, part)
    return name in shown.__all__


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_only_public_names_are_used(path: Path) -> None:
    assert list(wrong_names(code_of(path))) == []


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("import dissect_widgets as dw\ndw.UnitBrowser, dw.nonsense", ["dw.nonsense"]),
        ("from dissect_widgets import world as w\nw.Scenes, w.scenery", ["w.scenery"]),
        ("from dissect_widgets.plots import jitter, wobble", ["dissect_widgets.plots.wobble"]),
        ("from dissect_widgets.plots.theme import figure", ["from dissect_widgets.plots.theme import ..."]),
        ("def f():\n    import dissect_widgets.core", ["import dissect_widgets.core"]),
    ],
)
def test_names_below_a_room_are_seen(code: str, wrong: list[str]) -> None:
    assert list(wrong_names(code)) == wrong
