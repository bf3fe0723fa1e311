"""Layers whose form does not tell how to read them: outputs of which every position's place is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import trace
from dissect_widgets.core.network.influence import (
    LEAST_AGREEMENT,
    Places,
    Strips,
    agreement,
    change_strips,
    check_whole,
    influence,
    places,
)
from dissect_widgets.core.network.layer_kinds import (
    CHANNELS_FIRST_TOKENS,
    CHANNELS_LAST_MAP,
    MAP,
    TOKENS,
    MapSize,
)
from dissect_widgets.core.network.layers import LayerInfo, as_maps, list_layers, plan_layers
from dissect_widgets.core.proofs.layers import prove_layers
from dissect_widgets.errors import ActivationError, LayerError

UNITS = 5


class Arranged(nn.Module):
    """Means of patches of an image, in 5 mixtures of its colors, as `layer` arranges them."""

    def __init__(self, patch: int, arrange: Callable[[Tensor], Tensor], units: int = UNITS) -> None:
        super().__init__()
        self.patch, self.arrange, self.layer = patch, arrange, nn.Identity()
        random = torch.Generator().manual_seed(5)
        self.colors = nn.Parameter(torch.randn(units, 3, generator=random))

    def maps(self, images: Tensor) -> Tensor:
        """What is right: (B, units, h, w)."""
        batch, _, height, width = images.shape
        rows, columns = height // self.patch, width // self.patch
        cells = images.reshape(batch, 3, rows, self.patch, columns, self.patch).mean((3, 5))
        return torch.einsum("uc,bchw->buhw", self.colors, cells)

    def forward(self, images: Tensor) -> Tensor:
        return self.layer(self.arrange(self.maps(images)))


def image(height: int, width: int) -> Tensor:
    """Noise with a light, smooth background, (2, 3, H, W)."""
    random = torch.Generator().manual_seed(7)
    return torch.rand(2, 3, height, width, generator=random) * 0.5 + torch.linspace(0, 0.5, width)


def read(
    net: nn.Module, images: Tensor, grids: dict[str, tuple[int, int]] | None = None
) -> tuple[LayerInfo, Tensor]:
    """How `layer` is read, and its maps."""
    size = (images.shape[-2], images.shape[-1])
    with evaluation(net):
        plan = plan_layers(
            net, ["layer"], images, rule="half-pixel", token_grids=grids or {}, image_size=size
        )["layer"]
        with trace(net, ["layer"]) as seen:
            net(images)
    return plan.info, as_maps(seen["layer"], plan.info)


def tokens(maps: Tensor, before: int = 0, after: int = 0) -> Tensor:
    """Maps as tokens, with others that look at the whole image before and after them."""
    whole = maps.mean((2, 3))[:, None]
    scales = torch.linspace(0.5, 2, max(before, after, 1), dtype=maps.dtype)[:, None]
    return torch.cat([whole * scales[:before], maps.flatten(2).transpose(1, 2), whole * scales[:after]], 1)


SIZES = [
    pytest.param((48, 80), 16, id="3 x 5"),
    pytest.param((144, 256), 16, id="9 : 16"),
    pytest.param((288, 512), 16, id="18 x 32"),
    pytest.param((64, 256), 4, id="1 : 4"),
    pytest.param((256, 64), 8, id="4 : 1"),
    pytest.param((64, 64), 16, id="square"),
    pytest.param((77, 91), 7, id="11 x 13"),
    pytest.param((20, 28), 4, id="5 x 7, as many rows as units"),
    pytest.param((28, 20), 4, id="7 x 5, as many columns as units"),
    pytest.param((20, 20), 4, id="5 x 5, as many of each as units"),
    pytest.param((128, 32), 16, id="8 x 2"),
    pytest.param((16, 64), 16, id="a single row"),
]


@pytest.mark.parametrize(("size", "patch"), SIZES)
@pytest.mark.parametrize(
    ("arrange", "kind"),
    [
        (lambda maps: maps * 1, "map"),
        (lambda maps: maps.permute(0, 2, 3, 1), "channels-last map"),
        (tokens, "tokens"),
        (lambda maps: maps.flatten(2), "channels-first tokens"),
    ],
    ids=["maps", "channels last", "tokens", "channels-first tokens"],
)
def test_units_and_positions_are_where_the_network_put_them(
    size: tuple[int, int], patch: int, arrange: Callable[[Tensor], Tensor], kind: str
) -> None:
    net, images = Arranged(patch, arrange), image(*size)
    info, maps = read(net, images)
    assert (info.kind, info.units) == (kind, UNITS)
    assert (info.height, info.width) == (size[0] // patch, size[1] // patch)
    torch.testing.assert_close(maps, net.maps(images).detach())


@pytest.mark.parametrize(("size", "patch"), SIZES)
@pytest.mark.parametrize(
    ("before", "after"), [(1, 0), (5, 0), (0, 1), (0, 5), (2, 0)], ids=lambda count: str(count)
)
@pytest.mark.parametrize("first", [False, True], ids=["tokens", "channels-first tokens"])
def test_tokens_of_the_whole_image_are_no_places(
    size: tuple[int, int], patch: int, before: int, after: int, first: bool
) -> None:
    def arrange(maps: Tensor) -> Tensor:
        arranged = tokens(maps, before, after)
        return arranged.transpose(1, 2) if first else arranged

    net, images = Arranged(patch, arrange), image(*size)
    if before + after == 5 and size == (16, 64):  # more than the four of the map, which chance could do
        with pytest.raises(LayerError, match="no reading of it follows the image"):
            read(net, images)
        return
    info, maps = read(net, images)
    assert (info.height, info.width, info.first) == (size[0] // patch, size[1] // patch, before)
    torch.testing.assert_close(maps, net.maps(images).detach())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize(
    "arrange",
    [lambda maps: maps.permute(0, 2, 3, 1), lambda maps: tokens(maps, 1), lambda maps: maps.flatten(2)],
    ids=["channels last", "tokens", "channels-first tokens"],
)
def test_all_number_formats(dtype: torch.dtype, arrange: Callable[[Tensor], Tensor]) -> None:
    net, images = Arranged(16, arrange).to(dtype), image(48, 80).to(dtype)
    info, maps = read(net, images)
    assert (info.height, info.width, info.units) == (3, 5, UNITS)
    torch.testing.assert_close(maps, net.maps(images).detach().float(), atol=0, rtol=0)


def test_many_units_and_constant_images() -> None:
    for images in (torch.zeros(1, 3, 77, 91), torch.full((1, 3, 77, 91), 0.3), torch.ones(3, 3, 77, 91)):
        net = Arranged(7, lambda maps: tokens(maps, 1), units=143)  # as many units as places
        info = read(net, images)[0]
        assert (info.kind, info.units, info.height, info.width) == ("tokens", 143, 11, 13)


def test_dead_units_say_nothing() -> None:
    def arrange(maps: Tensor) -> Tensor:
        return tokens(torch.cat([maps * 0, maps[:, :1] * 0 + 1e6, maps], 1), 1)

    info = read(Arranged(16, arrange), image(48, 80))[0]
    assert (info.units, info.height, info.width) == (2 * UNITS + 1, 3, 5)


class Attention(nn.Module):
    """Attention of all tokens to all, with places added, around which the tokens go or not."""

    def __init__(self, grid: tuple[int, int], around: bool) -> None:
        super().__init__()
        self.grid, self.around = grid, around
        random = torch.Generator().manual_seed(2)
        self.embed = nn.Parameter(torch.randn(8, 3, generator=random))
        self.places = nn.Parameter(torch.randn(1, 1 + grid[0] * grid[1], 8, generator=random))
        self.qkv = nn.Parameter(torch.randn(3, 8, 8, generator=random) / 8**0.5)
        self.layer = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        cells = nn.functional.adaptive_avg_pool2d(images, self.grid).flatten(2).transpose(1, 2)
        x = torch.cat([0 * cells[:, :1], cells], 1) @ self.embed.T + self.places
        query, key, value = (x @ weights for weights in self.qkv)
        mixed = torch.softmax(query @ key.transpose(1, 2) / 8**0.5, 2) @ value
        return self.layer(x + mixed if self.around else mixed)


@pytest.mark.parametrize("grid", [(3, 5), (7, 4), (11, 13)])
def test_attention_that_mixes_everything(grid: tuple[int, int]) -> None:
    images = image(16 * grid[0], 16 * grid[1])
    info = read(Attention(grid, around=True), images)[0]
    assert (info.kind, info.units, *info.size) == ("tokens", 8, *grid, 1)
    try:  # nothing passes by the attention: right, or refused
        info = read(Attention(grid, around=False), images)[0]
        assert (info.kind, *info.size) == ("tokens", *grid, 1)
    except LayerError as error:
        assert "no reading of it follows the image" in str(error)


def in_windows(maps: Tensor, side: int) -> Tensor:
    """Tokens of one window after another."""
    batch, units, height, width = maps.shape
    parts = maps.view(batch, units, height // side, side, width // side, side)
    return parts.permute(0, 2, 4, 3, 5, 1).reshape(batch, height * width, units)


def scrambled(maps: Tensor) -> Tensor:
    order = torch.randperm(maps.shape[2] * maps.shape[3], generator=torch.Generator().manual_seed(1))
    return tokens(maps)[:, order]


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (lambda maps: in_windows(maps, 4), "another order"),
        (lambda maps: in_windows(maps, 2), "another order"),
        (scrambled, "another order"),
        (lambda maps: maps.flip(3).flatten(2), "mirrored"),
        (lambda maps: tokens(maps.flip(2)), "mirrored"),
        (lambda maps: tokens(maps.flip(2, 3)), "mirrored"),
        (lambda maps: maps.flip(3).permute(0, 2, 3, 1), "mirrored"),
        (lambda maps: maps.transpose(2, 3) * 1, "rows and columns are exchanged"),
        (lambda maps: maps.permute(0, 3, 2, 1), "rows and columns are exchanged"),
        (lambda maps: tokens(maps.roll(4, 3)), "another order"),
        (lambda maps: maps.mean((2, 3), keepdim=True).expand_as(maps) * 1, "whole image"),
    ],
    ids=[
        "windows", "small windows", "scrambled", "mirrored", "upside down", "turned by 180", "mirrored map",
        "transposed", "transposed, channels last", "rolled", "the same everywhere",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("size", "patch"), [((64, 64), 8), ((64, 128), 8), ((192, 128), 8)])
def test_what_does_not_lie_in_rows_is_refused(
    arrange: Callable[[Tensor], Tensor], reason: str, size: tuple[int, int], patch: int
) -> None:
    with pytest.raises(LayerError, match="no reading of it follows the image") as error:
        read(Arranged(patch, arrange), image(*size))
    assert reason in str(error.value) and "'layer'" in str(error.value)


def test_blocks_are_refused() -> None:
    def blocks(maps: Tensor) -> Tensor:
        batch, units, height, width = maps.shape
        parts = maps.view(batch, units, height // 4, 4, width // 4, 4).permute(0, 2, 4, 3, 5, 1)
        return parts.reshape(batch, -1, 16, units)  # blocks, places in a block, units: four dimensions

    with pytest.raises(LayerError, match="no reading of it follows the image"):
        read(Arranged(8, blocks), image(64, 96))


@pytest.mark.parametrize(
    ("side", "crop"),
    [
        ("top", lambda x: x[..., 16:, :]),
        ("bottom", lambda x: x[..., :-16, :]),
        ("left", lambda x: x[..., 24:]),
        ("right", lambda x: x[..., :-24]),
    ],
)
def test_a_network_that_crops_is_refused(side: str, crop: Callable[[Tensor], Tensor]) -> None:
    class Cropping(Arranged):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(crop(images))

    with pytest.raises(LayerError, match=f"does not look at the {side} of the image"):
        read(Cropping(8, tokens), image(96, 112))


def test_the_same_whatever_is_changed() -> None:
    class Constant(Arranged):
        def maps(self, images: Tensor) -> Tensor:
            return torch.arange(UNITS * 12.0).view(1, UNITS, 3, 4).expand(len(images), -1, -1, -1) * 1

    for arrange in (tokens, lambda maps: maps * 1, lambda maps: maps.permute(0, 2, 3, 1)):
        with pytest.raises(LayerError, match="the same whatever is changed"):
            read(Constant(16, arrange), image(48, 64))


def test_a_single_position_needs_no_measuring() -> None:
    for arrange, kind in (
        (lambda maps: maps.mean((2, 3)), "vector"),
        (lambda maps: maps.mean((2, 3), keepdim=True), "map"),
        (lambda maps: maps.mean((2, 3))[:, None, None], "channels-last map"),
        (lambda maps: maps.mean((2, 3))[:, None], "tokens"),
        (lambda maps: maps.mean((2, 3))[:, :, None], "channels-first tokens"),
    ):
        net, images = Arranged(16, arrange), image(48, 80)
        info, maps = read(net, images)
        assert (info.kind, info.units, info.height, info.width) == (kind, UNITS, 1, 1)
        torch.testing.assert_close(maps[..., 0, 0], net.maps(images).mean((2, 3)).detach())


def test_grids_that_are_given() -> None:
    images = image(48, 80)
    for before, after in ((0, 0), (1, 0), (0, 1), (5, 0), (20, 0), (0, 20)):  # more than are looked for
        net = Arranged(16, lambda maps, b=before, a=after: tokens(maps, b, a))
        info, maps = read(net, images, {"layer": (3, 5)})
        assert (*info.size,) == (3, 5, before)
        torch.testing.assert_close(maps, net.maps(images).detach())
    for wrong in ((5, 3), (1, 15), (15, 1), (2, 7), (4, 4)):
        with pytest.raises(LayerError, match=r"said to form a grid of .* they follow as one of 3 x 5"):
            read(Arranged(16, lambda maps: tokens(maps, 1)), images, {"layer": wrong})
    for impossible in ((4, 5), (0, 5), (-3, -5)):
        with pytest.raises(LayerError, match=r"15 tokens, fewer than a grid of|no reading"):
            read(Arranged(16, tokens), images, {"layer": impossible})


@pytest.mark.parametrize("bad", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize(
    "arrange",
    [tokens, lambda maps: maps.permute(0, 2, 3, 1), lambda maps: maps * 1],
    ids=["tokens", "last", "maps"],
)
def test_what_is_no_number_is_called_that(bad: float, arrange: Callable[[Tensor], Tensor]) -> None:
    net = Arranged(16, lambda maps: arrange(maps) * bad)
    with pytest.raises(ActivationError, match=r"'layer' outputs -?(inf|nan) for the first image"):
        prove_layers(net, ["layer"], image(48, 80))


def test_a_batch_in_another_dimension_is_refused() -> None:
    for arrange in (lambda maps: tokens(maps).transpose(0, 1), lambda maps: maps.permute(1, 0, 2, 3)):
        with pytest.raises(LayerError, match="first dimension is not the batch"):
            read(Arranged(16, arrange), image(48, 80))
        net = Arranged(16, arrange)
        assert not [layer for layer in list_layers(net, image(48, 80)[:1]) if layer.name == "layer"]


def test_strips_are_the_whole_image_in_each_direction() -> None:
    images = image(26, 44)[:1].double()
    strips = change_strips(images, 4)
    assert strips.images.shape == (9, 3, 26, 44) and strips.images.dtype == torch.float64
    differs = (strips.images[1:] != strips.images[:1]).any(1)
    for part, centers, length, dim in (
        (differs[:4], strips.down, 26, 1),
        (differs[4:], strips.across, 44, 2),
    ):
        assert (part.sum(0) == 1).all()  # each pixel in one strip
        lines = part.any(3 - dim)  # (strips, rows or columns)
        for line, center in zip(lines, centers, strict=True):
            middle = (line.nonzero().double().mean() + 0.5) / length - 0.5
            assert abs(float(middle) - float(center)) < 1e-12
    torch.testing.assert_close(strips.images[0], images[0].float().double())


@pytest.mark.parametrize("size", [(4, 9), (1, 5), (3, 2)])
def test_small_images_have_as_many_strips_as_pixels(size: tuple[int, int]) -> None:
    strips = change_strips(image(*size)[:1])
    assert (len(strips.down), len(strips.across)) == (min(6, size[0]), min(6, size[1]))
    assert len(strips.images) == 1 + len(strips.down) + len(strips.across)


def test_places_of_pixels_are_the_centers_of_their_strips() -> None:
    centers = torch.arange(6).double() / 6 + 1 / 12 - 0.5, torch.arange(4).double() / 4 + 1 / 8 - 0.5
    images = torch.zeros(1 + 6 + 4, 5, 24, 44)
    for strip in range(6):
        images[1 + strip, :, 4 * strip : 4 * strip + 4] = 1
    for strip in range(4):
        images[7 + strip, :, :, 11 * strip : 11 * strip + 11] = 1
    strips = Strips(images, *centers, images[:2])
    down = centers[0].repeat_interleave(4)[:, None].expand(24, 44)
    across = centers[1].repeat_interleave(11).expand(24, 44)
    for kind, output in (
        (MAP, images),
        (CHANNELS_LAST_MAP, images.permute(0, 2, 3, 1)),
        (TOKENS, images.flatten(2).transpose(1, 2)),
        (CHANNELS_FIRST_TOKENS, images.flatten(2)),
    ):
        found = places(influence(output, kind), strips)
        torch.testing.assert_close(found.down.view(24, 44), down, atol=1e-5, rtol=0)
        torch.testing.assert_close(found.across.view(24, 44), across, atol=1e-5, rtol=0)
        assert agreement(found, MapSize(24, 44)).least > 0.95


def test_influence_is_the_energy_of_changes_without_what_is_common() -> None:
    random = torch.Generator().manual_seed(3)
    output = torch.randn(5, 7, 11, generator=random)  # 4 strips, 7 units, 11 positions
    output[1:] += torch.randn(4, 7, 1, generator=random) * 2
    output[:, 2] = 3.0  # a unit that does not change
    expected = torch.zeros(4, 11, dtype=torch.float64)
    values = output.double()
    moving = [unit for unit in range(7) if unit != 2]
    for unit in moving:
        change = values[1:, unit] - values[0, unit]
        for strip in range(4):  # of 11 positions, the fourth from below and from above
            fourths = sorted(change[strip].tolist())[3], sorted(change[strip].tolist())[-4]
            if fourths[0] * fourths[1] > 0:
                change[strip] -= min(fourths, key=abs)
        expected += change**2 / (change**2).mean() / len(moving)
    torch.testing.assert_close(influence(output, CHANNELS_FIRST_TOKENS), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(influence(output.transpose(1, 2), TOKENS), expected, atol=1e-5, rtol=1e-4)


def test_places_are_weighted_means_in_which_strips_count_alike() -> None:
    random = torch.Generator().manual_seed(4)
    values = torch.rand(6 + 5, 13, dtype=torch.float64, generator=random)
    strips = change_strips(image(60, 5)[:1])
    assert (len(strips.down), len(strips.across)) == (6, 5)
    found = places(values, strips)
    scaled = places(values * torch.rand(11, 1, dtype=torch.float64, generator=random).add(0.1), strips)
    for position in range(13):
        weights = [float(values[strip, position] / values[strip].sum()) for strip in range(6)]
        center = sum(w * float(c) for w, c in zip(weights, strips.down, strict=True)) / sum(weights)
        assert abs(float(found.down[position]) - center) < 1e-12
        weights = [float(values[6 + strip, position] / values[6 + strip].sum()) for strip in range(5)]
        center = sum(w * float(c) for w, c in zip(weights, strips.across, strict=True)) / sum(weights)
        assert abs(float(found.across[position]) - center) < 1e-12
    torch.testing.assert_close(found, scaled)


def test_agreement_is_a_cosine() -> None:
    rows = (torch.arange(4, dtype=torch.float64) + 0.5) / 4 - 0.5
    columns = (torch.arange(6, dtype=torch.float64) + 0.5) / 6 - 0.5
    exact = Places(rows.repeat_interleave(6), columns.repeat(4))
    assert agreement(exact, MapSize(4, 6)) == pytest.approx((1, 1))
    half = Places(exact.down / 2, exact.across * 3)  # wide receptive fields draw places to the middle
    assert agreement(half, MapSize(4, 6)) == pytest.approx((1, 1))
    assert agreement(Places(-exact.down, exact.across), MapSize(4, 6)) == pytest.approx((-1, 1))
    turned = Places(exact.down.view(4, 6).T.flatten(), exact.across.view(4, 6).T.flatten())
    expected_down = float(torch.nn.functional.cosine_similarity(turned.down, exact.down, 0))
    assert agreement(turned, MapSize(4, 6)).down == pytest.approx(expected_down)
    assert agreement(turned, MapSize(4, 6)).least < LEAST_AGREEMENT
    with_class = Places(
        *(
            torch.cat([torch.tensor([value]).double(), part])
            for value, part in zip((0, 0), exact, strict=True)
        )
    )
    assert agreement(with_class, MapSize(4, 6, 1)) == pytest.approx((1, 1))
    off = Places(*(torch.cat([torch.tensor([3.0]).double(), part]) for part in exact))
    norm = float(exact.down.norm())
    assert agreement(off, MapSize(4, 6, 1)).down == pytest.approx(norm / (norm**2 + 9) ** 0.5)
    nothing = Places(torch.zeros(24).double(), torch.zeros(24).double())
    assert agreement(nothing, MapSize(4, 6)) == (0, 0)


def test_a_border_that_nothing_looks_at() -> None:
    values = torch.ones(6 + 5, 48, dtype=torch.float64)
    check_whole("layer", values, 6, MapSize(8, 6))
    for strip, side in ((0, "top"), (5, "bottom"), (6, "left"), (10, "right")):
        blind = values.clone()
        blind[strip] = 0
        with pytest.raises(LayerError, match=f"does not look at the {side}"):
            check_whole("layer", blind, 6, MapSize(8, 6))
        blind[strip] = 1e-6  # little is not nothing
        check_whole("layer", blind, 6, MapSize(8, 6))
    blind = values.clone()
    blind[0] = 0
    check_whole("layer", blind, 6, MapSize(4, 12))  # a stride may leave less than one position over
