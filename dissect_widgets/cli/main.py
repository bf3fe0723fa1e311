"""The command line, `dissect-widgets`: find the command and call it; each is a file of this folder.

To add one, write a file with a function `add_to(commands)` and put its name into `COMMANDS`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from dissect_widgets import __version__
from dissect_widgets.errors import DissectError

COMMANDS = (
    "demo",
    "dissect",
    "layers",
    "check",
    "report",
    "findings",
    "lab",
    "sample",
    "bench",
)
"""Names of the commands and of their files, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 2 after an error that the user can correct, 130 after an interrupt."""
    parser = make_parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown and not options.passes_on:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    options.unknown = unknown
    try:
        options.run(options)
    except DissectError as error:
        print(f"dissect-widgets: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(f"\n{interrupt}".rstrip(), file=sys.stderr)
        return 130
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Parser of all commands; each sets `run`, the function of the options that runs it."""
    parser = argparse.ArgumentParser("dissect-widgets", description="Network Dissection: what units do.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(passes_on=False)  # only `lab` hands unknown options on to another program
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name in COMMANDS:
        import_module(f"dissect_widgets.cli.{name}").add_to(commands)
    return parser
