"""VGG-16 for the 365 scenes of Places, the classifier of PNAS 2020, from its public file.

>>> model = load_places_vgg16("vgg16_places365-0bafbc55.pth")
>>> dissection = dw.dissect(model, ["features.conv5_3"], data, preprocess=dw.normalize())

The file is at https://dissect.csail.mit.edu/models/. The network was trained on images resized to
256 x 256, in crops of 224 x 224.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from dissect_widgets.models.weight_names import renamed
from dissect_widgets.models.weights import fit_names, load_weights, read_weights

_BLOCKS: Final = (2, 2, 3, 3, 3)  # convolutions before each pooling
_SCENES: Final = 365


def _features() -> Iterable[str]:
    for block, count in enumerate(_BLOCKS, start=1):
        for number in range(1, count + 1):
            yield from (f"conv{block}_{number}", f"relu{block}_{number}")
        yield f"pool{block}"


LAYERS: Final = {
    "features": tuple(_features()),
    "classifier": ("fc6", "relu6", "drop6", "fc7", "relu7", "drop7", "fc8a"),
}
"""Names of the layers in each part, in the order of torchvision's, which are numbered."""


def load_places_vgg16(weights: str | Path) -> nn.Module:
    """Load the VGG-16 whose layers are called `features.conv1_1` ... `features.conv5_3`, `classifier.fc8a`.

    Parameters
    ----------
    weights
        State dict with `features.conv1_1.weight` ... `classifier.fc8a.bias`, as published; or with the names
        that torchvision's vgg16 has, `features.0.weight` ... `classifier.6.bias`. The network gets as many
        classes as the file has.

    Returns
    -------
    nn.Module
        Images float (B, 3, 224, 224) to scores (B, classes); other sizes work too. In evaluation mode,
        on the CPU. Its input is normalized, see `normalize`.

    Raises
    ------
    WeightsError
        If the file is unsafe, or of another network; the message names the parameter and its shape.
    """
    import torchvision

    state = public_names(read_weights(weights))
    classes = _classes_of(state)
    with torch.device("meta"):  # the 138 million random weights would be overwritten
        model: nn.Module = torchvision.models.vgg16(num_classes=classes)
    model = with_public_names(model).to_empty(device="cpu")
    load_weights(model, state, origin=weights)
    return model.eval()


def _classes_of(state: Mapping[str, Tensor]) -> int:
    """Classes of a file; those of Places where its last layer does not fit the one before."""
    last, before = state.get("classifier.fc8a.weight"), state.get("classifier.fc7.bias")
    if last is None or before is None or last.dim() != 2 or not len(last) or last.shape[1:] != before.shape:
        return _SCENES
    return len(last)


def with_public_names(model: nn.Module) -> nn.Module:
    """Rename the layers of torchvision's vgg16, in place; they compute the same."""
    for part, names in LAYERS.items():
        layers = model.get_submodule(part).children()
        setattr(model, part, nn.Sequential(OrderedDict(zip(names, layers, strict=True))))
    return model


def public_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State dict with the published names instead of torchvision's; other names stay as they are."""
    published = {
        f"{part}.{number}": f"{part}.{name}"
        for part, names in LAYERS.items()
        for number, name in enumerate(names)
    }
    for first in ("features.conv1_1.weight", "features.0.weight"):
        fitting = fit_names(weights, [first])
        if first in fitting:
            break

    def public(name: str) -> str:
        layer, dot, kind = name.rpartition(".")
        return f"{published.get(layer, layer)}{dot}{kind}"

    return renamed(fitting, public, "The file")
