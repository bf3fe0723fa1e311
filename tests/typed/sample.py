"""What a typed program of a user looks like; mypy checks it in strict mode, so `py.typed` is kept true."""

from __future__ import annotations

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import dissect_widgets as dw
from dissect_widgets import world


def detectors(folder: str) -> dict[str, int]:
    """Count the detectors of each layer of a saved dissection."""
    dissection = dw.load(folder)
    assert_type(dissection, dw.Dissection)
    return {layer.name: len(layer.detectors()) for layer in dissection.layers}


def most_important(class_name: str) -> list[int]:
    """Find the four units of the world's classifier that a class needs most."""
    classifier = dw.ClassifierData(world.load_classifier(), world.Scenes("val", 48))
    importance = dw.rank_units(classifier, "conv5_3", progress=False)
    units: NDArray[np.int64] = importance.top_units(class_name)[:4]
    return [int(unit) for unit in units]


def save_report(dissection: dw.Dissection, path: str) -> None:
    """Write a page, and look at the first units."""
    dw.write_report(dissection, path)
    browser = dw.UnitBrowser(dissection)
    browser.unit = 3
