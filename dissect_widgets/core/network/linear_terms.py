"""Edits of a layer whose units meet first in a linear layer: its terms once, what follows for each edit.

The output of a linear layer is a sum of one term for each unit, and a unit that is forced to zero takes
its own term away: fc6 for all 512 edits of VGG-16's conv5_3 costs what it costs for one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import unfold

from dissect_widgets.core.network.forward import CachedForward, chosen, per_row, rows_at_once, scores_of
from dissect_widgets.core.network.layers import LayerInfo, as_maps
from dissect_widgets.core.network.split import CannotSplit, Parts, Stages


class _Mix:
    """What both kinds share: the layer's output up to the linear layer."""

    classes = 0

    def __init__(self, parts: Parts, stages: Stages, info: LayerInfo) -> None:
        self.parts, self.stages, self.info, self.mix = parts, stages, info, stages.mix
        self.how = f"from {info.name} on, with one linear layer for all edits"
        self._silent: Tensor | None = None

    def _inputs(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, tuple[Any, ...]]:
        """Peaks, and the linear layer's input as it is and without any unit, and what passes it by."""
        value, beside = self.parts.before(pictures)
        peaks = as_maps(value, self.info).flatten(2).amax(2)
        if self._silent is None:
            self._silent = self.stages.each(torch.zeros_like(value[:1]))
        return peaks, self.stages.each(value), self._silent, beside

    def _after(self, rows: Tensor, reading: CachedForward, images: Tensor) -> Tensor:
        beside = chosen(self.parts, reading.state[-1], images)
        return scores_of(self.stages.after(rows, *beside), len(images))


class LinearTerms(_Mix):
    """The linear layer is a matrix over all positions of all units: the fc6 of a VGG, the fc of a ResNet."""

    def read(self, pictures: Tensor) -> CachedForward:
        """See `network.Network`."""
        peaks, inputs, silent, beside = self._inputs(pictures)
        units = self.info.units
        if self.info.layer_kind.unit_dim != 1 or inputs.dim() != 2:
            raise CannotSplit(f"the linear layer after {self.info.name} is no matrix over its units")
        change = (inputs - silent).view(len(pictures), units, -1)
        weight = self.mix.weight.view(-1, units, change.shape[2]).permute(1, 2, 0)
        terms = torch.bmm(change.transpose(0, 1), weight)  # (units, B, out)
        nothing = self.mix(silent)[0]
        mixed = nothing + terms.sum(0)
        scores = self.stages.after(mixed.clone(), *chosen(self.parts, beside))
        state = terms, nothing, mixed, beside
        return CachedForward(scores_of(scores, len(pictures)), peaks, (change != 0).any(2), state)

    def scores(self, reading: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `network.Network`."""
        terms, nothing, mixed, _ = reading.state
        if _single(kept):
            return self._after(mixed[images] - terms[_removed(kept), images], reading, images)
        each, counts = torch.unique_consecutive(images, return_counts=True)
        parts = torch.split(kept.to(terms.dtype), counts.tolist())
        sums = [part @ terms[:, image] for image, part in zip(each.tolist(), parts, strict=True)]
        return self._after(nothing + torch.cat(sums), reading, images)

    def rows(self, reading: CachedForward) -> int:
        """See `network.Network`."""
        return rows_at_once(reading.state[1].numel(), 2**23)  # many, for matrices


class ConvolutionMix(_Mix):
    """The linear layer is a convolution: the next one of a VGG, the head of a SqueezeNet."""

    mix: nn.Conv2d

    def read(self, pictures: Tensor) -> CachedForward:
        """See `network.Network`."""
        peaks, inputs, silent, beside = self._inputs(pictures)
        zeros = self.mix.padding_mode == "zeros" and not isinstance(self.mix.padding, str)
        if self.info.layer_kind.plane_dims != (-2, -1) or inputs.dim() != 4 or not zeros:
            raise CannotSplit(f"the convolution after {self.info.name} is not over its units")
        mixed = self.mix(inputs)
        scores = self.stages.after(mixed.clone(), *chosen(self.parts, beside))
        active = (inputs != silent).flatten(2).any(2)
        return CachedForward(scores_of(scores, len(pictures)), peaks, active, (inputs, silent, mixed, beside))

    def scores(self, reading: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `network.Network`."""
        inputs, silent, mixed, _ = reading.state
        if not _single(kept):
            rows = self.mix(torch.where(per_row(kept, inputs.dim()), inputs[images], silent))
            return self._after(rows, reading, images)
        unit, mix = _removed(kept), self.mix
        change = (inputs[images, unit] - silent[0, unit])[:, None]
        if mix.kernel_size != (1, 1) or mix.stride != (1, 1) or mix.padding != (0, 0):
            change = unfold(change, mix.kernel_size, mix.dilation, mix.padding, mix.stride)  # type: ignore[arg-type]
        weight = mix.weight.flatten(2)[:, unit].transpose(0, 1)  # (n, out, kernel)
        before = mixed.flatten(2)[images]
        rows = torch.baddbmm(before, weight, change.flatten(2), alpha=-1)
        return self._after(rows.view(len(images), *mixed.shape[1:]), reading, images)

    def rows(self, reading: CachedForward) -> int:
        """See `network.Network`."""
        return rows_at_once(reading.state[2][0].numel())


def _single(kept: Tensor) -> bool:
    return bool(((~kept).sum(1) == 1).all())


def _removed(kept: Tensor) -> Tensor:
    """The one unit that each edit removes."""
    return (~kept).int().argmax(1)
