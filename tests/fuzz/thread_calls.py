"""Calls on shared networks, and what each gives when nothing else runs: for `concurrency`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.ablation.cached import cache_activations
from dissect_widgets.core.editing.edit import Edit
from tests.core.small_generators import LATENT_DIM, Rules, progressive
from tests.small_images import ArrayImages

_NOT_COMPARED = {"seconds", "date", "search", "_again", "_close", "provenance"}


class Branching(nn.Module):
    """A classifier of images (20 x 28) with normalization, a branch, an in-place step and dropout.

    Parameters
    ----------
    keeps
        Whether it keeps what it computes in itself for a moment, as many networks do, so that passes of two
        threads at once go wrong whatever hooks do.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.BatchNorm2d(6))
        self.relu = nn.ReLU(inplace=True)
        self.left, self.right = nn.Conv2d(6, 5, 1), nn.Conv2d(6, 5, 3, padding=1)
        self.mix, self.drop = nn.ReLU(), nn.Dropout(0.5)
        self.late = nn.Conv2d(5, 8, 3, padding=1)
        self.head = nn.Linear(8, 6)
        self.keeps, self.kept = keeps, torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        if self.keeps:
            self.kept = x
            time.sleep(0)  # lets other threads go on
            x = self.kept
        x = self.mix(self.left(x) + self.right(x))
        x = torch.relu(self.late(x)).mean((2, 3))
        return self.head(self.drop(x))


class Classes(ArrayImages):
    """The same images with classes."""

    classes = ("ant", "bee", "cow", "dog", "elk", "fox")
    vocabulary: Any = None

    def __init__(self) -> None:
        super().__init__(12)
        del self.vocabulary
        self.targets = [i % 6 for i in range(12)]

    def __getitem__(self, index: int) -> Any:
        return self.images[index], self.targets[index]


def network(*, keeps: bool = True, seed: int = 0) -> Branching:
    """A network in evaluation mode, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Branching(keeps=keeps).eval()
        for parameter in net.parameters():
            nn.init.normal_(parameter, std=0.4)
    return net


def generator() -> nn.Module:
    """A generator in evaluation mode, always the same."""
    return progressive().eval()


LATENTS = torch.randn(6, LATENT_DIM, generator=torch.Generator().manual_seed(3))
LAYERS = ("stem", "left", "mix", "late")


def classifier(net: nn.Module, workers: int = 0) -> dw.ClassifierData:
    """The network on its images."""
    return dw.ClassifierData(net, Classes(), batch_size=4, workers=workers)


def dissect(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Dissect two layers."""
    found = dw.dissect(net, list(dict.fromkeys([layer, "mix"])), ArrayImages(), progress=False)
    return [(each.name, each.intersection, each.threshold) for each in found.layers]


def rank(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Importance of units."""
    found = dw.rank_units(classifier(net), layer, progress=False)
    return found.loss, found.odds_loss


def predicted(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Importance by the network's own predictions."""
    data = dw.ClassifierData(net, Classes(), targets="predicted", batch_size=4)
    return dw.rank_units(data, layer, progress=False).odds_loss


def ablate(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Predictions without some units."""
    found = dw.ablate_units(classifier(net), layer, [[0, 2], [1], [3, 4]], progress=False)
    return found.ablated, found.predicted, found.odds_loss


def explore(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """What the explorer of ablations does."""
    held = cache_activations(classifier(net), layer)
    return [held.predict([0, 1]), held.predict([2]), held.predicted]


def attack(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Attack images, and see what changes inside."""
    data = classifier(net)
    method = dw.CarliniWagner(steps=8, searches=2, learning_rate=0.05, initial_constant=1.0)
    found = dw.attack(data, method=method, images=[0, 3, 4], progress=False)
    changes = dw.unit_changes(data, layer, found, progress=False)
    maps = dw.change_maps(data, layer, found, [0, 1])
    return found.adversarial, found.success, changes.change, maps.change


def descend(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Attack by projected gradients."""
    method = dw.ProjectedGradient(steps=5)
    return dw.attack(classifier(net), "nearest", method=method, images=[1, 2], progress=False).adversarial


def list_layers(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """List the layers."""
    return [tuple(info) for info in dw.list_layers(net, ArrayImages().images[:2])]


def check(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Prove what a run relies on."""
    return [str(proof) for proof in dw.check(net, [layer], ArrayImages()).proofs]


def highest(net: nn.Module, _gen: nn.Module, layer: str) -> Any:
    """Max activations."""
    return dw.find_max_activations(net, layer, ArrayImages(), batch_size=4)


def edit(_net: nn.Module, gen: nn.Module, layer: str) -> Any:
    """Edit images."""
    return dw.edit(gen, LATENTS, [Edit("layer2", [0, 3]), Edit("layer4", [1], 2.0)], batch_size=2)


def paint(_net: nn.Module, gen: nn.Module, layer: str) -> Any:
    """What the painter does: one beginning, many edits."""
    opened = dw.open_generator(gen, "layer3", LATENTS[:1])
    begun = opened.begin(LATENTS[:1])
    return [opened.draw(begun, [Edit("layer3", [unit])]) for unit in range(4)]


def count(_net: nn.Module, gen: nn.Module, layer: str) -> Any:
    """Count pixels under edits."""
    sets = [Edit("layer4", [0, 1]), Edit("layer4", [2])]
    return dw.count_pixels(gen, LATENTS, sets, Rules(), batch_size=2, progress=False).after


def dissect_generator(_net: nn.Module, gen: nn.Module, layer: str) -> Any:
    """Dissect a generator."""
    found = dw.dissect(gen, ["layer3", "layer5"], LATENTS, segmenter=Rules(), progress=False)
    return [(each.name, each.intersection, each.threshold) for each in found.layers]


CALLS: dict[str, Callable[[nn.Module, nn.Module, str], Any]] = {
    call.__name__: call
    for call in (
        dissect,
        rank,
        predicted,
        ablate,
        explore,
        attack,
        descend,
        list_layers,
        check,
        highest,
        edit,
        paint,
        count,
        dissect_generator,
    )
}


def bits(value: Any) -> str:
    """Digest of all numbers and texts in a result, but for times."""
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in _NOT_COMPARED:
                _add(digest, (name, item))
    elif isinstance(value, (list, tuple)):
        digest.update(b"[%d" % len(value))
        for item in value:
            _add(digest, item)
    elif is_dataclass(value):
        _add(digest, {field.name: getattr(value, field.name) for field in fields(value)})
    elif hasattr(value, "__dict__") and not isinstance(value, nn.Module) and not callable(value):
        cached = {n for n in vars(value) if isinstance(getattr(type(value), n, None), cached_property)}
        _add(digest, {name: item for name, item in vars(value).items() if name not in cached})
    else:
        digest.update(repr(value).encode())


_alone: dict[tuple[str, str], str] = {}


def alone(name: str, layer: str) -> str:
    """What a call gives when nothing else runs."""
    if (name, layer) not in _alone:
        _alone[name, layer] = bits(CALLS[name](network(), generator(), layer))
    return _alone[name, layer]


def all_alone() -> None:
    """Find out what every call gives alone."""
    for name in CALLS:
        for layer in LAYERS:
            alone(name, layer)
