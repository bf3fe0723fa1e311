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
    from dissect_widgets.api.attacks import attack, unit_changes
    from dissect_widgets.concepts.automatic import WithColors, WithHalves
    from dissect_widgets.datasets.mask_folder import MaskFolder
    from dissect_widgets.core.dissection.netdissect_csv import read_netdissect_csv, write_netdissect_csv
    from dissect_widgets.datasets.photo_folder import PhotoFolder
    from dissect_widgets.concepts.segmenters import load_public_segmenter
    from dissect_widgets.datasets.sample import write_sample
    from dissect_widgets.core.attacks.result import Attacked
    from dissect_widgets.core.attacks.carlini_wagner import CarliniWagner
    from dissect_widgets.core.attacks.change_maps import change_maps
    from dissect_widgets.core.attacks.unit_changes import UnitChanges
    from dissect_widgets.core.editing.edit import Edit, insertion
    from dissect_widgets.core.editing.generator import open_generator
    from dissect_widgets.core.data.in_memory import InMemory
    from dissect_widgets.core.data.latents import latents, to_pictures
    from dissect_widgets.core.dissection.layer_result import LayerDissection
    from dissect_widgets.core.network.layers import list_layers
    from dissect_widgets.core.dissection.max_activation import choose_unit, classify_by_peak, find_peaks
    from dissect_widgets.core.attacks.pgd import ProjectedGradient
    from dissect_widgets.core.dissection.result import Dissection
    from dissect_widgets.core.dissection.io import load
    from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
    from dissect_widgets.api.editing import count_pixels, edit, insert_at_places
    from dissect_widgets.models.places365 import load_places_vgg16
    from dissect_widgets.models.progressive_gan import ProgressiveGenerator, load_generator
    from dissect_widgets.models.zoo import load_model, normalize
    from dissect_widgets.api.ablation import rank_units, remove_sets, remove_units
    from dissect_widgets.api.dissection import dissect
    from dissect_widgets.widgets.ablation_explorer.ablation_explorer import AblationExplorer
    from dissect_widgets.widgets.attack_diff.attack_diff import AttackDiff
    from dissect_widgets.widgets.comparison.layer_comparison import LayerComparison
    from dissect_widgets.widgets.neuron_painter.neuron_painter import NeuronPainter
    from dissect_widgets.reports.page import write_report
    from dissect_widgets.widgets.unit_browser.unit_browser import UnitBrowser

__version__ = "0.1.0"

_HOMES = {
    "AblationExplorer": "widgets.ablation_explorer.ablation_explorer",
    "AttackDiff": "widgets.attack_diff.attack_diff",
    "Attacked": "core.attacks.result",
    "CarliniWagner": "core.attacks.carlini_wagner",
    "Concept": "core.data.vocabulary",
    "Dissection": "core.dissection.result",
    "Edit": "core.editing.edit",
    "InMemory": "core.data.in_memory",
    "LayerComparison": "widgets.comparison.layer_comparison",
    "LayerDissection": "core.dissection.layer_result",
    "MaskFolder": "datasets.mask_folder",
    "NeuronPainter": "widgets.neuron_painter.neuron_painter",
    "PhotoFolder": "datasets.photo_folder",
    "ProgressiveGenerator": "models.progressive_gan",
    "ProjectedGradient": "core.attacks.pgd",
    "UnitBrowser": "widgets.unit_browser.unit_browser",
    "UnitChanges": "core.attacks.unit_changes",
    "Vocabulary": "core.data.vocabulary",
    "WithColors": "concepts.automatic",
    "WithHalves": "concepts.automatic",
    "attack": "api.attacks",
    "change_maps": "core.attacks.change_maps",
    "choose_unit": "core.dissection.max_activation",
    "classify_by_peak": "core.dissection.max_activation",
    "count_pixels": "api.editing",
    "dissect": "api.dissection",
    "edit": "api.editing",
    "find_peaks": "core.dissection.max_activation",
    "insert_at_places": "api.editing",
    "insertion": "core.editing.edit",
    "latents": "core.data.latents",
    "list_layers": "core.network.layers",
    "load": "core.dissection.io",
    "load_generator": "models.progressive_gan",
    "load_model": "models.zoo",
    "load_places_vgg16": "models.places365",
    "load_public_segmenter": "concepts.segmenters",
    "normalize": "models.zoo",
    "open_generator": "core.editing.generator",
    "rank_units": "api.ablation",
    "read_netdissect_csv": "core.dissection.netdissect_csv",
    "remove_sets": "api.ablation",
    "remove_units": "api.ablation",
    "to_pictures": "core.data.latents",
    "unit_changes": "api.attacks",
    "write_netdissect_csv": "core.dissection.netdissect_csv",
    "write_report": "reports.page",
    "write_sample": "datasets.sample",
}
"""Where the public names live; each is imported when first used, so that nothing needs Jupyter before."""

__all__ = [
    "AblationExplorer",
    "AttackDiff",
    "Attacked",
    "CarliniWagner",
    "Concept",
    "Dissection",
    "Edit",
    "InMemory",
    "LayerComparison",
    "LayerDissection",
    "MaskFolder",
    "NeuronPainter",
    "PhotoFolder",
    "ProgressiveGenerator",
    "ProjectedGradient",
    "UnitBrowser",
    "UnitChanges",
    "Vocabulary",
    "WithColors",
    "WithHalves",
    "attack",
    "change_maps",
    "choose_unit",
    "classify_by_peak",
    "count_pixels",
    "dissect",
    "edit",
    "find_peaks",
    "insert_at_places",
    "insertion",
    "latents",
    "list_layers",
    "load",
    "load_generator",
    "load_model",
    "load_places_vgg16",
    "load_public_segmenter",
    "normalize",
    "open_generator",
    "rank_units",
    "read_netdissect_csv",
    "remove_sets",
    "remove_units",
    "to_pictures",
    "unit_changes",
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
