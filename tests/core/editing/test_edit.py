"""Edits of a generator, by every way, against loops over units and positions, and full passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

import dissect_widgets as dw
from dissect_widgets.core.editing.edit import Edit, apply_edits
from dissect_widgets.core.editing.generator import FullForward, PartialForward, open_generator
from dissect_widgets.errors import DataError, LayerError, SettingError
from tests.core.small_generators import LATENT_DIM, Rules, oblong, progressive
from tests.small_networks import seeded

SIZES = {
    "layer1": (6, 4),
    "layer2": (6, 4),
    "layer3": (5, 8),
    "layer4": (5, 8),
    "layer5": (4, 16),
    "layer6": (4, 16),
    "output_16x16": (3, 16),
}


def latents(count: int = 3, *, flat: bool = False) -> Tensor:
    drawn = dw.latents(count, seed=9, latent_dim=LATENT_DIM)
    return drawn.flatten(1) if flat else drawn


def mask(rows: int, columns: int, seed: int = 0) -> NDArray[np.float64]:
    """Soft, with zeros and ones."""
    drawn = np.random.default_rng(seed).random((rows, columns)) * 1.6 - 0.3
    return drawn.clip(0, 1)


def by_loops(maps: NDArray[Any], edits: Sequence[Edit]) -> NDArray[np.float64]:
    edited = maps.astype(np.float64)
    for edit in edits:
        for unit, level in zip(edit.units, edit.level, strict=True):
            for image in range(len(maps)):
                for y in range(maps.shape[2]):
                    for x in range(maps.shape[3]):
                        w = 1.0 if edit.where is None else float(edit.where[y, x])
                        old = edited[image, unit, y, x]
                        edited[image, unit, y, x] = (1 - w) * old + w * level
    return edited


def by_full_pass(net: nn.Module, z: Tensor, edits: Sequence[Edit]) -> Tensor:
    """Pictures of the whole network, with hooks that loop."""

    def loop(own: list[Edit]) -> Callable[..., Tensor]:
        return lambda _module, _inputs, output: torch.from_numpy(by_loops(output.numpy(), own)).to(output)

    with torch.no_grad(), ExitStack() as stack:
        for name in {edit.layer for edit in edits}:
            hook = loop([edit for edit in edits if edit.layer == name])
            stack.callback(net.get_submodule(name).register_forward_hook(hook).remove)
        return dw.to_images(net(z)).float()


@pytest.mark.parametrize("seed", range(6))
def test_edits_equal_loops_over_units_and_positions(seed: int) -> None:
    random = np.random.default_rng(seed)
    maps = random.standard_normal((2, 6, 5, 7)).astype(np.float32)
    edits = []
    for number in range(seed + 1):
        units = random.permutation(6)[: random.integers(1, 6)].tolist()
        level = random.standard_normal(len(units)) if number % 2 else float(random.standard_normal())
        where = [None, mask(5, 7, seed), random.random((5, 7)) > 0.5][number % 3]
        edits.append(Edit("layer", iter(units), level, where))
    given = torch.from_numpy(maps.copy())
    found = apply_edits(given, edits)
    np.testing.assert_allclose(found.numpy(), by_loops(maps, edits), atol=1e-6)
    assert (given.numpy() == maps).all()


def test_edits_are_exact_where_the_mask_is_zero_or_one() -> None:
    maps = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 4, 5, 7)).astype(np.float32) * 1e3)
    where = mask(5, 7)
    found = apply_edits(maps, [Edit("layer", [2, 0], [0.1, 1e-7], where)])
    inside, outside = torch.from_numpy(where == 1), torch.from_numpy(where == 0)
    assert inside.any() and outside.any() and not (inside | outside).all()
    assert (found[:, 2][:, inside] == np.float32(0.1)).all()
    assert (found[:, 0][:, inside] == np.float32(1e-7)).all()
    assert torch.equal(found[..., outside], maps[..., outside])
    assert torch.equal(found[:, [1, 3]], maps[:, [1, 3]])


def test_the_last_edit_of_a_place_counts() -> None:
    maps = torch.ones(1, 3, 2, 4)
    half = np.array([[1, 1, 0, 0], [1, 1, 0, 0]])
    edits = [
        Edit("layer", [0, 1], 5.0),
        Edit("layer", [1, 2], [7.0, 8.0], half),
        Edit("layer", [1], 0, 1 - half),
    ]
    found = apply_edits(maps, edits)[0, :, 0].tolist()
    assert found == [[5, 5, 5, 5], [7, 7, 0, 0], [8, 8, 1, 1]]
    found = apply_edits(maps, edits[::-1])[0, :, 0].tolist()
    assert found == [[5, 5, 5, 5], [5, 5, 5, 5], [8, 8, 1, 1]]


def test_no_edits_make_new_maps() -> None:
    maps = torch.ones(1, 3, 2, 4)
    found = apply_edits(maps, [])
    found += 1
    assert (maps == 1).all()


class Skip(nn.Module):
    """What passes a layer by is changed in place behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ConvTranspose2d(LATENT_DIM, 4, (5, 6))
        self.low, self.high = nn.Conv2d(4, 5, 3, padding=1), nn.Conv2d(5, 4, 3, padding=1)
        self.rgb = nn.Conv2d(4, 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        passing = torch.relu(self.stem(z))
        found = self.high(torch.relu(self.low(passing)))
        return torch.tanh(self.rgb(interpolate(passing.add_(found), size=(11, 13))))


class Unseen(Skip):
    """The change in place is all that is made of a layer, and a trace sees nothing of it."""

    def forward(self, z: Tensor) -> Tensor:
        passing = torch.relu(self.stem(z))
        passing.add_(self.high(self.low(passing)))
        return torch.tanh(self.rgb(passing))


class InPlace(nn.Module):
    """What follows changes a layer's output in place."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.relu = nn.ConvTranspose2d(LATENT_DIM, 5, (5, 6)), nn.LeakyReLU(0.3, inplace=True)
        self.conv, self.rgb = nn.Conv2d(5, 4, 3), nn.Conv2d(4, 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        x = self.conv(self.relu(self.stem(z)))
        return torch.tanh(self.rgb(leaky_relu(x.add_(0.5), 0.1, inplace=True)))


class Winding(InPlace):
    """What it does depends on what it sees, which no trace can follow."""

    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z) if z.mean() < 1e6 else super().forward(-z)


class Pair(nn.Module):
    """A layer in a module that puts out a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(LATENT_DIM, 6, (5, 6))

    def forward(self, z: Tensor) -> tuple[Tensor, int]:
        return self.conv(z), 2


class OfPair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pair, self.rgb = Pair(), nn.Conv2d(6, 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        maps, factor = self.pair(z)
        return torch.tanh(self.rgb(maps * factor))


class InHalves(OfPair):
    """A tuple whose length no trace knows."""

    def forward(self, z: Tensor) -> Tensor:
        left, *others = self.pair(z)[0].chunk(2, 1)
        return torch.tanh(self.rgb(torch.cat([*others, left * 2], 1)))


class Constant(OfPair):
    """A layer whose maps are the same for all latents."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.Conv2d(1, 6, 1)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.rgb(self.pair(z)[0] + self.same(torch.ones(1, 1, 5, 6))))


class Branches(nn.Module):
    """Two layers beside each other, a third in neither, and one that runs for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = (
            nn.ConvTranspose2d(LATENT_DIM, 5, (5, 6)),
            nn.ConvTranspose2d(LATENT_DIM, 5, (5, 6)),
        )
        self.idle, self.never = nn.ConvTranspose2d(LATENT_DIM, 5, (5, 6)), nn.Conv2d(1, 1, 1)
        self.block = nn.Sequential(nn.Conv2d(5, 4, 3), nn.ReLU())
        self.rgb = nn.Conv2d(4, 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        self.idle(z)
        return torch.tanh(self.rgb(self.block(self.left(z) + self.right(z))))


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.ConvTranspose2d(LATENT_DIM, 3, (5, 6)), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.conv(self.conv(self.stem(z))))


def made(make: Callable[[], nn.Module]) -> nn.Module:
    if make in (progressive, oblong):
        return make().eval()
    with torch.random.fork_rng():
        return seeded(make()).eval()


def some_edits(maps: dict[str, tuple[int, int, int]]) -> list[list[Edit]]:
    """Of the first layer, and of all layers at once, in every order."""
    layer, (units, rows, columns) = next(iter(maps.items()))
    sets = [
        [],
        [Edit(layer, range(0, units, 2))],
        [Edit(layer, [units - 1], 1.5, mask(rows, columns))],
        [Edit(layer, range(units), np.linspace(-1, 2, units), mask(rows, columns, 1)), Edit(layer, [1], 0.5)],
    ]
    one_each = [
        Edit(name, [units - 1, 0], [0.7, -0.4], mask(rows, columns, 2))
        for name, (units, rows, columns) in maps.items()
    ]
    return sets + [list(order) for order in permutations(one_each) if len(maps) > 1]


CASES: list[tuple[Any, list[str], str]] = [
    *((progressive, [name], f"from {name} on") for name in SIZES),
    (progressive, ["layer3.conv"], "from layer3.conv on"),
    (progressive, ["layer2", "layer4", "layer5"], "from layer2 on"),
    (progressive, ["layer6", "layer1", "output_16x16"], "from layer1 on"),
    (progressive, ["layer4", "layer3.wscale"], "from layer3.wscale on"),
    (Skip, ["low"], "from low on"),
    (Skip, ["stem"], "from stem on"),
    (Skip, ["high", "low"], "from low on"),
    (Unseen, ["low"], "full passes: what follows low changes its skip inputs in place"),
    (InPlace, ["stem"], "from stem on"),
    (InPlace, ["conv", "relu"], "from relu on"),
    (Winding, ["conv"], "full passes: it cannot be traced (TraceError: symbolically traced variables cannot"),
    (OfPair, ["pair.conv"], "from pair.conv on"),
    (InHalves, ["pair.conv"], "full passes: it cannot be traced (TraceError: Proxy object"),
    (oblong, ["low", "high"], "full passes: it cannot be traced"),
    (Branches, ["right", "left"], "full passes: right is not a single step of what follows left"),
    (Branches, ["block", "block.0"], "full passes: block is not a single step of what follows block.0"),
    (Branches, ["left"], "from left on"),
    (Branches, ["block", "right"], "from right on"),
]


@pytest.mark.parametrize(("make", "layers", "how"), CASES, ids=lambda x: getattr(x, "__name__", str(x)[:30]))
def test_pictures_equal_full_passes(make: Any, layers: list[str], how: str) -> None:
    net, z = made(make), latents(flat=make is oblong)
    canvas = open_generator(net, layers, z)
    assert canvas.strategy.startswith(how)
    assert type(canvas) is (FullForward if how.startswith("full") else PartialForward)
    assert canvas.layer == next(iter(canvas.maps)) and set(canvas.maps) == set(layers)
    begun = canvas.begin(z)
    for edits in some_edits(canvas.maps) * 2:  # what was begun is as good the second time
        found = canvas.draw(begun, edits)
        expected = by_full_pass(net, z, edits)
        assert found.dtype == torch.float32 and found.shape == expected.shape
        np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-5)
        if edits:
            assert (found - canvas.draw(begun)).abs().max() > 1e-3  # or there was nothing to see
    assert not any(module._forward_hooks or module.training for module in net.modules())


def test_layers_are_told_as_they_run() -> None:
    canvas = open_generator(
        made(progressive), ["output_16x16", "layer5", "layer1", "layer4", "layer5"], latents()
    )
    assert list(canvas.maps) == ["layer1", "layer4", "layer5", "output_16x16"]
    assert canvas.maps == {name: (SIZES[name][0], SIZES[name][1], SIZES[name][1]) for name in canvas.maps}


def test_only_layers_after_the_edit_run() -> None:
    net, z = made(progressive), latents()
    canvas = open_generator(net, ["layer5", "layer3"], z)
    ran: Counter[str] = Counter()
    for name, module in net.named_modules():
        if name.endswith("conv"):
            module.register_forward_hook(lambda _m, _i, _o, name=name: ran.update([name]))
    begun = canvas.begin(z)
    assert set(ran) == {"layer1.conv", "layer2.conv", "layer3.conv"} and set(ran.values()) == {1}
    ran.clear()
    canvas.draw(begun, [Edit("layer3", [0]), Edit("layer5", [1])])
    assert set(ran) == {"layer4.conv", "layer5.conv", "layer6.conv", "output_16x16.conv"}
    canvas.draw(begun)
    assert set(ran.values()) == {2}


def test_latents_and_pictures_of_any_kind() -> None:
    net, z = made(progressive), latents()
    edits = [Edit("layer4", [1, 2], 3.0)]
    expected = by_full_pass(net, z, edits)
    for given in (z, z.flatten(1), z.double(), z.clone().requires_grad_(True)):
        found = dw.edit(net, given, edits)
        assert torch.allclose(found, expected, atol=1e-5) and not found.requires_grad
    assert torch.allclose(dw.edit(net.double(), z, edits), expected, atol=1e-5)
    whole, flat, low = made(oblong), z.flatten(1), [Edit("low", [1])]
    assert torch.allclose(dw.edit(whole, flat.double(), low), by_full_pass(whole, flat, low), atol=1e-5)
    inverse = dw.edit(made(progressive), z, edits, to_images=lambda output: 1 - dw.to_images(output))
    assert torch.allclose(inverse, 1 - expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_edit_draws_pictures(batch_size: int) -> None:
    net, z = made(progressive), latents(5)
    one = Edit("layer4", [0, 3], 2.0, mask(8, 8))
    found = dw.edit(net, z, one, batch_size=batch_size)
    assert torch.allclose(found, by_full_pass(net, z, [one]), atol=1e-5)
    several = [Edit("layer5", [1]), one, Edit("layer4", [0])]
    found = dw.edit(net, z, iter(several), batch_size=batch_size)
    assert torch.allclose(found, by_full_pass(net, z, several), atol=1e-5)
    assert not found.is_inference() and found.dtype == torch.float32 and len(found) == 5


@pytest.mark.parametrize("make", [progressive, oblong])
def test_without_edits_pictures_are_the_generators(make: Any) -> None:
    net, z = made(make), latents(5, flat=True)
    found = dw.edit(net, z, batch_size=5)
    with torch.no_grad():
        assert torch.equal(found, dw.to_images(net(z)))
    canvas = open_generator(net, [], z)
    assert (canvas.strategy, canvas.layer, canvas.maps) == ("full passes", "", {})


def test_one_latent_is_enough() -> None:
    net = made(progressive)
    edits = [Edit("layer2", [0], 1.0)]
    assert torch.allclose(dw.edit(net, latents(1), edits), by_full_pass(net, latents(1), edits), atol=1e-5)


def test_insertion_is_at_the_threshold() -> None:
    found = dw.dissect(
        progressive(), "layer4", latents(5), segmenter=Rules(), level=(0.2, 0.1), progress=False
    )
    layer = found["layer4"]
    edit = dw.insertion(layer, np.array([3, 1]), mask(8, 8), strength=1.5)
    assert edit.layer == "layer4" and edit.units == (3, 1)
    assert edit.level == tuple(1.5 * float(layer.threshold[0, unit]) for unit in (3, 1))
    assert (edit.where == mask(8, 8).astype(np.float32)).all()
    assert dw.insertion(layer, [3]).where is None
    for unit in (5, -1):
        with pytest.raises(SettingError, match=f"no unit {unit}; layer4 has units 0 to 4"):
            dw.insertion(layer, [0, unit])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "at least one unit"),
        (([1, 2, 1],), "each once"),
        (([-1],), "from 0"),
        ((3,), "units is 3; it must be a list"),
        (([1.5],), "it must be a list of unit numbers"),
        ((["a"],), "it must be a list of unit numbers"),
        (([1], float("nan")), "level is nan; it must be finite"),
        (([1, 2], [1, float("inf")]), r"level is \[1.0, inf\]; it must be finite"),
        (([1, 2], [1.0]), r"level has shape \(1,\) for 2 units"),
        (([1, 2], [[1.0, 2.0]]), r"level has shape \(1, 2\) for 2 units"),
        (([1, 2], "high"), "level is 'high'; it must be a number, or one for each unit"),
        (([1, 2], [[1], [1, 2]]), "it must be a number, or one for each unit"),
        (([1], 0, [0.5, 1]), r"shape \(2,\), from 0.5 to 1; it must be \(h, w\)"),
        (([1], 0, [[0.5, 1.5]]), "from 0.5 to 1.5; it must be"),
        (([1], 0, [[-0.5, 1]]), "from -0.5 to 1; it must be"),
        (([1], 0, [[float("nan"), 1]]), "from nan to nan; it must be"),
        (([1], 0, np.zeros((0, 4))), r"shape \(0, 4\); it must be"),
        (([1], 0, "all"), "where is 'all'; it must be an array"),
    ],
)
def test_bad_edits(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Edit("layer", *arguments)


def test_an_edit_is_what_it_was() -> None:
    where = np.ones((2, 3))
    edit = Edit("layer", [1], 2, where)
    where[:] = 0
    assert edit.where is not None and edit.where.all() and edit.level == (2.0,)
    with pytest.raises(ValueError, match="read-only"):
        edit.where[0, 0] = 0
    with pytest.raises(AttributeError):
        edit.units = (2,)  # type: ignore[misc]


@pytest.mark.parametrize("layers", [["layer4"], ["layer2", "layer4"]])
@pytest.mark.parametrize("make", [progressive, FullForward], ids=["Cut", "Whole"])
def test_edits_that_do_not_fit(make: Any, layers: list[str]) -> None:
    net = made(progressive)
    canvas = open_generator(net, layers, latents())
    canvas = FullForward(net, canvas.maps, dw.to_images) if make is FullForward else canvas
    begun = canvas.begin(latents())
    for edit, message in (
        (Edit("layer4", [0, 5]), "edit of unit 5; layer4 has units 0 to 4"),
        (Edit("layer4", [0], 0, np.ones((8, 7))), "`where` is 8 x 7; the map of layer4 is 8 x 8"),
    ):
        with pytest.raises(SettingError, match=message):
            canvas.draw(begun, [Edit("layer4", [1]), edit])
    with pytest.raises(LayerError, match=f"edit of layer 'layer3'; .* was opened at {', '.join(layers)}"):
        canvas.draw(begun, [Edit("layer3", [0])])
    assert not any(module._forward_hooks for module in net.modules())


def test_layers_that_cannot_be_edited() -> None:
    net, z = made(progressive), latents()
    with pytest.raises(LayerError, match=r"no layer 'layer7'. Did you mean 'layer\d'"):
        dw.edit(net, z, [Edit("layer2", [0]), Edit("layer7", [0])])
    with pytest.raises(LayerError, match="'conv' runs more than once"):
        open_generator(made(Twice), "conv", z)
    branches = made(Branches)
    with pytest.raises(LayerError, match="'never' does not run"):
        open_generator(branches, "never", z)
    with pytest.raises(LayerError, match="not depend on layer 'idle'"):
        open_generator(branches, "idle", z)
    with pytest.raises(LayerError, match=r"'fc' outputs \(2, 72\); it must be maps"):
        open_generator(made(oblong), "fc", z.flatten(1))
    for count in (1, 3):
        with pytest.raises(LayerError, match=r"'same' outputs \(1, 6, 5, 6\); it must be maps"):
            open_generator(made(Constant), "same", latents(count))
    opened = open_generator(made(OfPair), "pair", z)
    assert opened.strategy == "full passes: pair does not output a tensor alone"
    for module in (net, branches):
        assert not any(own._forward_hooks for own in module.modules())


def test_training_mode_is_refused() -> None:
    net = progressive()
    with pytest.raises(SettingError, match=r"training mode \(module 'itself'\)"):
        dw.edit(net, latents(), Edit("layer2", [0]))
    with pytest.raises(SettingError, match=r"training mode \(module 'itself'\)"):
        dw.edit(net, latents())
    net.eval().layer3.train()
    with pytest.raises(SettingError, match=r"training mode \(module 'layer3'\)"):
        open_generator(net, "layer2", latents())
    assert net.layer3.training and not net.training


def test_bad_latents_and_pictures() -> None:
    net, one = made(progressive), Edit("layer4", [0])
    broken = latents(5)
    broken[4, 1] = float("inf")
    for edits in ([one], []):
        with pytest.raises(SettingError, match=r"takes \(B, 7\)"):
            dw.edit(net, dw.latents(3, latent_dim=8), edits)
        with pytest.raises(DataError, match="There are no latents"):
            dw.edit(net, latents(0), edits)
        with pytest.raises(DataError, match="Latent 4 has a number that is NaN or infinite"):
            dw.edit(net, broken, edits)
        with pytest.raises(DataError, match=r"are torch.float32 \(3, 7, 2, 2\)"):
            dw.edit(net, latents().expand(-1, -1, 2, 2), edits)
        with pytest.raises(DataError, match="The latents are list"):
            dw.edit(net, [[0.0] * 7], edits)  # type: ignore[arg-type]
        with pytest.raises(DataError, match=r"must lie in \[0, 1\]"):
            dw.edit(net, latents(), edits, to_images=lambda output: output)
        with pytest.raises(DataError, match=r"outputs \(2, 1, 16, 16\)"):
            dw.edit(net, latents(), edits, to_images=lambda output: output[:, :1])
    with pytest.raises(DataError, match=r"fails on latents \(2, 8\)"):
        dw.edit(made(oblong), torch.zeros(3, 8), Edit("low", [0]))
    canvas = open_generator(net, "layer4", latents())
    with pytest.raises(SettingError, match=r"takes \(B, 7\)"):
        canvas.begin(dw.latents(2, latent_dim=8))
    with pytest.raises(DataError, match="no latents"):
        canvas.begin(latents(0))


def test_a_failure_in_the_middle_leaves_the_generator_as_it_was() -> None:
    class Failing:
        calls = 0

        def __call__(self, output: Tensor) -> Tensor:
            if self.calls < 0:
                raise RuntimeError("no memory")
            return dw.to_images(output)

    net, failing = made(progressive), Failing()
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    canvas = open_generator(net, ["layer2", "layer4"], latents(), to_images=failing)
    begun, edits = canvas.begin(latents()), [Edit("layer4", [0]), Edit("layer2", [1], 2.0)]
    expected = canvas.draw(begun, edits)
    failing.calls = -1
    with pytest.raises(RuntimeError, match="no memory"):
        canvas.draw(begun, edits)
    failing.calls = 0
    assert not any(module._forward_hooks or module.training for module in net.modules())
    assert all(torch.equal(tensor, state[name]) for name, tensor in net.state_dict().items())
    assert torch.equal(canvas.draw(begun, edits), expected)


class Unsteady(InPlace):
    """In parts, which are run after it is changed, it draws something else."""

    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z) + (0.5 if type(z) is Tensor else 0.0)


def test_parts_that_prove_wrong_are_not_used() -> None:
    canvas = open_generator(made(Unsteady), "conv", latents())
    assert type(canvas) is FullForward and canvas.strategy.startswith("full passes: in parts its images are")
