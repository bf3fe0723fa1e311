"""`dissect-widgets sample`: draw a small labeled set."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("sample", help="draw a small labeled set, to try things with")
    parser.add_argument("folder", metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw the set, and print what is in its folder."""
    from dissect_widgets.datasets import write_sample

    folder = write_sample(options.folder)
    print(f"{folder}: images, masks, classes.csv, scenes.csv")
