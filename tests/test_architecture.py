"""Which room may import which, that nothing imports in a circle, and what is loaded only when needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.rooms import FLOORS, PACKAGE

SHARED = "widgets.shared"
"""The one folder of a widget that other widgets may import, beside the unit browser, which several open."""
CORE_LIBRARIES = {"torch", "numpy", "safetensors", "PIL", "pandas", "filelock", "msgspec"}


def module_of(path: Path, package: Path = PACKAGE) -> str:
    """Dotted name of a file, without the package's: "core.network.hooks"; "" for the package itself."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path, modules: frozenset[str], *, at_import: bool = False) -> set[str]:
    """Modules of the package that a file imports, in whichever form; "" is the package itself.

    With `at_import`, those only that are loaded as soon as the file is, so not those in functions or for
    type checkers.
    """
    found: set[str] = set()
    for node in walk(ast.parse(path.read_text("utf-8")), at_import):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            inner = (node.module or "").removeprefix("dissect_widgets").lstrip(".")
            names = []
            for alias in node.names:  # a name may be a module of the package
                longer = f"{inner}.{alias.name}".lstrip(".")
                names.append(f"{node.module}.{alias.name}" if longer in modules else node.module or "")
        else:
            continue
        for name in names:
            if name == "dissect_widgets" or name.startswith("dissect_widgets."):
                found.add(name.removeprefix("dissect_widgets").lstrip("."))
    return found


def walk(tree: ast.AST, at_import: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        later = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or typing_only
        if not (at_import and later):
            yield node
            yield from walk(node, at_import)


def room_of(module: str) -> str | None:
    """Room that a module is in: the longest of `FLOORS` that its name begins with; None for the root."""
    fitting = [room for room in FLOORS if module == room or module.startswith(f"{room}.")]
    return max(fitting, key=len, default=None)


@cache
def files() -> dict[str, Path]:
    return {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def wrong_directions(paths: dict[str, Path]) -> list[str]:
    """Imports that point up or sideways, of modules by name."""
    modules, wrong = frozenset(paths), []
    for module, path in paths.items():
        room = room_of(module)
        if room is None:
            continue
        for target in imported_modules(path, modules):
            other = room_of(target)
            allowed = other == room or (other is not None and FLOORS[other] < FLOORS[room])
            if not allowed and not (target == "" and asks_for_version(path)):
                wrong.append(f"{module} imports {target or 'the package itself'}")
    return wrong


def asks_for_version(path: Path) -> bool:
    """Whether all that a file imports of the package itself is its version."""
    nodes = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.ImportFrom)]
    names = {alias.name for node in nodes if node.module == "dissect_widgets" for alias in node.names}
    return names == {"__version__"}


def circles(paths: dict[str, Path]) -> list[str]:
    """Modules that import themselves by way of others, as they are loaded or for their types."""
    modules = frozenset(paths)
    graph = {module: imported_modules(path, modules) & modules - {""} for module, path in paths.items()}
    done: set[str] = set()
    found: list[str] = []

    def visit(module: str, trail: list[str]) -> None:
        if module in trail:
            found.append(" > ".join([*trail[trail.index(module) :], module]))
        elif module not in done:
            for target in sorted(graph[module]):
                visit(target, [*trail, module])
            done.add(module)

    for module in graph:
        visit(module, [])
    return found


def test_every_file_is_in_a_room() -> None:
    rooms = {module: room_of(module) for module in files()}
    assert {m for m, room in rooms.items() if room is None} == {"", "core"}
    assert set(rooms.values()) - {None} == set(FLOORS)


def test_imports_point_to_lower_floors() -> None:
    assert wrong_directions(files()) == []


def test_nothing_imports_in_a_circle() -> None:
    assert circles(files()) == []


def test_widgets_share_only_what_is_shared() -> None:
    for module, path in files().items():
        if module.startswith("widgets.") and not module.startswith(SHARED):
            for target in imported_modules(path, frozenset(files())):
                widget = ".".join(module.split(".")[:2])
                others = target.startswith("widgets.") and not target.startswith((widget, SHARED))
                assert not others or target.startswith("widgets.unit_browser"), f"{module} imports {target}"


def test_the_walls_hold(tmp_path: Path) -> None:
    """Each way to import around the walls is seen, at any depth."""
    room = tmp_path / "core" / "network"
    room.mkdir(parents=True)
    forms = {
        "one": "from dissect_widgets import widgets",
        "two": "import dissect_widgets.widgets.shared",
        "three": "def f():\n    from dissect_widgets.core import statistics",
        "four": "from dissect_widgets.core.network import five",
        "five": "from dissect_widgets.core.network.four import x",
        "six": "import dissect_widgets as dw",
    }
    for name, text in forms.items():
        (room / f"{name}.py").write_text(text)
    for folder in ("widgets", "widgets/shared", "core", "core/statistics"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "__init__.py").write_text("")
    paths = {module_of(path, tmp_path): path for path in sorted(tmp_path.rglob("*.py"))}
    wrong = wrong_directions(paths)
    assert [line.split(" ")[0].rsplit(".", 1)[1] for line in wrong] == ["one", "six", "three", "two"]
    assert circles(paths) == ["core.network.five > core.network.four > core.network.five"]


def test_tests_share_modules_and_fixtures_but_no_test_files() -> None:
    for path in Path(__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in (name.split(".")[-1] for name in names if name.startswith("tests.")):
                assert name != "conftest" and not name.startswith("test_"), f"{path} imports {name}"


def test_core_needs_few_libraries() -> None:
    for path in (PACKAGE / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for root in (name.split(".")[0] for name in names):
                allowed = root in sys.stdlib_module_names or root in CORE_LIBRARIES | {"dissect_widgets"}
                assert allowed, f"{path} imports {root}"


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
    with pytest.raises(AttributeError, match="attribute UnitBrowsr"):
        dissect_widgets.UnitBrowsr  # noqa: B018
