"""A generator that learns small pictures first: the networks and the course of progressive growing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from dissect_widgets.models.progressive_gan import PixelNorm, ProgressiveGenerator, WScale


class Stage(NamedTuple):
    """A part of the course, at one size of pictures."""

    size: int
    """Width and height of pictures."""
    steps: int
    batch: int
    """Pictures in a step."""
    fade: int = 0
    """Steps over which this size comes in, after the one before."""
    chosen: bool = False
    """Whether to learn from chosen pictures only."""


class Moment(NamedTuple):
    """Where in the course a step is."""

    stage: Stage
    share: float
    """How much the size of the stage counts, against half of it, above 0 to 1."""


def moment(course: Sequence[Stage], step: int) -> Moment:
    """Find where in a course a step is, counting from 0."""
    for stage in course:
        if step < stage.steps:
            return Moment(stage, min(1.0, (step + 1) / stage.fade) if stage.fade else 1.0)
        step -= stage.steps
    raise IndexError("The course has ended.")


class Growing(nn.Module):
    """A generator with a way out to pictures at every size; those before the last are for training only.

    Parameters
    ----------
    widths
        Of `ProgressiveGenerator`.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.generator = ProgressiveGenerator(widths)
        self.outs = nn.ModuleList([_out(width) for width in widths[1:-1]])

    def forward(self, latents: Tensor, size: int, share: float = 1.0) -> Tensor:
        """Pictures float (B, 3, size, size) of latents (B, depth).

        `share` is how much this size counts, against the one before it.
        """
        *layers, last = self.generator
        x, before = latents.reshape(*latents.shape[:2], 1, 1), torch.empty(0)
        for place, layer in enumerate(layers):
            x = layer(x)
            if place % 2 and x.shape[-1] * 2 == size and share < 1:
                before = interpolate(self.outs[place // 2](x), scale_factor=2.0, mode="nearest")
            if place % 2 and x.shape[-1] == size:
                break
        number = place // 2
        pictures: Tensor = (last if number == len(self.outs) else self.outs[number])(x)
        return before + share * (pictures - before) if share < 1 else pictures


def _out(width: int) -> nn.Sequential:
    return nn.Sequential(PixelNorm(), nn.Conv2d(width, 3, 1, bias=False), WScale(3, width, 1, gain=1.0))
