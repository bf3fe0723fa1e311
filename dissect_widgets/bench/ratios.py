"""The cost of dissection, ablation, edits and attacks, as a ratio to the least that they can cost.

>>> result = bench_dissect(model, ["features.29"], Synthetic(100, concepts=1825, label_size=56))
>>> result["ratio"]

Both are timed in one process, in turn, so that a machine whose speed drifts slows both alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dissect_widgets.api.ablation import rank_units
from dissect_widgets.api.attacks import attack
from dissect_widgets.api.dissection import dissect
from dissect_widgets.bench.timing import compare, finish
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.attacks.carlini_wagner import CarliniWagner
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.items import image_of, label_map_of
from dissect_widgets.core.data.latents import latents
from dissect_widgets.core.data.pixels import as_image
from dissect_widgets.core.data.views import image_name
from dissect_widgets.core.dissection.settings import Resources
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import open_generator
from dissect_widgets.core.network.hooks import trace
from dissect_widgets.errors import LayerError, nearest, shown
from dissect_widgets.models.progressive_gan import ProgressiveGenerator


def bench_dissect(
    model: nn.Module,
    layers: Sequence[str],
    data: Any,
    *,
    batch_size: int = 4,
    rounds: int = 3,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Time dissection, statistics and exemplars included, and the bare forward pass, in turn.

    Parameters
    ----------
    model, layers, data
        The network, its layers, and labeled images.
    batch_size
        Images that go through the network together, in both.
    rounds
        How often each is run; the median counts.
    preprocess, options
        Passed on to `dissect`.

    Returns
    -------
    dict
        Seconds of each, their ratio (the median over the rounds), and the peak memory of the process
        after the forward pass alone and after dissection, in megabytes.
    """

    def run() -> None:
        resources = Resources(batch_size=batch_size)
        dissect(model, layers, data, preprocess=preprocess, resources=resources, progress=False, **options)

    timed = compare("dissect", run, _forward(model, data, batch_size, preprocess), rounds)
    return {
        "images": len(data),
        "layers": list(layers),
        "concepts": len(data.vocabulary) - 1,
        "label_size": list(label_map_of(data[0]).shape[1:]),
        "batch_size": batch_size,
        "rounds": rounds,
        **timed,
        "device": str(next(model.parameters()).device),
    }


def bench_ablate(
    model: nn.Module,
    layer: str,
    data: Any,
    *,
    batch_size: int = 8,
    rounds: int = 3,
    preprocess: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, Any]:
    """Time the ranking of all units of a layer, and the bare forward pass, in turn.

    The model's predictions are the labels.

    Parameters
    ----------
    model, layer, data
        The network, a layer, and images.
    batch_size, rounds, preprocess
        See `bench_dissect`.

    Returns
    -------
    dict
        As of `bench_dissect`; also the strategy of the run, and for which share of all pairs of a unit
        and an image the prediction changes without the unit.
    """
    model.eval()
    results: list[UnitImportance] = []

    def run() -> None:
        classifier = ClassifierData(
            model, data, targets="predicted", preprocess=preprocess, batch_size=batch_size
        )
        results[:] = [rank_units(classifier, layer, progress=False)]

    timed = compare("ablate", run, _forward(model, data, batch_size, preprocess), rounds)
    return {
        "images": len(data),
        "layer": layer,
        "units": results[0].units,
        "strategy": results[0].strategy,
        "changed_predictions": round(
            float((results[0].predictions.ablated != results[0].predictions.predicted).mean()), 4
        ),
        "batch_size": batch_size,
        "rounds": rounds,
        **timed,
        "device": str(next(model.parameters()).device),
    }


