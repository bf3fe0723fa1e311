"""Networks that draw at random, made functions of each image: all kinds of draws."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import dissect_widgets as dw
from dissect_widgets.core.network.hooks import trace
from dissect_widgets.errors import SettingError
from tests.core.oracle import same
from tests.core.small_generators import LATENT_DIM, Rules
from tests.small_networks import seeded


class Drawing(nn.Module):
    """Draws at random in its forward pass: twice, between convolutions."""

    def __init__(self, draw: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.stem, self.layer = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 7, 3)
        self.draw = draw
        self.generator = torch.Generator().manual_seed(9)

    def forward(self, images: Tensor) -> Tensor:
        return self.draw(self, self.layer(self.draw(self, self.stem(images))))


def shuffled_places(_net: Any, x: Tensor) -> Tensor:
    order = torch.rand(len(x), x.shape[2] * x.shape[3], device=x.device).argsort(1)
    return x.flatten(2).gather(2, order[:, None].expand(-1, x.shape[1], -1)).view_as(x)


def chosen_units(_net: Any, x: Tensor) -> Tensor:
    weights = torch.ones(len(x), x.shape[1])
    kept = torch.multinomial(weights, 3)
    return x * torch.zeros(len(x), x.shape[1]).scatter(1, kept, 1.0)[..., None, None]


def in_heads(_net: Any, x: Tensor) -> Tensor:
    heads = x.reshape(len(x) * x.shape[1], -1)  # (B heads, places), the heads of one image together
    return functional.dropout(heads, 0.4, training=True).view_as(x)


def in_place(_net: Any, x: Tensor) -> Tensor:
    noise = torch.empty_like(x)
    noise.normal_()
    noise[:, 1].uniform_(2, 3)
    return x + noise


DRAWS: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "randn_like": lambda _, x: x + torch.randn_like(x),
    "rand_like": lambda _, x: x + torch.rand_like(x),
    "randn": lambda _, x: x + torch.randn(x.shape),
    "rand": lambda _, x: x * torch.rand(len(x), x.shape[1], 1, 1),
    "randint": lambda _, x: x + torch.randint(0, 5, (len(x), 1, 1, 1)),
    "randint_like": lambda _, x: x + torch.randint_like(x, 0, 9),
    "one map for all": lambda _, x: x + torch.randn(1, 1, *x.shape[2:]),
    "one number for all": lambda _, x: x + torch.randn(()),
    "normal": lambda _, x: x + torch.normal(torch.zeros_like(x), 2.0),
    "normal of a size": lambda _, x: x + torch.normal(0.0, 2.0, x.shape),
    "bernoulli": lambda _, x: x * torch.bernoulli(torch.full_like(x, 0.4)),
    "bernoulli in place": lambda _, x: x * torch.empty_like(x).bernoulli_(0.4),
    "poisson": lambda _, x: x + torch.poisson(torch.full_like(x, 3.0)),
    "dropout": lambda _, x: functional.dropout(x, 0.4, training=True),
    "dropout in place": lambda _, x: functional.dropout(x.clone(), 0.4, training=True, inplace=True),
    "dropout in heads": in_heads,
    "dropout2d": lambda _, x: functional.dropout2d(x, 0.4, training=True),
    "alpha_dropout": lambda _, x: functional.alpha_dropout(x, 0.4, training=True),
    "attention": lambda _, x: x + functional.scaled_dot_product_attention(x, x, x + torch.randn_like(x)),
    "gumbel": lambda _, x: x + functional.gumbel_softmax(x, dim=1),
    "multinomial": chosen_units,
    "randperm": lambda _, x: x[:, torch.randperm(x.shape[1])],
    "argsort of noise": shuffled_places,
    "normal_ and uniform_": in_place,
    "exponential_": lambda _, x: x + torch.empty_like(x).exponential_(),
    "numpy": lambda _, x: x + torch.from_numpy(np.random.rand(x.shape[1], 1, 1)).to(x),
    "python": lambda _, x: x * random.uniform(1, 2),
    "stochastic depth": lambda _, x: x * (torch.rand(len(x), 1, 1, 1) > 0.5),
    "a generator of its own": lambda n, x: x + torch.randn(x.shape, generator=n.generator),
    "that in place": lambda n, x: x + torch.empty_like(x).normal_(generator=n.generator),
}
COUNTS = (2, 3, 7)


@pytest.fixture(autouse=True)
def states() -> Iterator[None]:
    """Networks that draw leave numpy's and Python's generators as they were."""
    before = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)
        yield
    random.setstate(before[0])
    np.random.set_state(before[1])


def drawing(draw: Callable[[Any, Tensor], Tensor]) -> Drawing:
    return seeded(Drawing(draw)).eval()  # type: ignore[return-value]


def images(count: int = 7) -> Tensor:
    return torch.rand(count, 3, 11, 13, generator=torch.Generator().manual_seed(4))


def generator_states() -> tuple[Any, ...]:
    name, keys, *rest = np.random.get_state()
    return torch.get_rng_state().tolist(), random.getstate(), keys.tolist(), name, *rest


@torch.no_grad()
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_the_same_for_each_image_alone_and_among_others(draw: Callable[[Any, Tensor], Tensor]) -> None:
    net = drawing(draw)
    fixed, inputs = dw.with_fixed_noise(net), images()
    before = generator_states()
    alone = torch.cat([fixed(image[None]) for image in inputs])
    for count in COUNTS:
        parts = torch.cat([fixed(part) for part in inputs.split(count)])
        torch.testing.assert_close(parts, alone, atol=1e-3, rtol=1e-4)
    backwards = torch.cat([fixed(part) for part in inputs.flip(0).split(3)]).flip(0)
    torch.testing.assert_close(backwards, alone, atol=1e-3, rtol=1e-4)
    assert generator_states() == before
    torch.testing.assert_close(dw.with_fixed_noise(net)(inputs), alone, atol=1e-3, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_another_seed_draws_otherwise_and_the_network_goes_on_to_draw(
    draw: Callable[[Any, Tensor], Tensor],
) -> None:
    net, inputs = drawing(draw), images(3)
    fixed = dw.with_fixed_noise(net)
    others = [dw.with_fixed_noise(net, seed=seed)(inputs) for seed in range(1, 9)]
    assert any(not torch.allclose(fixed(inputs), other) for other in others)
    passes = [net(inputs) for _ in range(9)]
    assert any(not torch.allclose(passes[0], other) for other in passes[1:])
    maps = torch.rand(1, 64, 9, 9) - 0.5
    first = net.draw(net, maps)
    assert not all(torch.allclose(first, net.draw(net, maps)) for _ in range(20))


def test_draws_differ_from_one_another_within_a_pass() -> None:
    seen: list[Tensor] = []

    def draw(_net: Any, x: Tensor) -> Tensor:
        seen.append(torch.randn(len(x), 4))
        return x

    dw.with_fixed_noise(drawing(draw))(images(5))
    assert all(torch.equal(part, part[:1].expand(5, -1)) for part in seen)
    assert not torch.equal(seen[0], seen[1])


def test_weights_layers_and_hooks_are_shared() -> None:
    net = drawing(DRAWS["randn_like"])
    fixed = dw.with_fixed_noise(net)
    assert fixed is not net and type(fixed) is Drawing
    assert [id(p) for p in fixed.parameters()] == [id(p) for p in net.parameters()]
    assert fixed.layer is net.layer and "forward" not in vars(net)
    with trace(net, ["layer"]) as seen:
        fixed(images(2))
    assert seen["layer"].shape == (2, 7, 7, 9)
    fixed.train()
    assert fixed.layer.training
    fixed.eval()


def test_gradients_reach_the_image() -> None:
    fixed, inputs = dw.with_fixed_noise(drawing(DRAWS["dropout"])), images(3).requires_grad_()
    fixed(inputs).square().sum().backward()
    alone = images(3)[1:2].requires_grad_()
    fixed(alone).square().sum().backward()
    assert inputs.grad is not None and alone.grad is not None and alone.grad.abs().max() > 0
    torch.testing.assert_close(inputs.grad[1:2], alone.grad, atol=1e-4, rtol=1e-4)


def test_states_come_back_if_the_network_fails() -> None:
    def fail(_net: Any, x: Tensor) -> Tensor:
        torch.rand(3), np.random.rand(), random.random()
        raise RuntimeError("the network fails")

    fixed, before = dw.with_fixed_noise(drawing(fail)), generator_states()
    with pytest.raises(RuntimeError, match="the network fails"):
        fixed(images(2))
    assert generator_states() == before


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, "1", None])
def test_seeds(seed: Any) -> None:
    with pytest.raises(SettingError, match=f"seed is {seed!r}; allowed is 0 to 4294967295"):
        dw.with_fixed_noise(drawing(DRAWS["rand"]), seed=seed)
    dw.with_fixed_noise(drawing(DRAWS["rand"]), seed=2**32 - 1)(images(2))


def test_a_network_that_keeps_random_tokens() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTMAEConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=32,
        patch_size=4, mask_ratio=0.25, decoder_hidden_size=8, decoder_num_hidden_layers=1,
        decoder_num_attention_heads=2, decoder_intermediate_size=16,
    )  # fmt: skip
    net = transformers.ViTMAEModel(config).eval()
    fixed = dw.with_fixed_noise(net)
    inputs = torch.rand(7, 3, 32, 32)
    with torch.no_grad():
        assert not torch.allclose(net(inputs)[0], net(inputs)[0])
        alone = torch.cat([fixed(image[None])[0] for image in inputs])
        assert alone.shape == (7, 1 + 48, 8)
        for count in COUNTS:
            parts = torch.cat([fixed(part)[0] for part in inputs.split(count)])
            torch.testing.assert_close(parts, alone, atol=1e-5, rtol=1e-4)


class Noisy(nn.Module):
    """A generator that draws noise in each of its layers; pictures of 22 x 26."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.low = nn.Linear(LATENT_DIM, 5 * 11 * 13), nn.Conv2d(5, 5, 3, padding=1)
        self.rgb = nn.ConvTranspose2d(5, 3, 2, stride=2)

    def forward(self, z: Tensor) -> Tensor:
        x = self.fc(z).view(len(z), 5, 11, 13)
        x = self.low(x + 0.5 * torch.randn_like(x))
        return torch.tanh(self.rgb(torch.relu(x + 0.5 * torch.randn(len(x), 1, 11, 13))))


def test_a_generator_that_draws_noise_is_dissected_twice_to_the_same_bits() -> None:
    net = dw.with_fixed_noise(seeded(Noisy()).eval(), seed=5)
    latents = torch.randn(9, LATENT_DIM, generator=torch.Generator().manual_seed(6))
    one, two = (dw.dissect(net, "low", latents, segmenter=Rules(), progress=False)["low"] for _ in range(2))
    same(one, two)
