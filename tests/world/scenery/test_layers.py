"""Which folder of the scenery may import which: drawing, then things, then scenes made of them."""

from __future__ import annotations

import ast
from pathlib import Path

from dissect_widgets.world import scenery

ROOT = Path(scenery.__file__).parent
PREFIX = "dissect_widgets.world.scenery."
THINGS = {"buildings", "furniture", "nature", "people", "vehicles"}
ALLOWED = {
    "names": set(),
    "drawing": {"names"},
    **{thing: {"names", "drawing"} for thing in THINGS},
    "scenes": {"names", "drawing", *THINGS},
    "registry": {"drawing", *THINGS, "scenes"},
    "vocabulary": {"names", "registry"},
}


def imports(path: Path) -> set[str]:
    """Folders and modules of the scenery that a file imports from."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(PREFIX):
            inner = (node.module or "").removeprefix(PREFIX.rstrip(".")).lstrip(".")
            imported |= {inner.split(".")[0]} if inner else {alias.name for alias in node.names}
    return imported


def test_scenery_is_in_layers() -> None:
    files = {path: path.relative_to(ROOT).with_suffix("").parts[0] for path in ROOT.rglob("*.py")}
    assert set(files.values()) == {"__init__", *ALLOWED}
    for path, place in files.items():
        if place != "__init__":
            assert imports(path) <= {place, *ALLOWED[place]}, path
