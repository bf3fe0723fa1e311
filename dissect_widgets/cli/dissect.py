"""`dissect-widgets dissect`: label the units of a network, over a folder of labeled images."""

from __future__ import annotations

import argparse
import json
from typing import Any

from dissect_widgets.cli.options import add_data, add_model, mask_folder


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("dissect", help="label the units of a network, over labeled images")
    add_model(parser, positional=True)
    add_data(parser, required=True)
    parser.add_argument("--layers", nargs="+", required=True, metavar="L", help="dotted layer names")
    parser.add_argument("--level", nargs="+", type=float, default=[0.01], help="top fraction(s) (0.01)")
    parser.add_argument("--population", choices=["upsampled", "raw"], default="upsampled")
    parser.add_argument("--colors", action="store_true", help="add the 11 colors as concepts")
    parser.add_argument("--halves", action="store_true", help="add halves of objects as concepts")
    parser.add_argument("--exemplars", type=int, default=8, help="top images of each unit (8)")
    parser.add_argument("--workers", type=int, default=0, help="processes that read images (0)")
    parser.add_argument("--skip-errors", action="store_true", help="skip images that cannot be used")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the result goes")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Dissect, save, and print how many units detect something."""
    from dissect_widgets.api.dissection import dissect
    from dissect_widgets.cli.summary import summary, table
    from dissect_widgets.concepts import WithColors, WithHalves
    from dissect_widgets.core.dissection.settings import Resources, Settings
    from dissect_widgets.models import load_model, normalize

    data = mask_folder(options, options.images)
    if options.colors:
        data = WithColors(data)
    if options.halves:
        data = WithHalves(data)
    dissection = dissect(
        load_model(options.model, options.weights),
        options.layers,
        data,
        level=options.level,
        preprocess=normalize(options.normalize),
        out=options.out,
        settings=Settings(
            population=options.population, upsample=options.upsample, exemplars=options.exemplars
        ),
        resources=Resources(workers=options.workers, skip_errors=options.skip_errors),
    )
    print(json.dumps(summary(dissection), indent=1) if options.json else table(dissection))
