"""`dissect-widgets demo`: dissect the world's scene classifier, and write a report."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dissect_widgets.core.dissection.result import Dissection
    from dissect_widgets.world import SceneNet

LABEL_SIZE = 64


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("demo", help="dissect the network that comes with the package")
    parser.add_argument("--images", type=int, default=1200, metavar="N", help="how many scenes (1200)")
    parser.add_argument("--random", action="store_true", help="the same network with random weights")
    parser.add_argument("--out", default="dissect-widgets-demo", metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Run `demo` with the options."""
    demo(options.out, images=options.images, random=options.random)


def demo(folder: str | Path, *, images: int = 1200, random: bool = False) -> Dissection:
    """Dissect all thirteen convolutions of the scene classifier, print what they detect, write a report.

    Parameters
    ----------
    folder
        Gets the dissection and `report.html`; a dissection that is already there is computed again.
    images
        How many scenes of the probe set.
    random
        The same network with random weights, for comparison.
    """
    from dissect_widgets.api.dissection import dissect
    from dissect_widgets.cli.summary import table
    from dissect_widgets.core.files.target import output_folder
    from dissect_widgets.reports.page import write_report
    from dissect_widgets.world import Scenes, load_classifier

    folder = output_folder(folder, what="out")
    net = _random_classifier() if random else load_classifier()
    scenes = Scenes("probe", images, label_size=LABEL_SIZE, classes=net.classes)
    started = time.monotonic()
    result = dissect(net, net.convolutions, scenes, out=folder / "dissection")
    print(f"{images} scenes, {len(result.layers)} layers, {time.monotonic() - started:.0f} s", end="\n\n")
    print(table(result), end="\n\n")
    print(best_units(result), end="\n\n")
    report = write_report(result, folder / "report.html")
    print(f"Report: {report}")
    print("Browse the units: run `dissect-widgets lab`, and in a notebook")
    print(f'    import dissect_widgets as dw; dw.UnitBrowser(dw.load("{folder / "dissection"}"))')
    return result


def best_units(result: Dissection, count: int = 12) -> str:
    """Units with the highest IoU, one for each concept, as a table."""
    from dissect_widgets.cli.summary import align

    units = result.to_frame().query("detector").sort_values("iou", ascending=False)
    units = units.drop_duplicates(["concept", "category"]).head(count)
    rows = [("concept", "category", "IoU", "layer", "unit")]
    for unit in units.itertuples():
        rows.append(
            (str(unit.concept), str(unit.category), f"{unit.iou:.3f}", str(unit.layer), str(unit.unit))
        )
    return "Best units\n\n" + align(rows)


def _random_classifier() -> SceneNet:
    import torch

    from dissect_widgets.world import SCENES, SceneNet

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SceneNet(SCENES).eval()
