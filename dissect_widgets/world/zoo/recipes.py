"""The members of the zoo that learn from labels; each differs from a baseline in one thing.

The baseline is "alexnet-scenes". TPAMI 2018, Table 2 and sections 3.3 to 3.8.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from torch import nn

from dissect_widgets.world.finer_classes import CLASSES as FINER
from dissect_widgets.world.finer_classes import classes_of
from dissect_widgets.world.networks.alexnet import AlexNet, AlexNetGAP, widened
from dissect_widgets.world.networks.densenet import DenseNet
from dissect_widgets.world.networks.googlenet import GoogLeNet
from dissect_widgets.world.networks.resnet import ResNet
from dissect_widgets.world.networks.vgg import VGG, WIDE
from dissect_widgets.world.zoo.base import Budget, Member
from dissect_widgets.world.zoo.names import OBJECT_KINDS, SCENES
from dissect_widgets.world.zoo.tasks.classes import Classes

NETWORKS: Final[dict[str, Callable[..., nn.Module]]] = {
    "AlexNet": AlexNet,
    "ResNet": ResNet,
    "VGG": VGG,
    "GoogLeNet": GoogLeNet,
    "DenseNet": DenseNet,
}
"""What learns scenes and objects, by name."""

BUDGET: Final = Budget(steps=5_000)
FINER_BUDGET: Final = Budget(steps=20_000, batch=128)
TUNING: Final = Budget(steps=3_000, rate=1e-3)


def log_steps(last: int, count: int, first: int = 4) -> tuple[int, ...]:
    """0, and `count` steps from the first to the last, evenly in the logarithm."""
    return (0, *(int(step) for step in np.geomspace(first, last, count).round()))


def scenes(network: Callable[..., nn.Module], **options: Any) -> Classes:
    """Learn all scenes."""
    return Classes("scenes", partial(network, len(SCENES), **options), (len(SCENES),))


def objects(network: Callable[..., nn.Module], **options: Any) -> Classes:
    """Learn all kinds of objects."""
    return Classes("objects", partial(network, len(OBJECT_KINDS), **options), (len(OBJECT_KINDS),))


BASELINE: Final = Member(
    name="alexnet-scenes",
    family="supervised",
    network="AlexNet",
    task=scenes(AlexNet),
    budget=BUDGET,
    differs="the baseline",
    snapshots=log_steps(BUDGET.steps, 14),
    priority=0,
)


def _supervised() -> list[Member]:
    """Each network on scenes and on objects; AlexNet on half of the scenes, and on both."""
    priorities = {"AlexNet": 0, "ResNet": 10, "VGG": 11, "GoogLeNet": 40, "DenseNet": 41}
    members = []
    for name, network in NETWORKS.items():
        for data, task in (("scenes", scenes(network)), ("objects", objects(network))):
            member = BASELINE.changed(
                name=f"{name.lower()}-{data}",
                network=name,
                task=task,
                snapshots=(),
                priority=priorities[name],
                differs=f"network: {name}" if data == "scenes" else f"learns {data}",
            )
            members.append(BASELINE if member.name == BASELINE.name else member)
    half = Classes("scenes", partial(AlexNet, len(SCENES) // 2), (len(SCENES),), range(0, len(SCENES), 2))
    sizes = len(SCENES), len(OBJECT_KINDS)
    hybrid = Classes("scenes+objects", partial(AlexNet, sum(sizes)), sizes)
    return [
        BASELINE.changed(
            name="alexnet-untrained",
            task=BASELINE.task,
            budget=Budget(steps=0),
            snapshots=(),
            differs="learns nothing",
            priority=2,
        ),
        *members,
        BASELINE.changed(
            name="alexnet-half-scenes",
            task=half,
            snapshots=(),
            differs="learns half of the scenes",
            priority=20,
        ),
        BASELINE.changed(
            name="alexnet-hybrid",
            task=hybrid,
            snapshots=(),
            differs="learns scenes and objects together",
            budget=BUDGET._replace(steps=8_000),
            priority=5,
        ),
    ]


def _conditions() -> list[Member]:
    """The baseline with other seeds, without dropout, with batch norm."""
    plain = BASELINE.changed(family="conditions", snapshots=(), priority=30)
    return [
        *(
            plain.changed(
                name=f"alexnet-scenes-seed{seed}", budget=BUDGET._replace(seed=seed), differs=f"seed: {seed}"
            )
            for seed in (1, 2, 3)
        ),
        plain.changed(
            name="alexnet-scenes-no-dropout", task=scenes(AlexNet, dropout=0.0), differs="without dropout"
        ),
        plain.changed(
            name="alexnet-scenes-batch-norm", task=scenes(AlexNet, norm=True), differs="with batch norm"
        ),
    ]


def _transfers() -> list[Member]:
    """From scenes to objects and back; all layers are tuned."""
    plain = BASELINE.changed(
        family="transfer", budget=TUNING, snapshots=log_steps(TUNING.steps, 9), priority=15
    )
    return [
        plain.changed(
            name="alexnet-scenes-to-objects",
            task=objects(AlexNet),
            begins="alexnet-scenes",
            differs="learned scenes, then objects",
        ),
        plain.changed(
            name="alexnet-objects-to-scenes",
            task=scenes(AlexNet),
            begins="alexnet-objects",
            differs="learned objects, then scenes",
        ),
    ]


def _widths() -> list[Member]:
    """AlexNet without fc6 and fc7, with more and more units."""
    versions = {
        "gap": ("means of conv5 instead of fc6 and fc7", widened(1)),
        "gap-wide": ("the same, conv5 three times as wide", widened(3)),
        "gap-wide-all": ("the same, and conv2 to conv4 twice as wide", widened(3, 2)),
        "gap-x4": ("means of conv5, which is four times as wide", widened(4)),
        "gap-x8": ("means of conv5, which is eight times as wide", widened(8)),
    }
    return [
        BASELINE.changed(
            name=f"alexnet-{name}",
            family="width",
            network="AlexNet-GAP",
            task=scenes(AlexNetGAP, widths=widths),
            differs=differs,
            snapshots=(),
            priority=25,
        )
        for name, (differs, widths) in versions.items()
    ]


def _finer() -> list[Member]:
    """A VGG like the shipped classifier on finer classes, and on the scenes of the same pictures."""
    scene_of = {number: SCENES.index(scene) for scene in SCENES for number in classes_of(scene)}
    groups = tuple(scene_of[number] for number in range(len(FINER)))
    fine = Classes("finer", partial(VGG, len(FINER), widths=WIDE, units=192), (len(FINER),))
    coarse = Classes(
        "finer", partial(VGG, len(SCENES), widths=WIDE, units=192), (len(SCENES),), groups=groups
    )
    plain = BASELINE.changed(family="classes", network="VGG", snapshots=(), budget=FINER_BUDGET, priority=13)
    return [
        plain.changed(name="vgg-finer", task=fine, differs=f"learns {len(FINER)} finer classes"),
        plain.changed(name="vgg-coarser", task=coarse, differs="learns the scenes of the same pictures"),
    ]


SUPERVISED: Final = (*_supervised(), *_conditions(), *_transfers(), *_widths(), *_finer())
"""All of them, in the order in which they are shown."""
