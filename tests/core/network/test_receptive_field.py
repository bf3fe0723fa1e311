from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.layers import LayerPlan, plan_layers
from dissect_widgets.core.network.receptive_field import Axis, Field, FieldMode
from dissect_widgets.errors import LayerError
from tests.small_networks import seeded

PICTURE = (31, 37)


def build(make: Callable[[], nn.Module]) -> nn.Module:
    """Make a network without touching the global generator; its layer of interest is `net`."""
    with torch.random.fork_rng():
        net = nn.Sequential()
        net.add_module("net", make())
    return seeded(net)


def field_of(net: nn.Module, picture: tuple[int, int] = PICTURE) -> Field | None:
    pictures = torch.zeros(2, 3, *picture)
    with evaluation(net), FieldMode(pictures) as fields:
        output = net(pictures)
    return fields.of(output)


def plan_of(
    net: nn.Module, layer: str = "net", picture: tuple[int, int] = PICTURE, rule: str = "receptive-field"
) -> LayerPlan:
    with evaluation(net):
        pictures = torch.zeros(2, 3, *picture)
        return plan_layers(net, [layer], pictures, rule=rule, token_grids={}, image_size=picture)[layer]


def pixels_seen(net: nn.Module, axis: int, plane: tuple[int, int]) -> tuple[NDArray[np.int64], ...]:
    """First and last picture row (axis 0) or column (axis 1) that each row or column of units sees.

    No geometry: line i of picture i is NaN, and what it reaches becomes NaN.
    """
    count = PICTURE[axis]
    pictures = torch.ones(count, 3, *PICTURE)
    for line in range(count):
        pictures[line].select(axis + 1, line).fill_(torch.nan)
    with evaluation(net):
        output = net(pictures)
    others = [d for d in range(1, output.dim()) if d != plane[axis]]
    sees = output.isnan().any(others[1]).any(others[0]).T.numpy()  # (units' lines, picture's lines)
    return sees.argmax(1), count - 1 - sees[:, ::-1].argmax(1)


def check_field(
    net: nn.Module, *, period: int = 1, plane: tuple[int, int] = (2, 3), at_least: int = 3
) -> None:
    """Compare with the pixels seen, for units whose field lies within the picture.

    After upsampling, neighboring units see the same pixels: then means over a `period` are compared.
    """
    field = field_of(net)
    assert field is not None
    for axis, (center, step, size) in enumerate((field.y, field.x)):
        first, last = pixels_seen(net, axis, plane)
        expected = center + step * np.arange(len(first))
        margin = (size - 1) / 2 + (period > 1)
        inner = np.flatnonzero((expected - margin >= 0) & (expected + margin <= PICTURE[axis] - 1))
        assert len(inner) >= at_least
        seen = (first + last) / 2
        for start in range(len(inner) - period + 1):
            group = inner[start : start + period]
            assert seen[group].mean() == pytest.approx(expected[group].mean(), abs=1e-9)
        sizes = (last - first + 1)[inner]
        assert (abs(sizes - size) <= (period > 1)).all()


def check(net: nn.Module, *, period: int = 1, plane: tuple[int, int] = (2, 3)) -> None:
    """Compare with the pixels seen, and the plan of a dissection with the same numbers."""
    check_field(net, period=period, plane=plane)
    field, grid = field_of(net), plan_of(net).grid
    assert grid[2:] == (field.y.center, field.x.center, field.y.step, field.x.step, "receptive-field")


class Add(nn.Module):
    """Sum of branches."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return sum(branch(x) for branch in self.branches)


class Cat(Add):
    """Branches side by side."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


