"""Progressive growing (Karras et al. 2018): a generator that is trained on small images first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from dissect_widgets.models.progressive_gan import PixelNorm, ProgressiveGenerator, WScale


class Stage(NamedTuple):
    """A part of the training, at one image size."""

    size: int
    """Width and height of the images."""
    steps: int
    batch_size: int
    fade: int = 0
    """Steps over which this size fades in, after the one before."""
    chosen: bool = False
    """Whether to train on the chosen images only."""
    rate: float = 1.0
    """Share of the course's learning rate."""


class Moment(NamedTuple):
    """Stage of a step, and how far its size has faded in."""

    stage: Stage
    alpha: float
    """Weight of the stage's size, against half of it, in (0, 1]."""


def moment(stages: Sequence[Stage], step: int) -> Moment:
    """Find the stage of a step, counting from 0; IndexError after the last."""
    for stage in stages:
        if step < stage.steps:
            return Moment(stage, min(1.0, (step + 1) / stage.fade) if stage.fade else 1.0)
        step -= stage.steps
    raise IndexError("The stages have ended.")


class Growing(nn.Module):
    """A generator with an output layer for every image size; those before the last are for training only.

    Parameters
    ----------
    widths
        Of `ProgressiveGenerator`.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.generator = ProgressiveGenerator(widths)
        self.outs = nn.ModuleList([_out(width) for width in widths[1:-1]])

    def forward(self, latents: Tensor, size: int, alpha: float | Tensor = 1.0) -> Tensor:
        """Images float (B, 3, size, size) of latents (B, latent_dim).

        `alpha` is the weight of this size, against the one before it; a tensor may change in a recording.
        """
        fading = isinstance(alpha, Tensor) or alpha < 1
        *layers, last = self.generator
        x, before = latents.reshape(*latents.shape[:2], 1, 1), torch.empty(0)
        for index, layer in enumerate(layers):
            x = layer(x)
            if index % 2 and x.shape[-1] * 2 == size and fading:
                before = interpolate(self.outs[index // 2](x), scale_factor=2.0, mode="nearest")
            if index % 2 and x.shape[-1] == size:
                break
        number = index // 2
        images: Tensor = (last if number == len(self.outs) else self.outs[number])(x)
        return before + alpha * (images - before) if fading else images


def _out(width: int) -> nn.Sequential:
    return nn.Sequential(PixelNorm(), nn.Conv2d(width, 3, 1, bias=False), WScale(3, width, 1, gain=1.0))
