"""Networks that are no functions of each image are refused, by the module in which they are not."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import dissect_widgets as dw
from dissect_widgets.core.ablation.cached import cache_activations
from dissect_widgets.core.dissection.max_activation import find_max_activations
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.locate import IMAGES_FOR_PLACES
from dissect_widgets.core.proofs.function import (
    OUTPUT,
    Watched,
    another_input,
    judge_function,
    outputs_of,
)
from dissect_widgets.core.proofs.layers import prove_layers
from dissect_widgets.core.proofs.report import Proof
from dissect_widgets.errors import ProofError
from tests.core.oracle import outputs
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

NOISY = "two passes over the same images differ in"


class Through(nn.Module):
    """A convolution, a module of the test, and a head."""

    def __init__(self, middle: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 5, 3, stride=2, padding=1)
        self.middle, self.layer, self.head = middle, nn.ReLU(), nn.Linear(5, 6)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.layer(self.middle(self.stem(images)))
        return self.head(maps.mean((2, 3)))


class Of(nn.Module):
    """A function of maps, which may keep things in the module."""

    def __init__(self, rule: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.rule, self.passes, self.kept = rule, 0, None
        self.generator = torch.Generator().manual_seed(1)
        self.numbers = np.random.default_rng(2)

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        return self.rule(self, x)


def network(middle: nn.Module) -> Through:
    with torch.random.fork_rng():
        return seeded(Through(middle)).eval()  # type: ignore[return-value]


def kept_state(module: Any, x: Tensor) -> Tensor:
    before, module.kept = module.kept, x.mean().detach()
    return x if before is None else x + before


def dropped_tokens(_module: Any, x: Tensor) -> Tensor:
    tokens = x.flatten(2)
    kept = torch.rand(len(x), tokens.shape[2]).argsort(1)[:, ::2]
    mask = torch.zeros(len(x), tokens.shape[2]).scatter(1, kept, 1.0)
    return (tokens * mask[:, None]).view_as(x)


RANDOM: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "noise": lambda _, x: x + torch.randn_like(x),
    "little noise": lambda _, x: x + 0.1 * torch.rand(x.shape),
    "dropout in evaluation": lambda _, x: functional.dropout(x, 0.3, training=True),
    "dropped rows": lambda _, x: x * torch.bernoulli(torch.full((*x.shape[:3], 1), 0.5)),
    "dropped tokens": dropped_tokens,
    "bernoulli": lambda _, x: x * torch.bernoulli(torch.full_like(x, 0.5)),
    "permuted units": lambda _, x: x[:, torch.randperm(x.shape[1])],
    "written in place": lambda _, x: x + torch.empty_like(x).normal_(),
    "numpy": lambda _, x: x + float(np.random.rand()),
    "python": lambda _, x: x * random.random(),
    "a generator of its own": lambda m, x: x + torch.randn(x.shape, generator=m.generator),
    "a numpy generator of its own": lambda m, x: x + float(m.numbers.normal()),
    "state kept": kept_state,
    "a counter": lambda m, x: x * m.passes,
    "every other pass": lambda m, x: x if m.passes % 2 else -x,
}
OF_THE_BATCH: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "batch statistics": lambda _, x: functional.batch_norm(x, None, None, training=True),
    "mean of the batch": lambda _, x: x - x.mean(0),
    "mixed images": lambda _, x: 0.7 * x + 0.3 * x.flip(0),
    "rolled images": lambda _, x: x.roll(1, 0),
    "largest of the batch": lambda _, x: x / x.abs().max(),
    "attention over the batch": lambda _, x: torch.einsum(
        "bd,duhw->buhw", torch.softmax(x.mean((2, 3)) @ x.mean((2, 3)).T, 1), x
    ),
    "number of images": lambda _, x: x * len(x),
}
FUNCTIONS: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "nothing": lambda _, x: x,
    "written in place": lambda _, x: x.mul_(2).add_(1),
    "own statistics": lambda _, x: (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True),
    "instance norm": lambda _, x: functional.instance_norm(x),
    "attention": lambda _, x: functional.scaled_dot_product_attention(x, x, x),
    "seeded noise": lambda _, x: (
        x + torch.randn(x.shape[1:], generator=torch.Generator().manual_seed(3)).to(x)
    ),
    "a counter that changes nothing": lambda m, x: x + 0 * m.passes,
    "all zero": lambda _, x: x * 0,
    "large numbers": lambda _, x: x * 1e30,
    "small numbers": lambda _, x: x * 1e-30,
}


@pytest.fixture(autouse=True)
def states() -> Any:
    """Networks that draw leave numpy's and Python's generators as they were."""
    before = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield
    random.setstate(before[0])
    np.random.set_state(before[1])


def judged(net: nn.Module, images: Tensor, *layers: str) -> Proof:
    pair = torch.cat([images[:1], another_input(images)])
    watched = Watched(list(layers))
    with evaluation(net):
        among, alone = outputs_of(net, watched, pair), outputs_of(net, watched, pair[:1])
        return judge_function(net, watched, pair, among, alone)


@pytest.mark.parametrize("rule", RANDOM.values(), ids=RANDOM)
def test_what_differs_between_passes_is_named(rule: Callable[[Any, Tensor], Tensor]) -> None:
    for layers in (["layer"], []):
        if not layers and rule is RANDOM["little noise"]:
            continue  # its mean over the map is lost in what rounding may change
        found = judged(network(Of(rule)), ArrayImages().images, *layers)
        assert found.verdict == "refused" and found.subject == "network"
        assert NOISY in found.seen or rule is RANDOM["every other pass"]
        assert found.seen.endswith("first in module 'middle' (Of)")
        assert "dw.with_fixed_noise" in found.advice or rule is RANDOM["every other pass"]


@pytest.mark.parametrize("rule", OF_THE_BATCH.values(), ids=OF_THE_BATCH)
def test_what_depends_on_the_batch_is_named(rule: Callable[[Any, Tensor], Tensor]) -> None:
    found = judged(network(Of(rule)), ArrayImages().images, "layer")
    assert found.verdict == "refused"
    assert found.seen.startswith("layer 'layer' differs by") and "when the image is run alone" in found.seen
    assert found.seen.endswith("first in module 'middle' (Of)")
    assert "whole batch" in found.advice
    for count in (
        (1, 2) if rule is not OF_THE_BATCH["largest of the batch"] else (2,)
    ):  # of one image there is no batch: then it is another one made of it
        with pytest.raises(ProofError, match="differs by"):
            prove_layers(network(Of(rule)), ["layer"], ArrayImages().images[:count])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("rule", FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_are_proved(rule: Callable[[Any, Tensor], Tensor], dtype: torch.dtype) -> None:
    if dtype == torch.float16 and rule in (FUNCTIONS["large numbers"], FUNCTIONS["small numbers"]):
        pytest.skip("beyond its range")
    found = judged(network(Of(rule)).to(dtype), ArrayImages().images.to(dtype), "stem", "layer")
    assert (found.verdict, found.seen) == ("proved", "compared in 3 of its outputs")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_noise_in_half_precision_is_no_rounding(dtype: torch.dtype) -> None:
    for rules in (RANDOM, OF_THE_BATCH):
        for name in ("noise", "dropout in evaluation", "mixed images", "batch statistics"):
            if name in rules:
                found = judged(network(Of(rules[name])).to(dtype), ArrayImages().images.to(dtype), "layer")
                assert found.verdict == "refused" and "'middle'" in found.seen, name


def test_batch_norm_without_running_statistics_is_named() -> None:
    net = network(nn.BatchNorm2d(5, track_running_stats=False))
    assert judged(net, ArrayImages().images, "layer").seen.endswith("first in module 'middle' (BatchNorm2d)")
    assert judged(network(nn.BatchNorm2d(5)), ArrayImages().images, "layer").verdict == "proved"


def test_what_comes_after_the_layer_counts_only_for_scores() -> None:
    net, images = network(Of(FUNCTIONS["nothing"])), ArrayImages().images
    net.head = nn.Sequential(Of(RANDOM["noise"]), nn.Linear(5, 6))
    assert list(prove_layers(net, ["layer"], images)) == ["layer"]
    with pytest.raises(ProofError, match=r"the network's output.*module 'head.0'"):
        prove_layers(net, ["layer"], images, whole=True)


def test_a_first_dimension_that_is_no_batch() -> None:
    net = network(Of(lambda _, x: x))
    net.layer = Of(lambda _, x: x.transpose(0, 1))
    net.head = Of(lambda _, x: x.mean())
    found = judged(net, ArrayImages().images, "layer")
    assert (
        found.verdict == "refused" and "the first dimension of layer 'layer' is not the batch" in found.seen
    )
    assert "(5, 1, 10, 14) for one image, (5, 2, 10, 14) for two" in found.seen


def test_the_other_input_is_another() -> None:
    images = ArrayImages().images
    assert torch.equal(another_input(images), images[1:2])
    for same in (images[:1], images[:1].repeat(3, 1, 1, 1)):
        other = another_input(same)
        assert other.shape == (1, 3, 20, 28) and not torch.equal(other, same[:1])
        assert (other.min(), other.max()) == pytest.approx((float(same.min()), float(same.max())))


def test_outputs_are_those_of_the_network() -> None:
    net, images = network(Of(FUNCTIONS["nothing"])), ArrayImages().images[:2]
    with evaluation(net):
        found = outputs_of(net, Watched(["stem", "layer"]), images)
        assert torch.equal(found["stem"], net.stem(images)) and torch.equal(found[OUTPUT], net(images))
        found = outputs_of(net, Watched(["stem"], calls={"stem": 1}), images)
        assert list(found) == ["stem"]


def test_so_many_images_go_through() -> None:
    class Counting(TinyNet):
        count = 0

        def forward(self, x: Tensor) -> Tensor:
            type(self).count += len(x)
            if self.tokens:
                return self.mix(self.stem(x).flatten(2).transpose(1, 2))
            return super().forward(x)

    with torch.random.fork_rng():
        net = seeded(Counting()).eval()
    images = ArrayImages().images
    for net.tokens, expected in ((False, 3), (True, 3 + IMAGES_FOR_PLACES)):
        Counting.count = 0
        prove_layers(net, ["mix"], images)
        assert Counting.count == expected


def test_all_that_run_a_network_refuse_it() -> None:
    images = ArrayImages()
    net = network(Of(RANDOM["dropout in evaluation"]))
    classifier = dw.ClassifierData(net, images, targets=[0, 1, 2, 3, 4, 5, 0, 1, 2])
    for call in (
        lambda: dw.dissect(net, "layer", images, progress=False),
        lambda: dw.rank_units(classifier, "layer", progress=False),
        lambda: dw.ablate_units(classifier, "layer", [[0, 3]], progress=False),
        lambda: cache_activations(classifier, "layer"),
        lambda: find_max_activations(net, "layer", images),
    ):
        with pytest.raises(ProofError, match=f"{NOISY}.*module 'middle'"):
            call()
    fixed = dw.with_fixed_noise(net)
    layer = dw.dissect(fixed, "layer", images, progress=False)["layer"]
    maps = np.concatenate([outputs(fixed, "layer", image[None], 1) for image in images.images])
    np.testing.assert_allclose(layer.highest, maps.max((0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(layer.lowest, maps.min((0, 2, 3)), rtol=1e-5)
    greatest = find_max_activations(fixed, "layer", images)
    np.testing.assert_allclose(np.sort(greatest.ravel()), np.sort(maps.max((2, 3)).ravel()), rtol=1e-5)
