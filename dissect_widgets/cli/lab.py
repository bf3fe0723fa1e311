"""`dissect-widgets lab`: open JupyterLab on a copy of the notebooks."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Add the command and its options; unknown ones are JupyterLab's."""
    parser = commands.add_parser("lab", help="open JupyterLab on a copy of the notebooks")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("dissect-widgets-notebooks"))
    parser.set_defaults(run=run, passes_on=True)


def run(options: argparse.Namespace) -> None:
    """Copy the notebooks that are not in the folder yet, and become JupyterLab."""
    package = Path(__file__).parents[1]
    source = next(p for p in (package / "notebooks", package.parent / "notebooks") if p.is_dir())
    options.folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(source.rglob("*.ipynb")):
        copy = options.folder / notebook.relative_to(source)
        if not copy.exists():  # what a user has changed stays
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(notebook, copy)
    shutil.copytree(source / "pictures", options.folder / "pictures", dirs_exist_ok=True)
    start = "--LabApp.default_url=/lab/tree/index.ipynb"
    command = [sys.executable, "-m", "jupyterlab", str(options.folder), start, *options.unknown]
    os.execv(sys.executable, command)
