"""The oracle itself: against gradients, and on readings that are known to be right or wrong."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.layers import LayerInfo
from tests.core.proofs.moved_patch import follow_patch
from tests.core.proofs.placement_oracle import judge, traced_outputs
from tests.core.proofs.traced_places import TracedPlaces
from tests.small_networks import seeded

SIZE = (24, 40)
ROWS, COLUMNS, UNITS = 3, 5, 7
"""Of the tokens: patches of 8 x 8 pixels."""


class Tokens(nn.Module):
    """Patches as tokens, after which comes what `arrange` makes of them, (B, ...)."""

    def __init__(self, arrange) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.patches = nn.Conv2d(3, UNITS, 8, 8)
        self.arrange, self.last = arrange, nn.Identity()
        self.class_token = nn.Parameter(torch.zeros(1, 1, UNITS))
        self.mixer = nn.Linear(ROWS * COLUMNS, ROWS * COLUMNS)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.arrange(self, self.patches(images)))


def tokens_of(_net: Tokens, maps: Tensor) -> Tensor:
    return maps.flatten(2).transpose(1, 2)


def columns_first(_net: Tokens, maps: Tensor) -> Tensor:
    return maps.transpose(2, 3).flatten(2).transpose(1, 2)


def with_class_token(net: Tokens, maps: Tensor) -> Tensor:
    return torch.cat([net.class_token.expand(len(maps), -1, -1), tokens_of(net, maps)], 1)


def mixed(net: Tokens, maps: Tensor) -> Tensor:
    return net.mixer(maps.flatten(2)).transpose(1, 2)


def channels_last(_net: Tokens, maps: Tensor) -> Tensor:
    return maps.permute(0, 2, 3, 1)


def mirrored(_net: Tokens, maps: Tensor) -> Tensor:
    return maps.flip(3)


def shifted(_net: Tokens, maps: Tensor) -> Tensor:
    return maps.roll(2, 3)


def sequence_first(_net: Tokens, maps: Tensor) -> Tensor:
    return maps.flatten(2).permute(2, 0, 1)


def tokens(arrange) -> Tokens:  # type: ignore[no-untyped-def]
    with torch.random.fork_rng():
        net = Tokens(arrange)
    return seeded(net).eval()


def pixels(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(2))


def read(
    kind: str, shape: tuple[int, ...], units: int, rows: int, columns: int, first: int = 0
) -> tuple[LayerInfo, Grid]:
    info = LayerInfo("last", "Identity", kind, (2, *shape), units, rows, columns, 1, first)
    return info, Grid.half_pixel(rows, columns, SIZE)


TOKEN_SHAPE = (ROWS * COLUMNS, UNITS)


@pytest.mark.parametrize(
    ("arrange", "reading", "verdict"),
    [
        (tokens_of, ("tokens", TOKEN_SHAPE, UNITS, 3, 5), "right"),
        (tokens_of, ("tokens", TOKEN_SHAPE, UNITS, 5, 3), "wrong"),
        (columns_first, ("tokens", TOKEN_SHAPE, UNITS, 3, 5), "wrong"),
        (with_class_token, ("tokens", (16, UNITS), UNITS, 3, 5, 1), "right"),
        (with_class_token, ("tokens", (16, UNITS), UNITS, 3, 5), "wrong"),
        (with_class_token, ("tokens", (16, UNITS), UNITS, 4, 4), "wrong"),
        (mixed, ("tokens", TOKEN_SHAPE, UNITS, 3, 5), "wrong"),
        (channels_last, ("channels-last map", (3, 5, UNITS), UNITS, 3, 5), "right"),
        (channels_last, ("map", (3, 5, UNITS), 3, 5, UNITS), "wrong"),
        (lambda _net, maps: maps, ("map", (UNITS, 3, 5), UNITS, 3, 5), "right"),
        (lambda _net, maps: maps.transpose(2, 3), ("map", (UNITS, 5, 3), UNITS, 5, 3), "wrong"),
        (mirrored, ("map", (UNITS, 3, 5), UNITS, 3, 5), "wrong"),
        (shifted, ("map", (UNITS, 3, 5), UNITS, 3, 5), "wrong"),
    ],
)
def test_known_readings(arrange, reading, verdict) -> None:  # type: ignore[no-untyped-def]
    net = tokens(arrange)
    images = pixels(2, 3, *SIZE)
    info, grid = read(*reading)
    outputs, unknown = traced_outputs(net, ["last"], images)
    assert not unknown
    assert judge(outputs["last"], info, grid).verdict == verdict
    slope = follow_patch(net, {"last": (info, grid)}, images[0])["last"]
    assert slope > 0.9 if verdict == "right" else slope < 0.6


def test_images_among_the_tokens_are_seen() -> None:
    net = tokens(sequence_first)
    outputs, _ = traced_outputs(net, ["last"], pixels(ROWS * COLUMNS, 3, *SIZE))
    info = LayerInfo("last", "Identity", "tokens", (15, 15, UNITS), UNITS, 3, 5, 1)
    placement = judge(outputs["last"], info, Grid.half_pixel(3, 5, SIZE))
    assert placement.verdict == "wrong" and "images" in placement.reason


def test_places_are_the_centers_of_gradients() -> None:
    """With even weights and no border, a number lies where the center of its gradient does."""
    with torch.random.fork_rng():
        net = nn.Sequential(
            nn.Conv2d(1, 2, 3, stride=2, padding=1),
            nn.AvgPool2d(3, 2),
            nn.Conv2d(2, 3, (1, 2), dilation=(1, 2)),
            nn.ConvTranspose2d(3, 2, 2, 2),
            nn.ZeroPad2d((1, 0, 0, 2)),
            nn.Conv2d(2, 2, 2),
        )
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    image = pixels(1, 1, 41, 53).requires_grad_()
    with evaluation(net), torch.inference_mode(), TracedPlaces(plain := image.detach()) as places:
        output = net(plain)
    traced = places.of(output)
    assert traced is not None
    for row, column in ((4, 6), (5, 9), (8, 11)):
        (gradient,) = torch.autograd.grad(net(image)[0, 1, row, column], image)
        weight = gradient[0, 0] / gradient.sum()
        center = (weight.sum(1) @ torch.arange(41.0), weight.sum(0) @ torch.arange(53.0))
        assert traced.y[0, 1, row, column] == pytest.approx(float(center[0]), abs=0.6)
        assert traced.x[0, 1, row, column] == pytest.approx(float(center[1]), abs=0.6)
