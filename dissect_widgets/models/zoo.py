"""Networks by name: torchvision's, or any callable that makes one.

>>> model = load_model("squeezenet1_0", "squeezenet1_0.safetensors")
>>> model = load_model("my_project.nets:build", "weights.pt")
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.error import URLError

from torch import Tensor, nn

from dissect_widgets.errors import SettingError, WeightsError, nearest, shortened, shown
from dissect_widgets.models.weights import fit_names, load_weights, read_weights

_AUXILIARY = ("googlenet", "inception_v3")  # have heads that exist in training only
Scale = Literal["imagenet", "symmetric", "none"]


def load_model(name: str, weights: str | Path | None = None) -> nn.Module:
    """Make a network.

    Parameters
    ----------
    name
        A name of torchvision, such as `vgg16`; or `package.module:callable`, called without arguments.
    weights
        A file; "imagenet" for torchvision's own weights, which are downloaded; None for the weights
        that the network is made with, random ones for torchvision's. A torchvision network gets as
        many classes as the file has.

    Returns
    -------
    nn.Module
        In evaluation mode, on the CPU.

    Raises
    ------
    SettingError
        If there is no such network.
    WeightsError
        If the weights are unsafe or do not fit.
    """
    model: nn.Module
    if ":" in name:
        model = _call(name)
        if weights is not None:
            load_weights(model, read_weights(weights), origin=weights)
        return model.eval()
    import torchvision

    names = torchvision.models.list_models(torchvision.models)
    if name not in names:
        raise SettingError(f"torchvision has no network {shown(name)}.{nearest(name, names)}")
    if weights == "imagenet":
        try:
            model = torchvision.models.get_model(name, weights="DEFAULT")
        except (URLError, OSError) as error:
            raise WeightsError(
                f"The weights of {name} could not be downloaded: {error}. Give a file."
            ) from error
        return model.eval()
    options: dict[str, Any] = {"init_weights": False} if name in _AUXILIARY else {}
    if weights is None:
        model = torchvision.models.get_model(name, weights=None, **options)
        return model.eval()
    state = read_weights(weights)
    if name in _AUXILIARY:
        options["aux_logits"] = any(".aux" in f".{key.lower()}" for key in state)
    model = torchvision.models.get_model(name, weights=None, **options)
    classes = _classes_of(fit_names(state, model.state_dict()), model.state_dict())
    if classes is not None:
        model = torchvision.models.get_model(name, weights=None, num_classes=classes, **options)
    load_weights(model, state, origin=str(weights))
    return model.eval()


def _classes_of(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> int | None:
    """Classes of a file whose last layer differs from a network's in their number alone; else None."""
    bias = list(expected)[-1]
    weight = bias.removesuffix("bias") + "weight"
    if weight not in expected or not {bias, weight} <= weights.keys():
        return None
    shape = weights[weight].shape
    if shape[1:] != expected[weight].shape[1:] or weights[bias].shape != shape[:1] or shape[0] < 1:
        return None
    return None if shape == expected[weight].shape else shape[0]


def normalize(scale: Scale = "imagenet") -> Callable[[Tensor], Tensor] | None:
    """Convert images (B, 3, H, W) in [0, 1] to the input that networks were trained on.

    Parameters
    ----------
    scale
        "imagenet": mean .485 .456 .406 and deviation .229 .224 .225, torchvision's and Places365's
        classifiers. "symmetric": [-1, 1], generators and some transformers. "none": unchanged.
    """
    from torchvision.transforms import Normalize

    if scale == "none":
        return None
    if scale == "symmetric":
        return Normalize([0.5] * 3, [0.5] * 3)  # type: ignore[no-any-return]
    if scale == "imagenet":
        return Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])  # type: ignore[no-any-return]
    raise SettingError(f"scale is {shown(scale)}.{nearest(scale, ['imagenet', 'symmetric', 'none'])}")


def _call(name: str) -> nn.Module:
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError, TypeError) as error:
        raise SettingError(
            f"The module {shown(module_name)} cannot be imported: {shortened(error, 300)}."
        ) from error
    build = getattr(module, attribute, None)
    if not callable(build):
        public = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise SettingError(
            f"{shortened(module_name)} has no callable {shown(attribute)}.{nearest(attribute, public)}"
        )
    model = build()
    if not isinstance(model, nn.Module):
        raise SettingError(f"{shortened(name)} returned {type(model).__name__}, not a torch module.")
    return model
