"""Values that are too long to be written into a message, or cannot be written at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch


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
