"""The generator of Progressive GANs (Karras et al. 2018), as the public LSUN models have it.

>>> generator = load_generator("proggan_churchoutdoor-7e701dd5.pth")
>>> images = dw.to_images(generator(dw.latents(8, seed=1)))

PNAS 2020 (Fig. 3a) dissects its layers, `layer1` to `layer14` at 256 pixels.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, fx, nn

from dissect_widgets.core.network.random_numbers import restored_random_numbers
from dissect_widgets.errors import SettingError, WeightsError, shortened, shown
from dissect_widgets.models.weight_names import renamed
from dissect_widgets.models.weights import fit_names, load_weights, read_weights

WIDTHS: Final = (512, 512, 512, 512, 256, 128, 64, 32)
"""Channels of the latent, and of the maps of 4, 8, 16 ... 256 pixels."""
LARGE_WIDTHS: Final = (512, 512, 512, 512, 512, 256, 128, 64, 32, 16)
"""The same for 1,024 pixels."""
_LEAST = 4


class ProgressiveGenerator(nn.Sequential):
    """Latents to images: two convolutions at each size, each after a norm, and a last one to RGB.

    Latents float (B, latent_dim) or (B, latent_dim, 1, 1) go in; images float (B, 3, size, size) come out,
    nominally in [-1, 1], not clamped (see `core.latents.to_images`). Layers are `layer1`, `layer2`
    (4 px), `layer3`, `layer4` (8 px) and so on, and `output_{size}x{size}`.

    Parameters
    ----------
    widths
        Channels of the latent and of each size, from 4 pixels on; as many sizes as there are numbers after
        the first. The default is the public models' of 256 pixels.

    Raises
    ------
    SettingError
        If there are fewer than two widths, or one is not positive.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        widths = tuple(widths)
        if len(widths) < 2 or min(widths) < 1:
            raise SettingError(f"widths is {widths}; it must be the latent's, and one for each size.")
        self.latent_dim, self.size = widths[0], _LEAST * 2 ** (len(widths) - 2)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for place, (before, width) in enumerate(pairwise(widths)):
            first = _block(before, width, 4, 3) if place == 0 else _block(before, width, 3, 1, up=True)
            layers[f"layer{2 * place + 1}"] = first
            layers[f"layer{2 * place + 2}"] = _block(width, width, 3, 1)
        layers[f"output_{self.size}x{self.size}"] = nn.Sequential(
            OrderedDict(
                norm=PixelNorm(),
                conv=nn.Conv2d(widths[-1], 3, 1, bias=False),
                wscale=WScale(3, widths[-1], 1, gain=1.0),
            )
        )
        super().__init__(layers)

    def forward(self, latents: Tensor) -> Tensor:
        """Draw images.

        Raises
        ------
        SettingError
            If latents have another size.
        """
        x = _as_maps(latents, self.latent_dim)
        for layer in self:
            x = layer(x)
        return x


def _as_maps(latents: Tensor, latent_dim: int) -> Tensor:
    if (
        latents.dim() not in (2, 4)
        or latents.numel() != len(latents) * latent_dim
        or latents.shape[1] != latent_dim
    ):
        raise SettingError(
            f"The latents have shape {tuple(latents.shape)}; this generator takes (B, {latent_dim})."
        )
    return latents.reshape(len(latents), latent_dim, 1, 1)


fx.wrap("_as_maps")  # a trace, which has no shapes, calls it instead of looking into it


class PixelNorm(nn.Module):
    """Divide each position by the root of the mean square over its channels."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize (B, C, h, w)."""
        return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


