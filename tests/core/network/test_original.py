"""The network that is really run: wrappers, compiled code, scripts, and layer names with prefixes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import find_layer, trace
from dissect_widgets.core.network.layers import list_layers
from dissect_widgets.core.network.original import layer_name, original
from dissect_widgets.core.network.run import run, uncompiled
from dissect_widgets.errors import LayerError, SettingError
from tests.small_networks import TinyNet, seeded


def net() -> nn.Sequential:
    with torch.random.fork_rng():
        layers = nn.Sequential(
            nn.Conv2d(3, 5, 3, padding=1),
            nn.ReLU(),
            nn.Sequential(nn.Conv2d(5, 7, 3), nn.ReLU()),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(7, 4),
        )
    seeded(layers)
    return layers.eval()


def pictures(count: int = 2) -> Tensor:
    return torch.rand(count, 3, 11, 13, generator=torch.Generator().manual_seed(3))


def compiled(model: nn.Module) -> Any:
    return torch.compile(model, backend="eager")


WRAPPERS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "compiled": compiled,
    "parallel": nn.DataParallel,
    "averaged": torch.optim.swa_utils.AveragedModel,
    "compiled parallel": lambda model: compiled(nn.DataParallel(model)),
    "parallel compiled": lambda model: nn.DataParallel(compiled(model)),
}


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_the_network_in_a_wrapper_is_found(wrap: str) -> None:
    model = net()
    found = original(WRAPPERS[wrap](model))
    assert found is model or (wrap == "averaged" and type(found) is type(model))  # which copies it


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_layers_of_a_network_in_a_wrapper_are_those_of_the_original(wrap: str) -> None:
    expected = list_layers(net(), pictures())
    assert list_layers(WRAPPERS[wrap](net()), pictures()) == expected
    assert [layer.name for layer in expected][:3] == ["0", "1", "2.0"]


def test_a_module_that_is_called_module_is_not_taken_out_of_a_network() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = net()

        def forward(self, x: Tensor) -> Tensor:
            return self.module(x) * 2

    own = Own().eval()
    assert original(own) is own
    assert "module.2.0" in [layer.name for layer in list_layers(own, pictures())]


def test_a_class_of_ones_own_with_the_name_of_a_wrapper_is_none() -> None:
    class DataParallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = net()

        def forward(self, x: Tensor) -> Tensor:
            return -self.module(x)

    own = DataParallel()
    assert original(own) is own


def test_a_holder_that_cannot_run_gives_what_it_holds() -> None:
    class Averages(nn.Module):
        def __init__(self, module: nn.Module) -> None:
            super().__init__()
            self.module = module

    model = net()
    assert original(Averages(model)) is model


def scripts() -> dict[str, nn.Module]:
    return {
        "scripted": torch.jit.script(net()),
        "traced": torch.jit.trace(net(), pictures()),
        "frozen": torch.jit.freeze(torch.jit.script(net())),
    }


@pytest.mark.parametrize("kind", ["scripted", "traced", "frozen"])
def test_a_script_is_refused_with_what_to_pass_instead(kind: str) -> None:
    with pytest.raises(SettingError, match=r"scripted or traced.*Pass the `nn.Module` that it was made of"):
        original(scripts()[kind])


def test_an_exported_program_is_refused_and_unflattened_is_not() -> None:
    program = torch.export.export(net(), (pictures(),))
    with pytest.raises(SettingError, match=r"ExportedProgram.*torch.export.unflatten"):
        original(program)
    with pytest.raises(SettingError, match="runs none of its modules"):
        original(program.module())
    unflattened = torch.export.unflatten(program)
    assert original(unflattened) is unflattened


def test_a_graph_of_modules_is_a_network_like_any_other() -> None:
    graph = torch.fx.symbolic_trace(net())
    assert original(graph) is graph
    assert [layer.name for layer in list_layers(graph, pictures())][:3] == ["0", "1", "2.0"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (TinyNet, r"the class TinyNet; it must be a torch.nn.Module. Make one: TinyNet\(...\)"),
        ("resnet18", r"'resnet18'; it must be a torch.nn.Module. Load it with dw.load_model"),
        ({"0.weight": torch.zeros(2)}, "a dict; .* the network, and load them with model.load_state_dict"),
        (lambda x: x, "a function; it must be"),
        (None, "a NoneType; it must be"),
    ],
)
def test_what_is_no_network_is_refused_by_what_it_is(given: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        original(given)


def test_what_holds_a_network_says_where() -> None:
    class Learner:
        model = net()

    with pytest.raises(SettingError, match=r"a Learner; .*attribute 'model': pass that"):
        original(Learner())


def test_a_compiled_function_is_refused() -> None:
    with pytest.raises(SettingError, match="not its compiled forward"):
        original(torch.compile(net().forward, backend="eager"))


def test_where_compiled_code_cannot_be_switched_off_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = nn.Sequential(compiled(net()), nn.Softmax(1))
    monkeypatch.delattr(torch.compiler, "set_stance")
    with pytest.raises(SettingError, match=r"Module '0' of the network is compiled.*update torch to 2.6"):
        original(inner)
    model = net()
    assert original(compiled(model)) is model


class Within(nn.Module):
    """A network of which a part is compiled, in each of the ways there are."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.inner, self.soft = net(), nn.Softmax(1)
        if way == "child":
            self.inner = compiled(self.inner)
        elif way == "in place":
            self.inner.compile(backend="eager")
        elif way == "forward":
            self.inner.forward = torch.compile(self.inner.forward, backend="eager")
        elif way == "layer":
            self.inner[2].compile(backend="eager")

    def forward(self, x: Tensor) -> Tensor:
        return self.soft(self.inner(x))


