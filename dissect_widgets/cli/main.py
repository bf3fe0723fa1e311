"""The command line: `dissect-widgets demo | dissect | layers | report | lab | sample | bench`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dissect_widgets import __version__
from dissect_widgets.cli.bench_command import add_bench
from dissect_widgets.cli.options import add_data, add_model, mask_folder, read_size
from dissect_widgets.errors import DissectError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 2 after an error that is the user's to mend, 130 after an interrupt."""
    parser = _parser()
    options, more = parser.parse_known_args(arguments)
    if more and options.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    options.more = more
    try:
        options.run(options)
    except DissectError as error:
        print(f"dissect-widgets: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(f"\n{interrupt}".rstrip(), file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("dissect-widgets", description="Network Dissection: what units do.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    demo = commands.add_parser("demo", help="dissect the network that comes with the package")
    demo.add_argument("--images", type=int, default=1200, metavar="N", help="how many scenes (1200)")
    demo.add_argument("--random", action="store_true", help="the same network with random weights")
    demo.add_argument("--out", type=Path, default=Path("dissect-widgets-demo"), metavar="DIR")
    demo.set_defaults(run=_demo)

    dissect = commands.add_parser("dissect", help="label the units of a network, over labeled images")
    add_model(dissect, positional=True)
    add_data(dissect, required=True)
    dissect.add_argument("--layers", nargs="+", required=True, metavar="L", help="dotted layer names")
    dissect.add_argument("--level", nargs="+", type=float, default=[0.01], help="top fraction(s) (0.01)")
    dissect.add_argument("--population", choices=["upsampled", "raw"], default="upsampled")
    dissect.add_argument("--colors", action="store_true", help="add the 11 colors as concepts")
    dissect.add_argument("--halves", action="store_true", help="add halves of objects as concepts")
    dissect.add_argument("--exemplars", type=int, default=8, help="top images of each unit (8)")
    dissect.add_argument("--workers", type=int, default=0, help="processes that read images (0)")
    dissect.add_argument("--skip-errors", action="store_true", help="pass over images that cannot be used")
    dissect.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the result goes")
    dissect.add_argument("--json", action="store_true", help="print the counts as JSON")
    dissect.set_defaults(run=_dissect)

    layers = commands.add_parser("layers", help="list the layers of a network that can be dissected")
    add_model(layers, positional=True)
    layers.add_argument("--size", nargs="+", type=int, default=[224], help="side, or height and width (224)")
    layers.set_defaults(run=_layers)

    report = commands.add_parser("report", help="write a dissection as one page that works offline")
    report.add_argument("folder", type=Path, metavar="DIR", help="a saved dissection")
    report.add_argument("-o", "--output", type=Path, default=Path("report.html"), metavar="FILE")
    report.set_defaults(run=_report)

    findings = commands.add_parser("findings", help="test the claims of PNAS 2020 on the world")
    findings.add_argument("--out", type=Path, default=Path("dissect-widgets-findings"), metavar="DIR")
    findings.add_argument("--json", action="store_true", help="print them as JSON")
    findings.set_defaults(run=_findings)

    lab = commands.add_parser("lab", help="open JupyterLab on a copy of the notebooks")
    lab.add_argument("folder", nargs="?", type=Path, default=Path("dissect-widgets-notebooks"))
    lab.set_defaults(run=_lab)

    sample = commands.add_parser("sample", help="draw a small labeled set, to try things with")
    sample.add_argument("folder", type=Path, metavar="DIR")
    sample.set_defaults(run=_sample)

    add_bench(commands)
    return parser


def _demo(options: argparse.Namespace) -> None:
    from dissect_widgets.cli.demo import demo

    demo(options.out, images=options.images, random=options.random)


def _dissect(options: argparse.Namespace) -> None:
    from dissect_widgets.api.dissection import dissect
    from dissect_widgets.cli.summary import summary, table
    from dissect_widgets.concepts.automatic import WithColors, WithHalves
    from dissect_widgets.models.zoo import load_model, normalize

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
        population=options.population,
        upsample=options.upsample,
        preprocess=normalize(options.normalize),
        exemplars=options.exemplars,
        workers=options.workers,
        skip_errors=options.skip_errors,
        out=options.out,
    )
    print(json.dumps(summary(dissection), indent=1) if options.json else table(dissection))


def _layers(options: argparse.Namespace) -> None:
    import torch

    from dissect_widgets.cli.summary import align
    from dissect_widgets.core.network.layers import list_layers
    from dissect_widgets.models.zoo import load_model

    size = read_size(options.size)
    height, width = (size, size) if isinstance(size, int) else size
    found = list_layers(load_model(options.model, options.weights), torch.zeros(1, 3, height, width))
    rows = [(x.name, x.module, str(x.units), f"{x.height} x {x.width}", x.kind) for x in found]
    print(align([("layer", "module", "units", "map", "kind"), *rows]))


def _report(options: argparse.Namespace) -> None:
    from dissect_widgets.core.dissection.result import load
    from dissect_widgets.reports.page import write_report

    path = write_report(load(options.folder), options.output)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


def _findings(options: argparse.Namespace) -> None:
    from dissect_widgets.replication.evidence import Evidence
    from dissect_widgets.replication.findings import as_text, check_claims, write_findings
    from dissect_widgets.replication.pnas_claims import CLAIMS
    from dissect_widgets.replication.studies import world_classifier, world_generator

    evidence = Evidence(world_classifier(attacked=200), world_generator())
    found = check_claims(CLAIMS, evidence)
    try:
        links = evidence.write_reports(options.out)
    except DissectError as error:  # what was found is not lost with it
        print(f"There are no pages of the networks: {error}", file=sys.stderr)
        links = {}
    data, page = write_findings(found, options.out, links)
    print(data.read_text("utf-8") if options.json else f"{as_text(found)}\n\nThe page: {page}")


def _lab(options: argparse.Namespace) -> None:
    here = Path(__file__).parents[1]
    source = next(p for p in (here / "notebooks", here.parent / "notebooks") if p.is_dir())
    options.folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(source.rglob("*.ipynb")):
        copy = options.folder / notebook.relative_to(source)
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(notebook, copy)
    shutil.copytree(source / "pictures", options.folder / "pictures", dirs_exist_ok=True)
    first = "--LabApp.default_url=/lab/tree/index.ipynb"
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", str(options.folder), first, *options.more])


def _sample(options: argparse.Namespace) -> None:
    from dissect_widgets.datasets.sample import write_sample

    folder = write_sample(options.folder)
    print(f"{folder}: images, masks, classes.csv, scenes.csv")
