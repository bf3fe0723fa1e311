"""Recorded functions compute what they compute otherwise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dissect_widgets.world.training.recorded import Recorded

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
    ),
]


@pytest.mark.parametrize("device", DEVICES)
def test_every_call_computes_anew(device: str) -> None:
    total = torch.zeros((), device=device)

    def add(values: Tensor, weight: Tensor) -> Tensor:
        total.add_((values * weight).sum())
        return total * 2

    recorded, expected = Recorded(add), 0.0
    stream = torch.cuda.stream(torch.cuda.Stream() if device == "cuda" else None)
    with stream:
        for number in range(6):
            values = torch.arange(3.0, device=device) + number
            found = recorded(values, torch.tensor(0.5, device=device))
            expected += 0.5 * (3 + 3 * number)
            assert float(found) == 2 * expected and float(total) == expected