def bench_edit(
    generator: ProgressiveGenerator,
    layer: str,
    *,
    units: int = 20,
    images: int = 1,
    batch_size: int = 1,
    rounds: int = 20,
) -> dict[str, Any]:
    """Time images after an edit of some units in a mask, and the layers that follow alone, in turn.

    Parameters
    ----------
    generator, layer
        The generator, and a layer that others follow.
    units, images, batch_size, rounds
        How many units are edited, how many images there are, how many are drawn together, and how often.

    Returns
    -------
    dict
        As of `bench_dissect`; `forward` is the layers that follow, on cached maps.
    """
    names = [name for name, _ in generator.eval().named_children()]
    if layer not in names[:-1]:
        raise LayerError(f"There is no layer {shown(layer)} that others follow.{nearest(layer, names[:-1])}")
    after = nn.Sequential(*list(generator.children())[names.index(layer) + 1 :])
    device = next(generator.parameters()).device
    drawn = torch.split(latents(images, latent_dim=generator.latent_dim).to(device), batch_size)
    editable, maps = open_generator(generator, layer, drawn[0]), []
    for some in drawn:
        with torch.inference_mode(), trace(generator, [layer], calls={layer: 1}) as seen:
            generator(some)
        maps.append(seen[layer])
    prefixes = [editable.begin(some) for some in drawn]
    where = np.zeros(editable.maps[layer][1:], np.float32)
    where[where.shape[0] // 2 :, : where.shape[1] // 2] = 1
    edit = Edit(layer, range(units), 1.0, where)

    def run() -> None:
        for one in prefixes:
            editable.draw(one, [edit])
        finish(device)

    def forward() -> None:
        with torch.inference_mode():
            for one in maps:
                after(one)
        finish(device)

    return {
        "layer": layer,
        "units": units,
        "strategy": editable.strategy,
        "size": generator.size,
        "images": images,
        "batch_size": batch_size,
        "rounds": rounds,
        **compare("edit", run, forward, rounds),
        "device": str(device),
    }


def bench_attack(
    model: nn.Module,
    data: Any,
    *,
    steps: int = 20,
    batch_size: int = 8,
    rounds: int = 3,
    preprocess: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, Any]:
    """Time Carlini and Wagner's attack, and as many bare passes forward and backward, in turn.

    Parameters
    ----------
    model, data
        The classifier and images; the target class of each image is a wrong one at random.
    steps
        Number of steps, with one constant; no attack ends early.
    batch_size, rounds, preprocess
        See `bench_dissect`.

    Returns
    -------
    dict
        As of `bench_dissect`; `forward` is passes forward and backward.
    """
    method, device = (
        CarliniWagner(steps=steps, searches=1, abort_early=False),
        next(model.parameters()).device,
    )
    model.eval()
    results: list[AttackResult] = []

    def run() -> None:
        classifier = ClassifierData(model, data, preprocess=preprocess, batch_size=batch_size)
        results[:] = [attack(classifier, "random", method=method, progress=False)]

    def forward() -> None:
        for start in range(0, len(data), batch_size):
            images = torch.stack(_images(data, start, batch_size)).to(device).requires_grad_()
            for _ in range(steps):
                scores = model(preprocess(images) if preprocess else images)
                torch.autograd.grad(scores.sum(), images)
        finish(device)

    timed = compare("attack", run, forward, rounds)
    return {
        "images": len(data),
        "steps": steps,
        "passes": results[0].passes,
        "batch_size": batch_size,
        "rounds": rounds,
        **timed,
        "seconds_per_image": round(timed["attack_seconds"] / len(data), 3),
        "device": str(device),
    }


def _forward(
    model: nn.Module, data: Any, batch_size: int, preprocess: Callable[[Tensor], Tensor] | None
) -> Callable[[], None]:
    device = next(model.parameters()).device
    model.eval()

    def forward() -> None:
        with torch.no_grad():
            for start in range(0, len(data), batch_size):
                images = torch.stack(_images(data, start, batch_size)).to(device)
                model(preprocess(images) if preprocess else images)
        finish(device)

    return forward


def _images(data: Any, start: int, count: int) -> list[Tensor]:
    numbers = range(start, min(start + count, len(data)))
    return [as_image(image_of(data[number]), image_name(data, number)) for number in numbers]
