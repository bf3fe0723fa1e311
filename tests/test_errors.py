"""Bad values in messages: as Python writes them, but never long, and never slow."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from dissect_widgets.errors import DataError, LayerError, StorageError, nearest, shortened, shown
from tests.long_values import LONG, Unshowable

MOST = 700  # characters, for a limit of 200 and what is said of the length


@pytest.mark.parametrize(
    "value",
    [
        "a b",
        "it's",
        "",
        "\x00\n\u202e",
        b"bytes",
        0,
        -17,
        True,
        None,
        0.25,
        math.nan,
        10**30,
        [],
        (1,),
        (1, "b"),
        [1, [2, [3]]],
        {"b": 1, "a": (2, 3)},
        {5},
        frozenset(),
        frozenset([1]),
        set(),
        {},
        range(3),
        Path("a/b"),
        np.float32(0.5),
        np.arange(3),
        int,
        list(range(30)),
    ],
)
def test_short_values_are_shown_as_python_writes_them(value: object) -> None:
    assert shown(value) == repr(value)


@pytest.mark.parametrize("kind", LONG)
def test_long_values_are_short(kind: str) -> None:
    assert 0 < len(shown(LONG[kind])) < MOST
    assert len(shown(LONG[kind], 40)) < MOST / 2


def test_only_what_is_shown_is_written() -> None:
    written: list[int] = []

    class Noted:
        def __repr__(self) -> str:
            written.append(1)
            return "noted"

    for value in (
        [Noted()] * 10**6,
        {n: [Noted()] * 10**4 for n in range(100)},
        [[[[Noted()] * 99] * 99] * 99],
    ):
        written.clear()
        shown(value)
        assert 0 < len(written) < 1_000


def test_what_is_left_out_is_said() -> None:
    assert shown("ab" * 150, 40) == f"{'ab' * 10!r} ... {'ab' * 10!r} (300 characters)"
    assert shown(b"ab" * 150, 40) == f"{b'ab' * 10!r} ... {b'ab' * 10!r} (300 bytes)"
    assert shown(list(range(1000)), 40).startswith("[0, 1, 2, 3, 4,")
    assert shown(list(range(1000)), 40).endswith(", ...] (1,000 elements)")
    assert shown(np.zeros((30, 70), np.float32)) == "<ndarray of shape (30, 70), float32>"
    assert shown(torch.zeros(30, 70)) == "<Tensor of shape (30, 70), torch.float32>"
    assert shown(2**2000) == "<int of 2,001 bits>"
    assert shown(Unshowable()) == "<Unshowable that cannot be shown>"


@pytest.mark.parametrize("kind", [DataError, LayerError, StorageError])
def test_a_message_that_others_have_made_long_is_cut(kind: type[Exception]) -> None:
    error = kind("start " + "x\n" * 10**6 + " end")
    assert len(str(error)) < 1_100 and str(error).startswith("start x") and str(error).endswith(" end")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert str(kind("short\nlines")) == "short\nlines" and kind().args == ()


def test_texts_without_quotes() -> None:
    assert shortened(Path("a/b c.png")) == "a/b c.png" and shortened("木") == "木"
    assert shortened("a\nb\x1b[0m\ud800") == r"a\nb\x1b[0m\ud800"
    assert shortened("x" * 60 + "y" * 60, 40) == "x" * 20 + "... 80 characters ..." + "y" * 20
    assert len(shortened("\x00" * 10_000)) < MOST
    assert shortened(10**10_000) == "<int of 33,220 bits>"


def test_the_nearest_match() -> None:
    assert nearest("cat", ["Car", "Cat", "dog"]) == " Did you mean 'Cat' or 'Car'?"
    assert nearest("cat", []) == " There is none."
    assert nearest("cat", ["x", "y"]) == " There are 2: 'x', 'y'."
    assert nearest(0.04, [0.01, 0.005]) == " Did you mean '0.01' or '0.005'?"


@pytest.mark.parametrize("kind", [*LONG, "name"])
def test_the_nearest_match_of_long_values_is_short(kind: str) -> None:
    bad = LONG.get(kind, "layer3.conv1.weight")
    names = [f"features.block{n}.conv{n % 7}.weight" for n in range(30_000 if kind == "name" else 100)]
    for allowed in (names, ["x" * 10_000 + str(n) for n in range(100)], list(LONG.values()), [Unshowable()]):
        assert len(nearest(bad, allowed)) < MOST
