"""`dissect-widgets layers`: list the layers of a network that can be dissected."""

from __future__ import annotations

import argparse
from typing import Any

from dissect_widgets.cli.options import add_model, read_size


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("layers", help="list the layers of a network that can be dissected")
    add_model(parser, positional=True)
    parser.add_argument("--size", nargs="+", type=int, default=[224], help="side, or height and width (224)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print a row for each layer: its name, module, units, map and kind."""
    import torch

    from dissect_widgets.cli.summary import align
    from dissect_widgets.core.network.layers import list_layers
    from dissect_widgets.models import load_model

    size = read_size(options.size)
    height, width = (size, size) if isinstance(size, int) else size
    layers = list_layers(load_model(options.model, options.weights), torch.zeros(1, 3, height, width))
    rows = [(x.name, x.module, str(x.units), f"{x.height} x {x.width}", x.kind) for x in layers]
    print(align([("layer", "module", "units", "map", "kind"), *rows]))
