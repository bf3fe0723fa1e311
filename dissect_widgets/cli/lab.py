"""`dissect-widgets lab`: open JupyterLab on a copy of the notebooks."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.target import output_folder


def add_to(commands: Any) -> None:
    """Add the command and its options; unknown ones are JupyterLab's."""
    parser = commands.add_parser("lab", help="open JupyterLab on a copy of the notebooks")
    parser.add_argument("folder", nargs="?", default="dissect-widgets-notebooks")
    parser.set_defaults(run=run, passes_on=True)


def run(options: argparse.Namespace) -> None:
    """Copy notebooks and pictures that are not in the folder yet, and become JupyterLab."""
    package = Path(__file__).parents[1]
    source = next(p for p in (package / "notebooks", package.parent / "notebooks") if p.is_dir())
    folder = output_folder(options.folder, what="folder")
    for original in sorted([*source.rglob("*.ipynb"), *(source / "pictures").iterdir()]):
        copy = folder / original.relative_to(source)
        if not os.path.lexists(copy):  # what a user has changed stays
            with replacing(copy) as new:
                shutil.copyfile(original, new)
    start = "--LabApp.default_url=/lab/tree/index.ipynb"
    command = [sys.executable, "-m", "jupyterlab", str(folder), start, *options.unknown]
    os.execv(sys.executable, command)
