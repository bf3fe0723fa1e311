"""Checkpoints as trainers write them: prefixes of names, and state dicts under keys."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.errors import WeightsError
from dissect_widgets.models.weights import fit_names, load_weights, read_weights

Weights = dict[str, Tensor]


def net() -> nn.Sequential:
    with torch.random.fork_rng():
        return nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5, 4))


def drawn(model: nn.Module, seed: int = 7) -> Weights:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(tensor.shape, generator=generator).to(tensor.dtype)
        for name, tensor in model.state_dict().items()
    }


def prefixed(weights: Weights, prefix: str) -> Weights:
    return {prefix + name: tensor for name, tensor in weights.items()}


def saved(tmp_path: Path, content: Any) -> Path:
    torch.save(content, tmp_path / "w.pt")
    return tmp_path / "w.pt"


def loaded(path: Path, model: nn.Module | None = None) -> Weights:
    model = model or net()
    load_weights(model, read_weights(path), origin=path)
    return model.state_dict()


def assert_same(result: Weights, expected: Weights) -> None:
    assert list(result) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(result[name], tensor), name


PREFIXES = [
    "",
    "module.",
    "model.",
    "net.",
    "_orig_mod.",
    "module._orig_mod.",
    "backbone.",
    "encoder.",
    "encoder_q.",
    "module.encoder_k.",
    "student.backbone.",
    "teacher.backbone.",
    "ema.",
    "model.model.",
    "network.0.",
    "what_nobody_else_has.",
]
KEYS = [
    "state_dict",
    "model",
    "model_state",
    "model_state_dict",
    "state_dict_ema",
    "model_ema",
    "ema",
    "params",
    "params_ema",
    "network",
    "net",
    "generator",
    "g_ema",
    "weights",
    "teacher",
    "student",
    "what_nobody_else_has",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_of_all_names_comes_off(tmp_path: Path, prefix: str) -> None:
    expected = drawn(net())
    path = saved(tmp_path, {"state_dict": prefixed(expected, prefix), "epoch": 3})
    with warnings.catch_warnings(action="error"):
        assert_same(loaded(path), expected)


@pytest.mark.parametrize("key", KEYS)
def test_a_state_dict_under_a_key_is_found(tmp_path: Path, key: str) -> None:
    expected = drawn(net())
    more = {"epoch": 3, "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}, "rng_state": torch.zeros(2)}
    with warnings.catch_warnings(action="error"):
        assert_same(loaded(saved(tmp_path, {**more, key: expected})), expected)
        assert_same(loaded(saved(tmp_path, {"a": {key: prefixed(expected, "module.")}})), expected)


def test_the_state_dict_that_fits_is_taken_whatever_its_place(tmp_path: Path) -> None:
    expected = drawn(net())
    others = {"model": {"other.weight": torch.zeros(3)}, "d": {"0.weight": torch.zeros(9)}}
    for key in ("ema", "g_ema", "state_dict_ema", "unheard_of"):
        with warnings.catch_warnings(action="error"):
            assert_same(loaded(saved(tmp_path, {**others, key: expected})), expected)


def test_of_several_that_fit_the_first_is_taken_and_said(tmp_path: Path) -> None:
    first, second = drawn(net(), 1), drawn(net(), 2)
    for content in ({"model_ema": second, "state_dict": first}, {"state_dict": first, "model_ema": second}):
        with pytest.warns(UserWarning, match="under 'state_dict' are loaded; 'model_ema' would fit as well"):
            assert_same(loaded(saved(tmp_path, content)), first)


def test_weights_beside_those_of_the_model_are_said(tmp_path: Path) -> None:
    expected = drawn(net())
    content = {"state_dict": prefixed(expected, "student.backbone.") | {"student.head.weight": torch.ones(2)}}
    with pytest.warns(UserWarning, match=r"1 others are not, such as 'student.head.weight'"):
        assert_same(loaded(saved(tmp_path, content)), expected)


@pytest.mark.parametrize(
    "prefixes", [("", "module."), ("encoder_q.", "encoder_k."), ("student.backbone.", "teacher.backbone.")]
)
def test_two_different_networks_in_one_state_dict_are_refused(
    tmp_path: Path, prefixes: tuple[str, str]
) -> None:
    content: Weights = {}
    for seed, prefix in enumerate(prefixes):
        content |= prefixed(drawn(net(), seed), prefix)
    model = net()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(WeightsError, match=r"two such networks, which differ: .*Keep those of one"):
        loaded(saved(tmp_path, content), model)
    assert_same(model.state_dict(), before)


def test_a_layer_beside_another_of_the_same_name_is_refused(tmp_path: Path) -> None:
    model = nn.utils.skip_init(nn.Linear, 3, 2, bias=False)
    content = {"weight": torch.zeros(2, 3), "module.weight": torch.ones(2, 3)}
    with pytest.raises(WeightsError, match=r"'weight' and 'module.weight'"):
        loaded(saved(tmp_path, content), model)
    content["module.weight"] = torch.zeros(2, 3)  # the same
    with pytest.warns(UserWarning, match="1 others are not"):
        assert_same(loaded(saved(tmp_path, content), model), {"weight": torch.zeros(2, 3)})


@pytest.mark.parametrize("change", ["lacks", "more", "shape"])
def test_what_fits_by_half_is_refused_and_the_error_shows_the_prefix(tmp_path: Path, change: str) -> None:
    weights = drawn(net())
    if change == "lacks":
        del weights["3.bias"]
        says = "The file lacks 1 names, such as '3.bias'"
    elif change == "more":
        weights["3.scale"] = torch.zeros(4)
        says = "'3.scale' is not in the model"
    else:
        weights["3.bias"] = torch.zeros(7)
        says = r"'3.bias' has shape \(7,\), the model's \(4,\)"
    right = 9 if change == "more" else 8
    path = saved(tmp_path, {"ema": prefixed(weights, "module.model."), "state_dict": {"x": torch.zeros(2)}})
    model = net()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    shown = (
        rf"of its state dicts, 'ema' is nearest. Without the prefix 'module.model.', {right} of 9 .*{says}"
    )
    with pytest.raises(WeightsError, match=shown):
        loaded(path, model)
    assert_same(model.state_dict(), before)


def test_a_checkpoint_that_holds_itself_ends_in_an_error(tmp_path: Path) -> None:
    for key in ("state_dict", "anything"):
        content: dict[str, Any] = {"0.weight": torch.zeros(2)}
        content[key] = content
        with pytest.raises(WeightsError, match=f"holds itself, under '{key}'"):
            read_weights(saved(tmp_path, content))


def test_a_compiled_model_takes_weights_of_the_original(tmp_path: Path) -> None:
    expected, model = drawn(net()), net()
    load_weights(torch.compile(model, backend="eager"), expected, origin="w.pt")
    assert_same(model.state_dict(), expected)


@pytest.mark.parametrize("prefix", ["module.", "model.", "encoder_q.", "model._orig_mod."])
def test_a_network_of_torchvision_gets_as_many_classes_as_the_file_has(tmp_path: Path, prefix: str) -> None:
    with torch.random.fork_rng():
        expected = drawn(torchvision.models.squeezenet1_1(num_classes=3))
        path = saved(tmp_path, {"state_dict": prefixed(expected, prefix)})
        assert_same(dw.load_model("squeezenet1_1", path).state_dict(), expected)


def test_a_generator_among_others_is_found(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        generator = dw.ProgressiveGenerator((7, 6, 5, 4))
    expected = drawn(generator)
    content = {"d": {"0.weight": torch.zeros(3)}, "g_ema": prefixed(expected, "module.synthesis.")}
    assert_same(dw.load_generator(saved(tmp_path, content)).state_dict(), expected)


def test_names_that_fit_without_shapes() -> None:
    weights = {"model.a": torch.zeros(2), "model.b": torch.zeros(3), "loss.c": torch.zeros(1)}
    assert list(fit_names(weights, ["a", "b"])) == ["a", "b"]
