"""The embedded world: drawn scenes with a label for every pixel, and small networks trained on them.

>>> from dissect_widgets import world
>>> world.render("ski slope", seed=7).image                # uint8 (128, 128, 3)
>>> probe = world.Scenes("probe", 1200, label_size=64)     # labeled images, for `dissect`
>>> net = world.load_classifier()                          # conv1_1 ... conv5_3, fc6, fc7, fc8
>>> world.zoo.load("alexnet-scenes")                       # one of 40, which differ in one thing each
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from dissect_widgets.world.contact_sheets import contact_sheet, label_sheet
from dissect_widgets.world.datasets import SPLITS, Objects, Scenes
from dissect_widgets.world.networks import SceneNet, SegmentNet
from dissect_widgets.world.pretrained import WorldSegmenter, load_classifier, load_generator, load_segmenter
from dissect_widgets.world.rendering import LabeledImage, render, render_object
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, NAMES, OBJECT_KINDS, SCENES, VOCABULARY

__all__ = [
    "CATEGORIES",
    "NAMES",
    "OBJECT_KINDS",
    "SCENES",
    "SPLITS",
    "VOCABULARY",
    "LabeledImage",
    "Objects",
    "SceneNet",
    "Scenes",
    "SegmentNet",
    "WorldSegmenter",
    "contact_sheet",
    "label_sheet",
    "load_classifier",
    "load_generator",
    "load_segmenter",
    "render",
    "render_object",
    "zoo",
]


def __getattr__(name: str) -> ModuleType:
    """Import the zoo when it is first used."""
    if name != "zoo":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.zoo")
