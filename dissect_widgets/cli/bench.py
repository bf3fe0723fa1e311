"""`dissect-widgets bench dissect | ablate | edit | attack`: what each costs on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from dissect_widgets.cli.options import add_data, add_model, mask_folder


def add_to(commands: Any) -> None:
    """Add the command, and what it can time."""
    parser = commands.add_parser("bench", help="time a computation against the least that it can cost")
    benches = parser.add_subparsers(dest="bench", required=True, metavar="what")
    _add_dissect(benches)
    _add_ablate(benches)
    _add_attack(benches)
    _add_edit(benches)


def _add_dissect(benches: Any) -> None:
    parser = benches.add_parser("dissect", help="dissection, on synthetic images or on photos")
    add_model(parser, positional=False)
    parser.add_argument("--layers", nargs="+", required=True, metavar="L")
    parser.add_argument("--images", type=int, default=100, metavar="N", help="how many images (100)")
    parser.add_argument("--concepts", type=int, default=1825, metavar="C", help="of synthetic images (1825)")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="real photos, with --masks and --classes")
    add_data(parser, required=False)
    parser.add_argument("--level", nargs="+", type=float, default=[0.01])
    _add_timing(parser, batch_size=4)
    parser.set_defaults(run=run_dissect)


def _add_ablate(benches: Any) -> None:
    parser = benches.add_parser("ablate", help="all units of a layer, ranked for all classes")
    add_model(parser, positional=False)
    parser.add_argument("--layer", required=True, metavar="L")
    _add_images(parser, count=64)
    _add_timing(parser, batch_size=8)
    parser.set_defaults(run=run_ablate)


def _add_attack(benches: Any) -> None:
    parser = benches.add_parser("attack", help="Carlini and Wagner's attack on a classifier")
    add_model(parser, positional=False)
    parser.add_argument("--steps", type=int, default=20, metavar="N", help="of the attack (20)")
    _add_images(parser, count=16)
    _add_timing(parser, batch_size=8)
    parser.set_defaults(run=run_attack)


def _add_edit(benches: Any) -> None:
    parser = benches.add_parser("edit", help="an image of a Progressive GAN, after an edit of its units")
    parser.add_argument("--layer", default="layer4", metavar="L", help="whose units (layer4)")
    parser.add_argument("--units", type=int, default=20, metavar="N", help="how many (20)")
    parser.add_argument("--images", type=int, default=1, metavar="N", help="how many images (1)")
    text = "of the latent, and of each size from 4 pixels on (those of 256 pixels)"
    parser.add_argument("--widths", nargs="+", type=int, metavar="W", help=text)
    _add_timing(parser, batch_size=1, rounds=20)
    parser.set_defaults(run=run_edit, model="ProgressiveGenerator")


def _add_images(parser: argparse.ArgumentParser, *, count: int) -> None:
    parser.add_argument("--images", type=int, default=count, metavar="N", help=f"how many images ({count})")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="real photos, instead of synthetic images")
    parser.add_argument("--size", type=int, default=224, help="side of the images (224)")


def _add_timing(parser: argparse.ArgumentParser, *, batch_size: int, rounds: int = 3) -> None:
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")


def run_dissect(options: argparse.Namespace) -> None:
    """Time a dissection."""
    from dissect_widgets.bench.ratios import bench_dissect
    from dissect_widgets.bench.synthetic import Synthetic
    from dissect_widgets.core.data.in_memory import InMemory
    from dissect_widgets.core.dissection.settings import Settings
    from dissect_widgets.models import load_model, normalize

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
        settings=Settings(upsample=options.upsample),
    )
    _print_timing(options, result)


def run_ablate(options: argparse.Namespace) -> None:
    """Time the ranking of units."""
    from dissect_widgets.bench.ratios import bench_ablate
    from dissect_widgets.models import load_model, normalize

    result = bench_ablate(
        load_model(options.model, options.weights).to(options.device),
        options.layer,
        _read_images(options),
        batch_size=options.batch_size,
        rounds=options.rounds,
        preprocess=normalize(options.normalize),
    )
    _print_timing(options, result)


def run_attack(options: argparse.Namespace) -> None:
    """Time an attack."""
    from dissect_widgets.bench.ratios import bench_attack
    from dissect_widgets.models import load_model, normalize

    result = bench_attack(
        load_model(options.model, options.weights).to(options.device),
        _read_images(options),
        steps=options.steps,
        batch_size=options.batch_size,
        rounds=options.rounds,
        preprocess=normalize(options.normalize),
    )
    _print_timing(options, result)


def run_edit(options: argparse.Namespace) -> None:
    """Time an edit of a generator with random weights."""
    import torch

    from dissect_widgets.bench.ratios import bench_edit
    from dissect_widgets.models import ProgressiveGenerator
    from dissect_widgets.models.progressive_gan import WIDTHS

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


def _read_images(options: argparse.Namespace) -> Any:
    """Photos of a folder, or synthetic images."""
    from dissect_widgets.bench.synthetic import Synthetic
    from dissect_widgets.core.data.in_memory import InMemory
    from dissect_widgets.datasets import PhotoFolder

    if options.photos is not None:
        return InMemory(PhotoFolder(options.photos, size=options.size), options.images)
    return Synthetic(options.images, concepts=1, label_size=1, size=options.size)


def _print_timing(options: argparse.Namespace, result: dict[str, Any]) -> None:
    result = {"model": options.model} | result
    lines = (f"{name.replace('_', ' ')}: {value}" for name, value in result.items())
    print(json.dumps(result) if options.json else "\n".join(lines))