class Call(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class AddInPlace(nn.Module):
    """A residual that is added in place, as a few networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(4, 4, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        y += x
        return y.mul_(0.5)


class Gate(nn.Module):
    """Squeeze and excitation: the map times a number for each channel, that has seen everything."""

    def __init__(self, squeeze: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.squeeze, self.excite = squeeze, nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.excite(self.squeeze(x)))


class Attention(nn.Module):
    """Every position looks at every other."""

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(tokens, tokens, tokens)
        return mixed.transpose(1, 2).reshape(x.shape)


def shuffle(x: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    return x.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(x.shape)


def conv(*args: object, **options: object) -> nn.Conv2d:
    return nn.Conv2d(3, 4, *args, **options)


EXACT = {
    "conv": lambda: conv(3),
    "even kernel": lambda: conv(4, padding=1),
    "unequal conv": lambda: conv((3, 5), stride=(1, 2), padding=(2, 1), dilation=(2, 1)),
    "same": lambda: conv((3, 5), padding="same"),
    "chain": lambda: nn.Sequential(conv(5, stride=2), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 2)),
    "dilations": lambda: nn.Sequential(conv(3, dilation=2), nn.Conv2d(4, 4, 3, dilation=3, padding=3)),
    "max pool": lambda: nn.Sequential(conv(3), nn.MaxPool2d(3, 2, padding=1)),
    "max pool with its own stride": lambda: nn.Sequential(conv(3), nn.MaxPool2d((2, 3))),
    "max pool ceil": lambda: nn.Sequential(conv(3), nn.MaxPool2d(4, 3, ceil_mode=True)),
    "dilated max pool": lambda: nn.Sequential(conv(3), nn.MaxPool2d(3, 2, dilation=2)),
    "average pool": lambda: nn.Sequential(conv(3), nn.AvgPool2d(2)),
    "average pool ceil": lambda: nn.Sequential(conv(3), nn.AvgPool2d((4, 2), 3, padding=1, ceil_mode=True)),
    "pools as functions": lambda: Call(lambda x: F.max_pool2d(F.avg_pool2d(x, (2, 3)), 2)),
    "adaptive pool": lambda: nn.Sequential(conv((2, 2)), nn.AdaptiveAvgPool2d((10, 12))),
    "adaptive max pool": lambda: nn.Sequential(conv((2, 2)), nn.AdaptiveMaxPool2d((10, 12))),
    "zero padding": lambda: nn.Sequential(nn.ZeroPad2d((1, 2, 4, 0)), conv(3)),
    "reflection padding": lambda: nn.Sequential(
        conv(3), nn.ReflectionPad2d((2, 1, 1, 2)), nn.Conv2d(4, 4, 4)
    ),
    "replication padding": lambda: nn.Sequential(nn.ReplicationPad2d((3, 1, 2, 0)), conv(5)),
    "reflecting conv": lambda: conv(3, stride=2, padding=1, padding_mode="reflect"),
    "cropping": lambda: nn.Sequential(conv(3), nn.ZeroPad2d((-3, -1, -2, -4))),
    "residual": lambda: nn.Sequential(
        conv(3, stride=2), Add(nn.Identity(), nn.Conv2d(4, 4, 3, padding=1)), nn.MaxPool2d(2)
    ),
    "residual in place": lambda: nn.Sequential(conv(2), AddInPlace()),
    "branches": lambda: Cat(conv(1), conv(5, padding=2), conv(3, padding=1)),
    "branches, largest first": lambda: Cat(conv(5, padding=2), conv(3, padding=1), conv(1)),
    "strided branches": lambda: nn.Sequential(
        conv(3), Cat(nn.Conv2d(4, 2, 3, 2, padding=1), nn.Conv2d(4, 3, 5, 2, padding=2), nn.MaxPool2d(1, 2))
    ),
    "shuffled groups": lambda: nn.Sequential(
        conv(3, stride=2), nn.Conv2d(4, 4, 3, groups=2), Call(shuffle), nn.Conv2d(4, 4, 2, groups=4)
    ),
    "split": lambda: nn.Sequential(conv(3), Call(lambda x: torch.cat(x.split([1, 1, 2], 1)[::-1], 1))),
    "chunks": lambda: nn.Sequential(conv(3), Call(lambda x: torch.cat(x.chunk(2, 1)[::-1], 1))),
    "cut plane": lambda: nn.Sequential(conv(3), Call(lambda x: x[:, :, 2:, 1::2])),
    "cut from the end": lambda: nn.Sequential(conv(3, stride=2), Call(lambda x: x[:, :, -9:-2, :-3])),
    "some units": lambda: nn.Sequential(conv(3), Call(lambda x: x[:, 1:3])),
    "one unit": lambda: nn.Sequential(conv(3), Call(lambda x: x[:, 3].unsqueeze(1))),
    "batch norm": lambda: nn.Sequential(conv(3, stride=2), nn.BatchNorm2d(4), nn.ReLU(inplace=True)),
    "other element-wise layers": lambda: nn.Sequential(
        conv(3), nn.Dropout(), nn.GELU(), nn.Hardswish(), nn.PReLU(4), nn.SiLU(inplace=True), nn.ReLU6()
    ),
    "in-place ReLU": lambda: nn.Sequential(conv(3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3, stride=2)),
    "layer norm between": lambda: nn.Sequential(
        conv(3, stride=2),
        Call(lambda x: x.permute(0, 2, 3, 1)),
        nn.LayerNorm(4),
        Call(lambda x: x.permute(0, 3, 1, 2)),
        nn.Conv2d(4, 4, 2),
    ),
    "transposed conv of stride 1": lambda: nn.Sequential(conv(3), nn.ConvTranspose2d(4, 4, 3, padding=2)),
    "negative step of a plane's dims": lambda: nn.Sequential(
        conv((2, 3)), Call(lambda x: x.transpose(2, 3)), Call(lambda x: x.transpose(-1, -2)), nn.ReLU()
    ),
}
UPSAMPLED = {
    "nearest": lambda: nn.Sequential(conv(3), nn.Upsample(scale_factor=2)),
    "nearest, then conv": lambda: nn.Sequential(
        conv(3, stride=2), nn.Upsample(scale_factor=2), nn.Conv2d(4, 4, 3, padding=1)
    ),
    "bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "transposed conv 4": lambda: nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1),
    "transposed conv 3": lambda: nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1),
    "transposed conv 2": lambda: nn.Sequential(conv(3), nn.ConvTranspose2d(4, 4, 2, stride=2)),
    "down and up": lambda: nn.Sequential(
        conv(3, stride=2, padding=1), nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1)
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_fields_are_the_pixels_that_are_seen(name: str) -> None:
    check(build(EXACT[name]))


@pytest.mark.parametrize("name", UPSAMPLED)
def test_upsampled_fields_are_on_average_the_pixels_that_are_seen(name: str) -> None:
    check(build(UPSAMPLED[name]), period=2)


def test_nearest_downsampling_sees_every_second_pixel() -> None:
    check(build(lambda: nn.Sequential(conv((2, 4)), nn.Upsample(scale_factor=0.5))))


def test_resizing_by_a_factor_that_does_not_divide_the_map() -> None:
    check(build(lambda: nn.Sequential(conv(3), nn.Upsample(scale_factor=0.5, mode="bilinear"))), period=2)


@st.composite
def chains(draw: st.DrawFn) -> list[tuple[type[nn.Module], dict[str, object]]]:
    """Layers one after the other, with any sizes."""

    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    chain = []
    for kind in draw(st.lists(st.sampled_from(["conv", "max", "average", "pad"]), min_size=1, max_size=4)):
        kernel = pair(1, 4)
        padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
        window = {"kernel_size": kernel, "stride": pair(1, 3), "padding": padding}
        if kind == "conv":
            options = {"in_channels": 4, "out_channels": 4, "dilation": pair(1, 2)}
            chain += [(nn.Conv2d, window | options), (nn.ReLU, {"inplace": True})]
        elif kind == "max":
            chain.append((nn.MaxPool2d, window | {"ceil_mode": draw(st.booleans())}))
        elif kind == "average":
            chain.append((nn.AvgPool2d, window))
        else:
            chain.append((nn.ZeroPad2d, {"padding": pair(0, 2) + pair(0, 2)}))
    return chain


@settings(deadline=None, max_examples=40, database=None)
@given(chains())
def test_fields_of_any_chain(chain: list[tuple[type[nn.Module], dict[str, object]]]) -> None:
    net = build(lambda: nn.Sequential(conv(1), *(module(**options) for module, options in chain)))
    try:
        field = field_of(net)
    except RuntimeError:  # the map has become smaller than a window
        assume(False)
    assert field is not None
    assume(max(field.y.size, field.x.size) < 20)
    check_field(net, at_least=0)


def test_centers_of_even_kernels_are_half_integers() -> None:
    grid = plan_of(build(lambda: nn.Sequential(conv(4, stride=2), nn.Conv2d(4, 4, 2)))).grid
    assert (grid.top, grid.left, grid.step_y, grid.step_x) == (2.5, 2.5, 2, 2)


@pytest.mark.parametrize(
    "squeeze",
    [
        lambda x: x.mean((2, 3), keepdim=True),
        lambda x: F.adaptive_avg_pool2d(x, 1),
        lambda x: F.adaptive_max_pool2d(x, 1),
        lambda x: x.flatten(2).amax(2)[:, :, None, None],
    ],
)
def test_gate_keeps_the_fields_of_the_map(squeeze: Callable[[Tensor], Tensor]) -> None:
    def make(*between: nn.Module) -> nn.Module:
        return build(lambda: nn.Sequential(conv(3, stride=2, padding=1), *between, nn.Conv2d(4, 4, 2)))

    with torch.random.fork_rng():
        gate = Gate(squeeze)
    plain = make()
    check(plain)
    assert field_of(make(gate)) == field_of(plain)
    assert plan_of(make(gate)).grid == plan_of(plain).grid


def test_of_branches_the_largest_field_counts() -> None:
    with torch.random.fork_rng():
        branches = [
            nn.Sequential(nn.ZeroPad2d((0, k - 1, 0, k - 1)), nn.Conv2d(3, 4, k)) for k in (2, 5, 3)
        ]  # of different centers: 0.5, 2, 1
    for join in (Add, Cat):
        net = build(lambda join=join: join(*branches))
        assert field_of(net) == Field(Axis(2.0, 1.0, 5.0), Axis(2.0, 1.0, 5.0))
        grid = plan_of(net).grid
        assert (grid.top, grid.left) == (2, 2)


def test_channels_last_layer_has_its_centers() -> None:
    net = build(
        lambda: nn.Sequential(conv((2, 3), stride=2), Call(lambda x: x.permute(0, 2, 3, 1)), nn.LayerNorm(4))
    )
    assert plan_of(net).info.kind == "channels-last map"
    assert plan_of(net).info[4:7] == (4, 15, 18)
    check(net, plane=(1, 2))


def test_gradients_and_precision_change_nothing() -> None:
    net = build(EXACT["batch norm"]).eval()
    pictures = torch.zeros(2, 3, *PICTURE)
    with FieldMode(pictures) as fields:
        output = net(pictures)
    assert output.requires_grad
    assert fields.of(output) == field_of(net)
    with FieldMode(pictures) as fields, torch.no_grad():
        output = net.double()(pictures.double())
    assert fields.of(output) == field_of(net.float())


def test_other_tensors_have_no_field() -> None:
    pictures = torch.zeros(2, 3, *PICTURE)
    with FieldMode(pictures) as fields:
        other = torch.zeros(2, 3, *PICTURE) + 1
    assert fields.of(other) is None
    assert fields.of(pictures) == Field(Axis(0, 1, 1), Axis(0, 1, 1))


LOST = {
    "attention": lambda: nn.Sequential(conv(3, stride=3), Attention()),
    "attention, then conv": lambda: nn.Sequential(conv(3, stride=3), Attention(), nn.Conv2d(4, 5, 3)),
    "uneven adaptive pool": lambda: nn.Sequential(conv(3), nn.AdaptiveAvgPool2d((7, 8))),
    "aligned corners": lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "pixel shuffle": lambda: nn.Sequential(conv(3, stride=2), nn.PixelShuffle(2)),
    "vector": lambda: nn.Sequential(conv(3), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
}


@pytest.mark.parametrize("name", LOST)
def test_lost_geometry_falls_back_to_half_pixel(name: str) -> None:
    plan = plan_of(build(LOST[name]))
    assert plan.grid == Grid.half_pixel(plan.info.height, plan.info.width, PICTURE)
    assert plan.grid.rule == "half-pixel"


REFUSED = {
    "linear": lambda: nn.Sequential(
        conv(3, stride=3), nn.Flatten(), nn.Linear(4 * 10 * 12, 5 * 4 * 6), nn.Unflatten(1, (5, 4, 6))
    ),
    "folded plane": lambda: nn.Sequential(conv(3), Call(lambda x: x.reshape(len(x), 4, 35, 29))),
    "conv on the turned plane": lambda: nn.Sequential(
        conv(3), Call(lambda x: x.transpose(2, 3)), nn.Conv2d(4, 5, (5, 1), padding=(2, 0))
    ),
    "turned plane": lambda: nn.Sequential(conv(3), Call(lambda x: x.transpose(2, 3))),
    "mirrored": lambda: nn.Sequential(conv(3), Call(lambda x: x.flip(-1))),
    "windows": lambda: nn.Sequential(conv(3), Call(windows)),
    "cropped": lambda: nn.Sequential(Call(lambda x: x.roll(0)[:, :, 9:-9]), conv(3)),
    "cropped by little": lambda: nn.Sequential(Call(lambda x: x.roll(0)[..., 2:-2]), conv(3)),
}
REASONS = {
    "conv on the turned plane": "rows and columns are exchanged",
    "turned plane": "rows and columns are exchanged",
    "mirrored": "It is mirrored",
    "cropped": "does not look at the top of the image",
    "cropped by little": "does not look at the left of the image",
}


def windows(x: Tensor) -> Tensor:
    """Blocks of 5 x 4, one after another, as tokens."""
    return x[:, :, :25, :28].unflatten(3, (7, 4)).unflatten(2, (5, 5)).permute(0, 2, 4, 3, 5, 1).flatten(1, 4)


@pytest.mark.parametrize("name", REFUSED)
def test_a_layer_that_does_not_lie_in_rows_and_columns_is_refused(name: str) -> None:
    with pytest.raises(LayerError, match=REASONS.get(name, "no reading of it follows the image")):
        plan_of(build(REFUSED[name]))


def test_lost_branch_does_not_lose_the_other() -> None:
    net = build(lambda: nn.Sequential(conv(3, stride=3), Add(nn.Identity(), Attention())))
    assert field_of(net) == field_of(build(lambda: conv(3, stride=3)))


@pytest.mark.parametrize("name", ["conv", "residual", "max pool ceil"])
def test_half_pixel_can_be_asked_for(name: str) -> None:
    net = build(EXACT[name])
    plan = plan_of(net, rule="half-pixel")
    assert plan.grid == Grid.half_pixel(plan.info.height, plan.info.width, PICTURE)
    assert plan.info == plan_of(net).info


@pytest.mark.parametrize(
    ("model", "layer", "center", "step"),
    [
        ("squeezenet1_0", "features.3", 5, 4),
        ("squeezenet1_0", "features.12", 17, 16),
        ("vgg16", "features.29", 7.5, 16),
        ("resnet18", "layer4", 0, 32),
    ],
)
def test_known_networks(model: str, layer: str, center: float, step: float) -> None:
    with torch.random.fork_rng(), torch.device("meta"):  # shapes alone: nothing is computed
        net = torchvision.models.get_model(model, weights=None)
        pictures = torch.zeros(1, 3, 224, 224)
    with evaluation(net):
        plans = plan_layers(
            net, [layer], pictures, rule="receptive-field", token_grids={}, image_size=(224, 224)
        )
    grid = plans[layer].grid
    assert grid[2:] == (center, center, step, step, "receptive-field")
