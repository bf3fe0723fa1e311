"""Narrow networks: names, maps, sizes, and that a seed is all that they depend on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from dissect_widgets.world.networks.alexnet import LAYERS, SIDES, AlexNet, AlexNetGAP, widened
from dissect_widgets.world.networks.densenet import DenseNet
from dissect_widgets.world.networks.googlenet import GoogLeNet
from dissect_widgets.world.networks.parts import seeded
from dissect_widgets.world.networks.resnet import ResNet
from dissect_widgets.world.networks.vgg import VGG

NETWORKS: dict[str, tuple[Callable[[int], nn.Module], int]] = {
    "AlexNet": (AlexNet, 64),
    "AlexNet with batch norm": (partial(AlexNet, norm=True), 64),
    "AlexNet-GAP": (AlexNetGAP, 64),
    "VGG": (VGG, 96),
    "ResNet": (ResNet, 80),
    "GoogLeNet": (GoogLeNet, 256),
    "DenseNet": (DenseNet, 154),
}


def maps(net: nn.Module, layers: tuple[str, ...], images: torch.Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
            shapes[name] = tuple(output.shape)

        return hook

    for name in layers:
        net.get_submodule(name).register_forward_hook(note(name))
    with torch.inference_mode():
        net.eval()(images)
    return shapes


@pytest.mark.parametrize("name", NETWORKS)
def test_the_last_map_is_6_by_6_or_more(name: str) -> None:
    make, units = NETWORKS[name]
    net = seeded(1, partial(make, 7))
    images = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    shapes = maps(net, net.layers, images)  # type: ignore[arg-type]
    assert list(shapes) == list(net.layers)  # type: ignore[arg-type]
    last = list(shapes.values())[-1]
    assert last[:2] == (2, units) and min(last[2:]) >= 6
    with torch.inference_mode():
        assert net(images).shape == (2, 7)
    assert sum(weight.numel() for weight in net.parameters()) <= 500_000


@pytest.mark.parametrize("name", NETWORKS)
def test_a_seed_is_all_that_a_network_depends_on(name: str) -> None:
    make = partial(NETWORKS[name][0], 5)
    first, again, other = (seeded(seed, make).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_alexnet_is_alexnet() -> None:
    net = seeded(0, partial(AlexNet, 9, norm=True, dropout=0.5))
    names = [name for name, _ in net.named_children()]
    assert names == [
        *(
            "center",
            "conv1",
            "bn1",
            "relu1",
            "pool1",
            "conv2",
            "bn2",
            "relu2",
            "pool2",
            "conv3",
            "bn3",
            "relu3",
        ),
        *("conv4", "bn4", "relu4", "conv5", "bn5", "relu5", "pool5", "flatten"),
        *("fc6", "bn6", "relu6", "drop6", "fc7", "bn7", "relu7", "drop7", "fc8"),
    ]
    shapes = maps(seeded(0, partial(AlexNet, 9)), LAYERS, torch.zeros(1, 3, 96, 96))
    assert [shape[2] for shape in shapes.values()] == list(SIDES)
    trunk = seeded(0, partial(AlexNet, None, widths=(4, 5, 6, 7, 9)))
    with torch.inference_mode():
        assert trunk(torch.zeros(2, 3, 96, 96)).shape == (2, 9, 6, 6)
        gray = seeded(0, partial(AlexNet, 9, channels=1, center=False))
        assert gray.eval()(torch.zeros(2, 1, 96, 96)).shape == (2, 9)


def test_widths_are_multiples() -> None:
    assert widened(3, 2) == (24, 96, 144, 144, 192)
    assert widened(8) == (24, 48, 72, 72, 512)


def test_a_trunk_of_resnet_ends_with_its_last_map() -> None:
    trunk = seeded(0, partial(ResNet, None, widths=(4, 5, 6, 7)))
    with torch.inference_mode():
        assert trunk.eval()(torch.zeros(2, 3, 96, 96)).shape == (2, 7, 6, 6)
