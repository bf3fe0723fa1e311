"""`dissect-widgets bench dissect | ablate | edit | attack`: what each costs on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from dissect_widgets.cli.options import add_data, add_model, mask_folder


def add_bench(commands: Any) -> None:
    """Add the command and its options."""
    bench = commands.add_parser("bench", help="time a computation against what no way can save")
    benches = bench.add_subparsers(dest="bench", required=True, metavar="what")
    timed = benches.add_parser("dissect", help="dissection, on synthetic images or on photos")
    add_model(timed, positional=False)
    timed.add_argument("--layers", nargs="+", required=True, metavar="L")
    timed.add_argument("--images", type=int, default=100, metavar="N", help="how many images (100)")
    timed.add_argument("--concepts", type=int, default=1825, metavar="C", help="of synthetic images (1825)")
    timed.add_argument("--photos", type=Path, metavar="DIR", help="real photos, with --masks and --classes")
    add_data(timed, required=False)
    timed.add_argument("--level", nargs="+", type=float, default=[0.01])
    _add_timing(timed, batch_size=4)
    timed.set_defaults(run=_bench)
    timed = benches.add_parser("ablate", help="all units of a layer, ranked for all classes")
    add_model(timed, positional=False)
    timed.add_argument("--layer", required=True, metavar="L")
    timed.add_argument("--images", type=int, default=64, metavar="N", help="how many images (64)")
    timed.add_argument("--photos", type=Path, metavar="DIR", help="real photos, instead of synthetic images")
    timed.add_argument("--size", type=int, default=224, help="side of the images (224)")
    _add_timing(timed, batch_size=8)
    timed.set_defaults(run=_bench_ablate)
    timed = benches.add_parser("attack", help="Carlini and Wagner's attack on a classifier")
    add_model(timed, positional=False)
    timed.add_argument("--steps", type=int, default=20, metavar="N", help="of the attack (20)")
    timed.add_argument("--images", type=int, default=16, metavar="N", help="how many images (16)")
    timed.add_argument("--photos", type=Path, metavar="DIR", help="real photos, instead of synthetic images")
    timed.add_argument("--size", type=int, default=224, help="side of the images (224)")
    _add_timing(timed, batch_size=8)
    timed.set_defaults(run=_bench_attack)
    timed = benches.add_parser("edit", help="a picture of a Progressive GAN, after an edit of its units")
    timed.add_argument("--layer", default="layer4", metavar="L", help="whose units (layer4)")
    timed.add_argument("--units", type=int, default=20, metavar="N", help="how many (20)")
    timed.add_argument("--images", type=int, default=1, metavar="N", help="how many pictures (1)")
    text = "of the latent, and of each size from 4 pixels on (those of 256 pixels)"
    timed.add_argument("--widths", nargs="+", type=int, metavar="W", help=text)
    _add_timing(timed, batch_size=1, rounds=20)
    timed.set_defaults(run=_bench_edit, model="ProgressiveGenerator")


def _add_timing(parser: argparse.ArgumentParser, *, batch_size: int, rounds: int = 3) -> None:
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")


def _bench(options: argparse.Namespace) -> None:
    from dissect_widgets.bench.ratios import bench_dissect
    from dissect_widgets.bench.synthetic import Synthetic
    from dissect_widgets.core.data.in_memory import InMemory
    from dissect_widgets.models.zoo import load_model, normalize

    data: Any
    if options.photos is not None:
        data = InMemory(mask_folder(options, options.photos), options.images)
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
    from dissect_widgets.bench.ratios import bench_ablate
    from dissect_widgets.models.zoo import load_model, normalize

    result = bench_ablate(
        load_model(options.model, options.weights).to(options.device),
        options.layer,
        _pictures(options),
        batch_size=options.batch_size,
        rounds=options.rounds,
        preprocess=normalize(options.normalize),
    )
    _print_timing(options, result)


def _bench_attack(options: argparse.Namespace) -> None:
    from dissect_widgets.bench.ratios import bench_attack
    from dissect_widgets.models.zoo import load_model, normalize

    result = bench_attack(
        load_model(options.model, options.weights).to(options.device),
        _pictures(options),
        steps=options.steps,
        batch_size=options.batch_size,
        rounds=options.rounds,
        preprocess=normalize(options.normalize),
    )
    _print_timing(options, result)


def _pictures(options: argparse.Namespace) -> Any:
    """Photos of a folder, or synthetic images."""
    from dissect_widgets.bench.synthetic import Synthetic
    from dissect_widgets.core.data.in_memory import InMemory
    from dissect_widgets.datasets.photo_folder import PhotoFolder

    if options.photos is not None:
        return InMemory(PhotoFolder(options.photos, size=options.size), options.images)
    return Synthetic(options.images, concepts=1, label_size=1, size=options.size)


def _bench_edit(options: argparse.Namespace) -> None:
    import torch

    from dissect_widgets.bench.ratios import bench_edit
    from dissect_widgets.models.progressive_gan import WIDTHS, ProgressiveGenerator

    with torch.random.fork_rng(devices=[]):
        generator = ProgressiveGenerator(options.widths or WIDTHS)
    result = bench_edit(
        generator.to(options.device),
        options.layer,
        units=options.units,
        images=options.images,
        batch_size=options.batch_size,
        rounds=options.rounds,
    )
    _print_timing(options, result)


def _print_timing(options: argparse.Namespace, result: dict[str, Any]) -> None:
    result = {"model": options.model} | result
    lines = (f"{name.replace('_', ' ')}: {value}" for name, value in result.items())
    print(json.dumps(result) if options.json else "\n".join(lines))
