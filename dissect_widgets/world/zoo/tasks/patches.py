"""Patches of images, cut on the device they are on."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def cut(images: Tensor, top: Tensor, left: Tensor, size: int) -> Tensor:
    """Square patches of images.

    Parameters
    ----------
    images
        (B, C, h, w).
    top, left
        int64 (B, P), the first row and column of each patch.
    size
        Rows and columns of a patch.

    Returns
    -------
    Tensor
        (B, P, C, size, size).
    """
    steps = torch.arange(size, device=images.device)
    rows = (top[..., None] + steps)[..., :, None]
    columns = (left[..., None] + steps)[..., None, :]
    number = torch.arange(len(images), device=images.device)[:, None, None, None]
    return images[number, :, rows, columns].movedim(-1, 2)


def resize(images: Tensor, boxes: Tensor, size: int) -> Tensor:
    """What is in a box of each image, resampled to a square.

    Parameters
    ----------
    images
        float (B, C, h, w).
    boxes
        float (B, 4): top, left, bottom, right in pixels; edges, not centers of pixels.
    size
        Rows and columns that come out.

    Returns
    -------
    Tensor
        float (B, C, size, size).
    """
    height, width = images.shape[2:]
    top, left, bottom, right = boxes.float()[..., None].unbind(1)
    middles = (torch.arange(size, device=images.device) + 0.5) / size
    across = (left + (right - left) * middles) / width * 2 - 1
    down = (top + (bottom - top) * middles) / height * 2 - 1
    shape = len(boxes), size, size
    grid = torch.stack([across[:, None].expand(shape), down[:, :, None].expand(shape)], -1)
    return grid_sample(images, grid.to(images.dtype), padding_mode="border", align_corners=False)


def integers(low: int, high: int, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    """Integers from `low` to below `high`, int64, on the device of the generator."""
    return torch.randint(low, high, shape, generator=rng, device=rng.device)


def uniform(shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    """Numbers in [0, 1), on the device of the generator."""
    return torch.rand(shape, generator=rng, device=rng.device)


def normalized(patches: Tensor) -> Tensor:
    """Patches (..., C, h, w) with mean 0.45 and standard deviation 0.25 in each patch.

    So that a network cannot match patches by their brightness and contrast (Noroozi & Favaro 2016).
    """
    mean = patches.mean((-1, -2, -3), keepdim=True)
    spread = patches.std((-1, -2, -3), keepdim=True)
    return (patches - mean) / (spread + 0.02) * 0.25 + 0.45


def tinted(images: Tensor, rng: torch.Generator, most: float = 0.4) -> Tensor:
    """Images (B, ..., 3, h, w), each in a light of its color: channels are scaled and shifted at random.

    Drawn surfaces keep their exact colors from frame to frame, as filmed ones do not: without this, looks of
    a thing would be matched by colors alone. All but the last three axes count images.
    """
    shape = (*images.shape[:-2], 1, 1)
    gain = 1 + most * (2 * uniform(shape, rng) - 1)
    offset = most / 2 * (2 * uniform(shape, rng) - 1)
    return ((images - 0.45) * gain + 0.45 + offset).clamp(0, 1)


def grayed(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Images (B, ..., 3, h, w), a share of which, chosen at random, are gray."""
    gray = images.mean(-3, keepdim=True).expand_as(images)
    chosen = uniform((len(images),), rng) < share
    return torch.where(chosen.reshape(-1, *[1] * (images.dim() - 1)), gray, images)
