"""Weights put into a network: what fits is proved by all names and shapes, without prefixes of trainers."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from pathlib import Path

from torch import Tensor, nn

from dissect_widgets.core.network.original import original
from dissect_widgets.errors import WeightsError, shortened, shown
from dissect_widgets.models.weight_files import read_weights as read_weights
from dissect_widgets.models.weight_names import (
    check_alike,
    check_twins,
    each_state,
    fits,
    missing,
    prefixes_of,
    problems,
    under,
    unknown,
    without_wrappers,
)
from dissect_widgets.models.weight_values import put_in, taken_over, tensors_of


def fit_names(weights: Mapping[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    """Weights of a file with the `names` of a network: without the prefix that a trainer has put before them.

    Where no prefix makes all names fit, only "module", which parallel training leaves in names, is removed.

    Raises
    ------
    WeightsError
        If two prefixes make them fit, with different weights.
    """
    for state in each_state(weights):
        fitting = [prefix for prefix in prefixes_of(state, names) if missing(state, prefix, names) == []]
        if fitting:
            check_alike(state, fitting, names, "The file")
            found = under(state, fitting[0])
            check_twins(state, fitting[0], found, "The file")
            return found
    return without_wrappers(weights)


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], *, origin: str | Path) -> None:
    """Load weights into a model; every name, shape and kind of numbers must fit.

    Names may have a prefix that a trainer has put before all of them ("module.", "model.", "encoder_q." ...).
    Of several state dicts of a file, the first is taken that fits. Floats of another precision are rounded.

    Raises
    ------
    WeightsError
        If they do not fit; the message names which, and the nearest names; if two prefixes fit, with
        different weights; or if values are NaN, infinite, or of another kind, such as whole numbers for
        floats. The model is unchanged, bit for bit.

    Warns
    -----
    UserWarning
        If several state dicts of the file fit, or it has other weights beside those of the model.
    """
    model, origin = original(model), shortened(origin, 400)
    of_model = tensors_of(model)
    for state in each_state(weights):
        _check_tensors(state, origin)
    key, prefix, state, warning = _choose(weights, model, of_model, origin)
    chosen = {name: state[prefix + name] for name in of_model if prefix + name in state}
    check_twins(state, prefix, chosen, origin)
    for other in each_state(weights):
        if _encloses(getattr(other, "key", ""), key):
            check_twins(other, prefix, chosen, origin)
    buffers = {name for name, _ in model.named_buffers(remove_duplicate=False)}
    put_in(
        model,
        {
            name: taken_over(value, of_model[name], name, origin, buffer=name in buffers)
            for name, value in chosen.items()
        },
        origin,
    )
    if warning:
        warnings.warn(warning, stacklevel=2)
    loaded = {prefix + name for name in chosen}
    beside = [name for name in state if name not in loaded]
    if beside:
        warnings.warn(
            f"{origin}: the weights under {shown(prefix)} are loaded; {len(beside)} others are not, such as "
            f"{shown(beside[0])}.",
            stacklevel=2,
        )


def _choose(
    weights: Mapping[str, Tensor], model: nn.Module, of_model: Mapping[str, Tensor], origin: str
) -> tuple[str, str, Mapping[str, Tensor], str]:
    """Key, prefix and state dict of the weights that fit, and what there is to warn of."""
    expected = {name: tensor.shape for name, tensor in of_model.items()}
    complete: list[tuple[str, str, Mapping[str, Tensor]]] = []
    for state in each_state(weights):
        for variant in (dict(state), without_wrappers(state)):
            fitting = [p for p in prefixes_of(variant, expected) if fits(variant, p, expected)]
            if fitting:
                check_alike(variant, fitting, expected, origin)
                fitting = [prefix for prefix in fitting if not unknown(variant, prefix, expected)]
                complete += [(getattr(state, "key", ""), prefix, variant) for prefix in fitting[:1]]
                break
    if not complete:
        raise WeightsError(f"{origin} does not fit {type(model).__name__}: {problems(weights, expected)}")
    key, warning = complete[0][0], ""
    others = [shown(other) for other, *_ in complete[1:] if not _encloses(other, key)]
    if others:
        more = " and ".join(others[:4])
        warning = f"{origin}: the weights under {shown(key)} are loaded; {more} would fit as well."
    return *complete[0], warning


def _encloses(key: str, inner: str) -> bool:
    """Whether a part of a checkpoint has another one in it."""
    return key != inner and (not key or inner.startswith(f"{key}."))


def _check_tensors(weights: Mapping[str, Tensor], origin: str) -> None:
    """Raise WeightsError unless weights are tensors by name."""
    if not isinstance(weights, Mapping):
        raise WeightsError(f"{origin}: the weights are {shown(weights)}, not a dict of tensors by name.")
    for name, value in weights.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise WeightsError(f"{origin}: {shown(name)} is {shown(value)}; weights are tensors by name.")
