"""The pages that say how to add something are followed to the letter, in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "contributing").glob("add_a*.md"))
_FENCE = re.compile(r"^```(python|js|css|diff|bash)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """A fenced block of a page: a new file, a change to a file, or commands."""

    kind: str
    path: str
    text: str


def steps_of(page: str) -> list[Step]:
    """What a page says to do; blocks of Python without a path are only there to be read."""
    found = [Step(kind, path, text) for kind, path, text in _FENCE.findall(page)]
    return [step for step in found if step.path or step.kind == "bash"]


def follow(step: Step, root: Path) -> None:
    """Do what a step says in a copy of the repository."""
    if step.kind not in ("diff", "bash"):
        target = root / step.path
        assert not target.exists(), f"{step.path} is there already"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(step.text, "utf-8")
        return
    apply = ["git", "apply", "--recount", "-"]
    command = apply if step.kind == "diff" else ["bash", "-euc", step.text]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    given = f"--- a/{step.path}\n+++ b/{step.path}\n{step.text}" if step.kind == "diff" else None
    done = subprocess.run(command, cwd=root, env=environment, input=given, capture_output=True, text=True)
    assert done.returncode == 0, f"{step.kind} {step.path}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository as it stands, without what is not part of it; weights and notebooks are links."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in names:
        source, target = ROOT / name, tmp_path / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.suffix in {".safetensors", ".png", ".jpg"}:
                target.symlink_to(source)
            else:
                shutil.copy(source, target)
    return tmp_path


def test_steps_are_read_as_they_stand() -> None:
    page = "\n".join(
        [
            "Words.",
            "```python a/new.py",
            "x = 1",
            "```",
            "```python",
            "read_only()",
            "```",
            "```diff a/old.py",
            "@@ -1 +1 @@",
            "-x",
            "+y",
            "```",
            "```bash",
            "true",
            "```",
        ]
    )
    assert [(step.kind, step.path) for step in steps_of(page)] == [
        ("python", "a/new.py"),
        ("diff", "a/old.py"),
        ("bash", ""),
    ]


def test_a_step_that_fails_is_seen(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("a\nb\n")
    follow(Step("diff", "old.py", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"), tmp_path)
    assert (tmp_path / "old.py").read_text() == "a\nc\n"
    with pytest.raises(AssertionError, match=r"diff old\.py"):
        follow(Step("diff", "old.py", "@@ -1,2 +1,2 @@\n x\n-y\n+z\n"), tmp_path)
    with pytest.raises(AssertionError, match="bash"):
        follow(Step("bash", "", "false"), tmp_path)
    with pytest.raises(AssertionError, match="there already"):
        follow(Step("python", "old.py", "d\n"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_can_be_followed(page: Path, copy: Path) -> None:
    steps = steps_of(page.read_text("utf-8"))
    assert any(step.kind == "bash" for step in steps), "nothing shows that it works"
    for step in steps:
        follow(step, copy)
