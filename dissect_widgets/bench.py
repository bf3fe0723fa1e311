"""What dissection, ablation and edits cost, as a ratio to the bare forward pass over the same images.

>>> result = bench_dissect("vgg16", ["features.29"], Synthetic(100, concepts=1825, label_size=56))
>>> result["ratio"]

Both are timed in one process, in turn, so that a machine whose speed drifts slows both alike.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from dissect_widgets.core.edit import Edit
from dissect_widgets.core.generator import open_generator
from dissect_widgets.core.hooks import trace
from dissect_widgets.core.importance import UnitImportance
from dissect_widgets.core.latents import latents
from dissect_widgets.core.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import LayerError, nearest
from dissect_widgets.models.progan import ProgressiveGenerator
from dissect_widgets.rank import rank_units
from dissect_widgets.run import dissect

_CHANNELS = 6  # object, part, material, colour and two halves, as in PNAS 2020
_SIDE = 7  # label patches along a side


class Synthetic:
    """Pictures of smooth noise, with patches of random labels in six channels, held in memory.

    Parameters
    ----------
    images
        How many.
    concepts, label_size, size
        Size of the vocabulary; sides of the label maps and of the pictures, in pixels.
    """

    def __init__(self, images: int, *, concepts: int, label_size: int, size: int = 224) -> None:
        random = np.random.default_rng(0)
        self.vocabulary = Vocabulary(
            Concept(f"concept {i}", f"kind {i % _CHANNELS}") for i in range(concepts)
        )
        noise = torch.from_numpy(random.random((images, 3, size // 8, size // 8), np.float32))
        self.images = interpolate(noise, size=(size, size), mode="bicubic").clamp(0, 1)
        patch = np.arange(label_size) * _SIDE // label_size
        coarse = random.integers(0, concepts + 1, (images, _CHANNELS, _SIDE, _SIDE), dtype=np.int32)
        self.labels = torch.from_numpy(coarse[:, :, patch][:, :, :, patch])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], self.labels[index]


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
        What to dissect.
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
        dissect(model, layers, data, batch_size=batch_size, preprocess=preprocess, progress=False, **options)

    timed = _compare("dissect", run, _forward(model, data, batch_size, preprocess), rounds)
    return {
        "images": len(data),
        "layers": list(layers),
        "concepts": len(data.vocabulary) - 1,
        "label_size": list(data[0][1].shape[1:]),
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

    The network is taken at its word: what it says of an image is the image's class.

    Parameters
    ----------
    model, layer, data
        What to rank.
    batch_size, rounds, preprocess
        See `bench_dissect`.

    Returns
    -------
    dict
        As of `bench_dissect`; also how the network was run, and for which share of all pairs of a unit
        and an image the prediction is another without the unit.
    """
    model.eval()
    found: list[UnitImportance] = []

    def run() -> None:
        options: dict[str, Any] = {"preprocess": preprocess, "batch_size": batch_size, "progress": False}
        found[:] = [rank_units(model, layer, data, targets="predicted", **options)]

    timed = _compare("ablate", run, _forward(model, data, batch_size, preprocess), rounds)
    return {
        "images": len(data),
        "layer": layer,
        "units": found[0].units,
        "how": found[0].how,
        "changed_predictions": round(float((found[0].edited.edited != found[0].edited.predicted).mean()), 4),
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
    """Time pictures after an edit of some units in a mask, and the layers that follow alone, in turn.

    Parameters
    ----------
    generator, layer
        What to edit; a layer that others follow.
    units, images, batch_size, rounds
        How many units are edited, how many pictures there are, how many are drawn together, how often.

    Returns
    -------
    dict
        As of `bench_dissect`; `forward` is what follows the layer, on maps that are kept.
    """
    names = [name for name, _ in generator.eval().named_children()]
    if layer not in names[:-1]:
        raise LayerError(f"There is no layer {layer!r} that others follow.{nearest(layer, names[:-1])}")
    after = nn.Sequential(*list(generator.children())[names.index(layer) + 1 :])
    device = next(generator.parameters()).device
    drawn = torch.split(latents(images, depth=generator.depth).to(device), batch_size)
    canvas, maps = open_generator(generator, layer, drawn[0]), []
    for some in drawn:
        with torch.inference_mode(), trace(generator, [layer], calls={layer: 1}) as seen:
            generator(some)
        maps.append(seen[layer])
    begun = [canvas.begin(some) for some in drawn]
    where = np.zeros(canvas.maps[layer][1:], np.float32)
    where[where.shape[0] // 2 :, : where.shape[1] // 2] = 1
    edit = Edit(layer, range(units), 1.0, where)

    def run() -> None:
        for one in begun:
            canvas.draw(one, [edit])
        _finish(device)

    def forward() -> None:
        with torch.inference_mode():
            for one in maps:
                after(one)
        _finish(device)

    return {
        "layer": layer,
        "units": units,
        "how": canvas.how,
        "size": generator.size,
        "images": images,
        "batch_size": batch_size,
        "rounds": rounds,
        **_compare("edit", run, forward, rounds),
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
                items = [data[i] for i in range(start, min(start + batch_size, len(data)))]
                images = [item[0] if isinstance(item, tuple) else item for item in items]
                pictures = torch.stack(images).to(device)
                model(preprocess(pictures) if preprocess else pictures)
        _finish(device)

    return forward


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _compare(name: str, run: Callable[[], None], forward: Callable[[], None], rounds: int) -> dict[str, Any]:
    """Seconds, ratio and memory of both, in turn."""
    forward()
    after_forward = peak_megabytes()
    forward_seconds, run_seconds = [], []
    for _ in range(rounds):
        forward_seconds.append(_seconds(forward))
        run_seconds.append(_seconds(run))
    ratios = [d / f for d, f in zip(run_seconds, forward_seconds, strict=True)]
    return {
        "forward_seconds": round(statistics.median(forward_seconds), 3),
        f"{name}_seconds": round(statistics.median(run_seconds), 3),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "peak_mb_forward": after_forward,
        f"peak_mb_{name}": peak_megabytes(),
        "threads": torch.get_num_threads(),
    }


def peak_megabytes() -> int:
    """Most memory this process has had, resident, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 2**20 if sys.platform == "darwin" else peak // 2**10


def _seconds(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
