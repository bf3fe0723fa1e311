"""Layers that output lists, dicts, named tuples and the like, and networks that output more than scores."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import dissect_widgets as dw
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.forward import scores_of
from dissect_widgets.core.network.hooks import find_layer, trace
from dissect_widgets.core.network.layers import list_layers, plan_layers
from dissect_widgets.core.network.outputs import distinct_tensors, named_tensors, with_tensor
from dissect_widgets.errors import LayerError
from tests.small_networks import seeded


class Named(NamedTuple):
    maps: Any
    size: Any = (2, 2)


class Three(NamedTuple):
    first: Any
    second: Any
    third: Any


@dataclass(frozen=True)
class Data:
    maps: Any
    size: Any = None


@dataclass(frozen=True, slots=True)
class Slotted:
    maps: Any
    size: Any = None


class Plain:
    """Maps and a mask, as an object of its own."""

    def __init__(self, tensors: Any) -> None:
        self.tensors, self.mask = tensors, torch.ones(2, 3, 4, dtype=torch.bool)


class Own(OrderedDict):  # type: ignore[type-arg]
    """A dict of a class of its own, with an attribute."""

    note = ""


def model_output(maps: Any) -> Any:
    outputs = pytest.importorskip("transformers.modeling_outputs")
    return outputs.BaseModelOutput(last_hidden_state=maps)


BOXES: dict[str, tuple[Callable[[Tensor], Any], Callable[[Any], Tensor], str]] = {
    "list": (lambda x: [x], lambda o: o[0], "0"),
    "tuple": (lambda x: (x, None, (3, 5)), lambda o: o[0], "0"),
    "second": (lambda x: (None, x), lambda o: o[1], "1"),
    "twice": (lambda x: [x, x], lambda o: o[1], "0"),
    "dict": (lambda x: {"out": x, "aux": None}, lambda o: o["out"], "out"),
    "number keys": (lambda x: {4: x}, lambda o: o[4], "4"),
    "ordered": (lambda x: OrderedDict(out=x), lambda o: o["out"], "out"),
    "named": (lambda x: Named(x), lambda o: o.maps, "maps"),
    "dataclass": (lambda x: Data(x, (2, 2)), lambda o: o.maps, "maps"),
    "slots": (lambda x: Slotted(x), lambda o: o.maps, "maps"),
    "transformers": (model_output, lambda o: o.last_hidden_state, "last_hidden_state"),
    "nested": (lambda x: {"a": [None, Named((x, 3))]}, lambda o: o["a"][1].maps[0], "a:1:maps:0"),
    "object": (lambda x: Plain(x), lambda o: o.tensors, "tensors"),
    "namespace": (lambda x: SimpleNamespace(out=[x]), lambda o: o.out[0], "out:0"),
    "with a table": (lambda x: (torch.ones(9, 9), x), lambda o: o[1], "1"),
    "with numbers": (lambda x: (x, torch.zeros(len(x), 2, 3, 3, dtype=torch.int64)), lambda o: o[0], "0"),
    "with a loss": (lambda x: {"loss": x.mean(), "out": x}, lambda o: o["out"], "out"),
}


class Boxing(nn.Module):
    def __init__(self, box: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.conv, self.box = nn.Conv2d(3, 5, 3, stride=2), box

    def forward(self, x: Tensor) -> Any:
        return self.box(self.conv(x).relu())


class Net(nn.Module):
    """Four classes from five units, which a layer returns in a container."""

    def __init__(self, box: Any = lambda x: x, unbox: Any = lambda o: o) -> None:
        super().__init__()
        self.encoder, self.unbox, self.head = Boxing(box), unbox, nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.unbox(self.encoder(x)).amax((2, 3)))


def made(*boxes: Any) -> Net:
    with torch.random.fork_rng():
        net = Net(*boxes)
    seeded(net)
    return net.eval()


def pictures(count: int = 2) -> Tensor:
    return torch.rand(count, 3, 13, 17, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("kind", BOXES)
def test_the_only_map_of_an_output_is_taken(kind: str) -> None:
    box, unbox, part = BOXES[kind]
    net, plain = made(box, unbox), made()
    listed = {layer.name: layer for layer in list_layers(net, pictures())}
    assert list(listed) == ["encoder.conv", "encoder", "head"]
    assert (listed["encoder"].part, listed["encoder"].shape) == (part, (2, 5, 6, 8))
    for name in ("encoder", f"encoder:{part}"):
        assert find_layer(net, name) is net.encoder
        with evaluation(net), trace(net, [name], parts={name: part}) as seen:
            net(pictures())
            assert torch.equal(seen[name], plain.encoder(pictures()))


@pytest.mark.parametrize("kind", BOXES)
def test_units_are_removed_from_the_map_of_an_output(kind: str) -> None:
    box, unbox, _ = BOXES[kind]
    x = pictures(40)
    plain = made()
    y = torch.arange(40) % 4
    ranked = dw.rank_units(dw.ClassifierData(made(box, unbox), TensorDataset(x, y)), "encoder")
    with torch.no_grad():
        maps = plain.encoder(x)
        accuracies, predicted = [], []
        for unit in range(5):
            without = maps.clone()
            without[:, unit] = 0
            predicted.append(plain.head(without.amax((2, 3))).argmax(1))
            accuracies.append(float((predicted[-1] == y).float().mean()))
    assert np.array_equal(ranked.predictions.ablated, torch.stack(predicted).numpy())
    assert ranked.accuracy.overall_after.tolist() == pytest.approx(accuracies)
    assert ranked.strategy.startswith("full passes")


def test_several_maps_must_be_named_and_each_is_listed_by_its_name() -> None:
    net = made(lambda x: [x, x * 2, x[:, :3, :2]], lambda o: o[2] if False else o[0])
    names = [layer.name for layer in list_layers(net, pictures())]
    assert names == ["encoder.conv", "encoder:0", "encoder:1", "encoder:2", "head"]
    with pytest.raises(LayerError, match=r"list with 3 tensors; name the one .* encoder:0 \(2, 5"):
        plans(net, "encoder")
    with pytest.raises(LayerError, match=r"which has no tensor '3'. There are 3: '0', '1', '2'"):
        plans(net, "encoder:3")
    planned = plans(net, "encoder:2", "encoder:1")
    assert planned["encoder:2"].info.shape == (2, 3, 2, 8)
    assert planned["encoder:1"].info.units == 5


def plans(net: nn.Module, *layers: str) -> Any:
    with evaluation(net):
        return plan_layers(net, layers, pictures(), rule="half-pixel", token_grids={}, image_size=(13, 17))


def test_two_tensors_of_one_module_are_two_layers_of_a_dissection() -> None:
    net = made(lambda x: {"low": x, "high": (x * 2, -x)}, lambda o: o["low"])
    plain = made()
    x = pictures(4)

    class Labeled:
        vocabulary = dw.Vocabulary([("a", "object")])

        def __len__(self) -> int:
            return 4

        def __getitem__(self, image: int) -> tuple[Tensor, Tensor]:
            return x[image], torch.ones(1, 7, 9, dtype=torch.int64)

    result = dw.dissect(net, ["encoder:high:1", "_orig_mod.encoder:low"], Labeled(), progress=False)
    assert [layer.name for layer in result.layers] == ["encoder:high:1", "encoder:low"]
    activations = dw.find_max_activations(net, "encoder:high:1", x)
    with torch.no_grad():
        maps = plain.encoder(x)
    assert np.array_equal(activations, (-maps).amax((2, 3)).numpy())
    assert np.array_equal(dw.find_max_activations(net, "encoder:low", x), maps.amax((2, 3)).numpy())


def test_removing_units_of_one_tensor_leaves_the_others() -> None:
    net = made(lambda x: Three(x, x * 2, x * 3), lambda o: o.first + o.second)
    plain = made()
    x = pictures(12)
    importance = dw.rank_units(dw.ClassifierData(net, x, targets=[0, 1, 2, 3] * 3), "encoder:second")
    with torch.no_grad():
        maps = plain.encoder(x)
        for unit in range(5):
            second = maps * 2
            second[:, unit] = 0
            predicted = plain.head((maps + second).amax((2, 3))).argmax(1)
            assert np.array_equal(importance.predictions.ablated[unit], predicted.numpy())


def test_replaced_outputs_keep_their_type_and_all_else() -> None:
    old, new, other = torch.zeros(2), torch.ones(2), torch.full((2,), 5.0)
    own = Own(a=old, b=other)
    own.note = "kept"
    cases = [
        [old, other],
        (other, [old]),
        Three(other, {"x": old}, None),
        Data((old, 1), other),
        Slotted([old]),
        own,
        OrderedDict(x=old),
        SimpleNamespace(x=other, y=(old,)),
        torch.return_types.max((old, other)),
    ]
    for output in cases:
        before = named_tensors(output)
        changed = with_tensor(output, old, new)
        assert type(changed) is type(output)
        after = named_tensors(changed)
        assert list(after) == list(before)
        for name, tensor in before.items():
            assert after[name] is (new if tensor is old else other)
        assert named_tensors(output).keys() == before.keys()
        assert all(named_tensors(output)[name] is tensor for name, tensor in before.items())
    assert with_tensor(own, old, new).note == "kept"
    assert with_tensor(cases[0], other, new)[0] is old


def test_outputs_of_transformers_keep_their_type() -> None:
    outputs = pytest.importorskip("transformers.modeling_outputs")
    x = pictures()
    output = outputs.BaseModelOutput(last_hidden_state=x, hidden_states=(x * 2, x))
    assert list(named_tensors(output)) == ["last_hidden_state", "hidden_states:0", "hidden_states:1"]
    assert list(distinct_tensors(output)) == ["last_hidden_state", "hidden_states:0"]
    new = x + 1
    changed = with_tensor(output, x, new)
    assert type(changed) is type(output)
    assert changed.last_hidden_state is new
    assert changed["last_hidden_state"] is new
    assert changed.hidden_states[1] is new
    assert changed.hidden_states[0] is output.hidden_states[0]
    assert output.last_hidden_state is x


def test_an_output_that_holds_itself_ends() -> None:
    output: list[Any] = [torch.zeros(2)]
    output.append(output)
    assert list(named_tensors(output)) == ["0"]


def scores(count: int = 3) -> Tensor:
    return torch.rand(count, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: (s,),
        lambda s: [s, None],
        lambda s: {"out": s, "maps": torch.zeros(3, 5, 2, 2)},
        lambda s: Named(s),
        lambda s: {"logits": s, "embeds": torch.zeros(3, 9)},
        lambda s: (s, torch.zeros((), dtype=torch.float32)),
        lambda s: {"loss": torch.zeros(()), "probs": s, "ids": torch.zeros(3, 2, dtype=torch.int64)},
        lambda s: [s, s],
    ],
)
def test_scores_are_found_in_an_output(wrap: Any) -> None:
    expected = scores()
    assert scores_of(wrap(expected), 3) is expected


def test_scores_of_classifiers_with_further_heads() -> None:
    outputs = pytest.importorskip("transformers.modeling_outputs")
    import torchvision

    logits, other = scores(), scores() + 1
    further = outputs.ImageClassifierOutput(logits=logits, hidden_states=(other[:, :, None],))
    assert scores_of(further, 3) is logits
    assert scores_of(torchvision.models.GoogLeNetOutputs(logits, other, other), 3) is logits
    assert scores_of(torchvision.models.InceptionOutputs(logits, other), 3) is logits


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (
            (scores(), scores() + 1),
            r"tuple with 0 \(3, 4\), 1 \(3, 4\), several of which may be scores; .* Wrap it",
        ),
        (
            {"out": torch.zeros(3, 21, 5, 5), "aux": torch.zeros(3, 21, 5, 5)},
            r"dict with out \(3, 21, 5, 5\), aux",
        ),
        ({"a": scores(), "b": {"c": scores() + 1}}, r"a \(3, 4\), b:c \(3, 4\)"),
        (None, "NoneType with no tensor"),
        ("text", "str with no tensor"),
        (torch.zeros(3, 4, 5), r"\(3, 4, 5\) for 3 images"),
    ],
)
def test_other_outputs_are_no_scores(output: Any, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        scores_of(output, 3)


class Generator(nn.Module):
    """Latents (B, 7) to pictures of 8 x 10; a layer outputs its maps in a container."""

    def __init__(self, box: Any = lambda x: x, unbox: Any = lambda o: o) -> None:
        super().__init__()
        self.fc, self.boxing, self.rgb = nn.Linear(7, 5 * 4 * 5), Boxing2(box), nn.ConvTranspose2d(5, 3, 2, 2)
        self.unbox = unbox

    def forward(self, z: Tensor) -> Tensor:
        return self.rgb(self.unbox(self.boxing(self.fc(z).view(-1, 5, 4, 5)))).tanh()


class Boxing2(nn.Module):
    def __init__(self, box: Any) -> None:
        super().__init__()
        self.box = box

    def forward(self, x: Tensor) -> Any:
        return self.box(x.relu())


@pytest.mark.parametrize(
    ("box", "unbox", "layer"),
    [
        *[(box, unbox, "boxing") for box, unbox, _ in list(BOXES.values())[:10]],
        (lambda x: Three(x * 3, x, x), lambda o: o.second, "boxing:second"),
        (lambda x: [x * 3, x], lambda o: o[1], "module.boxing:1"),
    ],
)
def test_edits_of_a_generator_whose_layer_outputs_a_container(box: Any, unbox: Any, layer: str) -> None:
    with torch.random.fork_rng():
        net, plain = Generator(box, unbox).eval(), Generator().eval()
    seeded(net), seeded(plain)
    z = torch.rand(3, 7, generator=torch.Generator().manual_seed(2))
    images = dw.edit(net, z, dw.Edit(layer, [1, 3], [0.0, 2.0]))
    with torch.no_grad():
        maps = plain.fc(z).view(-1, 5, 4, 5).relu()
        maps[:, 1], maps[:, 3] = 0, 2
        expected = (plain.rgb(maps).tanh() + 1) / 2
    assert torch.allclose(images, expected, atol=1e-6)


def test_a_layer_of_several_maps_is_edited_by_name_only() -> None:
    with torch.random.fork_rng():
        net = Generator(lambda x: [x * 3, x], lambda o: o[1]).eval()
    with pytest.raises(LayerError, match=r"boxing:0 \(2, 5, 4, 5\), boxing:1"):
        dw.edit(net, torch.zeros(2, 7), dw.Edit("boxing", [1]))


def test_a_tensor_that_nothing_reads_is_not_ablated_or_edited() -> None:
    data = dw.ClassifierData(
        made(lambda x: (x, x * 2), lambda o: o[0]), pictures(8), targets=[0, 1, 2, 3] * 2
    )
    with pytest.raises(LayerError, match="does not depend on 'encoder:1'"):
        dw.rank_units(data, "encoder:1", progress=False)
    with torch.random.fork_rng():
        net = Generator(lambda x: [x * 3, x], lambda o: o[1]).eval()
    with pytest.raises(LayerError, match="do not depend on 'boxing:0'"):
        dw.edit(net, torch.ones(2, 7), dw.Edit("boxing:0", [1]))
