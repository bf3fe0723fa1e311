import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.hooks import find_layer, model_device, model_dtype, trace
from dissect_widgets.core.network.layers import LayerInfo, LayerPlan, as_maps, list_layers, plan_layers
from dissect_widgets.errors import DissectError, LayerError
from tests.small_networks import TinyNet, seeded

PICTURE = (20, 28)


def pictures(count: int = 2, size: tuple[int, int] = PICTURE) -> Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(3))


def plans_of(
    model: nn.Module,
    *layers: str,
    size: tuple[int, int] = PICTURE,
    token_grids: dict[str, tuple[int, int]] | None = None,
) -> dict[str, LayerPlan]:
    with evaluation(model):
        return plan_layers(
            model,
            layers,
            pictures(2, size),
            rule="receptive-field",
            token_grids=token_grids or {},
            image_size=size,
        )


def hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def modes(model: nn.Module) -> dict[str, bool]:
    return {name: module.training for name, module in model.named_modules()}


class Runs:
    """Counts how often modules run, from outside of what is tested."""

    def __init__(self, model: nn.Module) -> None:
        self.count = {name: 0 for name, _ in model.named_modules()}
        for name, module in model.named_modules():
            forward = module.forward

            def counted(*args: object, name: str = name, forward: object = forward) -> object:
                self.count[name] += 1
                return forward(*args)

            module.forward = counted


class TokenNet(nn.Module):
    """Patches of 4 pixels, a class token, a mixing layer, a head: 5 units."""

    def __init__(self, extra: int = 1) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 5, 4, stride=4)
        self.extra = nn.Parameter(torch.zeros(1, extra, 5))
        self.norm = nn.LayerNorm(5)
        self.mix = nn.Linear(5, 5)
        self.head = nn.Linear(5, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.extra.expand(len(x), -1, -1), x], 1)
        return self.head(self.mix(self.norm(x))[:, 0])


