"""Weights put into a network: what fits is proved by all names and shapes, without prefixes of trainers."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.original import original
from dissect_widgets.errors import WeightsError, nearest
from dissect_widgets.models.weight_files import read_weights as read_weights

_WRAPPERS: Final = ("module", "_orig_mod")


def fit_names(weights: Mapping[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    """Weights of a file with the `names` of a network: without the prefix that a trainer has put before them.

    Where no prefix makes all names fit, only "module", which parallel training leaves in names, is removed.

    Raises
    ------
    WeightsError
        If two prefixes make them fit, with different weights.
    """
    for state in _each(weights):
        fits = [prefix for prefix in _prefixes(state, names) if _missing(state, prefix, names) == []]
        if fits:
            _check_alike(state, fits, names, "The file")
            return _under(state, fits[0])
    return _without_wrappers(weights)


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], *, origin: str | Path) -> None:
    """Load weights into a model; every name and shape must fit.

    Names may have a prefix that a trainer has put before all of them ("module.", "model.", "encoder_q." ...).
    Of several state dicts of a file, the first is taken that fits.

    Raises
    ------
    WeightsError
        If they do not; the message names which, and the nearest names; or if two prefixes fit, with different
        weights. The model is unchanged.

    Warns
    -----
    UserWarning
        If several state dicts of the file fit, or it has other weights beside those of the model.
    """
    model = original(model)
    expected = {name: tensor.shape for name, tensor in model.state_dict().items()}
    complete = []
    for state in _each(weights):
        for variant in (dict(state), _without_wrappers(state)):
            fits = [prefix for prefix in _prefixes(variant, expected) if _fits(variant, prefix, expected)]
            if fits:
                _check_alike(variant, fits, expected, origin)
                fits = [prefix for prefix in fits if not _unknown(variant, prefix, expected)]
                complete += [(getattr(state, "key", ""), prefix, variant) for prefix in fits[:1]]
                break
    if not complete:
        raise WeightsError(f"{origin} does not fit {type(model).__name__}: {_problems(weights, expected)}")
    key, prefix, variant = complete[0]
    if len(complete) > 1:
        keys = " and ".join(repr(other) for other, *_ in complete[1:])
        warnings.warn(
            f"{origin}: the weights under {key!r} are loaded; {keys} would fit as well.", stacklevel=2
        )
    beside = [name for name in variant if not name.startswith(prefix)]
    if beside:
        warnings.warn(
            f"{origin}: the weights under {prefix!r} are loaded; {len(beside)} others are not, such as "
            f"{beside[0]!r}.",
            stacklevel=2,
        )
    model.load_state_dict(_under(variant, prefix), strict=False)


def _each(weights: Mapping[str, Tensor]) -> list[Mapping[str, Tensor]]:
    """All state dicts of a file, in order."""
    return [weights, *getattr(weights, "others", ())]


def _under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): tensor for n, tensor in weights.items() if n.startswith(prefix)}


def _without_wrappers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names without the parts that wrappers leave in them; as they are where two would become the same."""
    plain = {".".join(p for p in name.split(".") if p not in _WRAPPERS): t for name, t in weights.items()}
    return plain if len(plain) == len(weights) else dict(weights)


def _prefixes(weights: Collection[str], names: Collection[str]) -> list[str]:
    """What may stand before all names, the one with most of them first; then the shortest."""
    known, counts = set(names), Counter[str]()
    for name in weights:
        parts = name.split(".")
        for start in range(len(parts)):
            if ".".join(parts[start:]) in known:
                counts["".join(f"{part}." for part in parts[:start])] += 1
    return sorted(counts, key=lambda prefix: (-counts[prefix], len(prefix), prefix))


def _missing(weights: Collection[str], prefix: str, names: Iterable[str]) -> list[str]:
    return [n for n in names if prefix + n not in weights and not n.endswith("num_batches_tracked")]


def _unknown(weights: Iterable[str], prefix: str, names: Collection[str]) -> list[str]:
    return [n for n in weights if n.startswith(prefix) and n.removeprefix(prefix) not in names]


def _misshapen(weights: Mapping[str, Tensor], prefix: str, expected: Mapping[str, torch.Size]) -> list[str]:
    found = _under(weights, prefix)
    return [name for name in found if name in expected and found[name].shape != expected[name]]


def _fits(weights: Mapping[str, Tensor], prefix: str, expected: Mapping[str, torch.Size]) -> bool:
    """Whether all weights of a model stand under a prefix."""
    return not _missing(weights, prefix, expected) and not _misshapen(weights, prefix, expected)


def _check_alike(
    weights: Mapping[str, Tensor], prefixes: Sequence[str], names: Iterable[str], origin: str | Path
) -> None:
    """Raise WeightsError if weights of the same names differ under two prefixes."""
    first, found = prefixes[0], list(names)
    for other in prefixes[1:]:
        for name in found:
            one, two = weights.get(first + name), weights.get(other + name)
            if one is not None and two is not None and not torch.equal(one, two):
                raise WeightsError(
                    f"{origin} has the weights of two such networks, which differ: {first + name!r} and "
                    f"{other + name!r}. Keep those of one: {{name: tensor for name, tensor in "
                    f"weights.items() if name.startswith({max(first, other, key=len)!r})}}."
                )


def _problems(weights: Mapping[str, Tensor], expected: Mapping[str, torch.Size]) -> str:
    """Why weights do not fit, under the prefix that fits best."""
    best: tuple[int, str, str, Mapping[str, Tensor]] = 0, "", "", dict(weights)
    for state in _each(weights):
        for variant in (dict(state), _without_wrappers(state)):
            for prefix in _prefixes(variant, expected):
                right = len(_under(variant, prefix).keys() & expected.keys())
                right -= len(_misshapen(variant, prefix, expected))
                if right > best[0]:
                    best = right, prefix, getattr(state, "key", ""), variant
    right, prefix, key, state = best
    unknown, missing = _unknown(state, prefix, expected), _missing(state, prefix, expected)
    problems = [f"of its state dicts, {key!r} is nearest." if getattr(weights, "others", ()) else ""]
    if prefix:
        problems.append(f"Without the prefix {prefix!r}, {right} of {len(expected)} names and shapes fit.")
    if unknown:
        name = unknown[0].removeprefix(prefix)
        problems.append(f"{name!r} is not in the model.{nearest(name, expected)}")
    if missing:
        problems.append(f"The file lacks {len(missing)} names, such as {missing[0]!r}.")
    if not unknown and not missing:
        for name in _misshapen(state, prefix, expected)[:1]:
            shapes = f"{tuple(state[prefix + name].shape)}, the model's {tuple(expected[name])}"
            problems.append(f"{name!r} has shape {shapes}.")
    return " ".join(filter(None, problems))
