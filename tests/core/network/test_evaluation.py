"""Evaluation mode in several threads, and networks that something else changes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.core.network import evaluation as used
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import hooked, trace
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import ProofError
from tests.small_networks import TinyNet, seeded


def images() -> Tensor:
    return torch.rand(2, 3, 20, 28, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def nothing_is_used() -> Any:
    yield
    assert not used._used and not used._own.watches


def elsewhere(work: Callable[[], Any]) -> Any:
    """What some work returns in another thread, while this one waits."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(20)
    assert found, "it failed, or never ends"
    return found[0]


def test_blocks_may_overlap_and_the_last_sets_the_modes_back(tiny: TinyNet) -> None:
    tiny.head.eval()
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        with evaluation(tiny):
            begun.set()
            assert go.wait(20)
            assert not any(module.training for module in tiny.modules())

    thread = threading.Thread(target=work)
    with evaluation(tiny.stem):
        thread.start()
        assert begun.wait(20)
    assert not any(module.training for module in tiny.modules()), "another thread is at work with it"
    go.set()
    thread.join(20)
    assert all(module.training for module in tiny.modules() if module is not tiny.head)
    assert not tiny.head.training


def replace_weight(net: TinyNet) -> None:
    net.left.weight = nn.Parameter(torch.zeros_like(net.left.weight))


CHANGES: dict[str, tuple[Callable[[TinyNet], Any], str]] = {
    "training mode": (lambda net: net.train(), r"another mode \(module 'itself'\)"),
    "mode of a part": (lambda net: net.drop.train(), r"another mode \(module 'drop'\)"),
    "loaded": (lambda net: net.load_state_dict(net.state_dict()), "weights were changed"),
    "a step": (lambda net: torch.nn.init.zeros_(net.left.weight), r"changed \('left.weight' first\)"),
    "another weight": (replace_weight, r"changed \('left.weight' first\)"),
    "other data": (
        lambda net: setattr(net.right.weight, "data", torch.zeros(5, 4, 3, 3)),
        r"'right.weight' first",
    ),
    "another module": (lambda net: setattr(net, "mix", nn.Sigmoid()), "one of its modules was replaced"),
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("within_a_pass", [False, True])
def test_what_something_else_changes_is_noticed(tiny: TinyNet, kind: str, within_a_pass: bool) -> None:
    change, message = CHANGES[kind]

    def changed_elsewhere() -> None:
        elsewhere(lambda: (change(tiny), 1))

    tiny.eval()
    with torch.random.fork_rng(), evaluation(tiny):  # a part that is trained draws
        run(tiny, images())
        if within_a_pass:
            handle = tiny.left.register_forward_pre_hook(lambda *_: changed_elsewhere())
            with pytest.raises(ProofError, match=message):
                run(tiny, images())
            handle.remove()
        else:
            changed_elsewhere()
            with pytest.raises(ProofError, match=message), trace(tiny, ["stem"], calls={"stem": 1}):
                run(tiny, images())


def test_who_trains_the_network_meanwhile_keeps_the_mode(tiny: TinyNet) -> None:
    tiny.eval()
    with pytest.raises(ProofError, match="another mode"), evaluation(tiny):
        tiny.train()
        run(tiny, images())
    assert all(module.training for module in tiny.modules())


def test_an_error_from_a_change_is_explained_by_it(tiny: TinyNet) -> None:
    tiny.eval()
    with pytest.raises(ProofError, match="weights were changed"), evaluation(tiny):
        run(tiny, images())
        with torch.enable_grad():
            pictures = images().requires_grad_()
            scores = run(tiny, pictures)
        elsewhere(lambda: tiny.load_state_dict(tiny.state_dict()))
        torch.autograd.grad(scores.sum(), pictures)


def test_a_network_may_change_itself() -> None:
    """It limits a weight, draws in evaluation, counts its passes, keeps a table."""

    class Own(TinyNet):
        def forward(self, x: Tensor) -> Tensor:
            self.left.weight.clamp_(-1, 1)
            self.drop.train()
            self.register_buffer("passes", getattr(self, "passes", torch.zeros(())) + 1)
            return super().forward(x)

    with torch.random.fork_rng():
        net = seeded(Own()).eval()
        with evaluation(net):
            for _ in range(3):
                run(net, images())
    assert not any(module.training for module in net.modules())


def test_hooks_act_on_passes_of_their_thread_alone(tiny: TinyNet) -> None:
    tiny.eval()
    with torch.no_grad():
        wanted = tiny(images())

        def zero(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            return torch.zeros_like(output)

        with hooked(tiny, [(tiny.mix, zero)]), trace(tiny, ["mix"]) as seen:
            with torch.inference_mode():
                other = elsewhere(lambda: tiny(images()).detach())
            assert torch.equal(other, wanted) and not seen
            assert not torch.equal(tiny(images()), wanted) and not seen["mix"].any()


def test_a_stop_of_one_thread_ends_no_pass_of_another(tiny: TinyNet) -> None:
    tiny.eval()
    with trace(tiny, ["stem"], calls={"stem": 1}) as seen:
        assert elsewhere(lambda: tiny(images()).detach()).shape == (2, 6)
        assert not seen
        tiny(images())
    assert seen["stem"].shape[1] == 4
