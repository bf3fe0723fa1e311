"""Networks run with units of one layer forced to zero: in full, or from that layer on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.hooks import Hook, find_layer, hooked
from dissect_widgets.core.network.layers import LayerInfo, as_maps
from dissect_widgets.core.network.outputs import distinct_tensors, listed, tensor_in, with_tensor
from dissect_widgets.core.network.run import run
from dissect_widgets.core.network.split import Parts
from dissect_widgets.errors import LayerError

_NUMBERS_AT_ONCE = 2**22
_ROWS_AT_ONCE = 2048


class CachedForward(NamedTuple):
    """One unedited forward pass of a batch, and what edited passes start from."""

    scores: Tensor
    """float (B, classes)"""
    max_activations: Tensor
    """float32 (B, units), the highest activation of each unit."""
    active: Tensor
    """bool (B, units): whether forcing a unit to zero changes anything that is computed."""
    state: Any
    """What the network needs to run edited passes."""


class Network(Protocol):
    """A network whose units can be forced to zero."""

    strategy: str
    """How it is run, for people: in full, or from the layer on."""
    info: LayerInfo
    classes: int
    """Number of scores."""

    def read(self, images: Tensor) -> CachedForward:
        """Run a batch (B, 3, H, W) that is preprocessed."""
        ...

    def scores(self, cached: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """Scores (n, classes) of `images`, int (n,) ascending, with only the units `kept` (n, units)."""
        ...

    def rows(self, cached: CachedForward) -> int:
        """How many edits to run at once."""
        ...


class Joinable(Network, Protocol):
    """A network whose cached passes of several batches can be joined."""

    def join(self, forwards: Sequence[CachedForward]) -> CachedForward:
        """Join the cached passes of consecutive batches."""
        ...


class FullForward:
    """Runs the whole network for each edit."""

    classes = 0

    def __init__(self, model: nn.Module, info: LayerInfo) -> None:
        self.model, self.info, self.strategy = model, info, "full passes"
        self._layer = find_layer(model, info.name)

    def read(self, images: Tensor) -> CachedForward:
        """See `Network`."""
        active: list[Tensor] = []  # one for each call of the layer
        max_activations: list[Tensor] = []

        def record(_module: nn.Module, _inputs: object, output: object) -> None:
            tensor = tensor_in(output, self.info.part, self.info.name)
            active.append(active_units(tensor, self.info))
            if len(active) == self.info.calls:
                max_activations.append(as_maps(tensor, self.info).flatten(2).amax(2))

        scores = scores_of(self._run(images, record), len(images))
        return CachedForward(scores, max_activations[0], torch.stack(active).any(0), images)

    def scores(self, cached: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `Network`."""

        def edit(_module: nn.Module, _inputs: object, output: Any) -> Any:
            whole = tensor_in(output, self.info.part, self.info.name)
            return with_tensor(output, whole, without(whole, kept, self.info))

        return scores_of(self._run(cached.state[images], edit), len(images))

    def _run(self, images: Tensor, hook: Hook) -> Any:
        with hooked(self.model, [(self._layer, hook)]):
            return run(self.model, images)

    def rows(self, cached: CachedForward) -> int:
        """Few, for each is a full pass."""
        return 8

    def join(self, forwards: Sequence[CachedForward]) -> CachedForward:
        """See `Joinable`."""
        return _joined(forwards, torch.cat([cached.state for cached in forwards]))


