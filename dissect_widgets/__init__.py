"""Network Dissection in a notebook: what the single units of a deep network do.

>>> import dissect_widgets as dw
>>> data = dw.MaskFolder("images", "masks", "classes.csv")
>>> dissection = dw.dissect(model, ["layer3", "layer4"], data, preprocess=dw.normalize())
>>> dw.UnitBrowser(dissection)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dissect_widgets.concepts.automatic import WithColors, WithHalves
    from dissect_widgets.concepts.mask_folder import MaskFolder
    from dissect_widgets.concepts.netdissect_csv import read_netdissect_csv, write_netdissect_csv
    from dissect_widgets.concepts.photo_folder import PhotoFolder
    from dissect_widgets.concepts.sample import write_sample
    from dissect_widgets.core.in_memory import InMemory
    from dissect_widgets.core.layer_result import LayerDissection
    from dissect_widgets.core.layers import list_layers
    from dissect_widgets.core.peaks import classify_by_peak, find_peaks
    from dissect_widgets.core.result import Dissection
    from dissect_widgets.core.saving import load
    from dissect_widgets.core.vocabulary import Concept, Vocabulary
    from dissect_widgets.models.zoo import load_model, normalize
    from dissect_widgets.rank import rank_units, remove_sets, remove_units
    from dissect_widgets.run import dissect
    from dissect_widgets.widgets.ablation_explorer import AblationExplorer
    from dissect_widgets.widgets.layer_comparison import LayerComparison
    from dissect_widgets.widgets.report import write_report
    from dissect_widgets.widgets.unit_browser import UnitBrowser

__version__ = "0.1.0"

_HOMES = {
    "AblationExplorer": "widgets.ablation_explorer",
    "Concept": "core.vocabulary",
    "Dissection": "core.result",
    "InMemory": "core.in_memory",
    "LayerComparison": "widgets.layer_comparison",
    "LayerDissection": "core.layer_result",
    "MaskFolder": "concepts.mask_folder",
    "PhotoFolder": "concepts.photo_folder",
    "UnitBrowser": "widgets.unit_browser",
    "Vocabulary": "core.vocabulary",
    "WithColors": "concepts.automatic",
    "WithHalves": "concepts.automatic",
    "classify_by_peak": "core.peaks",
    "dissect": "run",
    "find_peaks": "core.peaks",
    "list_layers": "core.layers",
    "load": "core.saving",
    "load_model": "models.zoo",
    "normalize": "models.zoo",
    "rank_units": "rank",
    "read_netdissect_csv": "concepts.netdissect_csv",
    "remove_sets": "rank",
    "remove_units": "rank",
    "write_netdissect_csv": "concepts.netdissect_csv",
    "write_report": "widgets.report",
    "write_sample": "concepts.sample",
}
"""Where the public names live; each is imported when first used, so that nothing needs Jupyter before."""

__all__ = [
    "AblationExplorer",
    "Concept",
    "Dissection",
    "InMemory",
    "LayerComparison",
    "LayerDissection",
    "MaskFolder",
    "PhotoFolder",
    "UnitBrowser",
    "Vocabulary",
    "WithColors",
    "WithHalves",
    "classify_by_peak",
    "dissect",
    "find_peaks",
    "list_layers",
    "load",
    "load_model",
    "normalize",
    "rank_units",
    "read_netdissect_csv",
    "remove_sets",
    "remove_units",
    "write_netdissect_csv",
    "write_report",
    "write_sample",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