@pytest.mark.parametrize("way", ["child", "in place", "forward", "layer"])
def test_hooks_run_where_a_part_was_compiled_before(way: str) -> None:
    plain, model = Within("no").eval(), Within(way).eval()
    for count in (2, 3, 4):  # compiled for these sizes
        model(pictures(count))
    for count in (2, 3, 4, 5):
        with evaluation(model), trace(model, ["inner.2.0"]) as seen:
            scores = run(model, pictures(count))
        with torch.no_grad():
            assert torch.equal(scores, plain(pictures(count)))
            assert torch.equal(seen["inner.2.0"], plain.inner[:3][2][0](plain.inner[:2](pictures(count))))


def test_a_model_that_is_compiled_in_place_is_watched() -> None:
    model = net()
    model.compile(backend="eager")
    model(pictures())
    assert list_layers(model, pictures()) == list_layers(net(), pictures())


def test_compiled_code_runs_again_afterwards() -> None:
    calls = []

    def backend(graph: Any, _inputs: Any) -> Any:
        calls.append(graph)
        return graph.forward

    model = torch.compile(net(), backend=backend)
    run(model, pictures())
    assert not calls
    model(pictures())
    assert calls


def test_two_threads_leave_the_compiler_as_it_was() -> None:
    compiled(net())
    inside, leave = threading.Event(), threading.Event()

    def longer() -> None:
        with uncompiled():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=longer)
    with uncompiled():
        thread.start()
        inside.wait(10)
    assert stance() == "force_eager"  # the other still runs
    leave.set()
    thread.join()
    assert stance() == "default"


def stance() -> str:
    return str(sys.modules["torch._dynamo.eval_frame"]._stance.stance)


def test_names_with_the_prefixes_of_wrappers_are_those_of_the_original() -> None:
    model = Within("child")
    for name in ("soft", "_orig_mod.soft", "module.soft", "module._orig_mod.soft", "_orig_mod.module.soft"):
        assert layer_name(model, name) == "soft"
        assert find_layer(model, name) is model.soft
    for name in ("inner.2.0", "inner._orig_mod.2.0", "module.inner.2.0", "_orig_mod.inner._orig_mod.2.0"):
        assert layer_name(model, name) == "inner._orig_mod.2.0"
    assert layer_name(model, "module.inner") == "inner"
    for name in ("", "module", "_orig_mod", "soft.module.1", "_orig_mod.innner"):
        with pytest.raises(LayerError, match="has no layer"):
            layer_name(model, name)


def test_a_name_that_may_mean_two_layers_is_refused() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.ModuleDict({"module": nn.ModuleDict({"a": nn.ReLU()}), "a": nn.ReLU()})

    own = Own()
    assert layer_name(own, "module.head.module.a") == "head.module.a"
    assert layer_name(own, "head.a") == "head.a"
    with pytest.raises(LayerError, match="has no layer"):
        layer_name(own, "head._orig_mod.a")


def half_scripted(kind: str) -> nn.Sequential:
    make = {
        "scripted": torch.jit.script,
        "traced": lambda part: torch.jit.trace(part, torch.zeros(1, 5, 9, 11)),
        "frozen": lambda part: torch.jit.freeze(torch.jit.script(part)),
    }
    model = net()
    model[2] = make[kind](model[2])
    return model


@pytest.mark.parametrize("kind", ["scripted", "traced", "frozen"])
def test_a_scripted_part_is_left_out_and_said(kind: str) -> None:
    model = half_scripted(kind)
    with pytest.warns(UserWarning, match=r"scripted or traced and left out.*: 2"):
        listed = list_layers(model, pictures())
    assert listed == [layer for layer in list_layers(net(), pictures()) if layer.name[0] != "2"]


