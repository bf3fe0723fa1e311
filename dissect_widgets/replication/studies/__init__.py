"""What the figures of PNAS 2020 are made of: a network, its layers, and the images to study it with.

>>> study = world_classifier()  # what comes with the package
>>> study = own_classifier(model, "layer4", labeled, photos, concept="car")  # yours
>>> study = places_classifier("vgg16_places365-0bafbc55.pth", "places", segmenter, "imagenet")  # the paper's

The notebooks of the figures are the same for each of them.
"""

from __future__ import annotations

from dissect_widgets.replication.studies.division import Divided, DivisionStudy
from dissect_widgets.replication.studies.few_units import few_units_table, measure_few_units
from dissect_widgets.replication.studies.own import own_classifier, own_generator
from dissect_widgets.replication.studies.paper import lsun_generator, places_classifier
from dissect_widgets.replication.studies.study import ClassifierStudy, GeneratorStudy
from dissect_widgets.replication.studies.world import world_classifier, world_division, world_generator

__all__ = [
    "ClassifierStudy",
    "Divided",
    "DivisionStudy",
    "GeneratorStudy",
    "few_units_table",
    "lsun_generator",
    "measure_few_units",
    "own_classifier",
    "own_generator",
    "places_classifier",
    "world_classifier",
    "world_division",
    "world_generator",
]
