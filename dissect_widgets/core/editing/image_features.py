"""How far images are from one in the features of a network, which see what pixels do not.

>>> features = ImageFeatures(classifier, ["conv2_2", "conv3_3"])
>>> features.distance(images, features(original))                # (B,), 0 for the same image
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from dissect_widgets.core.data.provenance import describe_callable, weights_digest
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import Hook, find_layers, hooked
from dissect_widgets.core.network.original import original, split_name
from dissect_widgets.core.network.outputs import choose_tensor, distinct_tensors, tensor_in
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import DataError, DissectError, SettingError, shown

Features = Callable[[Tensor], Any]


class ImageFeatures:
    """Features of images by a network, or by any function that passes gradients.

    Parameters
    ----------
    network
        Images float32 (B, 3, H, W) in [0, 1] to one tensor or several, (B, ...) each.
    layers
        Names of layers of the network; their outputs are the features, in place of its own.

    Raises
    ------
    LayerError
        If there is no such layer.
    SettingError
        If the network cannot be called, or layers are asked for of something that is no network.
    """

    def __init__(self, network: Features, layers: Sequence[str] = ()) -> None:
        if not callable(network):
            raise SettingError(
                f"features is a {type(network).__name__}; it must be a network, or (network, layers)."
            )
        if layers and not isinstance(network, nn.Module):
            raise SettingError(f"features has layers {list(layers)} of what is no torch.nn.Module.")
        self.network = original(network) if isinstance(network, nn.Module) else network
        self.layers = [layers] if isinstance(layers, str) else list(layers)
        if self.layers and isinstance(self.network, nn.Module):
            find_layers(self.network, self.layers)

    def digest(self) -> str:
        """What decides the features."""
        network = self.network
        weights = weights_digest(network) if isinstance(network, nn.Module) else ""
        return f"{describe_callable(network)} {weights} {self.layers}"

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Features of images, float32 (B, n) each; DataError if the network fails on them."""
        try:
            found = self._outputs(images)
        except DissectError:
            raise
        except Exception as error:  # a network may raise anything
            raise DataError(
                f"The network of `features` fails on images {tuple(images.shape)}: "
                f"{type(error).__name__}: {error}"
            ) from error
        for tensor in found:
            if tensor.dim() < 2 or len(tensor) != len(images) or not tensor.is_floating_point():
                raise DataError(
                    f"The network of `features` outputs {tensor.dtype} {tuple(tensor.shape)} for "
                    f"{len(images)} images; it must be floating point ({len(images)}, ...)."
                )
        if not found:
            raise DataError("The network of `features` outputs no tensor.")
        return [tensor.flatten(1).float() for tensor in found]

    def distance(self, images: Tensor, wanted: Sequence[Tensor]) -> Tensor:
        """Squared distances (B,) from the features of one image, as a share of its own squared features."""
        distances = [
            (found - one).square().sum(1) / one.square().sum(1).clamp(min=1e-12)
            for found, one in zip(self(images), wanted, strict=True)
        ]
        return torch.stack(distances).mean(0)

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """The network in evaluation mode, inside the block."""
        if not isinstance(self.network, nn.Module):
            yield
            return
        with evaluation(self.network):
            yield

    def _outputs(self, images: Tensor) -> list[Tensor]:
        if not self.layers or not isinstance(self.network, nn.Module):
            return list(distinct_tensors(run(self.network, images)).values())
        seen: dict[str, Tensor] = {}

        def recorder(name: str, part: str) -> Hook:
            def record(_module: nn.Module, _inputs: object, output: Any) -> None:
                chosen = choose_tensor(output, part, name, lambda tensor: True)
                seen[name] = tensor_in(output, chosen, name)

            return record

        modules = find_layers(self.network, self.layers)
        recorders = [
            (module, recorder(name, split_name(self.network, name)[1])) for name, module in modules.items()
        ]
        with hooked(self.network, recorders):
            run(self.network, images)
        missing = [name for name in self.layers if name not in seen]
        if missing:
            raise SettingError(f"Layer {shown(missing[0])} of the network of `features` does not run.")
        return list(seen.values())
