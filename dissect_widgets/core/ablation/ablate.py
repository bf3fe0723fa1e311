"""Scores of a network when units of a layer are forced to zero: exactly, and without full passes.

>>> network = open_network(model, info, inputs)
>>> reading = network.read(inputs)
>>> for images, ablations, scores in ablate(network, reading, kept):
...     ...

Three strategies lead to the same scores (PNAS 2020, "Role of Units in a Scene Classifier", removes units by a
hook and a full pass for each):

- `network.FullForward`: a full pass for each ablation. Every network can be run like this.
- `network.PartialForward`: the part before the layer runs once, the part after it for each ablation.
- `linear_terms.LinearTerms` and `ConvolutionTerms`: the part after it begins with steps that treat each
  unit by itself, and a linear layer. Its output is a sum of one term for each unit, and all ablations
  share these.

An ablation that changes nothing on an image, because its units are silent there, is not run at all.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.forward import CachedForward, FullForward, Network, PartialForward
from dissect_widgets.core.network.layers import LayerInfo
from dissect_widgets.core.network.linear_terms import ConvolutionTerms, LinearTerms
from dissect_widgets.core.network.split import split
from dissect_widgets.core.network.traced import CannotSplit
from dissect_widgets.errors import LayerError, shown

_TOLERANCE = 1e-4


def ablate(network: Network, reading: CachedForward, kept: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Scores of every image under every ablation that makes a difference.

    Parameters
    ----------
    network, reading
        A network, and its output for a batch.
    kept
        bool (ablations, units), the units that each keeps.

    Yields
    ------
    tuple
        Images int (n,), ablations int (n,), scores (n, classes). All other scores stay the same.
    """
    removed = (~kept).float()
    images, edits = (reading.active.float() @ removed.T > 0).nonzero(as_tuple=True)
    rows = network.rows(reading)
    for start in range(0, len(images), rows):
        b, e = images[start : start + rows], edits[start : start + rows]
        yield b, e, network.scores(reading, b, kept[e])


def open_network(model: nn.Module, info: LayerInfo, inputs: Tensor, *, many: bool = True) -> Network:
    """Find the fastest strategy to run a network under ablations that proves right on `inputs`.

    Parameters
    ----------
    model
        In evaluation mode.
    info
        The layer.
    inputs
        Two images, as the network takes them.
    many
        Whether there will be many ablations of each image, so that it pays to share their computation.

    Raises
    ------
    LayerError
        If the output is not scores, or does not depend on the layer.
    """
    whole = FullForward(model, info)
    reading = whole.read(inputs)
    if info.part:
        _check_it_matters(whole, reading)
    network, reason = _fastest(whole, reading, inputs, many)
    if network is None:
        network = whole
        network.strategy += f": {reason}"
    network.classes = reading.scores.shape[1]
    if network.classes < 2:
        raise LayerError("The network outputs a single score; it must have two classes or more.")
    return network


def _check_it_matters(whole: FullForward, reading: CachedForward) -> None:
    """Raise LayerError if nothing reads one of several outputs of a layer: hidden states, mostly."""
    images = torch.arange(len(reading.scores), device=reading.scores.device)
    none = torch.zeros_like(reading.active)
    if reading.active.any() and torch.equal(whole.scores(reading, images, none), reading.scores):
        raise LayerError(
            f"The output of the network does not depend on {shown(whole.info.name)}, one of the "
            "tensors that its module outputs: ablating its units cannot change a prediction. Name the layer "
            "that computes it."
        )


def _fastest(
    whole: FullForward, reading: CachedForward, inputs: Tensor, many: bool
) -> tuple[Network | None, str]:
    """The first strategy in parts that proves right, or why there is none."""
    model, info = whole.model, whole.info
    if info.calls > 1:
        return None, f"{info.name} runs {info.calls} times in a pass"
    if info.part:
        return None, f"{info.name} does not output a tensor alone"
    try:
        parts, stages = split(model, info.name)
        parts = parts.with_per_image(inputs)
    except CannotSplit as error:
        return None, str(error)
    candidates: list[Network] = []
    reason = ""
    if stages is not None and many:
        terms = LinearTerms if isinstance(stages.linear, nn.Linear) else ConvolutionTerms
        candidates.append(terms(parts, stages, info))
    for network in [*candidates, PartialForward(parts, info)]:
        reason = _difference(network, whole, reading, inputs)
        if not reason:
            return network, ""
    return None, reason


def _difference(network: Network, whole: FullForward, reading: CachedForward, inputs: Tensor) -> str:
    """How scores differ from those of full passes, with all units, without one, half, all; "" if not."""
    images = torch.tensor([0, 1, 1, 0, 1], device=inputs.device)
    kept = torch.ones(len(images), whole.info.units, dtype=torch.bool, device=inputs.device)
    kept[0, int(reading.max_activations[0].argmax())] = False
    kept[1, int(reading.max_activations[1].argmax())] = False
    kept[2, ::2] = False
    kept[3:] = False
    try:
        partial = network.read(inputs)
        some = slice(2), slice(2, 3), slice(3, None)  # a traced part may hold the number of images
        parts = [network.scores(partial, images[part], kept[part]) for part in some]
        fast = [partial.scores, *parts]
    except Exception as error:  # a traced network may fail in any way; full passes do not
        return f"in parts it fails with {type(error).__name__}"
    slow = [reading.scores, whole.scores(reading, images, kept)]
    far = float((torch.cat(fast) - torch.cat(slow)).abs().max())
    allowed = _TOLERANCE * max(1.0, float(torch.cat(slow).abs().max()))
    return "" if far <= allowed else f"in parts its scores are {far:.1e} off"
