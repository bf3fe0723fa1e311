"""What a network says when units of a layer are forced to zero: exactly, and without running it whole.

>>> network = open_network(model, "features.29", pictures)
>>> reading = network.read(pictures)
>>> for images, edits, scores in ablate(network, reading, kept):
...     ...

Three ways lead to the same scores (PNAS 2020, "Role of Units in a Scene Classifier", removes units by a
hook and a full pass for each):

- `network.FullForward`: a full pass for each edit. Every network can be run like this.
- `network.PartialForward`: the part before the layer runs once, and only what follows runs for each edit.
- `mixing.LinearTerms` and `ConvolutionTerms`: what follows begins with steps that treat each unit by itself
  and a linear layer. Its output is a sum of one term for each unit, which all edits share.

And an edit that changes nothing on an image, because its units are silent there, is not run at all.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.forward import CachedForward, FullForward, Network, PartialForward
from dissect_widgets.core.network.layers import LayerInfo
from dissect_widgets.core.network.linear_terms import ConvolutionTerms, LinearTerms
from dissect_widgets.core.network.split import CannotSplit, split
from dissect_widgets.errors import LayerError

_TOLERANCE = 1e-4


def ablate(network: Network, reading: CachedForward, kept: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Scores of every image under every edit that makes a difference.

    Parameters
    ----------
    network, reading
        A network, and what it said of a batch.
    kept
        bool (edits, units), the units that each edit leaves.

    Yields
    ------
    tuple
        Images int (n,), edits int (n,), scores (n, classes). What is not among them is as it was.
    """
    removed = (~kept).float()
    images, edits = (reading.active.float() @ removed.T > 0).nonzero(as_tuple=True)
    rows = network.rows(reading)
    for start in range(0, len(images), rows):
        b, e = images[start : start + rows], edits[start : start + rows]
        yield b, e, network.scores(reading, b, kept[e])


def open_network(model: nn.Module, info: LayerInfo, pictures: Tensor, *, many: bool = True) -> Network:
    """Find the fastest way to run a network with edits that proves right on `pictures`.

    Parameters
    ----------
    model
        In evaluation mode.
    info
        The layer.
    pictures
        Two, as the network takes them.
    many
        Whether there will be many edits of each image, so that it pays to share what they have in common.

    Raises
    ------
    LayerError
        If what the network puts out are no scores, or do not depend on the layer.
    """
    whole = FullForward(model, info)
    reading = whole.read(pictures)
    network, reason = _fastest(whole, reading, pictures, many)
    if network is None:
        network = whole
        network.strategy += f": {reason}"
    network.classes = reading.scores.shape[1]
    if network.classes < 2:
        raise LayerError("The network puts out a single score, which tells no classes apart.")
    return network


def _fastest(
    whole: FullForward, reading: CachedForward, pictures: Tensor, many: bool
) -> tuple[Network | None, str]:
    """The first way in parts that proves right, or why there is none."""
    model, info = whole.model, whole.info
    if info.calls > 1:
        return None, f"{info.name} runs {info.calls} times in a pass"
    try:
        parts, stages = split(model, info.name)
        parts = parts.with_per_image(pictures)
    except CannotSplit as error:
        return None, str(error)
    found: list[Network] = []
    reason = ""
    if stages is not None and many:
        mix = LinearTerms if isinstance(stages.linear, nn.Linear) else ConvolutionTerms
        found.append(mix(parts, stages, info))
    for network in [*found, PartialForward(parts, info)]:
        reason = _difference(network, whole, reading, pictures)
        if not reason:
            return network, ""
    return None, reason


def _difference(network: Network, whole: FullForward, reading: CachedForward, pictures: Tensor) -> str:
    """How a network differs from itself run whole, as it is and without one unit, half or all; "" if not."""
    images = torch.tensor([0, 1, 1, 0, 1], device=pictures.device)
    kept = torch.ones(len(images), whole.info.units, dtype=torch.bool, device=pictures.device)
    kept[0, int(reading.max_activations[0].argmax())] = False
    kept[1, int(reading.max_activations[1].argmax())] = False
    kept[2, ::2] = False
    kept[3:] = False
    try:
        found = network.read(pictures)
        parts = [network.scores(found, images[part], kept[part]) for part in (slice(2), slice(2, None))]
        fast = [found.scores, *parts]
    except Exception as error:  # whatever a traced network may do, run whole it does right
        return f"in parts it fails with {type(error).__name__}"
    slow = [reading.scores, whole.scores(reading, images, kept)]
    far = float((torch.cat(fast) - torch.cat(slow)).abs().max())
    allowed = _TOLERANCE * max(1.0, float(torch.cat(slow).abs().max()))
    return "" if far <= allowed else f"in parts its scores are {far:.1e} off"
