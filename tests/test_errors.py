"""Bad values in messages: as Python writes them, but never long, and never slow."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dissect_widgets.errors import nearest, shortened, shown

MOST = 700  # characters, for a limit of 200 and what is said of the length


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Enormous:
    def __repr__(self) -> str:
        return "x" * 10**6


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def holds_itself() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


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


LONG = {
    "text": "ab" * 5_000,
    "escaped text": "\x00" * 10_000,
    "wide text": "\U0001f600\ud800" * 10_000,
    "bytes": b"\xff" * 10_000,
    "bytearray": bytearray(10_000),
    "number": 10**10_000,
    "negative number": -(10**10_000),
    "list": list(range(10**6)),
    "list of texts": ["x" * 10_000] * 1_000,
    "tuple": tuple(range(10**6)),
    "set": set(range(10**5)),
    "frozenset": frozenset(range(10**5)),
    "dict": {f"{n}" * 50: "x" * 1_000 for n in range(10**4)},
    "dict of lists": {n: list(range(10**4)) for n in range(100)},
    "long key": {"x" * 10_000: 1},
    "deep list": nested(500),
    "list that holds itself": holds_itself(),
    "wide tree": [[[[["x" * 100] * 100] * 100] * 100] * 100] * 100,
    "array": np.zeros((1000, 1000)),
    "array of objects": np.array(["x" * 10_000] * 3, dtype=object),
    "list of arrays": [np.zeros(10**6)] * 100,
    "tensor": torch.zeros(10**6),
    "list of tensors": [torch.zeros(1000, 1000)] * 100,
    "array of many axes": np.zeros((1,) * 40),
    "path": Path("x" * 10_000),
    "object": Enormous(),
    "class": type("x" * 10_000, (), {}),
    "object of a long class": type("x" * 10_000, (Unshowable,), {})(),
}


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


def test_texts_without_quotes() -> None:
    assert shortened(Path("a/b c.png")) == "a/b c.png" and shortened("木") == "木"
    assert shortened("a\nb\x1b[0m\ud800") == r"a\nb\x1b[0m\ud800"
    assert shortened("x" * 60 + "y" * 60, 40) == "x" * 20 + "... 80 characters ..." + "y" * 20
    assert len(shortened("\x00" * 10_000)) < MOST


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