class PartialForward:
    """Runs the part before the layer once, and the part after it for each edit."""

    classes = 0

    def __init__(self, parts: Parts, info: LayerInfo) -> None:
        self.parts, self.info = parts, info
        self.strategy = f"from {info.name} on"

    def read(self, images: Tensor) -> CachedForward:
        """See `Network`."""
        value, skip_inputs = self.parts.before(images)
        max_activations, active = as_maps(value, self.info).flatten(2).amax(2), active_units(value, self.info)
        scores = self.parts.after(value.clone(), *chosen(self.parts, skip_inputs))
        return CachedForward(scores_of(scores, len(images)), max_activations, active, (value, skip_inputs))

    def scores(self, cached: CachedForward, images: Tensor, kept: Tensor) -> Tensor:
        """See `Network`."""
        value, skip_inputs = cached.state
        edited = without(value[images], kept, self.info)
        scores = self.parts.after(edited, *chosen(self.parts, skip_inputs, images))
        return scores_of(scores, len(images))

    def rows(self, cached: CachedForward) -> int:
        """As many as let intermediate results stay in the processor's cache."""
        return rows_at_once(cached.state[0][0].numel())

    def join(self, forwards: Sequence[CachedForward]) -> CachedForward:
        """See `Joinable`."""
        values, skips = zip(*(cached.state for cached in forwards), strict=True)
        pairs = zip(self.parts.per_image, zip(*skips, strict=True), strict=True)
        skip_inputs = tuple(torch.cat(each) if per_image else each[0] for per_image, each in pairs)
        return _joined(forwards, (torch.cat(values), skip_inputs))


def _joined(forwards: Sequence[CachedForward], state: Any) -> CachedForward:
    parts = zip(*(cached[:3] for cached in forwards), strict=True)
    scores, max_activations, active = (torch.cat(part) for part in parts)
    return CachedForward(scores, max_activations, active, state)


def rows_at_once(numbers: int, at_once: int = _NUMBERS_AT_ONCE) -> int:
    """How many edits to run together, if each starts from so many numbers, to stay in the cache."""
    return max(8, min(_ROWS_AT_ONCE, at_once // max(numbers, 1)))


def chosen(parts: Parts, skip_inputs: tuple[Any, ...], images: Tensor | None = None) -> list[Any]:
    """Inputs that bypass the layer, of all images or some; copies, for later steps may change them."""

    def choose(value: Any, per_image: bool) -> Any:
        if per_image and images is not None:
            return value[images]
        return copied(value)

    return [choose(value, per_image) for value, per_image in zip(skip_inputs, parts.per_image, strict=True)]


def copied(value: Any) -> Any:
    """Copy of a value, for a part that may change it in place."""
    return value.clone() if isinstance(value, Tensor) else value


def without(output: Tensor, kept: Tensor, info: LayerInfo) -> Tensor:
    """Output of a layer with only the units `kept`, bool (B, units), the others zero."""
    mask = per_row(kept, output.dim(), info.layer_kind.unit_dim)
    return torch.where(mask, output, torch.zeros((), dtype=output.dtype, device=output.device))


def active_units(output: Tensor, info: LayerInfo) -> Tensor:
    """Units with any activation but zero, bool (B, units)."""
    positions = [dim for dim in range(1, output.dim()) if dim != info.layer_kind.unit_dim]
    return (output != 0).any(dim=positions) if positions else output != 0


def per_row(kept: Tensor, dims: int, unit_dim: int = 1) -> Tensor:
    """Mask of units, bool (B, units), that broadcasts over tensors with `dims` dimensions."""
    shape = [len(kept)] + [1] * (dims - 1)
    shape[unit_dim] = kept.shape[1]
    return kept.view(shape)


def scores_of(output: object, count: int) -> Tensor:
    """Output of a network as scores (B, classes).

    Of an output of several tensors it is the one of that shape, or "logits", as classifiers with further
    outputs call theirs.

    Raises
    ------
    LayerError
        If there is none, or there are several and none is called "logits".
    """
    if not isinstance(output, Tensor):
        tensors = distinct_tensors(output)
        fit = [
            name
            for name, tensor in tensors.items()
            if tensor.dim() == 2 and len(tensor) == count and tensor.is_floating_point()
        ]
        if "logits" in fit or len(fit) == 1:
            return tensors["logits" if "logits" in fit else fit[0]]
        raise LayerError(
            f"The network outputs {type(output).__name__} with {listed(tensors) or 'no tensor'}"
            f"{', several of which may be scores' if fit else ''}; it must be scores (B, classes). Wrap it "
            "in a module that returns these alone."
        )
    if output.dim() != 2 or len(output) != count:
        raise LayerError(
            f"The network outputs {tuple(output.shape)} for {count} images, from which no class can be "
            "predicted; it must be scores (B, classes)."
        )
    return output
