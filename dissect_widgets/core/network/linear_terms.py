"""Ablation where the first layer that mixes units is linear: its terms are computed once for all edits.

The output of a linear layer is a sum of one term for each unit, and a unit that is forced to zero takes its
term away: fc6 for all 512 edits of VGG-16's conv5_3 costs what it costs for one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import unfold

from dissect_widgets.core.network.forward import CachedForward, chosen, per_row, rows_at_once, scores_of
from dissect_widgets.core.network.layers import LayerInfo, as_maps
from dissect_widgets.core.network.split import Parts, Stages
from dissect_widgets.core.network.traced import CannotSplit


class _LinearEdits:
    """What both kinds of linear layer share: the part up to the linear layer."""

    classes = 0

    def __init__(self, parts: Parts, stages: Stages, info: LayerInfo) -> None:
        self.parts, self.stages, self.info, self.linear = parts, stages, info, stages.linear
        self.strategy = f"from {info.name} on, with one linear layer for all edits"
        self._silent: Tensor | None = None

    def _inputs(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, tuple[Any, ...]]:
        """Max activations; input of the linear layer as it is, and with all units zero; skip inputs."""
        value, skip_inputs = self.parts.before(images)
        max_activations = as_maps(value, self.info).flatten(2).amax(2)
        if self._silent is None:
            self._silent = self.stages.each(torch.zeros_like(value[:1]))
        return max_activations, self.stages.each(value), self._silent, skip_inputs

    def _after(self, rows: Tensor, cached: CachedForward, images: Tensor) -> Tensor:
        skip_inputs = chosen(self.parts, cached.state[-1], images)
        return scores_of(self.stages.after(rows, *skip_inputs), len(images))


class LinearTerms(_LinearEdits):
    """The linear layer is a matrix over all positions of all units: fc6 of a VGG, fc of a ResNet."""

    def read(self, images: Tensor) -> CachedForward:
        """See `network.Network`."""
        max_activations, inputs, silent, skip_inputs = self._inputs(images)
        units = self.info.units
        if self.info.layer_kind.unit_dim != 1 or inputs.dim() != 2:
            raise CannotSplit(f"the linear layer after {self.info.name} is not a matrix over its units")
        change = (inputs - silent).view(len(images), units, -1)
        weight = self.linear.weight.view(-1, units, change.shape[2]).permute(1, 2, 0)
        terms = torch.bmm(change.transpose(0, 1), weight)  # (units, B, out)
        nothing = self.linear(silent)[0]
        mixed = nothing + terms.sum(0)
        scores = self.stages.after(mixed.clone(), *chosen(self.parts, skip_inputs))
        state = terms, nothing, mixed, skip_inputs
        return CachedForward(scores_of(scores, len(images)), max_activations, (change != 0).any(2), state)

    def scores(self, cached: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `network.Network`."""
        terms, nothing, mixed, _ = cached.state
        if _single(kept):
            return self._after(mixed[images] - terms[_removed(kept), images], cached, images)
        each, counts = torch.unique_consecutive(images, return_counts=True)
        parts = torch.split(kept.to(terms.dtype), counts.tolist())
        sums = [part @ terms[:, image] for image, part in zip(each.tolist(), parts, strict=True)]
        return self._after(nothing + torch.cat(sums), cached, images)

    def rows(self, cached: CachedForward) -> int:
        """See `network.Network`."""
        return rows_at_once(cached.state[1].numel(), 2**23)  # many, for matrices


class ConvolutionTerms(_LinearEdits):
    """The linear layer is a convolution: the next one of a VGG, the head of a SqueezeNet."""

    linear: nn.Conv2d

    def read(self, images: Tensor) -> CachedForward:
        """See `network.Network`."""
        max_activations, inputs, silent, skip_inputs = self._inputs(images)
        zeros = self.linear.padding_mode == "zeros" and not isinstance(self.linear.padding, str)
        if self.info.layer_kind.plane_dims != (-2, -1) or inputs.dim() != 4 or not zeros:
            raise CannotSplit(f"the convolution after {self.info.name} is not over its units")
        mixed = self.linear(inputs)
        scores = self.stages.after(mixed.clone(), *chosen(self.parts, skip_inputs))
        active = (inputs != silent).flatten(2).any(2)
        return CachedForward(
            scores_of(scores, len(images)), max_activations, active, (inputs, silent, mixed, skip_inputs)
        )

    def scores(self, cached: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `network.Network`."""
        inputs, silent, mixed, _ = cached.state
        if not _single(kept):
            rows = self.linear(torch.where(per_row(kept, inputs.dim()), inputs[images], silent))
            return self._after(rows, cached, images)
        unit, linear = _removed(kept), self.linear
        change = (inputs[images, unit] - silent[0, unit])[:, None]
        if linear.kernel_size != (1, 1) or linear.stride != (1, 1) or linear.padding != (0, 0):
            change = unfold(change, linear.kernel_size, linear.dilation, linear.padding, linear.stride)  # type: ignore[arg-type]
        weight = linear.weight.flatten(2)[:, unit].transpose(0, 1)  # (n, out, kernel)
        before = mixed.flatten(2)[images]
        rows = torch.baddbmm(before, weight, change.flatten(2), alpha=-1)
        return self._after(rows.view(len(images), *mixed.shape[1:]), cached, images)

    def rows(self, cached: CachedForward) -> int:
        """See `network.Network`."""
        return rows_at_once(cached.state[2][0].numel())


def _single(kept: Tensor) -> bool:
    return bool(((~kept).sum(1) == 1).all())


def _removed(kept: Tensor) -> Tensor:
    """The one unit that each edit forces to zero."""
    return (~kept).int().argmax(1)
