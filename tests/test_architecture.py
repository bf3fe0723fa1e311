"""Who may import whom, and what stays unloaded until it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dissect_widgets"
MAY_IMPORT = {
    "core": {"core"},
    "concepts": {"core", "concepts"},
    "models": {"core", "models"},
    "scenery": {"concepts", "core", "scenery"},
    "world": {"concepts", "core", "models", "scenery", "world"},
    "plots": {"core", "plots"},
    "widgets": {"core", "plots", "widgets"},
    "studies": {"concepts", "core", "models", "scenery", "studies", "world"},
}
CORE_LIBRARIES = {"torch", "numpy", "safetensors", "PIL", "pandas"}
ROOT_MODULES = {"errors"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_one_way(room: str) -> None:
    files = sorted((PACKAGE / room).glob("*.py"))
    assert len(files) > 1
    for path in files:
        for name in imports(path):
            if name.startswith("dissect_widgets."):
                target = name.split(".")[1]
                assert target in MAY_IMPORT[room] | ROOT_MODULES, f"{path} imports {name}"


def test_core_needs_few_libraries() -> None:
    for path in (PACKAGE / "core").glob("*.py"):
        for name in imports(path):
            root = name.split(".")[0]
            allowed = root in sys.stdlib_module_names or root in CORE_LIBRARIES | {"dissect_widgets"}
            assert allowed, f"{path} imports {name}"


@pytest.mark.parametrize(
    ("statement", "unloaded"),
    [
        ("import dissect_widgets", {"torch", "ipywidgets", "plotly", "pandas", "numpy"}),
        ("from dissect_widgets import load", {"torch", "torchvision", "ipywidgets", "plotly", "pandas"}),
        ("import dissect_widgets.core.dissection.run", {"torchvision", "ipywidgets", "plotly", "scipy"}),
        ("from dissect_widgets import UnitBrowser", {"torch", "plotly"}),
        ("import dissect_widgets.cli.main", {"torch", "ipywidgets", "plotly"}),
    ],
)
def test_what_is_not_needed_is_not_loaded(statement: str, unloaded: set[str]) -> None:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    assert not loaded & unloaded


def test_every_public_name_is_there() -> None:
    import dissect_widgets

    for name in dissect_widgets.__all__:
        assert getattr(dissect_widgets, name).__doc__, name
    assert set(dissect_widgets._HOMES) == set(dissect_widgets.__all__)
    with pytest.raises(AttributeError, match="no attribute 'UnitBrowsr'"):
        dissect_widgets.UnitBrowsr  # noqa: B018


def test_files_are_small() -> None:
    for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]:
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= 360, f"{path} has {lines} lines"
