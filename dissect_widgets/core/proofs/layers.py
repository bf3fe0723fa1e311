"""How layers are read, and that the network is a function, from one look at an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Rule
from dissect_widgets.core.network.layer_kinds import TokenGrid
from dissect_widgets.core.network.layers import LayerInfo, LayerPlan, plan_layers
from dissect_widgets.core.network.locate import Locate, locate_in
from dissect_widgets.core.network.look import Seen, look
from dissect_widgets.core.network.original import layer_name
from dissect_widgets.core.proofs.function import (
    Watched,
    another_input,
    judge_function,
    outputs_of,
    tensors_of,
)
from dissect_widgets.errors import ActivationError, LayerError, shown


def prove_layers(
    model: nn.Module,
    layers: Sequence[str],
    inputs: Tensor,
    *,
    rule: Rule = "half-pixel",
    token_grids: Mapping[str, TokenGrid] | None = None,
    image_size: tuple[int, int] | None = None,
    locate: Locate | None = None,
    whole: bool = False,
) -> dict[str, LayerPlan]:
    """Find out how layers are read, and prove that their outputs for an image depend on that image alone.

    Three images go through the network: the first of the inputs with another, and alone. Where the form of a
    layer does not tell how to read it, `IMAGES_FOR_PLACES` more.

    Parameters
    ----------
    model
        In evaluation mode.
    layers
        Dotted names.
    inputs
        What the network takes, (B, ...), one image at least.
    rule, token_grids, image_size, locate
        See `plan_layers`; the size is by default that of the inputs.
    whole
        Whether what comes after the layers counts as well: the network's scores.

    Raises
    ------
    LayerError, ProofError, ActivationError
        If a layer cannot be read, the network is no function of each image, or a layer outputs something that
        is no finite number.
    """
    pair = torch.cat([inputs[:1], another_input(inputs)])
    with evaluation(model):
        seen, output = look(model, layers, pair)
        calls = None if whole else {name: part.calls for name, part in seen.items()}
        watched = Watched(layers, {name: part.part for name, part in seen.items()}, calls)
        among = {name: part.copied for name, part in seen.items() if part.copied is not None}
        among |= tensors_of(output) if whole else {}
        judge_function(model, watched, pair, among, outputs_of(model, watched, pair[:1])).require()
        try:
            plans = plan_layers(
                model,
                layers,
                pair,
                rule=rule,
                token_grids=token_grids or {},
                image_size=image_size or (int(pair.shape[-2]), int(pair.shape[-1])),
                locate=locate,
                seen=seen,
            )
        except LayerError:
            _check_finite(seen)  # of which nothing else can be said
            raise
    return plans


def _check_finite(seen: Mapping[str, Seen]) -> None:
    """ActivationError if a layer outputs something that is no number for the first image."""
    for name, part in seen.items():
        values = part.output[:1] if part.copied is None else part.copied[:1]
        bad = values[~values.isfinite()]
        if len(bad):
            raise ActivationError(
                f"Layer {shown(name)} outputs {float(bad[0])} for the first image. Activations must be "
                "finite "
                "numbers; check the network's weights, its preprocessing and its number format."
            )


def prove_classifier(classifier: ClassifierData, layer: str, inputs: Tensor) -> LayerInfo:
    """How a layer of a classifier is read, once it is proved that scores depend on each image alone.

    Parameters
    ----------
    classifier, layer
        See `rank_units`.
    inputs
        A batch as the model takes it, (B, 3, H, W).

    Raises
    ------
    LayerError, ProofError
        If the layer cannot be read, or the network is no function of each image.
    """
    name = layer_name(classifier.model, layer)
    locate = locate_in(classifier.model, inputs, whole=False)  # units count, places do not matter
    return prove_layers(classifier.model, [name], inputs, locate=locate, whole=True)[name].info
