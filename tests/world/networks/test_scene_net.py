"""The scene classifier: its layers, and folding of batch norms."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from dissect_widgets.world.networks import SceneNet, fold

NARROW = {"widths": (4, 4, 6, 8, 8), "hidden": 12}


@pytest.fixture(autouse=True)
def keep_random_state() -> object:
    with torch.random.fork_rng():
        yield


def test_layers_have_vgg16s_names() -> None:
    net = SceneNet(24)
    blocks = [f"conv{b}_{n}" for b, depth in enumerate((2, 2, 3, 3, 3), 1) for n in range(1, depth + 1)]
    assert net.convolutions == blocks and len(blocks) == 13
    seen = []
    net.conv5_3.register_forward_hook(lambda m, i, o: seen.append(o.shape))
    assert net(torch.rand(2, 3, 128, 128)).shape == (2, 24)
    assert seen[0][2:] == (8, 8)


def test_folding_changes_nothing() -> None:
    net = SceneNet(("a", "b", "c"), **NARROW, norm=True)
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    net.eval()
    images = torch.rand(3, 3, 128, 128)
    with torch.no_grad():
        before = net(images)
        folded = fold(copy.deepcopy(net))
        assert torch.allclose(folded(images), before, atol=1e-3)
    assert not any(isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) for module in folded.modules())
    assert list(folded.state_dict()) == list(SceneNet(3, **NARROW).state_dict())
    assert folded.classes == net.classes == ("a", "b", "c") and SceneNet(3).classes == ()
