"""The whole way in one command: the world's scene classifier, dissected, with a report."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from dissect_widgets.api.dissection import dissect
from dissect_widgets.cli.summary import align, table
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.reports.page import write_report
from dissect_widgets.world.datasets import Scenes
from dissect_widgets.world.networks.nets import SceneNet
from dissect_widgets.world.pretrained import load_classifier
from dissect_widgets.world.scenery.vocabulary import SCENES

LABEL_SIZE = 64


def demo(folder: Path, *, images: int = 1200, random: bool = False) -> Dissection:
    """Dissect all thirteen convolutions of the scene classifier, print what they detect, write a report.

    Parameters
    ----------
    folder
        Gets the dissection and `report.html`; with the dissection there already, it is computed again.
    images
        How many scenes of the probe set.
    random
        The same network with random weights, for comparison.
    """
    net = _random() if random else load_classifier()
    scenes = Scenes("probe", images, label_size=LABEL_SIZE)
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
    units = result.to_frame().query("detector").sort_values("iou", ascending=False)
    units = units.drop_duplicates(["concept", "category"]).head(count)
    rows = [("concept", "category", "IoU", "layer", "unit")]
    for u in units.itertuples():
        rows.append((str(u.concept), str(u.category), f"{u.iou:.3f}", str(u.layer), str(u.unit)))
    return "Best units\n\n" + align(rows)


def _random() -> SceneNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SceneNet(len(SCENES)).eval()
