"""Names of layers are data: none is ever run, and any names give what plain names do."""

from __future__ import annotations

import builtins
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.ablation.cached import cache_activations
from tests.small_images import ArrayImages
from tests.small_networks import seeded

MARK = "name_of_a_layer_ran"
RUNS = f"setattr(__import__('builtins'), '{MARK}', 1)"
NAMES = {
    "plain": ("first", "second", "third"),
    "double quotes": ('a"b', '"', '""'),
    "single quotes": ("a'b", "'", "''"),
    "code": (f'x"), {RUNS}, ("', f"x'), {RUNS}, ('", f"\n{RUNS}\n"),
    "calls": (RUNS, f"{RUNS}#", f"{{{RUNS}}}"),
    "formats": ("{}", "{0!r:>9}", "%s%n%(x)d"),
    "new lines": ("a\nb", "a\r\nb", "\n"),
    "other controls": ("a\0b", "\x1b[31m", "\b"),
    "blanks": (" ", "  ", "\t"),
    "backslashes": ("\\", "a\\", "\\n\\x41"),
    "keywords": ("class", "def", "lambda"),
    "builtins": ("print", "None", "True"),
    "digits": ("0", "007", "1e5"),
    "of modules": ("self", "cls", "args"),
    "of steps": ("part_0", "part_1", "taken_0"),
    "of steps again": ("step_0", "step_2", "rows_1"),
    "dunders": ("__init__x", "__class_getitem__", "__name__"),
    "same after escaping": ("a-b", "a_b", "a b"),
    "unicode": ("слой", "层", "𝖋𝖎𝖗𝖘𝖙"),
    "invisible": ("\u200b", "\u202eabc", "a\u0301"),
    "surrogate": ("\ud800", "\udfffx", "e\ud83d"),
    "html": ("<script>alert(1)</script>", "</td>", "&lt;"),
    "paths": ("/etc/passwd", "/", "C:\\x"),
    "globs": ("*", "?", "[a-z]"),
    "patterns": ("(", "a|b", "^$"),
    "colons": ("a:b", ":", "a:0"),
    "long": ("a" * 5000, "b" * 5000, 'c"' * 2500),
    "wrappers": ("_orig_mod", "_forward_module", "_fsdp_wrapped_module"),
}


class Named(nn.Module):
    """A network with a branch, a weight of its own, and modules of any names, some within others."""

    def __init__(self, names: tuple[str, str, str]) -> None:
        super().__init__()
        one, two, three = names
        body = nn.Sequential()
        for name, module in ((one, nn.Conv2d(3, 4, 3, 2)), (two, nn.ReLU()), (three, nn.Conv2d(4, 5, 1))):
            body.add_module(name, module)
        self.add_module(two, body)
        self.add_module(three, nn.Linear(5, 6))
        self.register_parameter(f"{one}!", nn.Parameter(torch.ones(5)))
        self.names = names

    def forward(self, x: Tensor) -> Tensor:
        one, two, three = self.names
        y = self._modules[two](x)  # type: ignore[misc]
        y = torch.relu(y) * self._parameters[f"{one}!"][:, None, None] + y.mean((2, 3), keepdim=True)
        scores: Tensor = self._modules[three](y.mean((2, 3)))  # type: ignore[misc]
        return scores


class Classes(ArrayImages):
    """Images with classes."""

    def __init__(self) -> None:
        super().__init__(12)

    def __getitem__(self, index: int) -> Any:
        return self.images[index], index % 6


def network(names: tuple[str, str, str]) -> nn.Module:
    with torch.random.fork_rng():
        return seeded(Named(names), 1).eval()


def classifier(net: nn.Module) -> dw.ClassifierData:
    data = Classes()
    return dw.ClassifierData(net, [data[index] for index in range(12)], batch_size=4)


def dissect(net: nn.Module, layer: str, folder: Path) -> Any:
    found = dw.dissect(net, [layer], ArrayImages(), progress=False)
    assert list(found.layer_names) == [layer]
    return found[layer].intersection


def rank(net: nn.Module, layer: str, folder: Path) -> Any:
    found = dw.rank_units(classifier(net), layer, progress=False)
    assert found.layer == layer and found.strategy.startswith(f"from {layer} on")
    return found.odds_loss


def ablate(net: nn.Module, layer: str, folder: Path) -> Any:
    return dw.ablate_units(classifier(net), layer, [[0], [1, 2]], progress=False).ablated


def explore(net: nn.Module, layer: str, folder: Path) -> Any:
    return cache_activations(classifier(net), layer).predict([1, 2])


def attack(net: nn.Module, layer: str, folder: Path) -> Any:
    data = classifier(net)
    method = dw.ProjectedGradient(steps=3)
    found = dw.attack(data, method=method, images=[0, 1], progress=False)
    return dw.unit_changes(data, layer, found, progress=False).change


def check(net: nn.Module, layer: str, folder: Path) -> Any:
    report = dw.check(net, [layer], ArrayImages())
    report._repr_html_()
    return np.array([proof.verdict == "proved" for proof in report.proofs])


def list_layers(net: nn.Module, layer: str, folder: Path) -> Any:
    return np.array([info[3:] for info in dw.list_layers(net, ArrayImages().images[:2])], dtype=object)


def save(net: nn.Module, layer: str, folder: Path) -> Any:
    dw.dissect(net, [layer], ArrayImages(), progress=False).save(folder / "saved")
    return dw.load(folder / "saved")[layer].intersection


CALLS: dict[str, Callable[[nn.Module, str, Path], Any]] = {
    call.__name__: call for call in (dissect, rank, ablate, explore, attack, check, list_layers)
}


def deepest(names: tuple[str, str, str]) -> str:
    return f"{names[1]}.{names[2]}"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    net, layer = network(NAMES["plain"]), deepest(NAMES["plain"])
    return {name: call(net, layer, tmp_path_factory.mktemp(name)) for name, call in CALLS.items()}


@pytest.mark.parametrize("kind", NAMES)
def test_any_names_give_what_plain_names_do(kind: str, plain: dict[str, Any], tmp_path: Path) -> None:
    net = network(NAMES[kind])
    before = sorted(map(str, vars(net)))
    for name, call in CALLS.items():
        found = call(net, deepest(NAMES[kind]), tmp_path)
        np.testing.assert_array_equal(found, plain[name], err_msg=name)
    assert not hasattr(builtins, MARK) and sorted(map(str, vars(net))) == before


@pytest.mark.parametrize("kind", NAMES)
def test_any_names_of_a_generators_layers(kind: str) -> None:
    def made(names: tuple[str, str, str]) -> Tensor:
        with torch.random.fork_rng():
            steps = nn.Sequential(nn.Unflatten(1, (6, 1, 1)), nn.ConvTranspose2d(6, 5, (3, 4)), nn.ReLU())
            parts = [nn.Sequential(OrderedDict()), nn.ConvTranspose2d(5, 4, 3, 2), nn.Tanh()]
            net = nn.Sequential()
            net.add_module("begin", steps)
            for name, part in zip(names, parts, strict=True):
                net.add_module(name, part)
            net.add_module("end", nn.Conv2d(4, 3, 1))
            net.add_module("limit", nn.Tanh())
        seeded(net, 1).eval()
        latents = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
        opened = dw.open_generator(net, [names[1], "end"], latents)
        assert opened.strategy == f"from {names[1]} on"
        return opened.draw(opened.begin(latents), [dw.Edit(names[1], [0, 2])])

    torch.testing.assert_close(made(NAMES[kind]), made(NAMES["plain"]), rtol=0, atol=0)
