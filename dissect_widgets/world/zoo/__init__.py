"""The zoo: small networks of the world that differ in one thing each.

>>> from dissect_widgets.world import zoo
>>> zoo.NAMES                                 # all that there are
>>> zoo.table()                               # what differs, and how well each learned its task
>>> zoo.load("alexnet-scenes")                # conv1 ... fc8, in evaluation mode
>>> zoo.load("alexnet-scenes", 40)            # its convolutions after 40 steps
>>> zoo.last_layers()                         # all of them with their last layers, for `dissect_networks`
>>> zoo.caption(pictures)                     # what the one that learned captions says
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dissect_widgets.world.zoo.registry import (
        NAMES,
        classes,
        figures,
        last_layers,
        layers,
        load,
        member,
        snapshot_figures,
        steps,
        table,
    )
    from dissect_widgets.world.zoo.speaking import caption

__all__ = [
    "NAMES",
    "caption",
    "classes",
    "figures",
    "last_layers",
    "layers",
    "load",
    "member",
    "snapshot_figures",
    "steps",
    "table",
]


def __getattr__(name: str) -> Any:
    """What the registry has, which is loaded when it is asked for: processes that draw do not need it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dissect_widgets.world.zoo import registry, speaking

    return speaking.caption if name == "caption" else getattr(registry, name)


def __dir__() -> list[str]:
    return sorted(__all__)
