"""Names of weights: the prefixes that trainers put before them, and names that may mean the same weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

from dissect_widgets.errors import WeightsError, nearest, shown
from dissect_widgets.models.weight_files import USUAL_KEYS

_WRAPPERS: Final = ("module", "_orig_mod")
Shapes = Mapping[str, torch.Size]


def each_state(weights: Mapping[str, Tensor]) -> list[Mapping[str, Tensor]]:
    """All state dicts of a file, in order."""
    return [weights, *getattr(weights, "others", ())]


def under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Weights whose names have the prefix, without it."""
    return {n.removeprefix(prefix): tensor for n, tensor in weights.items() if n.startswith(prefix)}


def without_wrappers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names without the parts that wrappers leave in them; as they are where two would become the same."""
    plain = {".".join(p for p in name.split(".") if p not in _WRAPPERS): t for name, t in weights.items()}
    return plain if len(plain) == len(weights) else dict(weights)


def renamed(weights: Mapping[str, Tensor], new_name: Callable[[str], str], origin: str) -> dict[str, Tensor]:
    """Weights by other names; WeightsError if two that differ get the same."""
    result: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        new = new_name(name)
        if new in result and not _equal(result[new], tensor):
            raise WeightsError(f"{origin} has two weights for {shown(new)}, of which one is {shown(name)}.")
        result[new] = tensor
    return result


def prefixes_of(weights: Collection[str], names: Collection[str]) -> list[str]:
    """What may stand before all names, the one with most of them first; then the shortest."""
    known, counts = set(names), Counter[str]()
    most = max((name.count(".") + 1 for name in names), default=0)
    for name in weights:
        parts = name.split(".")
        for start in range(max(len(parts) - most, 0), len(parts)):
            if ".".join(parts[start:]) in known:
                counts["".join(f"{part}." for part in parts[:start])] += 1
    return sorted(counts, key=lambda prefix: (-counts[prefix], len(prefix), prefix))


def missing(weights: Collection[str], prefix: str, names: Iterable[str]) -> list[str]:
    """Names of a model that a file lacks; counts of batches may be missing."""
    return [n for n in names if prefix + n not in weights and not n.endswith("num_batches_tracked")]


def unknown(weights: Iterable[str], prefix: str, names: Collection[str]) -> list[str]:
    """Names of a file that a model lacks; but second names of what it has, see `check_twins`."""
    rest = [n for n in weights if n.startswith(prefix) and n.removeprefix(prefix) not in names]
    own = {bare(prefix + name) for name in names} if rest else set()
    return [name for name in rest if bare(name) not in own]


def _misshapen(weights: Mapping[str, Tensor], prefix: str, expected: Mapping[str, torch.Size]) -> list[str]:
    found = under(weights, prefix)
    return [name for name in found if name in expected and found[name].shape != expected[name]]


def fits(weights: Mapping[str, Tensor], prefix: str, expected: Mapping[str, torch.Size]) -> bool:
    """Whether all weights of a model stand under a prefix."""
    return not missing(weights, prefix, expected) and not _misshapen(weights, prefix, expected)


def check_alike(
    weights: Mapping[str, Tensor], prefixes: Sequence[str], names: Iterable[str], origin: str
) -> None:
    """Raise WeightsError if weights of the same names differ under two prefixes."""
    first, found = prefixes[0], list(names)
    for other in prefixes[1:]:
        for name in found:
            one, two = weights.get(first + name), weights.get(other + name)
            if one is not None and two is not None and not _equal(one, two):
                raise _ambiguous(first + name, other + name, first, other, origin)


def check_twins(
    weights: Mapping[str, Tensor], prefix: str, chosen: Mapping[str, Tensor], origin: str
) -> None:
    """Raise WeightsError if `weights` have others for the chosen names, with a prefix that trainers use.

    Parameters
    ----------
    chosen
        Those that are loaded, without the prefix.
    """
    own = {bare(prefix + name): name for name in chosen}
    for name, tensor in weights.items():
        twin = own.get(bare(name))
        is_chosen = name.startswith(prefix) and chosen.get(name.removeprefix(prefix)) is tensor
        if twin is None or is_chosen or _equal(tensor, chosen[twin]):
            continue
        raise _ambiguous(prefix + twin, name, prefix, name.removesuffix(twin), origin)


def bare(name: str) -> str:
    """Name without what wrappers leave in it, and what trainers usually put before it."""
    parts = [part for part in name.split(".") if part not in _WRAPPERS]
    while len(parts) > 1 and parts[0] in USUAL_KEYS:
        parts = parts[1:]
    return ".".join(parts)


def _ambiguous(one: str, two: str, prefix: str, other: str, origin: str) -> WeightsError:
    return WeightsError(
        f"{origin} has the weights of two such networks, which differ: {shown(one)} and {shown(two)}. "
        f"Keep those of one: {{name: tensor for name, tensor in weights.items() if "
        f"name.startswith({shown(max(prefix, other, key=len))})}}."
    )


def _equal(one: Tensor, two: Tensor) -> bool:
    if one is two:
        return True
    try:
        return one.dtype == two.dtype and torch.equal(one, two)
    except (RuntimeError, NotImplementedError):  # of tensors without memory, or of rare types
        return False


def problems(weights: Mapping[str, Tensor], expected: Mapping[str, torch.Size]) -> str:
    """Why weights do not fit, under the prefix that fits best."""
    best: tuple[int, str, str, Mapping[str, Tensor]] = 0, "", "", dict(weights)
    for state in each_state(weights):
        for variant in (dict(state), without_wrappers(state)):
            for prefix in prefixes_of(variant, expected):
                right = len(under(variant, prefix).keys() & expected.keys())
                right -= len(_misshapen(variant, prefix, expected))
                if right > best[0]:
                    best = right, prefix, getattr(state, "key", ""), variant
    right, prefix, key, state = best
    extra, lacking = unknown(state, prefix, expected), missing(state, prefix, expected)
    found = [f"of its state dicts, {shown(key)} is nearest." if getattr(weights, "others", ()) else ""]
    if prefix:
        found.append(f"Without the prefix {shown(prefix)}, {right} of {len(expected)} names and shapes fit.")
    if extra:
        name = extra[0].removeprefix(prefix)
        found.append(f"{shown(name)} is not in the model.{nearest(name, expected)}")
    if lacking:
        found.append(f"The file lacks {len(lacking)} names, such as {shown(lacking[0])}.")
    if not extra and not lacking:
        for name in _misshapen(state, prefix, expected)[:1]:
            shapes = f"{shown(tuple(state[prefix + name].shape))}, the model's {tuple(expected[name])}"
            found.append(f"{shown(name)} has shape {shapes}.")
    return " ".join(filter(None, found))
