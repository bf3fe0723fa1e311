"""What stands in more than one place of the repository says the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import dissect_widgets

ROOT = Path(__file__).parents[1]


def test_one_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    found = re.search(r"^version: (\S+)$", citation, re.MULTILINE)
    assert found and found[1] == dissect_widgets.__version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    assert f"## {dissect_widgets.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_map_of_the_house_is_true() -> None:
    """ARCHITECTURE.md names every room with its floor, and every file of core."""
    from tests.rooms import FLOORS, PACKAGE

    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    tree = page[page.index("```") : page.index("```", page.index("```") + 3)]
    floors = {
        name.strip("/").replace("/", "."): int(n)
        for n, name in re.findall(r"^ ?(\d+)  (\S+)", tree, re.MULTILINE)
    }
    floors["errors"] = floors.pop("errors.py")
    assert floors == FLOORS
    for path in (PACKAGE / "core").rglob("*.py"):
        assert path.stem == "__init__" or re.search(rf"\b{path.stem}\b", tree), f"{path} is not on the map"
