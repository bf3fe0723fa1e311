"""The members of the zoo, with their weights.

>>> NAMES                                     # all that there are
>>> load("alexnet-scenes")                    # conv1 ... fc8, in evaluation mode
>>> load("alexnet-scenes", 40)                # its convolutions after 40 steps
>>> table()                                   # what differs, and how well each learned its task
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from torch import Tensor, nn

from dissect_widgets.core.network.random_numbers import restored_random_numbers
from dissect_widgets.errors import SettingError, WeightsError, nearest, shown
from dissect_widgets.models.weights import load_weights
from dissect_widgets.world.finer_classes import CLASSES as FINER
from dissect_widgets.world.networks.alexnet import AlexNet
from dissect_widgets.world.zoo.base import Member, backbone
from dissect_widgets.world.zoo.files import read
from dissect_widgets.world.zoo.names import OBJECT_KINDS, SCENES
from dissect_widgets.world.zoo.recipes import SUPERVISED
from dissect_widgets.world.zoo.tasks.classes import Classes
from dissect_widgets.world.zoo.tasks.members import MEMBERS

FOLDER: Final = Path(__file__).parent / "weights"
DIGESTS: Final = FOLDER / "digests.json"
"""SHA-256 of each file, and what was noted when its network was trained."""

ALL: Final[Mapping[str, Member]] = {member.name: member for member in (*SUPERVISED, *MEMBERS)}
"""Every member by its name, in the order in which they are shown."""
NAMES: Final = tuple(ALL)

_CLASSES: Final[Mapping[str, tuple[str, ...]]] = {"scenes": SCENES, "objects": OBJECT_KINDS, "finer": FINER}


def member(name: str) -> Member:
    """The recipe of a member.

    Raises
    ------
    WeightsError
        If there is no such member; it says the nearest names.
    """
    if name not in ALL:
        raise WeightsError(f"The zoo has no {shown(name)}.{nearest(name, NAMES)}")
    return ALL[name]


def load(name: str, step: int | None = None, *, whole: bool = False) -> nn.Module:
    """Load a network, in evaluation mode: pictures float (B, 3, 96, 96) in [0, 1] go in.

    Parameters
    ----------
    name
        One of `NAMES`.
    step
        After how many steps, one of `steps(name)`; only the convolutions of these are kept, so what comes
        is a network that ends with pool5. By default at the end, all of it.
    whole
        Whether to load what the network was trained with, too: by default it is the part that is dissected,
        which for networks that learned from labels is all there is.

    Raises
    ------
    WeightsError
        If there is no such network, or its file is damaged or another's.
    SettingError
        If there is no such step.
    """
    recipe = member(name)
    if step is not None:
        return _snapshot(recipe, step)
    net = recipe.task.build(recipe.budget.seed)
    path = FOLDER / f"{name}.safetensors"
    load_weights(net, read(path, sha256=_digest(path))[0], origin=path)
    return (net if whole else backbone(net)).eval()


def steps(name: str) -> tuple[int, ...]:
    """Steps of the snapshots of a member, which `load` takes."""
    return member(name).snapshots


def layers(name: str) -> tuple[str, ...]:
    """Layers of a member that are dissected, in order; the last is what networks are compared by."""
    net = backbone(member(name).task.build(0))
    inner: tuple[str, ...] = getattr(net, "layers", ())
    return inner or tuple(key for key, part in net.named_modules() if isinstance(part, nn.Conv2d))


def last_layers(names: Sequence[str] = NAMES) -> dict[str, tuple[nn.Module, str]]:
    """Members by name, each with the layer that networks are compared by; see `dissect_networks`."""
    return {name: (load(name), layers(name)[-1]) for name in names}


def classes(name: str) -> tuple[str, ...]:
    """Names of the classes that a member's scores are of, in their order; empty if it learns no classes."""
    task = member(name).task
    if not isinstance(task, Classes):
        return ()
    if task.groups:
        return SCENES
    names = [name for part in task.data.split("+") for name in _CLASSES[part]]
    return tuple(names if task.kept is None else [names[place] for place in task.kept])


def table() -> pd.DataFrame:
    """What each member is, and how well it learned its task.

    Returns
    -------
    DataFrame
        A row for each member, by name: family, network, task, data, differs, simpler, measure (name of the
        figure), figure (on held-out pictures, as shipped), chance (what guessing gives), steps, parameters,
        snapshots (how many), digest (the first 12 places of SHA-256), seconds (that training took), device.
        Figures are missing where no weights are shipped.
    """
    notes = _notes()
    return pd.DataFrame([_row(recipe, notes) for recipe in ALL.values()]).set_index("name")


def figures(name: str) -> dict[str, float]:
    """All figures of a member on held-out pictures."""
    member(name)
    return dict(_notes().get(f"{name}.safetensors", {}).get("figures", {}))


def snapshot_figures(name: str) -> pd.DataFrame:
    """Figures of the snapshots of a member, a row for each step."""
    member(name)
    kept = _notes().get(f"{name}.safetensors", {}).get("snapshots", {})
    frame = pd.DataFrame.from_dict({int(step): values for step, values in kept.items()}, orient="index")
    return frame.rename_axis("step")


def _row(recipe: Member, notes: Mapping[str, Any]) -> dict[str, Any]:
    note = notes.get(f"{recipe.name}.safetensors", {})
    kept: dict[str, float] = note.get("figures", {})
    measure = recipe.task.measure
    net = recipe.task.build(0)
    return {
        "name": recipe.name,
        "family": recipe.family,
        "network": recipe.network,
        "task": recipe.task.name,
        "data": recipe.task.data,
        "differs": recipe.differs,
        "simpler": recipe.simpler,
        "measure": measure,
        "figure": kept.get(measure, float("nan")),
        "chance": kept.get(f"{measure}, chance", recipe.task.chance.get(measure, float("nan"))),
        "steps": note.get("step", recipe.budget.steps),
        "parameters": sum(weight.numel() for weight in net.parameters()),
        "snapshots": len(recipe.snapshots),
        "digest": note.get("sha256", "")[:12],
        "seconds": note.get("seconds", float("nan")),
        "device": note.get("device", ""),
    }


def _snapshot(recipe: Member, step: int) -> nn.Module:
    if step not in recipe.snapshots:
        raise SettingError(
            f"{shown(recipe.name)} has no snapshot after {step} steps."
            + (nearest(step, recipe.snapshots) if recipe.snapshots else " It has none.")
        )
    path = FOLDER / f"{recipe.name}.snapshots.safetensors"
    weights, _ = read(path, sha256=_digest(path))
    start = f"{step}/"
    with restored_random_numbers():
        trunk = AlexNet(None)
    chosen: dict[str, Tensor] = {
        key.removeprefix(start): value for key, value in weights.items() if key.startswith(start)
    }
    load_weights(trunk, chosen, origin=path)
    return trunk.eval()


def _notes() -> dict[str, Any]:
    notes: dict[str, Any] = json.loads(DIGESTS.read_text("utf-8")) if DIGESTS.exists() else {}
    return notes


def _digest(path: Path) -> str:
    notes = _notes()
    if path.name not in notes:
        raise WeightsError(
            f"No weights of {shown(path.name.split('.')[0])} are shipped. "
            "Train them: python -m dissect_widgets.world.train zoo"
        )
    digest: str = notes[path.name]["sha256"]
    return digest
