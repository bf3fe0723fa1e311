"""Which of several readings of a layer is right: the one that follows changes of the image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from dissect_widgets.core.network.hooks import find_layers, hooked
from dissect_widgets.core.network.influence import (
    Agreement,
    Strips,
    change_strips,
    check_edges,
    check_whole,
    choose_reading,
    influence,
)
from dissect_widgets.core.network.layer_kinds import LayerKind, LayerOutput, Reading
from dissect_widgets.core.network.look import part_of, version_of
from dissect_widgets.core.network.outputs import tensor_in
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import LayerError, shown

IMAGES_FOR_PLACES: Final = 15
"""Images that go through a network where the places of a layer must be measured."""


class _Influences(NamedTuple):
    """Influence of strips on the output of a layer."""

    shape: tuple[int, ...]
    of_kind: dict[LayerKind, Tensor]
    """For each kind that the output may be, float64 (strips and two edges, positions)."""


Located = tuple[Reading, Agreement]
Locate = Callable[[Mapping[str, Sequence[Reading]]], Mapping[str, Located | LayerError]]
"""Finds the right one of several readings of each layer."""


def locate_in(model: nn.Module, batch: Tensor, *, whole: bool = True) -> Locate:
    """How to find readings by changing strips of the first image of a batch (B, C, H, W).

    A layer that does not look at the `whole` image is refused, unless places do not matter.
    """

    def locate(unsure: Mapping[str, Sequence[Reading]]) -> dict[str, Located | LayerError]:
        if batch.dim() != 4:
            reason = "the network takes no images: where its positions lie is not known."
            return {name: LayerError(f"Layer {name!r}: {reason}") for name in unsure}
        strips = change_strips(batch[:1])
        measured = _influences(model, unsure, strips)
        return {name: _located(name, unsure[name], measured.get(name), strips, whole) for name in unsure}

    return locate


def _influences(
    model: nn.Module, unsure: Mapping[str, Sequence[Reading]], strips: Strips
) -> dict[str, _Influences]:
    """Influence of strips on the outputs of layers, for each kind that these may be."""
    measured: dict[str, _Influences] = {}
    images = torch.cat([strips.images, strips.edges])
    last: tuple[Tensor | None, int | None, _Influences] = None, None, _Influences((), {})

    def measurer(name: str):  # type: ignore[no-untyped-def]
        def measure(_module: nn.Module, _inputs: object, output: object) -> None:
            nonlocal last
            tensor = tensor_in(output, part_of(model, name, output, len(images)), name)
            kinds = {reading.kind for reading in unsure[name]}
            before, version, found = last
            unchanged = tensor is before and version is not None and version == version_of(tensor)
            if not unchanged or kinds != found.of_kind.keys():  # layers may hand on what they get
                shape = LayerOutput(name, tuple(tensor.shape), ())
                # a module that runs several times may output other forms before the last
                whole = len(tensor) == len(images) and all(kind.recognize(shape) for kind in kinds)
                values = {kind: influence(tensor, kind) for kind in kinds} if whole else {}
                found = _Influences(tuple(tensor.shape), values)
                last = tensor, version_of(tensor), found
            measured[name] = found

        return measure

    measurers = [(module, measurer(name)) for name, module in find_layers(model, unsure).items()]
    with hooked(model, measurers):
        run(model, images)
    return measured


def _located(
    name: str,
    readings: Sequence[Reading],
    measured: _Influences | None,
    strips: Strips,
    whole: bool,
) -> Located | LayerError:
    if measured is None or not measured.of_kind:
        return LayerError(f"Layer {shown(name)}: the first dimension of its output is not the batch.")
    try:
        of_strips = {kind: values[:-2] for kind, values in measured.of_kind.items()}
        reading, found = choose_reading(name, (1, *measured.shape[1:]), readings, of_strips, strips)
        if whole:
            check_whole(name, of_strips[reading.kind], len(strips.down), reading.size)
            check_edges(name, measured.of_kind[reading.kind])
        return reading, found
    except LayerError as error:
        return error