@pytest.mark.parametrize("kind", ["scripted", "traced", "frozen"])
@pytest.mark.parametrize("name", ["2", "2.0", "_orig_mod.2.1"])
def test_a_layer_in_a_scripted_part_is_refused(kind: str, name: str) -> None:
    with pytest.raises(LayerError, match=f"'{name}' is in '2', which is scripted or traced"):
        find_layer(half_scripted(kind), name)


@pytest.mark.parametrize("kind", ["scripted", "traced", "frozen"])
def test_units_behind_a_scripted_part_are_removed_as_in_the_plain_network(kind: str) -> None:
    x, targets = pictures(12), [0, 1, 2, 3] * 3
    for layer in ("1", "3"):
        plain = dw.rank_units(dw.ClassifierData(net(), x, targets=targets), layer)
        half = dw.rank_units(dw.ClassifierData(half_scripted(kind), x, targets=targets), layer)
        assert (half.predictions.ablated == plain.predictions.ablated).all()


@pytest.mark.parametrize("kind", ["scripted", "frozen"])
def test_the_mode_of_a_scripted_part_stays(kind: str) -> None:
    model = half_scripted(kind)
    before = [getattr(module, "training", None) for module in model.modules()]
    with evaluation(model):
        pass
    assert [getattr(module, "training", None) for module in model.modules()] == before


class Writing(nn.Module):
    """Writes into its input, as normalizations within networks do."""

    def __init__(self, first: nn.Module | None, inplace: bool) -> None:
        super().__init__()
        with torch.random.fork_rng():
            self.conv, self.head = nn.Conv2d(3, 5, 3), nn.Linear(5, 4)
        seeded(self)
        self.first, self.inplace = first, inplace

    def forward(self, x: Tensor) -> Tensor:
        if self.first is not None:
            x = self.first(x)
        elif self.inplace:
            x.sub_(0.5).div_(0.25)
        else:
            x = (x - 0.5) / 0.25
        return self.head(self.conv(x).relu().amax((2, 3)))


WRITING = {
    "normalization": lambda inplace: Writing(None, inplace),
    "hardtanh": lambda inplace: Writing(nn.Hardtanh(0.2, 0.7, inplace=inplace), inplace),
    "threshold": lambda inplace: Writing(nn.Threshold(0.3, 0.0, inplace=inplace), inplace),
    "identity": lambda inplace: Writing(
        nn.Sequential(nn.Identity(), nn.Flatten(2), nn.Unflatten(2, (11, 13)), nn.ELU(inplace=inplace)),
        inplace,
    ),
}


@pytest.mark.parametrize("kind", WRITING)
def test_a_network_that_writes_into_its_input_is_as_one_that_does_not(kind: str) -> None:
    writing, plain = WRITING[kind](True).eval(), WRITING[kind](False).eval()
    x = pictures(24)
    kept = x.clone()
    given = x - 0.1 if kind == "identity" else x  # so that there is something to write
    with torch.no_grad():
        maps = plain.conv(plain.first(given) if plain.first is not None else (x - 0.5) / 0.25).relu()
        targets = plain.head(maps.amax((2, 3))).argmax(1)
        targets[::3] = (targets[::3] + 1) % 4
    accuracies = []
    for unit in range(5):
        without = maps.clone()
        without[:, unit] = 0
        with torch.no_grad():
            predicted = plain.head(without.amax((2, 3))).argmax(1)
        accuracies.append(float((predicted == targets).float().mean()))

    def preprocess(images: Tensor) -> Tensor:
        return images - 0.1 if kind == "identity" else images

    data = dw.ClassifierData(writing, x, targets=targets.tolist(), preprocess=preprocess)
    importance = dw.rank_units(data, "conv")
    assert importance.accuracy.overall_after.tolist() == pytest.approx(accuracies)
    activations = dw.find_max_activations(writing, "conv", x, preprocess=preprocess)
    with torch.no_grad():
        before = plain.conv(plain.first(given.clone()) if plain.first is not None else (x - 0.5) / 0.25)
    assert torch.allclose(torch.from_numpy(activations), before.amax((2, 3)), atol=1e-5)
    assert list_layers(writing, x)[-1].shape == (24, 4)
    assert torch.equal(x, kept)


@pytest.mark.parametrize("kind", ["normalization", "hardtanh"])
def test_an_attack_on_a_network_that_writes_into_its_input(kind: str) -> None:
    method = dw.ProjectedGradient(steps=3)
    results = [
        dw.attack(dw.ClassifierData(WRITING[kind](inplace).eval(), pictures(3)), "nearest", method=method)
        for inplace in (True, False)
    ]
    assert torch.equal(results[0].adversarial, results[1].adversarial)
    assert (results[0].scores_adversarial == results[1].scores_adversarial).all()


def test_a_network_without_weights_is_refused() -> None:
    with pytest.raises(SettingError, match=r"no weights yet: '0.weight' gets its shape in the first pass"):
        original(nn.Sequential(nn.LazyConv2d(4, 3)))
