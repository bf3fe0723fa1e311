"""A network that is run with units of one layer forced to zero: as a whole, or from that layer on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.hooks import find_layer, first_tensor
from dissect_widgets.core.network.layers import LayerInfo, as_maps
from dissect_widgets.core.network.split import Parts
from dissect_widgets.errors import LayerError

_NUMBERS_AT_ONCE = 2**22
_ROWS_AT_ONCE = 2048


class CachedForward(NamedTuple):
    """What a network says of a batch as it is, and what edits start from."""

    scores: Tensor
    """float (B, classes)"""
    peaks: Tensor
    """float32 (B, units), the highest activation of each unit."""
    active: Tensor
    """bool (B, units): whether forcing a unit to zero changes anything that is computed."""
    state: Any
    """What the network needs, to go on with edits."""


class Network(Protocol):
    """A network whose units can be forced to zero."""

    how: str
    """How it is run, for people."""
    info: LayerInfo
    classes: int
    """Number of scores."""

    def read(self, pictures: Tensor) -> CachedForward:
        """Run a batch (B, 3, H, W), as the network takes it."""
        ...

    def scores(self, reading: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """Scores (n, classes) of `images`, int (n,) in order, where only the units `kept` (n, units) work."""
        ...

    def rows(self, reading: CachedForward) -> int:
        """How many edits to run at once."""
        ...


class Joinable(Network, Protocol):
    """A network whose readings of several batches can be made one."""

    def join(self, readings: Sequence[CachedForward]) -> CachedForward:
        """Join readings of batches that follow one another."""
        ...


class FullForward:
    """A full pass for each edit."""

    classes = 0

    def __init__(self, model: nn.Module, info: LayerInfo) -> None:
        self.model, self.info, self.how = model, info, "full passes"
        self._layer = find_layer(model, info.name)

    def read(self, pictures: Tensor) -> CachedForward:
        """See `Network`."""
        active: list[Tensor] = []  # of each time that the layer runs
        peaks: list[Tensor] = []

        def record(_module: nn.Module, _inputs: object, output: object) -> None:
            tensor = first_tensor(output, self.info.name)
            active.append(active_units(tensor, self.info))
            if len(active) == self.info.calls:
                peaks.append(as_maps(tensor, self.info).flatten(2).amax(2))

        handle = self._layer.register_forward_hook(record)
        try:
            scores = scores_of(self.model(pictures), len(pictures))
        finally:
            handle.remove()
        return CachedForward(scores, peaks[0], torch.stack(active).any(0), pictures)

    def scores(self, reading: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `Network`."""

        def edit(_module: nn.Module, _inputs: object, output: Any) -> Any:
            edited = without(first_tensor(output, self.info.name), kept, self.info)
            return type(output)([edited, *output[1:]]) if isinstance(output, (tuple, list)) else edited

        handle = self._layer.register_forward_hook(edit)
        try:
            return scores_of(self.model(reading.state[images]), len(images))
        finally:
            handle.remove()

    def rows(self, reading: CachedForward) -> int:
        """Few, for each is a whole picture."""
        return 8

    def join(self, readings: Sequence[CachedForward]) -> CachedForward:
        """See `Joinable`."""
        return _joined(readings, torch.cat([reading.state for reading in readings]))


class PartialForward:
    """The part before the layer once, the part behind it for each edit."""

    classes = 0

    def __init__(self, parts: Parts, info: LayerInfo) -> None:
        self.parts, self.info = parts, info
        self.how = f"from {info.name} on"

    def read(self, pictures: Tensor) -> CachedForward:
        """See `Network`."""
        value, beside = self.parts.before(pictures)
        peaks, active = as_maps(value, self.info).flatten(2).amax(2), active_units(value, self.info)
        scores = self.parts.after(value.clone(), *chosen(self.parts, beside))
        return CachedForward(scores_of(scores, len(pictures)), peaks, active, (value, beside))

    def scores(self, reading: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `Network`."""
        value, beside = reading.state
        edited = without(value[images], kept, self.info)
        scores = self.parts.after(edited, *chosen(self.parts, beside, images))
        return scores_of(scores, len(images))

    def rows(self, reading: CachedForward) -> int:
        """As many as keep what is computed near the processor."""
        return rows_at_once(reading.state[0][0].numel())

    def join(self, readings: Sequence[CachedForward]) -> CachedForward:
        """See `Joinable`."""
        values, besides = zip(*(reading.state for reading in readings), strict=True)
        together = zip(self.parts.own, zip(*besides, strict=True), strict=True)
        beside = tuple(torch.cat(every) if own else every[0] for own, every in together)
        return _joined(readings, (torch.cat(values), beside))


def _joined(readings: Sequence[CachedForward], state: Any) -> CachedForward:
    scores, peaks, active = (torch.cat(part) for part in zip(*(r[:3] for r in readings), strict=True))
    return CachedForward(scores, peaks, active, state)


def rows_at_once(numbers: int, at_once: int = _NUMBERS_AT_ONCE) -> int:
    """How many edits to run together, if each starts from so many numbers; what is computed stays near."""
    return max(8, min(_ROWS_AT_ONCE, at_once // max(numbers, 1)))


def chosen(parts: Parts, beside: tuple[Any, ...], images: Tensor | None = None) -> list[Any]:
    """What passes the layer by, of some images of a batch or all; copies, for later steps may change them."""

    def choose(value: Any, own: bool) -> Any:
        if own and images is not None:
            return value[images]
        return copied(value)

    return [choose(value, own) for value, own in zip(beside, parts.own, strict=True)]


def copied(value: Any) -> Any:
    """What passes a layer by, for a part that may change it in place."""
    return value.clone() if isinstance(value, Tensor) else value


def without(output: Tensor, kept: Tensor, info: LayerInfo) -> Tensor:
    """Output of a layer with only the units `kept`, bool (B, units), the others zero."""
    mask = per_row(kept, output.dim(), info.layer_kind.unit_dim)
    return torch.where(mask, output, torch.zeros((), dtype=output.dtype, device=output.device))


def active_units(output: Tensor, info: LayerInfo) -> Tensor:
    """Units of a layer that output anything but zero, bool (B, units)."""
    place = info.layer_kind.unit_dim
    others = [dim for dim in range(1, output.dim()) if dim != place]
    return (output != 0).any(dim=others) if others else output != 0


def per_row(kept: Tensor, dims: int, place: int = 1) -> Tensor:
    """Units that are kept, bool (B, units), as a mask of tensors with `dims` dimensions, units at `place`."""
    shape = [len(kept)] + [1] * (dims - 1)
    shape[place] = kept.shape[1]
    return kept.view(shape)


def scores_of(output: object, count: int) -> Tensor:
    """Scores (B, classes) of a network, once they are sure to be such; LayerError if not."""
    if not isinstance(output, Tensor):
        keys = f" with {', '.join(map(repr, output))}" if isinstance(output, dict) else ""
        raise LayerError(
            f"The network outputs {type(output).__name__}{keys}; it must be a tensor of scores "
            "(B, classes). Wrap it in a module that returns these alone."
        )
    if output.dim() != 2 or len(output) != count:
        raise LayerError(
            f"The network outputs {tuple(output.shape)} for {count} pictures, from which no class can be "
            "predicted; it must be scores (B, classes)."
        )
    return output
