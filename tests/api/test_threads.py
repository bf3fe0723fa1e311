"""Calls in several threads at once: each gives what it gives alone; see also `tests/fuzz/concurrency.py`."""

from __future__ import annotations

import asyncio
import threading
from random import Random
from typing import Any

import numpy as np
import pytest
from torch import Tensor

import dissect_widgets as dw
from dissect_widgets.core.ablation.cached import cache_activations
from dissect_widgets.errors import ProofError
from tests.fuzz.concurrency import KINDS, nothing_left, together
from tests.fuzz.thread_calls import CALLS, LATENTS, Classes, alone, bits, classifier, generator, network

LONG = 20.0  # seconds after which a test fails that would never end


@pytest.fixture(autouse=True)
def switch_interval() -> Any:
    import sys

    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("name", CALLS)
def test_the_same_call_twice_at_once(name: str) -> None:
    net, gen, wanted = network(), generator(), alone(name, "mix")
    with nothing_left(net, gen):
        for found in together([lambda: CALLS[name](net, gen, "mix")] * 2):
            assert bits(found) == wanted, found


@pytest.mark.parametrize(
    "kind",
    [
        "other layers",
        "other functions",
        "training mode",
        "wrappers",
        "part and whole",
        "a person's passes",
        "segmenter, both orders",
        "fixed noise",
        "resumed twice",
    ],
)
def test_one_case_of_each_kind(kind: str, tmp_path: Any) -> None:
    KINDS[kind](Random(1), tmp_path)


def test_tasks_of_a_loop() -> None:
    net, gen = network(), generator()

    async def work() -> list[Any]:
        calls = [asyncio.to_thread(CALLS[name], net, gen, "late") for name in ("rank", "explore", "edit")]
        return await asyncio.gather(*calls)

    with nothing_left(net, gen):
        found = asyncio.run(work())
    assert [bits(each) for each in found] == [alone(name, "late") for name in ("rank", "explore", "edit")]


class Waiting(Classes):
    """Images of which a late one comes only once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may = threading.Event(), threading.Event()

    def __getitem__(self, index: int) -> Any:
        if index == 8:
            self.asked.set()
            assert self.may.wait(LONG)
        return super().__getitem__(index)


def test_a_long_run_keeps_no_widget_waiting() -> None:
    """A cell has ranked only half of the images; meanwhile an explorer, an attack and another run work."""
    net, data = network(), Waiting()
    explorer = cache_activations(classifier(net), "mix")
    wanted = explorer.predict([1])
    ranked: list[Any] = []

    def rank() -> None:
        slow = dw.ClassifierData(net, data, batch_size=4)
        ranked.append(dw.rank_units(slow, "mix", progress=False))

    thread = threading.Thread(target=rank, daemon=True)
    thread.start()
    assert data.asked.wait(LONG)
    np.testing.assert_array_equal(explorer.predict([1]), wanted)
    assert bits(CALLS["descend"](net, generator(), "mix")) == alone("descend", "mix")
    assert bits(CALLS["dissect"](net, generator(), "mix")) == alone("dissect", "mix")
    data.may.set()
    thread.join(LONG)
    assert bits((ranked[0].loss, ranked[0].odds_loss)) == alone("rank", "mix")


def test_a_painter_works_while_pixels_are_counted() -> None:
    gen = generator()
    opened = dw.open_generator(gen, "layer3", LATENTS[:1])
    begun = opened.begin(LATENTS[:1])
    wanted = opened.draw(begun, [dw.Edit("layer3", [2])])
    asked, may = threading.Event(), threading.Event()

    class Slow:
        vocabulary = dw.Vocabulary([dw.Concept("all", "object")])

        def __call__(self, pictures: Tensor, /) -> Tensor:
            asked.set()
            assert may.wait(LONG)
            return pictures[:, :1, :4, :4].mul(0).long() + 1

    counted: list[Any] = []
    edits = [dw.Edit("layer3", [2])]
    thread = threading.Thread(
        target=lambda: counted.append(dw.count_pixels(gen, LATENTS, edits, Slow(), progress=False)),
        daemon=True,
    )
    thread.start()
    assert asked.wait(LONG)
    assert bits(opened.draw(begun, [dw.Edit("layer3", [2])])) == bits(wanted)
    may.set()
    thread.join(LONG)
    assert len(counted) == 1


def test_what_was_computed_by_a_network_that_has_changed_is_refused() -> None:
    """An explorer has cached activations, a painter the first part of an image; then weights are loaded."""
    net, gen = network(), generator()
    explorer = cache_activations(classifier(net), "mix")
    opened = dw.open_generator(gen, "layer3", LATENTS[:1])
    begun = opened.begin(LATENTS[:1])
    before = explorer.predict([1]), opened.draw(begun)
    net.eval(), gen.eval()
    np.testing.assert_array_equal(explorer.predict([1]), before[0])
    assert bits(opened.draw(begun)) == bits(before[1])
    net.load_state_dict(network(seed=2).state_dict())
    gen.load_state_dict(gen.state_dict())
    with pytest.raises(ProofError, match="weights were changed"):
        explorer.predict([1])
    with pytest.raises(ProofError, match="weights were changed"):
        opened.draw(begun)
    assert opened.draw(opened.begin(LATENTS[:1])).shape == before[1].shape
