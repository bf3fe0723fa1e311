"""Networks whose parameters have several number formats: the input gets the one that the network takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.network.hooks import model_dtype
from dissect_widgets.errors import SettingError
from tests.small_networks import seeded


class Mixed(nn.Module):
    """Something of another format comes first; what computes is float32."""

    def __init__(self, first: Callable[[nn.Module], None] = lambda net: None) -> None:
        super().__init__()
        first(self)
        with torch.random.fork_rng():
            self.conv, self.head = nn.Conv2d(3, 5, 3), nn.Linear(5, 4)
        seeded(self.conv), seeded(self.head, 1)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x).relu().amax((2, 3)))


def parameter(dtype: torch.dtype, count: int = 3) -> Callable[[nn.Module], None]:
    def add(net: nn.Module) -> None:
        net.scale = nn.Parameter(torch.ones(count, dtype=dtype), requires_grad=False)

    return add


def buffer(net: nn.Module) -> None:
    net.register_buffer("mean", torch.zeros(3, dtype=torch.float64))


def embedding(net: nn.Module) -> None:
    with torch.random.fork_rng():
        net.words = nn.Embedding(9, 200, dtype=torch.float16)


def pictures(count: int = 2) -> Tensor:
    return torch.rand(count, 3, 11, 13, generator=torch.Generator().manual_seed(3))


FIRST = {
    "float64": parameter(torch.float64),
    "float16": parameter(torch.float16),
    "bfloat16": parameter(torch.bfloat16),
    "int8": parameter(torch.int8),
    "many float64": parameter(torch.float64, 5000),
    "buffer": buffer,
    "embedding": embedding,
}


@pytest.mark.parametrize("kind", FIRST)
def test_the_input_has_the_format_that_the_network_takes(kind: str) -> None:
    net, plain, x = Mixed(FIRST[kind]), Mixed(), pictures(12)
    assert model_dtype(net, x[:1]) == torch.float32
    targets = [0, 1, 2, 3] * 3
    of_net, of_plain = (dw.rank_units(dw.ClassifierData(m, x, targets=targets), "conv") for m in (net, plain))
    assert (of_net.predictions.ablated == of_plain.predictions.ablated).all()
    with torch.no_grad():
        expected = plain.conv(x).amax((2, 3)).numpy()
    assert np.allclose(dw.find_max_activations(net, "conv", x), expected, atol=1e-5)
    method = dw.ProjectedGradient(steps=2)
    one, two = (
        dw.attack(dw.ClassifierData(m, x[:3]), "nearest", method=method, progress=False) for m in (net, plain)
    )
    assert torch.equal(one.adversarial, two.adversarial)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_a_network_of_one_format_gets_it_and_is_not_run(dtype: torch.dtype) -> None:
    class Broken(Mixed):
        def forward(self, x: Tensor) -> Tensor:
            raise AssertionError

    assert model_dtype(Broken().to(dtype), pictures()) == dtype


def test_half_precision_with_norms_of_full_precision() -> None:
    class Half(Mixed):
        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x).float()
            return self.head(self.norm(x).amax((2, 3)))

    net = Half()
    net.conv.half()
    net.norm = nn.BatchNorm2d(5).eval()
    assert model_dtype(net, pictures()) == torch.float16
    x = pictures(4)
    with torch.no_grad():
        expected = net.conv(x.half()).float().amax((2, 3)).numpy()
    assert np.array_equal(dw.find_max_activations(net, "conv", x), expected)


def test_an_input_of_no_format_is_refused_by_name() -> None:
    class Neither(Mixed):
        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.conv(x.double()).amax((2, 3)))

    net = Neither(parameter(torch.float16))
    with pytest.raises(
        SettingError, match=r"2 formats, and takes images in none of them: torch.float16: Run"
    ):
        dw.rank_units(dw.ClassifierData(net, pictures(4), targets=[0, 1, 2, 3]), "conv", progress=False)
    with pytest.raises(SettingError, match=r"model\.float"):
        dw.find_max_activations(net, "conv", pictures(4))


class MixedGenerator(nn.Module):
    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.average = nn.Parameter(torch.zeros(7, dtype=dtype))
        with torch.random.fork_rng():
            self.fc, self.maps, self.rgb = nn.Linear(7, 100), nn.ReLU(), nn.ConvTranspose2d(5, 3, 2, 2)
        seeded(self.fc), seeded(self.rgb, 1)

    def forward(self, z: Tensor) -> Tensor:
        return self.rgb(self.maps(self.fc(z).view(-1, 5, 4, 5))).tanh()


def test_latents_have_the_format_that_a_generator_takes() -> None:
    z = torch.rand(3, 7, generator=torch.Generator().manual_seed(2))
    edits = dw.Edit("maps", [1, 3])
    mixed, plain = (
        dw.edit(MixedGenerator(dtype).eval(), z, edits) for dtype in (torch.float64, torch.float32)
    )
    assert torch.equal(mixed, plain)
