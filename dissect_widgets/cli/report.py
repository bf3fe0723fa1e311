"""`dissect-widgets report`: write a saved dissection as one page."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("report", help="write a dissection as one page that works offline")
    parser.add_argument("folder", metavar="DIR", help="a saved dissection")
    parser.add_argument("-o", "--output", default="report.html", metavar="FILE")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the page, and print where it is and how large."""
    from dissect_widgets.core.dissection.result import load
    from dissect_widgets.core.files.target import output_file
    from dissect_widgets.reports.page import write_report

    output = output_file(options.output, what="--output")  # before the work
    path = write_report(load(options.folder), output)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
