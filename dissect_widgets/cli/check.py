"""`dissect-widgets check`: what a dissection would rely on, proved or refused, without the dissection."""

from __future__ import annotations

import argparse
from typing import Any

from dissect_widgets.cli.options import add_data, add_model, mask_folder


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("check", help="prove what a run relies on, on a few images, without the run")
    add_model(parser, positional=True)
    parser.add_argument("--layers", nargs="+", metavar="L", help="dotted layer names (all)")
    parser.add_argument("--photos", metavar="DIR", help="folder of photos without masks")
    parser.add_argument("--images", metavar="DIR", help="folder of photos with masks")
    add_data(parser, required=False)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the table of proofs; an error if something is refused."""
    from dissect_widgets.cli.options import read_size
    from dissect_widgets.core.proofs.check import check
    from dissect_widgets.datasets import PhotoFolder
    from dissect_widgets.errors import ProofError, SettingError
    from dissect_widgets.models import load_model, normalize

    if (options.images is None) == (options.photos is None):
        raise SettingError("Give --images with --masks and --classes, or --photos.")
    if options.images is None:
        data: Any = PhotoFolder(options.photos, size=read_size(options.size))
    else:
        data = mask_folder(options, options.images)
    model = load_model(options.model, options.weights)
    report = check(model, options.layers, data, preprocess=normalize(options.normalize))
    print(report)
    if report.refused and options.layers is not None:
        raise ProofError(f"{len(report.refused)} of {len(report.proofs)} are refused.")
