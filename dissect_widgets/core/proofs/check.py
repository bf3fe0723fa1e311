"""Everything that a run relies on, proved or refused, without the run.

>>> check(model, ["layer4", "fc"], data, preprocess=normalize())
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn

from dissect_widgets.core.data.batches import read_item
from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.latents import Latents, ToImages, first_images, is_latents, to_images
from dissect_widgets.core.data.preprocessing import Preprocessing
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import find_layer, model_device, model_dtype
from dissect_widgets.core.network.influence_on_images import locate_by_images
from dissect_widgets.core.network.layers import describe_reading, read_layers
from dissect_widgets.core.network.locate import Locate, locate_in
from dissect_widgets.core.network.lock import exclusively
from dissect_widgets.core.network.look import Look, look
from dissect_widgets.core.network.original import is_script, layer_name, original, split_name
from dissect_widgets.core.network.outputs import SEPARATOR
from dissect_widgets.core.proofs.frame import check_preprocess
from dissect_widgets.core.proofs.function import Watched, another_input, judge_function, outputs_of
from dissect_widgets.core.proofs.items import prove_classes, prove_items
from dissect_widgets.core.proofs.report import CheckReport, Proof
from dissect_widgets.errors import DataError, DissectError, LayerError, ProofError

_READ = "its units, rows and columns are known"


def check(
    model: nn.Module,
    layers: str | Sequence[str] | None,
    data: Any,
    *,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    to_images: ToImages = to_images,
) -> CheckReport:
    """Prove what `dissect`, `rank_units`, `attack`, `edit` and their kin would rely on, without a run.

    Each of them proves the same of what it uses before it starts, and refuses what cannot be proved.

    Parameters
    ----------
    model
        Any network; it is left as it was.
    layers
        Dotted names of layers; None for all.
    data
        Images, labeled or not; or the latents of a generator.
    preprocess, to_images
        As for `dissect`.

    Returns
    -------
    CheckReport
        A table of proofs. A few images go through the network: one among others and alone, and
        `IMAGES_FOR_PLACES` where places must be measured; more where something is refused.

    Raises
    ------
    SettingError, LayerError, DataError
        If the model is no network whose layers can be watched, there is no such layer, or no image.
    """
    started, model = time.monotonic(), original(model)
    names = None if layers is None else [layers] if isinstance(layers, str) else list(layers)
    names = None if names is None else [layer_name(model, name) for name in names]
    proofs: list[Proof] = []
    locate: Locate
    with _counted(model) as count, evaluation(model):
        try:
            if is_latents(data):
                latents = Latents(data)
                inputs = latents[0][None].to(model_device(model))
                inputs = inputs.to(model_dtype(model, inputs))
                size = tuple(first_images(model, inputs, to_images).shape[-2:])
                locate = locate_by_images(model, inputs, to_images)
            else:
                inputs = _input(model, as_data(data), preprocess, proofs)
                size, locate = tuple(inputs.shape[-2:]), locate_in(model, inputs)
            proofs += _prove_network(model, names, inputs, size, locate)
        except _Ends:
            pass
    return CheckReport(tuple(proofs), count[0], time.monotonic() - started)


class _Ends(Exception):
    """Nothing more can be proved."""


def _input(model: nn.Module, data: Any, preprocess: Any, proofs: list[Proof]) -> Tensor:
    """The network's input for the first image, once data and preprocessing are proved; adds to the proofs."""
    if not len(data):
        raise DataError("There are no images in the data.")
    of_data = [*getattr(data, "proofs", list)(), *prove_items(data)]
    if getattr(data, "targets", None) is not None:
        of_data.append(prove_classes(data))
    proofs += of_data
    try:
        image = read_item(data, 0)[0]
    except DissectError:
        raise _Ends from None
    device = model_device(model)
    proofs += check_preprocess(preprocess, (int(image.shape[-2]), int(image.shape[-1])), device=device)
    try:
        inputs = Preprocessing(preprocess, device, torch.float32)(image[None])
    except ProofError:
        raise _Ends from None
    return inputs.to(model_dtype(model, inputs))


def _prove_network(
    model: nn.Module, names: Sequence[str] | None, inputs: Tensor, size: tuple[int, ...], locate: Locate
) -> Iterator[Proof]:
    """That it is a function of each image, and how each layer is read."""
    pair = torch.cat([inputs[:1], another_input(inputs)])
    modules = [name for name, module in model.named_modules() if name and not is_script(module)]
    asked = modules if names is None else [split_name(model, name)[0] for name in names]
    for name in asked if names is not None else ():
        find_layer(model, name)
    seen = look(model, asked, pair, all_of_them=False)
    yield _prove_function(model, names, pair, seen)
    found = read_layers(seen.layers, size, {}, locate)
    for name in found if names is None else names:
        yield _prove_reading(name, seen, found)


def _prove_function(model: nn.Module, names: Sequence[str] | None, pair: Tensor, seen: Look) -> Proof:
    read = [name for name in names or () if name in seen.layers]
    watched = Watched(read, {name: seen.layers[name].part for name in read})
    among, alone = (outputs_of(model, watched, part) for part in (pair, pair[:1]))
    return judge_function(model, watched, pair, among, alone)


def _prove_reading(name: str, seen: Look, found: Mapping[str, Any]) -> Proof:
    """How a layer is read."""
    subject = f"layer {name!r}"
    if name not in found:
        parts = [part for part in found if part.startswith(f"{name}{SEPARATOR}")]
        what = f"it outputs {len(parts)} tensors" if parts else "it does not run, or outputs no tensor"
        advice = f"Name one of them: {', '.join(parts)}." if parts else ""
        return Proof(subject, _READ, "refused", what, advice)
    part, layer = found[name], seen.layers[name]
    if isinstance(part, LayerError):
        return Proof(subject, _READ, "refused", str(part))
    if layer.output.shape[:1] != (2,):
        what = (
            f"it outputs {tuple(layer.output.shape)} for a batch of 2: its first dimension is not the batch"
        )
        return Proof(subject, _READ, "refused", what)
    reading, agreed = part
    verdict, evidence = describe_reading(layer, reading, agreed)
    return Proof(subject, _READ, verdict, evidence)


@contextmanager
def _counted(model: nn.Module) -> Iterator[list[int]]:
    """Counts the images that go through a network."""
    count, thread = [0], get_ident()

    def add(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if get_ident() == thread:
            count[0] += len(inputs[0])

    with exclusively(model):  # none is added during a pass
        handle = model.register_forward_pre_hook(add)
    try:
        yield count
    finally:
        with exclusively(model):
            handle.remove()
