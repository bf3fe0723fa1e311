"""The members of the zoo that learn without labels, and the one that learns from captions.

Each AlexNet differs from the others in its task alone. TPAMI 2018, Table 2 and sections 3.4 and 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dissect_widgets.world.zoo.base import Budget, Member, Task
from dissect_widgets.world.zoo.tasks.captioning import Captioning
from dissect_widgets.world.zoo.tasks.coloring import Colorization, CrossChannel
from dissect_widgets.world.zoo.tasks.context import Context
from dissect_widgets.world.zoo.tasks.inpainting import ContextEncoder
from dissect_widgets.world.zoo.tasks.motion import EgoMotion, Moving
from dissect_widgets.world.zoo.tasks.objects import ObjectCentric
from dissect_widgets.world.zoo.tasks.order import VideoOrder
from dissect_widgets.world.zoo.tasks.puzzle import Puzzle
from dissect_widgets.world.zoo.tasks.sound import Audio
from dissect_widgets.world.zoo.tasks.tracking import Tracking
from dissect_widgets.world.zoo.tasks.transitive import TransitiveInvariance


@dataclass(frozen=True)
class _Pretext:
    """A task, how long it is learned, and where it is simpler than its source."""

    task: Task
    budget: Budget
    simpler: str


_SELF_SUPERVISED: Final = (
    _Pretext(
        Context(),
        Budget(steps=6_000, batch=128),
        "patches of 24 pixels; color dropped for half of the pairs instead of projected",
    ),
    _Pretext(Puzzle(), Budget(steps=3_000), "64 permutations instead of up to 1,000; tiles of 24 pixels"),
    _Pretext(
        EgoMotion(),
        Budget(steps=3_000),
        "kinds of motion are the largest axis and its sign instead of clusters",
    ),
    _Pretext(
        Tracking(),
        Budget(steps=3_000),
        "clips of four frames; boxes follow the known motion; negatives from the batch",
    ),
    _Pretext(Moving(), Budget(steps=3_000), "five classes for each axis of the motion instead of twenty"),
    _Pretext(
        VideoOrder(),
        Budget(steps=2_500),
        "clips of four frames; half of the triples are wrong; differences of maps are joined",
    ),
    _Pretext(Audio(), Budget(steps=3_000), "the sound is made up, from the things in the picture"),
    _Pretext(CrossChannel(), Budget(steps=10_000, batch=128), "color bins of 16, and 16 levels of lightness"),
    _Pretext(
        Colorization(),
        Budget(steps=10_000, batch=128),
        "color bins of 16; each color is its nearest bin; balanced by the batch",
    ),
    _Pretext(
        ObjectCentric(),
        Budget(steps=3_000),
        "proposals are the random squares that differ most from what is around them",
    ),
    _Pretext(
        TransitiveInvariance(),
        Budget(steps=2_000, batch=128),
        "an AlexNet instead of a VGG; links by a fixed descriptor, in the batch",
    ),
    _Pretext(
        ContextEncoder(),
        Budget(steps=2_500),
        "squared distance alone, without an adversary; the hole is always in the middle",
    ),
)


def _self_supervised() -> list[Member]:
    return [
        Member(
            name=f"alexnet-{part.task.name}",
            family="self-supervised",
            network="AlexNet",
            task=part.task,
            budget=part.budget,
            differs=f"learns without labels: {part.task.name}",
            simpler=part.simpler,
            priority=12,
        )
        for part in _SELF_SUPERVISED
    ]


CAPTIONING: Final = Member(
    name="resnet-captions",
    family="captioning",
    network="ResNet",
    task=Captioning(),
    budget=Budget(steps=10_000, batch=128),
    differs="learns captions, with an LSTM",
    simpler="sentences about drawn pictures; the LSTM sees the picture at each word; greedy decoding",
    priority=12,
)

MEMBERS: Final = (*_self_supervised(), CAPTIONING)
"""All of them, in the order in which they are shown."""