class WScale(nn.Module):
    """Scale the output of a convolution by the factor of its initialization, and add a bias.

    The scale is gain / sqrt(inputs), where the gain compensates for the ReLU and the kernel; it is not one of
    the weights.
    """

    def __init__(self, width: int, before: int, kernel: int, gain: float = math.sqrt(2)) -> None:
        super().__init__()
        self.scale = gain / kernel / math.sqrt(before)
        self.b = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Scale and shift (B, C, h, w)."""
        return x * self.scale + self.b[:, None, None]


def _block(before: int, width: int, kernel: int, padding: int, *, up: bool = False) -> nn.Sequential:
    parts: OrderedDict[str, nn.Module] = OrderedDict(norm=PixelNorm())
    if up:
        parts["up"] = nn.Upsample(scale_factor=2, mode="nearest")
    parts["conv"] = nn.Conv2d(before, width, kernel, padding=padding, bias=False)
    nn.init.normal_(parts["conv"].weight)  # type: ignore[arg-type]
    parts["wscale"] = WScale(width, before, kernel)
    parts["relu"] = nn.LeakyReLU(0.2, inplace=True)
    return nn.Sequential(parts)


def load_generator(path: str | Path) -> ProgressiveGenerator:
    """Load a generator from a public file, of the newer or the older key style, of any size and widths.

    Parameters
    ----------
    path
        State dict with `layer1.conv.weight`, `layer1.wscale.b` ... `output_256x256.conv.weight` (newer) or
        `features.0.conv.weight` ... `output.conv.weight` (older), bare or under `state_dict`.

    Raises
    ------
    WeightsError
        If the file is unsafe, or of another network; the message names the key and its shape.
    """
    return generator_of(newer_names(read_weights(path), path), path)


def generator_of(weights: Mapping[str, Tensor], origin: str | Path) -> ProgressiveGenerator:
    """Generator of a state dict, in evaluation mode; WeightsError if there is none."""
    with restored_random_numbers():  # a new network draws weights, which are replaced
        generator = ProgressiveGenerator(widths_of(weights, origin))
    load_weights(generator, weights, origin=origin)
    return generator.eval()


def newer_names(weights: Mapping[str, Tensor], origin: str | Path) -> dict[str, Tensor]:
    """State dict with the names that `ProgressiveGenerator` has."""
    for first in ("layer1.conv.weight", "features.0.conv.weight"):
        fitting = fit_names(weights, [first])
        if first in fitting:
            break
    weights = fitting
    count = sum(name.startswith("features.") and name.endswith(".conv.weight") for name in weights)
    if not count:
        return weights
    if count % 2:
        raise WeightsError(
            f"{shortened(origin, 400)} has {count} convolutions before the last; a Progressive GAN has two "
            "for each size."
        )
    size = _LEAST * 2 ** (count // 2 - 1)

    def newer(name: str) -> str:
        match = re.fullmatch(r"features\.([0-9]{1,4})\.(.+)", name)
        if match:
            return f"layer{int(match[1]) + 1}.{match[2]}"
        return re.sub(r"^output\.", f"output_{size}x{size}.", name)

    return renamed(weights, newer, shortened(origin, 400))


def widths_of(weights: Mapping[str, Tensor], origin: str | Path) -> list[int]:
    """Widths of the generator of a state dict; WeightsError if there is none."""
    kernels = {}
    for name, tensor in weights.items():
        match = re.fullmatch(r"layer([0-9]{1,4})\.conv\.weight", name)
        if match and tensor.dim() == 4:
            kernels[int(match[1])] = tensor
    if not kernels or sorted(kernels) != list(range(1, len(kernels) + 1)) or len(kernels) % 2:
        names = ", ".join(shortened(name, 60) for name in list(weights)[:3])
        raise WeightsError(
            f"{shortened(origin, 400)} is not of a Progressive GAN: it should have `layer1.conv.weight` and "
            f"so on, two layers for each size; it has {names} ..."
        )
    firsts = range(1, len(kernels) + 1, 2)
    widths = [kernels[1].shape[1], *(kernels[number].shape[0] for number in firsts)]
    for number, kernel in sorted(kernels.items()):  # before a generator of these sizes is made
        side, before = 4 if number == 1 else 3, widths[number // 2]
        shape = (widths[(number + 1) // 2], before, side, side)
        if tuple(kernel.shape) != shape or not all(shape):
            raise WeightsError(
                f"{shortened(origin, 400)}: layer{number}.conv.weight has shape "
                f"{shown(tuple(kernel.shape))}; in a Progressive GAN of its other layers it would have "
                f"{shape}, and none is empty."
            )
    return widths
