"""Where the positions of a generator's layer lie in its images, measured: strips of its map are changed.

A generator has no image before its layers, but one after them. Under the right reading of a layer, rows and
columns of what changes in the image rise with the strip that was changed; see also `influence`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.hooks import find_layer, hooked
from dissect_widgets.core.network.influence import LEAST_AGREEMENT, Agreement
from dissect_widgets.core.network.layer_kinds import Reading
from dissect_widgets.core.network.original import split_name
from dissect_widgets.core.network.outputs import choose_tensor, tensor_in, with_tensor
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import LayerError, shown

_STRIPS = 6
_CHANCE, _FEW = 0.25, 5
"""Agreement times reach that units have by chance, read as positions; twice as much if they are fewer."""


def locate_by_images(
    generator: nn.Module, latents: Tensor, to_images: Callable[[Tensor], Tensor]
) -> Callable[[Mapping[str, Sequence[Reading]]], dict[str, tuple[Reading, Agreement] | LayerError]]:
    """How to find the right readings of a generator's layers: by what they change in one image.

    For each layer and reading, at most 12 images are made, and one without a change.
    """

    def locate(
        unsure: Mapping[str, Sequence[Reading]],
    ) -> dict[str, tuple[Reading, Agreement] | LayerError]:
        return {name: _located(generator, latents, to_images, name, unsure[name]) for name in unsure}

    return locate


def _located(
    generator: nn.Module,
    latents: Tensor,
    to_images: Callable[[Tensor], Tensor],
    name: str,
    readings: Sequence[Reading],
) -> tuple[Reading, Agreement] | LayerError:
    rated = [(each, _agreement(generator, latents, to_images, name, each)) for each in readings]
    if not rated:
        return LayerError(f"Layer {shown(name)} outputs nothing that forms a map.")
    best, (found, reach) = max(rated, key=lambda each: each[1][0].least * each[1][1])
    chance = _CHANCE if best.size.positions >= _FEW else 2 * _CHANCE
    if found.least >= LEAST_AGREEMENT and found.least * reach >= chance:
        return best, found
    return LayerError(
        f"Layer {shown(name)}: no reading of its output leads to places in the image: strips of it were "
        "changed, "
        f"and what changes in the image agrees with {best} by {found} ({LEAST_AGREEMENT} is needed). Take a "
        "layer that outputs maps (B, units, h, w)."
    )


def _agreement(
    generator: nn.Module,
    latents: Tensor,
    to_images: Callable[[Tensor], Tensor],
    name: str,
    reading: Reading,
) -> tuple[Agreement, float]:
    """How well changes in the image follow the strips that are changed in a layer's output, and how far."""
    chosen: list[tuple[int, float, Tensor]] = []  # direction, center, positions
    size = reading.size
    numbers = torch.arange(size.positions).view(size.height, size.width)
    for direction, length in ((0, size.height), (1, size.width)):
        edges = torch.linspace(0, length, min(_STRIPS, length) + 1).round().long().tolist()
        for start, end in pairwise(edges):
            part = numbers.narrow(direction, start, end - start).flatten() + size.first
            chosen.append((direction, (start + end) / 2 / length - 0.5, part))

    def change(_module: nn.Module, _inputs: object, whole: object) -> object:
        tensor_name = choose_tensor(
            whole, split_name(generator, name)[1], name, lambda tensor: tensor.dim() > 1
        )
        output = tensor_in(whole, tensor_name, name)
        noise = torch.Generator().manual_seed(0)
        plain = output[0].detach().float()
        other = plain.mean() + plain.std() * torch.randn(plain.shape, generator=noise).to(plain.device)
        places = reading.kind.to_positions(torch.arange(plain.numel()).view(1, *plain.shape))[0]
        changed = output.clone()
        for row, (_, _, part) in enumerate(chosen, start=1):
            mask = torch.zeros(plain.numel(), dtype=torch.bool)
            mask[places[:, part].flatten()] = True
            inside = mask.view(plain.shape).to(plain.device)
            changed[row] = torch.where(inside, other.to(output.dtype), output[0])
        return with_tensor(whole, output, changed)

    repeated = latents[:1].repeat(1 + len(chosen), *[1] * (latents.dim() - 1))
    with hooked(generator, [(find_layer(generator, name), change)]):
        output = run(generator, repeated)
    images = to_images(output)
    energy = (images[1:] - images[:1]).double().square().sum(1).cpu()
    down, across = (_follows(energy, chosen, direction) for direction in (0, 1))
    return Agreement(down[0], across[0]), min(down[1], across[1])


def _follows(
    energy: Tensor, chosen: Sequence[tuple[int, float, Tensor]], direction: int
) -> tuple[float, float]:
    """Centers of what strips change, in rows (0) or columns (1): cosine with those of strips, and slope."""
    centers = torch.tensor([center for way, center, _ in chosen if way == direction], dtype=torch.float64)
    if len(centers) == 1:
        return 1.0, 1.0
    changed = energy[torch.tensor([way == direction for way, _, _ in chosen])].sum(2 - direction)
    steps = (torch.arange(changed.shape[1], dtype=torch.float64) + 0.5) / changed.shape[1] - 0.5
    measured = (changed * steps).sum(1) / changed.sum(1).clamp_min(1e-30)
    norm = float(measured.norm() * centers.norm())
    follows = float(measured @ centers)
    return (follows / norm if norm > 0 else 0.0), abs(follows) / float(centers @ centers)