class OddNet(nn.Module):
    """Outputs of all kinds: tuple, dict, six dimensions, channels last, and a module that never runs."""

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
            return x + 1, [x]

    class Named(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"out": x}

    class Nested(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[:, :, None, None]

    class Last(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.permute(0, 2, 3, 1)

    class First(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.transpose(0, 1)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 5, 3, padding=1, stride=2)
        self.pair, self.named, self.nested = self.Pair(), self.Named(), self.Nested()
        self.last, self.first = self.Last(), self.First()
        self.never = nn.Conv2d(5, 5, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.stem(x)
        x = self.named(self.pair(x)[0])["out"]
        return {"nested": self.nested(x), "last": self.last(x), "first": self.first(x)}


class Twice(nn.Module):
    """One module that runs twice in a pass."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Conv2d(3, 3, 3, padding=1)
        self.end = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.step(self.step(x)))


class Broken(nn.Module):
    """Fails after its first layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.after = nn.Identity(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        self.after(self.stem(x))
        raise RuntimeError("the model fails")


@pytest.fixture
def tokens() -> TokenNet:
    with torch.random.fork_rng():
        return seeded(TokenNet())


@pytest.fixture
def odd() -> OddNet:
    with torch.random.fork_rng():
        return seeded(OddNet())


@pytest.fixture
def twice() -> Twice:
    with torch.random.fork_rng():
        return seeded(Twice())


def test_list_of_a_network(tiny: TinyNet) -> None:
    tiny.relu.eval()
    before = modes(tiny)
    training = []
    handle = tiny.drop.register_forward_pre_hook(lambda module, _: training.append(module.training))
    listed = list_layers(tiny, pictures(3))
    handle.remove()
    assert training == [False]
    assert listed == [
        LayerInfo("stem", "Conv2d", "map", (3, 4, 10, 14), 4, 10, 14, 1),
        LayerInfo("relu", "ReLU", "map", (3, 4, 10, 14), 4, 10, 14, 1),
        LayerInfo("pool", "MaxPool2d", "map", (3, 4, 5, 7), 4, 5, 7, 1),
        LayerInfo("left", "Conv2d", "map", (3, 5, 5, 7), 5, 5, 7, 1),
        LayerInfo("right", "Conv2d", "map", (3, 5, 5, 7), 5, 5, 7, 1),
        LayerInfo("mix", "ReLU", "map", (3, 5, 5, 7), 5, 5, 7, 1),
        LayerInfo("drop", "Dropout", "vector", (3, 5), 5, 1, 1, 1),
        LayerInfo("head", "Linear", "vector", (3, 6), 6, 1, 1, 1),
    ]
    assert modes(tiny) == before
    assert hooks(tiny) == 0


def test_list_of_nested_layers_is_in_the_order_in_which_they_end() -> None:
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Sequential(nn.Conv2d(3, 5, 1), nn.ReLU()), nn.Conv2d(5, 4, 1))
    assert [layer.name for layer in list_layers(model, pictures())] == ["0.0", "0.1", "0", "1"]


def test_list_of_tokens(tokens: TokenNet) -> None:
    listed = list_layers(tokens, pictures(2, (12, 12)))
    assert listed == [
        LayerInfo("patch", "Conv2d", "map", (2, 5, 3, 3), 5, 3, 3, 1),
        LayerInfo("norm", "LayerNorm", "tokens", (2, 10, 5), 5, 3, 3, 1, 1),
        LayerInfo("mix", "Linear", "tokens", (2, 10, 5), 5, 3, 3, 1, 1),
        LayerInfo("head", "Linear", "vector", (2, 6), 6, 1, 1, 1),
    ]


def test_tokens_that_are_no_square(tokens: TokenNet) -> None:
    size = (12, 16)  # 3 x 4 patches and a class token
    mix = LayerInfo("mix", "Linear", "tokens", (2, 13, 5), 5, 3, 4, 1, 1)
    assert list_layers(tokens, pictures(2, size))[2] == mix
    plan = plans_of(tokens, "mix", size=size, token_grids={"mix": (3, 4)})["mix"]
    assert plan.info == mix and plan.grid == Grid.half_pixel(3, 4, size)


def test_tokens_without_a_class_token() -> None:
    with torch.random.fork_rng():
        bare, registers = seeded(TokenNet(0)), seeded(TokenNet(5))
    assert list_layers(bare, pictures(2, (12, 12)))[1][4:9] == (5, 3, 3, 1, 0)
    assert list_layers(registers, pictures(2, (12, 12)))[1][4:9] == (5, 3, 3, 1, 5)


@pytest.mark.parametrize("grid", [(3, 5), (14, 1), (0, 4)])
def test_token_grid_that_does_not_fit(tokens: TokenNet, grid: tuple[int, int]) -> None:
    with pytest.raises(LayerError, match=rf"13 tokens, fewer than a grid of {grid[0]} x {grid[1]}"):
        plans_of(tokens, "mix", size=(12, 16), token_grids={"mix": grid})


def test_maps_of_tokens_leave_out_the_extra_ones() -> None:
    info = LayerInfo("mix", "Linear", "tokens", (2, 14, 5), 5, 3, 4, 1, 2)
    output = torch.arange(2 * 14 * 5, dtype=torch.float64).reshape(2, 14, 5)
    maps = as_maps(output, info)
    assert (maps.shape, maps.dtype) == ((2, 5, 3, 4), torch.float32)
    for b in range(2):
        for unit in range(5):
            for row in range(3):
                for column in range(4):
                    assert maps[b, unit, row, column] == output[b, 2 + 4 * row + column, unit]


def test_maps_of_the_other_kinds() -> None:
    output = torch.arange(2 * 4 * 6 * 5).reshape(2, 4, 6, 5).half()
    info = LayerInfo("x", "X", "channels-last map", (9, 4, 6, 5), 5, 4, 6, 1)
    maps = as_maps(output, info)
    assert (maps.shape, maps.dtype) == ((2, 5, 4, 6), torch.float32)
    assert maps[1, 3, 2, 4] == output[1, 2, 4, 3]
    info = LayerInfo("x", "X", "map", (9, 4, 6, 5), 4, 6, 5, 1)
    assert torch.equal(as_maps(output, info), output.float())
    vector = as_maps(output[:, 0, 0], LayerInfo("x", "X", "vector", (9, 5), 5, 1, 1, 1))
    assert vector.shape == (2, 5, 1, 1)
    assert torch.equal(vector[:, :, 0, 0], output[:, 0, 0].float())


@pytest.mark.parametrize("shape", [(2, 4, 6, 7), (2, 4, 6), (2, 5, 4, 6)])
def test_maps_of_another_size_are_refused(shape: tuple[int, ...]) -> None:
    info = LayerInfo("conv", "Conv2d", "map", (9, 4, 6, 5), 4, 6, 5, 1)
    with pytest.raises(LayerError, match=r"'conv' output \(2, .*\) after \(9, 4, 6, 5\).*one size"):
        as_maps(torch.zeros(shape), info)


def test_channels_last_maps_are_known_by_the_aspect_of_the_picture(odd: OddNet) -> None:
    listed = {layer.name: layer for layer in list_layers(odd, pictures())}
    assert listed["stem"] == LayerInfo("stem", "Conv2d", "map", (2, 5, 10, 14), 5, 10, 14, 1)
    assert listed["last"] == LayerInfo("last", "Last", "channels-last map", (2, 10, 14, 5), 5, 10, 14, 1)
    plan = plans_of(odd, "last")["last"]
    assert plan.grid == Grid(10, 14, 0, 0, 2, 2, "receptive-field")


def test_map_with_unequal_strides_is_channels_first() -> None:
    with torch.random.fork_rng():
        model = seeded(nn.Sequential(nn.Conv2d(3, 16, 3, stride=(4, 1), padding=1)))
    plan = plans_of(model, "0", size=(64, 64))["0"]
    assert plan.info[2:7] == ("map", (2, 16, 16, 64), 16, 16, 64)


def test_outputs_of_other_kinds(odd: OddNet) -> None:
    assert [layer.name for layer in list_layers(odd, pictures())] == [
        "stem",
        "pair:0",
        "pair:1:0",
        "named",
        "last",
    ]
    assert plans_of(odd, "pair:0")["pair:0"].info.shape == (2, 5, 10, 14)
    with pytest.raises(LayerError, match=r"'nested' outputs shape \(2, 5, 1, 1, 10, 14\).*tokens \(B, "):
        plans_of(odd, "nested")
    assert plans_of(odd, "named")["named"].info.part == "out"
    with pytest.raises(LayerError, match=r"'first' outputs \(5, 2, 10, 14\) for a batch of 2"):
        plans_of(odd, "first")
    with pytest.raises(LayerError, match="'never' did not run"):
        plans_of(odd, "stem", "never")
    assert hooks(odd) == 0


def test_a_tensor_of_a_tuple(odd: OddNet) -> None:
    with evaluation(odd), trace(odd, ["stem", "pair:0", "pair:1:0"]) as seen:
        odd(pictures())
    assert torch.equal(seen["pair:0"], seen["stem"] + 1)
    assert torch.equal(seen["pair:1:0"], seen["stem"])


@pytest.mark.parametrize(
    "call", [lambda m, n: plans_of(m, n), lambda m, n: trace(m, [n]).__enter__(), find_layer]
)
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("stm", "no layer 'stm'. Did you mean 'stem'"),
        ("lft", "'left'"),
        ("zzz", "There are 8: 'stem', 'relu', 'pool', 'left', 'right', 'mix', 'drop', 'head'"),
        ("", "no layer ''"),
    ],
)
def test_unknown_layer_names_the_nearest(tiny: TinyNet, call: object, name: str, message: str) -> None:
    with pytest.raises(LayerError, match=message) as caught:
        call(tiny, name)
    assert isinstance(caught.value, (DissectError, LookupError))
    assert hooks(tiny) == 0


def test_layer_that_runs_twice_leaves_its_last_output(twice: Twice) -> None:
    assert [(layer.name, layer.calls) for layer in list_layers(twice, pictures())] == [
        ("step", 2),
        ("end", 1),
    ]
    plan = plans_of(twice, "step")["step"]
    assert plan.info.calls == 2
    x = pictures()
    with evaluation(twice), trace(twice, ["step"], calls={"step": 2}) as seen:
        twice(x)
    weight, bias = twice.step.weight, twice.step.bias
    once = F.conv2d(x, weight, bias, padding=1)
    assert torch.equal(seen["step"], F.conv2d(once, weight, bias, padding=1))


def test_one_module_under_two_names_is_listed_once() -> None:
    with torch.random.fork_rng():
        shared = nn.ReLU()
        model = nn.Sequential(nn.Conv2d(3, 5, 1), shared, nn.Conv2d(5, 4, 1), shared)
    assert [(layer.name, layer.calls, layer.units) for layer in list_layers(model, pictures())] == [
        ("0", 1, 5),
        ("2", 1, 4),
        ("1", 2, 4),
    ]


def test_output_that_is_overwritten_is_flagged_and_can_be_cloned(tiny: TinyNet) -> None:
    plans = plans_of(tiny, "stem", "relu", "left", "mix")
    assert {name: plan.overwritten for name, plan in plans.items()} == {
        "stem": True,
        "relu": False,
        "left": False,
        "mix": False,
    }
    x = pictures()
    before = F.conv2d(x, tiny.stem.weight, tiny.stem.bias, stride=2, padding=1).detach()
    assert (before < 0).any()
    with evaluation(tiny), trace(tiny, ["stem"], clone=["stem"]) as seen:
        tiny(x)
    assert torch.equal(seen["stem"], before)
    with evaluation(tiny), trace(tiny, ["stem"]) as seen:
        tiny(x)
    assert torch.equal(seen["stem"], before.clamp(min=0))


def test_overwritten_by_a_view_of_it() -> None:
    class Halves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            x[:, :2].relu_()
            return x

    with torch.random.fork_rng():
        model = seeded(Halves())
    assert plans_of(model, "conv")["conv"].overwritten


def test_model_that_infers_by_itself(tiny: TinyNet) -> None:
    tiny.forward = torch.inference_mode()(tiny.forward)
    assert plans_of(tiny, "mix")["mix"].info.units == 5


def test_plan_of_several_layers_keeps_their_order(tiny: TinyNet) -> None:
    plans = plans_of(tiny, "mix", "head", "stem")
    assert list(plans) == ["mix", "head", "stem"]
    assert plans["head"].grid == Grid.half_pixel(1, 1, PICTURE)
    assert plans["mix"].grid == Grid(5, 7, 1, 1, 4, 4, "receptive-field")
    assert plans["stem"].grid == Grid(10, 14, 0, 0, 2, 2, "receptive-field")
    assert hooks(tiny) == 0


def test_trace_records_and_leaves_no_hooks(tiny: TinyNet) -> None:
    x = pictures()
    with evaluation(tiny), trace(tiny, ["mix", "pool"]) as seen:
        assert hooks(tiny) == 2
        assert seen == {}
        tiny(x)
    assert hooks(tiny) == 0
    assert list(seen) == ["pool", "mix"]
    pooled = F.max_pool2d(F.relu(F.conv2d(x, tiny.stem.weight, tiny.stem.bias, stride=2, padding=1)), 2)
    torch.testing.assert_close(seen["pool"], pooled.detach())
    recorded = seen["pool"].clone()
    tiny.eval()(x + 1)
    assert torch.equal(seen["pool"], recorded)


def test_trace_hands_out_tensors_without_gradient(tiny: TinyNet) -> None:
    with trace(tiny, ["mix"]) as seen:
        output = tiny.eval()(pictures())
    assert output.requires_grad
    assert not seen["mix"].requires_grad


def test_trace_of_the_last_of_several_passes(tiny: TinyNet) -> None:
    x = pictures(4)
    with evaluation(tiny), trace(tiny, ["mix"]) as seen:
        tiny(x[:3])
        tiny(x[3:])
    assert seen["mix"].shape == (1, 5, 5, 7)


def test_hooks_go_after_an_error_in_the_block(tiny: TinyNet) -> None:
    with pytest.raises(ZeroDivisionError), trace(tiny, ["mix", "stem"]):
        assert hooks(tiny) == 2
        raise ZeroDivisionError
    assert hooks(tiny) == 0


def test_hooks_go_after_an_error_in_the_model() -> None:
    model = Broken()
    with pytest.raises(RuntimeError, match="the model fails"), trace(model, ["after"]) as seen:
        model(pictures())
    assert hooks(model) == 0
    assert "after" in seen
    for look in (lambda: list_layers(model, pictures()), lambda: plans_of(model, "stem")):
        with pytest.raises(RuntimeError, match="the model fails"):
            look()
        assert hooks(model) == 0
        assert model.training


def test_bad_second_name_installs_nothing(tiny: TinyNet, monkeypatch: pytest.MonkeyPatch) -> None:
    def register(*_: object) -> None:
        raise AssertionError("a hook went in")

    for module in tiny.modules():
        monkeypatch.setattr(module, "register_forward_hook", register)
    with pytest.raises(LayerError, match="no layer 'righ'"), trace(tiny, ["mix", "righ"]):
        pass


def test_layer_that_is_no_tensor_is_refused_in_the_pass(odd: OddNet) -> None:
    with pytest.raises(LayerError, match="'pair' outputs tuple with 2 tensors"), trace(odd, ["stem", "pair"]):
        odd(pictures())
    assert hooks(odd) == 0


def test_pass_ends_when_all_layers_have_run(tiny: TinyNet) -> None:
    runs = Runs(tiny)
    x = pictures()
    reached = False
    with evaluation(tiny), trace(tiny, ["pool", "left"], calls={"pool": 1, "left": 1}) as seen:
        tiny(x)
        reached = True
    assert not reached, "the block ends with the pass"
    assert runs.count == {
        "": 1,
        "stem": 1,
        "relu": 1,
        "pool": 1,
        "left": 1,
        "right": 0,
        "mix": 0,
        "drop": 0,
        "head": 0,
    }
    assert set(seen) == {"pool", "left"}
    torch.testing.assert_close(
        seen["left"], F.conv2d(seen["pool"], tiny.left.weight, tiny.left.bias).detach()
    )
    assert hooks(tiny) == 0
    assert tiny.eval()(x).shape == (2, 6)
    assert runs.count["head"] == 1


def test_pass_does_not_end_before_the_last_call(twice: Twice) -> None:
    runs = Runs(twice)
    with evaluation(twice), trace(twice, ["step"], calls={"step": 2}):
        twice(pictures())
    assert runs.count == {"": 1, "step": 2, "end": 0}
    with evaluation(twice), trace(twice, ["step", "end"], calls={"step": 2, "end": 1}):
        twice(pictures())
    assert runs.count == {"": 2, "step": 4, "end": 1}


def test_model_that_catches_exceptions_is_still_ended() -> None:
    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.rest = nn.Identity(), nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            try:
                x = self.stem(x)
            except Exception:
                x = x * 0
            return self.rest(x)

    model = Careful()
    runs = Runs(model)
    with trace(model, ["stem"], calls={"stem": 1}):
        model(pictures())
    assert runs.count == {"": 1, "stem": 1, "rest": 0}


def test_of_nested_traces_only_the_one_that_stops_ends(tiny: TinyNet) -> None:
    after_inner = after_outer = False
    with evaluation(tiny):
        with trace(tiny, ["left"], calls={"left": 1}) as outer:
            with trace(tiny, ["stem", "mix"], clone=["stem"]) as inner:
                tiny(pictures())
            after_inner = True
        after_outer = True
    assert (after_inner, after_outer) == (False, True)
    assert (set(outer), set(inner)) == ({"left"}, {"stem"})
    assert hooks(tiny) == 0


def test_inner_trace_that_stops_leaves_the_outer_running(tiny: TinyNet) -> None:
    runs = Runs(tiny)
    with evaluation(tiny), trace(tiny, ["stem", "mix"], calls={"stem": 2, "mix": 1}) as outer:
        with trace(tiny, ["stem"], calls={"stem": 1}) as inner:
            tiny(pictures())
        assert set(outer) == set(inner) == {"stem"}
        assert hooks(tiny) == 2
        tiny(pictures())
    assert set(outer) == {"stem", "mix"}
    assert (runs.count["mix"], runs.count["drop"]) == (1, 0)
    assert hooks(tiny) == 0


@pytest.mark.parametrize("fails", [False, True])
def test_evaluation_gives_every_module_its_mode_back(tiny: TinyNet, fails: bool) -> None:
    tiny.relu.eval()
    tiny.head.eval()
    tiny.stem.weight.requires_grad_(False)
    before = modes(tiny)
    assert set(before.values()) == {True, False}
    needs = [p.requires_grad for p in tiny.parameters()]
    try:
        with evaluation(tiny):
            assert not any(modes(tiny).values())
            assert not torch.is_grad_enabled()
            assert [p.requires_grad for p in tiny.parameters()] == needs
            if fails:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert fails
    assert modes(tiny) == before
    assert torch.is_grad_enabled()
    assert [p.requires_grad for p in tiny.parameters()] == needs


def test_evaluation_within_no_grad_and_of_a_model_in_evaluation(tiny: TinyNet) -> None:
    tiny.eval()
    with torch.no_grad():
        with evaluation(tiny), evaluation(tiny):
            pass
        assert not torch.is_grad_enabled()
    assert not any(modes(tiny).values())


def test_modes_come_back_if_the_model_refuses_evaluation(tiny: TinyNet) -> None:
    class Stubborn(nn.Module):
        def train(self, mode: bool = True) -> nn.Module:
            raise RuntimeError("no")

    tiny.add_module("stubborn", Stubborn())
    before = modes(tiny)
    with pytest.raises(RuntimeError, match="no"), evaluation(tiny):
        pass
    assert modes(tiny) == before


def test_dropout_is_off_in_evaluation(tiny: TinyNet) -> None:
    with evaluation(tiny):
        assert torch.equal(tiny(pictures()), tiny(pictures()))


def test_device_and_dtype_of_a_model(tiny: TinyNet) -> None:
    assert (model_device(tiny), model_dtype(tiny)) == (torch.device("cpu"), torch.float32)
    assert model_dtype(tiny.double()) == torch.float64
    bare = nn.ReLU()
    assert (model_device(bare), model_dtype(bare)) == (torch.device("cpu"), torch.float32)
    bare.register_buffer("steps", torch.zeros(3, dtype=torch.int64, device="meta"))
    assert (model_device(bare), model_dtype(bare)) == (torch.device("meta"), torch.float32)
    bare.register_buffer("mean", torch.zeros(3, dtype=torch.float16, device="meta"))
    assert model_dtype(bare) == torch.float16
