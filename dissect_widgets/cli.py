"""The command line: `dissect-widgets demo | dissect | layers | report | lab | sample | bench`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dissect_widgets import __version__
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

    dissect = commands.add_parser("dissect", help="label the units of a network, over labelled images")
    _add_model(dissect, positional=True)
    _add_data(dissect, required=True)
    dissect.add_argument("--layers", nargs="+", required=True, metavar="L", help="dotted layer names")
    dissect.add_argument("--level", nargs="+", type=float, default=[0.01], help="top fraction(s) (0.01)")
    dissect.add_argument("--population", choices=["upsampled", "raw"], default="upsampled")
    dissect.add_argument("--colors", action="store_true", help="add the 11 colours as concepts")
    dissect.add_argument("--halves", action="store_true", help="add halves of objects as concepts")
    dissect.add_argument("--exemplars", type=int, default=8, help="top images of each unit (8)")
    dissect.add_argument("--workers", type=int, default=0, help="processes that read images (0)")
    dissect.add_argument("--skip-errors", action="store_true", help="pass over images that cannot be used")
    dissect.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the result goes")
    dissect.add_argument("--json", action="store_true", help="print the counts as JSON")
    dissect.set_defaults(run=_dissect)

    layers = commands.add_parser("layers", help="list the layers of a network that can be dissected")
    _add_model(layers, positional=True)
    layers.add_argument("--size", nargs="+", type=int, default=[224], help="side, or height and width (224)")
    layers.set_defaults(run=_layers)

    report = commands.add_parser("report", help="write a dissection as one page that works offline")
    report.add_argument("folder", type=Path, metavar="DIR", help="a saved dissection")
    report.add_argument("-o", "--output", type=Path, default=Path("report.html"), metavar="FILE")
    report.set_defaults(run=_report)

    lab = commands.add_parser("lab", help="open JupyterLab on a copy of the notebooks")
    lab.add_argument("folder", nargs="?", type=Path, default=Path("dissect-widgets-notebooks"))
    lab.set_defaults(run=_lab)

    sample = commands.add_parser("sample", help="draw a small labelled set, to try things with")
    sample.add_argument("folder", type=Path, metavar="DIR")
    sample.set_defaults(run=_sample)

    bench = commands.add_parser("bench", help="time a computation against the bare forward pass")
    benches = bench.add_subparsers(dest="bench", required=True, metavar="what")
    timed = benches.add_parser("dissect", help="dissection, on synthetic images or on photos")
    _add_model(timed, positional=False)
    timed.add_argument("--layers", nargs="+", required=True, metavar="L")
    timed.add_argument("--images", type=int, default=100, metavar="N", help="how many images (100)")
    timed.add_argument("--concepts", type=int, default=1825, metavar="C", help="of synthetic images (1825)")
    timed.add_argument("--photos", type=Path, metavar="DIR", help="real photos, with --masks and --classes")
    _add_data(timed, required=False)
    timed.add_argument("--level", nargs="+", type=float, default=[0.01])
    _add_timing(timed, batch_size=4)
    timed.set_defaults(run=_bench)
    timed = benches.add_parser("ablate", help="all units of a layer, ranked for all classes")
    _add_model(timed, positional=False)
    timed.add_argument("--layer", required=True, metavar="L")
    timed.add_argument("--images", type=int, default=64, metavar="N", help="how many images (64)")
    timed.add_argument("--photos", type=Path, metavar="DIR", help="real photos, instead of synthetic images")
    timed.add_argument("--size", type=int, default=224, help="side of the images (224)")
    _add_timing(timed, batch_size=8)
    timed.set_defaults(run=_bench_ablate)
    return parser


def _add_model(parser: argparse.ArgumentParser, *, positional: bool) -> None:
    text = "a torchvision name, or package.module:callable"
    if positional:
        parser.add_argument("model", metavar="MODEL", help=text)
    else:
        parser.add_argument("--arch", dest="model", required=True, metavar="A", help=text)
    parser.add_argument("--weights", metavar="FILE", help='a file, or "imagenet" to download (random)')
    scales = ["imagenet", "symmetric", "none"]
    parser.add_argument("--normalize", choices=scales, default="imagenet", help="what the network expects")


def _add_timing(parser: argparse.ArgumentParser, *, batch_size: int) -> None:
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")


def _add_data(parser: argparse.ArgumentParser, *, required: bool) -> None:
    if required:
        parser.add_argument("--images", required=True, type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument("--masks", nargs="+", type=Path, metavar="DIR", help="folder(s) of indexed masks")
    parser.add_argument("--classes", nargs="+", type=Path, metavar="CSV", help="value,name,category")
    parser.add_argument("--image-labels", type=Path, metavar="CSV", help="image,name,category")
    parser.add_argument("--unlabelled", nargs="+", type=int, default=[], metavar="V", help="mask values")
    parser.add_argument("--mask-suffix", default="", help="what names of masks have more")
    parser.add_argument("--skip-unpaired", action="store_true", help="leave out photos without masks")
    parser.add_argument("--size", nargs="+", type=int, default=[224], help="side, or height and width (224)")
    parser.add_argument("--label-size", nargs="+", type=int, default=[112], help="of label maps (112)")
    rules = ["receptive-field", "half-pixel"]
    parser.add_argument("--upsample", choices=rules, default="receptive-field")


def _mask_folder(options: argparse.Namespace, images: Path) -> Any:
    from dissect_widgets.concepts.mask_folder import MaskFolder

    return MaskFolder(
        images,
        options.masks,
        options.classes,
        size=_size(options.size),
        label_size=_size(options.label_size),
        image_labels=options.image_labels,
        unlabelled=options.unlabelled,
        mask_suffix=options.mask_suffix,
        skip_unpaired=options.skip_unpaired,
    )


def _demo(options: argparse.Namespace) -> None:
    from dissect_widgets.demo import demo

    demo(options.out, images=options.images, random=options.random)


def _dissect(options: argparse.Namespace) -> None:
    from dissect_widgets.concepts.automatic import WithColors, WithHalves
    from dissect_widgets.models.zoo import load_model, normalize
    from dissect_widgets.run import dissect
    from dissect_widgets.summary import summary, table

    data = _mask_folder(options, options.images)
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

    from dissect_widgets.core.layers import list_layers
    from dissect_widgets.models.zoo import load_model
    from dissect_widgets.summary import align

    size = _size(options.size)
    height, width = (size, size) if isinstance(size, int) else size
    found = list_layers(load_model(options.model, options.weights), torch.zeros(1, 3, height, width))
    rows = [(x.name, x.module, str(x.units), f"{x.height} x {x.width}", x.kind) for x in found]
    print(align([("layer", "module", "units", "map", "kind"), *rows]))


def _report(options: argparse.Namespace) -> None:
    from dissect_widgets.core.saving import load
    from dissect_widgets.widgets.report import write_report

    path = write_report(load(options.folder), options.output)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


def _lab(options: argparse.Namespace) -> None:
    here = Path(__file__).parent
    source = next(p for p in (here / "notebooks", here.parent / "notebooks") if p.is_dir())
    options.folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(source.glob("*.ipynb")):
        if not (options.folder / notebook.name).exists():
            shutil.copy(notebook, options.folder)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", str(options.folder), *options.more])


def _sample(options: argparse.Namespace) -> None:
    from dissect_widgets.concepts.sample import write_sample

    folder = write_sample(options.folder)
    print(f"{folder}: images, masks, classes.csv, scenes.csv")


def _bench(options: argparse.Namespace) -> None:
    from dissect_widgets.bench import Synthetic, bench_dissect
    from dissect_widgets.core.in_memory import InMemory
    from dissect_widgets.models.zoo import load_model, normalize

    data: Any
    if options.photos is not None:
        data = InMemory(_mask_folder(options, options.photos), options.images)
    else:
        label_size, size = options.label_size[0], options.size[0]
        data = Synthetic(options.images, concepts=options.concepts, label_size=label_size, size=size)
    result = bench_dissect(
        load_model(options.model, options.weights).to(options.device),
        options.layers,
        data,
        batch_size=options.batch_size,
        rounds=options.rounds,
        preprocess=normalize(options.normalize),
        level=options.level,
        upsample=options.upsample,
    )
    _print_timing(options, result)


def _bench_ablate(options: argparse.Namespace) -> None:
    from dissect_widgets.bench import Synthetic, bench_ablate
    from dissect_widgets.concepts.photo_folder import PhotoFolder
    from dissect_widgets.core.in_memory import InMemory
    from dissect_widgets.models.zoo import load_model, normalize

    data: Any
    if options.photos is not None:
        data = InMemory(PhotoFolder(options.photos, size=options.size), options.images)
    else:
        data = Synthetic(options.images, concepts=1, label_size=1, size=options.size)
    result = bench_ablate(
        load_model(options.model, options.weights).to(options.device),
        options.layer,
        data,
        batch_size=options.batch_size,
        rounds=options.rounds,
        preprocess=normalize(options.normalize),
    )
    _print_timing(options, result)


def _print_timing(options: argparse.Namespace, result: dict[str, Any]) -> None:
    result = {"model": options.model} | result
    lines = (f"{name.replace('_', ' ')}: {value}" for name, value in result.items())
    print(json.dumps(result) if options.json else "\n".join(lines))


def _size(values: list[int]) -> int | tuple[int, int]:
    from dissect_widgets.errors import SettingError

    if len(values) > 2:
        raise SettingError(f"A size is a side, or height and width, but {len(values)} numbers are given.")
    return values[0] if len(values) == 1 else (values[0], values[1])
