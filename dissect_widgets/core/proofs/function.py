"""A network is a function of each image: the same whenever it is run, alone and among others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.hooks import hooked, trace
from dissect_widgets.core.network.original import is_script, split_name
from dissect_widgets.core.network.outputs import SEPARATOR, distinct_tensors
from dissect_widgets.core.network.run import run
from dissect_widgets.core.proofs.report import Proof

CLAIM: Final = "an image gives the same alone as among others, whenever it is run"
OUTPUT: Final = "."
"""What the names of the network's outputs begin with, among those of layers, which never do."""
_HALF: Final = (torch.float16, torch.bfloat16)
_MOST_SAMPLES: Final = 4000
_NOISE_ADVICE: Final = (
    "Where it draws at random, dw.with_fixed_noise(model) draws the same for every image; where it keeps "
    "something from one pass to the next, reset that in its forward pass."
)
_BATCH_ADVICE: Final = (
    "A layer that looks at the whole batch (batch norm without running statistics, mixing of images) gives "
    "an image another output in every batch: give it running statistics, or take it out for evaluation."
)
_DIMENSION_ADVICE: Final = (
    "Take a layer whose first dimension is the batch, such as the stage that contains this one, or wrap it "
    "in a module that returns (B, ...)."
)


class Watched(NamedTuple):
    """What is compared."""

    layers: Sequence[str]
    """Dotted names."""
    parts: Mapping[str, str] = {}
    """Names of the tensors that are read of layers that output several."""
    calls: Mapping[str, int] | None = None
    """How often each layer runs in a pass, where what comes after the layers does not count."""


def prove_function(model: nn.Module, inputs: Tensor) -> Proof:
    """Prove that what a network outputs for an image depends on that image alone; three images go through it.

    Parameters
    ----------
    model
        In evaluation mode.
    inputs
        What the network takes, (B, ...), one image at least.
    """
    pair, nothing = torch.cat([inputs[:1], another_input(inputs)]), Watched([])
    among, alone = (outputs_of(model, nothing, part) for part in (pair, pair[:1]))
    return judge_function(model, nothing, pair, among, alone)


def judge_function(
    model: nn.Module,
    watched: Watched,
    pair: Tensor,
    among: Mapping[str, Tensor],
    alone: Mapping[str, Tensor],
) -> Proof:
    """Compare what a network outputs for the first of two inputs among both and alone.

    Parameters
    ----------
    model, watched, pair
        In evaluation mode; what is compared; the two inputs.
    among, alone
        Outputs by name, for both, and for the first; see `outputs_of`.
    """
    bad = next((name for name in alone if _far(among[name], alone[name]) > _allowed(alone[name])), None)
    if not alone:
        return Proof("network", CLAIM, "refused", "it outputs no tensor to compare", "Name the layers.")
    if bad is None:
        return Proof("network", CLAIM, "proved", f"compared in {len(alone)} of its outputs")
    what = "the network's output" if bad.startswith(OUTPUT) else f"layer {bad!r}"
    one, two = tuple(alone[bad].shape), tuple(among[bad].shape)
    if one[:1] != (1,) or two != (2, *one[1:]):
        seen = f"the first dimension of {what} is not the batch: it is {one} for one image, {two} for two"
        return Proof("network", CLAIM, "refused", seen, _DIMENSION_ADVICE)
    again = outputs_of(model, watched, pair)
    random = _far(again[bad], among[bad]) > _allowed(among[bad])
    where = _first_difference(model, pair, pair if random else pair[:1])
    share = f"{100 * _far(again[bad] if random else alone[bad], among[bad]):.2g} % of its largest value"
    if random:
        seen = f"two passes over the same images differ in {what} by {share}{where}"
        return Proof("network", CLAIM, "refused", seen, _NOISE_ADVICE)
    seen = f"{what} differs by {share} when the image is run alone{where}"
    return Proof("network", CLAIM, "refused", seen, _BATCH_ADVICE)


def another_input(inputs: Tensor) -> Tensor:
    """Another input, (1, ...), unlike the first: the second, or the first turned and inverted."""
    if len(inputs) > 1 and not torch.equal(inputs[:1], inputs[1:2]):
        return inputs[1:2]
    first = inputs[:1]
    return first.amax() + first.amin() - first.flip(list(range(1, first.dim())))


def tensors_of(output: Any) -> dict[str, Tensor]:
    """Tensors of a network's output, by names among outputs of layers; they begin with `OUTPUT`."""
    return {f"{OUTPUT}{name}": tensor for name, tensor in distinct_tensors(output).items()}


def outputs_of(model: nn.Module, watched: Watched, inputs: Tensor) -> dict[str, Tensor]:
    """Outputs of layers, as they were when these ended, and of the network if it ran to its end."""
    final: Any = None
    layers, parts, calls = watched
    with trace(model, layers, calls=calls, clone=layers, parts=parts) as seen:
        final = run(model, inputs)
    return seen | tensors_of(final)


def _far(some: Tensor, others: Tensor) -> float:
    """Largest difference in the first image, as a share of the largest value; infinite for other shapes."""
    if some.shape[1:] != others.shape[1:] or not len(some) or not len(others):
        return float("inf")
    if min(len(some), len(others)) < 1 or {len(some), len(others)} - {1, 2}:
        return float("inf")
    a, b = some[0].double().nan_to_num(), others[0].double().nan_to_num()
    if not a.numel():
        return 0.0
    largest = max(float(a.abs().max()), float(b.abs().max()))
    return float((a - b).abs().max()) / largest if largest > 0 else 0.0


def _allowed(output: Tensor) -> float:
    """What rounding may change, as a share of the largest value."""
    return 5e-2 if output.dtype in _HALF else 2e-3


def _first_difference(model: nn.Module, inputs: Tensor, others: Tensor) -> str:
    """The first module whose output for the first image differs between two passes, to end a message."""
    before = _samples(model, inputs)
    if others is inputs:
        run(model, inputs[:1])  # what is kept from pass to pass is another then
    after = _samples(model, others)
    for name, values in before.items():
        if name in after and _far(values, after[name]) > (1e-2 if values.dtype in _HALF else 1e-4):
            module = model.get_submodule(split_name(model, name)[0])
            return f", first in module {name!r} ({type(module).__name__})"
    return ""


def _samples(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Some numbers, (1, n), of the output for the first image of each module without children."""
    seen: dict[str, Tensor] = {}

    def recorder(name: str):  # type: ignore[no-untyped-def]
        def record(_module: nn.Module, _inputs: object, output: object) -> None:
            for part, tensor in distinct_tensors(output).items():
                values = tensor.detach()[:1].flatten() if tensor.dim() else tensor.detach().reshape(1)
                if values.is_complex() or not len(values):
                    continue
                places = torch.linspace(0, len(values) - 1, min(len(values), _MOST_SAMPLES)).long()
                key = f"{name}{SEPARATOR}{part}" if part else name
                seen[key] = values[places.to(values.device)][None]

        return record

    recorders = [
        (module, recorder(name))
        for name, module in model.named_modules()
        if name and not any(True for _ in module.children()) and not is_script(module)
    ]
    with hooked(model, recorders):
        run(model, inputs)
    return seen
